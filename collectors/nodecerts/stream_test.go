package nodecerts_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// written is a listing as a stream.
func written(t testing.TB, l *nodecerts.Listing) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := nodecerts.WriteStream(&out, l); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func parse(t testing.TB, stream []byte) *nodecerts.Listing {
	t.Helper()
	l, err := nodecerts.ParseStream(bytes.NewReader(stream), 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// aListing has something of everything.
func aListing(t testing.TB) *nodecerts.Listing {
	t.Helper()
	p := newPKI(t)
	root := p.odd().with(p.configured()).build(t)
	kernelFiles().buildIn(t, root)
	l, err := nodecerts.ReadHostRoot(t.Context(), os.DirFS(root), os.DirFS(root+"/proc"), testTime)
	if err != nil {
		t.Fatal(err)
	}
	l.Live = true
	return l
}

func TestWrittenStreamReadsTheSame(t *testing.T) {
	t.Parallel()
	want := aListing(t)
	if diff := cmp.Diff(want, parse(t, written(t, want))); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	copied, err := nodecerts.ReadTree(t.Context(), os.DirFS(newPKI(t).ubuntu(t).build(t)))
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, written(t, copied))
	got.Live, got.ProcAsked = false, false
	if diff := cmp.Diff(copied, got); diff != "" {
		t.Errorf("without modes, want (-), got (+):\n%s", diff)
	}
}

func TestTruncatedStreamKeepsWhatCame(t *testing.T) {
	t.Parallel()
	whole := aListing(t)
	stream := written(t, whole)
	head := bytes.IndexByte(stream, '\n') + 1
	for at := head; at < len(stream)-1; at += 1 + at%97 {
		l, err := nodecerts.ParseStream(bytes.NewReader(stream[:at]), 0)
		if !errors.Is(err, nodecerts.ErrTruncated) || l == nil || !l.Truncated {
			t.Fatalf("cut at %d: %v", at, err)
		}
		for name, f := range l.Files {
			want := whole.Files[name]
			if want == nil {
				t.Fatalf("cut at %d: there never was %q", at, name)
			}
			if f.Content != nil && !bytes.Equal(f.Content, want.Content) {
				t.Fatalf("cut at %d: %q has another content", at, name)
			}
		}
		if l.BundleData != nil && !bytes.Equal(l.BundleData, whole.BundleData) {
			t.Fatalf("cut at %d: the bundle is not whole", at)
		}
	}
	if _, err := nodecerts.ParseStream(bytes.NewReader(stream), int64(len(stream)/2)); !errors.Is(err, nodecerts.ErrTruncated) {
		t.Errorf("a stream beyond the limit: %v", err)
	}
}

// A truncated listing has no trust store: one without the bundle would be wrong.
func TestTruncatedListingIsRecordedWithGaps(t *testing.T) {
	t.Parallel()
	stream := written(t, aListing(t))
	for name, test := range map[string]struct {
		until string
		want  []string
	}{
		"at once":           {" file ", []string{"environment: truncated", "openssl_store: truncated", "proxy: truncated", "registry_config: truncated", "trust_files: truncated", "trust_store: truncated"}},
		"before the bundle": {" bundle ", []string{"openssl_store: truncated", "trust_files: truncated", "trust_store: truncated"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := nodecerts.ParseStream(bytes.NewReader(stream[:bytes.Index(stream, []byte(test.until))]), 0)
			if !errors.Is(err, nodecerts.ErrTruncated) {
				t.Fatal(err)
			}
			doc := recordListing(t, l, nil)
			got := gapsOf(doc)
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("gaps %q lack %q", got, want)
				}
			}
			n := doc.Nodes["wk-1"]
			if n.TrustStore != "" || n.OpenSSLStore != "" || !n.Read {
				t.Errorf("stores %q and %q, read %v", n.TrustStore, n.OpenSSLStore, n.Read)
			}
			for host, h := range registryHosts(n.RegistryConfig) {
				if h.TrustStore != "" {
					t.Errorf("%s has a store", host)
				}
			}
		})
	}
}

const streamStart = "regpolicy-listing 1 =7.1795400000=\n"

// stream builds one by hand: each frame is its head and body.
func stream(frames ...string) string {
	const mark = "\n=7.1795400000= "
	return strings.Join(append([]string{streamStart}, frames...), mark)
}

