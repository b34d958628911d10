package nodecerts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Files under a suffix that nothing reads are trust files all the same: they tell
// why a CA that somebody installed is not trusted. A client certificate is none.
func TestFilesUnderTheWrongSuffix(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	corp, web := string(p.corp.PEM()), string(p.web.PEM())
	const certs = "/etc/containerd/certs.d/"
	doc := recordTree(t, p.ubuntu(t).with(files{
		debianPlace + "/corp.pem": corp, debianPlace + "/tkg-other.pem": corp,
		certs + "h.example/corp.cert":          corp,
		certs + "i.example/hosts.toml":         "server = \"https://i.example\"\n",
		certs + "i.example/corp.cert":          corp,
		dockerPlace + "/j.example/corp.cert":   corp,
		dockerPlace + "/j.example/client.cert": web, dockerPlace + "/j.example/client.key": string(p.web.KeyPEM()),
		certs + "k.example/client.cert": web, certs + "k.example/client.key": string(p.web.KeyPEM()),
	}).build(t))
	n := doc.Nodes["wk-1"]
	got := map[string]string{}
	for path, f := range n.TrustFiles {
		if path != debianPlace+"/tkg-corp.crt" && f.Place != "system" {
			got[path] = f.Place + " " + f.Entry
		}
	}
	want := map[string]string{
		debianPlace + "/corp.pem": "debian ", debianPlace + "/tkg-other.pem": "debian ",
		certs + "h.example/corp.cert": "containerd ", certs + "i.example/corp.cert": "containerd ",
		dockerPlace + "/j.example/corp.cert": "docker ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trust files (-want +got):\n%s", diff)
	}
}
