package handshake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	maxAPIVersion = 64
	maxInterim    = 5 // 1xx answers before the real one
)

// askV2 sends GET /v2/ and reads the answer's header. A failed write is not the
// end: a server that turned the client down has closed its side and left the
// alert that says why. err is what the connection said instead of an answer.
func askV2(conn net.Conn, host, agent string, body bool) (v2 *evidence.V2, text []byte, err error) {
	request := fmt.Sprintf("GET /v2/ HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n\r\n", host, agent)
	_, _ = io.WriteString(conn, request)
	limited := &io.LimitedReader{R: conn, N: maxAnswer}
	answer, err := readAnswer(bufio.NewReader(limited))
	if err != nil {
		if limited.N <= 0 {
			err = errors.New("the header of the answer has no end")
		}
		return nil, nil, err
	}
	// The body is not closed: that would read on to its end, and the connection is
	// closed next.
	v2 = &evidence.V2{Status: answer.StatusCode, APIVersion: clean(answer.Header.Get("Docker-Distribution-Api-Version"))}
	if len(v2.APIVersion) > maxAPIVersion {
		v2.APIVersion = strings.ToValidUTF8(v2.APIVersion[:maxAPIVersion], "")
	}
	v2.AuthScheme, v2.RealmHost = challenge(answer.Header.Values("WWW-Authenticate"))
	if body && refusesWithoutCertificate(answer.StatusCode) {
		text, _ = io.ReadAll(answer.Body)
	}
	return v2, text, nil
}

func readAnswer(reader *bufio.Reader) (*http.Response, error) {
	for range maxInterim {
		answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodGet})
		if err != nil || answer.StatusCode >= http.StatusOK || answer.StatusCode == http.StatusSwitchingProtocols {
			return answer, err
		}
	}
	return nil, errors.New("nothing but interim answers")
}

// refusesWithoutCertificate: nginx completes the handshake and then answers
// with 400 (its own 496 or 495 inside) where a certificate was required.
func refusesWithoutCertificate(status int) bool {
	return status == http.StatusBadRequest || status == 495 || status == 496
}

// challenge reads WWW-Authenticate (RFC 9110 11.6.1): the scheme, "bearer"
// before "basic", and the host:port of a bearer's realm.
func challenge(values []string) (scheme, realmHost string) {
	for _, value := range values {
		for _, c := range parseChallenges(value) {
			switch {
			case c.scheme == "bearer" && scheme != "bearer":
				scheme, realmHost = "bearer", hostOfRealm(c.realm)
			case c.scheme == "basic" && scheme == "":
				scheme = "basic"
			}
		}
	}
	return scheme, realmHost
}

// hostOfRealm keeps of a realm's URL what is dialled. It is empty for a realm
// that is no URL.
func hostOfRealm(realm string) string {
	u, err := url.Parse(realm)
	if err != nil || u.Host == "" {
		return ""
	}
	port := u.Port()
	switch {
	case port != "":
	case strings.EqualFold(u.Scheme, "https"):
		port = "443"
	case strings.EqualFold(u.Scheme, "http"):
		port = "80"
	}
	target, err := ParseTarget(net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return ""
	}
	return target.Key()
}

type authChallenge struct{ scheme, realm string }

// parseChallenges reads one field value, a list of challenges separated by
// commas, each with parameters separated by commas too: a token with "=" behind
// it is a parameter, any other starts a challenge.
func parseChallenges(value string) []authChallenge {
	var found []authChallenge
	for rest := value; ; {
		rest = strings.TrimLeft(rest, " \t,")
		word := rest[:len(rest)-len(strings.TrimLeftFunc(rest, isTokenRune))]
		if word == "" {
			if rest == "" {
				return found
			}
			rest = rest[1:] // no grammar fits here; go on behind it
			continue
		}
		rest = rest[len(word):]
		after := strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(after, "=") {
			found = append(found, authChallenge{scheme: strings.ToLower(word)})
			continue
		}
		var text string
		text, rest = parameterValue(strings.TrimLeft(after[1:], " \t"))
		if len(found) > 0 && strings.EqualFold(word, "realm") && found[len(found)-1].realm == "" {
			found[len(found)-1].realm = text
		}
	}
}

// parameterValue takes a token or a quoted string off the front.
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, " \t,")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:]
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return out.String(), s[i+1:]
		case '\\':
			if i+1 < len(s) {
				i++
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), "" // the closing quote is missing
}

// isTokenRune is tchar of RFC 9110 5.6.2.
func isTokenRune(r rune) bool {
	return r < 0x7f && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
}
