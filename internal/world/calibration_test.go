package world

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// big is one world for all calibration tests: large enough that every share asserted
// has a standard error well under the tolerance.
var big = sync.OnceValues(func() (*Truth, error) {
	interviewees, captured = map[id.ID]bool{}, map[id.ID]bool{}
	return Generate(context.Background(), Config{People: 12000, Seed: 11}, kind.Builtin(), func(e Event) error {
		p, _ := id.Parse(e.Statement.Fields.Get("person"))
		switch e.Statement.Kind {
		case "interview":
			interviewees[p] = true
		case "list_capture":
			captured[p] = true
		}
		return nil
	})
})

var interviewees, captured map[id.ID]bool

func bigWorld(t *testing.T) *Truth {
	t.Helper()
	truth, err := big()
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

func within(t *testing.T, what string, got, lo, hi float64) {
	t.Helper()
	if got < lo || got > hi || math.IsNaN(got) {
		t.Errorf("%s = %.3f, want %.3f to %.3f", what, got, lo, hi)
	}
}

// share counts the people for whom of holds and among them those for whom is holds.
func share(truth *Truth, of, is func(*Person) bool) float64 {
	n, k := 0, 0
	for _, p := range truth.Persons {
		if of(p) {
			n++
			if is(p) {
				k++
			}
		}
	}
	return float64(k) / float64(n)
}

func anybody(*Person) bool    { return true }
func woman(p *Person) bool    { return p.Sex == "f" }
func returned(p *Person) bool { return len(p.Episodes) > 0 }

func crossedIn(p *Person) int {
	y, _, _ := p.Crossed.Civil()
	return y
}

// SP02, SP04, SP09, SP13, SP16 and SP58 as the table states them.
func TestTheWorldHasTheSharesOfTheTable(t *testing.T) {
	truth := bigWorld(t)
	within(t, "women among those who crossed in 2002-2003", share(truth, func(p *Person) bool { y := crossedIn(p); return y == 2002 || y == 2003 }, woman), .54, .66)
	within(t, "from North Hamgyong", share(truth, anybody, func(p *Person) bool { return p.Origin == "KP/North Hamgyong" }), .60, .64)
	within(t, "women trafficked", share(truth, woman, func(p *Person) bool { return p.Sold != "" }), .47, .53)
	within(t, "men trafficked", share(truth, func(p *Person) bool { return !woman(p) }, func(p *Person) bool { return p.Sold != "" }), 0, 0)
	within(t, "wages withheld, given work", share(truth, func(p *Person) bool { return p.Worked }, func(p *Person) bool { return p.Withheld }), .32, .38)
	within(t, "extorted", share(truth, anybody, func(p *Person) bool { return p.Extorted }), .18, .22)
	within(t, "women among the returned (SP58 says .745 of an archive of later years)", share(truth, returned, woman), .52, .78)
	within(t, "returned once only", share(truth, returned, func(p *Person) bool { return len(p.Episodes) == 1 }), .66, .85)
}

// SP19 to SP21: on the economic track before 2020 interrogation and holding together
// last three months on average, as the survivors of 2003 said, and most less.
func TestThreeMonthsOnAverage(t *testing.T) {
	var days []float64
	total := 0.0
	for _, p := range bigWorld(t).Persons {
		for _, e := range p.Episodes {
			if !e.Political && era(e.Era) != eraD {
				d := float64(e.SSD + e.Holding)
				days = append(days, d)
				total += d
			}
		}
	}
	slices.Sort(days)
	within(t, "mean days", total/float64(len(days)), 75, 110)
	within(t, "median days", days[len(days)/2], 62, 76)
}

// SP22 to SP32: the political track and where it leads.
func TestTheTrackDecides(t *testing.T) {
	economic, political, camp, camps, prison := 0.0, 0.0, 0.0, 0.0, 0.0
	plain, plainPolitical := 0.0, 0.0
	for _, p := range bigWorld(t).Persons {
		for _, e := range p.Episodes {
			if len(p.Risk) == 0 {
				plain++
				if e.Political {
					plainPolitical++
				}
			}
			if !e.Political {
				economic++
				if e.Disposition == "camp" {
					camps++
				}
				continue
			}
			political++
			if e.Disposition == "camp" || e.Disposition == "OC-R05" {
				camp++
			}
			if e.Disposition == "OC-R04" {
				prison++
			}
		}
	}
	within(t, "political track without a risk factor", plainPolitical/plain, .06, .10)
	within(t, "camp, given the political track", camp/political, .22, .28)
	within(t, "prison, given the political track", prison/political, .38, .46)
	within(t, "camp, given the economic track", camps/economic, 0, 0)
}

// SP43: the dead and the held never testify; nobody is heard who was not free.
func TestTheDeadAndTheHeldAreNeverHeard(t *testing.T) {
	dead, held, heard := 0, 0, 0
	for _, p := range bigWorld(t).Persons {
		switch p.Fate {
		case "dead":
			dead++
		case "held":
			held++
		}
		for _, r := range p.Records {
			if !interviewees[r] {
				continue
			}
			heard++
			if p.Fate != "free" {
				t.Errorf("a person whose fate is %s was interviewed", p.Fate)
			}
		}
	}
	if dead < 50 || held < 30 || heard < 3000 {
		t.Errorf("%d dead, %d held, %d heard: too few for the test to say anything", dead, held, heard)
	}
}

// SP42: the lists of the church and of the relief group depend on each other, the legal
// one does not.
func TestListsDependAsTheTableSays(t *testing.T) {
	on := func(list string) func(*Person) bool {
		return func(p *Person) bool { return slices.Contains(p.Lists, list) }
	}
	odds := func(a, b string) float64 {
		x := share(bigWorld(t), on(a), on(b))
		y := share(bigWorld(t), func(p *Person) bool { return !on(a)(p) }, on(b))
		return math.Log(x / (1 - x) / (y / (1 - y)))
	}
	within(t, "log-odds of church and relief", odds("church", "relief"), .6, 1.5) // .8, and what sex and stay share
	within(t, "log-odds of church and legal", odds("church", "legal"), -.4, .7)
}

// SP50 to SP52, SP54, SP59.
func TestErrorsOfTellingAreInTheTruth(t *testing.T) {
	truth := bigWorld(t)
	heard := 0.0
	for _, p := range truth.Persons {
		if p.Heard {
			heard++
		}
	}
	within(t, "second tellings elsewhere", float64(len(truth.Duplicates))/heard, .20, .24)
	within(t, "copied passages", float64(len(truth.Copied))/float64(truth.Kinds["statement_unit"]), .05, .07)
	within(t, "mistaken incidents", float64(len(truth.Wrong))/float64(truth.Kinds["incident"]), .015, .035)
	if len(truth.Canaries) != 500 {
		t.Errorf("%d canaries, want 500", len(truth.Canaries))
	}
	if len(truth.Withdrawn) == 0 {
		t.Error("nobody withdrew later")
	}
}

// A small world has its 500 canaries too.
func TestASmallWorldHasItsCanaries(t *testing.T) {
	truth, _ := generate(t, 150, 3)
	if len(truth.Canaries) != 500 {
		t.Errorf("%d canaries, want 500", len(truth.Canaries))
	}
}

func TestEveryListOfSharesSumsToOne(t *testing.T) {
	lists := map[string]weighted{"ages": ageBands, "origins": origins, "motives": motives, "crossing": crossing, "trafficked ages": traffickedAges, "times": timesReturned,
		"again": dispositionAgain, "political": dispositionPolitical, "channels": channels, "soon": precisionSoon, "late": precisionLate, "spelling": spelling,
		"latin": latinSystems, "consent": consentProfiles, "archive": archiveMix, "within": archiveWithin, "places": archivePlaces}
	for i, l := range traffickedType {
		lists["trafficked type "+itoa(i)] = l
	}
	for i, l := range dispositionEconomic {
		lists["disposition "+itoa(i)] = l
	}
	for name, l := range lists {
		sum := 0.0
		for _, x := range l {
			sum += x.p
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s sums to %.4f", name, sum)
		}
	}
}

// Every parameter of the table is named where it is used.
func TestEveryParameterOfTheTableIsUsed(t *testing.T) {
	b, err := factFiles.ReadFile("facts/synthetic_parameters.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	code := ""
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code += string(src)
	}
	for _, r := range rows[1:] {
		if !named(code, r[0]) {
			t.Errorf("%s (%s) is used nowhere", r[0], r[2])
		}
	}
	if len(rows) != 61 {
		t.Errorf("%d parameters, want 60", len(rows)-1)
	}
}

// named finds a code itself or a range such as SP55-SP57 that holds it.
func named(code, sp string) bool {
	if strings.Contains(code, sp) {
		return true
	}
	for _, r := range [][2]string{{"SP25", "SP29"}, {"SP55", "SP57"}} {
		if sp > r[0] && sp < r[1] && strings.Contains(code, r[0]) && strings.Contains(code, r[1]) {
			return true
		}
	}
	return false
}

// A day nobody said is never written: dates of accounts are as exact as the telling.
func TestDatesAreAsExactAsTheTelling(t *testing.T) {
	_, events := generate(t, 150, 5)
	days, coarser := 0, 0
	for _, e := range events {
		if e.Statement.Kind != "detention_stage" {
			continue
		}
		d, err := when.Parse(e.Statement.Fields.Get("in"))
		if err != nil {
			t.Fatal(err)
		}
		if d.Precision() == when.Exact {
			days++
		} else {
			coarser++
		}
	}
	within(t, "exact days among arrests and transfers", float64(days)/float64(days+coarser), .05, .5)
}
