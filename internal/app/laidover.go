package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// LaidOver is what is said of one person's chain, one telling over the other: the person's
// own accounts, those of relatives and of others, and documents, under all records found to
// be this person. Nothing in it is merged or decided.
type LaidOver struct {
	Tellers []Teller // one a column of Table
	Table   chain.Table
	Clashes []Clash
	Choices []ChainChoice
	said    told
}

// Teller is who tells, and how they stand to the person told of.
type Teller struct {
	At     id.ID  // the interview or document; zero: the documenter
	Title  string // of it
	Person id.ID  // who spoke; zero: nobody is named
	Who    string // title of the person
	How    How
	As     string // of a relative: which, in words
}

// How says how a teller stands to the person told of.
type How string

// The ways to stand to the person told of.
const (
	Own        How = "own"
	Related    How = "related"
	Witness    How = "witness"  // somebody else
	Paper      How = "document" // no person speaks
	Documenter How = "documenter"
)

// SaidBy is one account behind a value.
type SaidBy struct {
	Ref     journal.Ref
	Passage *casebook.Passage // the words it rests on, or nil
	Basis   string            // BK-1 to BK-4, or ""
	Member  string            // who wrote it down
	On      string
}

// Clash is one contradiction with what either side says and where it says so.
type Clash struct {
	Field string // see [chain.Contradiction]; "order"
	Kind  string // of the records
	Stage string // code of the stage, or ""
	Apart int64  // days, see [chain.Contradiction]
	Sides [2]ClashSide
	// Choice is who took which side for the case and why, or nil. Only values of one
	// record can be chosen between.
	Choice *ChainChoice
}

// ClashSide is one side of a contradiction.
type ClashSide struct {
	Teller int // column
	Record id.ID
	Field  string // of the record, which holds what is said
	Says   string
	By     []SaidBy
}

// ChainChoice is a value taken for the case out of several accounts.
type ChainChoice struct {
	Record       id.ID
	Title        string // of the record
	Field, Label string
	Takes        string // what is taken
	OneOf        int    // how many answers there are
	Member, On   string
	Reason       string
}

// toldRecord is what one teller says of one record.
type toldRecord struct {
	kind   string
	values kind.Values
	by     map[string][]SaidBy // field -> the accounts that give it
}

// told is teller -> record -> what is said.
type told map[id.ID]map[id.ID]*toldRecord

// chainKinds are the kinds of record that a chain is told in.
var chainKinds = []string{"episode", "detention_stage", "disposition", "fate"}

