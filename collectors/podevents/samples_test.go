package podevents

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	newStack = "kubelet-1.37.2_containerd-2.4.2/"
	oldStack = "kubelet-1.30.14_containerd-1.6.20/"
)

// sampleFailures is what real objects must give: by sample, for each failure
// "pod/container cause stage host from".
var sampleFailures = map[string][]string{
	newStack + "arm-only":            {"arm-only/app platform_mismatch manifest harbor.corp.example:443 status+event"},
	newStack + "basic-auth":          {"basic-auth/app unauthorized resolve basic-auth.corp.example:443 status+event"},
	newStack + "bearer-ca":           {"bearer-ca/app unknown_authority token token-unknown-ca.corp.example:443 status+event"},
	newStack + "blob-redirect-ca":    {"blob-redirect-ca/app unknown_authority blob s3-unknown-ca.corp.example:443 status+event"},
	newStack + "cn-only":             {"cn-only/app legacy_common_name resolve cn-only.corp.example:443 status+event"},
	newStack + "dns-nxdomain":        {"dns-nxdomain/app dns resolve no-such-registry.corp.example:443 status+event"},
	newStack + "err-503":             {"err-503/app server_error resolve err-503.corp.example:443 status+event"},
	newStack + "expired":             {"expired/app expired resolve expired.corp.example:443 status+event"},
	newStack + "init-unknown-ca":     {"init-unknown-ca/migrate unknown_authority resolve unknown-ca.corp.example:443 status+event"},
	newStack + "invalid-name-upper":  {"invalid-name-upper/app invalid_image_name name  status+event"},
	newStack + "missing-ca-file":     {"missing-ca-file/app registry_configuration resolve  status+event"},
	newStack + "missing-pull-secret": {"missing-pull-secret/app pull_secret_missing secret basic-auth.corp.example:443 status+event"},
	newStack + "mixed-containers": {
		"mixed-containers/proxy unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"mixed-containers/sidecar expired resolve expired.corp.example:443 status+event",
	},
	newStack + "mtls":               {"mtls/app client_certificate_required resolve mtls.corp.example:443 status+event"},
	newStack + "never-pull":         {"never-pull/app never_pull resolve  status+event"},
	newStack + "ok":                 {},
	newStack + "plain-http":         {"plain-http/app http_not_https resolve plain-http.corp.example:443 status+event"},
	newStack + "proxy-refused":      {"proxy-refused/app proxy resolve 10.99.1.30:3128 status+event"},
	newStack + "refused":            {"refused/app refused resolve refused.corp.example:443 status+event"},
	newStack + "rotated-ca":         {"rotated-ca/app authority_rekeyed resolve rotated-ca.corp.example:443 status+event"},
	newStack + "sandbox-unknown-ca": {"sandbox-unknown-ca/sandbox unknown_authority sandbox unknown-ca.corp.example:443 event"},
	newStack + "tag-unknown":        {"tag-unknown/app not_found resolve harbor.corp.example:443 status+event"},
	newStack + "toomany-429":        {"toomany-429/app rate_limited resolve toomany-429.corp.example:443 status+event"},
	newStack + "unknown-ca":         {"unknown-ca/app unknown_authority resolve unknown-ca.corp.example:443 status+event"},
	newStack + "workload-web": {
		"web-977cf6768-4n7gq/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"web-977cf6768-dtfvz/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"web-977cf6768-fqtmm/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"web-977cf6768-l8jgq/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"web-977cf6768-lh4fd/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
		"web-977cf6768-pcmbk/app unknown_authority resolve unknown-ca.corp.example:443 status+event",
	},
	newStack + "wrong-host": {"wrong-host/app name_mismatch resolve wrong-host.corp.example:443 status+event"},
	oldStack + "denied-403": {"denied-403/app forbidden resolve denied-403.corp.example:443 status+event"},
	oldStack + "expired":    {"expired/app expired resolve expired.corp.example:443 status+event"},
	oldStack + "ok":         {},
	oldStack + "unknown-ca": {"unknown-ca/app unknown_authority resolve unknown-ca.corp.example:443 status+event"},

	"ca-added-later/1-before":                                          {"ca-added-later/app unknown_authority resolve late-ca.corp.example:443 status+event"},
	"ca-added-later/2-file-added-containerd-not-restarted":             {"ca-added-later/app unknown_authority resolve late-ca.corp.example:443 status+event"},
	"ca-added-later/3-containerd-restarted-but-file-gone-at-first-use": {"ca-added-later/app unknown_authority resolve late-ca.corp.example:443 status+event"},
	"ca-added-later/4-containerd-restarted-with-file":                  {},
}

