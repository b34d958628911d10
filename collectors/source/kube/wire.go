package kube

import (
	"bytes"
	"encoding/binary"

	"k8s.io/apimachinery/pkg/runtime"
)

// keep are the fields of a protobuf message that somebody reads, by number: whole, or
// of a message within it those of another keep. Of a pod's bytes most are neither
// about images nor about its state, and decoding them costs several times what
// skipping them does.
type keep map[uint32]keep

var (
	keptMeta = keep{1: nil, 3: nil, 5: nil, 6: nil, 8: nil, 11: nil, 12: nil} // name, namespace, uid, version, creation, labels, annotations

	keptContainer = keep{1: nil, 2: nil, 14: nil} // name, image, imagePullPolicy
	keptStatus    = keep{1: nil, 2: nil}          // name, state
	keptPod       = keep{
		1: {1: nil, 3: nil, 5: nil, 12: nil}, // name, namespace, uid, annotations
		2: { // spec
			1: {2: {30: nil}}, // volumes' images
			2: keptContainer, 20: keptContainer, 34: {1: keptContainer},
			8: nil, 10: nil, 15: nil, // serviceAccountName, nodeName, imagePullSecrets
		},
		3: { // status
			1: nil, 2: {1: nil, 2: nil}, // phase, conditions' type and status
			8: keptStatus, 10: keptStatus, 13: keptStatus,
		},
	}
	keptEvent = keep{
		1: keptMeta, 2: nil, 3: nil, 4: nil, 5: nil, 6: nil, 7: nil, 8: nil, 9: nil,
		10: nil, 11: nil, 12: nil, 13: nil, 14: nil, 15: nil,
	}
	keptNode = keep{1: keptMeta, 2: nil, 3: nil}
)

const (
	wireVarint = 0
	wireEight  = 1
	wireBytes  = 2
	wireFour   = 5
)

// field is one field of a message as it is encoded.
type field struct {
	number, kind uint32
	whole        []byte // with the tag
	value        []byte // of wireBytes
}

// next takes the first field off a message. It fails on what no message has.
func next(message []byte) (f field, rest []byte, ok bool) {
	tag, n := binary.Uvarint(message)
	if n <= 0 {
		return field{}, message, false
	}
	f.number, f.kind = uint32(tag>>3), uint32(tag&7) //nolint:gosec // as the decoder of the types does
	size, left := n, len(message)-n
	switch f.kind {
	case wireVarint:
		_, n = binary.Uvarint(message[size:])
		size, ok = size+n, n > 0
	case wireEight:
		size, ok = size+8, left >= 8
	case wireFour:
		size, ok = size+4, left >= 4
	case wireBytes:
		length, n := binary.Uvarint(message[size:])
		if ok = n > 0 && length <= uint64(left-n); ok { //nolint:gosec // n is at most left
			size += n
			f.value = message[size : size+int(length)] //nolint:gosec // no more than there is
			size += int(length)                        //nolint:gosec // as above
		}
	}
	if !ok {
		return field{}, message, false
	}
	f.whole = message[:size]
	return f, message[size:], true
}

// trim appends what is kept of a message. From where it makes no sense all is kept,
// for the decoder to judge.
func (k keep) trim(out, message []byte) []byte {
	for len(message) > 0 {
		f, rest, ok := next(message)
		if !ok {
			return append(out, message...)
		}
		message = rest
		within, kept := k[f.number]
		switch {
		case !kept:
		case within == nil || f.kind != wireBytes:
			out = append(out, f.whole...)
		default:
			head := f.whole[:len(f.whole)-len(f.value)]
			start := len(out)
			out = append(out, head...)
			inner := len(out)
			out = within.trim(out, f.value)
			_, tag := binary.Uvarint(head)
			putLength(out[start+tag:inner], len(out)-inner)
		}
	}
	return out
}

// putLength writes a length into as many bytes as there are, which held a larger one.
func putLength(at []byte, length int) {
	for i := range at {
		at[i] = byte(length&0x7f | 0x80) //nolint:gosec // seven bits of it
		length >>= 7
	}
	at[len(at)-1] &^= 0x80
}

// decodeList decodes a page of a list, of protobuf only what is kept. Its errors are
// those of decode.
func decodeList[T any, P interface {
	*T
	Unmarshal([]byte) error
}](a answer, kind string, kept keep) (chunk[T], error) {
	var none chunk[T]
	raw, err := listOf(a, kind)
	if err != nil {
		return none, err
	}
	var page chunk[T]
	items := 0
	for rest := raw; len(rest) > 0; {
		f, after, ok := next(rest)
		if !ok {
			return none, notKubernetes(kind)
		}
		rest = after
		if f.number == 2 {
			items++
		}
	}
	page.items = make([]T, 0, min(items, maxPrepared))
	var scratch []byte
	for rest := raw; len(rest) > 0; {
		f, after, _ := next(rest)
		rest = after
		if f.number != 1 && f.number != 2 {
			continue
		}
		if f.kind != wireBytes {
			return none, notKubernetes(kind)
		}
		if f.number == 1 {
			err = page.meta.Unmarshal(f.value)
		} else {
			scratch = kept.trim(scratch[:0], f.value)
			page.items = append(page.items, *new(T))
			err = P(&page.items[len(page.items)-1]).Unmarshal(scratch)
		}
		if err != nil {
			return none, notKubernetes(kind)
		}
	}
	return page, nil
}

// maxPrepared is for how many objects of a page room is made before one is decoded.
const maxPrepared = 10_000

// listOf is the list within a protobuf answer, which must be of the given kind.
func listOf(a answer, kind string) ([]byte, error) {
	message, ok := bytes.CutPrefix(a.body, protobufMagic)
	if !ok {
		return nil, notKubernetes(kind)
	}
	var head, raw []byte
	for len(message) > 0 {
		f, rest, ok := next(message)
		if !ok {
			return nil, notKubernetes(kind)
		}
		message = rest
		if f.number == 2 && f.kind == wireBytes {
			raw = f.value
		} else {
			head = append(head, f.whole...)
		}
	}
	var envelope runtime.Unknown
	if envelope.Unmarshal(head) != nil {
		return nil, notKubernetes(kind)
	}
	if envelope.Kind != kind {
		return nil, wrongKind(envelope.Kind, kind)
	}
	return raw, nil
}
