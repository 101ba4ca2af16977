package calibration

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/world"
	"example.org/amparo/linkage/testimony"
)

// Shown is one question about a duration in a demo world: the truth, what is commonly
// reckoned from what people tell, and what the program says.
type Shown struct {
	Question string          `json:"question"`
	Truth    estimate.Number `json:"truth"`
	Naive    estimate.Number `json:"naive"`
	How      string          `json:"how"` // the naive figure was reckoned
	Point    estimate.Number `json:"point"`
	Lower    estimate.Number `json:"lower"`
	Upper    estimate.Number `json:"upper"`
	Method   string          `json:"method"`
	Refusal  string          `json:"refusal,omitempty"` // its words
}

// Demo is what the durations of a demo world came to.
type Demo struct {
	People int     `json:"people"`
	Seed   uint64  `json:"seed"`
	Heard  int     `json:"heard"` // interviews, each person once, as linked
	Draws  int     `json:"draws"` // of dates, and of people
	Shown  []Shown `json:"shown"`
	Missed int     `json:"missed"` // intervals of the program without the truth
}

// demoDraws is how many times dates and people are drawn.
const demoDraws = 100

// Durations invents the world of `amparo demo`, hears and links it, and asks how long
// things lasted.
func Durations(ctx context.Context, people int, seed uint64) (Demo, error) {
	set := kind.Builtin()
	a := newArchive(set)
	truth, err := world.Generate(ctx, world.Config{People: people, Seed: seed}, set, func(e world.Event) error { return a.keep(e, nil) })
	if err != nil {
		return Demo{}, err
	}
	comparers, err := testimony.Comparers()
	if err != nil {
		return Demo{}, err
	}
	l, err := a.link(truth, comparers, 1, seed)
	if err != nil {
		return Demo{}, err
	}
	told := a.told(l)
	d := Demo{People: people, Seed: seed, Heard: len(told), Draws: demoDraws}
	if err := d.arrests(told, truth); err != nil {
		return d, err
	}
	if err := d.interrogations(told, truth); err != nil {
		return d, err
	}
	for _, s := range d.Shown {
		if s.Refusal == "" && !(s.Lower <= s.Truth && s.Truth <= s.Upper) {
			d.Missed++
		}
	}
	return d, nil
}

func (d *Demo) show(question string, f estimate.Fit, truth, naive float64, how string) {
	s := Shown{Question: question, Truth: estimate.Number(truth), Naive: estimate.Number(naive), How: how, Point: f.Point, Lower: f.Lower, Upper: f.Upper, Method: f.Method}
	if f.Refusal != nil {
		s.Refusal = f.Refusal.Text
	}
	d.Shown = append(d.Shown, s)
}

// arrests asks when people are arrested. The naive figures leave out that most left before
// they could be.
func (d *Demo) arrests(told []*story, truth *world.Truth) error {
	var windows []survival.Window
	soon, n, total, arrested := 0.0, 0.0, 0.0, 0.0
	for _, s := range told {
		w, ok := s.window()
		if !ok {
			continue
		}
		windows = append(windows, w)
		n++
		if !w.Lost {
			days := math.Max(0, (w.EndLo+w.EndHi)/2-(w.StartLo+w.StartHi)/2)
			total, arrested = total+days, arrested+1
			if days <= twoYears {
				soon++
			}
		}
	}
	f, err := survival.EstimateWindows(windows, survival.Question{Sample: survival.Survivors}, demoDraws, rand.New(rand.NewPCG(d.Seed, 1)))
	if err != nil {
		return err
	}
	median, by, err := arrestsTruly(truth)
	if err != nil {
		return err
	}
	inMonths := f
	for _, x := range []*estimate.Number{&inMonths.Point, &inMonths.Lower, &inMonths.Upper} {
		*x /= daysInMonth
	}
	d.show("months until half would be arrested, had nobody left", inMonths, median/daysInMonth, total/arrested/daysInMonth, "mean of what the arrested tell")
	d.show("arrested within two years of crossing, had nobody left", arrestedBy(f, twoYears), by, soon/n, "share of all who were heard")
	return nil
}

const daysInMonth = 30.44

// interrogations asks how long interrogation lasts, and how many die of return.
func (d *Demo) interrogations(told []*story, truth *world.Truth) error {
	var in []survival.Interval
	var ends []survival.Outcome
	total, n := 0.0, 0.0
	for _, s := range told {
		if span, ok := s.stage["ST05"]; ok && s.returns > 0 {
			in = append(in, survival.Told(float64(span.Lo), float64(span.Hi)))
			total, n = total+float64(span.Lo+span.Hi)/2, n+1
			ends = append(ends, s.end())
		}
	}
	f, err := survival.EstimateIntervals(in, survival.Question{Sample: survival.Survivors}, demoDraws, rand.New(rand.NewPCG(d.Seed, 2)))
	if err != nil {
		return err
	}
	d.show("days of interrogation that half of those who came through exceed", f, medianInterrogation(truth), total/n, "mean of what they tell")
	f, err = survival.EstimateOutcomes(ends, survival.OutcomeQuestion{Question: survival.Question{Sample: survival.Survivors}, Cause: "OC-R07"})
	if err != nil {
		return err
	}
	f.Method = "aalen-johansen"
	d.show("of the returned, died of it", f, diedTruly(truth), 0, "share of those who were heard")
	return nil
}

// Markdown writes the table for people.
func (d Demo) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Made by `amparo calibrate durations --people %d --seed %d`: the world of `amparo demo` with the same flags; %d people were heard.\n\n", d.People, d.Seed, d.Heard)
	b.WriteString("| question | truth | naive | reckoned as | naive, off by | the program, 95 % | method | holds the truth |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range d.Shown {
		says, holds := "no figure: "+s.Refusal, "–"
		if s.Refusal == "" {
			says = fmt.Sprintf("%s [%s; %s]", figure(float64(s.Point)), figure(float64(s.Lower)), figure(float64(s.Upper)))
			holds = "no"
			if s.Lower <= s.Truth && s.Truth <= s.Upper {
				holds = "yes"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %+.0f %% | %s | %s | %s |\n", s.Question, figure(float64(s.Truth)), figure(float64(s.Naive)), s.How, 100*float64(s.Naive/s.Truth-1), says, s.Method, holds)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// figure writes a number with three digits, "–" for none and "no end" for an open interval.
func figure(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case math.IsInf(x, 0):
		return "no end"
	}
	return fmt.Sprintf("%.3g", x)
}

// arrestsTruly is the median and the share within two years of the true curve of first
// arrests, of everybody who came through, with exact dates.
func arrestsTruly(truth *world.Truth) (median, by float64, err error) {
	c, err := survival.KaplanMeier(trueArrests(truth), survival.Options{})
	if err != nil {
		return 0, 0, err
	}
	return float64(c.Median().Value), 1 - c.At(twoYears).Survival, nil
}

func trueArrests(truth *world.Truth) []survival.Observation {
	var obs []survival.Observation
	for _, p := range slices.DeleteFunc(slices.Clone(truth.Persons), func(p *world.Person) bool { return !free(p) }) {
		o := survival.Observation{Time: float64(p.Left - p.Crossed)}
		if len(p.Episodes) > 0 {
			o.Time, o.Event = float64(p.Episodes[0].Arrest-p.Crossed), true
		}
		obs = append(obs, o)
	}
	return obs
}
