package nodecerts_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the program of the child process in which Go's own loading of
// system roots is observed, see goview_test.go.
func TestMain(m *testing.M) {
	if chain := os.Getenv(verifyVariable); chain != "" {
		os.Exit(verifyChild(chain))
	}
	goleak.VerifyTestMain(m)
}
