package handshake

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const transcribed = "transcript/" + name + "_443.txt"

// transcribe records text as the transcript of name:443.
func transcribe(t testing.TB, text []byte) *evidence.Document {
	t.Helper()
	b := newBuilder()
	Transcript(b, name+":443", text, evidence.Provenance{Source: "capture", Method: "file", Path: "endpoints/" + name + "_443.txt"})
	return build(t, b)
}

func saved(t testing.TB, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "s_client", file+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTranscripts(t *testing.T) {
	for _, test := range []struct {
		file   string
		want   seen
		reason string // of the gap, where the text is no answer
	}{
		{file: "harbor", want: seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 1}},
		{file: "expired", want: seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 1}},
		{file: "no-intermediate", want: seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 1}},
		{file: "cbc", want: seen{Scheme: "https", Reached: true, Version: "1.2", Chain: 2}},
		{file: "mtls", want: seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.3", Chain: 1, Requested: true, Required: true}},
		{file: "mtls-tls12", want: seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.2", Chain: 2, Requested: true, Required: true}},
		{file: "brief-mtls", want: seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.3", Requested: true, Required: true}},
		{file: "tls10", want: seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true, Version: "1.0", Chain: 2}},
		{file: "tls10-forced", want: seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true, Version: "1.0", Chain: 2}},
		{file: "handshake-failure", want: seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true}},
		{file: "plain-http", want: seen{Scheme: "http", Cause: "http_not_https", Stage: "handshake", Reached: true}},
		{file: "reset", want: seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true}},
		{file: "eof", want: seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true}},
		{file: "refused", want: seen{Scheme: "unknown", Cause: "refused", Stage: "dial"}},
		{file: "unknown-name", want: seen{Scheme: "unknown", Cause: "dns", Stage: "dial"}},
		{file: "proxy-407", want: seen{Scheme: "unknown", Cause: "proxy", Stage: "proxy"}},
		{file: "without-showcerts", reason: "not_in_source"},
		{file: "brief", reason: "not_in_source"},
	} {
		t.Run(test.file, func(t *testing.T) {
			for form, text := range map[string][]byte{
				"as saved":          saved(t, test.file),
				"from Windows":      bytes.ReplaceAll(saved(t, test.file), []byte("\n"), []byte("\r\n")),
				"from PowerShell":   utf16Text(binary.LittleEndian, string(saved(t, test.file))),
				"in the other UTF":  utf16Text(binary.BigEndian, string(saved(t, test.file))),
				"with a BOM before": append([]byte("\ufeff"), saved(t, test.file)...),
			} {
				document := transcribe(t, text)
				check(t, form, document, test.want, test.reason)
			}
		})
	}
}

func check(t *testing.T, form string, document *evidence.Document, want seen, reason string) {
	t.Helper()
	found := gaps(document)
	endpoint := document.Endpoints[name+":443"]
	if reason != "" {
		if len(found) != 1 || found[0].Reason != reason || len(endpoint.Probes) > 0 {
			t.Errorf("%s: gaps = %+v, want reason %q; probes = %+v", form, found, reason, endpoint.Probes)
		}
		return
	}
	if diff := cmp.Diff(want, look(endpoint, transcribed)); diff != "" || len(found) > 0 {
		t.Errorf("%s: gaps %+v, probe (-want +got):\n%s", form, found, diff)
	}
}

