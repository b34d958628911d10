package handshake

import (
	"bytes"
	"encoding/binary"
	"encoding/pem"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// transcript is what the lines of an s_client text say, each for itself.
type transcript struct {
	chain, server [][]byte // DER, of the parts "Certificate chain" and "Server certificate"
	listed        int      // certificates that the chain part lists
	cut           bool     // a PEM block without end, or one that is no base64
	version       string   // "1.3"; "SSLv3"
	cipher        string   // IANA name; empty where no handshake was finished
	alpn          string
	connected     bool
	ended         bool // the summary of the handshake is there
	none          bool // "no peer certificate available"
	asked         bool
	plain         bool
	oldOnly       bool
	reset         bool
	alert         uint8
	reason        string   // s_client's words for the first TLS error
	dial          *trouble // what kept the connection from coming about
	hint          *trouble // the same, from words that mean it only after a failed connect
	unconnected   string   // the line that says that the connect failed
	proxy         string
	start         time.Time
}

// decode undoes what Windows shells do to text on its way into a file: UTF-16,
// as PowerShell's ">" writes it, and byte order marks.
func decode(text []byte) string {
	order := binary.ByteOrder(binary.LittleEndian)
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(text), "\ufeff")
	}
	units := make([]uint16, 0, len(text)/2)
	for rest := text[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return string(utf16.Decode(units))
}

// part is the section of a text that a line belongs to.
type part int

const (
	elsewhere part = iota
	inChain
	inServer
)

const (
	beginCertificate = "-----BEGIN CERTIFICATE-----"
	endCertificate   = "-----END CERTIFICATE-----"
)

var listedCertificate = regexp.MustCompile(`^ {0,2}\d+ s:`)

func scan(text string) *transcript {
	t := &transcript{}
	where := elsewhere
	var block *strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case block != nil:
			block.WriteString(line + "\n")
			if line == endCertificate {
				t.keep(where, block.String())
				block = nil
			}
		case line == "Certificate chain" && t.listed == 0:
			where = inChain
		case line == "Server certificate" && len(t.server) == 0:
			where = inServer
		case line == "---":
			where = elsewhere
		case line == beginCertificate && where != elsewhere:
			block = &strings.Builder{}
			block.WriteString(line + "\n")
		case where == inChain && listedCertificate.MatchString(line):
			t.listed++
		default:
			t.line(line)
		}
	}
	t.cut = t.cut || block != nil
	return t
}

func (t *transcript) keep(where part, text string) {
	block, _ := pem.Decode([]byte(text))
	switch {
	case block == nil:
		t.cut = true
	case where == inChain:
		t.chain = append(t.chain, block.Bytes)
	default:
		t.server = append(t.server, block.Bytes)
	}
}

// line reads one line outside certificates.
func (t *transcript) line(line string) {
	trimmed := strings.TrimSpace(line)
	name, value, _ := strings.Cut(trimmed, ":")
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(name) {
	case "Protocol", "Protocol version":
		t.setVersion(value)
		return
	case "Cipher", "Ciphersuite":
		t.setCipher(value)
		return
	case "ALPN protocol":
		t.alpn = clean(value)
		return
	case "Start Time":
		t.setStart(value)
		return
	case "Client Certificate Types", "Requested Signature Algorithms":
		t.asked = true
		return
	}
	switch {
	case strings.HasPrefix(trimmed, "CONNECTED(") || trimmed == "CONNECTION ESTABLISHED":
		t.connected = true
	case trimmed == "no peer certificate available":
		t.none = true
	case strings.HasPrefix(trimmed, "Acceptable client certificate CA names"):
		t.asked = true
	case strings.HasPrefix(trimmed, "New, ") || strings.HasPrefix(trimmed, "Reused, "):
		t.summary(trimmed)
	default:
		t.errorLine(trimmed)
	}
}

// summary reads "New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256". The version
// there is the one that brought the cipher suite, which is the connection's only
// from TLS 1.2 on.
func (t *transcript) summary(line string) {
	t.ended = true
	fields := strings.Split(line, ", ")
	if len(fields) != 3 {
		return
	}
	if fields[1] == "TLSv1.2" || fields[1] == "TLSv1.3" {
		t.setVersion(fields[1])
	}
	if cipher, ok := strings.CutPrefix(fields[2], "Cipher is "); ok {
		t.setCipher(cipher)
	}
}

