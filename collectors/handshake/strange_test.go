package handshake

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// A certificate may be odd in any way that a handshake lets through: it is recorded.
func TestStrangeCertificatesAreRecorded(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	names := []string{name}
	for i := range 700 {
		names = append(names, fmt.Sprintf("name-%03d.corp.example", i)) // 16 KB
	}
	serial := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 159), big.NewInt(1)) // 20 octets, RFC 5280, 4.1.2.2
	for _, test := range []struct {
		what   string
		option certtest.Option
		look   func(evidence.Certificate) string
		want   string
	}{
		{"16 KB of names", certtest.Names(names...), func(c evidence.Certificate) string { return c.DNSNames[0] }, name},
		{"a serial number of 20 octets", certtest.SerialNumber(serial), func(c evidence.Certificate) string { return c.SerialNumber }, strings.ToLower(serial.Text(16))},
		{"a serial number of 16 KB", certtest.SerialNumber(new(big.Int).Lsh(big.NewInt(1), 8*16<<10)), func(c evidence.Certificate) string { return fmt.Sprint(len(c.SerialNumber)) }, "32769"},
		{"all of time", certtest.Validity(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)), func(c evidence.Certificate) string {
			return fmt.Sprint(c.NotBefore.Year(), c.NotAfter.Year())
		}, "1 9999"},
		{"an end before its beginning", certtest.Validity(testTime.Add(time.Hour), testTime.Add(-time.Hour)), func(c evidence.Certificate) string { return fmt.Sprint(c.NotAfter.Before(c.NotBefore.Time)) }, "true"},
	} {
		leaf := ca.Leaf(name, test.option)
		document := probeOne(t, name, listenTLS(t, leaf.ServerConfig(ca), says(registryAnswer)), Options{Timeout: 5 * time.Second})
		want := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Status: 401}
		if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
			t.Errorf("%s: probe (-want +got):\n%s", test.what, diff)
		}
		if got := test.look(document.Certificates[leaf.Fingerprint()]); got != test.want {
			t.Errorf("%s: recorded %q, want %q", test.what, got, test.want)
		}
	}
}

// stalled passes on so many bytes of what is written, and then none, without an end.
type stalled struct {
	net.Conn
	left int
}

func (s *stalled) Write(p []byte) (int, error) {
	n := min(len(p), s.left)
	s.left -= n
	if _, err := s.Conn.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A server may fall silent at any byte: that costs the deadline, and is a gap or,
// once the certificates have come, an observation.
func TestServersThatStallAnywhere(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := ca.Leaf(name).ServerConfig(ca)
		config.MaxVersion = version
		for _, bytes := range []int{0, 1, 5, 60, 127, 128, 600, 1100, 1300, 1500} {
			t.Run(fmt.Sprintf("%s after %d bytes", tls.VersionName(version), bytes), func(t *testing.T) {
				t.Parallel()
				address := listen(t, func(conn net.Conn) {
					server := tls.Server(&stalled{conn, bytes}, config)
					_ = server.Handshake() // the client gives up first
					_, _ = io.Copy(io.Discard, conn)
				})
				start := time.Now()
				document := probeOne(t, name, address, Options{Timeout: time.Second})
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("it took %s, the deadline is 1 s", took)
				}
				coverage := document.Coverage[evidence.Handshakes]
				probe, observed := document.Endpoints[name+":443"].Probes["collector"]
				if observed && probe.Chain == "" && probe.Failure == nil {
					t.Errorf("an observation of nothing: %+v", probe)
				}
				if coverage.Asked != coverage.Answered+coverage.Skipped+len(coverage.Gaps) || len(coverage.Gaps) == 0 {
					t.Errorf("asked %d, answered %d, gaps %+v", coverage.Asked, coverage.Answered, coverage.Gaps)
				}
				for _, gap := range coverage.Gaps {
					if gap.Reason != "timeout_handshake" {
						t.Errorf("gap %+v", gap)
					}
				}
			})
		}
	}
}

// RFC 8446, 4.1.3: a server that could do more says so in its random number, which
// somebody in the middle cannot take out.
func TestDowngradesAreRefused(t *testing.T) {
	hello := []byte(serverHello(tls.VersionTLS12))
	copy(hello[5+4+2+24:], "DOWNGRD\x01")
	address := listen(t, func(conn net.Conn) {
		readHello(conn)
		_, _ = conn.Write(hello)
	})
	document := probeOne(t, name, address, Options{Timeout: 5 * time.Second})
	want := seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.2"}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
}

// OpenSSL's test server asks for a new handshake in the middle of the connection:
// what came before stands.
func TestServersThatRenegotiate(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	leaf := certtest.New(testTime).Root("Test Root").Leaf(name)
	dir := t.TempDir()
	for file, content := range map[string][]byte{"cert.pem": leaf.PEM(), "key.pem": leaf.KeyPEM()} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := exec.CommandContext(t.Context(), openssl, "s_server", "-tls1_2", "-accept", "127.0.0.1:0", "-cert", filepath.Join(dir, "cert.pem"), "-key", filepath.Join(dir, "key.pem"))
	commands, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	address := ""
	for address == "" && lines.Scan() {
		address, _ = strings.CutPrefix(lines.Text(), "ACCEPT ")
		if !strings.HasPrefix(lines.Text(), "ACCEPT ") {
			address = ""
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "GET /v2/") {
				_, _ = io.WriteString(commands, "r\n")
			}
		}
	}()
	document := probeOne(t, name, address, Options{Timeout: 3 * time.Second})
	_ = server.Process.Kill()
	<-ended
	_ = server.Wait() // killed
	got := look(document.Endpoints[name+":443"], "collector")
	if got.Chain != 1 || got.Version != "1.2" || got.Scheme != "https" {
		t.Errorf("probe %+v", got)
	}
	if v2 := document.Endpoints[name+":443"].Probes["collector"].V2; v2 == nil || !strings.Contains(v2.Error, "renegotiation") {
		t.Errorf("answer to /v2/ %+v, gaps %+v", v2, gaps(document))
	}
}
