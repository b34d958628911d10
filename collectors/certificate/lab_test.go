package certificate_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
)

// testdata/lab holds what real registries presented and what lay on a real node
// beside them, both made by other tools than ours.
func TestLabRegistriesAgainstTheLabNode(t *testing.T) {
	anchors := certificate.NewSet()
	for _, name := range []string{"tkg-corp-root-ca", "tkg-corp-rotating-ca", "tkg-corp-expired-root-ca"} {
		anchors.Add(readLab(t, name)...)
	}
	for name, want := range map[string]string{
		"harbor":          "",
		"expired":         "", // verdicts leave time out
		"no-intermediate": "server_omits_intermediate",
	} {
		leaf := readLab(t, name)
		if v := certificate.Judge(leaf, anchors, nil); v.OK != (want == "") || v.Reason != want {
			t.Errorf("%s: %+v", name, v)
		}
		if v := certificate.JudgeOpenSSL(leaf, anchors, nil); v.OK != (want == "") || v.Reason != want {
			t.Errorf("%s with OpenSSL's rules: %+v", name, v)
		}
		if v := certificate.JudgeName(leaf[0], name+".corp.example"); !v.OK {
			t.Errorf("%s is not good for its own name: %+v", name, v)
		}
	}
}

func readLab(t *testing.T, name string) []*x509.Certificate {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "lab", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	content, certs := certificate.Examine(raw)
	if content.Form != "pem" || len(certs) != 1 {
		t.Fatalf("%s: %+v", name, content)
	}
	return certs
}
