package main

import "io"

// watched is standard output. It remembers the first error, since some printers
// drop it, and writes nothing after that.
type watched struct {
	to  io.Writer
	err error
}

func (w *watched) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.to.Write(p)
	w.err = err
	return n, err
}

// mute is for printers that would tell of an error in their own words.
type mute struct{ to io.Writer }

func (m mute) Write(p []byte) (int, error) {
	_, _ = m.to.Write(p) // the watched writer below has the error
	return len(p), nil
}
