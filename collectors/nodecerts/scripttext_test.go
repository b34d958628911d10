package nodecerts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// Sites may allow nothing but this text, by its digest: a change is told in the
// release notes.
const commandDigest = "9298c07ef0f0386400bbe43c73a216d8b19eea3744ffe46ccff5f9439480b408"

func TestCommandIsStable(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte(nodecerts.Command()))
	if got := hex.EncodeToString(sum[:]); got != commandDigest {
		t.Errorf("the command's digest is %s, it was %s", got, commandDigest)
	}
	if script := nodecerts.Script(); strings.Contains(script, "'") || len(script) > 4<<10 {
		t.Errorf("the script has %d bytes", len(script))
	}
}
