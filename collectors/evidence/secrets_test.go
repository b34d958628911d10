package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestScrubRemovesCredentials(t *testing.T) {
	for name, text := range map[string]string{
		"password in a URL":     `Get "https://robot:CANARY@harbor.corp.example/v2/": EOF`,
		"token in a URL":        `proxyconnect: http://CANARYCANARY@proxy:3128`,
		"query of a redirect":   `Get "https://s3/blob?X-Amz-Signature=CANARY&X-Amz-Credential=CANARY": EOF`,
		"token query":           `token=CANARY rejected`,
		"bearer header":         `Authorization: Bearer CANARYCANARY`,
		"JSON body":             `{"access_token":"x","token": "CANARY"}`,
		"JSON answer":           `{"access_token":"CANARY","id_token":"CANARY"}`,
		"token of an answer":    `identity_token=CANARY`,
		"escaped JSON":          `{\"password\":\"CANARY\"}`,
		"YAML":                  `password: CANARY`,
		"environment":           `CLIENT_SECRET=CANARY PASSWORD='CANARY'`,
		"JSON web token":        `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYCANARY`,
		"login in an image":     `couldn't parse image name "robot:CANARY@harbor.corp.example/app:1.0": invalid reference format`,
		"login before a port":   `dial robot:CANARY@10.0.0.1:22`,
		"private key":           "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----",
		"private key cut short": "-----BEGIN RSA PRIVATE KEY-----\nCANARY",
		"auth":                  `{"auth":"CANARY"}`,
		"auth in small letters": `{"auth":"canary CANARY"}`,
		"auth in capitals":      `{"Auth": "CANARY"}`,
		"auth in Python":        `{'auth': 'CANARY'}`,
		"auth, escaped":         `{\"auth\":\"CANARY\"}`,
		"auth, escaped twice":   `{\\\"auth\\\":\\\"CANARY\\\"}`,
		"auth with a quote":     `{"auth":"none\"CANARY"}`,
		"auth, cut short":       `{"auth":"CANARY`,
		"auth without quotes":   `{"auth":CANARY}`,
		"auth, a word and more": `{"auth":"none CANARY"}`,
		"auth, an object":       `{"auth":{"type":"basic","h":"CANARY"}}`,
		"auth, a list":          `{"auth":["basic","CANARY"]}`,
		"auth, an object in it": `{"auth":{"a":{},"h":"CANARY"}}`,
		"auth, a brace in it":   `{"auth":{"a":"}","h":"CANARY"}}`,
		"auth after a good one": `{"auth":"none"}{"auth":"CANARY"}`,
		"auth that was removed": `{"auth":"[removed]CANARY"}`,
		"a Docker login":        `{"auths":{"h":{"username":"CANARY"}}}`,
		"a quoted URL":          `{url:'https://u:CANARY',@h'}`,
		"a quoted URL's number": `'https://robot:12345'}CANARY@h'`,
		"auth, a quote in it":   `{"auth": "none\" CANARY"}`,
		"auth, a quote alone":   `{"auth":"\" CANARY"}`,
		"beside auth":           `{"harbor":{"username":"u","password":"p&CANARY","auth":"dTpw"}}`,
		"beside auth, unlisted": `{"apikey":"CANARY","auth":"dTpw"}`,
		"beside a harmless one": `{"auth":"true","password":"a&CANARY"}`,
		"beside an empty one":   `{"auth":{},"identitytoken":"x;CANARY"}`,
		"a space in it":         `{"password":"p CANARY"}`,
		"a comma in it":         `{"password":"p,CANARY"}`,
		"a quote in it":         `{"password":"p\"CANARY"}`,
		"escaped, a quote":      `{\"password\":\"p\\\"CANARY\"}`,
		"in Python":             `{'password': 'p"CANARY'}`,
		"cut short":             `{"password":"p CANARY`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := Scrub(text); strings.Contains(got, "CANARY") {
				t.Errorf("Scrub(%q) = %q", text, got)
			}
		})
	}
}

