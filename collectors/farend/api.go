package farend

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
	// A kube-apiserver compresses answers from this size on, at this level.
	gzipFrom  = 128 << 10
	gzipLevel = 1
	// state is the resource version of all there is.
	state = "1000"
)

// Sizes say what an API server has.
type Sizes struct{ Pods, Events, Nodes int }

// API answers as a kube-apiserver does that holds many pods, events and nodes: in
// pages by limit and continue, in protobuf where the client takes it and else in
// JSON, compressed where the client takes that. It keeps no page.
type API struct {
	kinds map[string]*kind

	// What answers are made in is used again: it is not to be taken for what a
	// client in the same process needs.
	packers, rooms sync.Pool

	mu    sync.Mutex
	tally Tally
}

// Tally is what an API server was asked.
type Tally struct {
	Pages map[string]int // by resource: answers to lists
	Other int            // requests for anything else
	Bytes int64          // of lists, as they went over the wire
}

// NewAPI makes an API server's handler.
func NewAPI(s Sizes) (*API, error) {
	all, err := kinds(s)
	if err != nil {
		return nil, err
	}
	return &API{kinds: all, tally: Tally{Pages: map[string]int{}}}, nil
}

// Take returns what was asked since the last time.
func (a *API) Take() Tally {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tally
	a.tally = Tally{Pages: map[string]int{}}
	return t
}

func (a *API) note(resource string, bytes int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if resource == "" {
		a.tally.Other++
		return
	}
	a.tally.Pages[resource]++
	a.tally.Bytes += int64(bytes)
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resource := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if k, ok := a.kinds[resource]; ok && r.Method == http.MethodGet {
		room, _ := a.rooms.Get().(*pageRoom)
		if room == nil {
			room = &pageRoom{}
		}
		defer a.rooms.Put(room)
		body, mediaType, err := k.page(room, r)
		if err != nil {
			a.note("", 0)
			status(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
			return
		}
		a.note(resource, a.send(w, r, mediaType, body))
		return
	}
	a.note("", 0)
	if text, ok := discovery(r.URL.Path); ok {
		a.send(w, r, mediaJSON, []byte(text))
		return
	}
	status(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
}

// pageRoom is where a page is put together.
type pageRoom struct{ list, body []byte }

// page is what a list request is answered with.
func (k *kind) page(room *pageRoom, r *http.Request) (body []byte, mediaType string, err error) {
	query := r.URL.Query()
	start := 0
	if token := query.Get("continue"); token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			start, err = strconv.Atoi(string(raw))
		}
		if err != nil || start < 0 || start > k.count {
			return nil, "", fmt.Errorf("continue key %q is not valid", token)
		}
	}
	end := k.count
	// With a resource version of 0 the watch cache answers, which knows no pages.
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit > 0 && query.Get("resourceVersion") != "0" {
		end = min(start+limit, k.count)
	}
	meta := metav1.ListMeta{ResourceVersion: state}
	if end < k.count {
		meta.Continue = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
		rest := int64(k.count - end)
		meta.RemainingItemCount = &rest
	}
	if strings.Contains(r.Header.Get("Accept"), mediaProtobuf) {
		body, err = k.binaryPage(room, meta, start, end)
		return body, mediaProtobuf, err
	}
	body, err = k.textPage(room, meta, start, end)
	return body, mediaJSON, err
}

// binaryPage puts a list's fields together: 1 is metadata, 2 is an item.
func (k *kind) binaryPage(room *pageRoom, meta metav1.ListMeta, start, end int) ([]byte, error) {
	head, err := meta.Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding a page: %w", err)
	}
	const metadata, item = 1<<3 | 2, 2<<3 | 2
	list := binary.AppendUvarint(append(room.list[:0], metadata), uint64(len(head)))
	list = append(list, head...)
	for i := start; i < end; i++ {
		f := k.object(i, true)
		list = binary.AppendUvarint(append(list, item), uint64(len(f.text)))
		list = f.appendTo(list, i)
	}
	room.list = list
	envelope, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: k.list}}).Marshal()
	if err != nil {
		return nil, fmt.Errorf("encoding a page: %w", err)
	}
	// The list is the envelope's field 2. Of two the last one counts.
	body := append(append(room.body[:0], "k8s\x00"...), envelope...)
	body = binary.AppendUvarint(append(body, item), uint64(len(list)))
	room.body = append(body, list...)
	return room.body, nil
}

func (k *kind) textPage(room *pageRoom, meta metav1.ListMeta, start, end int) ([]byte, error) {
	head, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("encoding a page: %w", err)
	}
	list := fmt.Appendf(room.list[:0], `{"kind":"%s","apiVersion":"v1","metadata":%s,"items":[`, k.list, head)
	for i := start; i < end; i++ {
		if i > start {
			list = append(list, ',')
		}
		list = k.object(i, false).appendTo(list, i)
	}
	room.list = append(list, "]}\n"...)
	return room.list, nil
}

// packer compresses into a buffer of its own.
type packer struct {
	*gzip.Writer
	packed bytes.Buffer
}

// send answers, and returns how much went over the wire.
func (a *API) send(w http.ResponseWriter, r *http.Request, mediaType string, body []byte) int {
	w.Header().Set("Content-Type", mediaType)
	if len(body) >= gzipFrom && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		p, _ := a.packers.Get().(*packer)
		if p == nil {
			z, err := gzip.NewWriterLevel(nil, gzipLevel)
			if err != nil {
				panic(err) // the level is one that there is
			}
			p = &packer{Writer: z}
		}
		defer a.packers.Put(p)
		p.packed.Reset()
		p.Reset(&p.packed)
		_, _ = p.Write(body) // into memory
		p.Close()
		w.Header().Set("Content-Encoding", "gzip")
		body = p.packed.Bytes()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // no browser reads this, and the client may be gone
	return len(body)
}

func status(w http.ResponseWriter, code int32, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(int(code))
	_ = json.NewEncoder(w).Encode(metav1.Status{ // the client may be gone
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	})
}

// discovery is what clients ask before they know what "pods" is.
func discovery(path string) (string, bool) {
	text, ok := map[string]string{
		"/version": `{"major":"1","minor":"37","gitVersion":"v1.37.2"}`,
		"/api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":    `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[` +
			`{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]},` +
			`{"name":"events","singularName":"event","namespaced":true,"kind":"Event","verbs":["get","list"]},` +
			`{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]}]}`,
	}[path]
	return text, ok
}
