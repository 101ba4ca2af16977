package calibration

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.org/amparo/estimate"
)

// small is a calibration that is soon done.
func small(t *testing.T) Config {
	t.Helper()
	c, err := Config{Worlds: 2, People: 250, Seed: 9, Scenarios: Scenarios()[:1], LCMSteps: 2000, LCMDraws: 100}.Filled()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestATableDependsOnTheSeedAndNotOnTheWorkers(t *testing.T) {
	c := small(t)
	table := func(workers int) Table {
		var worlds []World
		if err := Run(context.Background(), c, workers, nil, func(w World) error { worlds = append(worlds, w); return nil }); err != nil {
			t.Fatal(err)
		}
		out, err := Tabulate(c, worlds)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	one := table(1)
	var a, b strings.Builder
	if err := errors.Join(one.Markdown(&a), table(3).Markdown(&b)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.String(), b.String()); d != "" {
		t.Error("one worker and three differ:", d)
	}
	if one.Worlds != 2 || one.Linkage[0].Recall < 0.5 || one.Linkage[0].Precision < 0.8 {
		t.Errorf("the records were not linked: %+v", one.Linkage)
	}
	asked := map[string]bool{}
	for _, r := range one.Rows {
		asked[r.Question] = true
		if r.Question == Died && r.Refused["survivors_only"] != r.Worlds {
			t.Error("of those who came through it is told how many died")
		}
	}
	for _, q := range []string{Total, TotalKnown, Interrogation, ArrestSoon, Prison, Died, Sold, Returned, Posture} {
		if !asked[q] {
			t.Errorf("nobody asked for: %s", q)
		}
	}
}

func TestWorldsThatAreDoneAreNotDoneAgain(t *testing.T) {
	c := small(t)
	var fresh []int
	err := Run(context.Background(), c, 1, func(_ string, n int) bool { return n == 0 }, func(w World) error { fresh = append(fresh, w.Number); return nil })
	if err != nil || !slices.Equal(fresh, []int{1}) {
		t.Errorf("worlds %v were answered: %v", fresh, err)
	}
}

func TestARunStopsWhenItIsCancelledOrCannotKeep(t *testing.T) {
	c := small(t)
	c.Worlds = 50
	ctx, cancel := context.WithCancel(context.Background())
	var kept atomic.Int64
	if err := Run(ctx, c, 2, nil, func(World) error { kept.Add(1); cancel(); return nil }); !errors.Is(err, context.Canceled) || kept.Load() > 2 {
		t.Errorf("after cancelling: %v, %d worlds", err, kept.Load())
	}
	full := errors.New("disk full")
	if err := Run(context.Background(), c, 1, nil, func(World) error { return full }); !errors.Is(err, full) {
		t.Errorf("a result that cannot be kept: %v", err)
	}
}

func TestATallyByHand(t *testing.T) {
	nan, inf := estimate.Number(math.NaN()), estimate.Number(math.Inf(1))
	c := small(t)
	row := func(lower, upper, point estimate.Number, refusal string) World {
		return World{Scenario: "independent", Answers: []Answer{{Question: Total, Method: "x", Truth: 100, Lower: lower, Upper: upper, Point: point, Refusal: refusal}}}
	}
	got, err := Tabulate(c, []World{row(90, 110, 95, ""), row(100, 140, 120, ""), row(50, 99, 80, ""), row(101, 200, 150, ""), row(nan, nan, nan, "two_lists"), row(80, inf, nan, "unbounded"), row(80, inf, 90, "")})
	if err != nil {
		t.Fatal(err)
	}
	r := got.Rows[0]
	if r.Worlds != 7 || r.Given != 4 || r.Holds != 2 || r.Low != 1 || r.High != 1 {
		t.Errorf("counted %+v", r)
	}
	if d := cmp.Diff(map[string]int{"two_lists": 1, "unbounded": 1, "no_interval": 1}, r.Refused); d != "" {
		t.Error(d)
	}
	if float64(r.Coverage) != 0.5 || math.Abs(float64(r.Bias)-0.075) > 1e-12 || math.Abs(float64(r.Width)-0.445) > 1e-12 {
		t.Errorf("coverage %v, bias %v, width %v", r.Coverage, r.Bias, r.Width)
	}
	if lo, hi := float64(r.Interval.Lower), float64(r.Interval.Upper); math.Abs(lo-0.15003898915) > 1e-9 || math.Abs(hi-0.84996101085) > 1e-9 {
		t.Errorf("Wilson's interval of 2 in 4 is [%.11f; %.11f]", lo, hi)
	}
}

// The show of the durations: what is commonly reckoned from what people tell is far from
// the truth, and the program's intervals hold it, or it refuses.
func TestNaiveDurationsAreBiasedAndOursAreNot(t *testing.T) {
	d, err := Durations(context.Background(), 1500, 3)
	if err != nil {
		t.Fatal(err)
	}
	if d.Missed > 0 || len(d.Shown) != 4 {
		t.Errorf("%d of %d intervals do not hold the truth", d.Missed, len(d.Shown))
	}
	for _, s := range d.Shown {
		if off := math.Abs(float64(s.Naive/s.Truth) - 1); off < 0.2 {
			t.Errorf("%s: the naive figure is off by %.0f %% only", s.Question, 100*off)
		}
	}
	if last := d.Shown[3]; last.Refusal == "" || last.Naive != 0 {
		t.Errorf("of those who survived it is told how many died: %+v", last)
	}
}
