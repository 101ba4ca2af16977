package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// ReadBackState is what became of a passage when it was read back.
type ReadBackState string

// The states. A passage whose words changed after it was read is to be read again.
const (
	Unread    ReadBackState = "unread"
	Confirmed ReadBackState = "confirmed"
	Corrected ReadBackState = "corrected"
	Declined  ReadBackState = "declined"
	Changed   ReadBackState = "changed"
)

// ReadBackSummary counts what was read back, in which languages and by whom, and lists what
// was not.
type ReadBackSummary struct {
	Total      int
	Counts     map[ReadBackState]int
	Corrected  int // passages with at least one correction by the person
	Languages  []string
	Readers    []string
	States     map[id.ID]ReadBackState // by passage
	Place      map[id.ID]int           // of each passage in the testimony, from 0
	Remaining  []PassageAt             // not read, or changed since, in the order of the testimony
	LastReader string                  // who read last, and in which language
	LastLang   string
}

// PassageAt is a passage and its place in a testimony, from 0.
type PassageAt struct {
	ID    id.ID
	Order int
	At    int
}

// Correction is what the person put right when a passage was read back. It stands beside
// the words for ever (R29).
type Correction struct {
	Text   string `json:"text"`
	Lang   string `json:"lang,omitempty"`
	On     string `json:"on"`
	Reader string `json:"reader,omitempty"`
	Member string `json:"member"`
	Record id.ID  `json:"-"`
	at     journal.HLC
}

func correctionOrder(a, b Correction) int {
	return cmp.Or(cmp.Compare(a.at, b.at), a.Record.Compare(b.Record))
}

// sortPassages puts rows of passages into the order of their testimony.
func sortPassages(rows []index.Row) {
	order := func(r index.Row) int { n, _ := strconv.Atoi(r.Values.Get("order")); return n } // one without a number comes first
	slices.SortStableFunc(rows, func(a, b index.Row) int { return cmp.Or(cmp.Compare(order(a), order(b)), a.ID.Compare(b.ID)) })
}

// ReadBackOf says what was read back of an interview.
func (w *Workspace) ReadBackOf(ctx context.Context, rec id.ID) (ReadBackSummary, error) {
	s := ReadBackSummary{Counts: map[ReadBackState]int{}, States: map[id.ID]ReadBackState{}, Place: map[id.ID]int{}}
	units, err := w.Desk().Linked(ctx, rec, "statement_unit", "interview")
	if err != nil {
		return s, err
	}
	sortPassages(units)
	reads, err := w.Desk().Linked(ctx, rec, "read_back", "interview")
	if err != nil {
		return s, err
	}
	slices.SortFunc(reads, func(a, b index.Row) int { return cmp.Or(cmp.Compare(a.Last, b.Last), a.ID.Compare(b.ID)) })
	corrected, err := w.Desk().correctionsOf(ctx, rec, "interview", func(id.ID) bool { return true })
	if err != nil {
		return s, err
	}
	last := map[id.ID]index.Row{}
	for _, r := range reads {
		passage, err := id.Parse(r.Values.Get("passage"))
		if err != nil {
			continue
		}
		last[passage] = r
		for _, l := range []struct {
			text string
			into *[]string
			last *string
		}{{r.Values.Get("language"), &s.Languages, &s.LastLang}, {r.Values.Get("reader"), &s.Readers, &s.LastReader}} {
			if l.text != "" {
				*l.last = l.text
				if !slices.Contains(*l.into, l.text) {
					*l.into = append(*l.into, l.text)
				}
			}
		}
	}
	s.Total = len(units)
	for i, u := range units {
		state := Unread
		if r, ok := last[u.ID]; ok {
			state = ReadBackState(r.Values.Get("answer"))
			if changed, err := w.changedSince(ctx, u, r.Last); err != nil {
				return s, err
			} else if changed && state != Declined {
				state = Changed
			}
		}
		s.States[u.ID], s.Place[u.ID] = state, i
		s.Counts[state]++
		if len(corrected[u.ID]) > 0 {
			s.Corrected++
		}
		if state == Unread || state == Changed {
			n, _ := strconv.Atoi(u.Values.Get("order"))
			s.Remaining = append(s.Remaining, PassageAt{u.ID, n, i})
		}
	}
	return s, nil
}

