package app

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/verification"
	"example.org/amparo/when"
)

// Argued is an incident with all that was ever brought for and against it: what somebody
// reads before stating a level or signing for one.
type Argued struct {
	Incident  index.Row
	Level     verification.Level // as stated
	Ceiling   verification.Level // the highest the evidence could carry
	Evidence  []EvidenceLine
	Clusters  int // sources that are independent of each other
	Ties      []TieLine
	Steps     []verification.Step
	Arguments []ArgumentLine // newest first
	Finding   *FindingView   // of a pattern finding: what it rests on
}

// EvidenceLine is one source, as a reader sees it.
type EvidenceLine struct {
	verification.Evidence
	Title   string
	Kind    string // of the record, "" where the reader may not see it
	Cluster int    // 1 to Clusters; 0 where it is in none: a pattern, rumour, or against
}

// TieLine says why two sources count as one.
type TieLine struct{ A, B, Kind string }

// ArgumentLine is one argument for a level, as it was written, with who signed.
type ArgumentLine struct {
	ID         id.ID
	Argument   Argument
	Brought    []BroughtLine // what it brings in beside the accounts
	Author, On string
	Signatures []SignatureLine
	SignedBy   []id.ID // who gave each of the signatures
	Signed     bool    // by this member
	Missing    []verification.Need
	Overstated []verification.Overstated // phrases that say more than is carried (R16)
	at         journal.HLC
}

// BroughtLine is a record that an argument brings in: as "patterns", "materials" or "against".
type BroughtLine struct {
	As, Title string
	ID        id.ID
}

// SignatureLine is one signature.
type SignatureLine struct{ Member, On, Reason string }

// Argued reads an incident for the desk with its sources, their dependences, what each
// level still needs, and every argument that was written. What speaks against it counts
// from whichever argument brought it in: a later one does not make it go away. Patterns
// and material count from the newest argument. An incident that the desk does not show
// is fault.NotFound; that a restricted one was opened is written to the log (R23).
func (w *Workspace) Argued(ctx context.Context, incident id.ID, lang string) (*Argued, error) {
	row, err := w.Desk().Row(ctx, incident)
	if err != nil {
		return nil, err
	}
	k, ok := w.Schema().Kind(row.Kind)
	if !ok || row.Kind != "incident" && row.Kind != "pattern" {
		return nil, fault.New(fault.NotFound, "app.Argued", "no such incident or finding")
	}
	for _, room := range w.Schema().CompartmentsOf(k, row.Values) {
		if room != generalRoom {
			if err := w.NoteRead(ctx, incident); err != nil {
				return nil, err
			}
			break
		}
	}
	return remembered(ctx, w, "argued "+lang+incident.String(), func(ctx context.Context) (*Argued, error) { return w.argued(ctx, incident, lang) })
}

// argued is [Workspace.Argued] without its note in the log.
func (w *Workspace) argued(ctx context.Context, incident id.ID, lang string) (*Argued, error) {
	row, err := w.Desk().Row(ctx, incident)
	if err != nil {
		return nil, err
	}
	out := &Argued{Incident: *row}
	if out.Arguments, err = w.argumentsOn(ctx, incident, lang); err != nil {
		return nil, err
	}
	shared, err := w.assessStanding(ctx, incident)
	if err != nil {
		return nil, err
	}
	own := *shared // signatures are counted in it
	as := &own
	if len(out.Arguments) > 0 {
		as.Case.Signed = signedOf(out.Arguments[0])
	}
	out.Level, out.Ceiling, out.Clusters, out.Steps = as.Level, as.Ceiling, len(as.Clusters), verification.Steps(as.Case)
	for i := range out.Arguments {
		l := &out.Arguments[i]
		own := as.Case
		own.Reasons, own.Alternatives, own.Contrary = l.Argument.Reasons, l.Argument.Alternatives, l.Argument.Contrary
		own.Signed = signedOf(*l)
		l.Missing = verification.Missing(l.Argument.Level, own)
		carried := as.Level
		if len(l.Missing) == 0 {
			carried = l.Argument.Level
		}
		for _, text := range []string{l.Argument.Reasons, l.Argument.Alternatives} {
			l.Overstated = append(l.Overstated, verification.Lint(text, carried, lang)...)
		}
	}
	out.Evidence = w.evidenceLines(ctx, as, lang)
	if row.Kind == "pattern" {
		if out.Finding, err = w.findingView(ctx, row, as, lang); err != nil {
			return nil, err
		}
	}
	out.Ties = w.tieLines(ctx, as.Case.Dependencies, lang)
	return out, nil
}

func signedOf(l ArgumentLine) (out []verification.SignOff) {
	for i, m := range l.SignedBy {
		out = append(out, verification.SignOff{Member: m, Reason: l.Signatures[i].Reason})
	}
	return out
}

// Standing is what the arguments written so far, newest first, say together: the newest
// one, with everything that any of them brought in against the incident.
func Standing(lines []ArgumentLine) Argument {
	var a Argument
	if len(lines) > 0 {
		a = lines[0].Argument
		a.Against = nil
	}
	for _, l := range lines {
		for _, x := range l.Argument.Against {
			if !slices.Contains(a.Against, x) {
				a.Against = append(a.Against, x)
			}
		}
	}
	return a
}

