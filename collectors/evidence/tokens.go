package evidence

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// tokenForms are credentials that are known by how they begin: of AWS, GitHub, GitLab,
// Slack, Google, Docker Hub, npm, Vault and OpenShift.
var (
	tokenBeginnings = []string{"akia", "asia", "ghp_", "gho_", "ghr_", "ghs_", "ghu_", "github_pat_", "gl", "xox", "ya29.", "aiza", "dckr_", "npm_", "hvs.", "sha256~"}
	tokenForms      = regexp.MustCompile(`(^|[^A-Za-z0-9+/_-])(?:` + strings.Join([]string{
		`A[KS]IA[0-9A-Z]{16}\b`, `gh[opsur]_[A-Za-z0-9]{20,}`, `github_pat_[A-Za-z0-9_]{20,}`, `gl(?:agent|cbt|dt|ft|pat|ptt|rt|soat)-[A-Za-z0-9_-]{16,}`,
		`xox[abeprs]-[A-Za-z0-9-]{10,}`, `ya29\.[A-Za-z0-9_-]{20,}`, `AIza[A-Za-z0-9_-]{35}`, `dckr_(?:oat|pat)_[A-Za-z0-9_-]{16,}`, `npm_[A-Za-z0-9]{36}`,
		`hvs\.[A-Za-z0-9_-]{20,}`, `sha256~[A-Za-z0-9_-]{40,}`,
	}, "|") + `)`)
)

// isEncodedJSON tells whether the beginning of a text in base64 is one of JSON.
func isEncodedJSON(text string) bool {
	const whole = 32
	head := strings.NewReplacer("-", "+", "_", "/").Replace(text[:min(len(text), whole)])
	_, ok := visible(head[:len(head)/4*4])
	return ok
}

// isEncodedLogin tells user:password in base64.
func isEncodedLogin(text string) bool {
	plain, ok := visible(text)
	return ok && strings.Contains(plain, ":")
}

// visible is what a text in base64 holds, if it can be read.
func visible(text string) (string, bool) {
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	return string(plain), err == nil && strings.IndexFunc(string(plain), func(r rune) bool { return r < ' ' || r > '~' }) < 0
}