func utf16Text(order binary.AppendByteOrder, text string) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func TestTranscriptsSayWhenAndWhence(t *testing.T) {
	document := transcribe(t, saved(t, "harbor"))
	endpoint := document.Endpoints[name+":443"]
	if diff := cmp.Diff([]string{RoleRequested}, endpoint.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	at := evidence.At(time.Unix(1795408292, 0))
	probe := endpoint.Probes[transcribed]
	want := evidence.Probe{
		Reached: true, Scheme: "https", Chain: probe.Chain, ProbedAt: &at,
		TLS:        &evidence.TLS{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256"},
		Provenance: evidence.Provenance{Source: "capture", Method: "file", Path: "endpoints/" + name + "_443.txt"},
	}
	if diff := cmp.Diff(want, probe, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	b := newBuilder()
	Transcript(b, "[::1]:5000", saved(t, "harbor"), evidence.Provenance{})
	if _, ok := build(t, b).Endpoints["[::1]:5000"].Probes["transcript/[::1]:5000"]; !ok {
		t.Error("no probe of a transcript without a path")
	}
	if got := transcribe(t, saved(t, "cbc")).Endpoints[name+":443"].Probes[transcribed].TLS.Cipher; got != "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" {
		t.Errorf("cipher = %q, want the IANA name", got)
	}
}

func TestTranscriptTexts(t *testing.T) {
	harbor := string(saved(t, "harbor"))
	dial := seen{Scheme: "unknown", Stage: "dial"}
	failing := func(cause string) seen { s := dial; s.Cause = cause; return s }
	shaken := func(cause, scheme string) seen {
		return seen{Scheme: scheme, Cause: cause, Stage: "handshake", Reached: true}
	}
	unfinished := "CONNECTED(00000003)\n" + harbor[strings.Index(harbor, "Certificate chain"):strings.Index(harbor, "Server certificate")] + "New, (NONE), Cipher is (NONE)\n"
	const none = "CONNECTED(00000003)\n---\nno peer certificate available\n---\nNew, (NONE), Cipher is (NONE)\n"
	for _, test := range []struct {
		name, text string
		want       seen
		reason     string
	}{
		{"macOS: refused", "connect: Connection refused\nconnect:errno=61\n", failing("refused"), ""},
		{"Windows: refused", "connect:errno=10061\n", failing("refused"), ""},
		{"macOS: unknown name", "4494349996:error:02FFF016:system library:func(4095):Invalid argument:x.c:1:\ngethostbyname failure\nnodename nor servname provided, or not known\nconnect:errno=22\n", failing("dns"), ""},
		{"no route to the host", "connect: No route to host\nconnect:errno=113\n", failing("unreachable"), ""},
		{"timed out", "40E7:error:8000006E:system library:BIO_connect:Connection timed out:../crypto/bio/bio_sock2.c:125:calling connect()\nconnect:errno=110\n", seen{}, "timeout_connect"},
		{"a connect that failed for who knows what", "connect:errno=97\n", seen{}, "unreachable"},
		{"ends after the connection", "CONNECTED(00000003)\n", seen{}, "timeout_handshake"},
		{"empty", "", seen{}, "parse_error"},
		{"another program's words", "HTTP/1.1 504 Gateway Timeout\n\n<html>connection refused</html>\n", seen{}, "parse_error"},
		{"binary", "\x00\xff\x7fELF", seen{}, "parse_error"},
		{"larger than 4 MiB", strings.Repeat("x", maxTranscript+1), seen{}, "truncated"},
		{"a verify code of 0 and no certificate", none + "Verify return code: 0 (ok)\n", shaken("tls_handshake", "unknown"), ""},
		{"an alert for the version", "40E7:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:x.c:1:SSL alert number 70\n" + none, shaken("tls_version", "https"), ""},
		{"a version that s_client refuses", "40E7:error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:x.c:1:\n" + none, shaken("tls_version", "unknown"), ""},
		{"an old s_client at a plain port", "1407:error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol:s23_clnt.c:1:\n" + none, shaken("http_not_https", "http"), ""},
		{"an anonymous cipher suite", "CONNECTED(00000003)\n---\nno peer certificate available\n---\nNew, TLSv1.2, Cipher is ADH-AES128-SHA256\n", func() seen {
			s := shaken("tls_handshake", "https")
			s.Version = "1.2"
			return s
		}(), ""},
		{"a session that never came about", none + "SSL-Session:\n    Protocol  : TLSv1.2\n    Cipher    : 0000\n", shaken("tls_handshake", "unknown"), ""},
		{"cut within a certificate", harbor[:strings.Index(harbor, endCertificate)], seen{}, "parse_error"},
		{"a certificate with a letter gone", strings.Replace(harbor, "MIIDYj", "MIDYj", 1), seen{}, "parse_error"},
		{"a certificate outside the chain is not the server's", "CONNECTED(00000003)\nAcceptable client certificate CA names\n" + harbor[strings.Index(harbor, beginCertificate):strings.Index(harbor, "Server certificate")] + none, func() seen {
			s := shaken("tls_handshake", "unknown")
			s.Requested = true
			return s
		}(), ""},
		{"the server certificate alone", strings.ReplaceAll(harbor, "Certificate chain", "Server certificate"), seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 1}, ""},
		{"a PEM block that is no certificate", "Certificate chain\n 0 s:CN = x\n" + beginCertificate + "\neA==\n" + endCertificate + "\n---\n", seen{}, "parse_error"},
		{"a handshake that was not finished", unfinished, seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Chain: 1}, ""},
		{"cut after the chain by a reset", unfinished + "read:errno=104\n", seen{Scheme: "https", Cause: "reset", Stage: "handshake", Reached: true, Chain: 1}, ""},
		{"an error of s_client's after the chain", unfinished + "40E7:error:0A00018A:SSL routines:tls_process_ske_dhe:dh key too small:x.c:1:\n", seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Chain: 1}, ""},
		{"nothing but the chain", harbor[strings.Index(harbor, "Certificate chain"):strings.Index(harbor, "Server certificate")], seen{Scheme: "https", Reached: true, Chain: 1}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, "text", transcribe(t, []byte(test.text)), test.want, test.reason)
		})
	}
}

