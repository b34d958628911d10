// Package flood makes large inputs of the kinds that make parsers slow, for tests,
// and tells whether a parser's time and memory grow with its input alone.
package flood

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	// quick is a time in which no parser is called slow.
	quick = 700 * time.Millisecond
	// growth is how much more four times the input may cost: in time proportional
	// to its square it would be 16.
	growth = 9
	// slack is what a parser may take in memory whatever its input.
	slack = 32 << 20
)

// Shape is a kind of input, made at any size: never longer, so that what a parser
// takes at most is not refused.
type Shape struct {
	Name string
	Make func(size int) []byte
}

// Repeated is a text again and again.
func Repeated(name, text string) Shape {
	return Shape{name, func(size int) []byte { return []byte(strings.Repeat(text, size/len(text)+1)[:size]) }}
}

// enclosed has something before and behind what is repeated.
func enclosed(name, before, text, after string) Shape {
	return Shape{name, func(size int) []byte {
		return []byte(before + strings.Repeat(text, (size-len(before)-len(after))/len(text)) + after)
	}}
}

// nested opens again and again and closes as often.
func nested(name, open, within, end string) Shape {
	return Shape{name, func(size int) []byte {
		n := (size - len(within)) / (len(open) + len(end))
		return []byte(strings.Repeat(open, n) + within + strings.Repeat(end, n))
	}}
}

// Numbered has a line for each number.
func Numbered(name, before, format string) Shape {
	return Shape{name, func(size int) []byte {
		out := []byte(before)
		for i := 0; ; i++ {
			end := len(out)
			if out = fmt.Appendf(out, format, i); len(out) > size {
				return out[:end]
			}
		}
	}}
}

// layered is base64 of base64 and so on.
func layered(name, text string) Shape {
	return Shape{name, func(size int) []byte {
		encoded := text
		for base64.StdEncoding.EncodedLen(len(encoded)) <= size {
			encoded = base64.StdEncoding.EncodeToString([]byte(encoded))
		}
		return []byte(encoded)
	}}
}

