package source

import (
	"context"
	"io/fs"
	"net"
	"path"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// capture reads a capture: each part may be absent.
func (w *walker) capture(ctx context.Context) error {
	entries, err := w.t.ReadDir(".")
	if err != nil {
		return statError(w.from.arg, err)
	}
	for _, e := range entries {
		name := e.Name()
		var err error
		switch part := name == "objects" || name == "nodes" || name == "endpoints"; {
		case isHidden(name):
		case !part:
			w.skip(name, "it lies beside objects/, nodes/ and endpoints/")
		case !e.IsDir():
			w.problem(notFolder(name, e))
		case name == "objects":
			err = w.folder(ctx, name, rules{every: true})
		case name == "nodes":
			err = w.nodes(ctx)
		case name == "endpoints":
			err = w.endpoints(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func notFolder(name string, e fs.DirEntry) Problem {
	p := Problem{Path: name, Reason: "not_regular", Detail: "a file where a folder belongs", Hint: cureFolder}
	if e.Type()&fs.ModeSymlink != 0 {
		p.Detail, p.Hint = "a symbolic link to a folder is not followed", "copy the folder in place of the link"
	}
	return p
}

func (w *walker) nodes(ctx context.Context) error {
	entries, err := w.t.ReadDir("nodes")
	if err != nil {
		w.problem(fileProblem("nodes", err))
		return nil
	}
	for _, e := range entries {
		if err := w.count(ctx); err != nil {
			return err
		}
		name, dir := e.Name(), path.Join("nodes", e.Name())
		switch {
		case isHidden(name):
			continue
		case e.Type()&fs.ModeSymlink != 0:
			w.problem(notFolder(dir, e))
			continue
		case !e.IsDir():
			w.skip(dir, "it is no folder, and a node's name is that of a folder")
			continue
		}
		if other, ok := w.o.in.Nodes[name]; ok {
			return inputError(w.from.arg, "collect each cluster into a document of its own, and name the documents together",
				"node %q is in %q, too", name, w.o.in.Sources[other.Source].URI)
		}
		t := w.t.sub(dir, true)
		if _, err := t.ReadDir("."); err != nil {
			w.problem(fileProblem(dir, err))
			continue
		}
		w.o.in.Nodes[name] = NodeTree{FS: t, Provenance: evidence.Provenance{Source: w.o.register(w.from), Method: "file", Path: dir}}
	}
	return nil
}

func (w *walker) endpoints(ctx context.Context) error {
	entries, err := w.t.ReadDir("endpoints")
	if err != nil {
		w.problem(fileProblem("endpoints", err))
		return nil
	}
	for _, e := range entries {
		if err := w.count(ctx); err != nil {
			return err
		}
		name := path.Join("endpoints", e.Name())
		stem, isText := strings.CutSuffix(e.Name(), ".txt")
		switch {
		case isHidden(e.Name()):
			continue
		case !isText || e.IsDir():
			w.skip(name, "its name does not end in .txt")
			continue
		}
		host, port, ok := endpointName(stem)
		if !ok {
			w.problem(Problem{
				Path: name, Reason: "parse_error", Detail: "the name is not <host>_<port>.txt",
				Hint: "name it after what was connected to, for example harbor.corp.example_443.txt",
			})
			continue
		}
		if err := w.transcript(name, host, port); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) transcript(name, host string, port int) error {
	data, ok, err := w.read(name, maxTranscript)
	if err != nil || !ok {
		return err
	}
	body, fault := manifest.CheckText(data)
	if fault == nil && len(strings.TrimSpace(string(body))) == 0 {
		fault = &manifest.Fault{Truncated: true, Detail: "it is empty", Hint: "save it again with its errors: openssl s_client ... >FILE 2>&1"}
	}
	if fault != nil {
		w.problem(textProblem(name, fault))
		return nil
	}
	w.o.in.Transcripts = append(w.o.in.Transcripts, Transcript{
		Host: host, Port: port, HostPort: net.JoinHostPort(host, strconv.Itoa(port)), Text: string(body),
		Provenance: evidence.Provenance{Source: w.o.register(w.from), Method: "file", Path: name},
	})
	return nil
}

// endpointName reads "<host>_<port>".
func endpointName(stem string) (host string, port int, ok bool) {
	at := strings.LastIndexByte(stem, '_')
	if at <= 0 {
		return "", 0, false
	}
	port, err := strconv.Atoi(stem[at+1:])
	host = strings.ToLower(strings.Trim(stem[:at], "[]"))
	return host, port, err == nil && port > 0 && port < 1<<16 && host != ""
}
