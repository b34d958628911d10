package handshake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const fromNode = "node/wk-1"

// madeElsewhere is a document as an agent writes it: one registry that answers, one
// that nobody listens for, and one that only a gap is known of.
func madeElsewhere(t testing.TB) *evidence.Document {
	t.Helper()
	ca := certtest.New(testTime).Root("Test Root")
	address := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	v := here()
	v.Name = fromNode
	targets := []Target{{Host: name, Port: 443, Roles: []string{RoleRegistry}}, mustTarget(t, "127.0.0.1:1")}
	b := newBuilder()
	Collect(t.Context(), b, targets, []Vantage{v}, Options{ConnectTo: map[string]string{name + ":443": address}})
	recordEndpoint(b, mustTarget(t, "gap.example"))
	b.Ask(evidence.Handshakes, subject("gap.example:443", fromNode)).Gap("timeout_connect", "too slow")
	encoded, err := evidence.Encode(build(t, b))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func adopted(t testing.TB, doc *evidence.Document) (*evidence.Document, []string) {
	t.Helper()
	b := newBuilder()
	b.Request(evidence.Handshakes)
	keys := Adopt(b, doc, fromNode, "agent")
	return build(t, b), keys
}

func TestAdoptedHandshakesAreThoseThatWereMade(t *testing.T) {
	made := madeElsewhere(t)
	got, keys := adopted(t, made)
	if diff := cmp.Diff([]string{"127.0.0.1:1", "gap.example:443", name + ":443"}, keys); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	withoutSource := cmpopts.IgnoreFields(evidence.Provenance{}, "Source")
	if diff := cmp.Diff(made.Endpoints, got.Endpoints, withoutSource, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("made (-), adopted (+):\n%s", diff)
	}
	if diff := cmp.Diff(made.Certificates, got.Certificates); diff != "" {
		t.Errorf("certificates made (-), adopted (+):\n%s", diff)
	}
	if diff := cmp.Diff(made.Coverage[evidence.Handshakes], got.Coverage[evidence.Handshakes]); diff != "" {
		t.Errorf("coverage made (-), adopted (+):\n%s", diff)
	}
}

// A node that lies can lie about what it saw and no more: certificates are what
// their bytes say, and other vantages' handshakes are not its own.
func TestWhatANodeMayNotClaim(t *testing.T) {
	for what, lie := range map[string]func(doc *evidence.Document){
		"another vantage": func(doc *evidence.Document) {
			e := doc.Endpoints[name+":443"]
			e.Probes["collector"] = e.Probes[fromNode]
			doc.Endpoints[name+":443"] = e
		},
		"a name that fits": func(doc *evidence.Document) {
			for key, c := range doc.Endpoints[name+":443"].Chains {
				c.Name = evidence.NameVerdict{Reason: "name_mismatch"}
				c.Verdicts = map[string]evidence.ChainVerdict{"x": {OK: true}}
				doc.Endpoints[name+":443"].Chains[key] = c
			}
		},
		"certificates": func(doc *evidence.Document) {
			for fp, c := range doc.Certificates {
				c.Subject = "CN=somebody else"
				doc.Certificates[fp] = c
			}
		},
	} {
		made := madeElsewhere(t)
		want, _ := adopted(t, made)
		lie(made)
		got, _ := adopted(t, made)
		if diff := cmp.Diff(want.Endpoints, got.Endpoints); diff != "" {
			t.Errorf("%s is believed:\n%s", what, diff)
		}
		if diff := cmp.Diff(want.Certificates, got.Certificates); diff != "" {
			t.Errorf("%s is believed:\n%s", what, diff)
		}
	}
}

func TestChainsThatCannotBeAdoptedAreGaps(t *testing.T) {
	for what, spoil := range map[string]func(doc *evidence.Document){
		"missing": func(doc *evidence.Document) { clear(doc.Certificates) },
		"swapped": func(doc *evidence.Document) {
			last := ""
			for fp := range doc.Certificates {
				if last != "" {
					doc.Certificates[fp] = doc.Certificates[last]
				}
				last = fp
			}
		},
		"no chain": func(doc *evidence.Document) { clear(doc.Endpoints[name+":443"].Chains) },
		"no PEM": func(doc *evidence.Document) {
			for fp, c := range doc.Certificates {
				c.PEM = strings.ReplaceAll(c.PEM, "M", "!")
				doc.Certificates[fp] = c
			}
		},
	} {
		made := madeElsewhere(t)
		spoil(made)
		got, _ := adopted(t, made)
		found := false
		for _, g := range gaps(got) {
			found = found || g.Subject["name"] == name+":443" && g.Reason == "parse_error"
		}
		if !found || len(got.Endpoints[name+":443"].Probes) > 0 {
			t.Errorf("%s: gaps %+v, probes %+v", what, gaps(got), got.Endpoints[name+":443"].Probes)
		}
	}
}
