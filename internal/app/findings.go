package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
)

// What a pattern finding rests on is read under [matchingPurpose]: accounts of different
// people are laid beside each other. It is read at each question (R05): who withdraws is no
// longer among its sources, whatever level was stated before.

// NewFinding is what a member makes a pattern finding of.
type NewFinding struct {
	Type, Facility, Place string
	Period                string // as typed
	Incidents             []id.ID
}

// FindingView is what a pattern finding rests on.
type FindingView struct {
	verification.Finding
	Incidents []IncidentLine
	// NotCovered is how many of its incidents may not be used for it: consent does not cover
	// the comparison of accounts.
	NotCovered int
	// Weaker says that the level stated is above what the evidence carries now.
	Weaker bool
	// Systematic says that it may be called so: for its facility and its period.
	Systematic bool
}

// IncidentLine is one incident of a finding.
type IncidentLine struct {
	ID    id.ID
	Title string
	Level verification.Level
	// Sources are the numbers of the independent sources that tell of it, from 1, as the
	// evidence lines number them.
	Sources []int
	// Wrong says that it was found to be wrong: it carries nothing and speaks against.
	Wrong bool
}

// FindingLine is a pattern finding in a list.
type FindingLine struct {
	ID      id.ID
	Title   string
	Level   verification.Level // as stated
	Ceiling verification.Level // the highest its incidents could carry
	verification.Extent
}

// argumentField is the field by which an argument names what it is about.
func (w *Workspace) argumentField(ctx context.Context, about id.ID) (string, error) {
	row, err := w.Desk().Row(ctx, about)
	if err != nil {
		return "", err
	}
	if row.Kind == "pattern" {
		return "finding", nil
	}
	return "incident", nil
}

// incidentsOf are the incidents of a finding that may be used for it, and how many may not.
func (w *Workspace) incidentsOf(ctx context.Context, finding kind.Values) (in []index.Row, notCovered int, err error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, 0, err
	}
	for _, v := range finding["rests_on"] {
		rec, err := id.Parse(v.Text)
		if err != nil {
			continue
		}
		row, err := read.Row(ctx, rec)
		if err == nil && row.Kind == "incident" {
			in = append(in, *row)
			continue
		}
		if ok, err := w.Desk().Has(ctx, rec); err != nil {
			return nil, 0, err
		} else if ok {
			notCovered++
		}
	}
	slices.SortFunc(in, func(a, b index.Row) int { return a.ID.Compare(b.ID) })
	return in, notCovered, nil
}

// foundWrong reports whether an incident was found to be wrong.
func foundWrong(row index.Row) bool {
	return slices.Contains(row.Values["verification"], kind.Of(string(verification.Wrong)))
}

// assessFinding adds to a case what the incidents of a finding say, and what was brought in
// against any of them. It returns the passages that the accounts rest on, and the incidents
// with who suffered them. An incident that was found wrong carries nothing.
func (w *Workspace) assessFinding(ctx context.Context, finding kind.Values, c *verification.Case) (passages []id.ID, incidents []verification.Incident, err error) {
	rows, _, err := w.incidentsOf(ctx, finding)
	if err != nil {
		return nil, nil, err
	}
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		lines, err := w.argumentsOn(ctx, row.ID, "en")
		if err != nil {
			return nil, nil, err
		}
		for _, x := range Standing(lines).Against {
			c.Evidence = append(c.Evidence, verification.Evidence{Source: x, Basis: "BK-3", Against: true})
		}
		if foundWrong(row) {
			continue
		}
		r, err := read.Fold(ctx, row.ID)
		if err != nil {
			return nil, nil, err
		}
		from := len(c.Evidence)
		passages = append(passages, w.testify(ctx, r, c)...)
		persons, err := w.sufferers(ctx, row)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range c.Evidence[from:] {
			incidents = append(incidents, verification.Incident{Record: row.ID, Persons: persons, Evidence: e})
		}
	}
	return passages, incidents, nil
}

// bounded reports whether a finding says for which facility or place and for which period.
func bounded(finding kind.Values) bool {
	return (finding.Get("facility_type") != "" || finding.Get("place") != "") && finding.Get("period") != ""
}

