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
const commandDigest = "c567b56a3306b0ffca039a2a9754086f31a95a502104f2a782e0d9b9a4617a09"

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
