package evidence

import "testing"

func BenchmarkScrub(b *testing.B) {
	const message = `Failed to pull image "harbor.corp.example/team/app:1.0": rpc error: code = Unknown desc = failed to pull and unpack image "harbor.corp.example/team/app:1.0": failed to resolve reference "harbor.corp.example/team/app:1.0": failed to do request: Head "https://harbor.corp.example/v2/team/app/manifests/1.0": tls: failed to verify certificate: x509: certificate signed by unknown authority`
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		Scrub(message)
	}
}
