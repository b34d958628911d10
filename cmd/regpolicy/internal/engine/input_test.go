package engine

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestJudgeText: what was read without the sections that no policy reads is judged as the
// whole is, and quoted as the whole is.
func TestJudgeText(t *testing.T) {
	t.Parallel()
	cfg := knowing(t)
	cfg.Select = []string{"RT-XEV-001", "RT-NOD-014", "RT-NOD-013", "RT-NOD-003", "RT-TLS-002"}
	l, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, fixture := range fixtures(t) {
		want, err := l.Judge(t.Context(), []Input{fixture}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, letGo := range []bool{false, true} {
			got, err := judgeText(t, l, fixture.Bytes, Input{URI: fixture.URI}, l.Unread(), letGo)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", fixture.URI, diff)
			}
		}
	}
}

func judgeText(t *testing.T, l *Library, data []byte, in Input, left map[string]bool, letGo bool) (*report.Report, error) {
	t.Helper()
	var err error
	if in.Document, in.Text, err = evidence.DecodeFrom(bytes.NewReader(data), left); err != nil {
		t.Fatal(err)
	}
	return l.Judge(t.Context(), []Input{in}, Options{LetGo: letGo})
}

// TestJudgeTextThatLacksWhatIsRead: nothing passes because it was not read.
func TestJudgeTextThatLacksWhatIsRead(t *testing.T) {
	t.Parallel()
	cfg := knowing(t)
	cfg.Select = []string{"RT-NOD-003"}
	l, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if l.Unread()["nodes"] || !l.Unread()["pods"] {
		t.Fatalf("%v are not read", l.Unread())
	}
	in := document(t, nil)
	if _, err := judgeText(t, l, in.Bytes, Input{URI: "a.json"}, map[string]bool{"nodes": true}, false); err == nil || !strings.Contains(err.Error(), `reading evidence document "a.json": it was read without "nodes"`) {
		t.Errorf("error %v", err)
	}
}
