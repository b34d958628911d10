// Package agent reads nodes through pods: what the agent on a node found comes
// back in its pod's log, as a frame.
//
// A frame is a payload in lines of text. Every line is short enough for a
// container runtime not to split it, names the frame it belongs to, its own
// number and how many there are, and the last one bears the length and the digest
// of it all; so whatever else stands in a log, and wherever it was cut off, a
// frame is had whole or not at all:
//
//	regpolicy-frame/1 ID 1/2 BASE64
//	regpolicy-frame/1 ID 2/2 BASE64
//	regpolicy-frame/1 ID end LENGTH SHA256
//
// ID is the first 16 digits of the digest. The payload is compressed with gzip: a
// line of JSON (header), the node's listing as package nodecerts writes it, and an
// evidence document with the handshakes made from the node, if there were any.
package agent

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	frameWord = "regpolicy-frame/"
	frameHead = frameWord + "1 "
	// chunk is how many bytes of the payload stand on one line: 8,000 characters,
	// half of what containerd and CRI-O split lines at.
	chunk = 6000
	// MaxPayload is the largest payload, compressed or not.
	MaxPayload = 8 << 20
	// maxFrames is how many frames of a log are tried, the newest first.
	maxFrames = 8

	schema    = "regpolicy.agent/v1"
	maxHeader = 64 << 10
)

// Frame is what an agent tells of its node.
type Frame struct {
	// Node is the node's name as the agent was told it.
	Node string
	// Version is the agent's.
	Version string
	// At is the node's clock when it was read.
	At time.Time
	// Partial tells that not the whole root of the node was mounted: what is not in
	// the listing may be there.
	Partial bool
	// Listing is the stream that nodecerts.ParseStream reads.
	Listing []byte
	// Probes is an evidence document with the handshakes made from the node, empty
	// where none were asked for.
	Probes []byte
}

