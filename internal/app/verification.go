package app

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
)

// Argument is what a member writes to state a level for an incident: the reasons, and
// what else is brought in beside the accounts.
type Argument struct {
	Level        verification.Level
	Reasons      string
	Alternatives string
	Contrary     string
	Patterns     []id.ID // sources, country reports or pattern findings on the type of event
	Materials    []id.ID // documents, medical findings, pictures, objects
	Against      []id.ID // persons, sources or evidence that speak against it
}

// Assessment is how far an incident is carried.
type Assessment struct {
	Case     verification.Case
	Clusters []verification.Cluster
	Level    verification.Level  // as stated on the incident, VS-0 where nobody did
	Ceiling  verification.Level  // the highest the evidence could carry
	Missing  []verification.Need // of the level asked for
}

// Assess reads what speaks for and against an incident, or a pattern finding by its incidents: its accounts with their basis of
// knowledge, the dependences recorded between their sources, what an argument brings in,
// and texts found to be copied of each other. It states nothing.
func (w *Workspace) Assess(ctx context.Context, incident id.ID, a Argument) (*Assessment, error) {
	r, err := w.Desk().Fold(ctx, incident) // who withdrew speaks for nothing
	if err != nil {
		return nil, err
	}
	c := verification.Case{Reasons: a.Reasons, Alternatives: a.Alternatives, Contrary: a.Contrary}
	var passages []id.ID // that the accounts rest on
	var incidents []verification.Incident
	stated := "verification"
	switch r.Kind {
	case "incident":
		passages = w.testify(ctx, r, &c)
	case "pattern":
		stated = "level"
		if passages, incidents, err = w.assessFinding(ctx, currentOf(r), &c); err != nil {
			return nil, err
		}
	default:
		return nil, fault.New(fault.Invalid, "app.Assess", "only incidents and pattern findings are assessed so").Coded("level.kind")
	}
	if err := w.restOf(ctx, a.Patterns, &c); err != nil {
		return nil, err
	}
	for _, s := range a.Patterns {
		c.Evidence = append(c.Evidence, verification.Evidence{Source: s, Class: verification.Pattern})
	}
	for _, s := range a.Materials {
		c.Evidence = append(c.Evidence, verification.Evidence{Source: s, Class: verification.Material})
	}
	for _, s := range a.Against {
		c.Evidence = append(c.Evidence, verification.Evidence{Source: s, Basis: "BK-3", Against: true})
	}
	if c.Dependencies, err = w.dependencies(ctx, c, passages); err != nil {
		return nil, err
	}
	if r.Kind == "pattern" {
		c.Finding = &verification.Finding{Extent: verification.ExtentOf(incidents, c.Dependencies), Bounded: bounded(currentOf(r))}
	}
	out := &Assessment{Case: c, Clusters: verification.Clusters(c), Ceiling: verification.Ceiling(c), Missing: verification.Missing(a.Level, c), Level: verification.Received}
	if l := r.Field(stated).Current(); len(l) == 1 && l[0].State == kind.Given {
		out.Level = verification.Level(l[0].Text)
	}
	return out, nil
}

// testify adds to a case what the accounts of an incident say of it, and returns the passages
// they rest on.
func (w *Workspace) testify(ctx context.Context, incident *casebook.Record, c *verification.Case) (passages []id.ID) {
	for _, acc := range incident.Accounts {
		if acc.CorrectedBy != nil || !describes(acc.Act) {
			continue
		}
		c.Evidence = append(c.Evidence, w.evidenceOf(ctx, acc))
		if acc.Act.Passage != nil {
			passages = append(passages, acc.Act.Passage.Record)
		}
	}
	return passages
}

// describes reports whether an account says something of the event, not only of its level.
func describes(a *casebook.Act) bool {
	for name := range a.Fields {
		if name != "verification" && name != "credibility" && name != "synthetic" && name != "sensitivity" {
			return true
		}
	}
	return false
}

// evidenceOf makes evidence of one account: who speaks is the source, or the person the
// record says told it. A documenter who names nobody speaks for himself, at second hand.
func (w *Workspace) evidenceOf(ctx context.Context, a casebook.Account) verification.Evidence {
	e := verification.Evidence{Source: a.Act.Source, Basis: a.Act.Basis}
	if e.Source.IsZero() {
		e.Source, _ = id.Parse(a.Act.Fields.Get("person")) // none: nobody is named
	}
	if e.Source.IsZero() {
		return verification.Evidence{Source: a.Act.Member, Basis: "BK-3"}
	}
	e.Source = w.tellerBehind(ctx, e.Source) // two interviews of one person are one source
	row, err := w.index.Row(ctx, e.Source)
	if err == nil && row.Kind != "person" && row.Kind != "interview" {
		e.Class = verification.Material
	}
	if e.Basis == "" && e.Class == verification.Testimony {
		e.Basis = "BK-3" // how the person knows was not recorded: nothing better is assumed
	}
	return e
}

