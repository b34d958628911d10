package nodecerts_test

import (
	"bytes"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

func TestNodesFilesTakeLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"stream": func(text []byte) { _, _ = nodecerts.ParseStream(bytes.NewReader(text), 64<<20) },
		"a file in it": func(text []byte) {
			_, _ = nodecerts.ParseStream(bytes.NewReader(append([]byte(stream("file ok\n/etc/x")), text...)), 64<<20)
		},
		"unit":         func(text []byte) { nodecerts.ParseUnit(text) },
		"os-release":   func(text []byte) { nodecerts.ParseOSRelease(text) },
		"named paths":  func(text []byte) { nodecerts.NamedPaths("/etc/containerd/config.toml", text) },
		"keys":         func(text []byte) { nodecerts.BlockKeys(text) },
		"without keys": func(text []byte) { nodecerts.WithoutKeys(text) },
		"a whole bundle": func(text []byte) {
			recordListing(t, &nodecerts.Listing{BundleData: text, Bundle: "/etc/ssl/certs/ca-certificates.crt", Files: map[string]*nodecerts.File{
				"/etc/ssl/certs/ca-certificates.crt": {Status: nodecerts.StatusOK, Content: text},
				"/etc/ssl/certs/tkg-x.pem":           {Status: nodecerts.StatusOK, Content: text},
			}}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}

// What is longer is refused, so that these are held to what is just not.
func TestTOMLTakesLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"config.toml": func(text []byte) { _ = nodecerts.ParseConfig(text) },
		"hosts.toml":  func(text []byte) { _, _ = nodecerts.ParseHosts(text) },
	} {
		t.Run(name, func(t *testing.T) {
			flood.LinearUpTo(t, nodecerts.MaxConfigText, parse, flood.Repeated("dotted keys", "a.b.c.d = 1\n"), flood.Numbered("dotted keys of other names", "", "a%d.b.c = 1\n"),
				flood.Numbered("an inline table", "a = {", "a%d = 1, "), flood.Numbered("inline tables", "", "a%d = {b = 1, c = {d = 1}}\n"), flood.Numbered("hosts", "", "[host.\"https://h%d\"]\n"))
		})
	}
}
