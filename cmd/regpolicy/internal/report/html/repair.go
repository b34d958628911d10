package html

import "strings"

// block is a part of a text for people: prose, or commands to copy.
type block struct {
	Code  bool
	Text  string
	Parts []part
}

// part is a piece of prose; Code was between backticks.
type part struct {
	Code bool
	Text string
}

// blocks reads the light markup of remediations: lines that are indented or begin
// with kubectl are commands, backticks mark code.
func blocks(text string) []block {
	var out []block
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		code := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "kubectl ")
		line = show(strings.TrimRight(line, " \r"))
		if n := len(out); code && n > 0 && out[n-1].Code {
			out[n-1].Text += "\n" + line
			continue
		}
		if line == "" {
			continue
		}
		b := block{Code: code, Text: line}
		if !code {
			b.Parts = parts(line)
		}
		out = append(out, b)
	}
	for i := range out {
		if out[i].Code {
			out[i].Text = dedent(out[i].Text)
		}
	}
	return out
}

// parts splits prose at pairs of backticks.
func parts(text string) []part {
	pieces := strings.Split(text, "`")
	if len(pieces)%2 == 0 { // one is alone, and means itself
		last := len(pieces) - 1
		pieces[last-1] += "`" + pieces[last]
		pieces = pieces[:last]
	}
	var out []part
	for i, piece := range pieces {
		if piece != "" {
			out = append(out, part{Code: i%2 == 1, Text: piece})
		}
	}
	return out
}

func dedent(text string) string {
	all := strings.Split(text, "\n")
	least := len(text)
	for _, line := range all {
		if line != "" {
			least = min(least, len(line)-len(strings.TrimLeft(line, " ")))
		}
	}
	for i, line := range all {
		all[i] = line[min(least, len(line)):]
	}
	return strings.Join(all, "\n")
}
