package podevents

import (
	"net"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRegistryOf(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for image, want := range map[string]string{
		"nginx":                                   "docker.io:443",
		"nginx:1.27":                              "docker.io:443",
		"library/nginx":                           "docker.io:443",
		"index.docker.io/library/nginx":           "docker.io:443",
		"docker.io/library/nginx" + digest:        "docker.io:443",
		"harbor.corp.example/apps/web:1.0":        "harbor.corp.example:443",
		"Harbor.Corp.example/apps/web":            "harbor.corp.example:443",
		"harbor.corp.example:5000/web" + digest:   "harbor.corp.example:5000",
		"harbor.corp.example:05000/web":           "harbor.corp.example:5000",
		"10.0.0.5/apps/web:1.0":                   "10.0.0.5:443",
		"10.0.0.5:8443/web":                       "10.0.0.5:8443",
		"[fd00::5]/web":                           "[fd00::5]:443",
		"[fd00::5]:5000/web:1":                    "[fd00::5]:5000",
		"localhost/web":                           "localhost:443",
		"localhost:5000/web":                      "localhost:5000",
		"registry:5000/web":                       "registry:5000",
		"harbor.corp.example/apps/web:1" + digest: "harbor.corp.example:443",
	} {
		got, err := RegistryOf(image)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", image, got, err, want)
		}
	}
	for _, image := range []string{
		"", "UPPER", "harbor.corp.example/Apps/Web:1.0", "///", "a b", "harbor.corp.example:99999/web", "harbor.corp.example:0/web",
		"harbor.corp.example/web@sha256:0a", strings.Repeat("0a", 32), "{{ .Values.image }}", "http://harbor.corp.example/web",
		strings.Repeat("a", 2000),
	} {
		if got, err := RegistryOf(image); err == nil {
			t.Errorf("%q: %q, want an error", image, got)
		}
	}
}

func TestRegistryOfWhatIsNoReference(t *testing.T) {
	for image, want := range map[string]string{
		"harbor.corp.example/Apps/Web:1.0": "harbor.corp.example:443", "harbor:5000/UPPER": "harbor:5000",
		"UPPER": "", "UPPER/x": "upper:443", "": "", "harbor.corp.example:99999/web": "", "{{ .image }}/x": "",
	} {
		if got := registryOfAny(image); got != want {
			t.Errorf("%q: %q, want %q", image, got, want)
		}
	}
}

func TestSameImage(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"nginx", "docker.io/library/nginx:latest", true},
		{"harbor.example/x:1", "harbor.example/x:1", true},
		{"harbor.example/x:1", "harbor.example/x:2", false},
		{"UPPER", "UPPER", true},
		{"UPPER", "upper", false},
	} {
		if sameImage(c.a, c.b) != c.same {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
}

func FuzzRegistryOf(f *testing.F) {
	for _, seed := range []string{"nginx", "harbor.corp.example:5000/a/b:c", "[fd00::5]:1/x", "a@sha256:0", "UPPER/x", ":/@", "[::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, image string) {
		got, err := RegistryOf(image)
		if (err == nil) != (got != "") {
			t.Fatalf("%q: %q, %v", image, got, err)
		}
		if err != nil {
			return
		}
		host, port, err := net.SplitHostPort(got)
		if err != nil || host == "" || port == "" || host != strings.ToLower(host) || !utf8.ValidString(got) {
			t.Fatalf("%q: %q", image, got)
		}
		if any := registryOfAny(image); any != got {
			t.Fatalf("%q: %q and %q", image, got, any)
		}
	})
}
