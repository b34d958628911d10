package remote

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestForeignTextTakesLinearTime(t *testing.T) {
	for name, parse := range map[string]func([]byte){
		"ssh_config": func(text []byte) {
			lines, _, _ := normalise(text)
			if parsed, err := parseConfig(lines); err == nil {
				(&sshConfig{root: &configFile{parsed: parsed}}).forHost("wk-1")
			}
		},
		"key":  func(text []byte) { _, _ = parseHeld(text) },
		"jump": func(text []byte) { _, _ = parseJump(string(text)) },
		"text": func(text []byte) { clean(string(text)) },
		"known": func(text []byte) {
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _ = loadHostKeys(PolicyStrict, []string{file})
		},
	} {
		t.Run(name, func(t *testing.T) {
			flood.Linear(t, parse, flood.Repeated("hosts", "Host a b*\n"), flood.Repeated("host patterns", "Host "), flood.Numbered("matches", "", "Match host a%d\n"),
				flood.Repeated("known hosts", "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJvtJ0bKvsJvFy0yzcXdUAq7lDWLJ6EyR3XkyZ4MxYk\n"))
		})
	}
}
