package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

type verifyPage struct {
	Page
	Report *app.Report
	Took   string
	Pages  []tableCell
}

func (s *Server) verifyPage(w http.ResponseWriter, _ *http.Request, v *visit) error {
	return verifyTmpl.Execute(w, verifyPage{Page: v.page("verify.title")})
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request, v *visit) error {
	start := time.Now()
	rep, err := v.ws.Verify(r.Context(), nil)
	if err != nil {
		return err
	}
	p := verifyPage{Page: v.page("verify.title"), Report: rep, Took: time.Since(start).Round(10 * time.Millisecond).String()}
	for file, n := range rep.Pages {
		p.Pages = append(p.Pages, tableCell{Text: file, Link: grouped(n)})
	}
	slices.SortFunc(p.Pages, func(a, b tableCell) int { return strings.Compare(a.Text, b.Text) })
	return verifyTmpl.Execute(w, p)
}

type ledgerPage struct {
	Page
	Lines []ledgerLine
	Total string // where all of it is on the page
	// Newest and Earlier lead to other pages of it.
	Newest, Earlier string
}

type ledgerLine struct {
	At, Member, What, Detail string
	Record                   string
	Title                    string
	Found                    []app.LinkView // files that a search showed
}

// shownLedger is how many lines a page shows; amparo log shows all.
const shownLedger = 200

func (s *Server) ledgerPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := ledgerPage{Page: v.page("ledger.title")}
	before := uint64(math.MaxUint64)
	if at := r.URL.Query().Get("before"); at != "" {
		var err error
		if before, err = strconv.ParseUint(at, 10, 64); err != nil {
			return fault.New(fault.NotFound, "web.ledger", "%q is no place in the ledger", at).With("open the ledger from the menu")
		}
		p.Newest = "/ledger"
	}
	lines, err := v.ws.Ledger(r.Context(), journal.HLC(before), shownLedger+1)
	if err != nil {
		return err
	}
	if len(lines) > shownLedger {
		p.Earlier = fmt.Sprintf("/ledger?before=%d", lines[shownLedger].At)
		lines = lines[:shownLedger]
	}
	if p.Newest == "" && p.Earlier == "" {
		p.Total = v.Say.N("ledger.total", len(lines))
	}
	for _, l := range lines {
		p.Lines = append(p.Lines, v.ledgerLine(r, l))
	}
	return ledgerTmpl.Execute(w, p)
}

func (v *visit) ledgerLine(r *http.Request, l app.LedgerEntry) ledgerLine {
	out := ledgerLine{At: l.At.Time().Format(when.Minute), Member: l.Member, What: v.Say.T("ledger.read")}
	switch {
	case l.Verb == casebook.Export && l.Unread:
		out.What, out.Detail = v.Say.T("ledger.export"), v.Say.T("ledger.unread")
		return out
	case l.Verb == casebook.Export:
		out.What = v.Say.T("ledger.export")
		out.Detail = l.Line.What + ": " + l.Line.Purpose + " → " + l.Line.Recipient + " (" + v.Say.N("list.total", l.Line.Records) + ")"
		return out
	case !l.Search.IsZero():
		out.What, out.Found = v.Say.T("ledger.search"), v.titles(r, l.Found[:min(len(l.Found), shownFound)])
		if more := len(l.Found) - len(out.Found); more > 0 {
			out.Detail = v.Say.N("ledger.more", more)
		}
		return out
	case l.Unread:
		out.Detail = v.Say.T("ledger.unread")
		return out
	case l.Reason != "":
		out.What, out.Detail = v.Say.T("identity.was.opened"), l.Reason
	}
	if row, err := v.ws.Index().Row(r.Context(), l.Record); err == nil {
		out.Record, out.Title = l.Record.String(), v.ws.Title(r.Context(), *row, v.Say.Lang())
	}
	return out
}

// shownFound is how many files of one search a line shows; a person's page and amparo log
// show all.
const shownFound = 3

type dictionaryPage struct {
	Page
	Groups []dictGroup
	Kind   *dictKind
}

type dictGroup struct {
	Label string
	Kinds []option
}

type dictKind struct {
	Name, Label, Help string
	Fields            []dictField
}

type dictField struct {
	Name, Label, Help, Type, Class string
	Required, Repeat               bool
	Terms                          []option
	Crosswalk                      string
	Vocabulary                     string
}

// dictionaryPage shows the kinds and their fields, as they are declared. It needs no
// workspace: the built-in kinds are public.
func (s *Server) dictionaryPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	set := kind.Builtin()
	if v.ws != nil {
		set = v.ws.Schema()
	}
	lang := v.Say.Lang()
	p := dictionaryPage{Page: v.page("dictionary.title")}
	if k, ok := set.Kind(r.URL.Query().Get("kind")); ok {
		p.Kind = dictionaryOf(set, k, v.Say)
		p.Title = v.Say.With("dictionary.of", p.Kind.Label)
	}
	for _, g := range kind.Groups() {
		group := dictGroup{Label: v.Say.T("group." + g)}
		for _, k := range set.Kinds() {
			if k.Group == g {
				group.Kinds = append(group.Kinds, option{Value: k.Name, Label: k.Label.In(lang), On: p.Kind != nil && p.Kind.Name == k.Name})
			}
		}
		p.Groups = append(p.Groups, group)
	}
	return dictionaryTmpl.Execute(w, p)
}

func dictionaryOf(set *kind.Set, k *kind.Kind, say Say) *dictKind {
	lang := say.Lang()
	out := &dictKind{Name: k.Name, Label: k.Label.In(lang), Help: k.Help.In(lang)}
	for _, f := range k.Fields {
		d := dictField{Name: f.Name, Label: f.Label.In(lang), Help: f.Help.In(lang), Type: say.T("type." + string(f.Type)), Class: say.T("class." + string(f.Class)),
			Required: f.Required != "", Repeat: f.Repeat, Vocabulary: f.Vocabulary}
		if voc, ok := set.Vocabulary(f.Vocabulary); ok {
			for _, t := range voc.Terms {
				d.Terms = append(d.Terms, option{Value: t.Code, Label: t.Label.In(lang)})
			}
		}
		var cw []string
		for _, name := range []string{"huridocs", "hxl", "un"} {
			if c := f.Crosswalk[name]; c != "" {
				cw = append(cw, strings.ToUpper(name)+" "+c)
			}
		}
		d.Crosswalk = strings.Join(cw, ", ")
		out.Fields = append(out.Fields, d)
	}
	return out
}
