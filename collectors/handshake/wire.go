package handshake

import (
	"encoding/binary"
	"net"
	"slices"
)

const (
	recordHandshake    = 22 // TLS record types (RFC 8446 5.1)
	messageCertificate = 11 // a TLS handshake type (RFC 5246 7.4)

	// maxHandshakeBytes bounds what a tap keeps: the largest Certificate message
	// that crypto/tls takes, and room for what comes before it.
	maxHandshakeBytes = 512 << 10
)

// tap keeps what a server sends before encryption starts. Up to TLS 1.2 that
// holds the Certificate message, so that a chain that crypto/tls turns down
// unseen (an RSA key beyond 8192 bits) is recorded all the same.
type tap struct {
	net.Conn
	seen []byte
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.seen = append(t.seen, p[:min(n, maxHandshakeBytes-len(t.seen))]...)
	return n, err
}

// certificates finds the chain in the records of a TLS 1.0 to 1.2 server; nil
// when there is none.
func certificates(records []byte) [][]byte {
	var messages []byte
	for len(records) >= 5 && records[0] == recordHandshake {
		size := int(binary.BigEndian.Uint16(records[3:5]))
		end := min(5+size, len(records))
		messages = append(messages, records[5:end]...)
		records = records[end:]
	}
	for {
		body, rest, ok := vector(messages[min(1, len(messages)):])
		if !ok {
			return nil
		}
		if messages[0] == messageCertificate {
			return certificateList(body)
		}
		messages = rest
	}
}

func certificateList(body []byte) [][]byte {
	list, _, ok := vector(body)
	if !ok {
		return nil
	}
	var chain [][]byte
	for len(list) > 0 {
		var one []byte
		if one, list, ok = vector(list); !ok {
			break
		}
		chain = append(chain, slices.Clone(one))
	}
	return chain
}

// vector takes bytes with a length of three bytes before them off the front.
func vector(b []byte) (body, rest []byte, ok bool) {
	if len(b) < 3 {
		return nil, nil, false
	}
	size := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if len(b)-3 < size {
		return nil, nil, false
	}
	return b[3 : 3+size], b[3+size:], true
}