// dependencies adds what is recorded between the sources of a case, directly or over
// others: between persons, their interviews and the passages that the accounts rest on;
// that records of one person are one person; and testimonies that share their words.
func (w *Workspace) dependencies(ctx context.Context, c verification.Case, passages []id.ID) ([]verification.Dependency, error) {
	out := c.Dependencies
	add := func(d verification.Dependency) {
		if d.A != d.B && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	var tellers []id.ID
	queue := slices.Clone(passages)
	for _, e := range c.Evidence {
		queue = append(queue, e.Source)
		if e.Class == verification.Testimony && !e.Against && !slices.Contains(tellers, e.Source) {
			tellers = append(tellers, e.Source)
		}
	}
	for _, rests := range c.Rests {
		queue = append(queue, rests...)
		tellers = append(tellers, slices.DeleteFunc(slices.Clone(rests), func(x id.ID) bool { return slices.Contains(tellers, x) })...)
	}
	seen := map[id.ID]bool{}
	for ; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if seen[s] {
			continue
		}
		seen[s] = true
		more, err := w.dependOn(ctx, s, add)
		if err != nil {
			return nil, err
		}
		queue = append(queue, more...)
	}
	found, err := w.retold(ctx, tellers)
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		add(d)
	}
	return out, nil
}

// dependOn adds what is recorded to depend on one record, and returns what to follow next.
func (w *Workspace) dependOn(ctx context.Context, s id.ID, add func(verification.Dependency)) (next []id.ID, err error) {
	same, _, err := w.index.SameAs(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, o := range same {
		add(verification.Dependency{A: s, B: o, Kind: "same_person"})
		next = append(next, o)
	}
	interviews, err := w.index.Linked(ctx, s, "interview", "person")
	if err != nil {
		return nil, err
	}
	for _, in := range interviews {
		next = append(next, in.ID)
	}
	for _, field := range []string{"a", "b"} {
		rows, err := w.index.Linked(ctx, s, "source_dependency", field)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if d, ok := dependencyOf(row); ok && d.Kind != independentKind {
				next = append(next, d.A, d.B)
				d.A, d.B = w.tellerBehind(ctx, d.A), w.tellerBehind(ctx, d.B)
				add(d)
				next = append(next, d.A, d.B)
			}
		}
	}
	return next, nil
}

// dependencyOf reads a recorded dependence. One whose kind is disputed counts as a plain
// dependence.
func dependencyOf(row index.Row) (verification.Dependency, bool) {
	a, err := id.Parse(row.Values.Get("a"))
	b, err2 := id.Parse(row.Values.Get("b"))
	d := verification.Dependency{A: a, B: b, Kind: row.Values.Get("kind")}
	if len(row.Values["kind"]) != 1 {
		d.Kind = "same_person"
	}
	return d, err == nil && err2 == nil
}

// StateLevel records an argument for a level and, where nothing is missing, the level on
// the incident. What is missing is returned and the argument is recorded all the same,
// except that VS-4 waits for two signatures: see [Workspace.SignOff].
func (w *Workspace) StateLevel(ctx context.Context, incident id.ID, a Argument) (argument id.ID, missing []verification.Need, err error) {
	as, err := w.Assess(ctx, incident, a)
	if err != nil {
		return id.ID{}, nil, err
	}
	field, err := w.argumentField(ctx, incident)
	if err != nil {
		return id.ID{}, nil, err
	}
	argument = w.NewRecord()
	vs := valuesOf(field, incident.String(), "level", string(a.Level), "reasons", a.Reasons, "alternatives", a.Alternatives, "contrary", a.Contrary)
	for name, list := range map[string][]id.ID{"patterns": a.Patterns, "materials": a.Materials, "against": a.Against} {
		for _, x := range list {
			vs[name] = append(vs[name], kind.Of(x.String()))
		}
	}
	s := casebook.Statement{Record: argument, Kind: "verification", Fields: vs}
	if problems := w.Check(ctx, s, "save"); len(problems) > 0 {
		return id.ID{}, nil, problems[0]
	}
	if _, err = w.StateAll(ctx, []casebook.Statement{s}); err == nil && len(as.Missing) == 0 {
		err = w.setLevel(ctx, incident, argument, as.Level, a.Level)
	}
	return argument, as.Missing, err
}

