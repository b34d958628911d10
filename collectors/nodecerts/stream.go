package nodecerts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	streamHead = "regpolicy-listing 1 "
	// maxNoise is how much a login shell's start-up files may print before the
	// stream begins.
	maxNoise = 64 << 10
	// maxFrames and maxMembers bound what a hostile node can make us hold.
	maxFrames  = 50_000
	maxMembers = 10_000
)

var (
	// ErrTruncated says that a stream ended before its end frame, or was longer
	// than its limit. What came before is in the listing.
	ErrTruncated = errors.New("the listing ended early")
	// ErrNoListing says that a stream is not the script's.
	ErrNoListing = errors.New("this is no listing")
)

var headLine = regexp.MustCompile(`(?:^|\n)` + streamHead + `(=[0-9]{1,10}\.[0-9]{0,20}=)\n`)

// ParseStream reads what the script wrote, at most limit bytes (MaxStream when
// limit is 0). A stream that ends early gives what came before, and ErrTruncated;
// one that is not the script's gives ErrNoListing and no listing.
//
// A frame begins on a new line with the stream's boundary, which its first line
// tells. The content of a file has its length before it, so whatever a file
// holds, it cannot pass for a frame.
func ParseStream(r io.Reader, limit int64) (*Listing, error) {
	if limit <= 0 {
		limit = MaxStream
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil && len(data) == 0 {
		return nil, fmt.Errorf("reading a listing: %w", err)
	}
	return parseListing(data, limit)
}

// parseListing is ParseStream of what is read already. The listing keeps parts of it.
func parseListing(data []byte, limit int64) (*Listing, error) {
	data = data[:min(int64(len(data)), limit)]
	head := headLine.FindSubmatchIndex(data[:min(len(data), maxNoise)])
	if head == nil {
		return nil, fmt.Errorf("reading a listing: %w: it begins %q", ErrNoListing, data[:min(len(data), 80)])
	}
	p := &streamParser{
		listing: &Listing{Live: true, ProcAsked: true, Files: map[string]*File{}},
		mark:    []byte("\n" + string(data[head[2]:head[3]]) + " "),
		rest:    data[head[1]:],
	}
	p.run()
	if !p.ended {
		p.listing.Truncated = true
		return p.listing, fmt.Errorf("reading a listing: %w", ErrTruncated)
	}
	return p.listing, nil
}

type streamParser struct {
	listing *Listing
	mark    []byte // newline, boundary, blank
	rest    []byte // begins with mark, or no frame follows
	file    *File  // the frame "file" before
	members int
	ended   bool
}

func (p *streamParser) run() {
	for range maxFrames {
		if !bytes.HasPrefix(p.rest, p.mark) || p.ended {
			return
		}
		p.rest = p.rest[len(p.mark):]
		head, whole := p.until('\n')
		if !whole {
			return
		}
		kind, args, _ := strings.Cut(string(head), " ")
		if !p.frame(kind, args) {
			return
		}
	}
}

// until takes what stands before the next mark or the byte, whichever comes
// first. The byte is taken, too; the mark is not. It tells whether one came.
func (p *streamParser) until(end byte) ([]byte, bool) {
	i := bytes.IndexByte(p.rest, end)
	if i < 0 {
		return nil, false
	}
	taken := p.rest[:i]
	if bytes.HasPrefix(p.rest[i:], p.mark) {
		p.rest = p.rest[i:]
	} else {
		p.rest = p.rest[i+1:]
	}
	return taken, true
}

// body takes what stands before the next mark.
func (p *streamParser) body() (string, bool) {
	if bytes.HasPrefix(p.rest, p.mark) {
		return "", true // a frame without a body
	}
	i := bytes.Index(p.rest, p.mark)
	if i < 0 {
		return "", false
	}
	body := string(p.rest[:i])
	p.rest = p.rest[i:]
	return body, true
}

// counted takes a body of the length that its frame tells. A file that changed
// while it was read has another one: then it is what stands before the next mark.
func (p *streamParser) counted(length string) ([]byte, bool) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 || n > len(p.rest) {
		return nil, false
	}
	if n < len(p.rest) && !bytes.HasPrefix(p.rest[n:], p.mark) {
		if n = bytes.Index(p.rest, p.mark); n < 0 {
			return nil, false
		}
	}
	body := p.rest[:n:n]
	p.rest = p.rest[n:]
	return body, true
}

// frame reads one frame; false ends the stream. Frames of an unknown kind are
// passed over.
func (p *streamParser) frame(kind, args string) bool {
	switch kind {
	case "data", "part", "bundle":
		return p.contentFrame(kind, args)
	case "end":
		p.listing.Ended = unixTime(strings.TrimSpace(args))
		p.ended = true
		return true
	case "cut":
		p.listing.Cut = true
		if p.file != nil {
			p.file.Cut = true
		}
	case "in":
		if p.file != nil {
			p.file.Members = parseMembers(args)
			if p.members += len(p.file.Members); p.members > maxMembers {
				p.file.Members, p.listing.Cut = nil, true
			}
		}
	}
	body, whole := p.body()
	if !whole {
		return false
	}
	p.textFrame(kind, args, body)
	return true
}

func (p *streamParser) textFrame(kind, args, body string) {
	switch kind {
	case "clock":
		p.listing.Began = unixTime(args)
	case "kernel":
		p.listing.Kernel = body
	case "proc":
		p.listing.Proc = parseProc(body)
	case "file":
		p.file = nil
		if strings.HasPrefix(body, "/") {
			p.file = parseFile(args, p.listing.Began)
			p.listing.add(body, p.file)
		}
	case "link", "real":
		if p.file != nil && kind == "link" {
			p.file.Link = body
		} else if p.file != nil {
			p.file.Real = body
		}
	}
}

func (p *streamParser) contentFrame(kind, args string) bool {
	var bundle []byte
	if kind == "bundle" {
		var whole bool
		if bundle, whole = p.until('\n'); !whole {
			return false
		}
		p.listing.Bundle = string(bundle)
	}
	content, whole := p.counted(args)
	switch {
	case !whole:
		return false
	case bundle != nil:
		p.listing.BundleData = content
	case p.file != nil:
		p.file.Content, p.file.Partial = content, kind == "part"
	}
	return true
}

// add keeps the first of two looks at the same path: places are looked at before
// what a configuration names, and that before the system's own certificates.
func (l *Listing) add(name string, f *File) {
	name = path.Clean(name)
	if _, ok := l.Files[name]; !ok {
		l.Files[name] = f
	}
}

func unixTime(seconds string) time.Time {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n <= 0 || n > 1<<38 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func parseMembers(args string) []int {
	var members []int
	for word := range strings.FieldsSeq(args) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil
		}
		members = append(members, n)
	}
	return members
}
