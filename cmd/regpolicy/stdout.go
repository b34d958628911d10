package main

import "io"

// mute is for printers that would tell of an error in their own words.
type mute struct{ to io.Writer }

func (m mute) Write(p []byte) (int, error) {
	_, _ = m.to.Write(p) // the watched writer below has the error
	return len(p), nil
}
