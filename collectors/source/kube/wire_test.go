package kube

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FuzzSecretWireForm holds a looked-up Secret against what the API server was
// given: every value must be the base64 text of its bytes.
func FuzzSecretWireForm(f *testing.F) {
	f.Add("ca", []byte("-----BEGIN CERTIFICATE-----"), "note")
	f.Add("harbor-ca", []byte("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"), lastApplied)
	f.Add("", []byte{}, "")
	f.Fuzz(func(t *testing.T, key string, value []byte, annotation string) {
		sent, err := json.Marshal(corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{
				Name: "s", ResourceVersion: "1", Annotations: map[string]string{annotation: "x"},
				ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "m"}},
			},
			Data: map[string][]byte{key: value},
		})
		if err != nil {
			t.Skip(err)
		}
		content, err := decodeObject(answer{mediaJSON, sent}, "Secret")
		if err != nil {
			t.Fatal(err)
		}
		c := &Cluster{}
		got := c.object(content, "get", "/x")
		if got.Provenance.ResourceVersion != "1" {
			t.Errorf("provenance is %+v", got.Provenance)
		}
		meta := got.Map["metadata"].(map[string]any)
		if _, ok := meta["managedFields"]; ok {
			t.Error("managedFields are kept")
		}
		annotations, _ := meta["annotations"].(map[string]any)
		if _, ok := annotations[lastApplied]; ok {
			t.Error("the last applied configuration is kept")
		}
		data, _ := got.Map["data"].(map[string]any)
		if len(data) != 1 {
			t.Fatalf("data is %v", data)
		}
		for _, text := range data {
			wire, ok := text.(string)
			raw, err := base64.StdEncoding.DecodeString(wire)
			if !ok || err != nil || !bytes.Equal(raw, value) {
				t.Errorf("%q came out as %v", value, text)
			}
		}
	})
}

// FuzzObjects reads any answer as an object, as a list and as a page of pods.
func FuzzObjects(f *testing.F) {
	f.Add(mediaJSON, []byte(secretJSON))
	f.Add(mediaJSON, []byte(clusterPage(0, 2, "more")))
	f.Add(mediaJSON, []byte(`{"kind":"Secret","metadata":[],"data":7}`))
	f.Add(mediaJSON, []byte(`{"kind":"List","items":[{"metadata":{"uid":7}},{}]}`))
	f.Add(mediaProtobuf, []byte("k8s\x00\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\x02\x12\x00"))
	f.Fuzz(func(t *testing.T, mediaType string, body []byte) {
		c := &Cluster{}
		got := answer{mediaType, body}
		if content, err := decodeObject(got, "Secret"); err == nil {
			c.object(content, "get", "/x")
		}
		if list, err := decodeObjects(got); err == nil {
			for _, item := range list.items {
				objectIdentity(item)
				c.object(item, "list", "/x")
			}
		}
		var pods corev1.PodList
		if decode(got, "PodList", &pods) == nil {
			for i := range pods.Items {
				identity(&pods.Items[i].ObjectMeta)
			}
		}
	})
}
