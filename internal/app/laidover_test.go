package app_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// spoken is an account that rests on a passage of its own, in an interview with somebody.
type spoken struct{ teller, interview, unit id.ID }

func speak(t *testing.T, w *app.Workspace, teller id.ID, words string) spoken {
	t.Helper()
	s := spoken{teller, w.NewRecord(), w.NewRecord()}
	say(t, w, s.interview, "interview", id.ID{}, "person", teller.String(), "date", "2003-05-06")
	say(t, w, s.unit, "statement_unit", id.ID{}, "interview", s.interview.String(), "order", "1", "verbatim", words)
	return s
}

func (s spoken) says(t *testing.T, w *app.Workspace, rec id.ID, kindName, basis string, pairs ...string) {
	t.Helper()
	k, _ := w.Schema().Kind(kindName)
	vs := kind.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f, _ := k.Field(pairs[i])
		v, err := w.Schema().ParseValue(f, pairs[i+1], "")
		if err != nil {
			t.Fatal(err)
		}
		vs[pairs[i]] = append(vs[pairs[i]], v)
	}
	st := casebook.Statement{Record: rec, Kind: kindName, Fields: vs, Source: s.teller, Passage: casebook.Passage{Record: s.unit, From: 0, To: 5}, Basis: basis}
	if _, problems, err := w.State(t.Context(), st, "save"); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
}

// laidChain is a workspace in which one person's chain is told by herself, by her mother and
// by a cell mate who knew her under another record.
type laidChain struct {
	w                           *app.Workspace
	person, mother, mate, again id.ID
	own, hers, mates            spoken
	stay, fate                  id.ID
}

func tellChain(t *testing.T) laidChain {
	t.Helper()
	c := laidChain{w: create(t)}
	w := c.w
	none := id.ID{}
	c.person, c.mother, c.mate, c.again = w.NewRecord(), w.NewRecord(), w.NewRecord(), w.NewRecord()
	for rec, name := range map[id.ID]string{c.person: "Sora", c.mother: "Haneul", c.mate: "Bom", c.again: "Sora-2"} {
		say(t, w, rec, "person", none, "pseudonym", name, "sex", "f")
	}
	say(t, w, w.NewRecord(), "relationship", none, "person", c.mother.String(), "type", "RL-CHI", "other", c.person.String())
	c.own, c.hers, c.mates = speak(t, w, c.person, "다섯 달 있었다"), speak(t, w, c.mother, "한 달 있었다고"), speak(t, w, c.mate, "안전부였다")
	c.stay, c.fate = w.NewRecord(), w.NewRecord()
	c.own.says(t, w, c.stay, "detention_stage", "BK-1", "person", c.person.String(), "stage", "ST05", "in", "2001-03", "out", "2001-08", "duration", "5 months", "facility_type", "FT-SSD-K", "agency", "AG-SSD")
	c.hers.says(t, w, c.stay, "detention_stage", "BK-3", "stage", "ST05", "in", "2001-06", "duration", "1 month")
	other := w.NewRecord()
	c.mates.says(t, w, other, "detention_stage", "BK-2", "person", c.again.String(), "stage", "ST05", "in", "2001", "agency", "AG-MPS")
	c.own.says(t, w, c.fate, "fate", "BK-1", "person", c.person.String(), "state", "known", "outcome", "OC-R11")
	c.hers.says(t, w, w.NewRecord(), "fate", "BK-4", "person", c.person.String(), "state", "presumed", "outcome", "OC-R07")
	if err := w.Link(t.Context(), c.person, c.again, casebook.Same, "the same scar and the same cell"); err != nil {
		t.Fatal(err)
	}
	return c
}

func clashesOf(l *app.LaidOver) (out []string) {
	for _, c := range l.Clashes {
		out = append(out, c.Kind+" "+c.Field+": "+c.Sides[0].Says+" | "+c.Sides[1].Says)
	}
	return out
}

