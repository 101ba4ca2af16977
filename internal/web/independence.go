package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// independencePage asks of testimonies that share their words whether they are independent,
// one pair after the other, and lists who counts as one source.
type independencePage struct {
	Page
	Tellings, Sources, Left int
	At                      int
	Pair                    *retellingView
	Kinds                   []judgementKey
	Clusters                [][]app.LinkView
	Judged                  []retellingView
	Comparing, Behind       string // what was not compared yet
}

type retellingView struct {
	A, B          app.LinkView // the interviews
	TellerA       string
	TellerB       string
	Shares, Words string
	Judgement     string
}

// judgementKey is one answer and the key that gives it.
type judgementKey struct{ Code, Label, Key string }

// shownRetellings bounds the list of what was judged.
const shownRetellings = 50

func (s *Server) independencePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	found, behind, err := v.ws.IndependenceAtHand(r.Context())
	if err != nil {
		return err
	}
	p := independencePage{Page: v.page("independence.title")}
	if found == nil {
		w.Header().Set("Refresh", "3")
		p.Comparing = v.Say.T("independence.comparing")
		return independenceTmpl.Execute(w, p)
	}
	p.Tellings, p.Sources = found.Tellings, found.Sources
	if behind > 0 {
		p.Behind = v.Say.N("independence.behind", behind)
	}
	var open []app.Retelling
	for _, x := range found.Retellings {
		switch {
		case x.Judged != "" && len(p.Judged) < shownRetellings:
			p.Judged = append(p.Judged, v.retelling(r, x))
		case x.Judged == "":
			open = append(open, x)
		}
	}
	if p.Left = len(open); p.Left > 0 {
		p.At, _ = strconv.Atoi(r.URL.Query().Get("at")) // none: the first
		p.At = max(0, p.At) % len(open)
		one := v.retelling(r, open[p.At])
		for _, t := range []app.Telling{open[p.At].A, open[p.At].B} {
			if err := v.ws.NoteRead(r.Context(), t.Interview); err != nil {
				return err
			}
		}
		p.Pair, p.Kinds = &one, v.judgements()
	}
	for _, c := range found.Clusters {
		p.Clusters = append(p.Clusters, v.titles(r, c))
	}
	return independenceTmpl.Execute(w, p)
}

func (v *visit) retelling(r *http.Request, x app.Retelling) retellingView {
	title := func(rec id.ID) app.LinkView {
		if l := v.titles(r, []id.ID{rec}); len(l) == 1 {
			return l[0]
		}
		return app.LinkView{ID: rec.String(), Title: rec.Short()}
	}
	out := retellingView{A: title(x.A.Interview), B: title(x.B.Interview), TellerA: title(x.A.Teller).Title, TellerB: title(x.B.Teller).Title, Words: x.Words,
		Shares: v.Say.Two("independence.shares", fmt.Sprintf("%.0f", 100*x.ShareA), fmt.Sprintf("%.0f", 100*x.ShareB))}
	if voc, ok := v.ws.Schema().Vocabulary("dependency_kind"); ok {
		if t, ok := voc.Term(x.Judged); ok {
			out.Judgement = t.Label.In(v.Say.Lang())
		}
	}
	return out
}

// judgements are the answers there are, each under a key.
func (v *visit) judgements() (out []judgementKey) {
	voc, ok := v.ws.Schema().Vocabulary("dependency_kind")
	if !ok {
		return nil
	}
	keys := "qwertyuiop"
	for i, t := range voc.Terms {
		if i == len(keys) {
			break
		}
		key := keys[i : i+1]
		if t.Code == "independent" {
			key = "d"
		}
		out = append(out, judgementKey{t.Code, t.Label.In(v.Say.Lang()), key})
	}
	return out
}

// commonWording is the answer that many hold these words, because they were read out.
const commonWording = "common"

// judgeTellings records how two testimonies depend on each other.
func (s *Server) judgeTellings(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, b, err := pairIn(r.PostFormValue("a"), r.PostFormValue("b"))
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("record.reason.missing"))
	}
	if words := r.PostFormValue("words"); r.PostFormValue("kind") == commonWording && words != "" {
		if _, err := v.ws.StateCommonWording(r.Context(), words, reason); err != nil {
			return err
		}
		http.Redirect(w, r, "/independence?done=linked", http.StatusSeeOther)
		return nil
	}
	if _, err := v.ws.JudgeTellings(r.Context(), a, b, r.PostFormValue("kind"), reason); err != nil {
		return err
	}
	http.Redirect(w, r, "/independence?done=linked", http.StatusSeeOther)
	return nil
}
