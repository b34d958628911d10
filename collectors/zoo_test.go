package collectors_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

const story = "../fixtures/secret-encoded-once"

// zoo is a cluster inside the test: an API server with a story's objects, an SSH
// server for each node's files, and a registry. Its chance decides what fails.
type zoo struct {
	input      *source.Input
	api        *httptest.Server
	nodes      map[string]*sshtest.Server
	registry   string
	key, known string

	mu     sync.Mutex
	chance *rand.Rand
	// trouble is how many of a hundred steps go wrong.
	trouble int
	// limit bounds each wait.
	limit time.Duration
}

// newZoo starts it; paths are further files with objects.
func newZoo(t *testing.T, paths ...string) *zoo {
	t.Helper()
	z := &zoo{nodes: map[string]*sshtest.Server{}, limit: 10 * time.Second, chance: rand.New(rand.NewPCG(0, 0))} //nolint:gosec // to be repeatable
	var err error
	z.input, err = source.Open(t.Context(), append([]string{story + "/source"}, paths...), nil, source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { z.input.Close() }) //nolint:errcheck // read only
	z.api = httptest.NewUnstartedServer(z.apiHandler())
	z.api.Config.ErrorLog = log.New(io.Discard, "", 0)
	z.api.Start()
	t.Cleanup(z.api.Close)
	z.startNodes(t)
	z.startRegistry(t)
	return z
}

// say draws: what of choices happens, "" for nothing wrong.
func (z *zoo) say(choices ...string) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.chance.IntN(100) >= z.trouble {
		return ""
	}
	return choices[z.chance.IntN(len(choices))]
}

// reset starts a run of its own chances.
func (z *zoo) reset(seed uint64, trouble int) {
	z.mu.Lock()
	z.limit = 200 * time.Millisecond
	z.chance, z.trouble = rand.New(rand.NewPCG(seed, 1)), trouble //nolint:gosec // to be repeatable
	z.mu.Unlock()
	for _, s := range z.nodes {
		faults := []sshtest.Fault{
			sshtest.Silent, sshtest.Drop, sshtest.NotSSH, sshtest.StallKeyExchange, sshtest.LieLength, sshtest.StallLogin,
			sshtest.Flood, sshtest.FloodStderr, sshtest.NeverClose, sshtest.NoStatus, sshtest.DropOnExec, sshtest.IgnoreExec, sshtest.IgnoreOpen,
		}
		s.SetFault(sshtest.None)
		if z.say("fault") != "" {
			s.SetFault(faults[z.draw(len(faults))])
		}
	}
}

func (z *zoo) draw(n int) int {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.chance.IntN(n)
}

func (z *zoo) apiHandler() http.Handler {
	lists, single := map[string][]map[string]any{}, map[string]map[string]any{}
	groups := map[string][]string{}
	for _, o := range z.input.Objects {
		resource := strings.ToLower(o.Kind()) + "s"
		base := "/apis/" + o.APIVersion()
		if !strings.Contains(o.APIVersion(), "/") {
			base = "/api/" + o.APIVersion()
		} else if !slices.Contains(groups[o.APIVersion()], resource) {
			groups[o.APIVersion()] = append(groups[o.APIVersion()], resource)
		}
		lists[base+"/"+resource] = append(lists[base+"/"+resource], o.Map)
		single[base+"/namespaces/"+o.Namespace()+"/"+resource+"/"+o.Name()] = o.Map
	}
	answer := func(w http.ResponseWriter, code int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(body) //nolint:errcheck // the client may hang up
	}
	failure := func(w http.ResponseWriter, code int) {
		answer(w, code, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "message": http.StatusText(code)})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := z.say("500", "429", "410", "403", "401", "404", "html", "half", "abort", "hang", "empty", "kind", "late", "restart", "renamed")
		switch fault {
		case "500":
			failure(w, http.StatusInternalServerError)
		case "429":
			w.Header().Set("Retry-After", "1")
			failure(w, http.StatusTooManyRequests)
		case "410":
			failure(w, http.StatusGone)
		case "403":
			failure(w, http.StatusForbidden)
		case "401":
			failure(w, http.StatusUnauthorized)
		case "404":
			failure(w, http.StatusNotFound)
		case "html":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<html>") //nolint:errcheck // as above
		case "half":
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"`) //nolint:errcheck // as above
		case "abort":
			panic(http.ErrAbortHandler)
		case "hang":
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		case "empty":
			answer(w, http.StatusOK, map[string]any{})
		case "kind":
			answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "Namespace"})
		case "restart": // between two pages: the server has forgotten what the token names
			if r.URL.Query().Has("continue") {
				failure(w, http.StatusGone)
				return
			}
			panic(http.ErrAbortHandler)
		case "late":
			time.Sleep(30 * time.Millisecond)
			fallthrough
		default:
			path := r.URL.Path
			group, version, _ := strings.Cut(strings.TrimPrefix(path, "/apis/"), "/")
			switch {
			case single[path] != nil:
				answer(w, http.StatusOK, single[path])
			case lists[path] != nil:
				resource := path[strings.LastIndex(path, "/")+1:]
				kind := map[string]string{"pods": "PodList", "events": "EventList", "nodes": "NodeList"}[resource]
				if kind == "" {
					kind = "List"
				}
				items, more := page(lists[path], r.URL.Query(), fault == "renamed")
				answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"resourceVersion": "1", "continue": more}, "items": items})
			case strings.HasPrefix(path, "/apis/") && groups[group+"/"+version] != nil:
				var resources []map[string]any
				for _, name := range groups[group+"/"+version] {
					resources = append(resources, map[string]any{"name": name, "namespaced": true})
				}
				answer(w, http.StatusOK, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group + "/" + version, "resources": resources})
			case strings.HasPrefix(path, "/apis/") && version == "":
				var versions []map[string]any
				for gv := range groups {
					if g, v, _ := strings.Cut(gv, "/"); g == group {
						versions = append(versions, map[string]any{"groupVersion": gv, "version": v})
					}
				}
				if versions == nil {
					failure(w, http.StatusNotFound)
					return
				}
				answer(w, http.StatusOK, map[string]any{"kind": "APIGroup", "apiVersion": "v1", "name": group, "versions": versions})
			default:
				failure(w, http.StatusNotFound)
			}
		}
	})
}

