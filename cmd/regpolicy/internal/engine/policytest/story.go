package policytest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/mappings"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const storyFile = "story.yaml"

// story is what a fixture story says of its outcome; how it is staged is the
// demo's business.
type story struct {
	At     *time.Time `yaml:"at"`
	Expect struct {
		// Fail are the policies that must fail, and no other may.
		Fail []string `yaml:"fail"`
	} `yaml:"expect"`
}

func readStory(file string) (*story, error) {
	source, err := readLimited(Disk{}, file)
	if err != nil {
		return nil, err
	}
	var s story
	if err = mappings.Check(source); err == nil {
		err = yaml.Unmarshal(source, &s)
	}
	if err != nil {
		return nil, fault(file, 0, "fixtures hold some to compare with", "reading story: %v", err)
	}
	return &s, nil
}

// judgeStory says how the saved evidence of a story misses what it expects, or "".
func judgeStory(ctx context.Context, l *engine.Library, folder string, jobs int) (string, error) {
	s, err := readStory(filepath.Join(folder, storyFile))
	if err != nil {
		return "", err
	}
	document, err := readLimited(Disk{}, filepath.Join(folder, "document.json"))
	if err != nil {
		return "", err
	}
	doc, err := evidence.Decode(document)
	if err != nil {
		return "", fault(filepath.Join(folder, "document.json"), 0, "collect it anew", "%v", err)
	}
	rep, err := l.Judge(ctx, []engine.Input{{URI: folder, Bytes: document, Document: doc}}, engine.Options{At: s.At, Jobs: jobs})
	if err != nil {
		return "", err
	}
	failed, messages := map[string]bool{}, map[string]string{}
	for i := range rep.Results {
		r := &rep.Results[i]
		switch r.Verdict {
		case report.Fail:
			failed[r.ID], messages[r.ID] = true, r.Message
		case report.Error:
			return fmt.Sprintf("%s: %s", r.ID, r.Message), nil
		default:
		}
	}
	var wrong []string
	for _, p := range l.Policies() {
		switch expected := slices.Contains(s.Expect.Fail, p.ID); {
		case expected && !failed[p.ID]:
			wrong = append(wrong, p.ID+" should fail and does not")
		case !expected && failed[p.ID]:
			wrong = append(wrong, p.ID+" fails: "+messages[p.ID])
		}
	}
	return strings.Join(wrong, "; "), nil
}
