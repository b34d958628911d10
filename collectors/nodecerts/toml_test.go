package nodecerts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// Every part of a key counts, wherever it stands.
func TestTOMLOfTooManyKeys(t *testing.T) {
	t.Parallel()
	const refused = "it has more than 10000 keys, which are not read"
	for name, test := range map[string]struct {
		line string // with a number
		keys int    // in a line
	}{
		"settings":              {"a%d = 1\n", 1},
		"sections":              {"[a%d]\n", 1},
		"tables of arrays":      {"[[a%d]]\n", 1},
		"dotted keys":           {"a%d.b = 1\n", 2},
		"inline tables":         {"a%d = {b = 1, c = 1, d = 1}\n", 4},
		"tables within a list":  {"a%d = [[{b = 1}]]\n", 2},
		"tables within a table": {"a%d = {b = {c.d = 1}}\n", 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := func(n int) []byte {
				var out strings.Builder
				for i := range n {
					fmt.Fprintf(&out, test.line, i)
				}
				return []byte(out.String())
			}
			most := nodecerts.MaxConfigKeys / test.keys
			if err := nodecerts.ParseConfig(lines(most)); err != nil {
				t.Errorf("%d lines: %v", most, err)
			}
			for what, err := range map[string]error{
				"config.toml": nodecerts.ParseConfig(lines(most + 1)),
				"hosts.toml":  second(nodecerts.ParseHosts(lines(most + 1))),
			} {
				if err == nil || err.Error() != refused {
					t.Errorf("%s of %d lines: got %v, want %s", what, most+1, err, refused)
				}
			}
		})
	}
}

func second(_ int, err error) error { return err }
