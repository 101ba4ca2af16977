package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

// makings are the figures being made. They live in memory only: what is being computed is
// nowhere else until the figure is kept, sealed, as a record.
type makings struct {
	mu  sync.Mutex
	all []*making // oldest first
}

// making is one figure being made, or just made, or stopped.
type making struct {
	job
	ID       string
	question figure.Question

	mu       sync.Mutex
	what     string // step, and how much of it is done
	done, of int
	figure   string // its record, once it is kept
	err      error
}

// How many figures are made at a time, and how many that have ended are remembered for those
// who come back to their page.
const (
	mostMaking   = 1 // a total uses every core
	mostFinished = 20
)

func (m *making) tell(what string, done, of int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.what, m.done, m.of = what, done, of
}

// job is something that is done behind the pages until it ends, is stopped, or the workspace is
// locked.
type job struct {
	stop  context.CancelFunc
	ended chan struct{} // closed at the end
}

func (j job) running() bool {
	select {
	case <-j.ended:
		return false
	default:
		return true
	}
}

// halt stops the job and waits until it has stopped.
func (j job) halt(ctx context.Context) {
	j.stop()
	select {
	case <-j.ended:
	case <-ctx.Done():
	}
}

// startFigure begins to make a figure that nothing but its stop, the lock of the workspace or
// the end of the program will end. A figure asked for twice is made once.
//
// It is nil where as many as may be are being made.
func (s *Server) startFigure(ws *app.Workspace, q figure.Question) *making {
	k := &s.makings
	k.mu.Lock()
	defer k.mu.Unlock()
	running := 0
	for _, m := range k.all {
		if m.running() {
			if running++; m.question == q {
				return m
			}
		}
	}
	if running >= mostMaking {
		return nil
	}
	ctx, cancel := context.WithCancel(s.life)
	m := &making{job: job{cancel, make(chan struct{})}, ID: randomName(8), question: q, what: figure.StepLinking, of: 1}
	k.all = append(k.all, m)
	for len(k.all) > mostFinished && !k.all[0].running() {
		k.all = k.all[1:]
	}
	s.background.Go(func() {
		defer close(m.ended)
		defer cancel()
		f, err := ws.MakeFigureTelling(ctx, q, app.Program(), m.tell)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.err = err; err == nil {
			m.figure = f.Record.String()
		}
	})
	return m
}

// find returns a figure being made by its id.
func (k *makings) find(id string) *making {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := slices.IndexFunc(k.all, func(m *making) bool { return m.ID == id }); i >= 0 {
		return k.all[i]
	}
	return nil
}

// running lists what is being made, oldest first.
func (k *makings) running() (out []*making) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range k.all {
		if m.running() {
			out = append(out, m)
		}
	}
	return out
}

// quick is how long an answer waits for a figure before it shows the page of its progress.
const quick = 400 * time.Millisecond

// makeFigure begins a figure and shows it, or how far it is.
func (s *Server) makeFigure(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := figure.Question{Ask: r.PostFormValue("ask"), Stage: r.PostFormValue("stage")}
	if text := r.PostFormValue("draws"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fault.New(fault.Invalid, "web", "%q is no number of draws", text).Coded("figure.draws", figure.MaxDraws)
		}
		q.Draws = n
	}
	m := s.startFigure(v.ws, q)
	if m == nil {
		http.Redirect(w, r, "/figures?done=busy", http.StatusSeeOther)
		return nil
	}
	select {
	case <-m.ended:
		if m.err != nil {
			return m.err
		}
		http.Redirect(w, r, "/figures/"+m.figure, http.StatusSeeOther)
		return nil
	case <-time.After(quick):
	case <-r.Context().Done():
	}
	http.Redirect(w, r, "/figures/making/"+m.ID, http.StatusSeeOther)
	return nil
}

type makingPage struct {
	Page
	makingLine
	Failed string // why there is no figure
}

// makingLine is how far a figure is.
type makingLine struct {
	ID, Asked, Step string
	Done, Of        int
}

func (v *visit) makingLine(m *making) makingLine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return makingLine{ID: m.ID, Asked: v.asked(m.question), Step: v.Say.T("making.step." + m.what), Done: m.done, Of: max(1, m.of)}
}

// progress is a page that asks for itself, as the script does.
type progress struct {
	Step string `json:"step"`
	Done int    `json:"done"`
	Of   int    `json:"of"`
	To   string `json:"to,omitempty"` // where to go, once it has ended
}

// write answers with how far a job is, and where to go once it has ended.
func (p progress) write(w http.ResponseWriter, r *http.Request, running bool) error {
	if !running {
		p.To = r.URL.Path
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(p)
}

// makingPage shows how far a figure is. Once it is made it leads to it.
func (s *Server) makingPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	m := s.makings.find(r.PathValue("id"))
	if m == nil { // stopped by the lock, or long done
		http.Redirect(w, r, "/figures?done=gone", http.StatusSeeOther)
		return nil
	}
	p := makingPage{Page: v.page("making.title"), makingLine: v.makingLine(m)}
	running := m.running()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return progress{Step: p.Step, Done: p.Done, Of: p.Of}.write(w, r, running)
	}
	switch {
	case running:
		p.Refresh = 2
	case m.err == nil:
		http.Redirect(w, r, "/figures/"+m.figure, http.StatusSeeOther)
		return nil
	case errors.Is(m.err, context.Canceled):
		http.Redirect(w, r, "/figures?done=stopped", http.StatusSeeOther)
		return nil
	default:
		var ok bool
		if p.Failed, _, ok = v.Say.why(m.err); !ok {
			p.Failed = v.Say.T("making.failed")
		}
	}
	return makingTmpl.Execute(w, p)
}

// stopFigure stops one and waits until it has stopped.
func (s *Server) stopFigure(w http.ResponseWriter, r *http.Request, _ *visit) error {
	m := s.makings.find(r.PathValue("id"))
	if m == nil {
		http.Redirect(w, r, "/figures?done=gone", http.StatusSeeOther)
		return nil
	}
	m.halt(r.Context())
	http.Redirect(w, r, "/figures/making/"+m.ID, http.StatusSeeOther)
	return nil
}
