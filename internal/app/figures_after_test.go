package app_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
)

// sentBack is a workspace of people who were heard and sent back once, with the outcomes and
// as many of each; some others are on a list only, of whom as many died.
func sentBack(t *testing.T, outcomes map[string]int, dead, unknown, lived int) *app.Workspace {
	t.Helper()
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	n := 0
	person := func() id.ID {
		n++
		p := w.NewRecord()
		say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
		agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
		agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
		return p
	}
	for _, code := range sortedKeys(outcomes) {
		for range outcomes[code] {
			p := person()
			say(t, w, w.NewRecord(), "interview", id.ID{}, "person", p.String(), "date", "2004-06-01")
			e := w.NewRecord()
			say(t, w, e, "episode", p, "person", p.String(), "period", "2003", "outcome", code)
			say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST03", "duration", fmt.Sprintf("%d days", 5+n%9))
			say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST05", "duration", fmt.Sprintf("%d days", 12+3*n%60))
		}
	}
	for i := range dead + unknown + lived {
		p := person()
		code := "OC-R07"
		if i >= dead {
			code = "OC-R10"
		}
		if i >= dead+unknown {
			code = "OC-R01"
		}
		say(t, w, w.NewRecord(), "episode", p, "person", p.String(), "period", "2003", "outcome", code)
		say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "families")
	}
	return w
}

func TestWhatHappensAfterAReturnIsAFigureAndTheDeadAreRefusedWithTheirBounds(t *testing.T) {
	w := sentBack(t, map[string]int{"OC-R01": 40, "OC-R03": 30, "OC-R10": 14, "OC-R08": 4, "OC-R02": 5}, 12, 18, 15)
	f := made(t, w, figure.Question{Ask: figure.AskAfter, Draws: 2, Limits: anyLinks()})
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal != nil || fit.Options["cause"] != "OC-R01" || !(fit.Lower < fit.Upper) {
		t.Fatalf("%v to %v of %v: %v", fit.Lower, fit.Upper, fit.Options["cause"], fit.Refusal)
	}
	d := detail[figure.AfterDetail](t, f)
	for _, o := range d.Outcomes {
		if o.Code == "OC-R08" || o.Code == "OC-R02" {
			t.Errorf("%s, which few people had, stands alone", o.Code)
		}
		for i, a := range o.At {
			if i > 0 && (a.Share-o.At[i-1].Share)*93 < 8.5 {
				t.Errorf("%s: between %v and %v days fewer than ten people", o.Code, o.At[i-1].Days, a.Days)
			}
			if float64(a.Lower) > a.Share || float64(a.Upper) < a.Share {
				t.Errorf("%s: %v is not in its interval %v to %v", o.Code, a.Share, a.Lower, a.Upper)
			}
		}
	}
	var death struct {
		Ensemble []struct {
			Lower, Upper float64
			Refusal      *struct{ Code string }
		}
	}
	must(t, json.Unmarshal(f.Fit, &death))
	if len(death.Ensemble) != 1 || death.Ensemble[0].Refusal == nil || death.Ensemble[0].Refusal.Code != "survivors_only" {
		t.Fatalf("the dead are not refused: %+v", death)
	}
	if b := death.Ensemble[0]; b.Lower < 0.1 || b.Lower > 12/45.+0.1 || b.Upper < b.Lower+0.2 || b.Upper > 0.9 {
		t.Errorf("bounds %v to %v; 12 of 45 died and the fate of 18 is unknown", b.Lower, b.Upper)
	}
	if old, now, err := w.RerunFigure(t.Context(), f.Record); err != nil || string(old.Fit) != string(now.Fit) {
		t.Errorf("it is not the same again: %v", err)
	}
}

// A few deaths cannot be told from none, nor can a few unknown fates be counted.
func TestTheBoundsOfTheDeadDoNotCountAFew(t *testing.T) {
	bounds := map[int]string{}
	for dead := range 3 {
		w := sentBack(t, map[string]int{"OC-R01": 22, "OC-R03": 22}, 3*dead, 14, 24-3*dead)
		f := made(t, w, figure.Question{Ask: figure.AskAfter, Draws: 1, Limits: anyLinks()})
		var fit struct {
			Ensemble []struct{ Detail figure.DeathBounds }
		}
		must(t, json.Unmarshal(f.Fit, &fit))
		if len(fit.Ensemble) != 1 {
			t.Fatal("nothing is said of the dead")
		}
		d := fit.Ensemble[0].Detail
		if d.Share.Lower != 0 {
			t.Errorf("%d died of 38, and the lower bound is %v", 3*dead, d.Share.Lower)
		}
		bounds[dead] = fmt.Sprint(d.Share.Lower)
	}
	if len(bounds) != 3 || bounds[0] != bounds[1] || bounds[1] != bounds[2] {
		t.Errorf("none, three and six deaths give %v", bounds)
	}
}

func TestOutcomesOfAFewPeopleGiveNoFigure(t *testing.T) {
	w := sentBack(t, map[string]int{"OC-R01": 16, "OC-R03": 6}, 0, 0, 0)
	f := made(t, w, figure.Question{Ask: figure.AskAfter, Draws: 1, Limits: anyLinks()})
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal == nil || fit.Refusal.Code != "small_cells" || strings.Contains(string(f.Fit), "OC-R03") {
		t.Errorf("22 people, six of them with another outcome: %+v", fit.Refusal)
	}
}

// R05: whoever withdraws from counting or matching is in no duration and no outcome.
func TestR05DurationsAndOutcomesCountNobodyWhoWithdrew(t *testing.T) {
	for _, ask := range []string{figure.AskStay, figure.AskAfter} {
		for _, purpose := range []string{"CO-02", "CO-03"} {
			w := sentBack(t, map[string]int{"OC-R01": 24, "OC-R03": 24}, 0, 0, 0)
			before := made(t, w, figure.Question{Ask: ask, Draws: 1, Limits: anyLinks()})
			gone := personOf(t, w, before)
			agree(t, w, gone, purpose, "CS-3", "2004-06-01")
			after := made(t, w, figure.Question{Ask: ask, Draws: 1, Limits: anyLinks()})
			if slices.Contains(after.Under, gone) || len(after.Under) >= len(before.Under) {
				t.Errorf("%s, %s: %d records before somebody withdrew, %d after", ask, purpose, len(before.Under), len(after.Under))
			}
			if fit, err := after.Read(); err != nil || fit.Refusal == nil || fit.Refusal.Code != figure.ReleasedBefore {
				t.Errorf("%s, %s: the difference would tell about whoever withdrew, and it is given (%v)", ask, purpose, err)
			}
		}
	}
}

// personOf is somebody under a figure.
func personOf(t *testing.T, w *app.Workspace, f *figure.Figure) (person id.ID) {
	t.Helper()
	must(t, w.Desk().Each(t.Context(), "person", func(r index.Row) error {
		if slices.Contains(f.Under, r.ID) {
			person = r.ID
		}
		return nil
	}))
	if person.IsZero() {
		t.Fatal("nobody is under the figure")
	}
	return person
}
