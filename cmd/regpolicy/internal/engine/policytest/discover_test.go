package policytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Without them the stories behind a link would not be judged, and all would look well.
func TestStoriesOfALinkedFolder(t *testing.T) {
	story := filepath.Join(t.TempDir(), "torn-secret")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Mkdir(story, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{storyFile, "document.json"} {
		if err := os.WriteFile(filepath.Join(story, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(story), link); err != nil {
		t.Fatal(err)
	}
	folders, err := storyFolders([]string{link})
	if err != nil || len(folders) != 1 || folders[0] != filepath.Join(link, "torn-secret") {
		t.Errorf("found %q: %v", folders, err)
	}
}

// A key that is a list makes yaml.v3 panic where there is a merge key, too.
func TestStoryWithAListForAKey(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, storyFile), []byte("{<<: {a: 1}, ? [b] : 2}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := judgeStory(t.Context(), nil, folder, 1); err == nil || !strings.Contains(err.Error(), "line 1: a key that is no text") {
		t.Errorf("error %v", err)
	}
}
