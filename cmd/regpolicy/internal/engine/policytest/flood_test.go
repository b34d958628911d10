package policytest

import (
	"testing"
	"testing/fstest"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestSuitesTakeLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _, _ = readSuite(fstest.MapFS{"suite.yaml": {Data: text}}, "suite.yaml") })
}
