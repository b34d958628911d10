package source

import (
	"bytes"
	"io"
	"os"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// largeDocument is from how many bytes on a document is worth reading in parts.
const largeDocument = 4 << 20

// inParts reads an evidence document in parts, if the file, of which head was read, is
// one. Where anything is wrong with it, or it is something else, the file is as it was:
// what is wrong is told of the whole.
func (o *opener) inParts(name string, f *os.File, head []byte) (bool, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{")) {
		return false, nil
	}
	most := min(o.limits.FileBytes, o.limits.TotalBytes-o.bytes)
	whole := io.MultiReader(bytes.NewReader(head), f)
	doc, text, err := evidence.DecodeFrom(io.LimitReader(whole, most+1), o.left)
	if err != nil || int64(text.Size) > most {
		if _, err := f.Seek(int64(len(head)), io.SeekStart); err != nil {
			return false, statError(name, err)
		}
		return false, nil
	}
	o.in.Documents = append(o.in.Documents, Document{Name: name, SHA256: text.SHA256, Read: doc, Text: text})
	return true, o.spend(name, int64(text.Size))
}
