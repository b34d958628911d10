package merge

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

var byteOrderMark = []byte("\xef\xbb\xbf") //nolint:gochecknoglobals // a constant that Go cannot write as one

// withoutMark leaves out the mark that some editors put before a text.
func withoutMark(r io.Reader) io.Reader {
	buffered := bufio.NewReader(r)
	if begin, err := buffered.Peek(len(byteOrderMark)); err == nil && bytes.Equal(begin, byteOrderMark) {
		_, _ = buffered.Discard(len(byteOrderMark)) // it was just seen
	}
	return buffered
}

// place is how far a text was read: the line, and the bytes of it.
type place struct{ line, column int }

func (p *place) Write(text []byte) (int, error) {
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		p.line += bytes.Count(text, []byte("\n"))
		p.column = len(text) - end - 1
	} else {
		p.column += len(text)
	}
	return len(text), nil
}

// truncated is the fault of a text that ends before its JSON does.
func (p *place) truncated() *fault {
	return &fault{"truncated", fmt.Sprintf("line %d, column %d: it ends too early", p.line, p.column+1), cureAnew}
}
