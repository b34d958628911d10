package evidence

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Each kind of secret, and beside it honest texts that look nearly alike.
func TestScrubTellsSecretsFromNeighbours(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct{ secrets, honest []string }{
		"quoted text": {
			[]string{
				`password="a CANARY c" denied`, `password='a CANARY c' denied`, `password=\"a CANARY c\" denied`, `password: "a CANARY, c"`, `password = "a CANARY c"`, `password="a CANARY`,
				`PASSWORD='a "CANARY"'`, `{"msg":"password=\"a CANARY\""}`,
			},
			[]string{`password="" user="an honest word"`, `a password="" and 'more'`},
		},
		"headers": {
			[]string{
				`X-Registry-Auth: CANARY`, `x-registry-config: CANARY==`, `Authorization: Negotiate CANARY`, `Proxy-Authorization: NTLM CANARY`, `Authorization: CANARY`, `authorization: Custom CANARY`,
				`Authorization: Digest username="robot", realm="x y", response="CANARY"`, `Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=CANARY`,
				`Authorization: Bearer canary-CANARY`, `Cookie: sid=CANARY`, `Cookie: a=b; sid=CANARY; c=d`, `Set-Cookie: sid="CANARY"; Path=/`, `Cookie: CANARY`, `X-Auth-Token: CANARY`, `X-Vault-Token: CANARY`, `X-Api-Key: CANARY`,
				`map[Authorization:[Negotiate CANARY] Cookie:[a=CANARY; b=CANARY]]`, `curl -H "Authorization: Custom CANARY" https://h`, `{"Authorization":"Custom CANARY"}`, `{"X-Registry-Auth":"CANARY"}`,
				`{"Cookie":"a=b; c=CANARY"}`, "GET / HTTP/1.1\r\nAuthorization: Basic CANARY\r\nHost: h", `Proxy-Authorization: Kerberos CANARY`, `WWW-Authenticate: Negotiate CANARYCANARYCANARYCANARYCANARY`,
			},
			[]string{
				`authorization: denied by policy`, `Authorization: required`, `denied: authorization: not allowed`, `http: named cookie not present`, `invalid cookie: no value`, `no basic auth credentials`,
				`basic authentication required`, `Bearer authentication failed`, `WWW-Authenticate: Bearer realm="https://auth.corp.example/token",service="registry"`, `X-Forwarded-Proto: https`,
				`failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.corp.example/token?scope=repository%3Ateam%2Fapp%3Apull&service=h: 401 Unauthorized`,
				`failed to negotiate authentication`, `x-cache: HIT`, `Authorization: Bearer authentication`,
			},
		},
		"encoded as in a URL": {
			[]string{
				`https%3A%2F%2Fa%3ACANARY%40h`, `password%3DCANARY`, `password%3Da%20CANARY&x=1`, `couldn't parse image name "https://user%3ACANARY%40host/x"`, `robot%3ACANARY%40host/x`, `next=%7B%22password%22%3A%22CANARY%22%7D`,
				`https%253A%252F%252Fa%253ACANARY%2540h`, `token%3dCANARY`, `password\u003dCANARY`, `url=https%3A%2F%2Fa%3ACANARY%2Fx%40h`, `Authorization%3A%20Negotiate%20CANARY`,
			},
			[]string{
				`Get "https://auth/token?scope=repository%3Ateam%2Fapp%3Apull&service=registry.corp.example": EOF`, `https://h/v2/team%2Fapp%40sha256%3A0f3e`, `redirect=https%3A%2F%2Fh%3A5000%2Fx%2Fy`,
				`100% of 5%20 and 50%`, `a\u003cb\u003e and c\u0026d`, `%zz%4`,
			},
		},
		"a slash in a URL's password": {
			[]string{
				`https://a:CANARY/y@h`, `https://a:x/CANARY@h/v2/`, `Get "https://a:x/CANARY@h:5000/v2/": EOF`, `https://a:x CANARY@h`, `https://a:5x/CANARY@h`, `https://:x/CANARY@h`, `https://a:/CANARY@h`,
				`https://a:x/CANARY@b@h`,
			},
			[]string{
				`https://h/a/b@sha256:0f3e`, `https://h:5000/x@y`, `https://h:5000/team/app:1.0@sha256:0f3e`, `https://h:5000: write to admin@corp.example`, `https://h: write to admin@corp.example`,
				`https://[::1]:5000/x@y`, `file://c:/users/x@y`, `see https://h/v2/ or a:b/c`, `https://h:5000 write to admin@corp.example`, `https://h/x:y/z@w`,
			},
		},
		"names": {
			[]string{
				`pwd=CANARY`, `pwd: CANARY`, `api_key=CANARY`, `apikey:CANARY`, `apikey: CANARY`, `api-key: CANARY`, `apiKey=CANARY`, `passphrase=CANARY`, `passphrase: CANARY`, `secret_key=CANARY`, `secret_key: CANARY`,
				`client_secret: CANARY`, `client-secret=CANARY`, `access_key: CANARY`, `accessKey=CANARY`, `AccountKey=CANARY==;EndpointSuffix=x`, `AWS_SECRET_ACCESS_KEY=CANARY`, `SharedAccessKey=CANARY`,
				`https://login/cb?code=CANARYCANARY1234&x=1`, `credentials=CANARY`, `password = CANARY`, `pass=CANARY`, `pass=1CANARY`, `REGISTRY_PASS=CANARY`, `db-pass = CANARY`, `pass="a CANARY"`, `pass%3DCANARY`, `/password=CANARY`, `X-Registry-Auth=CANARY`, `auth=dTpDQU5BUlk=`, `auth: dTpDQU5BUlk`, `x/password: CANARY`,
			},
			[]string{
				`PWD=/root`, `OLDPWD: /root`, `rpc error: code = Unknown desc = x`, `exit code=137`, `https://h/x?code=404`, `pull secret "token-password" not found`, `pull secret token-password: not found`,
				`harbor.corp.example/auth/token:v1`, `harbor.corp.example/auth/password:v1`, `harbor.corp.example/auth/api-key:1.2.3-rc1`, `harbor.corp.example/auth/api-key:latest@sha256:0f3e`, `shop/db-password: forbidden`,
				`secret "shop/api-key" not found`, `secretKeyRef: {name: x}`, `keyboard=us`, `monkey=1`, `bypass=10.0.0.0/8`, `compass="due north"`, `2 checks pass: 1 fails`, `fail=1 pass=128 skip=0`, `if password == "": ask`, `private key: missing`, `no such key: ca.crt`,
				`/etc/tls.private-key: permission denied`, `data.secret-key: Invalid value: "x"`, `https://h/token?offline_token=true&service=x`, `auth: unauthorized`,
			},
		},
		"flags": {
			[]string{
				`docker login -u robot --password CANARY h`, `--password=CANARY`, `--password "a CANARY"`, `docker login h -u robot -p CANARY`, `docker login -u robot -p 'a CANARY'`, `podman login -p=CANARY h`, `docker login -u robot -pCANARY h`, `docker login -u robot -p'a CANARY' h`, `--registry-token CANARY`,
				`skopeo copy --src-creds=robot:CANARY docker://h`, `crictl pull --creds robot:CANARY h/a`, `curl -u robot:CANARY https://h`, `ctr images pull --user robot:CANARY h/a:1`, `--api-key CANARY`,
			},
			[]string{
				`docker login --password-stdin`, `docker login -u robot -p`, `use --password or --token to log in`, `--password --username robot`, `login shell: mkdir -p /etc/ssl/certs`, `docker run -u 1000:1000 -p 8080:80 app`, `flag --token requires a value`, `--token FILE: no such file`,
			},
		},
		"known tokens": {
			[]string{
				`key AKIAIOSFODNN7CANARY1 rejected`, `ghp_CANARY0123456789abcdefghijklmnopqrstuv`, `no access for gho_CANARY0123456789abcdefghij.`, `ghs_CANARY0123456789abcdefghij`, `github_pat_CANARY0123456789_abcdefghij`,
				`glpat-CANARY0123456789-_ab`, `xoxb-123456789012-CANARY`, `ya29.CANARY0123456789_-abcdefgh`, `dckr_pat_CANARY0123456789_-abc`, `sha256~CANARY0123456789_-abcdefghijklmnopqrstuvwxyz`,
				`got eyJwYXlsb2FkIjoiQ0FOQVJZIiwiZGF0YWtleSI6IkNBTkFSWSJ9CANARY== back`, `image ghp_CANARY0123456789abcdefghijklmnopqrstuv/app:1`, `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.CANARYCANARY`,
			},
			[]string{
				`AKIA`, `asia-docker.pkg.dev/project/app:1`, `ghcr.io/team/app:1`, `gh_pages`, `glpat-short`, `app@sha256:0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e`, `eyJ is how it begins`,
				`MIIDeyJhY2NvdW50IjoiYWNjb3VudCIsInBhc3N3b3JkIjoi`, `ASIAPACIFICREGIONALHUB`, `xoxo-kisses-and-hugs`,
			},
		},
		"token: value": {
			[]string{`token: CANARYcanary0123456789`, `token: 550e8400-e29b-41d4-a716-446655440000CANARY`, `invalid token: "CANARY0123456789abcdef"`, `secret: CANARY0123456789abcdef`},
			[]string{
				`failed to fetch oauth token: denied`, `failed to fetch anonymous token: Get "https://token.corp.example/service": EOF`, `token: docker-registry-2.corp.example:5000 refused`, `token: lookup auth2.docker.io on 10.0.0.1:53`,
				`secret: regcred-1a2b3c4d5e6f7a8b`, `failed to fetch oauth token: unexpected status from POST request to https://auth/token: 401 Unauthorized`, `Secret: shop/regcred`, `token: authorization-server-timeout`,
			},
		},
		"hidden": {
			[]string{
				"pass\x1b[1mword=CANARY", "password\x1b[0m=CANARY", "pass\x1b[1;31mword\x1b[0m: CANARY", `pass\x1b[1mword=CANARY`, `pass\u001b[1mword=CANARY`, `pass\033[0mword=CANARY`, "pass\u200bword=CANARY", "pass\x00word=CANARY",
				"https://a:CAN\x1b[1mARY@h", "password=\x1b[31mCANARY", "pass\u009b1mword=CANARY", "\x1b]0;x\apassword=CANARY", "pa\u017fsword=CANARY",
			},
			[]string{"\x1b[31mfailed\x1b[0m to pull", `\x1b[31mfailed\x1b[0m`, "zero\u200bwidth", `C:\new\e[1mword`, "h\u00f6flich: nicht gefunden"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range kind.secrets {
				got := Scrub(text)
				if strings.Contains(got, "CANARY") || strings.Contains(got, "dTpDQU5BUlk") {
					t.Errorf("Scrub(%q) = %q", text, got)
				}
				if again := Scrub(got); again != got {
					t.Errorf("%q becomes %q, and then %q", text, got, again)
				}
			}
			for _, text := range kind.honest {
				if got := Scrub(text); got != text {
					t.Errorf("Scrub(%q) = %q", text, got)
				}
				if encoded, err := json.Marshal(text); err != nil || Scan(encoded) != nil {
					t.Errorf("%q stays, and a document with it is refused", text)
				}
			}
		})
	}
}

