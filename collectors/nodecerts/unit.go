package nodecerts

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// unitEnvironment is the environment that systemd gives a service, as far as the
// listing tells it.
type unitEnvironment struct {
	variables map[string]string
	// unreadable are the files that could not be read, sorted: what they set is
	// not known.
	unreadable []string
}

// environmentOf reads a unit, its drop-ins and the files that they name, in
// systemd's order (systemd.unit(5), systemd.exec(5)): a drop-in in /etc hides the
// one of the same name in /usr/lib, drop-ins are read by name, an empty
// assignment forgets what was there before, and EnvironmentFile= wins over
// Environment=.
func (a *analysis) environmentOf(unit string) unitEnvironment {
	env := unitEnvironment{variables: map[string]string{}}
	var files []string
	for _, name := range a.unitFiles(unit) {
		text, ok := a.l.text(name)
		if !ok {
			if a.l.Files[name].Status == StatusUnreadable {
				env.unreadable = append(env.unreadable, name)
			}
			continue
		}
		for _, setting := range parseUnit(text) {
			switch {
			case setting.key == "Environment" && setting.value == "":
				clear(env.variables)
			case setting.key == "Environment":
				env.assign(unitWords(setting.value))
			case setting.key == "EnvironmentFile" && setting.value == "":
				files = nil
			case setting.key == "EnvironmentFile":
				files = append(files, strings.TrimPrefix(setting.value, "-"))
			}
		}
	}
	for _, name := range files {
		name = path.Clean(name)
		if text, ok := a.l.text(name); ok {
			env.assign(environmentFile(text))
		} else if f := a.l.Files[name]; f != nil && f.Status == StatusUnreadable {
			env.unreadable = append(env.unreadable, name)
		}
	}
	slices.Sort(env.unreadable)
	return env
}

func (e *unitEnvironment) assign(words []string) {
	for _, word := range words {
		if name, value, ok := strings.Cut(word, "="); ok {
			e.variables[name] = value
		}
	}
}

// unitFiles are a unit's files in the order in which they are read, those that
// cannot be read included.
func (a *analysis) unitFiles(unit string) []string {
	var files []string
	for _, dir := range unitDirs {
		if a.l.Files[unitFile(dir, unit)] != nil {
			files = append(files, unitFile(dir, unit))
			break
		}
	}
	dropins := map[string]string{}
	for _, dir := range unitDirs {
		place := unitFile(dir, unit) + ".d"
		if f := a.l.Files[place]; f != nil && f.Status == StatusUnreadable {
			dropins[""] = place
		}
		for _, name := range a.in(place) {
			if base := path.Base(name); dropins[base] == "" {
				dropins[base] = name
			}
		}
	}
	for _, base := range slices.Sorted(maps.Keys(dropins)) {
		files = append(files, dropins[base])
	}
	return files
}

// unitSetting is one assignment in the section [Service].
type unitSetting struct{ key, value string }

func parseUnit(text []byte) []unitSetting {
	var settings []unitSetting
	service := false
	for _, line := range logicalLines(string(text)) {
		if strings.HasPrefix(line, "[") {
			service = line == "[Service]"
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && service {
			settings = append(settings, unitSetting{strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return settings
}

// logicalLines joins lines that end in a backslash and leaves comments and empty
// lines out.
func logicalLines(text string) []string {
	var lines []string
	var open strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if start, more := strings.CutSuffix(line, `\`); more {
			open.WriteString(start + " ")
			continue
		}
		open.WriteString(line)
		if whole := strings.TrimSpace(open.String()); whole != "" {
			lines = append(lines, whole)
		}
		open.Reset()
	}
	if whole := strings.TrimSpace(open.String()); whole != "" {
		lines = append(lines, whole)
	}
	return lines
}

// unitWords splits a value as systemd does; "%%" is a percent sign.
func unitWords(value string) []string {
	words := shellWords(value)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "%%", "%")
	}
	return words
}

// environmentFile reads the lines of an EnvironmentFile (systemd.exec(5)).
func environmentFile(text []byte) []string {
	var words []string
	for _, line := range logicalLines(string(text)) {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		word := strings.TrimSpace(name) + "="
		value = strings.TrimSpace(value)
		if strings.ContainsAny(value, `"'\`) {
			value = strings.Join(shellWords(value), " ")
		}
		words = append(words, word+value)
	}
	return words
}

// shellWords splits a text at blanks, with quotes and backslashes as systemd and
// os-release(5) have them. A quote that does not end runs to the end.
func shellWords(text string) []string {
	var words []string
	var word strings.Builder
	quote := rune(0)
	begun, escaped := false, false
	for _, r := range text {
		switch {
		case escaped:
			word.WriteString(unescaped(r))
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, begun = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, begun = r, true
		case quote == 0 && strings.ContainsRune(" \t\r\n", r):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

func unescaped(r rune) string {
	switch r {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 's':
		return " "
	default:
		return string(r)
	}
}