// told takes the records of a person's chain apart by who told them: one telling an
// interview, else one a source, else the documenter's own.
func (r *Reading) told(ctx context.Context, person id.ID) (told, error) {
	same, _, err := r.w.index.SameAs(ctx, person)
	if err != nil {
		return nil, err
	}
	out := told{}
	for _, p := range append([]id.ID{person}, same...) {
		for _, k := range chainKinds {
			rows, err := r.Linked(ctx, p, k, "person")
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				if err := r.takeApart(ctx, row, out); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// takeApart gives each standing answer of a record to whoever gave it. Whom and which return
// it is about is the record's, whoever speaks.
func (r *Reading) takeApart(ctx context.Context, row index.Row, out told) error {
	f, err := r.Fold(ctx, row.ID)
	if err != nil {
		return err
	}
	accounts := map[casebook.Ref]casebook.Account{}
	tellers := map[casebook.Ref]id.ID{}
	for _, a := range f.Accounts {
		accounts[a.Ref], tellers[a.Ref] = a, r.teller(ctx, a)
	}
	for name, st := range f.Fields {
		for _, c := range st.Claims {
			for _, ref := range c.Accounts {
				a, known := accounts[ref]
				if !known {
					continue // a source the purpose leaves out
				}
				t := out.of(tellers[ref], row)
				t.values[name] = append(t.values[name], c.Values...)
				t.by[name] = append(t.by[name], r.saidBy(a))
			}
		}
	}
	for _, name := range []string{"person", "episode"} {
		for _, records := range out {
			if t := records[row.ID]; t != nil && len(t.values[name]) == 0 && len(row.Values[name]) > 0 {
				t.values[name] = row.Values[name]
			}
		}
	}
	return nil
}

func (t told) of(teller id.ID, row index.Row) *toldRecord {
	if t[teller] == nil {
		t[teller] = map[id.ID]*toldRecord{}
	}
	if t[teller][row.ID] == nil {
		t[teller][row.ID] = &toldRecord{kind: row.Kind, values: kind.Values{}, by: map[string][]SaidBy{}}
	}
	return t[teller][row.ID]
}

func (r *Reading) saidBy(a casebook.Account) SaidBy {
	return SaidBy{Ref: a.Ref, Passage: a.Act.Passage, Basis: a.Act.Basis, Member: r.w.MemberName(a.Act.Member), On: a.Act.At.Time().Format(when.Minute)}
}

// teller is the interview an account rests on, else its source.
func (r *Reading) teller(ctx context.Context, a casebook.Account) id.ID {
	if a.Act.Passage == nil {
		return a.Act.Source
	}
	row, err := r.Row(ctx, a.Act.Passage.Record)
	if err != nil {
		return a.Act.Source
	}
	if interview, err := id.Parse(row.Values.Get("interview")); err == nil {
		return interview
	}
	return row.ID
}

// tellings are the tellings as the rules of the chain take them, in the order of who tells.
func (t told) tellings() []chain.Telling {
	var out []chain.Telling
	for teller, records := range t {
		x := chain.Telling{Source: teller}
		for rec, s := range records {
			if s.kind == "detention_stage" {
				x.Stages = append(x.Stages, chain.ReadStage(rec, s.values))
			} else if e, ok := chain.ReadEnding(rec, s.kind, s.values); ok {
				x.Endings = append(x.Endings, e)
			}
		}
		slices.SortFunc(x.Stages, func(a, b chain.Stage) int { return a.Record.Compare(b.Record) })
		slices.SortFunc(x.Endings, func(a, b chain.Ending) int { return a.Record.Compare(b.Record) })
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b chain.Telling) int { return a.Source.Compare(b.Source) })
	return out
}

// LaidOver lays what is said of a person's chain over each other, for the purpose: who
// refused it does not speak here, and neither does anybody's word about such a person.
func (r *Reading) LaidOver(ctx context.Context, person id.ID, lang string) (*LaidOver, error) {
	if _, err := r.Row(ctx, person); err != nil {
		return nil, err
	}
	said, err := r.told(ctx, person)
	if err != nil {
		return nil, err
	}
	tellings := said.tellings()
	ties, err := r.standing(ctx, person, lang)
	if err != nil {
		return nil, err
	}
	tellers := map[id.ID]Teller{}
	for _, t := range tellings {
		tellers[t.Source] = r.tellerView(ctx, t.Source, ties, lang)
	}
	slices.SortStableFunc(tellings, func(a, b chain.Telling) int { // the person first, then relatives
		return cmp.Compare(howOrder(tellers[a.Source].How), howOrder(tellers[b.Source].How))
	})
	out := &LaidOver{said: said, Table: chain.Align(tellings)}
	for _, t := range tellings {
		out.Tellers = append(out.Tellers, tellers[t.Source])
	}
	if out.Choices, err = r.chainChoices(ctx, said, lang); err != nil {
		return nil, err
	}
	out.Clashes = r.clashes(ctx, out, lang)
	return out, nil
}

func howOrder(h How) int { return slices.Index([]How{Own, Related, Witness, Paper, Documenter}, h) }

// standing names everybody who is tied to a person, and the person's own records.
func (r *Reading) standing(ctx context.Context, person id.ID, lang string) (map[id.ID]string, error) {
	ties, err := r.Relations(ctx, person, lang)
	if err != nil {
		return nil, err
	}
	out := map[id.ID]string{}
	voc, _ := r.w.Schema().Vocabulary("relationship_types")
	for _, t := range ties {
		as := t.Type
		if t.Inverse && voc != nil {
			term, _ := voc.Term(t.Code)
			if back, ok := voc.Term(term.Attr["inverse"]); ok {
				as = back.Label.In(lang)
			}
		}
		if !t.Other.IsZero() {
			out[t.Other] = as
		}
	}
	same, _, err := r.w.index.SameAs(ctx, person)
	for _, p := range append([]id.ID{person}, same...) {
		out[p] = ""
	}
	return out, err
}

func (r *Reading) tellerView(ctx context.Context, at id.ID, ties map[id.ID]string, lang string) Teller {
	t := Teller{At: at, How: Documenter}
	row, err := r.Row(ctx, at)
	if at.IsZero() || err != nil {
		return t
	}
	t.Title, t.How = r.Title(ctx, *row, lang), Paper
	switch row.Kind {
	case "person":
		t.Person = row.ID
	default:
		t.Person, _ = id.Parse(row.Values.Get("person")) // none: a document
	}
	if t.Person.IsZero() {
		return t
	}
	if who, err := r.Row(ctx, t.Person); err == nil {
		t.Who = r.Title(ctx, *who, lang)
	}
	as, tied := ties[t.Person]
	switch {
	case tied && as == "":
		t.How = Own
	case tied:
		t.How, t.As = Related, as
	default:
		t.How = Witness
	}
	return t
}

// Says is what a teller says in a field of a record, in words; "" where nothing.
func (r *Reading) Says(ctx context.Context, l *LaidOver, column int, rec id.ID, field, lang string) string {
	s := l.said[l.Table.Sources[column]][rec]
	if s == nil {
		return ""
	}
	k, _ := r.w.Schema().Kind(s.kind)
	f, ok := k.Field(field)
	if !ok {
		return ""
	}
	var parts []string
	for _, v := range s.values[field] {
		if text, _, ok := r.ValueText(ctx, f, v, lang); ok && !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " / ")
}

// Behind are the accounts behind what a teller says of a record: in one field, or with ""
// in any.
func (l *LaidOver) Behind(column int, rec id.ID, field string) (out []SaidBy) {
	s := l.said[l.Table.Sources[column]][rec]
	if s == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.by)) {
		if field != "" && name != field {
			continue
		}
		for _, b := range s.by[name] {
			if !slices.ContainsFunc(out, func(o SaidBy) bool { return o.Ref == b.Ref }) {
				out = append(out, b)
			}
		}
	}
	return out
}

