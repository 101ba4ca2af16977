package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// readbackPage is a testimony as it is read to the person who gave it, passage by passage.
type readbackPage struct {
	Page
	ID, Name      string
	Timer         timerView
	Units         []readUnit
	At            string // the passage that is read now
	First, Last   int    // passages shown, counted from 1
	Prev, Next    string // addresses of the pages before and after
	Langs         []string
	Lang, Reader  string // in which language it is read, and by whom; "" while nobody said
	Typed, In     string // a correction that was not accepted, and its language
	Sum           app.ReadBackSummary
	Read          int
	Confirmed     int
	PutRight      int
	Declined      int
	Changed       int
	Remaining     []option
	RemainingMore int
	Languages     []string
	Problems      []problemView
}

type readUnit struct {
	app.Passage
	ID       string
	State    app.ReadBackState
	StateSay string
	Link     string
	On       bool
	Warnings []string // what it speaks of, where that is hard to hear
	Warn     bool
	Marked   bool
	PutRight putRight
}

// putRight are the corrections by the person that stand beside words.
type putRight struct {
	Say   Say
	Lines []app.Correction
}

// hardKinds are kinds of record whose words are often hard to hear.
var hardKinds = []string{"incident", "exploitation", "medical_finding", "threat"}

// hardTo are what a passage speaks of, by the records that rest on it, where a warning comes
// first.
func hardTo(rests []app.LinkView) (out []string) {
	for _, l := range rests {
		if slices.Contains(hardKinds, l.Kind) && !slices.Contains(out, l.Label) {
			out = append(out, l.Label)
		}
	}
	return out
}

// readState is the place in a read-back, as the address says it.
type readState struct {
	at, lang, reader string
	first            int
}

func (c readState) link(rec string) string {
	q := url.Values{}
	for name, text := range map[string]string{"at": c.at, "in": c.lang, "by": c.reader} {
		if text != "" {
			q.Set(name, text)
		}
	}
	if c.first > 0 {
		q.Set("first", strconv.Itoa(c.first))
	}
	out := "/record/" + rec + "/readback"
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	return out
}

func readStateOf(q url.Values) readState {
	first, _ := strconv.Atoi(q.Get("first")) // nothing: from the beginning
	c := readState{at: q.Get("at"), reader: strings.TrimSpace(q.Get("by")), first: max(0, first)}
	if slices.Contains(spoken, q.Get("in")) {
		c.lang = q.Get("in")
	}
	return c
}

func (s *Server) readbackPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	c := readStateOf(r.URL.Query())
	p, err := v.readback(r, c)
	if err != nil {
		return err
	}
	if c.at == "" { // once for each reading, not for each passage
		rec, err := recordID(r)
		if err != nil {
			return err
		}
		if err := v.ws.NoteRead(r.Context(), rec); err != nil {
			return err
		}
	}
	return readbackTmpl.Execute(w, *p)
}

// readback builds the page at a passage: the one that was asked for, else the first that
// remains.
func (v *visit) readback(r *http.Request, c readState) (*readbackPage, error) {
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	h, err := v.ws.Hearing(r.Context(), rec, v.Say.Lang())
	if err != nil {
		return nil, err
	}
	sum := h.ReadBack
	p := &readbackPage{Page: v.page("readback.title"), ID: rec.String(), Name: v.ws.Desk().Title(r.Context(), h.Interview, v.Say.Lang()), Langs: spoken, Sum: sum, Lang: c.lang, Reader: c.reader,
		Confirmed: sum.Counts[app.Confirmed], PutRight: sum.Counts[app.Corrected], Declined: sum.Counts[app.Declined], Changed: sum.Counts[app.Changed]}
	p.Title = v.Say.With("readback.of", p.Name)
	p.Read = p.Confirmed + p.PutRight + p.Declined
	if p.Lang == "" {
		p.Lang = sum.LastLang
	}
	if p.Reader == "" {
		p.Reader = sum.LastReader
	}
	for _, l := range sum.Languages {
		p.Languages = append(p.Languages, languageOr(l))
	}
	if c.at == "" && c.first == 0 && len(sum.Remaining) > 0 {
		c.at, c.first = sum.Remaining[0].ID.String(), sum.Remaining[0].At/unitsShown*unitsShown
	}
	p.At = c.at
	p.Timer = v.timer(h.Talk, c.link(p.ID))
	return p, v.readUnits(r.Context(), p, rec, c)
}

