package handshake

import (
	"crypto/tls"
	"encoding/binary"
	"net"
	"testing"
)

func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// readHello reads one TLS record.
func readHello(conn net.Conn) {
	header := make([]byte, 5)
	if _, err := conn.Read(header); err == nil {
		_, _ = conn.Read(make([]byte, binary.BigEndian.Uint16(header[3:])))
	}
}

// serverHello is the record of a ServerHello up to TLS 1.2 for a suite that
// every client offers.
func serverHello(version uint16) string {
	body := binary.BigEndian.AppendUint16(nil, version)
	body = append(body, make([]byte, 32)...) // random
	body = append(body, 0)                   // no session id
	body = binary.BigEndian.AppendUint16(body, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	body = append(body, 0) // no compression
	message := append([]byte{2, 0, 0, byte(len(body))}, body...)
	return string(append([]byte{22, 3, 3, 0, byte(len(message))}, message...))
}

// handshakeMessage is a message of that type and size, in records.
func handshakeMessage(kind byte, size int) string {
	message := append([]byte{kind, byte(size >> 16), byte(size >> 8), byte(size)}, make([]byte, size)...)
	var out []byte
	for len(message) > 0 {
		n := min(len(message), 1<<14)
		out = append(binary.BigEndian.AppendUint16(append(out, 22, 3, 3), uint16(n)), message[:n]...)
		message = message[n:]
	}
	return string(out)
}

func repeat(der []byte, times int) [][]byte {
	chain := make([][]byte, times)
	for i := range chain {
		chain[i] = der
	}
	return chain
}