func TestSamplesGiveTheirCauses(t *testing.T) {
	for sample, want := range sampleFailures {
		t.Run(sample, func(t *testing.T) {
			d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
				askAll(b)
				addSample(t, c, filepath.Join("testdata/samples", sample))
			})
			if diff := cmp.Diff(want, failuresOf(d), cmp.Transformer("sorted", sorted)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			for key, f := range d.PullFailures {
				if f.Runtime != "containerd" && f.Cause != "never_pull" && f.Cause != "invalid_image_name" {
					t.Errorf("%s: runtime %q", key, f.Runtime)
				}
				if (f.Cause == "expired") != (f.NodeTime != nil) {
					t.Errorf("%s: node time %v", key, f.NodeTime)
				}
			}
			for _, name := range []string{evidence.Pods, evidence.Events, evidence.Images} {
				if gaps := d.Coverage[name].Gaps; len(gaps) > 0 {
					t.Errorf("gaps of %s: %v", name, gaps)
				}
			}
		})
	}
}

func TestEverySampleHasAnExpectation(t *testing.T) {
	found, err := filepath.Glob("testdata/samples/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range found {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		if _, ok := sampleFailures[strings.TrimPrefix(filepath.ToSlash(dir), "testdata/samples/")]; !ok {
			t.Errorf("%s has no expectation", dir)
		}
	}
}

// Events alone name the same causes and hosts. Without the pod's own status a
// success that left no event cannot be told.
func TestSamplesEventsAloneGiveTheirCauses(t *testing.T) {
	for sample, want := range sampleFailures {
		if strings.HasPrefix(sample, "ca-added-later") {
			continue
		}
		t.Run(sample, func(t *testing.T) {
			d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
				b.Ask(evidence.Events, evidence.Section("events")).Answer()
				for _, e := range readList[corev1.Event](t, filepath.Join("testdata/samples", sample, "events.json")) {
					c.AddEvent(&e, evidence.Provenance{})
				}
			})
			var expected []string
			for _, line := range want {
				expected = append(expected, strings.Replace(line, "status+event", "event", 1))
			}
			if diff := cmp.Diff(expected, failuresOf(d), cmp.Transformer("sorted", sorted)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if len(d.Pods) > 0 {
				t.Errorf("events made %d pods", len(d.Pods))
			}
		})
	}
}

// With the status alone, kubelets before 1.33 leave no cause, and that is a gap.
func TestSamplesStatusAloneTellsWhatItCan(t *testing.T) {
	silent := map[string]bool{oldStack + "denied-403": true, oldStack + "expired": true, oldStack + "unknown-ca": true}
	for sample, want := range sampleFailures {
		t.Run(sample, func(t *testing.T) {
			d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
				b.Ask(evidence.Pods, evidence.Section("pods")).Answer()
				for _, name := range []string{"/pod.json", "/pods.json"} {
					for _, p := range readList[corev1.Pod](t, "testdata/samples/"+sample+name) {
						c.AddPod(&p, evidence.Provenance{})
					}
				}
			})
			switch {
			case strings.HasSuffix(sample, "sandbox-unknown-ca"): // no status shows it
				want = nil
			case strings.HasSuffix(sample, "missing-pull-secret"): // only the event tells why
				want = []string{"missing-pull-secret/app unauthorized resolve basic-auth.corp.example:443 status"}
			case silent[sample]:
				name := filepath.Base(sample)
				want = []string{name + "/app unknown resolve  status"}
				if gaps := d.Coverage[evidence.Pods].Gaps; len(gaps) != 1 || gaps[0].Field != "cause" || gaps[0].Reason != "not_found" || gaps[0].Subject["name"] != name {
					t.Errorf("gaps %v", gaps)
				}
			}
			var expected []string
			for _, line := range want {
				expected = append(expected, strings.Replace(line, "status+event", "status", 1))
			}
			if diff := cmp.Diff(expected, failuresOf(d), cmp.Transformer("sorted", sorted)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if d.Coverage[evidence.Events].Requested {
				t.Error("events count as asked for")
			}
		})
	}
}

func TestAllSamplesAtOnceInAnyOrderGiveTheSameBytes(t *testing.T) {
	var samples []string
	for sample := range sampleFailures {
		if !strings.HasPrefix(sample, "ca-added-later") && !strings.HasPrefix(sample, oldStack) {
			samples = append(samples, sample)
		}
	}
	slices.Sort(samples)
	run := func(order []string, once bool) []byte {
		d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
			if askAll(b); once {
				c.PodsComeOnce()
			}
			for _, n := range readList[corev1.Node](t, "testdata/samples/nodes.json") {
				c.AddNode(&n, evidence.Provenance{Source: "test"})
			}
			for _, sample := range order {
				addSample(t, c, filepath.Join("testdata/samples", sample))
			}
		})
		data, err := evidence.Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	forward := run(samples, false)
	if diff := cmp.Diff(string(forward), string(run(samples, true))); diff != "" {
		t.Errorf("what is not kept of settled pods shows:\n%s", diff)
	}
	slices.Reverse(samples)
	if diff := cmp.Diff(string(forward), string(run(samples, false))); diff != "" {
		t.Errorf("the order of input shows:\n%s", diff)
	}
}

func failuresOf(d *evidence.Document) []string {
	var out []string
	for key, f := range d.PullFailures {
		_, pod, _ := strings.Cut(key, "/")
		out = append(out, strings.Join([]string{pod, f.Cause, f.Stage, f.Host, f.From}, " "))
	}
	return sorted(out)
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	if out == nil {
		out = []string{}
	}
	return out
}