func (v *visit) stateSay(s app.ReadBackState) string {
	switch s {
	case app.Confirmed:
		return v.Say.T("readback.confirmed")
	case app.Corrected:
		return v.Say.T("readback.corrected")
	case app.Declined:
		return v.Say.T("readback.declined")
	case app.Changed:
		return v.Say.T("readback.changed")
	}
	return v.Say.T("readback.unread")
}

// languageOr is a language's own name, or its code where it has none here.
func languageOr(code string) string {
	if name := languageName(code); name != "" {
		return name
	}
	return code
}

// shownRemaining bounds the list of passages that remain; the count is exact.
const shownRemaining = 40

func (v *visit) readUnits(ctx context.Context, p *readbackPage, rec id.ID, c readState) error {
	passages, total, err := v.ws.Passages(ctx, rec, c.first, unitsShown)
	if err != nil {
		return err
	}
	p.First, p.Last = c.first+1, c.first+len(passages)
	beside := readState{lang: c.lang, reader: c.reader, at: "-"} // no passage is chosen on it
	if c.first > 0 {
		beside.first = max(0, c.first-unitsShown)
		p.Prev = beside.link(p.ID)
	}
	if p.Last < total {
		beside.first = p.Last
		p.Next = beside.link(p.ID)
	}
	for _, u := range passages {
		ru := readUnit{Passage: u, ID: u.ID.String(), State: p.Sum.States[u.ID], Marked: u.Hard, PutRight: putRight{v.Say, u.Corrections}}
		ru.On = ru.ID == c.at
		ru.StateSay = v.stateSay(ru.State)
		here := c
		here.at = ru.ID
		ru.Link = here.link(p.ID)
		rests, err := v.ws.RestsOn(ctx, u.ID, v.Say.Lang())
		if err != nil {
			return err
		}
		ru.Warnings = hardTo(rests)
		ru.Warn = u.Hard || len(ru.Warnings) > 0
		p.Units = append(p.Units, ru)
	}
	for _, at := range p.Sum.Remaining[:min(len(p.Sum.Remaining), shownRemaining)] {
		here := readState{at: at.ID.String(), lang: c.lang, reader: c.reader, first: at.At / unitsShown * unitsShown}
		p.Remaining = append(p.Remaining, option{Value: here.link(p.ID), Label: strconv.Itoa(at.Order)})
	}
	p.RemainingMore = len(p.Sum.Remaining) - len(p.Remaining)
	return nil
}

// readBack records what the person said of a passage and goes on to the next that remains.
func (s *Server) readBack(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	passage, err := id.Parse(r.PostFormValue("passage"))
	if err != nil {
		return fault.New(fault.NotFound, "web", "no such passage")
	}
	c := readStateOf(r.PostForm)
	c.at = passage.String()
	if hard := r.PostFormValue("hard"); hard != "" {
		if _, err := v.ws.Hearing(r.Context(), rec, v.Say.Lang()); err != nil {
			return err
		}
		if err := v.ws.MarkHard(r.Context(), passage, hard == "yes"); err != nil {
			return err
		}
		http.Redirect(w, r, c.link(rec.String()), http.StatusSeeOther)
		return nil
	}
	b := app.ReadBack{Passage: passage, Answer: app.ReadBackState(r.PostFormValue("answer")), Language: c.lang, Reader: c.reader,
		Correction: strings.TrimSpace(strings.ReplaceAll(r.PostFormValue("correction"), "\r\n", "\n")), In: r.PostFormValue("correction.lang")}
	problems, err := v.ws.StateReadBack(r.Context(), rec, b)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		p, err := v.readback(r, c)
		if err != nil {
			return err
		}
		p.Problems, p.Typed, p.In = v.problems("read_back", problems), b.Correction, b.In
		return readbackTmpl.Refuse(w, *p)
	}
	sum, err := v.ws.ReadBackOf(r.Context(), rec)
	if err != nil {
		return err
	}
	c.at, c.first = "-", 0
	if next, ok := nextRemaining(sum, passage); ok {
		c.at, c.first = next.ID.String(), next.At/unitsShown*unitsShown
	}
	http.Redirect(w, r, c.link(rec.String()), http.StatusSeeOther)
	return nil
}

// nextRemaining is the next passage that was not read, after one, or from the beginning.
func nextRemaining(sum app.ReadBackSummary, after id.ID) (app.PassageAt, bool) {
	if len(sum.Remaining) == 0 {
		return app.PassageAt{}, false
	}
	i := slices.IndexFunc(sum.Remaining, func(p app.PassageAt) bool { return p.At > sum.Place[after] })
	return sum.Remaining[max(0, i)], true
}