// sufferers are the persons who suffered an incident, each under the first of the records
// found to be one person.
func (w *Workspace) sufferers(ctx context.Context, incident index.Row) (out []id.ID, err error) {
	for _, v := range incident.Values["victims"] {
		p, err := id.Parse(v.Text)
		if err != nil {
			continue
		}
		same, _, err := w.index.SameAs(ctx, p)
		if err != nil {
			return nil, err
		}
		for _, o := range same {
			if o.Compare(p) < 0 {
				p = o
			}
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// restOf says what findings of our own among the patterns that are brought in rest on: they
// are no source beside the accounts they were made of.
func (w *Workspace) restOf(ctx context.Context, patterns []id.ID, c *verification.Case) error {
	for _, p := range patterns {
		r, err := w.Desk().Fold(ctx, p)
		if err != nil || r.Kind != "pattern" {
			continue // somebody else's report, or one that is gone
		}
		rests := verification.Case{}
		if _, _, err := w.assessFinding(ctx, currentOf(r), &rests); err != nil {
			return err
		}
		if c.Rests == nil {
			c.Rests = map[id.ID][]id.ID{}
		}
		c.Rests[p] = []id.ID{}
		for _, g := range verification.Clusters(rests) {
			c.Rests[p] = append(c.Rests[p], g.Sources...)
		}
	}
	return nil
}

// findingView lists what a finding rests on, with the number of each incident's sources.
func (w *Workspace) findingView(ctx context.Context, row *index.Row, as *Assessment, lang string) (*FindingView, error) {
	rows, notCovered, err := w.incidentsOf(ctx, row.Values)
	if err != nil {
		return nil, err
	}
	out := &FindingView{Finding: *as.Case.Finding, NotCovered: notCovered, Weaker: as.Level.Above(as.Ceiling)}
	out.Systematic = verification.MayCallSystematic(as.Level, row.Values.Get("facility_type"), row.Values.Get("period")) && !out.Weaker
	number := map[id.ID]int{}
	for i, c := range as.Clusters {
		for _, s := range c.Sources {
			number[s] = i + 1
		}
	}
	for _, in := range rows {
		l := IncidentLine{ID: in.ID, Title: w.Desk().Title(ctx, in, lang), Level: verification.Received, Wrong: foundWrong(in)}
		if stated := in.Values.Get("verification"); stated != "" {
			l.Level = verification.Level(stated)
		}
		r, err := w.Desk().Fold(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		c := verification.Case{}
		w.testify(ctx, r, &c)
		for _, e := range c.Evidence {
			if n := number[e.Source]; n > 0 && !l.Wrong && !slices.Contains(l.Sources, n) {
				l.Sources = append(l.Sources, n)
			}
		}
		slices.Sort(l.Sources)
		out.Incidents = append(out.Incidents, l)
	}
	slices.SortStableFunc(out.Incidents, func(a, b IncidentLine) int { return strings.Compare(a.Title, b.Title) })
	return out, nil
}

// shownFindings bounds the list of findings: each that changed is assessed anew.
const shownFindings = 50

// Findings lists the pattern findings that changed last, with what their incidents carry now.
// total counts all.
func (w *Workspace) Findings(ctx context.Context, lang string) (out []FindingLine, total int, err error) {
	res, err := w.Desk().List(ctx, index.Query{Kind: "pattern", Limit: shownFindings, Plain: true})
	if err != nil {
		return nil, 0, err
	}
	for _, row := range res.Rows {
		as, err := w.assessStanding(ctx, row.ID)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, FindingLine{ID: row.ID, Title: w.Desk().Title(ctx, row, lang), Level: as.Level, Ceiling: as.Ceiling, Extent: as.Case.Finding.Extent})
	}
	return out, res.Total, nil
}

const standingKey = "standing "

// assessStanding assesses an incident or a finding with what the arguments on it bring in,
// which carries too. What it returns is shared and must not be changed.
func (w *Workspace) assessStanding(ctx context.Context, about id.ID) (*Assessment, error) {
	return remembered(ctx, w, standingKey+about.String(), func(ctx context.Context) (*Assessment, error) {
		lines, err := w.argumentsOn(ctx, about, "en")
		if err != nil {
			return nil, err
		}
		return w.Assess(ctx, about, Standing(lines))
	})
}

// assessAgain assesses those again, behind the page, of which a batch changed what they rest
// on.
func (w *Workspace) assessAgain() {
	ended := w.memos.ended(standingKey)
	if len(ended) == 0 {
		return
	}
	w.hand.begin(func(life context.Context) {
		for _, key := range ended {
			if about, err := id.Parse(strings.TrimPrefix(key, standingKey)); err == nil {
				_, _ = w.assessStanding(life, about) // the page that asks for it will say what is wrong
			}
		}
	})
}

// Candidates lists incidents a finding could rest on: those of a type or below it, in a type of
// facility, at a place or in it, that may lie in a period; at most limit, and how many there
// are. Those found wrong are not among them.
func (w *Workspace) Candidates(ctx context.Context, q index.Query) (*index.Result, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	q.Kind, q.Without = "incident", map[string][]string{"verification": {string(verification.Wrong)}}
	return read.List(ctx, q)
}

// MakeFinding records a pattern finding on incidents. It states no level: a level needs an
// argument. Problems say what is wrong, and then nothing is recorded.
func (w *Workspace) MakeFinding(ctx context.Context, f NewFinding) (id.ID, []fault.Problem, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return id.ID{}, nil, err
	}
	k, _ := w.Schema().Kind("pattern")
	vs := kind.Values{}
	var problems []fault.Problem
	for _, p := range [][2]string{{"type", f.Type}, {"facility_type", f.Facility}, {"place", f.Place}, {"period", f.Period}} {
		if p[1] == "" {
			continue
		}
		field, _ := k.Field(p[0])
		v, err := w.Schema().ParseValue(field, p[1], "")
		if err != nil {
			problems = append(problems, problemOf(k.Name, p[0], p[1], err))
			continue
		}
		vs[p[0]] = []kind.Value{v}
	}
	seen := map[id.ID]bool{}
	for _, x := range f.Incidents {
		row, err := read.Row(ctx, x)
		if err != nil || row.Kind != "incident" {
			return id.ID{}, nil, fault.New(fault.NotFound, "app.MakeFinding", "no such incident")
		}
		if !seen[x] {
			vs["rests_on"] = append(vs["rests_on"], kind.Of(x.String()))
		}
		seen[x] = true
	}
	if len(f.Incidents) == 0 {
		problems = append(problems, fault.Problem{Kind: k.Name, Field: "rests_on", Reason: "a finding rests on incidents", Remedy: "choose at least one", Code: "finding.incidents"})
	}
	rec := w.NewRecord()
	if len(problems) == 0 {
		_, problems, err = w.State(ctx, casebook.Statement{Record: rec, Kind: k.Name, Fields: vs}, "save")
	}
	return rec, problems, err
}

func problemOf(kindName, field, value string, err error) fault.Problem {
	if p, ok := err.(fault.Problem); ok {
		p.Kind, p.Field, p.Value = kindName, field, value
		return p
	}
	return fault.Problem{Kind: kindName, Field: field, Value: value, Reason: err.Error(), Code: "unread"}
}

// AddIncidents lets a finding rest on further incidents.
func (w *Workspace) AddIncidents(ctx context.Context, finding id.ID, incidents []id.ID) error {
	row, err := w.Desk().Row(ctx, finding)
	if err != nil {
		return err
	}
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return err
	}
	vs := kind.Values{}
	for _, x := range incidents {
		if in, err := read.Row(ctx, x); err != nil || in.Kind != "incident" || row.Kind != "pattern" {
			return fault.New(fault.NotFound, "app.AddIncidents", "no such incident")
		}
		if !slices.Contains(row.Values["rests_on"], kind.Of(x.String())) {
			vs["rests_on"] = append(vs["rests_on"], kind.Of(x.String()))
		}
	}
	if len(vs) == 0 {
		return nil
	}
	slices.SortFunc(vs["rests_on"], func(a, b kind.Value) int { return cmp.Compare(a.Text, b.Text) })
	_, err = w.StateAll(ctx, []casebook.Statement{{Record: finding, Kind: "pattern", Fields: vs}})
	return err
}
