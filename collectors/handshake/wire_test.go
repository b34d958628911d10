package handshake

import (
	"bytes"
	"testing"
)

func TestCertificatesAreFoundOnTheWire(t *testing.T) {
	message := handshakeMessage(11, 0) // an empty Certificate message
	for _, test := range []struct {
		name    string
		records string
		want    int
	}{
		{"nothing", "", 0},
		{"an alert", "\x15\x03\x03\x00\x02\x02\x28", 0},
		{"a ServerHello alone", serverHello(0x0303), 0},
		{"an empty Certificate message", message, 0},
		{"one certificate behind the ServerHello", serverHello(0x0303) + "\x16\x03\x03\x00\x0c\x0b\x00\x00\x08\x00\x00\x05\x00\x00\x02de", 1},
		{"a message over two records", "\x16\x03\x03\x00\x06\x0b\x00\x00\x08\x00\x00" + "\x16\x03\x03\x00\x06\x05\x00\x00\x02de", 1},
		{"a certificate that is cut", "\x16\x03\x03\x00\x0b\x0b\x00\x00\x07\x00\x00\x04\x00\x00\x02d", 0},
		{"a record that is cut", "\x16\x03\x03\x00\xff\x0b\x00\x00\x08", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := certificates([]byte(test.records))
			if len(got) != test.want {
				t.Fatalf("%d certificates, want %d", len(got), test.want)
			}
			if test.want == 1 && string(got[0]) != "de" {
				t.Errorf("certificate = %q", got[0])
			}
		})
	}
}

func FuzzCertificatesOnTheWire(f *testing.F) {
	f.Add([]byte(serverHello(0x0303) + "\x16\x03\x03\x00\x0c\x0b\x00\x00\x08\x00\x00\x05\x00\x00\x02de"))
	f.Add([]byte{22, 3, 3, 0, 0, 22, 3, 3})
	f.Fuzz(func(t *testing.T, records []byte) {
		for _, one := range certificates(records) {
			if len(one) > len(records) || (len(one) > 0 && bytes.IndexByte(records, one[0]) < 0) {
				t.Errorf("certificate of %d bytes from %d", len(one), len(records))
			}
		}
	})
}