// page is at most two of a list's objects and the token of those behind them. Where
// the object at their beginning is renamed, it comes again under its new name.
func page(all []map[string]any, query url.Values, renamed bool) (items []map[string]any, more string) {
	from, err := strconv.Atoi(query.Get("continue"))
	if err != nil {
		from = 0
	}
	from = min(from, len(all))
	until := min(from+2, len(all))
	items = slices.Clone(all[from:until])
	if renamed && from > 0 {
		again := maps.Clone(all[from-1])
		meta, _ := again["metadata"].(map[string]any)
		meta = maps.Clone(meta)
		meta["name"], meta["uid"] = "renamed", "renamed"
		again["metadata"] = meta
		items = append(items, again)
	}
	if until < len(all) {
		more = strconv.Itoa(until)
	}
	return items, more
}

// now is a clock that jumps.
func (z *zoo) now() time.Time {
	switch z.say("back", "forth", "zero") {
	case "back":
		return testTime.AddDate(-20, 0, 0)
	case "forth":
		return testTime.AddDate(200, 0, 0)
	case "zero":
		return time.Unix(0, 0) // a machine without a battery
	default:
		return testTime
	}
}

func (z *zoo) startNodes(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	z.key, z.known = filepath.Join(dir, "key"), filepath.Join(dir, "known_hosts")
	authorized := writeKey(t, z.key)
	var known strings.Builder
	for name, tree := range z.input.Nodes {
		listing, err := nodecerts.ReadTree(t.Context(), tree.FS)
		if err != nil {
			t.Fatal(err)
		}
		listing.Began, listing.Ended = testTime, testTime
		s := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{authorized}, Exec: func(command string, stdout, _ io.Writer) int {
			if command != nodecerts.Command() || nodecerts.WriteStream(stdout, listing) != nil {
				return 1
			}
			return 0
		}})
		z.nodes[name] = s
		known.WriteString(s.KnownHosts())
	}
	if err := os.WriteFile(z.known, []byte(known.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (z *zoo) startRegistry(t *testing.T) {
	t.Helper()
	file := story + "/registries/harbor.corp.example_443.pem"
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var works sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	works.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			works.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				z.answer(conn, pair)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		cancel()
		works.Wait()
	})
	z.registry = listener.Addr().String()
}

// answer is a registry's side of one connection.
func (z *zoo) answer(conn net.Conn, pair tls.Certificate) {
	switch z.say("reset", "silent", "noise", "http", "half", "mute") {
	case "reset":
		conn.(*net.TCPConn).SetLinger(0) //nolint:errcheck,forcetypeassert // it is one
		return
	case "silent":
		io.Copy(io.Discard, conn) //nolint:errcheck // until the client gives up
		return
	case "noise":
		conn.Write([]byte(strings.Repeat("noise", 100))) //nolint:errcheck // the client may be gone
		return
	case "http":
		io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") //nolint:errcheck // as above
		return
	case "half":
		conn.Write([]byte{22, 3, 3, 0x40, 0}) //nolint:errcheck // a record that never ends
		io.Copy(io.Discard, conn)             //nolint:errcheck // as above
		return
	case "mute":
		s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
		io.Copy(io.Discard, s) //nolint:errcheck // a handshake, and no answer
		return
	}
	s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	defer s.Close()
	if _, err := s.Read(make([]byte, 4096)); err == nil {
		fmt.Fprint(s, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://token.corp.example/token\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
}

func (z *zoo) cluster(t *testing.T) *kube.Cluster {
	t.Helper()
	c, err := kube.Connect(&rest.Config{Host: z.api.URL, Timeout: z.limit}, kube.Options{
		Source: "cluster", QPS: -1, Retries: 1,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (z *zoo) pool(t *testing.T) *remote.Pool {
	t.Helper()
	p, err := remote.NewPool(remote.Config{
		User: "core", KeyFiles: []string{z.key}, KnownHosts: []string{z.known},
		ConnectTimeout: z.limit, ExecTimeout: z.limit,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