func (w *Workspace) argumentsOn(ctx context.Context, incident id.ID, lang string) ([]ArgumentLine, error) {
	field, err := w.argumentField(ctx, incident)
	if err != nil {
		return nil, err
	}
	rows, err := w.Desk().Linked(ctx, incident, "verification", field)
	if err != nil {
		return nil, err
	}
	out := make([]ArgumentLine, 0, len(rows))
	for _, row := range rows {
		r, err := w.Desk().Fold(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		l := ArgumentLine{ID: row.ID, Argument: argumentOf(currentOf(r))}
		for _, acc := range r.Accounts {
			if acc.CorrectedBy == nil {
				w.addAccount(&l, acc.Act)
			}
		}
		for as, list := range map[string][]id.ID{"patterns": l.Argument.Patterns, "materials": l.Argument.Materials, "against": l.Argument.Against} {
			for _, x := range list {
				l.Brought = append(l.Brought, BroughtLine{As: as, Title: w.titleOf(ctx, x, lang), ID: x})
			}
		}
		slices.SortFunc(l.Brought, func(a, b BroughtLine) int {
			return cmp.Or(cmp.Compare(broughtOrder(a.As), broughtOrder(b.As)), a.ID.Compare(b.ID))
		})
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b ArgumentLine) int { return cmp.Or(cmp.Compare(b.at, a.at), a.ID.Compare(b.ID)) })
	return out, nil
}

// addAccount tells a signature from the argument itself.
func (w *Workspace) addAccount(l *ArgumentLine, a *casebook.Act) {
	on := a.At.Time().Format(when.Minute)
	if reason := a.Fields.Get("signed"); reason != "" {
		l.Signatures = append(l.Signatures, SignatureLine{w.MemberName(a.Member), on, reason})
		l.SignedBy = append(l.SignedBy, a.Member)
		l.Signed = l.Signed || a.Member == w.vault.Member()
	} else if l.at == 0 {
		l.at, l.Author, l.On = a.At, w.MemberName(a.Member), on
	}
}

func broughtOrder(as string) int {
	return slices.Index([]string{"against", "patterns", "materials"}, as)
}

// titleOf names a record of the desk, or says by its absence that the reader cannot see it.
func (w *Workspace) titleOf(ctx context.Context, rec id.ID, lang string) string {
	row, err := w.Desk().Row(ctx, rec)
	if err != nil {
		return ""
	}
	return w.Desk().Title(ctx, *row, lang)
}

func (w *Workspace) evidenceLines(ctx context.Context, as *Assessment, lang string) []EvidenceLine {
	in := map[id.ID]int{}
	for i, c := range as.Clusters {
		for _, s := range c.Sources {
			in[s] = i + 1
		}
	}
	var out []EvidenceLine
	for _, e := range as.Case.Evidence {
		l := EvidenceLine{Evidence: e, Title: w.titleOf(ctx, e.Source, lang)}
		if row, err := w.Desk().Row(ctx, e.Source); err == nil {
			l.Kind = row.Kind
		} else if name := w.MemberName(e.Source); e.Source != (id.ID{}) && l.Title == "" && name != e.Source.Short() {
			l.Title = name
		}
		if !e.Against && e.Class != verification.Pattern && e.Basis != "BK-4" {
			l.Cluster = in[e.Source]
		}
		if !slices.ContainsFunc(out, func(o EvidenceLine) bool { return o.Evidence == e }) {
			out = append(out, l)
		}
	}
	return out
}

func (w *Workspace) tieLines(ctx context.Context, ties []verification.Dependency, lang string) []TieLine {
	voc, _ := w.Schema().Vocabulary("dependency_kind")
	var out []TieLine
	for _, d := range ties {
		a, b := w.titleOf(ctx, d.A, lang), w.titleOf(ctx, d.B, lang)
		if a == "" || b == "" {
			continue
		}
		l := TieLine{A: a, B: b, Kind: d.Kind}
		if voc != nil {
			if t, ok := voc.Term(d.Kind); ok {
				l.Kind = t.Label.In(lang)
			}
		}
		if !slices.Contains(out, l) && !slices.Contains(out, TieLine{A: l.B, B: l.A, Kind: l.Kind}) {
			out = append(out, l)
		}
	}
	return out
}

// Sign is [Workspace.SignOff] for the desk: the argument must be one on this incident, and
// a member who signed it already is told so, because a second signature would count for
// nothing.
func (w *Workspace) Sign(ctx context.Context, incident, argument id.ID, reason string) ([]verification.Need, error) {
	if _, err := w.Desk().Row(ctx, incident); err != nil {
		return nil, err
	}
	lines, err := w.argumentsOn(ctx, incident, "en")
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(lines, func(l ArgumentLine) bool { return l.ID == argument })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "app.Sign", "no such argument on this incident")
	}
	if lines[at].Signed {
		return nil, fault.New(fault.Conflict, "app.Sign", "you signed this argument already").With("the second signature is another member's").Coded("sign.again")
	}
	return w.SignOff(ctx, argument, reason)
}

// Argue is [Workspace.StateLevel] for the desk: whatever earlier arguments brought in
// against the incident is part of the new one too.
func (w *Workspace) Argue(ctx context.Context, incident id.ID, a Argument) (id.ID, []verification.Need, error) {
	if _, err := w.Desk().Row(ctx, incident); err != nil {
		return id.ID{}, nil, err
	}
	lines, err := w.argumentsOn(ctx, incident, "en")
	if err != nil {
		return id.ID{}, nil, err
	}
	for _, x := range Standing(lines).Against {
		if !slices.Contains(a.Against, x) {
			a.Against = append(a.Against, x)
		}
	}
	for _, x := range slices.Concat(a.Patterns, a.Materials, a.Against) {
		if _, err := w.Desk().Row(ctx, x); err != nil {
			return id.ID{}, nil, err
		}
	}
	return w.StateLevel(ctx, incident, a)
}
