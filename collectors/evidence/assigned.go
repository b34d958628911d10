package evidence

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	secretKeys = `(?:access|account|api|app|private|secret)[_-]?key`
	// What stands behind "=" of these is a secret.
	assignedNames = `token|password|passwd|passphrase|(?:\b|_)pass|pwd|secret|` + secretKeys + `|signature|credentials?|authorization|x-registry-auth`
	// And behind ":" of these; prose such as "invalid signature: parent certificate
	// cannot sign" must stay.
	toldNames = `password|passwd|passphrase|pwd|(?:client|app)[_-]?secret|` + secretKeys
)

var (
	nameEnds    = []string{"token", "password", "passwd", "passphrase", "pass", "pwd", "secret", "key", "signature", "credential", "credentials", "authorization", "x-registry-auth", "sig"}
	quotedNames = []string{
		"cookie", "x-registry-auth", "x-registry-config", "token", "password", "passwd", "passphrase", "pass", "pwd", "secret", "key", "signature", "credential", "credentials", "authorization",
	}
	toldEnds   = []string{"_token", "password", "passwd", "passphrase", "pwd", "secret", "key"}
	tokenNames = []string{"token", "tokens", "secret", "credential", "credentials"}

	beginnings = sync.OnceValue(func() *wordSet {
		return newWordSet(slices.Concat(keysOfAuth, tokenBeginnings, []string{
			"bearer", "basic", "negotiate", "ntlm", "eyj", "x-amz-", "auth=", "auth:", "code=", "--", " login", "creds", "curl", "ctr", "private key-----",
		})...)
	})
	keyEnds   = sync.OnceValue(func() uint64 { return beginnings().mask(keysOfAuth...) })
	scrubbers = []scrubber{
		{
			words: beginnings().mask("bearer", "basic"), pattern: regexp.MustCompile(`(?i)\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})`), with: "${1} " + removed,
			honest: func(groups []string) bool { return slices.Contains(ofSchemes, groups[2]) },
		},
		{words: beginnings().mask("negotiate", "ntlm"), pattern: regexp.MustCompile(`(?i)\b(negotiate|ntlm)\s+[A-Za-z0-9+/=]{24,}`), with: "${1} " + removed},
		{words: beginnings().mask("eyj"), pattern: regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), with: removed},
		{
			words: beginnings().mask("eyj"), pattern: regexp.MustCompile(`(^|[^A-Za-z0-9+/=_-])(eyJ[A-Za-z0-9+/_-]{29,}=*)`), with: "${1}" + removed,
			honest: func(groups []string) bool { return !isEncodedJSON(groups[2]) },
		},
		{words: beginnings().mask(tokenBeginnings...), pattern: tokenForms, with: "${1}" + removed},
		// key=value, as in a query or an environment.
		{
			may: func(lower []byte) bool { return standsBefore(lower, '=', nameEnds, whatever) }, pattern: regexp.MustCompile(`(?i)\b([\w-]*(?:` + assignedNames + `)|sig)((?:=|[ \t]{1,4}=[ \t]{0,4})\\*["']?)([^\s"'&,;}]+)`), with: "${1}${2}" + removed,
			honest: func(groups []string) bool {
				return isFolder(groups[1], groups[3]) || isCount(groups[1], groups[3]) || strings.HasPrefix(groups[3], "=") || isRemoved(groups[3]) || groups[3] == "true" || groups[3] == "false"
			},
		},
		{words: beginnings().mask("x-amz-"), pattern: regexp.MustCompile(`(?i)\b(X-Amz-[A-Za-z-]+=["']?)[^\s"'&,;}]+`), with: "${1}" + removed},
		// auth: value, as Docker writes user:password.
		{
			words: beginnings().mask("auth=", "auth:"), pattern: regexp.MustCompile(`(?i)\b(auth[=:]\s*\\*["']?)([A-Za-z0-9+/]{6,}=*)`), with: "${1}" + removed,
			honest: func(groups []string) bool { return !isEncodedLogin(groups[2]) },
		},
		// The code with which a token is got; an error's is short.
		{words: beginnings().mask("code="), pattern: regexp.MustCompile(`(?i)([?&]code=)[A-Za-z0-9._~%/+-]{16,}`), with: "${1}" + removed},
		// password: value, while withoutQuoted takes "key": "value".
		{
			may: func(lower []byte) bool { return standsBefore(lower, ':', toldEnds, whatever) }, pattern: regexp.MustCompile(`(?i)(^|[^\w-])([\w-]*(?:` + toldNames + `)|\w+_token)(\s*:\s*\\*["']?)([^\s"'&,;}]+)`), with: "${1}${2}${3}" + removed,
			honest: func(groups []string) bool { return isToldHonestly(groups[1], groups[2], groups[4]) },
		},
		// token: value, unless it is prose.
		{
			may: func(lower []byte) bool { return standsBefore(lower, ':', tokenNames, beginsLong) }, pattern: regexp.MustCompile(`(?i)\b(tokens?|secret|credentials?)(\s*:\s*\\*["']?)([A-Za-z0-9_~+/=-]{16,})([:.@]?)`), with: "${1}${2}" + removed + "${4}",
			honest: func(groups []string) bool { return groups[4] != "" || !isRandom(groups[3]) },
		},
		{
			words: beginnings().mask("--"), pattern: regexp.MustCompile(`(?i)(--(?:[a-z]+-)*(?:token|password|passwd|passphrase|pass|secret|` + secretKeys + `)[ \t]+)(?:"[^"\n]+"|'[^'\n]+'|([^\s"'-][^\s"']*))`), with: "${1}" + removed,
			honest: func(groups []string) bool {
				return slices.Contains(afterFlags, strings.ToLower(strings.TrimRight(groups[2], ".,:;")))
			},
		},
		{words: beginnings().mask(" login"), pattern: regexp.MustCompile(`(?i)(\b(?:buildah|crane|docker|nerdctl|oras|podman|regctl|registry|skopeo) login\b[^\n]*?[ \t]-p[ \t=]*)(?:"[^"\n]+"|'[^'\n]+'|[^\s"'=][^\s"']*)`), with: "${1}" + removed},
		{words: beginnings().mask("creds", "curl", "ctr"), pattern: regexp.MustCompile(`(--(?:src-|dest-)?creds[ \t=]+["']?[^\s"':]+:|\b(?:curl|ctr)\b[^\n]*?[ \t](?:-u|--user|--proxy-user)[ \t=]+["']?[^\s"':]+:)[^\s"']+`), with: "${1}" + removed},
		{words: beginnings().mask("private key-----"), pattern: regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|$)`), with: "[private key removed]"},
	}
	// ofSchemes are words that follow "basic" and "bearer" in prose.
	ofSchemes = []string{"authentication", "authorization", "credential", "credentials", "challenge", "challenges", "registries"}
	// afterFlags are words that follow a flag in prose.
	afterFlags = []string{
		"and", "are", "as", "but", "by", "can", "cannot", "flag", "flags", "for", "from", "given", "has", "if", "in", "instead", "is", "may", "must", "needs", "nor", "not", "on",
		"option", "or", "requires", "set", "should", "takes", "to", "twice", "via", "wants", "was", "when", "which", "with", "without", "file", "name", "password", "secret", "token", "value",
	}
	// afterNames are words that follow the name of a thing and a colon in prose.
	afterNames = []string{
		"not", "no", "cannot", "could", "failed", "failure", "forbidden", "denied", "invalid", "missing", "unauthorized", "unexpected", "unknown", "required", "expired", "incorrect", "wrong",
		"permission", "operation", "duplicate", "unsupported", "unable", "too", "must", "is",
	}
	// tagged is what follows the name of a repository.
	tagged = regexp.MustCompile(`^(?:v?[0-9][\w.-]{0,127}|[a-z]+)(?:@sha[0-9]{3}:[0-9a-f]*)?[:.)]?$`)
)

// isFolder tells PWD=/root from a password.
func isFolder(name, value string) bool {
	return len(name) >= 3 && strings.EqualFold(name[len(name)-3:], "pwd") && strings.HasPrefix(value, "/")
}

// isCount tells "fail=1 pass=128" from a password.
func isCount(name, value string) bool {
	return strings.EqualFold(name, "pass") && len(value) < 6 && strings.Trim(value, "0123456789") == ""
}

// isRemoved tells what was removed already, before the backslashes of a quote.
func isRemoved(value string) bool { return strings.TrimRight(value, `\`) == removed }

// isToldHonestly tells "shop/db-password:v1", "pull secret db-password: not found",
// "invalid_token: authorization failed" and "PWD: /root".
func isToldHonestly(before, name, value string) bool {
	return isRemoved(value) || isFolder(name, value) || strings.HasSuffix(strings.ToLower(name), "_token") && isPlain(value) || slices.Contains(afterNames, strings.ToLower(strings.TrimRight(value, ".:"))) || before == "/" && tagged.MatchString(value)
}

// isRandom tells what nobody would write: letters and figures mixed. Names of objects
// have small letters and dashes only.
func isRandom(value string) bool {
	const (
		figures  = "0123456789"
		capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		small    = "abcdefghijklmnopqrstuvwxyz"
	)
	switch {
	case !strings.ContainsAny(value, figures) || !strings.ContainsAny(value, capitals+small):
		return false
	case strings.ContainsAny(value, capitals):
		return true
	case len(value) >= 32 && strings.Trim(value, figures+"abcdef-") == "": // a UUID, a sum
		return true
	default:
		return !strings.ContainsAny(value, "-/")
	}
}
