package nodecerts

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // OpenSSL's hash of names is SHA-1; nothing is secured by it
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// SubjectHash is the name under which OpenSSL looks a subject up in a folder of
// certificates, "a94d09e5" (X509_NAME_hash, openssl-rehash(1)): the first four
// bytes of the SHA-1 of the name in OpenSSL's canonical form. It is empty for a
// name that is no DER.
func SubjectHash(rawSubject []byte) string {
	canonical, err := canonicalName(rawSubject)
	if err != nil {
		return ""
	}
	sum := sha1.Sum(canonical) //nolint:gosec // what OpenSSL names its links by
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:4]))
}

// canonicalName is the sequence's content with each text in UTF-8, lower case and
// without superfluous white space (x509_name_canon in OpenSSL's x_name.c).
func canonicalName(rawSubject []byte) ([]byte, error) {
	var sets []asn1.RawValue
	if rest, err := asn1.Unmarshal(rawSubject, &sets); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("reading a name: %w", orTrailing(err))
	}
	var out []byte
	for _, set := range sets {
		var entries [][]byte
		for rest := set.Bytes; len(rest) > 0; {
			var entry struct {
				ID    asn1.ObjectIdentifier
				Value asn1.RawValue
			}
			var err error
			if rest, err = asn1.Unmarshal(rest, &entry); err != nil {
				return nil, fmt.Errorf("reading a name: %w", err)
			}
			entry.Value = canonicalText(entry.Value)
			encoded, err := asn1.Marshal(entry)
			if err != nil {
				return nil, fmt.Errorf("writing a name: %w", err)
			}
			entries = append(entries, encoded)
		}
		slices.SortFunc(entries, bytes.Compare)
		encoded, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: bytes.Join(entries, nil)})
		if err != nil {
			return nil, fmt.Errorf("writing a name: %w", err)
		}
		out = append(out, encoded...)
	}
	return out, nil
}

func orTrailing(err error) error {
	if err != nil {
		return err
	}
	return asn1.StructuralError{Msg: "trailing data"}
}

const (
	tagVisibleString   = 26
	tagUniversalString = 28
)

func canonicalText(v asn1.RawValue) asn1.RawValue {
	text, ok := asUTF8(v)
	if !ok || v.Class != asn1.ClassUniversal {
		return asn1.RawValue{FullBytes: v.FullBytes}
	}
	out := make([]byte, 0, len(text))
	for _, word := range bytes.FieldsFunc(text, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }) {
		if len(out) > 0 {
			out = append(out, ' ')
		}
		for _, c := range word {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			out = append(out, c)
		}
	}
	return asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: out}
}

// asUTF8 is the text of the string types that OpenSSL puts in canonical form.
func asUTF8(v asn1.RawValue) ([]byte, bool) {
	switch v.Tag {
	case asn1.TagUTF8String:
		return v.Bytes, true
	case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagT61String, tagVisibleString: // read as Latin-1
		var out []byte
		for _, c := range v.Bytes {
			out = utf8.AppendRune(out, rune(c))
		}
		return out, true
	case asn1.TagBMPString:
		if len(v.Bytes)%2 != 0 {
			return nil, false
		}
		var units []uint16
		for i := 0; i < len(v.Bytes); i += 2 {
			units = append(units, binary.BigEndian.Uint16(v.Bytes[i:]))
		}
		return []byte(string(utf16.Decode(units))), true
	case tagUniversalString:
		if len(v.Bytes)%4 != 0 {
			return nil, false
		}
		var out []byte
		for i := 0; i < len(v.Bytes); i += 4 {
			out = utf8.AppendRune(out, rune(binary.BigEndian.Uint32(v.Bytes[i:]))) //nolint:gosec // what is no rune becomes U+FFFD
		}
		return out, true
	default:
		return nil, false
	}
}