// changedSince reports whether the words or the translation of a passage were stated again
// after a time.
func (w *Workspace) changedSince(ctx context.Context, unit index.Row, at journal.HLC) (bool, error) {
	if unit.Last <= at {
		return false, nil
	}
	r, err := w.Desk().Fold(ctx, unit.ID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(r.Accounts, func(a casebook.Account) bool {
		return a.Act.At > at && (len(a.Act.Fields["verbatim"]) > 0 || len(a.Act.Fields["translation"]) > 0)
	}), nil
}

// correctionsOf reads the corrections of an interview or a passage, which field of a
// read-back names, by passage, of those that wanted names, in the order in which they were
// made. Every account of a correction is shown with the passage it was made for, whatever a
// later account or a choice says now.
func (r *Reading) correctionsOf(ctx context.Context, rec id.ID, field string, wanted func(passage id.ID) bool) (map[id.ID][]Correction, error) {
	rows, err := r.LinkedWithWords(ctx, rec, "read_back", field)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]Correction{}
	for _, row := range rows {
		if row.Accounts == 1 && !slices.ContainsFunc(passagesNamed(row.Values), wanted) {
			continue // its one account is its row
		}
		f, err := r.Fold(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range f.Accounts {
			passage, ok := passageOf(f, a)
			if !ok || !wanted(passage) {
				continue
			}
			for _, v := range a.Act.Fields["correction"] {
				if v.State == kind.Given {
					out[passage] = append(out[passage], Correction{Text: v.Text, Lang: v.Lang, On: a.Act.At.Time().Format(when.Minute),
						Reader: cmp.Or(a.Act.Fields.Get("reader"), row.Values.Get("reader")), Member: r.w.MemberName(a.Act.Member), Record: row.ID, at: a.Act.At})
				}
			}
		}
	}
	for _, all := range out {
		slices.SortStableFunc(all, correctionOrder)
	}
	return out, nil
}

func passagesNamed(vs kind.Values) (out []id.ID) {
	for _, v := range vs["passage"] {
		if passage, err := id.Parse(v.Text); err == nil {
			out = append(out, passage)
		}
	}
	return out
}

// passageOf is the passage that an account of a read-back is about: the one it names, or, as
// it need not repeat that, the one the read-back was first of.
func passageOf(f *casebook.Record, a casebook.Account) (id.ID, bool) {
	for _, a := range append([]casebook.Account{a}, f.Accounts...) {
		if named := passagesNamed(a.Act.Fields); len(named) > 0 {
			return named[0], true
		}
	}
	return id.ID{}, false
}

// CorrectionsOf are the corrections of one passage, in the order in which they were made.
func (w *Workspace) CorrectionsOf(ctx context.Context, passage id.ID) ([]Correction, error) {
	return w.Desk().correctionsTo(ctx, passage)
}

// correctionsTo is CorrectionsOf for the purpose. A read-back whose later account names
// another passage is found by the interview.
func (r *Reading) correctionsTo(ctx context.Context, passage id.ID) ([]Correction, error) {
	row, err := r.Row(ctx, passage)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	wanted := func(p id.ID) bool { return p == passage }
	all, err := r.correctionsOf(ctx, passage, "passage", wanted)
	if err != nil {
		return nil, err
	}
	out := all[passage]
	for _, v := range row.Values["interview"] {
		rec, err := id.Parse(v.Text)
		if err != nil {
			continue
		}
		if all, err = r.correctionsOf(ctx, rec, "interview", wanted); err != nil {
			return nil, err
		}
		for _, c := range all[passage] {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	slices.SortStableFunc(out, correctionOrder)
	return out, nil
}

// ReadBack is one passage read to the person and what the person said.
type ReadBack struct {
	Passage    id.ID
	Answer     ReadBackState // Confirmed, Corrected or Declined
	Language   string
	Reader     string
	Correction string
	In         string // language of the correction
}

// StateReadBack records that a passage was read back. The passage stays as it is: a
// correction is a record of its own beside it (R29, R12).
func (w *Workspace) StateReadBack(ctx context.Context, rec id.ID, b ReadBack) ([]fault.Problem, error) {
	row, err := w.Desk().Row(ctx, rec)
	if err != nil || row.Kind != "interview" {
		return nil, fault.New(fault.NotFound, "app.StateReadBack", "no such interview")
	}
	vs := valuesOf("interview", rec.String(), "passage", b.Passage.String(), "clock", w.opt.Now().UTC().Format(time.RFC3339),
		"answer", string(b.Answer), "language", b.Language, "reader", b.Reader)
	if b.Correction != "" {
		vs["correction"] = []kind.Value{{State: kind.Given, Text: b.Correction, Lang: b.In}}
	}
	_, problems, err := w.State(ctx, casebook.Statement{Record: w.NewRecord(), Kind: "read_back", Fields: vs}, "save")
	return problems, err
}

// checkReadBack says what is wrong with a read-back: a correction has words, words are a
// correction, the passage is one of the interview, and who read it in which language is
// said.
func (w *Workspace) checkReadBack(ctx context.Context, s casebook.Statement) (out []fault.Problem) {
	problem := func(field, code, reason, remedy string) {
		out = append(out, wrongIn(s, field, code, reason, remedy)...)
	}
	if corrects := s.Fields.Get("answer") == string(Corrected); corrects != (s.Fields.Get("correction") != "") {
		problem("correction", "correction.words", "a correction has words, and only a correction has", "write what the person put right, or choose another answer")
	}
	if a := s.Fields.Get("answer"); a == string(Confirmed) || a == string(Corrected) {
		for _, name := range []string{"language", "reader"} {
			if s.Fields.Get(name) == "" {
				problem(name, "readback.said", "is needed where something was read", "say in which language it was read, and by whom (a code)")
			}
		}
	}
	passage, err := id.Parse(s.Fields.Get("passage"))
	if err != nil {
		return out // the check of the field says so
	}
	if f, err := w.index.Fold(ctx, s.Record); err == nil && slices.ContainsFunc(f.Accounts, func(a casebook.Account) bool {
		of, ok := passageOf(f, a)
		return len(a.Act.Fields["correction"]) > 0 && ok && of != passage
	}) {
		problem("passage", "correction.stays", "is not the one the person put right", "record a read-back of the other passage: what was put right stays where it is")
	}
	if row, err := w.index.Row(ctx, passage); err == nil && row.Values.Get("interview") != s.Fields.Get("interview") {
		problem("passage", "passage.other", "belongs to another interview", "choose a passage of this interview")
	}
	return out
}

// MarkHard says of a passage that it is shown only after a warning, or no longer.
func (w *Workspace) MarkHard(ctx context.Context, passage id.ID, hard bool) error {
	r, err := w.Desk().Fold(ctx, passage)
	if err != nil {
		return err
	}
	if r.Kind != "statement_unit" {
		return fault.New(fault.NotFound, "app.MarkHard", "no such passage")
	}
	s := casebook.Statement{Record: passage, Kind: r.Kind, Fields: kind.Values{"hard": {kind.Of(map[bool]string{true: "yes", false: "no"}[hard])}}}
	problems, err := w.stateInPlace(ctx, s, func(a casebook.Account) bool { return len(a.Act.Fields) == 1 && len(a.Act.Fields["hard"]) > 0 })
	if err != nil || len(problems) > 0 {
		return cmp.Or(err, error(fault.New(fault.Invalid, "app.MarkHard", "the mark is not taken").Coded("mark")))
	}
	return nil
}