// Shapes are those that fit any text; a test adds those of its own format.
func Shapes() []Shape {
	return []Shape{
		Repeated("PEM headers without an end", "-----BEGIN CERTIFICATE-----\n"),
		Repeated("PEM ends without a beginning", "-----END CERTIFICATE-----\n"),
		Repeated("short PEM blocks", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
		Repeated("glued PEM blocks", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"),
		Repeated("PEM blocks of other labels", "-----BEGIN A-----\nMAA=\n-----END B-----\n"),
		Repeated("PEM headers in a block", "-----BEGIN A-----\nProc-Type: 4\n"),
		Repeated("private keys without an end", "-----BEGIN PRIVATE KEY-----\n"),
		enclosed("one PEM block of headers", "-----BEGIN CERTIFICATE-----\n", "a: b\n", "-----END CERTIFICATE-----\n"),
		Repeated("dashes", "-"),
		Repeated("dashes and BEGIN", "-BEGIN "),
		Repeated("one word", "a"),
		Repeated("digits", "1"),
		Repeated("spaces", " "),
		Repeated("line ends", "\n"),
		Repeated("carriage returns", "\r"),
		Repeated("zero bytes", "\x00"),
		Repeated("bytes that are no UTF-8", "\xff"),
		Repeated("combining characters", "e\u0301"),
		Repeated("backslashes", "\\"),
		Repeated("double quotes", `"`),
		Repeated("single quotes", "'"),
		Repeated("backticks", "`"),
		Repeated("colons", ": "),
		Repeated("commas", ","),
		Repeated("equals signs", "="),
		Repeated("comments", "# a\n"),
		Repeated("continued lines", "a\\\n"),
		Repeated("lines of one letter", "a\n"),
		Repeated("indented lines", " a\n"),
		Repeated("base64", "QUFB"),
		layered("base64 in base64", "-----BEGIN CERTIFICATE-----\n"),
		Repeated("brackets", "["),
		Repeated("braces", "{"),
		Repeated("parentheses", "("),
		Repeated("keys within keys", `{"a":`),
		Repeated("YAML maps within maps", "{a: "),
		nested("lists within lists", "[", "", "]"),
		nested("objects within objects", `{"a":`, "1", "}"),
		Repeated("sequences in one line", "- "),
		Repeated("keys in one line", "? "),
		Repeated("anchors", "&a "),
		Repeated("aliases", "*a "),
		Repeated("tags", "!a "),
		Repeated("documents", "---\n"),
		Repeated("JSON documents", "{}\n"),
		Repeated("directives", "%A\n"),
		Repeated("comments and directives", "# a\n%A b\n"),
		Numbered("keys", "", "a%d: 1\n"),
		Numbered("settings", "", "a%d = 1\n"),
		Numbered("sections", "", "[a%d]\nb = 1\n"),
		Numbered("a flow map of keys", "{", "\"a%d\": 1,\n"),
		Numbered("anchors and aliases", "a: &a [1]\n", "b%d: *a\n"),
		enclosed("one string", `{"a":"`, "x", `"}`),
		enclosed("one escaped string", `{"a":"`, `\u0000`, `"}`),
		enclosed("one number", `{"a":`, "1", "}"),
		enclosed("one block of text", "a: |\n", " x\n", "b: 1\n"),
		enclosed("a plain text of many lines", "a:\n", " x\n", "b: 1\n"),
		Repeated("dotted names", "a."),
		enclosed("a setting of a dotted name", "", "a.", "a = 1\n"),
		Repeated("tables of arrays", "[[a]]\n"),
		Repeated("URLs", "https://a:b@c/ "),
		Repeated("schemes", "a://"),
		Repeated("logins", "a:b@"),
		Repeated("at signs", "@"),
		enclosed("words before an at sign", "", "a", ":b@c"),
		Repeated("tokens", "token="),
		Repeated("JSON web tokens without an end", "eyJaaaaaaaa."),
		Repeated("errors within errors", "failed to pull and unpack image: "),
		Repeated("quoted errors", `Get "https://h/v2/": `),
		Repeated("percent signs", "%41"),
		Repeated("slashes", "/"),
		Repeated("parent folders", "../"),
		Repeated("stars", "*"),
		Repeated("markup", "<a>"),
		Repeated("key and value", "a=\"b\" "),
	}
}

// cost runs a parser and tells its CPU time and what it allocated.
func cost(parse func([]byte), input []byte) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := spent()
	parse(input)
	took := spent() - start
	runtime.ReadMemStats(&after)
	return took, after.TotalAlloc - before.TotalAlloc
}

// Linear holds a parser against every shape: four times the input may not cost
// nine times the time or memory. What is quick anyway is not held against that, and
// time is measured again before it is called too long. No other test may run beside it.
func Linear(t *testing.T, parse func([]byte), more ...Shape) {
	t.Helper()
	LinearUpTo(t, Size, parse, more...)
}

// LinearUpTo is Linear for a parser that refuses what is longer than size.
func LinearUpTo(t *testing.T, size int, parse func([]byte), more ...Shape) {
	t.Helper()
	for _, shape := range append(Shapes(), more...) {
		most := min(size, Size)
		small, large := shape.Make(most/4), shape.Make(most)
		if len(large) > most {
			t.Errorf("%s: %d bytes, want at most %d", shape.Name, len(large), most)
		}
		took, memory := cost(parse, large)
		least, lessMemory := cost(parse, small)
		for range 4 {
			if took < quick || took < growth*least {
				break
			}
			again, _ := cost(parse, large)
			took = min(took, again)
		}
		if took >= quick && took >= growth*least {
			t.Errorf("%s: %d bytes take %s, a quarter of them %s", shape.Name, len(large), took, least)
		}
		if memory > slack+growth*lessMemory {
			t.Errorf("%s: %d bytes take %d bytes of memory, a quarter of them %d", shape.Name, len(large), memory, lessMemory)
		}
	}
}