// chainChoices lists what was chosen for the case in the records of a chain.
func (r *Reading) chainChoices(ctx context.Context, said told, lang string) ([]ChainChoice, error) {
	seen := map[id.ID]bool{}
	var out []ChainChoice
	for _, records := range said {
		for rec := range records {
			if seen[rec] {
				continue
			}
			seen[rec] = true
			f, err := r.Fold(ctx, rec)
			if err != nil {
				return nil, err
			}
			k, _ := r.w.Schema().Kind(f.Kind)
			for name, st := range f.Fields {
				field, ok := k.Field(name)
				if st.Choice == nil || !ok {
					continue
				}
				c := ChainChoice{Record: rec, Field: name, Label: field.Label.In(lang), Member: r.w.MemberName(st.Choice.Act.Member),
					On: st.Choice.Act.At.Time().Format(when.Minute), Reason: st.Choice.Act.Reason, OneOf: len(st.Claims)}
				var takes []string
				for _, v := range st.Current() {
					if text, _, ok := r.ValueText(ctx, field, v, lang); ok {
						takes = append(takes, text)
					}
				}
				c.Takes = strings.Join(takes, " / ")
				if row, err := r.Row(ctx, rec); err == nil {
					c.Title = r.Title(ctx, *row, lang)
				}
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b ChainChoice) int {
		return cmp.Or(strings.Compare(a.On, b.On), a.Record.Compare(b.Record), strings.Compare(a.Field, b.Field))
	})
	return out, nil
}

// Words are the words that a side of a contradiction rests on, at most a few; that they were
// read is in the log where their kind asks for it.
func (r *Reading) Words(ctx context.Context, side ClashSide, lang string) ([]Quote, error) {
	var out []Quote
	for _, b := range side.By {
		q, ok, err := r.quote(ctx, b.Passage)
		if err != nil {
			return nil, err
		}
		if !ok || len(out) == shownWords {
			continue
		}
		q.Record.ID = b.Passage.Record.String()
		if row, err := r.Row(ctx, b.Passage.Record); err == nil {
			q.Record.Title = r.Title(ctx, *row, lang)
		}
		out = append(out, q)
	}
	return out, nil
}

// shownWords bounds the passages shown of one side.
const shownWords = 3
