package app

import (
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// State records one source's account. Problems say what is wrong with it, field by
// field; nothing is stored then. step is the workflow step at which fields become
// required; "save" for ordinary entry.
func (w *Workspace) State(ctx context.Context, s casebook.Statement, step string) (journal.Ref, []fault.Problem, error) {
	if problems := append(w.Check(ctx, s, step), w.checkNow(ctx, s)...); len(problems) > 0 {
		return journal.Ref{}, problems, nil
	}
	refs, err := w.StateAll(ctx, []casebook.Statement{s})
	if err != nil {
		return journal.Ref{}, nil, err
	}
	return refs[0], nil, nil
}

// stated is State for what one act records as a whole: what is wrong with it first is an error.
func (w *Workspace) stated(ctx context.Context, s casebook.Statement) error {
	_, problems, err := w.State(ctx, s, "save")
	if err == nil && len(problems) > 0 {
		err = problems[0]
	}
	return err
}

// wrongIn says what is wrong with a field of a statement.
func wrongIn(s casebook.Statement, field, code, reason, remedy string, args ...any) []fault.Problem {
	return []fault.Problem{{Kind: s.Kind, Field: field, Value: s.Fields.Get(field), Reason: reason, Remedy: remedy, Code: code, Args: args}}
}

// Check says what is wrong with an account, field by field, and records nothing.
func (w *Workspace) Check(ctx context.Context, s casebook.Statement, step string) []fault.Problem {
	set := w.Schema()
	k, ok := set.Kind(s.Kind)
	if !ok {
		return []fault.Problem{{Kind: s.Kind, Reason: "there is no such kind", Remedy: "see the data dictionary for the kinds there are", Code: "kind.none"}}
	}
	problems := w.saidBefore(ctx, s, set.Validate(k, s.Fields, step))
	problems = append(problems, checkWords(k, s.Fields)...)
	if s.Kind == "consent" && len(s.Fields) > 0 {
		problems = append(problems, w.checkConsent(ctx, s)...)
	}
	switch s.Kind {
	case "incident", "pattern":
		problems = append(problems, w.checkLevel(ctx, s)...)
	case "interview_step":
		problems = append(problems, checkStep(s)...)
	case "read_back":
		problems = append(problems, w.checkReadBack(ctx, s)...)
	}
	if len(s.Fields) == 0 {
		problems = append(problems, fault.Problem{Kind: s.Kind, Reason: "the account says nothing", Remedy: "fill at least one field", Code: "account.empty"})
	}
	if s.Basis != "" {
		if v, _ := set.Vocabulary("basis_of_knowledge"); v != nil {
			if _, ok := v.Term(s.Basis); !ok {
				problems = append(problems, fault.Problem{Kind: s.Kind, Field: "basis", Value: s.Basis, Reason: "is not a basis of knowledge", Remedy: "write BK-1, BK-2, BK-3 or BK-4", Code: "basis"})
			}
		}
	}
	return problems
}

// saidBefore takes away complaints that a field is missing where an earlier account of
// the record answers it: a source states what it knows and need not repeat the rest.
func (w *Workspace) saidBefore(ctx context.Context, s casebook.Statement, problems []fault.Problem) []fault.Problem {
	missing := func(p fault.Problem) bool { return p.Field != "" && len(s.Fields[p.Field]) == 0 }
	if !slices.ContainsFunc(problems, missing) {
		return problems
	}
	r, err := w.index.Fold(ctx, s.Record)
	if err != nil {
		return problems // a new record, or none that this member can see
	}
	return slices.DeleteFunc(problems, func(p fault.Problem) bool { return missing(p) && len(r.Field(p.Field).Claims) > 0 })
}

// StateAll records validated accounts in one transaction and returns the first ref of
// each: an account whose fields belong to several compartments becomes one entry in
// each of them.
func (w *Workspace) StateAll(ctx context.Context, all []casebook.Statement) ([]journal.Ref, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stateAll(ctx, all, nil)
}

// stamp lets an import keep the time of an act.
type stamp func(i int, a *casebook.Act)

func (w *Workspace) stateAll(ctx context.Context, all []casebook.Statement, mark stamp) ([]journal.Ref, error) {
	drafts := make([]draft, 0, len(all)+len(all)/4)
	first := make([]int, len(all))
	subjects := map[id.ID]id.ID{}
	for i, s := range all {
		first[i] = len(drafts)
		ds, err := w.draftsOf(ctx, s, subjects)
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			if mark != nil {
				mark(i, d.act)
			}
		}
		drafts = append(drafts, ds...)
	}
	opened, err := w.commit(ctx, drafts)
	if err != nil {
		return nil, err
	}
	refs := make([]journal.Ref, len(all))
	for i, at := range first {
		refs[i] = opened[at].Act.Place(opened[at].At)
	}
	return refs, nil
}

