// Package variable tells which environment variables are meant as settings and are none.
package variable

import (
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Prefix begins the name of each setting's variable.
const Prefix = "REGPOLICY_"

// Of is the variable of a flag.
func Of(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Stray is a variable that no flag has.
type Stray struct {
	Name string
	// Near is the flag that may be meant, "" for none.
	Near string
}

// foreign are variables that others set: Kubernetes for each Service whose name begins
// with regpolicy, in every pod of its namespace, and the library behind completion.
var foreign = regexp.MustCompile(`^REGPOLICY_(?:(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)|ACTIVE_HELP|COMPLETION_\w+)$`)

// Strays are the variables of an environment ("NAME=value") that are set, begin as a
// setting's does, and are no flag's; sorted.
func Strays(environ, flags []string) []Stray {
	known := map[string]bool{}
	for _, flag := range flags {
		known[Of(flag)] = true
	}
	var out []Stray
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, Prefix) || value == "" || known[name] || foreign.MatchString(name) {
			continue
		}
		out = append(out, Stray{name, Near(strings.TrimPrefix(name, Prefix), flags)})
	}
	slices.SortFunc(out, func(a, b Stray) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}

// Near is the flag that a misspelt name may mean, however it parts its words; "" for none.
func Near(name string, flags []string) string {
	const longest = 64
	if len(name) > longest {
		return ""
	}
	plain := strings.NewReplacer("-", "", "_", "")
	name = plain.Replace(strings.ToLower(name))
	near, least := "", 0
	for _, flag := range slices.Sorted(slices.Values(flags)) {
		other := plain.Replace(flag)
		distance := levenshtein.ComputeDistance(name, other)
		if distance <= max(1, len(other)/4) && (near == "" || distance < least) {
			near, least = flag, distance
		}
	}
	return near
}
