package world

import (
	"context"
	"math"
	"slices"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// twoKinds is a design with classes and a list that follows another.
func twoKinds() *Capture {
	return &Capture{Name: "test", Lists: []string{"a", "b", "c"}, Classes: []Class{
		{Share: .25, Chance: []float64{.8, .5, .6}}, {Share: .75, Chance: []float64{.2, .3, .1}}},
		Follows: []Follow{{List: 1, After: 0, LogOdds: 1}}}
}

func TestListsComeWithTheChancesOfTheDesign(t *testing.T) {
	c := twoKinds()
	truth, err := Generate(context.Background(), Config{People: 8000, Seed: 5, Capture: c}, kind.Builtin(), func(Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	follow := func(p float64) float64 { return 1 / (1 + math.Exp(-math.Log(p/(1-p))-1)) }
	want := map[string]float64{}
	for _, k := range c.Classes {
		a, b := k.Chance[0], k.Chance[1]
		want["a"] += k.Share * a
		want["b"] += k.Share * (a*follow(b) + (1-a)*b)
		want["c"] += k.Share * k.Chance[2]
		want["ab"] += k.Share * a * follow(b)
	}
	got := map[string]float64{}
	for _, p := range truth.Persons {
		on := func(l string) bool { return slices.Contains(p.Lists, l) }
		for _, l := range c.Lists {
			if on(l) {
				got[l] += 1.0 / 8000
			}
		}
		if on("a") && on("b") {
			got["ab"] += 1.0 / 8000
		}
	}
	for what, p := range want {
		if sd := math.Sqrt(p * (1 - p) / 8000); math.Abs(got[what]-p) > 4*sd {
			t.Errorf("share on %s is %.4f, want %.4f", what, got[what], p)
		}
	}
}

func TestEachListHasARecordOfItsOwn(t *testing.T) {
	listed := map[id.ID]int{}
	spoke := map[id.ID]bool{}
	truth, err := Generate(context.Background(), Config{People: 300, Seed: 6, Capture: twoKinds()}, kind.Builtin(), func(e Event) error {
		p, _ := id.Parse(e.Statement.Fields.Get("person"))
		switch e.Statement.Kind {
		case "list_capture":
			listed[p]++
		case "interview":
			spoke[p] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range truth.Persons {
		if len(p.Records) != len(p.Lists) {
			t.Fatalf("somebody on %d lists has %d records", len(p.Lists), len(p.Records))
		}
		for i, r := range p.Records {
			if listed[r] != 1 {
				t.Errorf("a record stands for %d lists", listed[r])
			}
			if spoke[r] != (i == 0 && p.Fate == "free") {
				t.Errorf("record %d of somebody %s: interviewed %v", i+1, p.Fate, spoke[r])
			}
		}
	}
}

func TestADesignThatCannotBeIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(*Capture){
		"no lists":                    func(c *Capture) { c.Lists = nil },
		"shares that do not sum":      func(c *Capture) { c.Classes[0].Share = .5 },
		"a chance for a missing list": func(c *Capture) { c.Classes[0].Chance = c.Classes[0].Chance[:2] },
		"a chance of one":             func(c *Capture) { c.Classes[1].Chance[0] = 1 },
		"a list that follows a later": func(c *Capture) { c.Follows[0] = Follow{List: 0, After: 1} },
		"a list that is not there":    func(c *Capture) { c.Follows[0] = Follow{List: 3, After: 1} },
	} {
		c := twoKinds()
		spoil(c)
		if c.Check() == nil {
			t.Errorf("a design with %s is accepted", what)
		}
	}
	if err := twoKinds().Check(); err != nil {
		t.Error(err)
	}
}
