// Package language puts reports into the reader's language. English is what policies
// and this program are written in; German stands in de.yaml files, one beside each
// policy, and is matched against the English text that a policy made. So no verdict
// depends on the language.
package language

import "strings"

// The languages there are.
const (
	English = "en"
	German  = "de"
)

// OfLocale is the language of the environment's locale: of LC_ALL, LC_MESSAGES and
// LANG the first that is set decides.
func OfLocale(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		locale := getenv(name)
		if locale == "" {
			continue
		}
		if tongue, _, _ := strings.Cut(strings.ToLower(locale), "_"); tongue == German || strings.HasPrefix(tongue, German+".") {
			return German
		}
		return English
	}
	return English
}
