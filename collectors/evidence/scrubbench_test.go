package evidence

import "testing"

// BenchmarkScrub scrubs honest messages: nearly all are.
func BenchmarkScrub(b *testing.B) {
	for name, message := range map[string]string{
		"authority": `Failed to pull image "harbor.corp.example/team/app:1.0": rpc error: code = Unknown desc = failed to pull and unpack image "harbor.corp.example/team/app:1.0": failed to resolve reference "harbor.corp.example/team/app:1.0": failed to do request: Head "https://harbor.corp.example/v2/team/app/manifests/1.0": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
		"token":     `Failed to pull image "harbor.corp.example/team/app:1.0": failed to pull and unpack image "harbor.corp.example/team/app:1.0": failed to resolve reference "harbor.corp.example/team/app:1.0": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.corp.example/token?scope=repository%3Ateam%2Fapp%3Apull&service=harbor.corp.example: 401 Unauthorized`,
		"image":     `harbor.corp.example/team/app:1.0@sha256:0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e0f3e`,
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				Scrub(message)
			}
		})
	}
}
