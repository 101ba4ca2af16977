package likeness_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/partner/likeness"
	"example.org/amparo/internal/partner/oblivious"
	"example.org/amparo/internal/world"
	"example.org/amparo/when"
)

var worlds = flag.String("worlds", "", "people:seeds to measure over, as in 4000:501-505,12000:511-513; the tables of docs/benchmarks/partners.md")

func known(t testing.TB, birth string, names ...string) likeness.Known {
	t.Helper()
	d, err := when.Parse(birth)
	if err != nil {
		t.Fatal(err)
	}
	return likeness.Known{Names: names, Births: []when.Date{d}, Sex: "f", Province: "KP/North Hamgyong"}
}

func meet(asked, listed []likeness.Word) bool {
	return slices.ContainsFunc(asked, func(w likeness.Word) bool { return slices.Contains(listed, w) })
}

func TestOnePersonIsFoundInWhateverScript(t *testing.T) {
	r := likeness.NewReader()
	for _, tc := range []struct {
		a, b likeness.Known
		want bool
	}{
		{known(t, "1975", "김철수"), known(t, "1975", "김철수"), true},
		{known(t, "1975", "김철수"), known(t, "1975", "Kim Chol-su"), true},
		{known(t, "1975", "金哲洙"), known(t, "1975", "Kim Cheolsu"), true},
		{known(t, "1975", "리명희"), known(t, "1975", "이명희"), true},
		{known(t, "1975", "김철수"), known(t, "1976-03-02", "김철수"), true},
		{known(t, "1974/1975", "김철수"), known(t, "1973", "박영희", "김철수"), true},
		{known(t, "1975", "김철수"), known(t, "1977", "김철수"), false},
		{known(t, "1975", "김철수"), known(t, "1975", "박영희"), false},
		{known(t, "197X", "김철수"), known(t, "1975", "김철수"), false},
		{known(t, "1975", "Kim"), known(t, "1975", "김철수"), false},
	} {
		for _, turned := range []bool{false, true} {
			a, b := tc.a, tc.b
			if turned {
				a, b = b, a
			}
			if got := meet(r.Asked(a), r.Listed(b)); got != tc.want {
				t.Errorf("%v %v and %v %v: %v, want %v", a.Names, a.Births, b.Names, b.Births, got, tc.want)
			}
		}
	}
	man := known(t, "1975", "김철수")
	man.Sex = "m"
	if meet(r.Asked(man), r.Listed(known(t, "1975", "김철수"))) {
		t.Error("a man is found as a woman")
	}
	man.Sex = ""
	if !meet(r.Asked(man), r.Listed(known(t, "1975", "김철수"))) {
		t.Error("somebody whose sex is not known is not found")
	}
	alias := likeness.Known{Aliases: []string{"Li Mei"}, Births: man.Births, Sex: "f", Province: "KP/North Hamgyong"}
	elsewhere := alias
	elsewhere.Province = "KP/Ryanggang"
	if words := r.Asked(alias); len(words) == 0 || !words[0].Alias || !meet(words, r.Listed(alias)) || meet(words, r.Listed(elsewhere)) {
		t.Error("another name counts with the province, and not without")
	}
}

// What is asked is always listed for the same person, in any order of names, and is bounded.
func TestWhatIsAskedIsListed(t *testing.T) {
	r := likeness.NewReader()
	name := rapid.SampledFrom([]string{"김철수", "Kim Chol-su", "金哲洙", "리명희", "Hwangbo Gwang", "박", "", "Ри Мён Хи", "?", "unknown", "Jin Zhezhu"})
	rapid.Check(t, func(t *rapid.T) {
		k := likeness.Known{Names: rapid.SliceOfN(name, 0, 4).Draw(t, "names"), Aliases: rapid.SliceOfN(name, 0, 3).Draw(t, "aliases"),
			Sex: rapid.SampledFrom([]string{"f", "m", "x", ""}).Draw(t, "sex"), Province: rapid.SampledFrom([]string{"", "KP/Ryanggang"}).Draw(t, "province")}
		for range rapid.IntRange(0, 2).Draw(t, "births") {
			k.Births = append(k.Births, when.InYear(rapid.IntRange(1930, 2010).Draw(t, "year")))
		}
		asked, listed := r.Asked(k), r.Listed(k)
		for _, w := range asked[:min(len(asked), oblivious.Slots)] {
			if !slices.Contains(listed, w) && len(listed) < 160 {
				t.Errorf("%q is asked and not listed", w.Text)
			}
		}
		if len(listed) > 160 || len(k.Births) == 0 && len(listed) > 0 {
			t.Errorf("%d words", len(listed))
		}
	})
}

// two is an invented world of two organisations that each listed some of its people.
type two struct {
	truth *world.Truth
	told  map[id.ID]*likeness.Known
}

