package certificate_test

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestExamineTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(raw []byte) { certificate.Examine(raw) })
}
