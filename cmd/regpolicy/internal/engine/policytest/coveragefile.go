package policytest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"path/filepath"
)

// LCOV is coverage as LCOV's tracefile (geninfo(1)): which lines were reached.
func LCOV(c *Coverage) ([]byte, error) {
	var out bytes.Buffer
	for _, f := range c.Files {
		fmt.Fprintf(&out, "TN:\nSF:%s\n", filepath.ToSlash(f.File))
		hits := hitsOf(&f)
		for _, h := range hits {
			fmt.Fprintf(&out, "DA:%d,%d\n", h.Number, h.Hits)
		}
		fmt.Fprintf(&out, "LF:%d\nLH:%d\nend_of_record\n", len(hits), len(f.Reached))
	}
	return out.Bytes(), nil
}

type cobertura struct {
	XMLName  xml.Name           `xml:"coverage"`
	LineRate string             `xml:"line-rate,attr"`
	Valid    int                `xml:"lines-valid,attr"`
	Covered  int                `xml:"lines-covered,attr"`
	Branch   string             `xml:"branch-rate,attr"`
	BrValid  int                `xml:"branches-valid,attr"`
	BrCov    int                `xml:"branches-covered,attr"`
	Complex  int                `xml:"complexity,attr"`
	Version  string             `xml:"version,attr"`
	Time     int                `xml:"timestamp,attr"`
	Sources  []string           `xml:"sources>source"`
	Packages []coberturaPackage `xml:"packages>package"`
}

type coberturaPackage struct {
	Name     string           `xml:"name,attr"`
	LineRate string           `xml:"line-rate,attr"`
	Branch   string           `xml:"branch-rate,attr"`
	Complex  int              `xml:"complexity,attr"`
	Classes  []coberturaClass `xml:"classes>class"`
}

type coberturaClass struct {
	Name     string    `xml:"name,attr"`
	File     string    `xml:"filename,attr"`
	LineRate string    `xml:"line-rate,attr"`
	Branch   string    `xml:"branch-rate,attr"`
	Complex  int       `xml:"complexity,attr"`
	Methods  struct{}  `xml:"methods"`
	Lines    []lineHit `xml:"lines>line"`
}

type lineHit struct {
	Number int `xml:"number,attr"`
	Hits   int `xml:"hits,attr"`
}

// Cobertura is coverage as Cobertura's XML (coverage-04.dtd). Rego has no branches
// in its sense, and the time is left at zero so that equal runs give equal bytes.
func Cobertura(c *Coverage) ([]byte, error) {
	doc := cobertura{
		LineRate: rate(c.Percent), Valid: c.Lines, Covered: c.Reached, Branch: "0", Version: "regpolicy", Sources: []string{"."},
	}
	packages := map[string]int{}
	for i := range c.Files {
		f := &c.Files[i]
		file := filepath.ToSlash(f.File)
		name := path.Dir(file)
		at, ok := packages[name]
		if !ok {
			at = len(doc.Packages)
			packages[name] = at
			doc.Packages = append(doc.Packages, coberturaPackage{Name: name, Branch: "0"})
		}
		p := &doc.Packages[at]
		p.Classes = append(p.Classes, coberturaClass{Name: path.Base(file), File: file, LineRate: rate(f.Percent), Branch: "0", Lines: hitsOf(f)})
	}
	for i := range doc.Packages {
		reached, all := 0, 0
		for _, class := range doc.Packages[i].Classes {
			for _, l := range class.Lines {
				reached += l.Hits
				all++
			}
		}
		doc.Packages[i].LineRate = rate(percent(reached, all))
	}
	body, err := xml.MarshalIndent(doc, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing coverage: %w", err)
	}
	return append([]byte(xml.Header+`<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">`+"\n"), append(body, '\n')...), nil
}

func rate(percent float64) string { return fmt.Sprintf("%.4f", percent/100) }

// hitsOf are the lines of a file that can be reached, in their order.
func hitsOf(f *FileCoverage) []lineHit {
	missed := map[int]bool{}
	last := 0
	for _, m := range f.Missed {
		for line := m.From; line <= m.To; line++ {
			missed[line], last = true, max(last, line)
		}
	}
	reached := map[int]bool{}
	for _, line := range f.Reached {
		reached[line], last = true, max(last, line)
	}
	var out []lineHit
	for line := 1; line <= last; line++ {
		switch {
		case reached[line]:
			out = append(out, lineHit{line, 1})
		case missed[line]:
			out = append(out, lineHit{line, 0})
		}
	}
	return out
}
