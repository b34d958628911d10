package nodecerts

import (
	"bytes"
	"strings"
)

const (
	pemBegin = "-----BEGIN CERTIFICATE-----"
	pemEnd   = "-----END CERTIFICATE-----"
	dashes   = "-----"
	// oddKey stands for anything that is no faultless block.
	oddKey = "kX"
)

// blockKeys returns a key for each certificate block of a text, in order: "k" and
// the block's base64, with + / = spelt _p _s _e. Equal keys mean equal blocks.
// Whatever else has PEM's dashes, a block that does not end, or one that holds
// anything but base64 gives oddKey. Other lines count for nothing.
//
// It is the script's sed program K, which uses the keys as names of variables; the
// two must agree.
func blockKeys(text []byte) []string {
	var keys []string
	var block strings.Builder
	open := false
	lines := splitLines(text)
	for i, line := range lines {
		last := i == len(lines)-1
		switch {
		case string(line) == pemBegin:
			if last || open {
				keys = append(keys, oddKey)
			}
			if last && open {
				keys = append(keys, oddKey)
			}
			open = true
			block.Reset()
			continue
		case string(line) == pemEnd:
			keys = append(keys, blockKey(open, block.String()))
			open = false
			block.Reset()
			continue
		case bytes.Contains(line, []byte(dashes)):
			keys = append(keys, oddKey)
			line = []byte(oddKey)
		}
		block.Write(line)
		if last && open {
			keys = append(keys, oddKey)
		}
	}
	return keys
}

// splitLines splits as sed does: a final newline ends the last line.
func splitLines(text []byte) [][]byte {
	if len(text) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

func blockKey(open bool, base64 string) string {
	if !open {
		return oddKey
	}
	var key strings.Builder
	key.Grow(len(base64) + 64)
	key.WriteByte('k')
	for i := range len(base64) {
		switch c := base64[i]; {
		case c == '+':
			key.WriteString("_p")
		case c == '/':
			key.WriteString("_s")
		case c == '=':
			key.WriteString("_e")
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			key.WriteByte(c)
		default:
			return oddKey
		}
	}
	if key.Len() == 1 {
		return oddKey
	}
	return key.String()
}

// blockIndex maps keys to their 1-based places in the bundle; of equal blocks the
// last counts.
type blockIndex map[string]int

func indexBlocks(bundle []byte) blockIndex {
	index := blockIndex{}
	for i, key := range blockKeys(bundle) {
		if key != oddKey {
			index[key] = i + 1
		}
	}
	return index
}

// members returns the places of a file's blocks in the bundle, or nil when the
// file holds anything else, or nothing.
func (index blockIndex) members(text []byte) []int {
	var places []int
	for _, key := range blockKeys(text) {
		place, ok := index[key]
		if !ok {
			return nil
		}
		places = append(places, place)
	}
	return places
}

// memberBlocks returns the blocks of a bundle as PEM, by place minus one; nil for
// what is no faultless block.
func memberBlocks(bundle []byte) [][]byte {
	var blocks [][]byte
	for _, key := range blockKeys(bundle) {
		if key == oddKey {
			blocks = append(blocks, nil)
			continue
		}
		blocks = append(blocks, unkey(key))
	}
	return blocks
}

var keySpelling = strings.NewReplacer("_p", "+", "_s", "/", "_e", "=")

func unkey(key string) []byte {
	base64 := keySpelling.Replace(key[1:])
	var out bytes.Buffer
	out.WriteString(pemBegin + "\n")
	for len(base64) > 0 {
		n := min(64, len(base64))
		out.WriteString(base64[:n] + "\n")
		base64 = base64[n:]
	}
	out.WriteString(pemEnd + "\n")
	return out.Bytes()
}

// thinBundle drops the indented lines with a colon or a comma that `openssl x509
// -text` writes (the script: sed '/^  .*[:,]/d').
func thinBundle(bundle []byte) []byte {
	out := make([]byte, 0, len(bundle))
	for line := range bytes.Lines(bundle) {
		if !bytes.HasPrefix(line, []byte("  ")) || !bytes.ContainsAny(line[2:], ":,") {
			out = append(out, line...)
		}
	}
	return bytes.ReplaceAll(out, []byte{0}, nil)
}

// asSubstituted is what a shell's command substitution leaves of a text.
func asSubstituted(text []byte) []byte {
	return bytes.TrimRight(bytes.ReplaceAll(text, []byte{0}, nil), "\n")
}

// withoutKeys cuts what is between the labels of private keys, as the script's
// sed program does; false means that there are none.
func withoutKeys(text []byte) ([]byte, bool) {
	const label = "PRIVATE KEY-"
	if !bytes.Contains(text, []byte(label)) {
		return text, false
	}
	var out []byte
	inside := false
	for _, line := range splitLines(text) {
		if i := bytes.Index(line, []byte("PRIVATE KEY-----")); i >= 0 {
			line = line[:i+len("PRIVATE KEY-----")]
		}
		labelled := bytes.Contains(line, []byte(label))
		if inside && !labelled {
			continue
		}
		switch {
		case inside:
			inside = !keyLabel(line, "END")
		case labelled:
			inside = keyLabel(line, "BEGIN")
		}
		out = append(append(out, line...), '\n')
	}
	return asSubstituted(out), true
}

// keyLabel tells whether a line matches WORD.*PRIVATE KEY-.
func keyLabel(line []byte, word string) bool {
	i := bytes.Index(line, []byte(word))
	return i >= 0 && bytes.Contains(line[i+len(word):], []byte("PRIVATE KEY-"))
}
