package agent

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// aFrame is a frame of several lines: its listing cannot be compressed.
func aFrame(seed uint64) *Frame {
	source := rand.New(rand.NewPCG(seed, 1))
	listing := make([]byte, 40_000)
	for i := range listing {
		listing[i] = byte(source.Uint32())
	}
	return &Frame{Node: "wk-1", Version: "dev", At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Listing: listing, Probes: []byte(`{"a":1}`)}
}

func written(t testing.TB, f *Frame) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, f); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFrameComesBack(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*Frame{"some": aFrame(1), "nothing": {}} {
		log := written(t, f)
		for line := range bytes.Lines(log) {
			if len(line) > 9000 {
				t.Errorf("%s: a line of %d bytes", name, len(line))
			}
		}
		got, err := Read(log)
		if err != nil {
			t.Fatal(err)
		}
		got.Listing, got.Probes = bytes.Clone(got.Listing), bytes.Clone(got.Probes)
		if diff := cmp.Diff(f, got, cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })); diff != "" {
			t.Errorf("%s: written (-), read (+):\n%s", name, diff)
		}
	}
}

// A log has other lines, too, and more than one frame.
func TestNewestWholeFrameIsRead(t *testing.T) {
	t.Parallel()
	first, second := written(t, aFrame(1)), written(t, aFrame(2))
	log := append(append([]byte("starting\n"), first...), "warning: something\n"...)
	mixed := bytes.Join(bytes.SplitAfter(second, []byte("\n")), []byte("warning: in between\n"))
	got, err := Read(append(log, mixed...))
	if err != nil || !bytes.Equal(got.Listing, aFrame(2).Listing) {
		t.Fatalf("the second frame was not read: %v", err)
	}
	// The second one is still being written.
	got, err = Read(append(log, second[:len(second)/2]...))
	if err != nil || !bytes.Equal(got.Listing, aFrame(1).Listing) {
		t.Fatalf("the first frame was not read: %v", err)
	}
	// The beginning of the first one was rotated away.
	got, err = Read(append(first[len(first)/2:], second...))
	if err != nil || !bytes.Equal(got.Listing, aFrame(2).Listing) {
		t.Fatalf("the second frame was not read after half of one: %v", err)
	}
}

func TestWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	whole := written(t, aFrame(1))
	lines := bytes.SplitAfter(whole, []byte("\n"))
	damaged := bytes.Clone(whole)
	at := bytes.Index(damaged, []byte(" 2/")) + 10
	damaged[at] ^= 1
	for name, test := range map[string]struct {
		log  []byte
		is   error
		text string
	}{
		"nothing":         {nil, ErrNoFrame, ""},
		"another program": {[]byte("hello\nworld\n"), ErrNoFrame, ""},
		"the end cut off": {whole[:len(whole)-100], ErrTruncated, ""},
		"a line missing":  {bytes.Join(append(append([][]byte{}, lines[:2]...), lines[3:]...), nil), ErrTruncated, "1 of 7 lines"},
		"rotated":         {bytes.Join(lines[4:], nil), ErrTruncated, "4 of 7 lines"},
		"damaged":         {damaged, nil, "digest does not fit"},
		"another version": {bytes.ReplaceAll(whole, []byte("frame/1 "), []byte("frame/2 ")), nil, "another version"},
		"too large":       {[]byte(fmt.Sprintf("%s%s end 99999999 %s\n", frameHead, strings.Repeat("0", 16), strings.Repeat("0", 64))), nil, "larger than"},
	} {
		f, err := Read(test.log)
		if f != nil || err == nil || test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every place at which a log may break off gives the whole frame or an error.
func TestCutLogsGiveNoFrame(t *testing.T) {
	t.Parallel()
	whole := written(t, aFrame(3))
	for at := 0; at < len(whole)-1; at += 1 + at%131 {
		if f, err := Read(whole[:at]); f != nil || err == nil {
			t.Fatalf("cut at %d: a frame", at)
		}
	}
}

// A log of nothing but ends does not take long.
func TestManyEndsTakeNoTime(t *testing.T) {
	t.Parallel()
	end := fmt.Sprintf("%s%s end %d %s\n", frameHead, strings.Repeat("0", 16), MaxPayload, strings.Repeat("0", 64))
	started := time.Now()
	if _, err := Read([]byte(strings.Repeat(end, maxLog/4/len(end)))); !errors.Is(err, ErrTruncated) {
		t.Error(err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestLinesOfAFrame(t *testing.T) {
	t.Parallel()
	whole := bytes.SplitAfter(written(t, aFrame(1)), []byte("\n"))
	n, ok := Lines(whole[len(whole)-2])
	if !ok || n != len(whole)-1 {
		t.Errorf("%d lines, %v; there are %d", n, ok, len(whole)-1)
	}
	if _, ok := Lines(whole[0]); ok {
		t.Error("a part is taken for the end")
	}
}

func FuzzRead(f *testing.F) {
	small := aFrame(1)
	small.Listing = small.Listing[:chunk+100] // of two lines
	whole := written(f, small)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(written(f, &Frame{Listing: []byte("x")}))
	f.Add([]byte("regpolicy-frame/1 0123456789abcdef end 0 " + strings.Repeat("0", 64)))
	f.Fuzz(func(t *testing.T, log []byte) {
		frame, err := Read(log)
		if (frame == nil) == (err == nil) {
			t.Fatalf("%v and %v", frame, err)
		}
		if frame != nil && len(frame.Listing)+len(frame.Probes) > MaxPayload {
			t.Fatal("a frame beyond its limit")
		}
	})
}

// FuzzPayload gets past the digest, as a node that lies can.
func FuzzPayload(f *testing.F) {
	f.Add([]byte(`{"schema":"regpolicy.agent/v1","node":"wk-1","listing":3,"probes":2}` + "\nabcde"))
	f.Add([]byte(`{"schema":"regpolicy.agent/v1","listing":-1,"probes":6}` + "\nabcde"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		frame, err := decode(packed.Bytes())
		if (frame == nil) == (err == nil) {
			t.Fatalf("%v and %v", frame, err)
		}
		if frame != nil && len(frame.Listing)+len(frame.Probes) > len(data) {
			t.Fatal("a frame of more than there was")
		}
	})
}

// BenchmarkRead reads the log of a node with 200 KB of certificates and of settings, which
// compress as text in base64 does, with another frame before it.
func BenchmarkRead(b *testing.B) {
	f := aFrame(1)
	source := rand.New(rand.NewPCG(2, 1))
	f.Listing = f.Listing[:0]
	for len(f.Listing) < 200_000 {
		line := make([]byte, 48)
		for i := range line {
			line[i] = byte(source.Uint32())
		}
		f.Listing = append(base64.StdEncoding.AppendEncode(f.Listing, line), '\n')
	}
	log := append(written(b, aFrame(2)), written(b, f)...)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(log); err != nil {
			b.Fatal(err)
		}
	}
}
