package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// readMetadata takes what the package's METADATA block says.
func (p *Policy) readMetadata(m *ast.Module) Errors {
	var faults Errors
	for _, a := range m.Annotations {
		if a.Scope != "package" && a.Scope != "subpackages" {
			continue
		}
		if a.Title != "" {
			p.Title = a.Title
		}
		if a.Description != "" {
			p.Description = a.Description
		}
		for _, r := range a.RelatedResources {
			p.Related = append(p.Related, r.Ref.String())
		}
		keys := slices.Sorted(maps.Keys(a.Custom))
		for _, key := range keys {
			if message := p.setCustom(key, a.Custom[key]); message != "" {
				faults = append(faults, faultAt(a.Location, "", "METADATA custom.%s %s", key, message))
			}
		}
	}
	return faults
}

// setCustom takes one key of METADATA's `custom`; unknown keys are other tools'.
func (p *Policy) setCustom(key string, v any) string {
	switch key {
	case "id":
		return setString(&p.ID, v)
	case "severity":
		return setSeverity(&p.Severity, v)
	case "recommended_action":
		return setString(&p.RecommendedAction, v)
	case "trust_domain":
		return setString(&p.TrustDomain, v)
	case "tags":
		return setStrings(&p.Tags, v)
	case "explains":
		return setStrings(&p.Explains, v)
	case "explains_from":
		return setSeverity(&p.ExplainsFrom, v)
	case "optional_evidence":
		return setStrings(&p.Optional, v)
	case "params":
		params, ok := v.(map[string]any)
		if !ok {
			return "must be a mapping of names to defaults"
		}
		p.Params = params
	case "profiles":
		return p.setProfiles(v)
	case "controls":
		return p.setControls(v)
	}
	return ""
}

// setProfiles reads other defaults of parameters, by profile.
func (p *Policy) setProfiles(v any) string {
	profiles, ok := v.(map[string]any)
	if !ok {
		return "must be a mapping of profiles to parameters"
	}
	p.Profiles = map[string]map[string]any{}
	for name, params := range profiles {
		if p.Profiles[name], ok = params.(map[string]any); !ok {
			return name + " must be a mapping of parameters to values"
		}
	}
	return ""
}

func (p *Policy) setControls(v any) string {
	controls, ok := v.(map[string]any)
	if !ok {
		return "must be a mapping of frameworks to lists of ids"
	}
	p.Controls = map[string][]string{}
	for framework, ids := range controls {
		var list []string
		if message := setStrings(&list, ids); message != "" {
			return framework + " " + message
		}
		p.Controls[framework] = list
	}
	return ""
}

func setSeverity(target *string, v any) string {
	if message := setString(target, v); message != "" {
		return message
	}
	if !slices.Contains(report.Severities, *target) {
		return fmt.Sprintf("is %q; it is one of %v", *target, report.Severities)
	}
	return ""
}

func setString(target *string, v any) string {
	s, ok := v.(string)
	if !ok {
		return "must be text"
	}
	*target = s
	return ""
}

func setStrings(target *[]string, v any) string {
	list, ok := v.([]any)
	if !ok {
		return "must be a list"
	}
	for _, item := range list {
		*target = append(*target, fmt.Sprint(item))
	}
	return ""
}

// mergeParams lays a profile's parameters over the defaults and the given ones over
// both; an unknown profile, id or key is an error, because a misspelt one would
// silently not count.
func mergeParams(policies []*Policy, profile string, given map[string]map[string]any, place func(id, key string) (string, int)) (map[string]map[string]any, Errors) {
	merged := map[string]map[string]any{}
	byID := map[string]*Policy{}
	profiles := map[string]bool{}
	var faults Errors
	for _, p := range policies {
		byID[p.ID] = p
		if len(p.Params) > 0 {
			merged[p.ID] = maps.Clone(p.Params)
		}
		for _, name := range slices.Sorted(maps.Keys(p.Profiles)) {
			profiles[name] = true
			inMetadata := func(string, string) (string, int) { return p.File, p.Line }
			faults = append(faults, p.lay(merged[p.ID], p.Profiles[name], name == profile, inMetadata)...)
		}
	}
	if profile != "" && !profiles[profile] {
		faults = append(faults, &Fault{Message: fmt.Sprintf("no policy knows the profile %q", profile), Hint: fmt.Sprintf("profiles are %v", slices.Sorted(maps.Keys(profiles)))})
	}
	if place == nil {
		place = func(string, string) (string, int) { return "", 0 }
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		p, ok := byID[id]
		if !ok {
			f := &Fault{Message: fmt.Sprintf("parameters for policy %q, which does not exist", id), Hint: "`regpolicy list` shows the ids"}
			f.File, f.Line = place(id, "")
			faults = append(faults, f)
			continue
		}
		faults = append(faults, p.lay(merged[id], given[id], true, place)...)
	}
	return merged, faults
}

// lay checks parameters and, where they count, puts them over others.
func (p *Policy) lay(over, params map[string]any, counts bool, place func(id, key string) (string, int)) Errors {
	var faults Errors
	wrong := func(key, hint, format string, args ...any) {
		f := &Fault{Message: fmt.Sprintf(format, args...), Hint: hint}
		f.File, f.Line = place(p.ID, key)
		faults = append(faults, f)
	}
	for _, key := range slices.Sorted(maps.Keys(params)) {
		known, ok := p.Params[key]
		switch {
		case !ok:
			wrong(key, fmt.Sprintf("it has %v", slices.Sorted(maps.Keys(p.Params))), "policy %q has no parameter %q", p.ID, key)
		case kindOf(known) != kindOf(params[key]):
			wrong(key, fmt.Sprintf("its default is %v", known), "parameter %q of policy %q is a %s, not a %s", key, p.ID, kindOf(known), kindOf(params[key]))
		case beyond(params[key]):
			// Days, bits and counts: below zero a threshold would quietly turn its check off.
			wrong(key, fmt.Sprintf("its default is %v; a waiver or --exclude %s leaves the policy out", known, p.ID),
				"parameter %q of policy %q is %v, and must be a number from zero on", key, p.ID, params[key])
		case counts:
			over[key] = params[key]
		}
	}
	return faults
}

// beyond tells whether a number is below zero, endless or none.
func beyond(v any) bool {
	n, ok := number(v)
	return ok && !(n >= 0 && n <= math.MaxFloat64)
}

// kindOf is the JSON kind of a parameter's value: a number where a list is wanted
// would make every rule over it undefined.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "text"
	case []any:
		return "list"
	case map[string]any:
		return "mapping"
	default:
		return "number"
	}
}
