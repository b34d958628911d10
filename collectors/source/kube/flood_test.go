package kube

import (
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestForeignTextTakesLinearTime(t *testing.T) {
	c := &Cluster{options: Options{}.withDefaults()}
	for name, parse := range map[string]func([]byte){
		"kubeconfig": func(text []byte) { _, _ = foreign(text) },
		"list":       func(text []byte) { _ = decode(answer{mediaJSON, text}, "PodList", new(corev1.PodList)) },
		"protobuf": func(text []byte) {
			_ = decode(answer{mediaProtobuf, append([]byte("k8s\x00"), text...)}, "PodList", new(corev1.PodList))
		},
		"object":  func(text []byte) { _, _ = decodeObject(answer{mediaJSON, text}, "Secret") },
		"objects": func(text []byte) { _, _ = decodeObjects(answer{mediaJSON, text}) },
		"status": func(text []byte) {
			Reason(c.statusFailure(&http.Response{StatusCode: 500, Header: http.Header{}, Request: &http.Request{Method: "GET"}}, answer{"text/plain", text}))
		},
		"token": func(text []byte) { tokenEnd(string(text)) },
	} {
		t.Run(name, func(t *testing.T) { flood.Linear(t, parse) })
	}
}