func TestScrubKeepsWhatStandsAround(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`password="a b c" denied`:                                      `password="[removed]" denied`,
		`Authorization: Negotiate YII= denied`:                         `Authorization: Negotiate [removed] denied`,
		`X-Registry-Auth: eyJh x509: unknown`:                          `X-Registry-Auth: [removed] x509: unknown`,
		`Get "https://a:x/y@h:5000/v2/": EOF`:                          `Get "https://h:5000/v2/": EOF`,
		`image "https://user%3APW%40host/x" is none`:                   `image "https://host/x" is none`,
		`docker login -u robot -p PW harbor.corp.example: denied`:      `docker login -u robot -p [removed] harbor.corp.example: denied`,
		"\x1b[1mpass\x1b[0mword=X y":                                   `password=[removed] y`,
		"password=\"open\nan honest line":                              "password=\"[removed]\nan honest line",
		`map[Cookie:[a=b; c=d] Date:[today]]`:                          `map[Cookie:[[removed]] Date:[today]]`,
		`AccountKey=ab==;EndpointSuffix=core.windows.net`:              `AccountKey=[removed];EndpointSuffix=core.windows.net`,
		`pushing to ghcr.io: ghp_0123456789abcdefghijABCDEFGHIJ: gone`: `pushing to ghcr.io: [removed]: gone`,
	} {
		if got := Scrub(text); got != want {
			t.Errorf("Scrub(%q) = %q, want %q", text, got, want)
		}
	}
}

// What real kubelets and runtimes said stays word for word.
func TestScrubLeavesRealMessagesAlone(t *testing.T) {
	t.Parallel()
	texts := 0
	check := func(text string) {
		texts++
		if strings.Contains(text, "X-Amz-Signature=") {
			return // it does hold one
		}
		if got := Scrub(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	root := filepath.Join("..", "podevents", "testdata")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "fuzz" {
				return fs.SkipDir
			}
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch filepath.Ext(path) {
		case ".tsv":
			for line := range strings.Lines(string(content)) {
				for column := range strings.SplitSeq(strings.TrimSpace(line), "\t") {
					if message, err := strconv.Unquote(column); err == nil {
						column = message
					}
					check(column)
				}
			}
		case ".json":
			var document any
			if err := json.Unmarshal(content, &document); err != nil {
				return err
			}
			eachText(document, check)
		}
		return nil
	})
	if err != nil || texts < 1000 {
		t.Errorf("%d texts: %v", texts, err)
	}
}

func eachText(v any, check func(string)) {
	switch v := v.(type) {
	case string:
		check(v)
	case []any:
		for _, item := range v {
			eachText(item, check)
		}
	case map[string]any:
		for key, item := range v {
			check(key)
			eachText(item, check)
		}
	}
}
