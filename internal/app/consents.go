package app

import (
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// register is what is recorded of consent: of all persons, or of those asked about.
type register struct {
	about   map[string]bool    // the purposes it holds answers to; nil: all
	answers map[id.ID][]spoken // by person
	asked   map[id.ID]bool     // who has a record, to whatever purpose: whether one is an answer
	people  map[id.ID]consent.Person
	group   map[id.ID][]id.ID // person -> all that were found to be the same, where there are others
	said    map[string]*consent.Answer
}

// spoken is one recorded answer. What it says is held once for all records that say the same:
// a testimony brings fourteen answers of one day, and of those who were heard in a year many
// heard the same words.
type spoken struct {
	record id.ID
	says   *consent.Answer // without its record
}

// of returns the answers of a person.
func (r *register) of(person id.ID) []consent.Answer {
	out := make([]consent.Answer, 0, len(r.answers[person]))
	for _, s := range r.answers[person] {
		a := *s.says
		a.Record = s.record
		out = append(out, a)
	}
	return out
}

// decide answers one use for one person. Records found to be of one person have one
// history: what one of them refuses, none allows. What one of them allows covers only
// itself, so that a link made in error never widens anything.
func (r *register) decide(person id.ID, use consent.Use) consent.Decision {
	own := consent.Decide(r.people[person], r.of(person), use)
	same := r.group[person]
	if !own.Allowed || len(same) == 0 {
		return own
	}
	var all []consent.Answer
	for _, p := range same {
		all = append(all, r.of(p)...)
	}
	if d := consent.Decide(r.people[person], all, use); !d.Allowed {
		return d
	}
	return own
}

// locked reports whether a person's file is closed to the desk: refused or withdrawn for
// [consent.Documentation], by any record of the person.
func (r *register) locked(person id.ID, use consent.Use) bool {
	no := func(d consent.Decision) bool { return d.State == consent.Refused || d.State == consent.Withdrawn }
	own := r.of(person)
	all := slices.Clone(own)
	for _, p := range r.group[person] {
		if p != person {
			all = append(all, r.of(p)...)
		}
	}
	return no(consent.Decide(r.people[person], own, use)) || no(consent.Decide(r.people[person], all, use))
}

func newRegister() *register {
	return &register{answers: map[id.ID][]spoken{}, asked: map[id.ID]bool{}, people: map[id.ID]consent.Person{}, group: map[id.ID][]id.ID{}, said: map[string]*consent.Answer{}}
}

// readRegister reads all persons, and all consents that a decision on one of the purposes
// looks at.
func (w *Workspace) readRegister(ctx context.Context, purposes ...string) (*register, error) {
	r := newRegister()
	r.about = map[string]bool{}
	for _, p := range purposes {
		for _, looked := range consent.LookedAt(p) {
			r.about[looked] = true
		}
	}
	fold := map[id.ID]bool{}
	worded, err := w.index.WithSealedWords(ctx, "consent")
	if err != nil {
		return nil, err
	}
	for _, rec := range worded {
		fold[rec] = true
	}
	var again []id.ID
	err = w.index.Scan(ctx, "consent", func(row index.Row) error {
		if fold[row.ID] || slices.Contains(row.Values["state"], kind.Of(string(consent.Emergency))) {
			again = append(again, row.ID)
			return nil
		}
		r.take(row.ID, row.Values, 0)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, rec := range again {
		if err := w.takeFolded(ctx, r, rec); err != nil {
			return nil, err
		}
	}
	if err := w.takePeople(ctx, r); err != nil {
		return nil, err
	}
	pairs := map[id.ID][]id.ID{}
	err = w.index.Pairs(ctx, casebook.Same, func(a, b id.ID) { pairs[a] = append(pairs[a], b) })
	r.takePairs(pairs)
	return r, err
}

func (w *Workspace) takePeople(ctx context.Context, r *register) error {
	if err := w.index.Scan(ctx, "person", func(row index.Row) error {
		r.people[row.ID] = personOf(row.Values)
		return nil
	}); err != nil {
		return err
	}
	return w.index.Scan(ctx, "bip", func(row index.Row) error {
		if child, err := id.Parse(row.Values.Get("person")); err == nil {
			p := r.people[child]
			p.BestInterests = true
			r.people[child] = p
		}
		return nil
	})
}

// personOf reads what a decision must know. Of births that contradict each other the
// youngest holds.
func personOf(vs kind.Values) (p consent.Person) {
	latest := when.Day(math.MinInt32)
	for _, v := range vs["birth"] {
		d, err := when.Parse(v.Text)
		if err != nil || v.State != kind.Given {
			continue
		}
		if _, hi := d.Bounds(); hi > latest {
			p.Birth, latest = d, hi
		}
	}
	return p
}

// take adds one consent record. One that names several persons, or none, speaks for
// nobody but refuses for all it names.
func (r *register) take(rec id.ID, vs kind.Values, signers int) {
	a := r.read(vs, signers)
	for _, v := range vs["person"] {
		person, err := id.Parse(v.Text)
		if err != nil || v.State != kind.Given {
			continue
		}
		for _, says := range a {
			r.asked[person] = r.asked[person] || says.State != consent.NotAsked
			if r.about == nil || r.about[says.Purpose] {
				r.answers[person] = append(r.answers[person], spoken{rec, says})
			}
		}
	}
}

// read reads what a consent record says: an answer to its purpose. Where accounts differ on
// the purpose, it is refused for each and given for none.
func (r *register) read(vs kind.Values, signers int) (out []*consent.Answer) {
	single := len(vs["person"]) < 2 && len(vs["purpose"]) < 2
	words := wordsOf(vs, strconv.Itoa(signers), strconv.FormatBool(single))
	for _, p := range vs["purpose"] {
		key := p.Text + "\x00" + words
		a, known := r.said[key]
		if !known {
			read := consent.Read(id.ID{}, vs)
			read.Purpose, read.Signers = p.Text, signers
			if !single && (read.State == consent.Given || read.State == consent.Emergency) {
				read.State = consent.NotAsked
			}
			a, r.said[key] = &read, &read
		}
		out = append(out, a)
	}
	return out
}

// wordsOf is what a consent record says but for whom it is of, as a key: no two that say
// different things have the same.
func wordsOf(vs kind.Values, more ...string) string {
	var out []byte
	add := func(s string) {
		out = strconv.AppendInt(out, int64(len(s)), 10)
		out = append(append(out, ':'), s...)
	}
	for _, name := range slices.Sorted(maps.Keys(vs)) {
		if name == "person" {
			continue
		}
		add(name)
		for _, v := range vs[name] {
			out = append(out, '=', byte(v.State))
			add(v.Text)
		}
	}
	for _, s := range more {
		add(s)
	}
	return string(out)
}

// takeFolded reads a consent from its fold: conditions and guardian are sealed, and an
// emergency counts the members who signed it.
func (w *Workspace) takeFolded(ctx context.Context, r *register, rec id.ID) error {
	f, err := w.index.Fold(ctx, rec)
	if err != nil {
		return err
	}
	r.take(rec, currentOf(f), signersOf(f, string(consent.Emergency)))
	return nil
}

func currentOf(r *casebook.Record) kind.Values {
	vs := kind.Values{}
	for name, f := range r.Fields {
		vs[name] = f.Current()
	}
	return vs
}

// signersOf counts the members whose standing accounts state a code.
func signersOf(r *casebook.Record, state string) int {
	seen := map[id.ID]bool{}
	for _, a := range r.Accounts {
		if a.CorrectedBy == nil && a.Act.Fields.Get("state") == state {
			seen[a.Act.Member] = true
		}
	}
	return len(seen)
}

// takePairs groups the persons that were found to be the same, directly or over others.
func (r *register) takePairs(pairs map[id.ID][]id.ID) {
	for start := range pairs {
		if r.group[start] != nil {
			continue
		}
		group := []id.ID{start}
		seen := map[id.ID]bool{start: true}
		for i := 0; i < len(group); i++ {
			for _, b := range pairs[group[i]] {
				if !seen[b] {
					seen[b] = true
					group = append(group, b)
				}
			}
		}
		slices.SortFunc(group, id.ID.Compare)
		for _, p := range group {
			r.group[p] = group
		}
	}
}

// readPerson reads what is recorded of one person and of all who were found to be the
// same.
func (w *Workspace) readPerson(ctx context.Context, r *register, person id.ID) error {
	same, _, err := w.index.SameAs(ctx, person)
	if err != nil {
		return err
	}
	group := append([]id.ID{person}, same...)
	slices.SortFunc(group, id.ID.Compare)
	for _, p := range group {
		if len(group) > 1 {
			r.group[p] = group
		}
		if _, done := r.people[p]; done {
			continue
		}
		if err := w.readOne(ctx, r, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *Workspace) readOne(ctx context.Context, r *register, person id.ID) error {
	p := consent.Person{}
	if row, err := w.index.Row(ctx, person); err == nil { // a person spoken of and not stated has no birth
		p = personOf(row.Values)
	}
	bips, err := w.index.Linked(ctx, person, "bip", "person")
	if err != nil {
		return err
	}
	p.BestInterests = len(bips) > 0
	r.people[person] = p
	rows, err := w.index.Linked(ctx, person, "consent", "person")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := w.takeFolded(ctx, r, row.ID); err != nil {
			return err
		}
	}
	return nil
}

// today is the day consent is asked on.
func (w *Workspace) today() when.Day { return dayOf(w.opt.Now()) }

func (w *Workspace) todayDate() when.Date {
	y, m, d := w.today().Civil()
	return when.On(y, m, d)
}

func dayOf(t time.Time) when.Day {
	y, m, d := t.UTC().Date()
	return when.DayOf(y, int(m), d)
}

// Decide says whether a person allows a use today, and why. It reads what is recorded at
// this moment.
func (w *Workspace) Decide(ctx context.Context, person id.ID, purpose, recipient string) (consent.Decision, error) {
	r := newRegister()
	if err := w.readPerson(ctx, r, person); err != nil {
		return consent.Decision{}, err
	}
	return r.decide(person, consent.Use{Purpose: purpose, On: w.today(), Recipient: recipient}), nil
}

// ConsentLine is one purpose as the screen of a person's consents shows it.
type ConsentLine struct {
	Purpose  string
	Decision consent.Decision
	Warning  bool // the use cannot be undone; consent.Warning has the words to read
}

// Consents lists what a person allows today, for every purpose in order, and whether the
// file is locked.
func (w *Workspace) Consents(ctx context.Context, person id.ID) (lines []ConsentLine, locked bool, err error) {
	r := newRegister()
	if err := w.readPerson(ctx, r, person); err != nil {
		return nil, false, err
	}
	for _, p := range consent.Purposes() {
		lines = append(lines, ConsentLine{Purpose: p, Decision: r.decide(person, consent.Use{Purpose: p, On: w.today()}), Warning: consent.Warning(p, "en") != ""})
	}
	return lines, r.locked(person, consent.Use{Purpose: consent.Documentation, On: w.today()}), nil
}