func TestTranscriptsOfLongChainsAreCut(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	text := "CONNECTED(00000003)\nCertificate chain\n"
	for range maxCertificates + 3 {
		text += " 0 s:CN = Test Root\n" + string(ca.PEM())
	}
	document := transcribe(t, []byte(text+"---\n"))
	found := gaps(document)
	if len(found) != 1 || found[0].Field != "certificates" || found[0].Reason != "truncated" {
		t.Errorf("gaps = %+v", found)
	}
	if got := look(document.Endpoints[name+":443"], transcribed).Chain; got != maxCertificates {
		t.Errorf("%d certificates, want %d", got, maxCertificates)
	}
}

func TestTranscriptsOfNoEndpoint(t *testing.T) {
	b := newBuilder()
	Transcript(b, "no host", saved(t, "harbor"), evidence.Provenance{Path: "endpoints/no host.txt"})
	document := build(t, b)
	want := []evidence.Gap{{Subject: evidence.Subject{"kind": "file", "name": "endpoints/no host.txt"}, Reason: "parse_error"}}
	found := gaps(document)
	for i := range found {
		found[i].Detail = ""
	}
	if diff := cmp.Diff(want, found); diff != "" || len(document.Endpoints) > 0 {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

// TestTranscriptsAgreeWithProbes shows real servers to the real s_client and to
// a probe: both must see the same.
func TestTranscriptsAgreeWithProbes(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	root := certtest.New(testTime).Root("Test Root")
	issuing := root.Intermediate("Test Issuing CA")
	pair := issuing.Leaf(name, certtest.RSA(2048)).TLS(issuing)
	config := func(change func(*tls.Config)) string {
		c := &tls.Config{Certificates: []tls.Certificate{pair}}
		change(c)
		return listenTLS(t, c, says(registryAnswer))
	}
	for _, test := range []struct{ name, address string }{
		{"TLS 1.3", config(func(*tls.Config) {})},
		{"TLS 1.2", config(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })},
		{"TLS 1.0", config(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 })},
		{"client certificate, TLS 1.2", config(func(c *tls.Config) { c.MaxVersion, c.ClientAuth = tls.VersionTLS12, tls.RequireAnyClientCert })},
		{"client certificate, TLS 1.3", config(func(c *tls.Config) { c.MinVersion, c.ClientAuth = tls.VersionTLS13, tls.RequireAnyClientCert })},
		{"an alert", config(func(c *tls.Config) {
			c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("unknown name") }
		})},
		{"plain HTTP", listen(t, func(conn net.Conn) {
			readHello(conn)
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		})},
		{"refused", closedPort(t)},
		{"closed", listen(t, func(conn net.Conn) { readHello(conn) })},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Its exit code and "Verify return code" are no matter.
			command := exec.CommandContext(t.Context(), openssl, "s_client", "-connect", test.address, "-servername", name, "-showcerts", "-ign_eof")
			command.Stdin = strings.NewReader("GET /v2/ HTTP/1.0\r\n\r\n")
			text, _ := command.CombinedOutput()
			live := look(probeOne(t, name, test.address, Options{}).Endpoints[name+":443"], "collector")
			live.Status = 0
			told := look(transcribe(t, text).Endpoints[name+":443"], transcribed)
			if diff := cmp.Diff(live, told); diff != "" {
				t.Errorf("(-probe +transcript):\n%s\n%s", diff, text)
			}
		})
	}
}

func FuzzTranscript(f *testing.F) {
	files, err := filepath.Glob("testdata/s_client/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("CONNECTED(00000003)\nread:errno=0\n-----BEGIN CERTIFICATE-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := readTranscript(text)
		if o.gap != nil {
			if !slices.Contains(evidence.Reasons, o.gap.reason) || o.probe.Failure != nil || len(o.chain) > 0 {
				t.Errorf("a gap that is none: %+v in %+v", o.gap, o)
			}
			return
		}
		if o.probe.Failure == nil && len(o.chain) == 0 {
			t.Errorf("neither a chain nor a failure: %+v", o.probe)
		}
		if f := o.probe.Failure; f != nil && !slices.Contains(evidence.Causes, f.Cause) {
			t.Errorf("failure = %+v", f)
		}
	})
}
