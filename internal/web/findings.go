package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/verification"
	"example.org/amparo/when"
)

// findingsPage lists the pattern findings, and is where one is made from chosen incidents.
type findingsPage struct {
	Page
	Findings          []findingLine
	Total             string
	Types, Facilities []option
	Places            []option
	Place, Period     string
	To                string // the finding that incidents are added to, or ""
	ToTitle           string
	Asked             bool // a type was chosen: incidents are offered
	Candidates        []candidateView
	Found             string
	Problems          []problemView
}

type findingLine struct {
	ID, Title                    string
	Level, Ceiling               levelView
	Incidents, Persons, Clusters int
	Weaker                       bool
}

// candidateView is an incident a finding could rest on.
type candidateView struct {
	ID, Title, Where string
	Level            levelView
	On               bool
}

// foundView is what a finding rests on, on its page of verification.
type foundView struct {
	Extent     string
	NotCovered string
	Weaker     bool
	Systematic bool
	Incidents  []foundIncident
	Add        string // where incidents are added
}

type foundIncident struct {
	ID, Title string
	Level     levelView
	Sources   string
	Wrong     bool
}

// shownCandidates bounds the incidents offered at once; a narrower question shows the others.
const shownCandidates = 100

func (s *Server) findingsPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.findings(r, r.URL.Query(), nil)
	if err != nil {
		return err
	}
	return findingsTmpl.Execute(w, *p)
}

// findings builds the page; q is what was asked or typed.
func (v *visit) findings(r *http.Request, q url.Values, problems []fault.Problem) (*findingsPage, error) {
	ctx, lang := r.Context(), v.Say.Lang()
	p := &findingsPage{Page: v.page("findings.title"), Place: q.Get("place"), Period: q.Get("period"), Asked: q.Get("type") != "", Places: placeOptions(lang)}
	list, total, err := v.ws.Findings(ctx, lang)
	if err != nil {
		return nil, err
	}
	p.Total = v.Say.N("findings.total", total)
	for _, f := range list {
		p.Findings = append(p.Findings, findingLine{f.ID.String(), f.Title, v.level(f.Level), v.level(f.Ceiling), f.Incidents, f.Persons, f.Clusters, f.Level.Above(f.Ceiling)})
	}
	k, _ := v.ws.Schema().Kind("pattern")
	for name, into := range map[string]*[]option{"type": &p.Types, "facility_type": &p.Facilities} {
		f, _ := k.Field(name)
		*into = v.termOptions(f, q[name])
	}
	p.Problems = v.problems(k.Name, problems)
	if to, err := id.Parse(q.Get("to")); err == nil && !to.IsZero() {
		row, err := v.ws.Desk().Row(ctx, to)
		if err != nil {
			return nil, err
		}
		p.To, p.ToTitle = to.String(), v.ws.Desk().Title(ctx, *row, lang)
	}
	if !p.Asked {
		return p, nil
	}
	query, err := v.candidateQuery(q)
	if err != nil {
		p.Problems = append(p.Problems, problemView{Field: "period", Label: v.Say.T("findings.period"), Reason: v.Say.T("list.span.bad")})
		return p, nil
	}
	return p, v.candidates(r, p, query, q["incident"])
}

// candidateQuery asks for incidents as the form names them: what may lie in the period.
func (v *visit) candidateQuery(q url.Values) (index.Query, error) {
	out := index.Query{Limit: shownCandidates, Plain: true, Filters: map[string][]string{}}
	for _, name := range []string{"type", "facility_type", "place"} {
		if code := strings.TrimSpace(q.Get(name)); code != "" {
			out.Filters[name] = []string{code}
		}
	}
	if text := strings.TrimSpace(q.Get("period")); text != "" {
		span, err := when.ParseHuman(text)
		if err != nil {
			return out, err
		}
		lo, hi := span.Bounds()
		out.Within = &index.Within{Field: "date", From: int64(lo), To: int64(hi)}
	}
	return out, nil
}