// setLevel states a level on an incident and takes it, where another stands, for the
// argument's sake: the earlier one stays in the history.
func (w *Workspace) setLevel(ctx context.Context, incident, argument id.ID, before, now verification.Level) error {
	if before == now {
		return nil
	}
	kindName, level := "incident", "verification"
	if field, err := w.argumentField(ctx, incident); err != nil {
		return err
	} else if field == "finding" {
		kindName, level = "pattern", "level"
	}
	refs, err := w.StateAll(ctx, []casebook.Statement{{Record: incident, Kind: kindName, Fields: valuesOf(level, string(now))}})
	if err != nil {
		return err
	}
	return w.Choose(ctx, incident, level, refs[0], "argument "+argument.String())
}

// SignOff is this member's signature under an argument, with a reason. Who signed is the
// member whose device signed the entry; nobody can sign for somebody else, and a second
// signature of one member counts once. With the signature that completes the argument,
// and everything else in place at that moment, the level is stated on the incident.
func (w *Workspace) SignOff(ctx context.Context, argument id.ID, reason string) (missing []verification.Need, err error) {
	if reason == "" {
		return nil, fault.New(fault.Invalid, "app.SignOff", "a signature needs a reason").With("say what was read and why the level is justified").Coded("sign.reason")
	}
	r, err := w.index.Fold(ctx, argument)
	if err != nil {
		return nil, err
	}
	if r.Kind != "verification" {
		return nil, fault.New(fault.Invalid, "app.SignOff", "this is not an argument for a level").Coded("sign.argument")
	}
	vs := currentOf(r)
	incident, err := id.Parse(cmp.Or(vs.Get("incident"), vs.Get("finding")))
	if err != nil || incident.IsZero() {
		return nil, fault.New(fault.Invalid, "app.SignOff", "the argument names no incident and no finding").Coded("sign.argument")
	}
	s := casebook.Statement{Record: argument, Kind: "verification", Fields: valuesOf("signed", reason)}
	if k, ok := w.Schema().Kind(s.Kind); ok {
		if problems := checkWords(k, s.Fields); len(problems) > 0 {
			return nil, problems[0]
		}
	}
	if _, err := w.StateAll(ctx, []casebook.Statement{s}); err != nil {
		return nil, err
	}
	if r, err = w.index.Fold(ctx, argument); err != nil {
		return nil, err
	}
	a := argumentOf(currentOf(r))
	as, err := w.Assess(ctx, incident, a)
	if err != nil {
		return nil, err
	}
	as.Case.Signed = signaturesOf(r)
	if missing = verification.Missing(a.Level, as.Case); len(missing) == 0 {
		err = w.setLevel(ctx, incident, argument, as.Level, a.Level)
	}
	return missing, err
}

func argumentOf(vs kind.Values) Argument {
	a := Argument{Level: verification.Level(vs.Get("level")), Reasons: vs.Get("reasons"), Alternatives: vs.Get("alternatives"), Contrary: vs.Get("contrary")}
	for name, into := range map[string]*[]id.ID{"patterns": &a.Patterns, "materials": &a.Materials, "against": &a.Against} {
		for _, v := range vs[name] {
			if x, err := id.Parse(v.Text); err == nil {
				*into = append(*into, x)
			}
		}
	}
	return a
}

func signaturesOf(r *casebook.Record) (out []verification.SignOff) {
	for _, a := range r.Accounts {
		if reason := a.Act.Fields.Get("signed"); reason != "" && a.CorrectedBy == nil {
			out = append(out, verification.SignOff{Member: a.Act.Member, Reason: reason})
		}
	}
	return out
}

// checkLevel refuses a level above a single allegation that no argument carries: levels
// are stated by [Workspace.StateLevel] and [Workspace.SignOff]. A grade of credibility
// must agree with the clusters of the sources.
func (w *Workspace) checkLevel(ctx context.Context, s casebook.Statement) []fault.Problem {
	var out []fault.Problem
	field := "verification"
	if s.Kind == "pattern" {
		field = "level"
	}
	if l := verification.Level(s.Fields.Get(field)); l.Above(verification.Alleged) {
		out = append(out, fault.Problem{Kind: s.Kind, Field: field, Value: string(l), Reason: "a level above a single allegation needs an argument and, for reasonable grounds, two signatures",
			Remedy: "record it without the level, then state the level with its reasons", Code: "level.argument"})
	}
	if grade := s.Fields.Get("credibility"); grade == "IC-1" {
		c := verification.Case{}
		if as, err := w.Assess(ctx, s.Record, Argument{}); err == nil { // a new incident has no other account
			c = as.Case
		}
		for _, n := range verification.CredibilityNeeds(grade, c) {
			out = append(out, fault.Problem{Kind: s.Kind, Field: "credibility", Value: grade, Reason: "needs " + n.Text("en"), Remedy: "grade it lower, or record the other sources first", Code: "credibility.needs", Args: []any{n}})
		}
	}
	return out
}
