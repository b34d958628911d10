package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// tally is what came of the cases of a suite.
type tally struct {
	present time.Time
	limit   time.Duration // to one case

	cases, clients, unreadable int
	moments, agreed            int
	classes                    map[string]int
	// faults are what must not be: a disagreement with crypto/x509, a difference
	// from the suite without a name, a class that is no cause.
	faults []string

	openssl        *openssl // nil: not asked
	opensslVersion string
	opensslAgreed  int
	opensslClasses map[string]int
}

func newTally(present time.Time, limit time.Duration) *tally {
	return &tally{present: present, limit: limit, classes: map[string]int{}, opensslClasses: map[string]int{}}
}

// add judges a case. It fails where that takes longer than the limit.
func (t *tally) add(c testcase) error {
	if c.Kind != "SERVER" {
		t.clients++
		return nil
	}
	o, ok := within(t.limit, func() outcome { return judge(c, t.present) })
	if !ok {
		return fmt.Errorf("judging %q: it took longer than %v", c.ID, t.limit)
	}
	t.record(o)
	return t.addOpenSSL(c, o)
}

// ask has OpenSSL asked about every case, too.
func (t *tally) ask(o openssl) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.limit)
	defer cancel()
	t.opensslVersion, err = o.version(ctx)
	t.openssl = &o
	return err
}

func (t *tally) addOpenSSL(c testcase, o outcome) error {
	if t.openssl == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.limit)
	defer cancel()
	class, fault, err := t.openssl.compare(ctx, c, o.pki, o.accepted, c.asked(t.present))
	switch {
	case err != nil:
		return fmt.Errorf("judging %q: %w", c.ID, err)
	case fault != "":
		t.faults = append(t.faults, fault)
	case class == "":
		t.opensslAgreed++
	default:
		t.opensslClasses[class]++
	}
	return nil
}

// within gives up waiting for do at the limit. What then still runs is left behind,
// as a verdict cannot be interrupted: the program has to end.
func within(limit time.Duration, do func() outcome) (o outcome, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan outcome, 1)
	go func() { done <- do() }()
	select {
	case o := <-done:
		return o, true
	case <-ctx.Done():
		return outcome{}, false
	}
}

// outcome is what came of one case.
type outcome struct {
	pki        *pki // nil for a peer's certificate that cannot be read
	accepted   bool
	moments    int
	unreadable bool
	agrees     bool   // with the suite
	class      string // of the difference from it, "" for none or one without a name
	faults     []string
}

func judge(c testcase, present time.Time) outcome {
	p, err := c.read()
	if err != nil {
		o := outcome{unreadable: errors.Is(err, errNoLeaf), agrees: c.Expected == failure}
		if !o.unreadable || !o.agrees {
			o.faults = []string{fmt.Sprintf("%s: the suite expects %s: %v", c.ID, c.Expected, err)}
		}
		return o
	}
	at := p.asked(present)
	accepted := p.ours(at)
	o := outcome{pki: p, accepted: accepted, agrees: accepted == (c.Expected == success)}
	o.moments, o.faults = p.disagreements(present)
	switch {
	case o.agrees && accepted:
		o.faults = append(o.faults, noCauses(p)...)
	case o.agrees:
	case accepted:
		o.class = acceptedClass(p)
	default:
		o.class = refusedClass(p, at)
	}
	if !o.agrees && o.class == "" {
		o.faults = append(o.faults, fmt.Sprintf("%s: a difference without a name: the suite expects %s, regpolicy says %v %s", c.ID, c.Expected, accepted, p.verdict.Detail))
	}
	return o
}

// acceptedClass is the first class that fits every path.
func acceptedClass(p *pki) string {
	for _, class := range classes {
		if class.accepted != nil && class.fits(p) {
			return class.name
		}
	}
	return ""
}

func refusedClass(p *pki, at time.Time) string {
	for _, class := range classes {
		if class.refused != nil && class.refused(p, at) {
			return class.name
		}
	}
	return ""
}

// noCauses names the classes that fit a chain which the suite wants accepted, too.
func noCauses(p *pki) []string {
	var out []string
	for _, class := range classes {
		if class.accepted != nil && !class.asks && class.fits(p) {
			out = append(out, fmt.Sprintf("%s: the suite accepts it, although it has %s", p.ID, class.name))
		}
	}
	return out
}

func (t *tally) record(o outcome) {
	t.moments += o.moments
	t.cases++
	t.faults = append(t.faults, o.faults...)
	if o.unreadable {
		t.unreadable++
	}
	if o.agrees {
		t.agreed++
	}
	if o.class != "" {
		t.classes[o.class]++
	}
}

// write tells what came of all cases, and fails where something must not be.
func (t *tally) write(out io.Writer) error {
	fmt.Fprintf(out, "%d cases of servers' chains were judged, %d of clients' were left out\n", t.cases, t.clients)
	fmt.Fprintf(out, "%d peers' certificates neither regpolicy nor crypto/x509 can read, and both refuse them\n", t.unreadable)
	fmt.Fprintf(out, "regpolicy and crypto/x509 were compared at %d moments\n", t.moments)
	fmt.Fprintf(out, "the suite expects the same of %d cases; the others by name:\n", t.agreed)
	for _, class := range classes {
		fmt.Fprintf(out, "%6d %s: %s\n", t.classes[class.name], class.verb(), class.name)
	}
	if t.openssl != nil {
		fmt.Fprintf(out, "%s says the same of %d cases; the others by name:\n", t.opensslVersion, t.opensslAgreed)
		for _, class := range opensslClasses {
			fmt.Fprintf(out, "%6d %s by it: %s\n", t.opensslClasses[class.name], class.verb(), class.name)
		}
	}
	if len(t.faults) == 0 {
		fmt.Fprintln(out, "regpolicy and crypto/x509 agree at every moment, and every difference has a name")
		return nil
	}
	const shown = 20
	for _, fault := range t.faults[:min(len(t.faults), shown)] {
		fmt.Fprintln(out, fault)
	}
	return fmt.Errorf("judging the suite: %d faults, %d of them above", len(t.faults), min(len(t.faults), shown))
}