func (t *transcript) setVersion(name string) {
	if version, ok := versions[name]; ok && t.version == "" {
		t.version = version
	}
}

// versions are OpenSSL's names of TLS versions, and the document's.
var versions = map[string]string{
	"SSLv3": "SSLv3", "TLSv1": "1.0", "TLSv1.0": "1.0", "TLSv1.1": "1.1", "TLSv1.2": "1.2", "TLSv1.3": "1.3",
}

func (t *transcript) setCipher(name string) {
	if t.cipher == "" && name != "(NONE)" && name != "0000" {
		t.cipher = ianaCipher(clean(name))
	}
}

func (t *transcript) setStart(value string) {
	seconds, _, _ := strings.Cut(value, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err == nil && n > 0 && n < 1<<35 && t.start.IsZero() {
		t.start = time.Unix(n, 0)
	}
}

var (
	// "40E7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:file:line:data"
	opensslError = regexp.MustCompile(`:error:[0-9A-Fa-f]+:([^:]*):([^:]*):([^:]*):[^:]*:\d+:(.*)$`)
	opensslAlert = regexp.MustCompile(`SSL alert number (\d+)`)
	systemError  = regexp.MustCompile(`^(connect|read|write):errno ?= ?(\d+)$`)
)

// errnos are error numbers of connect(2) on Linux, macOS and Windows, which do
// not collide.
var errnos = map[string]struct{ cause, reason string }{
	"111": {"refused", ""}, "61": {"refused", ""}, "10061": {"refused", ""},
	"110": {"", "timeout_connect"}, "60": {"", "timeout_connect"}, "10060": {"", "timeout_connect"},
	"113": {"unreachable", ""}, "65": {"unreachable", ""}, "10065": {"unreachable", ""},
	"101": {"unreachable", ""}, "51": {"unreachable", ""}, "10051": {"unreachable", ""},
	"104": {"reset", ""}, "54": {"reset", ""}, "10054": {"reset", ""},
}

func (t *transcript) errorLine(line string) {
	if at := strings.Index(line, "HTTP CONNECT failed"); at >= 0 && t.proxy == "" {
		t.proxy = clean(line[at:])
		return
	}
	if m := systemError.FindStringSubmatch(line); m != nil {
		t.system(m[1], m[2], line)
		return
	}
	m := opensslError.FindStringSubmatch(line)
	if m == nil {
		dialText(&t.hint, line)
		return
	}
	library, reason, data := m[1], m[3], m[4]
	if library != "SSL routines" {
		dialText(&t.dial, strings.TrimSpace(reason+" "+data))
		return
	}
	t.tlsError(reason, data)
}

func (t *transcript) tlsError(reason, data string) {
	if number := opensslAlert.FindStringSubmatch(data); number != nil && t.alert == 0 {
		code, _ := strconv.ParseUint(number[1], 10, 8)
		t.alert, t.reason, t.connected = uint8(code), clean(reason), true
		return
	}
	switch reason {
	case "wrong version number", "unknown protocol", "http request":
		t.plain = true
	case "unsupported protocol", "wrong ssl version":
		t.oldOnly = true
	case "unexpected eof while reading":
		t.reset = true
	}
	if t.reason == "" {
		t.reason = clean(reason)
	}
}

// system reads "connect:errno=111". Errors behind the connect say that the far
// end went away, 0 among them: the end of the stream.
func (t *transcript) system(call, number, line string) {
	if call != "connect" {
		t.reset = true
		if t.reason == "" {
			t.reason = line
		}
		return
	}
	t.unconnected = line
	if e, known := errnos[number]; known && t.dial == nil {
		t.dial = &trouble{cause: e.cause, reason: e.reason, stage: stageDial, detail: line}
	}
}

// dialText looks for words of a failed connect.
func dialText(into **trouble, text string) {
	if *into != nil {
		return
	}
	if cause, reason, known := knownText(text); known {
		*into = &trouble{cause: cause, reason: reason, stage: stageDial, detail: clean(text)}
	}
}
