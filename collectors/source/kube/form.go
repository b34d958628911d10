package kube

import (
	"fmt"
	"regexp"
	"strings"
)

// formHint is the cure of a file that is no kubeconfig.
const formHint = "name a kubeconfig, a mapping such as `kubectl config view --raw` writes"

// client-go hands on only the text of what a decoder said, with types of Go.
var (
	ofOtherForm = regexp.MustCompile(`error loading config file "(.*?)": (?:couldn't get version/kind; json parse error: )?json: cannot unmarshal (\w+).*? into Go (?:struct field \w*\.(\S+)|value) of type (\S+)`)
	ofOtherKind = regexp.MustCompile(`error loading config file "(.*?)": no kind (".*?") is registered for version (".*?")`)
)

// otherForm says in plain words that a file has another form than a kubeconfig; nil
// where the text of client-go's error is about something else.
func otherForm(text string) error {
	if found := ofOtherKind.FindStringSubmatch(text); found != nil {
		return &LoadError{fmt.Errorf("%q is no kubeconfig: it is of kind %s and version %s", found[1], found[2], found[3]), formHint}
	}
	found := ofOtherForm.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	place := "it"
	if found[3] != "" {
		place = fmt.Sprintf("%q", found[3])
	}
	return &LoadError{fmt.Errorf("%q is no kubeconfig: %s holds %s, not %s", found[1], place, formOf(found[2]), formOfType(found[4])), formHint}
}

// formOf names a value's form as people who write YAML do.
func formOf(json string) string {
	switch json {
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "string":
		return "text"
	case "bool":
		return "true or false"
	default:
		return "a " + json
	}
}

func formOfType(name string) string {
	switch {
	case strings.HasPrefix(name, "[]uint8"), name == "string":
		return "text"
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case name == "bool":
		return "true or false"
	default:
		return "a mapping"
	}
}