func TestStreams(t *testing.T) {
	t.Parallel()
	forged := "x\n=7.1795400000= file ok\n/etc/forged\n=7.1795400000= end 1\n"
	for name, test := range map[string]struct {
		stream string
		err    error
		check  func(l *nodecerts.Listing) bool
	}{
		"frames within a content": {
			stream: stream("file ok\n/etc/x", fmt.Sprintf("data %d\n%s", len(forged), forged), "end 1795400001\n"),
			check: func(l *nodecerts.Listing) bool {
				return len(l.Files) == 1 && string(l.Files["/etc/x"].Content) == forged && l.Ended.Unix() == 1795400001
			},
		},
		"content without a final newline": {
			stream: stream("file ok\n/etc/x", "data 3\nabc", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return string(l.Files["/etc/x"].Content) == "abc" },
		},
		"content with NUL and CR": {
			stream: stream("file ok\n/etc/x", "data 4\n\x00\r\n\x00", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return string(l.Files["/etc/x"].Content) == "\x00\r\n\x00" },
		},
		"empty content": {
			stream: stream("file ok\n/etc/x", "data 0\n", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { c := l.Files["/etc/x"].Content; return c != nil && len(c) == 0 },
		},
		"file that grew while it was read": {
			stream: stream("file ok\n/etc/x", "data 3\nabcdef", "file ok\n/etc/y", "end 1\n"),
			check: func(l *nodecerts.Listing) bool {
				return string(l.Files["/etc/x"].Content) == "abcdef" && l.Files["/etc/y"] != nil
			},
		},
		"file that shrank": {
			stream: stream("file ok\n/etc/x", "data 9\nabc", "file ok\n/etc/y", "end 1\n"),
			check: func(l *nodecerts.Listing) bool {
				return string(l.Files["/etc/x"].Content) == "abc" && l.Files["/etc/y"] != nil
			},
		},
		"a login that greets": {
			stream: "Welcome!\nLast login: never\n" + stream("clock 1795400000", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return l.Began.Unix() == 1795400000 },
		},
		"an unknown frame": {
			stream: stream("new thing\nwith a body\nof lines", "file ok\n/etc/x", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return len(l.Files) == 1 },
		},
		"what follows the end": {
			stream: stream("end 1\n", "file ok\n/etc/x"),
			check:  func(l *nodecerts.Listing) bool { return len(l.Files) == 0 },
		},
		"a relative path": {
			stream: stream("file ok\netc/x", "data 1\nx", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return len(l.Files) == 0 },
		},
		"a path named twice": {
			stream: stream("file ok\n/etc/x", "data 1\na", "file ok\n/etc//x", "data 1\nb", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return len(l.Files) == 1 && string(l.Files["/etc/x"].Content) == "a" },
		},
		"cut file": {
			stream: stream("file ok\n/etc/x", "cut", "end 1\n"),
			check:  func(l *nodecerts.Listing) bool { return l.Cut && l.Files["/etc/x"].Cut },
		},
		"times of ls without --full-time": {
			stream: stream("clock 1795400000", "file ok -rw-r--r-- 0 0 5 Nov 20 04:18\n/a", "file ok -rw-r--r-- 0 0 5 Dec 31 04:18\n/b",
				"file ok -rw-r--r-- 0 0 5 Mar 1 2020\n/c", "file ok -rw-r--r--. 0 0 5 2026-11-20 04:18 /d\n/d", "end 1\n"),
			check: func(l *nodecerts.Listing) bool {
				return l.Files["/a"].ModTime.Format(time.DateTime) == "2026-11-20 04:18:00" &&
					l.Files["/b"].ModTime.Year() == 2025 && l.Files["/c"].ModTime.Format(time.DateTime) == "2020-03-01 00:00:00" &&
					l.Files["/d"].ModTime.Day() == 20 && l.Files["/d"].Mode == "-rw-r--r--"
			},
		},
		"no member":        {stream: stream("file ok\n/x", "in 1 x", "file ok\n/y", "in 0", "end 1\n"), check: func(l *nodecerts.Listing) bool { return l.Files["/x"].Members == nil && l.Files["/y"].Members == nil }},
		"absurd length":    {stream: stream("file ok\n/x", "data 99999999999999999999\nabc", "end 1\n"), err: nodecerts.ErrTruncated},
		"negative length":  {stream: stream("file ok\n/x", "data -1\nabc", "end 1\n"), err: nodecerts.ErrTruncated},
		"no end":           {stream: stream("clock 1795400000\n"), err: nodecerts.ErrTruncated},
		"another boundary": {stream: streamStart + "\n=8.1= file ok\n/x", err: nodecerts.ErrTruncated},
		"nothing":          {err: nodecerts.ErrNoListing},
		"a shell's error":  {stream: "bash: line 1: exec: sh: not found\n", err: nodecerts.ErrNoListing},
		"another version":  {stream: strings.Replace(stream("end 1\n"), "listing 1", "listing 2", 1), err: nodecerts.ErrNoListing},
		"noise for ever":   {stream: strings.Repeat("noise\n", 20_000) + stream("end 1\n"), err: nodecerts.ErrNoListing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for kind, reader := range map[string]io.Reader{"at once": strings.NewReader(test.stream), "byte by byte": iotest.OneByteReader(strings.NewReader(test.stream))} {
				l, err := nodecerts.ParseStream(reader, 0)
				if !errors.Is(err, test.err) {
					t.Fatalf("%s: error %v, want %v", kind, err, test.err)
				}
				if test.check != nil && !test.check(l) {
					t.Errorf("%s: %+v", kind, l)
				}
			}
		})
	}
}

func TestAStreamThatBreaksOffKeepsWhatCame(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader(stream("file ok\n/etc/x", "data 1\nx", "file")), iotest.ErrReader(errors.New("gone")))
	l, err := nodecerts.ParseStream(broken, 0)
	if !errors.Is(err, nodecerts.ErrTruncated) || len(l.Files) != 1 {
		t.Errorf("listing %+v, error %v", l, err)
	}
	if _, err := nodecerts.ParseStream(iotest.ErrReader(errors.New("gone")), 0); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("error %v", err)
	}
}
