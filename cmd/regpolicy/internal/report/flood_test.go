package report_test

import (
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestReadTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _ = report.Read(text) })
}