func TestScrubLeavesProseAlone(t *testing.T) {
	for _, text := range []string{
		`x509: invalid signature: parent certificate cannot sign this kind of certificate`,
		`x509: cannot verify signature: insecure algorithm SHA1-RSA`,
		`failed to fetch anonymous token: Get "https://token.corp.example/service": EOF`,
		`failed to fetch oauth token: unexpected status from POST request: 401 Unauthorized`,
		`looking up Secret "ns/demo-user-trusted-ca-secret": forbidden`,
		`failed to pull image "harbor.corp.example:5000/apps/app:1.0@sha256:0f3e": not found`,
		`Back-off pulling image "app:1.0@sha512:0f3e"`,
		`ssh: handshake failed: core@10.0.0.1:22`,
		`secrets "demo" is forbidden: User "x" cannot get resource "secrets"`,
		`token endpoint answered {"auth":{"type":"basic","required":true,"attempts":3},"error":"denied"}`,
		`token endpoint answered {"auth":"none","retry":false}`,
		`answer: "{\"auth\": \"failed\", \"code\": 7}"`,
		`{"auth":{}} {"auth":[]} {"auth":null} {"auth":"OAuth2"} {"auth":401}`,
		`{"author":"somebody","oauth":"some thing","authors":["a"]}`,
		`{url:'https://harbor.corp.example',mail:'a@b'}`,
		`{url:'https://harbor.corp.example:8443',mail:'a@b'}`,
	} {
		got := Scrub(text)
		if got != text {
			t.Errorf("Scrub(%q) = %q", text, got)
		}
		encoded, err := json.Marshal(map[string]string{"message": got})
		if err == nil {
			err = Scan(encoded)
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestScrubKeepsTheRest(t *testing.T) {
	for text, want := range map[string]string{
		`pull failed: {"password":"p x","code":401}: denied`:          `pull failed: {"password":"[removed]","code":401}: denied`,
		`pull failed: {\"token\":\"x\\\"y\",\"code\":401}: denied`:    `pull failed: {\"token\":\"[removed]\",\"code\":401}: denied`,
		`pull failed: {'secret': 'p"x', 'token': ''}: denied`:         `pull failed: {'secret': '[removed]', 'token': ''}: denied`,
		`pull failed: {"auth":"basic","password":"x,y"}: no "x" here`: `pull failed: {"auth":"basic","password":"[removed]"}: no "x" here`,
	} {
		got := Scrub(text)
		if got != want {
			t.Errorf("Scrub(%q) = %q, want %q", text, got, want)
		}
		if again := Scrub(got); again != got {
			t.Errorf("%q becomes %q when it is scrubbed again", got, again)
		}
	}
}

func TestScanNamesKindAndLine(t *testing.T) {
	err := Scan([]byte("{\n \"a\": \"-----BEGIN EC PRIVATE KEY-----\\nx\"\n}"))
	var secret *SecretError
	if !errors.As(err, &secret) || secret.Line != 2 || secret.Kind != "private key" {
		t.Errorf("Scan: %v", err)
	}
	if err := Scan([]byte(`{"pem":"-----BEGIN CERTIFICATE-----\nx","uri":"https://harbor.corp.example:443/v2/"}`)); err != nil {
		t.Errorf("Scan of a clean document: %v", err)
	}
}

func FuzzScrub(f *testing.F) {
	for _, text := range []string{
		`https://u:p@h/ token=x "secret":"y"`, "pa\u017f\u017fword: x", "to\u212aen=x", "BEARER  abcdefghij", `\"Authorization\" : \"x`, "X-AMZ-Date=1&Sig=2",
		"-----BEGIN EC PRIVATE KEY-----\nMII", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.x", "my_TOKEN: x", "u:p@h", "a:b@c:d@e", "u:p@sha256:v:w@x",
		strings.Repeat("\u00e9", 300) + ":" + strings.Repeat("\u20ac", 256) + "@h", "a:" + strings.Repeat("x", 257) + "@h",
		"https://user:pw:@h:1@lp", "https://a'b:c@d", "https://a\nb:c@d", "https://" + strings.Repeat("u", 256) + ":" + strings.Repeat("p", 256) + "@h", `{"auths":{"h":{"auth":"dTpwYXNz"}}}`,
		`{"auth":"none"} {"auth":"dTpwYXNz"} {"auth":{"a":1}}`, `\"Auth\" : \"x\\"y\"`, `"auth":[removed`, `'auth':'a"b`, `"auth":\`, `{url:'https://h',mail:'a@b'}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := Scrub(text)
		if len(once) > len(text)+64*(1+strings.Count(once, "removed]")) {
			t.Errorf("Scrub made %d bytes of %d", len(once), len(text))
		}
		var encoded bytes.Buffer
		enc := json.NewEncoder(&encoded)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(once); err != nil || Scan(encoded.Bytes()) != nil {
			t.Errorf("%q becomes %q, with which a document is refused", text, once)
		}
		plain := login.ReplaceAllStringFunc(text, func(found string) string {
			parts := login.FindStringSubmatch(found)
			if strings.HasPrefix(parts[2], "sha") && strings.HasSuffix(parts[2], ":") {
				return found
			}
			return parts[1] + "[removed]@" + parts[2]
		})
		if got := withoutLogins(text); got != plain {
			t.Errorf("%q becomes %q, want %q", text, got, plain)
		}
		// Each pattern is passed over only where it would change nothing.
		for _, s := range scrubbers {
			if found := s.pattern.FindStringSubmatch(text); found != nil && !s.mayFind(lowered(text), beginnings().in(lowered(text))) && len(found[0]) < longestGap {
				t.Errorf("%q is not held against %s", text, s.pattern)
			}
		}
	})
}

func TestScanFindsPasswordsInURLs(t *testing.T) {
	t.Parallel()
	for text, found := range map[string]bool{
		`"https://user:secret@harbor.corp.example/v2"`:            true,
		`"see http://proxy:3128 and s3+v4.x://key:secret@bucket"`: true,
		`"https://` + strings.Repeat("ü", 256) + ":" + "x@h\"":    true,
		`"https://user@harbor.corp.example"`:                      false,
		`"https://harbor.corp.example:443/v2/app@sha256:0"`:       false,
		`"7://user:secret@host"`:                                  false,
		`"://user:secret@host"`:                                   false,
		`"https://a", "b:c@d"`:                                    false,
		`"https://` + strings.Repeat("u", 257) + ":" + "x@h\"":    false,
		`"https://u:` + strings.Repeat("p", 257) + "@h\"":         false,
		`"a://b://user:secret@host"`:                              true,
	} {
		if err := Scan([]byte(text)); (err != nil) != found {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	text := bytes.Repeat([]byte(`"message": "Head \"https://harbor.corp.example/v2/app\": x509: unknown authority", "auth_scheme": "basic",`+"\n"), 10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Scan(text); err != nil {
			b.Fatal(err)
		}
	}
}

// The quick search for passwords in URLs finds what the plain pattern finds.
func FuzzPasswordInURL(f *testing.F) {
	before, behind := regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*$`), regexp.MustCompile(`^[^/\s"@:]{0,256}:[^/\s"@]{1,256}@`)
	opened, closed := regexp.MustCompile(`'[a-zA-Z0-9+.-]*$`), regexp.MustCompile(`^[a-zA-Z0-9.-]{1,253}(:[0-9]{1,5})?'[,;)}\]][^\s"'@]{0,256}[\s"']`)
	plain := func(text string) bool {
		for at := range len(text) {
			rest, found := strings.CutPrefix(text[at:], "://")
			if found && before.MatchString(text[:at]) && behind.MatchString(rest) && (!opened.MatchString(text[:at]) || !closed.MatchString(rest)) {
				return true
			}
		}
		return false
	}
	for _, text := range []string{
		"https://u:p@h", "1http://u:p@h", "://u:p@h", "+://u:p@", "a://b://c:d@e", "a:// u:p@", "x\na+b.c-9://:p@", "http://h:443/x@y", "s3://k\":p@", "\xff://u:p@", "é://a:b@", "a1://a:\xff@", "'s://h',m:'a@b'", "'s://h:1',m:'a@b'", "x'1s://h',m:'a@b'", "'s://h'm:'a@b'",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if want, got := plain(text), passwordURL([]byte(text)) >= 0; want != got {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}

// TestScrubbedTextIsNeverRefused: one text of one node would else cost the whole document.
func TestScrubbedTextIsNeverRefused(t *testing.T) {
	for text, want := range map[string]string{
		"https://user:pw:@h:1@lp": "https://lp",
		"x https://" + strings.Repeat("u", 256) + ":" + strings.Repeat("p", 256) + "@h": "x https://h",
		"https://a'b:c@d":                      "[removed: it may hold a credential]",
		"https://a\nb:c@d":                     "[removed: it may hold a credential]",
		`{"auths":{"h":1}}`:                    "[removed: it may hold a credential]",
		"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t": "[removed: it may hold a credential]",
	} {
		if got := Scrub(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
