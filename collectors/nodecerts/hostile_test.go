package nodecerts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// A node that sends as much as it may, in the shape that costs most, holds up
// nobody for long.
func TestHostileListingsAreReadInTime(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	repeat := func(frame func(i int) string) []string {
		var frames []string
		size := 0
		for i := 0; size < nodecerts.MaxStream-100_000 && i < 49_000; i++ {
			f := frame(i)
			size += len(f) + 25
			frames = append(frames, f)
		}
		return frames
	}
	config := fmt.Sprintf("data %d\n%s", len(containerdV2), containerdV2)
	head := []string{"file directory\n/etc/containerd", "file ok\n/etc/containerd/config.toml", config, "file directory\n/etc/ssl/certs"}
	bundle := fmt.Sprintf("bundle %d\n/etc/ssl/certs/ca-certificates.crt\n%s", len(p.corp.PEM()), p.corp.PEM())
	manyHosts := strings.Repeat("[host.\"https://a\"]\n[host.\"https://b\"]\n", 3000)
	manyCAs := "ca = [" + strings.Repeat("\"/x\",", 50_000) + "]\n"
	for name, frames := range map[string][]string{
		"folders of registries": repeat(func(i int) string { return fmt.Sprintf("file directory\n/etc/containerd/certs.d/h%d", i) }),
		"unreadable files":      repeat(func(i int) string { return fmt.Sprintf("file unreadable\n/etc/ssl/certs/%d.pem", i) }),
		"hash names":            repeat(func(i int) string { return fmt.Sprintf("file ok\n/etc/ssl/certs/%08x.0\n=7.1795400000= in 1", i) }),
		"numbers of one hash":   repeat(func(i int) string { return fmt.Sprintf("file ok\n/etc/ssl/certs/00000000.%d\n=7.1795400000= in 1", i) }),
		"members": repeat(func(i int) string {
			return fmt.Sprintf("file ok\n/etc/ssl/certs/%d.pem\n=7.1795400000= in%s", i, strings.Repeat(" 1", 100))
		}),
		"drop-ins": repeat(func(i int) string {
			return fmt.Sprintf("file ok\n/etc/systemd/system/containerd.service.d/%d.conf\n=7.1795400000= data 10\n[Service]\n", i)
		}),
		"hosts":        {"file directory\n/etc/containerd/certs.d", "file directory\n/etc/containerd/certs.d/h", "file ok\n/etc/containerd/certs.d/h/hosts.toml", fmt.Sprintf("data %d\n%s", len(manyHosts), manyHosts)},
		"CA files":     {"file directory\n/etc/containerd/certs.d", "file directory\n/etc/containerd/certs.d/h", "file ok\n/etc/containerd/certs.d/h/hosts.toml", fmt.Sprintf("data %d\n%s", len(manyCAs), manyCAs)},
		"PEM labels":   {"file ok\n/etc/ssl/certs/x.pem", fmt.Sprintf("data %d\n%s", 27*40_000, strings.Repeat("-----BEGIN CERTIFICATE-----", 40_000))},
		"END labels":   {"file ok\n/etc/ssl/certs/x.pem", fmt.Sprintf("data %d\n%s", 26*40_000, strings.Repeat("-----END CERTIFICATE-----\n", 40_000))},
		"certificates": {"file ok\n/etc/ssl/certs/x.pem", fmt.Sprintf("data %d\n%s", 1500*len(p.corp.PEM()), strings.Repeat(string(p.corp.PEM()), 1500))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := stream(append(append(append([]string{}, head...), frames...), bundle, "end 1\n")...)
			if len(text) > nodecerts.MaxStream {
				t.Fatalf("the test's stream has %d bytes", len(text))
			}
			begun := time.Now()
			l, err := nodecerts.ParseStream(strings.NewReader(text), 0)
			if l == nil {
				t.Fatal(err)
			}
			b := evidence.NewBuilder(evidence.Tool{}, testTime)
			nodecerts.Record(b, "wk-1", l, evidence.Access{}, evidence.Provenance{}, nodecerts.Clock{})
			if took := time.Since(begun); took > time.Minute {
				t.Errorf("it took %v", took)
			} else {
				t.Logf("%d bytes took %v", len(text), took.Round(time.Millisecond))
			}
		})
	}
}