// draftsOf splits a statement by compartment and finds whose keys seal it.
func (w *Workspace) draftsOf(ctx context.Context, s casebook.Statement, subjects map[id.ID]id.ID) ([]draft, error) {
	set := w.Schema()
	k, ok := set.Kind(s.Kind)
	if !ok {
		return nil, fault.New(fault.Invalid, "app.State", "there is no kind %q", s.Kind).Coded("kind.none")
	}
	subject, err := w.subjectOf(ctx, k, s.Record, s.Fields, subjects, 0)
	if err != nil {
		return nil, err
	}
	subjects[s.Record] = subject
	byRoom, err := w.splitByRoom(ctx, set, k, s)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(byRoom))
	for n := range byRoom {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []draft
	for _, n := range names {
		room, err := w.roomOf(n)
		if err != nil {
			return nil, err
		}
		a := &casebook.Act{Verb: casebook.State, Record: s.Record, Kind: s.Kind, Fields: byRoom[n], Source: s.Source, Basis: s.Basis, Corrects: s.Corrects}
		if s.Passage != (casebook.Passage{}) {
			p := s.Passage
			a.Passage = &p
		}
		out = append(out, draft{act: a, room: room, subject: subject})
	}
	return out, nil
}

// maxDepth bounds the walk from a record to the person it belongs to.
const maxDepth = 6

// subjectOf finds the protected person or case a record belongs to, along the links
// its kind names: a stage of detention to its episode, the episode to its person. The
// zero ID means a public fact.
func (w *Workspace) subjectOf(ctx context.Context, k *kind.Kind, rec id.ID, vs kind.Values, known map[id.ID]id.ID, depth int) (id.ID, error) {
	for _, name := range k.Subject {
		if name == "self" {
			return rec, nil
		}
		target, err := id.Parse(vs.Get(name))
		if err != nil || target.IsZero() || depth == maxDepth {
			continue
		}
		if s, ok := known[target]; ok {
			return s, nil
		}
		s, err := w.subjectOfRecord(ctx, target, known, depth+1)
		if err != nil {
			return id.ID{}, err
		}
		known[target] = s
		return s, nil
	}
	if len(k.Subject) > 0 {
		return rec, nil // nobody named: its own key, so that it can be erased alone
	}
	return id.ID{}, nil
}

func (w *Workspace) subjectOfRecord(ctx context.Context, rec id.ID, known map[id.ID]id.ID, depth int) (id.ID, error) {
	row, err := w.index.Row(ctx, rec)
	if fault.KindOf(err) == fault.NotFound {
		return rec, nil
	}
	if err != nil {
		return id.ID{}, err
	}
	k, ok := w.Schema().Kind(row.Kind)
	if !ok {
		return rec, nil
	}
	return w.subjectOf(ctx, k, rec, row.Values, known, depth)
}

// NewRecord makes the identifier of a new record.
func (w *Workspace) NewRecord() id.ID { return id.New(w.opt.Rand) }

// Choose takes one account's word for a field, with a reason.
func (w *Workspace) Choose(ctx context.Context, rec id.ID, field string, account journal.Ref, reason string) error {
	if reason == "" {
		return fault.New(fault.Invalid, "app.Choose", "a choice between accounts needs a reason").With("say why this account is taken").Coded("choose.reason")
	}
	r, err := w.index.Fold(ctx, rec)
	if err != nil {
		return err
	}
	found := false
	for _, c := range r.Field(field).Claims {
		found = found || slices.Contains(c.Accounts, account)
	}
	if !found {
		return fault.New(fault.NotFound, "app.Choose", "no such account of this field")
	}
	return w.act(ctx, r, &casebook.Act{Verb: casebook.Choose, Record: rec, Field: field, Target: &account, Reason: reason}, field)
}

