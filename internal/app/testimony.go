package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/transcript"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// Citation is a record with an account that rests on a passage, and on which words of it.
type Citation struct {
	LinkView
	From, To int    // rune offsets into the words as spoken; 0, 0 for the whole passage
	Member   string // who coded it
	Own      bool   // by the member who has the workspace open
}

// Citations lists what rests on a passage, in the order of the words.
func (w *Workspace) Citations(ctx context.Context, passage id.ID, lang string) ([]Citation, error) {
	rows, err := w.index.Linked(ctx, passage, "", index.PassageField)
	if err != nil {
		return nil, err
	}
	var out []Citation
	for _, row := range rows {
		k, ok := w.Schema().Kind(row.Kind)
		if !ok {
			continue
		}
		r, err := w.index.Fold(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		link := LinkView{ID: row.ID.String(), Kind: row.Kind, Label: k.Label.In(lang), Title: w.Title(ctx, row, lang)}
		seen := map[[2]int]bool{}
		for _, a := range r.Accounts {
			p := a.Act.Passage
			if p == nil || p.Record != passage || seen[[2]int{p.From, p.To}] {
				continue
			}
			seen[[2]int{p.From, p.To}] = true
			out = append(out, Citation{link, p.From, p.To, w.MemberName(a.Act.Member), a.Act.Member == w.vault.Member()})
		}
	}
	slices.SortFunc(out, func(a, b Citation) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Passage is one unit of a testimony.
type Passage struct {
	ID                  id.ID
	Order               int
	Time, Basis         string
	Words, Lang         string
	Translation, InLang string
	Speaker             string
	MachineTranslated   bool
	Hard                bool         // somebody said that it is hard to hear
	Corrections         []Correction // by the person, when it was read back (R29)
}

// Passages reads a testimony in its order. Those from first on are opened, at most limit;
// total counts all. first is an index, from 0.
func (w *Workspace) Passages(ctx context.Context, interview id.ID, first, limit int) (out []Passage, total int, err error) {
	rows, err := w.index.Linked(ctx, interview, "statement_unit", "interview")
	if err != nil {
		return nil, 0, err
	}
	sortPassages(rows)
	shown := rows[min(max(first, 0), len(rows)):min(first+limit, len(rows))]
	corrections, err := w.Desk().correctionsOf(ctx, interview, "interview", func(p id.ID) bool {
		return slices.ContainsFunc(shown, func(r index.Row) bool { return r.ID == p })
	})
	if err != nil {
		return nil, 0, err
	}
	for _, row := range shown {
		r, err := w.index.Fold(ctx, row.ID)
		if err != nil {
			return nil, 0, err
		}
		order, _ := strconv.Atoi(row.Values.Get("order")) // none: 0
		p := Passage{ID: row.ID, Order: order, Time: row.Values.Get("time_code"), Basis: row.Values.Get("basis"), MachineTranslated: row.Values.Get("machine_translated") == "yes",
			Hard: slices.Contains(row.Values["hard"], kind.Of("yes")), Corrections: corrections[row.ID]}
		p.Words, p.Lang = firstText(r, "verbatim")
		p.Translation, p.InLang = firstText(r, "translation")
		p.Speaker, _ = firstText(r, "speaker")
		out = append(out, p)
	}
	return out, len(rows), nil
}

// Quote is what an account rests on: the words of a passage, as they were spoken and as
// they were translated.
type Quote struct {
	Record             LinkView // whose account it is: the record, or one that is part of it
	Account            AccountView
	Words, Lang        string
	Translation, Other string
	Corrections        []Correction // by the person, of the passage the words are from (R29)
}

// Quotes lists the words that the accounts of a record and of the records that point at it
// rest on, each words once, at most limit. An account without a passage has no words. That
// they were read is in the log where a record's kind asks for it.
func (w *Workspace) Quotes(ctx context.Context, rec id.ID, lang string, limit int) ([]Quote, error) {
	own, err := w.Desk().Row(ctx, rec)
	if err != nil {
		return nil, err
	}
	rows := []index.Row{*own}
	_, in, err := w.index.Inbound(ctx, rec, shownInbound)
	if err != nil {
		return nil, err
	}
	for _, l := range in {
		rows = append(rows, l.Row)
	}
	var out []Quote
	for _, row := range rows {
		if len(out) >= limit {
			break
		}
		if out, err = w.quotesOf(ctx, row, lang, out); err != nil {
			return nil, err
		}
	}
	return out[:min(limit, len(out))], nil
}

// quotesOf adds the words that the accounts of one record rest on. A locked file has none.
func (w *Workspace) quotesOf(ctx context.Context, row index.Row, lang string, out []Quote) ([]Quote, error) {
	k, ok := w.Schema().Kind(row.Kind)
	if !ok {
		return out, nil
	}
	if ok, err := w.Desk().Has(ctx, row.ID); err != nil || !ok {
		return out, err
	}
	r, err := w.index.Fold(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	link := LinkView{ID: row.ID.String(), Kind: row.Kind, Label: k.Label.In(lang), Title: w.Title(ctx, row, lang)}
	for _, a := range r.Accounts {
		q, ok, err := w.Desk().quote(ctx, a.Act.Passage)
		if err != nil {
			return nil, err
		}
		if ok && !slices.ContainsFunc(out, func(o Quote) bool { return o.Words == q.Words && o.Translation == q.Translation }) {
			q.Record, q.Account = link, w.accountView(ctx, a, lang)
			out = append(out, q)
		}
	}
	return out, nil
}

// quote reads the words of a passage that an account rests on. A passage that is hidden,
// erased or locked is none.
func (r *Reading) quote(ctx context.Context, p *casebook.Passage) (Quote, bool, error) {
	if p == nil {
		return Quote{}, false, nil
	}
	if ok, err := r.Has(ctx, p.Record); err != nil || !ok {
		return Quote{}, false, err
	}
	f, err := r.w.index.Fold(ctx, p.Record)
	if err != nil {
		return Quote{}, false, err
	}
	if k, ok := r.w.Schema().Kind(f.Kind); ok && k.Compartment != generalRoom {
		if err := r.w.NoteRead(ctx, p.Record); err != nil {
			return Quote{}, false, err
		}
	}
	var q Quote
	q.Words, q.Lang = firstText(f, "verbatim")
	q.Translation, q.Other = firstText(f, "translation")
	if rs := []rune(q.Words); p.From < p.To && p.To <= len(rs) {
		q.Words = string(rs[p.From:p.To])
	}
	q.Corrections, err = r.correctionsTo(ctx, p.Record)
	return q, q.Words != "" || q.Translation != "", err
}

func firstText(r *casebook.Record, field string) (text, lang string) {
	for _, v := range r.Field(field).Current() {
		if v.State == kind.Given {
			return v.Text, v.Lang
		}
	}
	return "", ""
}

// TranscriptReport tells what became of a transcript: Units = Stored + Known.
type TranscriptReport struct {
	Units    int
	Stored   int
	Known    int
	Warnings []fault.Problem
}

// AddTranscript states the units of a transcript as passages of an interview, after the
// ones it has. lang and translated are the language tags of the words and of the
// translation beside them. Reading the same file again stores nothing twice.
func (w *Workspace) AddTranscript(ctx context.Context, interview id.ID, t *transcript.Transcript, lang, translated string) (TranscriptReport, error) {
	rep := TranscriptReport{Units: len(t.Units), Warnings: t.Warnings}
	row, err := w.index.Row(ctx, interview)
	if err != nil || row.Kind != "interview" {
		return rep, fault.New(fault.NotFound, "app.AddTranscript", "there is no such interview")
	}
	have, err := w.index.Linked(ctx, interview, "statement_unit", "interview")
	if err != nil {
		return rep, err
	}
	known := make(map[id.ID]bool, len(have))
	last := 0
	for _, r := range have {
		known[r.ID] = true
		if n, err := strconv.Atoi(r.Values.Get("order")); err == nil {
			last = max(last, n)
		}
	}
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return rep, err
	}
	var all []casebook.Statement
	same := map[string]int{}
	for _, u := range t.Units {
		key := u.Speaker + "\x00" + u.Words + "\x00" + u.Translation
		same[key]++
		rec := id.Derive(general.secret, "passage", interview.String(), fmt.Sprint(same[key]), key)
		if known[rec] {
			rep.Known++
			continue
		}
		last++
		all = append(all, casebook.Statement{Record: rec, Kind: "statement_unit", Fields: unitFields(interview, last, u, lang, translated)})
	}
	rep.Stored = len(all)
	for part := range slices.Chunk(all, 500) {
		if _, err := w.StateAll(ctx, part); err != nil {
			return rep, err
		}
	}
	return rep, nil
}

func unitFields(interview id.ID, order int, u transcript.Unit, lang, translated string) kind.Values {
	vs := kind.Values{
		"interview": {kind.Of(interview.String())}, "order": {kind.Of(strconv.Itoa(order))}, "language": {kind.Of(lang)},
	}
	if u.Words != "" {
		vs["verbatim"] = []kind.Value{{State: kind.Given, Text: u.Words, Lang: lang}}
	}
	if u.Translation != "" {
		vs["translation"] = []kind.Value{{State: kind.Given, Text: u.Translation, Lang: translated}}
	}
	if u.Time != "" {
		vs["time_code"] = []kind.Value{kind.Of(u.Time)}
	}
	if u.Speaker != "" {
		vs["speaker"] = []kind.Value{kind.Of(u.Speaker)}
	}
	return vs
}

// Likely lists records of a kind that belong to a person already: what a coder probably
// means, before making another.
func (w *Workspace) Likely(ctx context.Context, person id.ID, kindName, lang string, limit int) ([]LinkView, error) {
	k, ok := w.Schema().Kind(kindName)
	if !ok || person.IsZero() {
		return nil, nil
	}
	var out []LinkView
	for _, f := range k.Fields {
		if f.Type != kind.TypeLink || f.Kind != "person" {
			continue
		}
		rows, err := w.index.Linked(ctx, person, kindName, f.Name)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			id := r.ID.String()
			if len(out) < limit && !slices.ContainsFunc(out, func(l LinkView) bool { return l.ID == id }) {
				out = append(out, LinkView{ID: id, Kind: kindName, Label: k.Label.In(lang), Title: w.Title(ctx, r, lang)})
			}
		}
	}
	return out, nil
}
