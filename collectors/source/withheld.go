package source

import (
	"encoding/base64"
	"regexp"
	"slices"
)

// masks are what tools write in place of a secret's value: oc its length,
// troubleshoot a word, alone or within the value.
var masks = []*regexp.Regexp{
	regexp.MustCompile(`^[0-9]{1,9} bytes long$`),
	regexp.MustCompile(`\*\*\*(?:HIDDEN|TOKEN_[A-Za-z0-9_]+)\*\*\*`),
}

// Masked tells a text that a tool has masked, wholly or in part.
func Masked(text string) bool {
	return slices.ContainsFunc(masks, func(mask *regexp.Regexp) bool { return mask.MatchString(text) })
}

// withhold takes masked values out of a Secret or ConfigMap: they are nothing that
// anybody has configured.
func withhold(o Object) *Withheld {
	if o.APIVersion() != "v1" || !isLookedUp(o.Kind()) {
		return nil
	}
	var keys []string
	for _, section := range []string{"data", "stringData", "binaryData"} {
		values := mapping(o.Map, section)
		for key, value := range values {
			s, _ := value.(string)
			decoded, _ := base64.StdEncoding.DecodeString(s) // where it is none, s itself may be masked
			if Masked(s) || Masked(string(decoded)) {
				delete(values, key)
				keys = append(keys, key)
			}
		}
	}
	if keys == nil {
		return nil
	}
	slices.Sort(keys)
	return &Withheld{Keys: keys}
}
