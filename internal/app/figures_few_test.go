package app_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

// deaths is the range of the share of the dead that a figure of outcomes shows; false where it
// shows none.
func deaths(t *testing.T, w *app.Workspace) (lower, upper float64, shown bool) {
	t.Helper()
	f := made(t, w, figure.Question{Ask: figure.AskAfter, Draws: 1, Limits: anyLinks()})
	var fit struct {
		Ensemble []struct {
			Lower, Upper estimate.Number
			Detail       *figure.DeathBounds
			Refusal      *estimate.Refusal
		}
	}
	must(t, json.Unmarshal(f.Fit, &fit))
	if len(fit.Ensemble) != 1 || fit.Ensemble[0].Refusal == nil {
		t.Fatalf("the share of the dead is not refused: %s", f.Fit)
	}
	m := fit.Ensemble[0]
	if shown = m.Detail != nil; shown != (m.Refusal.Instead != "") {
		t.Errorf("the range is shown %v, and told as %q", shown, m.Refusal.Instead)
	}
	return float64(m.Lower), float64(m.Upper), shown
}

// R11: one death between two figures does not move the range of the second: it is not shown.
func TestR11TheRangeOfTheDeadDoesNotTellOfOneDeath(t *testing.T) {
	w := sentBack(t, map[string]int{"OC-R01": 40, "OC-R03": 30}, 12, 18, 15)
	if _, _, shown := deaths(t, w); !shown {
		t.Fatal("the first figure shows no range")
	}
	if _, _, shown := deaths(t, w); !shown {
		t.Error("nothing changed, and the range is gone")
	}
	die := func() {
		p := w.NewRecord()
		say(t, w, p, "person", id.ID{}, "pseudonym", "X", "birth", "1911-01-01", "sex", "f")
		agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
		agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
		say(t, w, w.NewRecord(), "episode", p, "person", p.String(), "period", "2003", "outcome", "OC-R07")
		say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "families")
	}
	die()
	if lo, hi, shown := deaths(t, w); shown {
		t.Errorf("one death more, and the range is %v to %v", lo, hi)
	}
}

// Who lived is no more told in its few than who died.
func TestTheBoundsOfTheDeadDoNotCountAFewWhoLived(t *testing.T) {
	for lived := range 3 {
		w := sentBack(t, map[string]int{"OC-R01": 22, "OC-R03": 22}, 12, 0, lived)
		if lo, hi, shown := deaths(t, w); !shown || hi != 1 || lo > float64(3+lived)/float64(12+lived) {
			t.Errorf("12 died and %d lived: %v to %v", lived, lo, hi)
		}
	}
}

// Fates that fewer than ten people have are counted both ways, whatever they are joined with.
func TestAFewUnknownFatesAreInTheBounds(t *testing.T) {
	w := sentBack(t, map[string]int{"OC-R01": 40, "OC-R03": 30, "OC-R10": 8, "OC-R08": 5}, 0, 0, 0)
	d := detail[figure.AfterDetail](t, made(t, w, figure.Question{Ask: figure.AskAfter, Draws: 1, Limits: anyLinks()}))
	for _, o := range d.Outcomes {
		if o.Code == "OC-R01" && (o.Share.Lower > 40./83 || o.Share.Upper < 48./83) {
			t.Errorf("between 40 and 48 of 83 had it: %v to %v", o.Share.Lower, o.Share.Upper)
		}
	}
}

// The boxes of the curve of stays are widened to round days and moved nowhere: each holds what
// was told of the stays in it.
func TestBoxesOfStaysStayWhereTheyAre(t *testing.T) {
	w := create(t)
	defer w.Close()
	for n := range 75 {
		p, e := w.NewRecord(), w.NewRecord()
		say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
		agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
		agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
		say(t, w, e, "episode", p, "person", p.String(), "period", "2003")
		say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST05", "duration", fmt.Sprintf("%d days", 101+2*(n%5)+100*(n/40)))
	}
	d := detail[figure.StayDetail](t, made(t, w, figure.Question{Ask: figure.AskStay, Draws: 1, Limits: anyLinks()}))
	short, all := 0.0, 0.0
	last := survival.Mass{}
	for _, m := range d.Groups[0].Fit.Masses {
		if m.Left < float64(last.Right) || float64(m.Right) <= m.Left {
			t.Errorf("a box from %v to %v behind one that ends at %v", m.Left, m.Right, last.Right)
		}
		if all += m.P; float64(m.Right) <= 150 {
			short += m.P
		}
		last = m
	}
	if want := 40. / 75; all < 1-1e-9 || short < want-0.02 || short > want+0.02 {
		t.Errorf("%.3f of the stays are in boxes up to 150 days, want %.3f: %+v", short, want, d.Groups[0].Fit.Masses)
	}
	if m := d.Groups[0].Median; m.Left > 109 || float64(m.Right) < 101 {
		t.Errorf("the median of stays of 101 to 109 days and longer ones is in a box from %v to %v", m.Left, m.Right)
	}
}