func newTwo(t testing.TB, people int, seed uint64) *two {
	t.Helper()
	w := &two{told: map[id.ID]*likeness.Known{}}
	design := &world.Capture{Name: "two", Lists: []string{"a", "b"}, Classes: []world.Class{{Share: 1, Chance: []float64{.4, .4}}}}
	of := func(rec id.ID) *likeness.Known {
		if w.told[rec] == nil {
			w.told[rec] = &likeness.Known{}
		}
		return w.told[rec]
	}
	var err error
	w.truth, err = world.Generate(context.Background(), world.Config{People: people, Seed: seed, Capture: design}, kind.Builtin(), func(e world.Event) error {
		vs := e.Statement.Fields
		switch e.Statement.Kind {
		case "person":
			k := of(e.Statement.Record)
			k.Sex, k.Province = vs.Get("sex"), vs.Get("origin")
			d, err := when.Parse(vs.Get("birth"))
			k.Births = append(k.Births, d)
			return err
		case "person_identity":
			p, err := id.Parse(vs.Get("person"))
			for field, into := range map[string]*[]string{"names": &of(p).Names, "aliases": &of(p).Aliases} {
				for _, v := range vs[field] {
					*into = append(*into, v.Text)
				}
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// tally is what asking about everybody of one list comes to.
type tally struct {
	asked, listed       int // people
	both, found         int // people on both lists, and those that a question finds
	strangers, alike    int // questions that also find somebody else; people so found
	words, slots        int // on the list, in all; the most a question takes
	byAlias             int // of the strangers, found by another name only
	unasked, beyondCuts int // people without words; questions with more words than slots
}

func (w *two) ask() (n tally) {
	r := likeness.NewReader()
	on := map[string][]*world.Person{}
	type asker struct {
		p *world.Person
		k *likeness.Known
	}
	var a []asker
	for _, p := range w.truth.Persons {
		for i, list := range p.Lists {
			k := w.told[p.Records[i]]
			if list == "a" {
				a = append(a, asker{p, k})
				continue
			}
			n.listed++
			words := r.Listed(*k)
			n.words += len(words)
			for _, word := range words {
				on[word.Text] = append(on[word.Text], p)
			}
		}
	}
	n.asked = len(a)
	for _, q := range a {
		words := r.Asked(*q.k)
		if len(words) == 0 {
			n.unasked++
		}
		if len(words) > oblivious.Slots {
			n.beyondCuts++
			words = words[:oblivious.Slots]
		}
		n.slots = max(n.slots, len(words))
		hits := map[*world.Person]bool{} // true: by a name
		for _, word := range words {
			for _, p := range on[word.Text] {
				hits[p] = hits[p] || !word.Alias
			}
		}
		_, hit := hits[q.p]
		if slices.Contains(q.p.Lists, "b") {
			n.both++
			if hit {
				n.found++
			}
		}
		delete(hits, q.p)
		n.alike += len(hits)
		if len(hits) > 0 {
			n.strangers++
		}
		for _, byName := range hits {
			if !byName {
				n.byAlias++
			}
		}
	}
	return n
}

// Of people whom both organisations heard at least 0.95 are found, and a question finds
// somebody else at most once in eight.
func TestPeopleHeardTwiceAreFound(t *testing.T) {
	n := newTwo(t, 1500, 21).ask()
	if n.both < 200 {
		t.Fatalf("%d people are on both lists", n.both)
	}
	if found := float64(n.found) / float64(n.both); found < .95 {
		t.Errorf("%d of %d are found", n.found, n.both)
	}
	if n.strangers*8 > n.asked {
		t.Errorf("%d of %d questions find somebody else", n.strangers, n.asked)
	}
}

func TestMeasureOverWorlds(t *testing.T) {
	if *worlds == "" {
		t.Skip("SKIPPED: give -worlds people:seeds to measure")
	}
	for part := range strings.SplitSeq(*worlds, ",") {
		var people, first, last int
		if _, err := fmt.Sscanf(part, "%d:%d-%d", &people, &first, &last); err != nil {
			t.Fatal(err)
		}
		var sum tally
		for seed := first; seed <= last; seed++ {
			n := newTwo(t, people, uint64(seed)).ask()
			sum.asked, sum.listed, sum.both, sum.found = sum.asked+n.asked, sum.listed+n.listed, sum.both+n.both, sum.found+n.found
			sum.strangers, sum.alike, sum.words, sum.byAlias = sum.strangers+n.strangers, sum.alike+n.alike, sum.words+n.words, sum.byAlias+n.byAlias
			sum.slots, sum.unasked, sum.beyondCuts = max(sum.slots, n.slots), sum.unasked+n.unasked, sum.beyondCuts+n.beyondCuts
		}
		worldsRun := last - first + 1
		fmt.Printf("%d people, seeds %d-%d: %d listed a world; %d of %d found (%.3f); %d of %d questions find somebody else (%.3f), %d people, %d of them by another name only; precision of a hit %.3f; %.1f words a person; at most %d slots, %d cut, %d without words\n",
			people, first, last, sum.listed/worldsRun, sum.found, sum.both, float64(sum.found)/float64(sum.both), sum.strangers, sum.asked, float64(sum.strangers)/float64(sum.asked),
			sum.alike, sum.byAlias, float64(sum.found)/float64(sum.found+sum.alike), float64(sum.words)/float64(sum.listed), sum.slots, sum.beyondCuts, sum.unasked)
	}
}
