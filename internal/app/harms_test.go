package app_test

import (
	"slices"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/exploitation"
)

// M18 and M19 on one person: a child sold without any means being needed, wages and
// extortion as intervals, threats on the list of signs and nothing counted up.
func TestHarmsOfOnePersonAddUpWithoutAScore(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := w.NewRecord()
	say(t, w, p, "person", id.ID{}, "pseudonym", "Hana", "birth", "1985")
	say(t, w, w.NewRecord(), "exploitation", p, "person", p.String(), "type", "HH01", "date", "2001", "act", "transfer", "purpose", "marriage")
	say(t, w, w.NewRecord(), "exploitation", p, "person", p.String(), "type", "HH04", "date", "2006", "act", "recruitment", "purpose", "labour")
	say(t, w, w.NewRecord(), "labour_claim", p, "person", p.String(), "sector", "farm", "promised", "300 CNY", "per", "month", "worked", "약 여섯 달", "paid", "400 CNY")
	say(t, w, w.NewRecord(), "labour_claim", p, "person", p.String(), "sector", "restaurant", "promised", "1000 CNY", "per", "total")
	say(t, w, w.NewRecord(), "extortion", p, "person", p.String(), "demand", "money", "amount", "500 CNY", "times", "2")
	say(t, w, w.NewRecord(), "threat", p, "person", p.String(), "purpose", "unpaid work")
	h, err := w.Desk().Harms(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	answers := []exploitation.Answer{h.Trafficking[0].Check.Definition, h.Trafficking[1].Check.Definition}
	slices.Sort(answers)
	if !slices.Equal(answers, []exploitation.Answer{exploitation.Open, exploitation.Yes}) {
		t.Errorf("trafficking: %+v", h.Trafficking)
	}
	if want := []exploitation.Sum{{Currency: "CNY", Lo: 1250 + 1000, Hi: 1550 + 1000}}; !slices.Equal(h.Unpaid, want) {
		t.Errorf("unpaid %v, want %v", h.Unpaid, want)
	}
	if want := []exploitation.Sum{{Currency: "CNY", Lo: 1000, Hi: 1000}}; !slices.Equal(h.Extorted, want) {
		t.Errorf("extorted %v, want %v", h.Extorted, want)
	}
	if len(h.Indicators) != 11 || len(h.Penalty) != 1 || len(h.Work) != 3 {
		t.Errorf("%d signs, penalty %v, work %v", len(h.Indicators), h.Penalty, h.Work)
	}
	if _, err := reading(t, w, "CO-03").Harms(t.Context(), p); err == nil {
		t.Error("harms are shown for statistics without consent")
	}
}
