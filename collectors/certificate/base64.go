package certificate

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// utf8BOM is the byte order mark that Windows editors put before a text.
var utf8BOM = []byte("\xef\xbb\xbf")

// whitespace are the faults of white space that a Content lists.
type whitespace struct{ newline, space, trailing, indented bool }

func (w whitespace) and(o whitespace) whitespace {
	return whitespace{w.newline || o.newline, w.space || o.space, w.trailing || o.trailing, w.indented || o.indented}
}

func (w whitespace) names() []string {
	out := []string{}
	for _, fault := range []struct {
		found bool
		name  string
	}{
		{w.newline, "newline_in_base64"},
		{w.space, "space_in_base64"},
		{w.trailing, "trailing_space"},
		{w.indented, "indented"},
	} {
		if fault.found {
			out = append(out, fault.name)
		}
	}
	return out
}

// spaceFaults tells what white space lies in a text. Line ends at its very end
// are none: every tool writes one.
func spaceFaults(text []byte) whitespace {
	var w whitespace
	body := bytes.TrimRight(text, "\r\n")
	w.newline = bytes.ContainsAny(bytes.TrimLeft(body, " \t\r\n"), "\r\n")
	for line := range bytes.Lines(body) {
		line = bytes.TrimRight(line, "\r\n")
		core := bytes.Trim(line, " \t")
		if len(core) == 0 {
			w.trailing = w.trailing || len(line) > 0
			continue
		}
		w.indented = w.indented || line[0] != core[0]
		w.trailing = w.trailing || line[len(line)-1] != core[len(core)-1]
		w.space = w.space || bytes.ContainsAny(core, " \t")
	}
	return w
}

var errNoBase64 = errors.New("not base64")

// decodeBase64 takes one layer off, white space ignored, and says what white
// space there was. Kubernetes, cloud-init and Go read the standard alphabet with
// padding (RFC 4648 section 4) and nothing else, so no other one is accepted.
func decodeBase64(text []byte) ([]byte, whitespace, error) {
	text = bytes.TrimPrefix(text, utf8BOM)
	faults := spaceFaults(text)
	decoded, err := decodeCompact(text, -1)
	if faults.space && (err != nil || !isSequence(decoded)) {
		// A form or a URL turns "+" into a space.
		if repaired, plusErr := decodeCompact(bytes.TrimSpace(text), '+'); plusErr == nil && isSequence(repaired) {
			return repaired, faults, nil
		}
	}
	return decoded, faults, err
}

// decodeCompact decodes a text without its line ends and tabs, and with its
// spaces replaced by another character, or left out where that is negative.
func decodeCompact(text []byte, space rune) ([]byte, error) {
	compact := bytes.Map(func(r rune) rune {
		switch r {
		case ' ':
			return space
		case '\t', '\r', '\n':
			return -1
		default:
			return r
		}
	}, text)
	if len(compact) == 0 {
		return nil, errNoBase64
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(compact)))
	n, err := base64.StdEncoding.Decode(decoded, compact)
	return decoded[:n], err
}

// whyOther says what bytes are that are neither PEM nor DER nor base64, where
// that can be told. layers were taken off already, and err is what the decoder
// said of the next one.
func whyOther(data []byte, layers int, err error) string {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, utf8BOM))
	switch {
	case base64Mark(text):
		return "it begins as a certificate in base64 does, but " + err.Error()
	case layers > 0:
		return "it is base64, and below is no certificate"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return "it is UTF-16 text, as PowerShell writes it"
	case bytes.HasPrefix(data, []byte("\xfe\xed\xfe\xed")):
		return "it is a Java keystore"
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return "it is gzip-compressed"
	case !utf8.Valid(data):
		return "it is binary data and no certificate"
	default:
		return "it is text without a PEM label"
	}
}

// base64Mark tells whether text begins as PEM or DER does in base64.
func base64Mark(text []byte) bool {
	for _, mark := range []string{"LS0tLS1CRUdJ", "TFMwdExTMUNS", "VEZNd2RFeFRN", "77u/LS0tLS1C", "MII"} {
		if strings.HasPrefix(string(text[:min(len(text), len(mark))]), mark) {
			return true
		}
	}
	return false
}
