package policytest

import (
	"os"
	"path/filepath"
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
