package web

import (
	"cmp"
	"net/http"
	"strings"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/token"
)

type searchPage struct {
	Page
	Hits    []hitView
	Total   string
	Names   int
	Values  int
	More    bool
	Asked   bool
	Ask     bool        // testimony is searched only when asked for
	Passage passageView // for the template that streams passages
	Scanned string
	Partly  string // what is not searched yet
}

type hitView struct {
	ID, Kind, Title string
	Contested       bool
}

type passageView struct {
	ID, Kind, Title string
	Before, Match   string
	After           string
	Lang            string
	PutRight        putRight // by the person in the words, where they are of a testimony (R29)
}

// shownHits is how many records a search shows; the count is of all.
const shownHits = 40

// searchedAtOnce is how many sealed texts a search opens unasked: some tens of milliseconds
// of an old laptop. Beyond it the page offers to open them, because each search opens all,
// and whoever looks for a name would wait for it, with everybody else at work.
const searchedAtOnce = 2000

// shownPassages bounds the passages shown; the scan goes on and counts them all.
const shownPassages = 100

// searchPage answers in two steps on one page: names and values at once, then
// passages as the decrypting scan finds them, while the page is already being read.
// Where there is much testimony the second step is taken when asked for (in=testimony).
func (s *Server) searchPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p := searchPage{Page: v.page("search.title")}
	p.Query = strings.TrimSpace(r.URL.Query().Get("q"))
	words := token.Split(p.Query)
	p.Asked = len(words) > 0
	if !p.Asked {
		return searchTmpl.Execute(w, p)
	}
	found, err := v.ws.Desk().SearchNow(ctx, p.Query, shownHits)
	if err != nil {
		return err
	}
	if found.Partly {
		w.Header().Set("Refresh", "2")
		p.Partly = v.Say.T("search.partly")
	}
	p.Total, p.Names, p.Values, p.More = v.Say.N("search.total", found.Total), found.Names, found.Coded, found.Total > len(found.Rows)
	for _, row := range found.Rows {
		k, _ := v.ws.Schema().Kind(row.Kind)
		p.Hits = append(p.Hits, hitView{ID: row.ID.String(), Kind: k.Label.In(v.Say.Lang()), Title: v.ws.Title(ctx, row, v.Say.Lang()), Contested: row.Contested})
	}
	if p.Ask, err = v.toAsk(r); err != nil {
		return err
	}
	if p.Ask {
		return searchTmpl.Execute(w, p)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.streamPassages(w, r, v, p, words)
}

// toAsk reports whether there is too much testimony to open it for every search, and
// nobody asked for it.
func (v *visit) toAsk(r *http.Request) (bool, error) {
	if r.URL.Query().Get("in") == "testimony" {
		return false, nil
	}
	n, err := v.ws.Index().LongTexts(r.Context(), searchedAtOnce+1)
	return n > searchedAtOnce, err
}

func (s *Server) streamPassages(w http.ResponseWriter, r *http.Request, v *visit, p searchPage, words []string) error {
	flusher := http.NewResponseController(w)
	if err := searchTmpl.part(w, "search-head", p); err != nil {
		return err
	}
	_ = flusher.Flush() // a writer that cannot flush shows the page at the end
	select {            // one scan at a time, so that others can work beside it
	case s.scanning <- struct{}{}:
		defer func() { <-s.scanning }()
	case <-r.Context().Done():
		return r.Context().Err()
	}
	shown, total := 0, 0
	var failed error
	scanned, err := v.ws.Desk().Narratives(r.Context(), p.Query, func(n index.Narrative) bool {
		total++
		if shown == shownPassages {
			return true
		}
		shown++
		k, _ := v.ws.Schema().Kind(n.Kind)
		p.Passage = excerpt(n.Text, words)
		p.Passage.ID, p.Passage.Kind = n.Record.String(), k.Label.In(v.Say.Lang())
		if row, err := v.ws.Index().Row(r.Context(), n.Record); err == nil {
			p.Passage.Title = v.ws.Title(r.Context(), *row, v.Say.Lang())
		}
		if n.Kind == "statement_unit" {
			var all []app.Correction
			if all, failed = v.ws.CorrectionsOf(r.Context(), n.Record); failed != nil {
				return false // words are not shown without what was put right in them
			}
			p.Passage.PutRight = putRight{v.Say, all}
		}
		if searchTmpl.part(w, "search-passage", p) != nil {
			return false
		}
		return flusher.Flush() == nil
	})
	if err = cmp.Or(err, failed); err != nil {
		return err
	}
	p.Total, p.Scanned = v.Say.N("search.passages", total), v.Say.N("search.scanned", scanned)
	return searchTmpl.part(w, "search-foot", p)
}

// part executes one piece of a page that is written as it becomes known.
func (t tmpl[T]) part(w http.ResponseWriter, name string, data T) error {
	return t.get().ExecuteTemplate(w, name, data)
}

// excerpt cuts a passage around the first word found.
func excerpt(text string, words []string) passageView {
	const around = 60
	lower := strings.ToLower(text)
	at, n := -1, 0
	for _, word := range words {
		if i := strings.Index(lower, word); i >= 0 && len(lower) == len(text) && (at < 0 || i < at) {
			at, n = i, len(word)
		}
	}
	rs := []rune(text)
	if at < 0 {
		return passageView{After: string(rs[:min(len(rs), 2*around)])}
	}
	before, match, after := []rune(text[:at]), text[at:at+n], []rune(text[at+n:])
	v := passageView{Match: match, Before: string(before), After: string(after)}
	if len(before) > around {
		v.Before = "…" + string(before[len(before)-around:])
	}
	if len(after) > 2*around {
		v.After = string(after[:2*around]) + "…"
	}
	return v
}
