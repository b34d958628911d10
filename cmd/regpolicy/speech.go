package main

import (
	"slices"

	"github.com/spf13/pflag"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

// speechFlag is the language that a command answers in.
type speechFlag struct{ lang string }

func (f *speechFlag) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.lang, "lang", "", "language of titles, messages and remediations: en or de (default: for text the locale's, else en)")
}

func (f *speechFlag) check() error {
	if f.lang == "" {
		return nil
	}
	return checkOneOf("lang", f.lang, language.English, language.German)
}

// speech is a language; without a catalogue it is English.
type speech struct {
	catalogue *language.Catalogue
	// everywhere tells that it was asked for, and not only taken from the locale.
	everywhere bool
}

// open reads the translations, where some are needed.
func (f *speechFlag) open(e *environment) (*speech, error) {
	lang := f.lang
	if lang == "" {
		lang = language.OfLocale(e.getenv)
	}
	if lang == language.English {
		return &speech{}, nil
	}
	c, err := language.Open(policies.FS)
	return &speech{catalogue: c, everywhere: f.lang != ""}, err
}

// words are the report's own; nil for English.
func (s *speech) words() report.Words {
	if s.catalogue == nil {
		return nil
	}
	return s.catalogue.Word
}

// forPeople are the formats that follow the locale. All others do so only where --lang,
// REGPOLICY_LANG or the settings name the language.
var forPeople = []string{"text"}

// policies are some policies with their texts as a format tells them.
func (s *speech) policies(some []*engine.Policy, format string) ([]*engine.Policy, error) {
	if s.catalogue == nil || !s.everywhere && !slices.Contains(forPeople, format) {
		return some, nil
	}
	out := slices.Clone(some)
	for i, p := range out {
		german, err := s.catalogue.Policy(p.Package)
		if err != nil {
			return nil, err
		}
		if german != nil {
			own := *p
			own.Title, own.Description, own.RecommendedAction = german.Title, german.Description, german.RecommendedAction
			out[i] = &own
		}
	}
	return out, nil
}

// report is a report as a format tells it.
func (s *speech) report(r *report.Report, format string) (*report.Report, error) {
	if s.catalogue == nil || !s.everywhere && !slices.Contains(forPeople, format) {
		return r, nil
	}
	return s.catalogue.Report(r)
}