type header struct {
	Schema  string    `json:"schema"`
	Node    string    `json:"node"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
	Partial bool      `json:"partial,omitempty"`
	Listing int       `json:"listing"`
	Probes  int       `json:"probes"`
}

var (
	// ErrNoFrame says that a log holds nothing of an agent's.
	ErrNoFrame = errors.New("the log holds no frame")
	// ErrTruncated says that a log holds a part of a frame only: it was rotated, or
	// is still being written.
	ErrTruncated = errors.New("the log holds no whole frame")
)

// Write writes a frame.
func Write(w io.Writer, f *Frame) error {
	payload, err := encode(f)
	if err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	sum := sha256.Sum256(payload)
	digest := hex.EncodeToString(sum[:])
	id, total := digest[:16], (len(payload)+chunk-1)/chunk
	var out bytes.Buffer
	for n := range total {
		part := payload[n*chunk : min(len(payload), (n+1)*chunk)]
		fmt.Fprintf(&out, "%s%s %d/%d %s\n", frameHead, id, n+1, total, base64.StdEncoding.EncodeToString(part))
	}
	fmt.Fprintf(&out, "%s%s end %d %s\n", frameHead, id, len(payload), digest)
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing a frame: %w", err)
	}
	return nil
}

func encode(f *Frame) ([]byte, error) {
	head, err := json.Marshal(header{
		Schema: schema, Node: f.Node, Version: f.Version, At: f.At.UTC(), Partial: f.Partial, Listing: len(f.Listing), Probes: len(f.Probes),
	})
	if err != nil {
		return nil, err
	}
	if size := len(head) + 1 + len(f.Listing) + len(f.Probes); size > MaxPayload {
		return nil, fmt.Errorf("%d bytes are more than a frame may hold", size)
	}
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	for _, part := range [][]byte{head, {'\n'}, f.Listing, f.Probes} {
		if _, err := packed.Write(part); err != nil {
			return nil, err
		}
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Read finds the newest whole frame of a log. Lines that are no frame's are passed
// over. The error is ErrNoFrame, ErrTruncated, or says what is wrong with the frame.
func Read(log []byte) (*Frame, error) {
	var last error
	lines := frameLines(log)
	tries := 0
	for at, line := range slices.Backward(lines) {
		if line.end == nil {
			continue
		}
		if tries++; tries > maxFrames {
			break
		}
		payload, err := assemble(lines[:at], line)
		if err == nil {
			return decode(payload)
		}
		if last == nil {
			last = err
		}
	}
	switch {
	case last != nil:
		return nil, last
	case len(lines) > 0:
		return nil, ErrTruncated
	case bytes.Contains(log, []byte("\n"+frameWord)) || bytes.HasPrefix(log, []byte(frameWord)):
		return nil, errors.New("the frame is of another version of regpolicy: use the agent's for both")
	}
	return nil, ErrNoFrame
}

// Lines tells from the last line of a log, if that ends a frame, how many lines
// the frame has, that one included.
func Lines(last []byte) (int, bool) {
	lines := frameLines(last)
	if len(lines) != 1 || lines[0].end == nil {
		return 0, false
	}
	return (lines[0].end.size+chunk-1)/chunk + 1, true
}

// frameLine is a line of a frame: a part of it, or its end.
type frameLine struct {
	id    string // empty of a line that was cut off in the middle
	n, of int
	text  string
	end   *frameEnd
}

type frameEnd struct {
	size   int
	digest string
}

var (
	// partHead is what a part begins with, of partLength bytes at most.
	partHead = regexp.MustCompile(`^([0-9a-f]{16}) ([0-9]{1,5})/([0-9]{1,5}) `)
	endLine  = regexp.MustCompile(`^([0-9a-f]{16}) end ([0-9]{1,8}) ([0-9a-f]{64})$`)
)

const partLength = 16 + len(" 99999/99999 ")

// isBase64 looks at the letters only: an expression takes most of the time of reading a frame.
func isBase64(text string) bool {
	digits := strings.TrimRight(text, "=")
	for i := range len(digits) {
		switch c := digits[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return false
		}
	}
	return digits != "" && len(text)-len(digits) <= 2
}

func frameLines(log []byte) []frameLine {
	var lines []frameLine
	for line := range bytes.Lines(log) {
		rest, ok := strings.CutPrefix(strings.TrimRight(string(line[:min(len(line), chunk*2)]), "\r\n"), frameHead)
		if !ok {
			continue
		}
		m := partHead.FindStringSubmatch(rest[:min(len(rest), partLength)])
		if m != nil && isBase64(rest[len(m[0]):]) {
			lines = append(lines, frameLine{id: m[1], n: number(m[2]), of: number(m[3]), text: rest[len(m[0]):]})
		} else if m := endLine.FindStringSubmatch(rest); m != nil {
			lines = append(lines, frameLine{id: m[1], end: &frameEnd{size: number(m[2]), digest: m[3]}})
		} else {
			lines = append(lines, frameLine{})
		}
	}
	return lines
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

// assemble puts together the payload whose end is at hand, from the lines before it.
func assemble(lines []frameLine, end frameLine) ([]byte, error) {
	size := end.end.size
	if size > MaxPayload {
		return nil, fmt.Errorf("the frame is larger than %d bytes", MaxPayload)
	}
	parts, err := partsOf(lines, end.id, (size+chunk-1)/chunk)
	if err != nil {
		return nil, err
	}
	payload := make([]byte, 0, size)
	for _, text := range parts {
		part, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, errors.New("the frame is damaged: a line is no base64")
		}
		payload = append(payload, part...)
	}
	sum := sha256.Sum256(payload)
	if len(payload) != size || hex.EncodeToString(sum[:]) != end.end.digest || !strings.HasPrefix(end.end.digest, end.id) {
		return nil, errors.New("the frame is damaged: its digest does not fit")
	}
	return payload, nil
}

// partsOf are the lines of one frame in their order; the newest of several equals.
func partsOf(lines []frameLine, id string, total int) ([]string, error) {
	parts := make([]string, total)
	missing := total
	for _, l := range slices.Backward(lines) {
		if missing == 0 {
			break
		}
		if l.id == id && l.of == total && l.n >= 1 && l.n <= total && parts[l.n-1] == "" {
			parts[l.n-1] = l.text
			missing--
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("%w: %d of %d lines are missing", ErrTruncated, missing, total)
	}
	return parts, nil
}

func decode(payload []byte) (*Frame, error) {
	packed, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, errors.New("the frame is damaged: it is not compressed with gzip")
	}
	data, err := io.ReadAll(io.LimitReader(packed, MaxPayload+1))
	switch {
	case err != nil:
		return nil, errors.New("the frame is damaged: its compressed data are")
	case len(data) > MaxPayload:
		return nil, fmt.Errorf("the frame is larger than %d bytes", MaxPayload)
	}
	text, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok || len(text) > maxHeader {
		return nil, errors.New("the frame has no header")
	}
	var head header
	if err := json.Unmarshal(text, &head); err != nil || head.Schema != schema {
		return nil, fmt.Errorf("the frame's header is not of %q: use the same version of regpolicy for both", schema)
	}
	if head.Listing < 0 || head.Probes < 0 || head.Listing > len(rest) || head.Listing+head.Probes != len(rest) {
		return nil, errors.New("the frame's parts have other lengths than its header says")
	}
	return &Frame{
		Node: head.Node, Version: head.Version, At: head.At.UTC(), Partial: head.Partial,
		Listing: rest[:head.Listing:head.Listing], Probes: rest[head.Listing:],
	}, nil
}
