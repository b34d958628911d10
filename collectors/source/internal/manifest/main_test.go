package manifest

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testLimits = Limits{Depth: 100, Values: 100_000, Nodes: 100_000}
