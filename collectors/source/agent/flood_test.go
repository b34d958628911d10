package agent

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestReadTakesLinearTime(t *testing.T) {
	head := "regpolicy-frame/1 0123456789abcdef "
	flood.Linear(t, func(text []byte) { _, _ = Read(text) },
		flood.Repeated("begun frames", head+"1/2 QUFB\n"), flood.Repeated("ended frames", head+"end 0\n"), flood.Numbered("parts", "", head+"%d/999999 QUFB\n"))
}
