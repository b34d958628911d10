package source_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/source"
)

const placedObjects = `apiVersion: v1
kind: Secret
metadata: {name: s}
data:
  ca: eA==
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers:
      - {name: i, image: "a/b:1"}
      containers:
      - name: c
        image: c/d:1
      - image: a/b:1
      volumes:
      - {name: v}
      - name: w
        image:
          reference: e/f:1
`

// places asks for the secret's key and the deployment's images, wherever they stand.
func places(in *source.Input) (secret string, images map[string]string) {
	images = map[string]string{}
	for _, o := range in.Objects {
		switch o.Kind() {
		case "Secret":
			if at := in.Position(o.Provenance, "data", "ca"); at != nil {
				secret = fmt.Sprintf("%s:%d:%d", at.Path, at.Line, at.Column)
			}
		default:
			for image, at := range in.Images(o) {
				images[image] = fmt.Sprintf("%s:%d:%d", at.Path, at.Line, at.Column)
			}
		}
	}
	return secret, images
}

func TestPlacesNameFilesAsTheUserDid(t *testing.T) {
	root := files{"objects/a/x.yaml": placedObjects}.write(t)
	t.Chdir(filepath.Dir(root))
	name := filepath.Base(root)
	if err := os.Mkdir("plain", 0o755); err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{
		"plain/y.yaml": []byte(placedObjects),
		"c.tar":        packTar(t, root, "top/"),
		"y.yaml.gz":    gz(t, []byte(placedObjects)),
	} {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for arg, file := range map[string]string{
		"./" + name:                name + "/objects/a/x.yaml",
		root:                       root + "/objects/a/x.yaml",
		name + "/objects/a/":       name + "/objects/a/x.yaml",
		name + "/objects/a/x.yaml": name + "/objects/a/x.yaml",
		"plain/../plain":           "plain/y.yaml",
		"c.tar":                    "c.tar!/top/objects/a/x.yaml",
		"y.yaml.gz":                "y.yaml.gz",
		"-":                        "-",
	} {
		t.Run(arg, func(t *testing.T) {
			in, err := source.Open(t.Context(), []string{arg}, strings.NewReader(placedObjects), source.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			secret, images := places(in)
			if want := file + ":5:7"; secret != want {
				t.Errorf("the secret's key stands at %q, want %q", secret, want)
			}
			want := map[string]string{"a/b:1": file + ":14:26", "c/d:1": file + ":17:16", "e/f:1": file + ":23:22"}
			if diff := cmp.Diff(want, images); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlacesAreKeptOnlyOfWhatIsAskedFor(t *testing.T) {
	list := `{"apiVersion":"v1","kind":"List","items":[
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"ran"},"spec":{"containers":[{"image":"a"}]},"status":{"phase":"Running"}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"planned"},"spec":{"containers":[{"image":"a"}]}},
{"apiVersion":"v1","kind":"Event","metadata":{"name":"e"}},
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"large"},"data":{"x":"` + strings.Repeat("x", 2<<20) + `"}}
]}`
	in, err := source.Open(t.Context(), []string{"-"}, bytes.NewReader([]byte(list)), source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got := map[string]bool{}
	for _, o := range in.Objects {
		got[o.Name()] = in.Position(o.Provenance) != nil
	}
	if diff := cmp.Diff(map[string]bool{"ran": false, "planned": true, "e": false, "large": false}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if at := new(source.Input).Position(in.Objects[1].Provenance); at != nil {
		t.Errorf("an empty input tells a place: %v", at)
	}
}
