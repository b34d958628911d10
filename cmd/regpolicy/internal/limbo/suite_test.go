package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// entry is a case as a suite holds it.
type entry map[string]any

func text(pairs ...*certtest.Pair) []string {
	out := []string{}
	for _, p := range pairs {
		out = append(out, string(p.PEM()))
	}
	return out
}

// served is a case about a chain, leaf first, that ends at an anchor.
func served(id, expected, host string, anchor *certtest.Pair, chain ...*certtest.Pair) entry {
	e := entry{
		"id": id, "validation_kind": "SERVER", "expected_result": expected, "validation_time": at.Format(time.RFC3339),
		"peer_certificate": string(chain[0].PEM()), "untrusted_intermediates": text(chain[1:]...), "trusted_certs": text(anchor),
		"features": []string{}, "crls": []string{}, "max_chain_depth": nil, "expected_peer_name": nil,
		"description": "not read", "signature_algorithms": []string{},
	}
	if host != "" {
		e["expected_peer_name"] = entry{"kind": "DNS", "value": host}
	}
	return e
}

func (e entry) with(key string, value any) entry { e[key] = value; return e }

func suiteOf(t *testing.T, entries ...entry) string {
	t.Helper()
	out, err := json.Marshal(map[string]any{"version": 1, "testcases": entries})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// judged runs the program over a suite.
func judged(t *testing.T, suite string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite.json")
	if err := os.WriteFile(path, []byte(suite), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := run([]string{path}, &out, at)
	return out.String(), err
}

func TestSuitesThatCannotBeRead(t *testing.T) {
	m := certtest.New(at)
	good := served("a", success, "", m.Root("R"), m.SelfSigned("h.example"))
	many := make([]string, maxCertificates+1)
	for _, c := range []struct{ name, suite, want string }{
		{"nothing", "", "unexpected EOF"},
		{"no JSON", "a suite", "invalid character"},
		{"a list", "[]", "an object with testcases was expected"},
		{"cut off", suiteOf(t, good)[:500], "unexpected EOF"},
		{"another version", `{"version":2,"testcases":[]}`, "its version is 2"},
		{"a version that is no number", `{"version":"1"}`, "reading its version"},
		{"no version", `{"testcases":[{"id":"a","validation_kind":"CLIENT","expected_result":"SUCCESS"}]}`, "does not tell its version"},
		{"no case", `{"version":1,"testcases":[]}`, "holds no case"},
		{"cases that are no list", `{"version":1,"testcases":{}}`, "a list of testcases was expected"},
		{"a case that is no object", `{"version":1,"testcases":[1]}`, "reading case 1"},
		{"a case without an id", suiteOf(t, served("", success, "", m.Root("R"), m.SelfSigned("h.example"))), "it has no id"},
		{"two of one id", suiteOf(t, good, good), `reading case 2, "a": there is another one of that id`},
		{"another kind", `{"version":1,"testcases":[{"id":"a","validation_kind":"PEER"}]}`, "neither SERVER nor CLIENT"},
		{"another result", `{"version":1,"testcases":[{"id":"a","validation_kind":"CLIENT","expected_result":"MAYBE"}]}`, "neither SUCCESS nor FAILURE"},
		{"a time that is none", `{"version":1,"testcases":[{"id":"a","validation_time":"today"}]}`, "reading case 1"},
		{"too many certificates", suiteOf(t, entry{"id": "a", "validation_kind": "SERVER", "expected_result": failure, "trusted_certs": many}), "more than 1000 certificates"},
		{"a huge certificate", suiteOf(t, entry{"id": "a", "validation_kind": "SERVER", "expected_result": failure, "peer_certificate": strings.Repeat("A", maxPEM+1)}), "more than 1 MiB"},
		{"something behind", suiteOf(t, good) + "{}", "more follows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := judged(t, c.suite)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
	for _, args := range [][]string{nil, {"a", "b"}, {filepath.Join(t.TempDir(), "absent.json")}} {
		if err := run(args, &strings.Builder{}, at); err == nil {
			t.Errorf("arguments %q were taken", args)
		}
	}
}

// A suite without end is read no further than the limit, and is not held in memory.
func TestSuiteWithoutEnd(t *testing.T) {
	cases := 0
	err := eachCase(&endless{}, 8<<20, func(testcase) error { cases++; return nil })
	if err == nil || !strings.Contains(err.Error(), "more than 8 MiB") || cases < 100 {
		t.Errorf("after %d cases: %v", cases, err)
	}
}

// endless is a suite whose cases never end; each is of 64 KiB.
type endless struct {
	begun bool
	n     int
	rest  []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		e.n++
		e.rest = fmt.Appendf(e.rest, `{"id":"c%d","validation_kind":"CLIENT","expected_result":"SUCCESS","peer_certificate":%q},`, e.n, strings.Repeat("A", 1<<16))
		if !e.begun {
			e.rest = slices.Concat([]byte(`{"version":1,"testcases":[`), e.rest)
			e.begun = true
		}
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func FuzzSuite(f *testing.F) {
	m := certtest.New(at)
	root := m.Root("R")
	out, err := json.Marshal(map[string]any{"version": 1, "testcases": []entry{
		served("a", success, "h.example", root, root.Leaf("h.example")),
		served("b", failure, "10.1.2.3", root, root.Leaf("10.1.2.3", certtest.Expired())).with("validation_time", nil),
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(out))
	f.Add(`{"version":1,"testcases":[{"id":"a","validation_kind":"CLIENT","expected_result":"SUCCESS"}]}`)
	f.Fuzz(func(t *testing.T, suite string) {
		tally := newTally(at, time.Minute)
		err := eachCase(strings.NewReader(suite), maxSuite, tally.add)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("the error has several lines: %v", err)
		}
		for _, fault := range tally.faults {
			if strings.Contains(fault, "crypto/x509 says") && !strings.Contains(fault, "bits, and Go's TLS refuses such keys") {
				t.Error(fault)
			}
		}
	})
}
