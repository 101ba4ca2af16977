package app

import (
	"context"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
	"example.org/amparo/linkage/reuse"
)

// Two testimonies are taken for one story, until somebody has read them, when one has this
// share of its words in common with the other, or one passage of so many units: see
// [reuse.Shared.Suspect].
const (
	copiedWords = 0.2
	copiedUnits = 30
)

// independentKind is the judgement that two accounts do not depend on each other although
// they share words. It takes the place of what the comparison of texts suspects, never of a
// dependence that somebody recorded.
const independentKind = "independent"

// Telling is one testimony: what was said in one interview.
type Telling struct {
	Interview id.ID
	Teller    id.ID // the person; the interview where none is named
}

// Retelling is two testimonies that share so many words that they count as one source until
// somebody has judged.
type Retelling struct {
	A, B           Telling
	ShareA, ShareB float64 // share of the words of the one that stand in the other
	Longest        int     // units of the longest shared passage
	Words          string  // the longest shared passage, as A has it
	Judged         string  // kind of dependence recorded between the two, or "independent"
}

// Independence is which testimonies of the workspace hang together.
type Independence struct {
	Tellings   int // compared: those whose consent covers matching with other accounts
	Retellings []Retelling
	Clusters   [][]id.ID // tellers that count as one source, of more than one teller
	Sources    int       // independent sources among the tellings
}

// Independence compares the words of all testimonies whose consent covers matching (CO-02),
// lays recorded dependences beside, and groups the tellers into independent sources. It
// states nothing.
func (w *Workspace) Independence(ctx context.Context) (*Independence, error) {
	for {
		_, out, err := w.forMatching(ctx)
		if err != nil {
			return nil, err
		}
		w.wordings.leave(out)
		w.wordings.Lock()
		known := w.wordings.known && w.wordings.version > 0
		w.wordings.Unlock()
		if known && w.wordings.behind(out) == 0 {
			return w.independent(ctx)
		}
		if err := w.compareWords(ctx); err != nil {
			return nil, err
		}
	}
}

func tellerOf(interview index.Row) id.ID {
	if p, err := id.Parse(interview.Values.Get("person")); err == nil {
		return p
	}
	return interview.ID
}

