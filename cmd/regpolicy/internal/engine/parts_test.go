package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// mixed is a package as conftest's users write them: rules over pods and over
// registries' handshakes side by side.
const mixed = `package main

deny contains msg if {
	some f in input.pull_failures
	msg := f.cause
}

deny contains msg if {
	some name, _ in input.registries
	not input.endpoints[name]
	msg := sprintf("%s was not probed", [name])
}

warn_waiting contains {"msg": msg} if {
	some key, pod in input.pods
	every image in pod.images { image != "" }
	key == "shop/db"
	msg := _text(key)
}

_text(key) := sprintf("%s waits", [key])

exception contains ["other"] if input.pods
`

func TestRulesWhoseEvidenceIsThere(t *testing.T) {
	const notAsked = "kind=document: not_asked: endpoints were not asked for; use --probe"
	unasked := func(b *evidence.Builder) {
		b.Ask(evidence.Images, evidence.Section("images")).Answer()
		b.Record(func(d *evidence.Document) { d.Registries["r:443"] = evidence.Registry{Host: "r"} })
		b.NotAsked(evidence.Handshakes, "use --probe")
	}
	for name, tc := range map[string]struct {
		change func(b *evidence.Builder)
		opt    Options
		policy string
		want   []string
	}{
		"what the other rules find counts": {
			change: unasked, policy: mixed,
			want: []string{"skip " + notAsked, "fail kind=document: unknown_authority", "warn kind=document: shop/db waits"},
		},
		"with all evidence there it is one policy": {
			change: func(b *evidence.Builder) { unasked(b); b.Request(evidence.Handshakes) }, policy: mixed,
			want: []string{"fail kind=document: r:443 was not probed", "fail kind=document: unknown_authority", "warn kind=document: shop/db waits"},
		},
		"rules that find nothing pass nothing": {
			change: unasked, policy: strings.Replace(strings.ReplaceAll(mixed, "shop/db\"", "shop/x\""), "msg := f.cause", "f.cause == \"\"\n\tmsg := f.cause", 1),
			want: []string{"skip " + notAsked},
		},
		"an exception still takes out": {
			change: unasked, policy: strings.Replace(mixed, `["other"]`, `["waiting", ""]`, 1),
			want: []string{"skip " + notAsked, "waived kind=document: unknown_authority", "waived kind=document: shop/db waits"},
		},
		"a gap of theirs stays one": {
			change: func(b *evidence.Builder) {
				unasked(b)
				b.Ask(evidence.Events, evidence.Section("events")).Gap("forbidden", "")
			},
			policy: mixed,
			want: []string{
				"skip " + notAsked, "fail kind=document: unknown_authority", "warn kind=document: shop/db waits",
				"inconclusive kind=section,name=events: section events: forbidden",
			},
		},
		"an error of theirs is the policy's": {
			change: unasked, policy: strings.Replace(mixed, "msg := f.cause", "time.parse_rfc3339_ns(f.cause) > 0\n\tmsg := f.cause", 1),
			want: []string{"error kind=document: the policy failed: org/a.rego:5: eval_builtin_error: time.parse_rfc3339_ns: parsing time \"unknown_authority\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"unknown_authority\" as \"2006\""},
		},
		"evidence that is required and was not asked for is inconclusive beside them": {
			change: unasked, policy: mixed, opt: Options{Require: []string{evidence.Handshakes}},
			want: []string{
				"inconclusive kind=section,name=tls: tls were required and not asked for",
				"inconclusive kind=document: evidence that --require asks for was not gathered", "fail kind=document: unknown_authority", "warn kind=document: shop/db waits",
			},
		},
		"a policy with subjects is judged as one": {
			change: unasked, policy: mixed + "\nsubjects contains {\"kind\": \"document\"}\n",
			want: []string{"skip " + notAsked},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, document(t, tc.change), tc.opt, tc.policy)
			for i, line := range got {
				before, behind, ok := strings.Cut(line, " finding=")
				if _, rest, also := strings.Cut(behind, ","); ok && also {
					got[i] = before + " " + rest
				}
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(tc.want)), slices.Sorted(slices.Values(got))); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}