// Retract takes back an act on a record: an account, a choice, a link, or an earlier
// retraction. What was there before the act is there again.
func (w *Workspace) Retract(ctx context.Context, rec id.ID, target journal.Ref, reason string) error {
	if reason == "" {
		return fault.New(fault.Invalid, "app.Retract", "a retraction needs a reason").With("say why it is taken back").Coded("retract.reason")
	}
	r, err := w.History(ctx, rec)
	if err != nil {
		return err
	}
	for _, ev := range r.History {
		if ev.Ref != target {
			continue
		}
		if ev.Retracted != nil {
			return fault.New(fault.Conflict, "app.Retract", "this is taken back already").With("retract the retraction to restore it").Coded("retract.again")
		}
		if r.Kind == "read_back" && len(ev.Act.Fields["correction"]) > 0 {
			return fault.New(fault.Conflict, "app.Retract", "what the person put right stays with the words").With("read the passage again and record what the person says now").Coded("retract.correction")
		}
		if r.Kind == "estimate_run" && figure.ShowedIn(r) != nil {
			return fault.New(fault.Conflict, "app.Retract", "a figure that showed counts stays on record: later figures are held against it").With("make a new figure, and say which one holds").Coded("retract.figure")
		}
		return w.act(ctx, r, &casebook.Act{Verb: casebook.Retract, Record: rec, Target: &target, Reason: reason}, fieldOf(ev.Act))
	}
	return fault.New(fault.NotFound, "app.Retract", "no such act on this record")
}

func fieldOf(a *casebook.Act) string {
	if a.Field != "" {
		return a.Field
	}
	for f := range a.Fields {
		return f
	}
	return ""
}

// Link records what somebody decided of two records, with a reason.
func (w *Workspace) Link(ctx context.Context, a, b id.ID, verdict casebook.Verdict, reason string) error {
	return w.linkAs(ctx, a, b, verdict, reason, nil)
}

func (w *Workspace) linkAs(ctx context.Context, a, b id.ID, verdict casebook.Verdict, reason string, sample *casebook.Sample) error {
	if a == b {
		return fault.New(fault.Invalid, "app.Link", "a record is not compared with itself").Coded("link.itself")
	}
	r, err := w.index.Fold(ctx, a)
	if err != nil {
		return err
	}
	if _, err := w.index.Row(ctx, b); err != nil {
		return err
	}
	return w.act(ctx, r, &casebook.Act{Verb: casebook.Link, Record: a, Other: b, Verdict: verdict, Reason: reason, Sample: sample}, "")
}

// act commits one act on a record, sealed where the field it concerns is sealed.
func (w *Workspace) act(ctx context.Context, r *casebook.Record, a *casebook.Act, field string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	set := w.Schema()
	k, ok := set.Kind(r.Kind)
	if !ok {
		return fault.New(fault.NotFound, "app", "no such record")
	}
	vs := kind.Values{}
	for name, f := range r.Fields {
		vs[name] = f.Current()
	}
	if field != "" && vs[field] == nil {
		vs[field] = nil
	}
	name := k.Compartment
	if room, ok := set.CompartmentsOf(k, vs)[field]; ok {
		name = room
	}
	room, err := w.roomOf(name)
	if err != nil {
		return err
	}
	subject, err := w.subjectOf(ctx, k, r.ID, vs, map[id.ID]id.ID{}, 0)
	if err != nil {
		return err
	}
	_, err = w.commit(ctx, []draft{{act: a, room: room, subject: subject}})
	return err
}

// History folds a record even when nothing of it stands any more, so that a
// retraction can itself be taken back.
func (w *Workspace) History(ctx context.Context, rec id.ID) (*casebook.Record, error) {
	refs, err := w.index.ActsOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	opened, err := w.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	if len(opened) == 0 {
		return nil, fault.New(fault.NotFound, "app", "no such record")
	}
	r := casebook.Fold(rec, statedOf(opened), w.Schema())
	if r.Kind == "" { // every account is retracted: the kind is in the history
		for _, o := range opened {
			if o.Act.Verb == casebook.State {
				r.Kind = o.Act.Kind
			}
		}
	}
	return r, nil
}

func statedOf(opened []index.Opened) []casebook.Stated {
	out := make([]casebook.Stated, len(opened))
	for i, o := range opened {
		out[i] = o.Stated()
	}
	return out
}

// Declare adds kinds, fields and vocabularies to the workspace.
func (w *Workspace) Declare(ctx context.Context, declaration []byte) error {
	if _, err := w.Schema().With(declaration); err != nil {
		return err
	}
	w.mu.Lock()
	general, err := w.roomOf(generalRoom)
	if err == nil {
		_, err = w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Declare, Data: declaration}, room: general}})
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return w.Rebuild(ctx, nil)
}

func (w *Workspace) learnDeclaration(o index.Opened) error {
	w.schema.Lock()
	defer w.schema.Unlock()
	set, err := w.schema.set.With(o.Act.Data)
	if err != nil {
		return nil // declared by a newer program, or twice: what is known stands
	}
	w.schema.set = set
	w.index.SetSchema(set)
	return nil
}