func (v *visit) candidates(r *http.Request, p *findingsPage, q index.Query, chosen []string) error {
	res, err := v.ws.Candidates(r.Context(), q)
	if err != nil {
		return err
	}
	p.Found = v.Say.N("findings.found", res.Total)
	k, _ := v.ws.Schema().Kind("incident")
	for _, row := range res.Rows {
		c := candidateView{ID: row.ID.String(), Title: v.ws.Desk().Title(r.Context(), row, v.Say.Lang()), Level: v.level(verification.Received), On: slices.Contains(chosen, row.ID.String())}
		if l := row.Values.Get("verification"); l != "" {
			c.Level = v.level(verification.Level(l))
		}
		var at []string
		for _, name := range []string{"facility_type", "place", "person"} {
			if t := v.cell(r.Context(), k, name, row).Text; t != "" {
				at = append(at, t)
			}
		}
		c.Where = strings.Join(at, ", ")
		p.Candidates = append(p.Candidates, c)
	}
	return nil
}

// makeFinding records a finding on the incidents that were chosen, or adds them to one.
func (s *Server) makeFinding(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(r); err != nil {
		return err
	}
	f := r.PostForm
	chosen, err := v.chosenIncidents(r)
	if err != nil {
		return err
	}
	rec, err := id.Parse(f.Get("to"))
	var problems []fault.Problem
	if err == nil && !rec.IsZero() {
		err = v.ws.AddIncidents(r.Context(), rec, chosen)
	} else {
		rec, problems, err = v.ws.MakeFinding(r.Context(), app.NewFinding{Type: f.Get("type"), Facility: f.Get("facility_type"), Place: f.Get("place"), Period: f.Get("period"), Incidents: chosen})
	}
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		p, err := v.findings(r, f, problems)
		if err != nil {
			return err
		}
		return findingsTmpl.Refuse(w, *p)
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/verification?done=saved", http.StatusSeeOther)
	return nil
}

// chosenIncidents are those ticked, or all that were offered.
func (v *visit) chosenIncidents(r *http.Request) (out []id.ID, err error) {
	if r.PostForm.Get("all") != "" {
		q, err := v.candidateQuery(r.PostForm)
		if err != nil {
			return nil, nil // the period is refused with the rest of the form
		}
		res, err := v.ws.Candidates(r.Context(), q)
		if err != nil {
			return nil, err
		}
		for _, row := range res.Rows {
			out = append(out, row.ID)
		}
		return out, nil
	}
	for _, text := range r.PostForm["incident"] {
		x, err := id.Parse(text)
		if err != nil {
			return nil, fault.New(fault.NotFound, "web", "no such incident")
		}
		out = append(out, x)
	}
	return out, nil
}

// found writes what a finding rests on.
func (v *visit) found(finding index.Row, f *app.FindingView) *foundView {
	q := url.Values{"to": {finding.ID.String()}}
	for _, name := range []string{"type", "facility_type", "place", "period"} {
		if code := finding.Values.Get(name); code != "" {
			q.Set(name, code)
		}
	}
	out := &foundView{Weaker: f.Weaker, Systematic: f.Systematic, Add: "/patterns?" + q.Encode(),
		Extent: v.Say.Fill("findings.extent", v.Say.N("findings.incidents", f.Extent.Incidents), v.Say.N("findings.persons", f.Persons), v.Say.N("findings.sources", f.Clusters))}
	if f.NotCovered > 0 {
		out.NotCovered = v.Say.N("findings.notcovered", f.NotCovered)
	}
	for _, in := range f.Incidents {
		fi := foundIncident{ID: in.ID.String(), Title: in.Title, Level: v.level(in.Level), Wrong: in.Wrong}
		var numbers []string
		for _, n := range in.Sources {
			numbers = append(numbers, grouped(n))
		}
		fi.Sources = strings.Join(numbers, ", ")
		out.Incidents = append(out.Incidents, fi)
	}
	return out
}