// What the person, a relative and a witness say stands beside each other, with who they are
// and how they know; each contradiction has the words of both sides.
func TestAccountsOfThreeTellersAreLaidOverEachOther(t *testing.T) {
	c := tellChain(t)
	defer c.w.Close()
	l, err := c.w.Desk().LaidOver(t.Context(), c.person, "en")
	if err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, x := range l.Tellers {
		who = append(who, string(x.How)+" "+x.Who+" "+x.As)
	}
	if want := []string{"own Sora ", "related Haneul Parent", "witness Bom "}; !slices.Equal(who, want) {
		t.Fatalf("who tells: %q, want %q", who, want)
	}
	want := []string{"detention_stage in: March 2001 | June 2001", "detention_stage duration: “5 months” (135–165 days) | “1 month” (15–45 days)",
		"detention_stage agency: " + l.Clashes[2].Sides[0].Says + " | " + l.Clashes[2].Sides[1].Says, "fate outcome: Escaped again | Death in detention"}
	if got := clashesOf(l); !slices.Equal(got, want) {
		t.Fatalf("contradictions:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if agency := l.Clashes[2]; agency.Sides[0].Says == agency.Sides[1].Says || agency.Sides[0].Teller != 0 || agency.Sides[1].Teller != 2 {
		t.Errorf("another agency: %+v", agency)
	}
	for i, words := range []string{"다섯 달 ", "한 달 있"} {
		side := l.Clashes[1].Sides[i]
		q, err := c.w.Desk().Words(t.Context(), side, "en")
		if err != nil || len(q) != 1 || q[0].Words != words || side.By[0].Basis != []string{"BK-1", "BK-3"}[i] {
			t.Errorf("side %d rests on %+v %v", i, q, err)
		}
	}
	r, err := c.w.Index().Fold(t.Context(), c.stay)
	if err != nil || len(r.Field("duration").Claims) != 2 || !r.Field("duration").Contested {
		t.Error("an account was overwritten or decided")
	}
}

// Where a value was taken for the case, it says by whom and why; both accounts stay.
func TestAChosenValueSaysByWhomAndWhy(t *testing.T) {
	c := tellChain(t)
	defer c.w.Close()
	l, err := c.w.Desk().LaidOver(t.Context(), c.person, "en")
	if err != nil {
		t.Fatal(err)
	}
	length := l.Clashes[1]
	if err := c.w.Choose(t.Context(), c.stay, "duration", length.Sides[0].By[0].Ref, "she counted roll calls"); err != nil {
		t.Fatal(err)
	}
	if l, err = c.w.Desk().LaidOver(t.Context(), c.person, "en"); err != nil {
		t.Fatal(err)
	}
	ch := l.Clashes[1].Choice
	if ch == nil || ch.Takes != "“5 months” (135–165 days)" || ch.Reason != "she counted roll calls" || ch.Member != "Tester" || ch.OneOf != 2 || len(l.Choices) != 1 {
		t.Fatalf("the choice: %+v of %+v", ch, l.Choices)
	}
	if len(l.Clashes) != 4 || l.Clashes[1].Sides[1].Says != "“1 month” (15–45 days)" {
		t.Error("what was not taken is gone")
	}
	if l.Clashes[2].Choice != nil || l.Clashes[3].Choice != nil {
		t.Error("a choice where nobody chose")
	}
}

// Somebody who refuses a purpose does not speak for it, and nothing is said of somebody who
// refuses it; asked again after every change.
func TestR05AnAccountOfSomebodyWhoRefusesIsNotLaidOver(t *testing.T) {
	c := tellChain(t)
	defer c.w.Close()
	who := func(r *app.Reading) string {
		l, err := r.LaidOver(t.Context(), c.person, "en")
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, x := range l.Tellers {
			out = append(out, x.Who)
		}
		for _, x := range l.Clashes {
			for _, s := range x.Sides {
				if l.Tellers[s.Teller].Who == "" && l.Tellers[s.Teller].How != app.Documenter {
					t.Errorf("a contradiction with nobody: %+v", x)
				}
			}
		}
		return strings.Join(out, " ")
	}
	desk, statistics := c.w.Desk(), reading(t, c.w, "CO-03")
	if got := who(desk); got != "Sora Haneul Bom" {
		t.Fatalf("on the desk: %q", got)
	}
	for _, p := range []id.ID{c.person, c.again, c.mother} {
		agree(t, c.w, p, "CO-03", "CS-1", "2004-02-03")
	}
	if got := who(statistics); strings.Contains(got, "Bom") || !strings.Contains(got, "Sora") {
		t.Errorf("for statistics, to which the cell mate never consented: %q", got)
	}
	agree(t, c.w, c.mate, "CO-01", "CS-2", "2004-02-03")
	if got := who(desk); got != "Sora Haneul" {
		t.Errorf("after the cell mate refused: %q", got)
	}
	agree(t, c.w, c.person, "CO-01", "CS-2", "2004-02-03")
	if got := who(desk); strings.Contains(got, "Haneul") || strings.Contains(got, "Sora") {
		t.Errorf("after the person refused: %q", got)
	}
}
