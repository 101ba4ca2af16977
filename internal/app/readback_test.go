package app_test

import (
	"path/filepath"
	"slices"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

func readBack(t testing.TB, w *app.Workspace, rec id.ID, b app.ReadBack) {
	t.Helper()
	problems, err := w.StateReadBack(t.Context(), rec, b)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%+v is not taken: %v %v", b, problems, err)
	}
}

func passages(t testing.TB, w *app.Workspace, rec id.ID) []app.Passage {
	t.Helper()
	out, _, err := w.Passages(t.Context(), rec, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// R29, R12: what the person puts right stands beside the words for ever: with the passage,
// with every quote of it, after reopening; it replaces nothing, and is not taken back.
func TestR29R12ACorrectionStandsBesideTheWordsForEver(t *testing.T) {
	w := create(t)
	p := testimony(t, w, "Hana", "김철수", "그해 봄에 강을 건넜다")
	rec := w.NewRecord()
	_, problems, err := w.State(t.Context(), casebook.Statement{Record: rec, Kind: "threat", Fields: kind.Values{"person": {kind.Of(p.person.String())}}, Source: p.person, Passage: casebook.Passage{Record: p.unit}}, "save")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	readBack(t, w, p.interview, app.ReadBack{Passage: p.unit, Answer: app.Corrected, Language: "ko", Reader: "IV-1", Correction: "봄이 아니라 가을이었다", In: "ko"})
	readBack(t, w, p.interview, app.ReadBack{Passage: p.unit, Answer: app.Corrected, Language: "ko", Reader: "IV-2", Correction: "추수 뒤였다", In: "ko"})
	readBack(t, w, p.interview, app.ReadBack{Passage: p.unit, Answer: app.Confirmed, Language: "ko", Reader: "IV-2"})
	correction := passages(t, w, p.interview)[0].Corrections[0].Record
	f, err := w.Index().Fold(t.Context(), correction)
	must(t, err)
	if err := w.Retract(t.Context(), correction, f.Accounts[0].Ref, "a mistake"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a correction is taken back: %v", err)
	}
	for _, how := range []string{"as recorded", "reopened", "rebuilt"} {
		switch how {
		case "reopened":
			w = reopen(t, w)
		case "rebuilt":
			must(t, w.Rebuild(t.Context(), nil))
		}
		got := passages(t, w, p.interview)
		if len(got) != 1 || got[0].Words != "그해 봄에 강을 건넜다" {
			t.Fatalf("%s: the words are %+v", how, got)
		}
		if c := got[0].Corrections; len(c) != 2 || c[0].Text != "봄이 아니라 가을이었다" || c[0].Lang != "ko" || c[0].Reader != "IV-1" || c[1].Text != "추수 뒤였다" {
			t.Errorf("%s: corrections %+v", how, c)
		}
		quotes, err := w.Quotes(t.Context(), rec, "en", 10)
		if err != nil || len(quotes) != 1 || len(quotes[0].Corrections) != 2 {
			t.Errorf("%s: a quote without its corrections: %+v %v", how, quotes, err)
		}
		s, err := w.ReadBackOf(t.Context(), p.interview)
		if err != nil || s.Corrected != 1 || s.States[p.unit] != app.Confirmed {
			t.Errorf("%s: %+v %v", how, s, err)
		}
	}
	must(t, w.Close())
}

// R29, R12: whatever is recorded of a read-back later, what the person put right is shown with
// the passage it was made for: a second account that is chosen, one that replaces the first,
// one that another device brings, one of another passage. It goes when the person does.
func TestR29R12NoLaterAccountHidesACorrection(t *testing.T) {
	const words = "봄이 아니라 가을이었다"
	account := func(p people, rec id.ID, passage id.ID) casebook.Statement {
		return casebook.Statement{Record: rec, Kind: "read_back", Fields: kind.Values{"interview": {kind.Of(p.interview.String())}, "passage": {kind.Of(passage.String())},
			"answer": {kind.Of("confirmed")}, "language": {kind.Of("ko")}, "reader": {kind.Of("IV-2")}}}
	}
	state := func(t *testing.T, w *app.Workspace, s casebook.Statement) journal.Ref {
		t.Helper()
		ref, problems, err := w.State(t.Context(), s, "save")
		if err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		return ref
	}
	cases := []struct {
		name  string
		later func(t *testing.T, w *app.Workspace, p people, rec, second id.ID, first journal.Ref)
	}{
		{"chosen", func(t *testing.T, w *app.Workspace, p people, rec, _ id.ID, _ journal.Ref) {
			ref := state(t, w, account(p, rec, p.unit))
			for _, field := range []string{"answer", "reader"} {
				must(t, w.Choose(t.Context(), rec, field, ref, "typed wrongly"))
			}
		}},
		{"replaced", func(t *testing.T, w *app.Workspace, p people, rec, _ id.ID, first journal.Ref) {
			s := account(p, rec, p.unit)
			s.Corrects = &first
			state(t, w, s)
		}},
		{"emptied", func(t *testing.T, w *app.Workspace, p people, rec, _ id.ID, first journal.Ref) {
			s := account(p, rec, p.unit)
			s.Corrects, s.Fields["correction"] = &first, []kind.Value{{State: kind.NotAsked}}
			state(t, w, s)
		}},
		{"from another device", func(t *testing.T, w *app.Workspace, p people, rec, _ id.ID, first journal.Ref) {
			stick := filepath.Join(t.TempDir(), "usb")
			other := join(t, w, stick, "general")
			s := account(p, rec, p.unit)
			s.Corrects = &first
			state(t, other, s)
			exchange(t, stick, other, w)
		}},
		{"of another passage", func(t *testing.T, w *app.Workspace, p people, rec, second id.ID, first journal.Ref) {
			s := account(p, rec, second)
			s.Corrects = &first
			if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) == 0 || problems[0].Field != "passage" {
				t.Errorf("what the person put right is moved to another passage: %v %v", problems, err)
			}
			_, err := w.StateAll(t.Context(), []casebook.Statement{s}) // as an import of a whole workspace does, unchecked
			must(t, err)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := create(t)
			defer w.Close()
			p := testimony(t, w, "Hana", "김철수", "그해 봄에 강을 건넜다")
			second, threat := w.NewRecord(), w.NewRecord()
			say(t, w, second, "statement_unit", id.ID{}, "interview", p.interview.String(), "order", "2", "verbatim", "둘째")
			state(t, w, casebook.Statement{Record: threat, Kind: "threat", Fields: kind.Values{"person": {kind.Of(p.person.String())}}, Source: p.person, Passage: casebook.Passage{Record: p.unit}})
			readBack(t, w, p.interview, app.ReadBack{Passage: p.unit, Answer: app.Corrected, Language: "ko", Reader: "IV-1", Correction: words, In: "ko"})
			rec := passages(t, w, p.interview)[0].Corrections[0].Record
			f, err := w.Index().Fold(t.Context(), rec)
			must(t, err)
			c.later(t, w, p, rec, second, f.Accounts[0].Ref)
			for _, how := range []string{"as recorded", "rebuilt"} {
				if how == "rebuilt" {
					must(t, w.Rebuild(t.Context(), nil))
				}
				got := passages(t, w, p.interview)
				if all := got[0].Corrections; len(all) != 1 || all[0].Text != words || all[0].Reader != "IV-1" || len(got[1].Corrections) != 0 {
					t.Errorf("%s: on the transcript %+v, and with the other passage %+v", how, all, got[1].Corrections)
				}
				if all, err := w.CorrectionsOf(t.Context(), p.unit); err != nil || len(all) != 1 || all[0].Text != words {
					t.Errorf("%s: of the passage: %+v %v", how, all, err)
				}
				if q, err := w.Quotes(t.Context(), threat, "en", 10); err != nil || len(q) != 1 || len(q[0].Corrections) != 1 {
					t.Errorf("%s: with a quote: %+v %v", how, q, err)
				}
				if s, err := w.ReadBackOf(t.Context(), p.interview); err != nil || s.Corrected != 1 {
					t.Errorf("%s: %d passages are counted as put right: %v", how, s.Corrected, err)
				}
			}
			consent := agree(t, w, p.person, "CO-01", "CS-3", "2004-01-05")
			if all, err := w.CorrectionsOf(t.Context(), p.unit); err != nil || len(all) != 0 {
				t.Errorf("shown of a locked file: %+v %v", all, err)
			}
			f, err = w.Index().Fold(t.Context(), consent)
			must(t, err)
			must(t, w.Retract(t.Context(), consent, f.Accounts[0].Ref, "entered for somebody else"))
			if all, err := w.CorrectionsOf(t.Context(), p.unit); err != nil || len(all) != 1 {
				t.Errorf("not shown when the file is open again: %+v %v", all, err)
			}
			_, err = w.Erase(t.Context(), p.person, "her wish")
			must(t, err)
			if all, err := w.CorrectionsOf(t.Context(), p.unit); err != nil || len(all) != 0 {
				t.Errorf("shown after the person was erased: %+v %v", all, err)
			}
			if got, _, err := w.Passages(t.Context(), p.interview, 0, 10); err != nil || len(got) != 0 {
				t.Errorf("passages after the person was erased: %+v %v", got, err)
			}
		})
	}
}

func TestReadBackSaysWhatRemains(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "첫째")
	units := []id.ID{p.unit}
	for n, words := range []string{"둘째", "셋째", "넷째"} {
		u := w.NewRecord()
		say(t, w, u, "statement_unit", id.ID{}, "interview", p.interview.String(), "order", []string{"2", "3", "4"}[n], "verbatim", words)
		units = append(units, u)
	}
	agree(t, w, p.person, "CO-01", "CS-1", "2003")
	plan(t, w, p.interview, answers())
	note(t, w, p.interview, app.Turn{What: interview.PhaseBegin, Phase: "read_back"})
	done := app.Turn{What: interview.PhaseDone, Phase: "read_back"}
	closing := app.Turn{What: interview.PhaseBegin, Phase: "closing"}
	for _, turn := range []app.Turn{done, closing} {
		if problems, err := w.Note(t.Context(), p.interview, turn); err != nil || len(problems) == 0 {
			t.Errorf("%+v with four passages unread (%v)", turn, err)
		}
	}
	readBack(t, w, p.interview, app.ReadBack{Passage: units[0], Answer: app.Confirmed, Language: "ko", Reader: "IV-1"})
	readBack(t, w, p.interview, app.ReadBack{Passage: units[1], Answer: app.Corrected, Language: "zh", Reader: "INT-2", Correction: "아니다", In: "ko"})
	readBack(t, w, p.interview, app.ReadBack{Passage: units[2], Answer: app.Declined})
	s, err := w.ReadBackOf(t.Context(), p.interview)
	must(t, err)
	if s.Total != 4 || s.Counts[app.Confirmed] != 1 || s.Counts[app.Corrected] != 1 || s.Counts[app.Declined] != 1 || s.Counts[app.Unread] != 1 || s.Corrected != 1 ||
		!slices.Equal(s.Languages, []string{"ko", "zh"}) || !slices.Equal(s.Readers, []string{"IV-1", "INT-2"}) || s.LastLang != "zh" || s.LastReader != "INT-2" {
		t.Errorf("%+v", s)
	}
	if len(s.Remaining) != 1 || s.Remaining[0].ID != units[3] || s.Remaining[0].Order != 4 || s.Remaining[0].At != 3 {
		t.Errorf("remaining: %+v", s.Remaining)
	}
	must(t, w.MarkHard(t.Context(), units[0], true)) // changes no word
	must(t, w.MarkHard(t.Context(), units[0], true))
	if s, err = w.ReadBackOf(t.Context(), p.interview); err != nil || s.States[units[0]] != app.Confirmed {
		t.Errorf("after a mark: %s %v", s.States[units[0]], err)
	}
	if got := passages(t, w, p.interview)[0]; !got.Hard {
		t.Error("the passage is not marked")
	}
	must(t, w.MarkHard(t.Context(), units[0], false))
	if got := passages(t, w, p.interview)[0]; got.Hard {
		t.Error("the mark stays")
	}
	say(t, w, units[0], "statement_unit", id.ID{}, "verbatim", "첫째, 고쳐 적음")
	if s, err = w.ReadBackOf(t.Context(), p.interview); err != nil || s.States[units[0]] != app.Changed || len(s.Remaining) != 2 {
		t.Errorf("words that changed after they were read: %s %v", s.States[units[0]], err)
	}
	readBack(t, w, p.interview, app.ReadBack{Passage: units[0], Answer: app.Confirmed, Language: "ko", Reader: "IV-1"})
	readBack(t, w, p.interview, app.ReadBack{Passage: units[3], Answer: app.Declined})
	note(t, w, p.interview, done)
	note(t, w, p.interview, closing)
}