// judged lays what was recorded of two testimonies beside what their words say.
func (w *Workspace) judged(ctx context.Context, found []Retelling) ([]Retelling, error) {
	for i := range found {
		var err error
		if found[i].Judged, err = w.judgedBetween(ctx, found[i].A, found[i].B); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// commonWording is the wording that is recorded as common to many testimonies.
func (w *Workspace) commonWording(ctx context.Context) ([]string, error) {
	var out []string
	err := w.Desk().Each(ctx, "common_wording", func(row index.Row) error {
		r, err := w.index.Fold(ctx, row.ID)
		if err != nil {
			return err
		}
		for _, v := range r.Field("text").Current() {
			if v.State == kind.Given {
				out = append(out, v.Text)
			}
		}
		return nil
	})
	return out, err
}

// StateCommonWording records words as common to many testimonies, and what they are.
func (w *Workspace) StateCommonWording(ctx context.Context, words, what string) (id.ID, error) {
	rec := w.NewRecord()
	return rec, w.stated(ctx, casebook.Statement{Record: rec, Kind: "common_wording", Fields: valuesOf("name", what, "text", words)})
}

// judgedBetween is the dependence recorded between two testimonies or their tellers; where
// both "independent" and a dependence are, the dependence.
func (w *Workspace) judgedBetween(ctx context.Context, a, b Telling) (string, error) {
	judged := ""
	for _, at := range []id.ID{a.Interview, a.Teller} {
		for _, field := range []string{"a", "b"} {
			rows, err := w.index.Linked(ctx, at, "source_dependency", field)
			if err != nil {
				return "", err
			}
			for _, row := range rows {
				d, ok := dependencyOf(row)
				other := d.A
				if other == at {
					other = d.B
				}
				if ok && (other == b.Interview || other == b.Teller) && (judged == "" || judged == independentKind) {
					judged = d.Kind
				}
			}
		}
	}
	return judged, nil
}

// group joins tellers by what is recorded and by what is suspected and not judged.
func (w *Workspace) group(ctx context.Context, read *Reading, tellings []Telling, out *Independence) error {
	number := map[id.ID]int{}
	var tellers []id.ID
	node := func(x id.ID) int {
		if n, ok := number[x]; ok {
			return n
		}
		number[x] = len(tellers)
		tellers = append(tellers, x)
		return number[x]
	}
	for _, t := range tellings {
		node(t.Teller)
	}
	told := len(tellers)
	var deps []reuse.Dependency
	join := func(a, b id.ID) {
		deps = append(deps, reuse.Dependency{A: node(a), B: node(b), Kind: reuse.SharedText})
	}
	for _, r := range out.Retellings {
		if r.Judged == "" {
			join(r.A.Teller, r.B.Teller)
		}
	}
	if err := read.Each(ctx, "source_dependency", func(r index.Row) error {
		if d, ok := dependencyOf(r); ok && d.Kind != independentKind {
			join(w.tellerBehind(ctx, d.A), w.tellerBehind(ctx, d.B))
		}
		return nil
	}); err != nil {
		return err
	}
	clusters, err := reuse.Clusters(len(tellers), deps)
	if err != nil {
		return err
	}
	for _, c := range clusters {
		var in []id.ID
		for _, n := range c {
			if n < told {
				in = append(in, tellers[n])
			}
		}
		if len(in) > 0 {
			out.Sources++
		}
		if len(in) > 1 {
			out.Clusters = append(out.Clusters, in)
		}
	}
	return nil
}

// tellerBehind is the person who speaks in a passage or an interview; any other record
// stands for itself.
func (w *Workspace) tellerBehind(ctx context.Context, rec id.ID) id.ID {
	row, err := w.index.Row(ctx, rec)
	if err != nil {
		return rec // hidden or erased: it stands for itself
	}
	switch row.Kind {
	case "statement_unit":
		if in, err := id.Parse(row.Values.Get("interview")); err == nil {
			return w.tellerBehind(ctx, in)
		}
	case "interview":
		return tellerOf(*row)
	}
	return rec
}

// JudgeTellings records how two testimonies depend on each other, or that they were read
// and do not, with the reason. It is a record like any other: it can be contradicted and
// taken back.
func (w *Workspace) JudgeTellings(ctx context.Context, a, b id.ID, how, reason string) (id.ID, error) {
	if strings.TrimSpace(reason) == "" {
		return id.ID{}, fault.New(fault.Invalid, "app.JudgeTellings", "a judgement on two testimonies needs a reason").With("say what was read and what it showed").Coded("tellings.reason")
	}
	for _, x := range []id.ID{a, b} {
		if row, err := w.Desk().Row(ctx, x); err != nil {
			return id.ID{}, err
		} else if row.Kind != "interview" || a == b {
			return id.ID{}, fault.New(fault.Invalid, "app.JudgeTellings", "two different interviews are judged").Coded("tellings.same")
		}
	}
	rec := w.NewRecord()
	s := casebook.Statement{Record: rec, Kind: "source_dependency", Fields: valuesOf("a", a.String(), "b", b.String(), "kind", how, "note", reason)}
	if err := w.stated(ctx, s); err != nil {
		return id.ID{}, err
	}
	return rec, nil
}

// retold finds, among the tellers of a case, those whose testimonies share their words and
// of whom nobody has judged how they depend. Which of two told first is not known, so
// each is held to know no better than the other.
func (w *Workspace) retold(ctx context.Context, tellers []id.ID) ([]verification.Dependency, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	var interviews []index.Row
	for _, t := range tellers {
		rows, err := w.index.Linked(ctx, t, "interview", "person")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if ok, err := read.Has(ctx, row.ID); err != nil {
				return nil, err
			} else if ok {
				interviews = append(interviews, row)
			}
		}
	}
	if len(interviews) < 2 {
		return nil, nil
	}
	tellings := make([]Telling, len(interviews))
	for i, row := range interviews {
		tellings[i] = Telling{row.ID, tellerOf(row)}
	}
	_, pairs, err := w.wording(ctx, tellings, nil)
	if err != nil {
		return nil, err
	}
	if pairs, err = w.judged(ctx, pairs); err != nil {
		return nil, err
	}
	var out []verification.Dependency
	for _, p := range pairs {
		if p.Judged == "" {
			out = append(out, verification.Dependency{A: p.A.Teller, B: p.B.Teller, Kind: verification.Copied},
				verification.Dependency{A: p.B.Teller, B: p.A.Teller, Kind: verification.Copied})
		}
	}
	return out, nil
}