func TestWhatIsNoReadBack(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	q := testimony(t, w, "Duri", "박영희", "y")
	for field, b := range map[string]app.ReadBack{
		"correction": {Passage: p.unit, Answer: app.Corrected, Language: "ko", Reader: "IV-1"},
		"passage":    {Passage: q.unit, Answer: app.Confirmed, Language: "ko", Reader: "IV-1"},
		"language":   {Passage: p.unit, Answer: app.Confirmed, Reader: "IV-1"},
		"reader":     {Passage: p.unit, Answer: app.Corrected, Language: "ko", Correction: "x"},
		"answer":     {Passage: p.unit, Language: "ko", Reader: "IV-1"},
	} {
		problems, err := w.StateReadBack(t.Context(), p.interview, b)
		if err != nil || len(problems) == 0 || problems[0].Field != field {
			t.Errorf("%s: %v %v", field, problems, err)
		}
	}
	if problems, err := w.StateReadBack(t.Context(), p.interview, app.ReadBack{Passage: p.unit, Answer: app.Confirmed, Language: "ko", Reader: "IV-1", Correction: "x"}); err != nil || len(problems) == 0 {
		t.Errorf("confirmed, and corrected: %v", err)
	}
	// R03: what would lead to the person is kept out of a correction as out of any text
	if problems, err := w.StateReadBack(t.Context(), p.interview, app.ReadBack{Passage: p.unit, Answer: app.Corrected, Language: "ko", Reader: "IV-1", Correction: "call +86 138 1234 5678", In: "ko"}); err != nil || len(problems) == 0 {
		t.Errorf("R03: a telephone number in a correction (%v)", err)
	}
	agree(t, w, p.person, "CO-01", "CS-2", "2003")
	if _, err := w.StateReadBack(t.Context(), p.interview, app.ReadBack{Passage: p.unit, Answer: app.Confirmed, Language: "ko", Reader: "IV-1"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a read-back of a locked file: %v", err)
	}
}

func TestTheLifeCalendarHoldsTheOwnLifeAndDatesAnEvent(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	none := id.ID{}
	stage := w.NewRecord()
	say(t, w, stage, "detention_stage", none, "person", p.person.String(), "stage", "ST05", "in", "autumn 1999", "out", "2000-02")
	say(t, w, stage, "detention_stage", none, "in", "1998")
	c, err := w.LifeCalendar(t.Context(), p.interview, "en")
	must(t, err)
	if c.Person != p.person || c.Told.String() != "2003-04-02" || c.Years[0].Year != 1970 || c.Years[len(c.Years)-1].Year != 2003 {
		t.Errorf("%+v", c)
	}
	var own []string
	for _, a := range c.Own {
		own = append(own, a.Kind+" "+a.Date.String()+map[bool]string{true: " ?"}[a.Contested])
	}
	want := []string{"person 1970", "detention_stage 1998 ?", "detention_stage 1999-23 ?", "detention_stage 2000-02", "incident 2001-21"}
	if !slices.Equal(own, want) {
		t.Errorf("own life: %v, want %v", own, want)
	}
	for _, y := range c.Years {
		if y.Year == 1994 && (y.Least != 23 || y.Most != 24 || len(y.Public) != 1 || y.Lunar == "" || y.Feast == "") {
			t.Errorf("1994: %+v", y)
		}
	}
	find := func(code string, year int) app.LifeAnchor {
		t.Helper()
		a, ok := c.Anchor(code, year, "en")
		if !ok {
			t.Fatalf("no anchor %s %d", code, year)
		}
		return a
	}
	for _, bad := range []string{"", "nothing", stage.String()} {
		if _, ok := c.Anchor(bad, 1998, "en"); ok {
			t.Errorf("%q is an anchor", bad)
		}
	}
	d, err := c.Place(interview.Between, find("harvest", 1998), find(stage.String()+".out.0", 0))
	if err != nil || d.String() != "1998-09/2000-02" {
		t.Errorf("between harvest and release: %s %v", d, err)
	}
	if d, err = c.Place(interview.After, find("kim_il_sung", 0), app.LifeAnchor{}); err != nil || d.String() != "1994-07-08/2003-04-02" {
		t.Errorf("after a death: %s %v", d, err)
	}
	if d, err = c.Place(interview.Earlier, find("kim_il_sung", 0), app.LifeAnchor{}); err != nil || d.String() != "1970/1994-07-08" {
		t.Errorf("before a death: %s %v", d, err)
	}
	field := func(text string) []kind.Value { return []kind.Value{kind.Of(text)} }
	problems, err := w.StateAnchor(t.Context(), p.interview, kind.Values{"type": field("move"), "what": field("moved to the uncle"), "date": field("1998-09/2000-02"),
		"relation": field("between"), "grounds": field("harvest 1998; release")})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if c, err = w.LifeCalendar(t.Context(), p.person, "en"); err != nil || !slices.ContainsFunc(c.Own, func(a app.LifeAnchor) bool {
		return a.Kind == "life_anchor" && a.Words == "moved to the uncle" && a.Grounds == "harvest 1998; release" && a.Date == when.Between(when.InMonth(1998, 9), when.InMonth(2000, 2))
	}) {
		t.Errorf("the anchor is not on the calendar: %+v %v", c, err)
	}
	if problems, err = w.StateAnchor(t.Context(), p.interview, kind.Values{"type": field("move")}); err != nil || len(problems) == 0 {
		t.Errorf("an anchor without a date: %v", err)
	}
	for _, d := range app.Dated() {
		k, ok := w.Schema().Kind(d[0])
		if !ok {
			t.Fatalf("no kind %s", d[0])
		}
		if f, ok := k.Field(d[1]); !ok || f.Type != kind.TypeDate {
			t.Errorf("%s.%s is no date", d[0], d[1])
		}
		if f, ok := k.Field(app.PersonField(d[0])); !ok || f.Kind != "person" {
			t.Errorf("%s does not name its person", d[0])
		}
	}
}

// Two devices that said apart whether a passage is hard to hear: it is, until somebody who knows
// both says that it is not.
func TestAMarkOfTwoDevicesCanBeTakenAway(t *testing.T) {
	w := create(t)
	defer w.Close()
	stick := filepath.Join(t.TempDir(), "usb")
	p := testimony(t, w, "Hana", "김철수", "x")
	other := join(t, w, stick, "general")
	must(t, w.MarkHard(t.Context(), p.unit, false))
	must(t, other.MarkHard(t.Context(), p.unit, true))
	exchange(t, stick, w, other, w)
	both := func(want bool) {
		t.Helper()
		for _, d := range []*app.Workspace{w, other} {
			if got := passages(t, d, p.interview)[0].Hard; got != want {
				t.Errorf("hard to hear: %v, want %v", got, want)
			}
		}
	}
	both(true)
	must(t, w.MarkHard(t.Context(), p.unit, false))
	exchange(t, stick, w, other)
	both(false)
	must(t, other.MarkHard(t.Context(), p.unit, true))
	exchange(t, stick, other, w)
	both(true)
}
