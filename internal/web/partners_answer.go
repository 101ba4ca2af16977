package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// answering is one answer to a partner being made: over many people it takes minutes.
type answering struct {
	job

	mu       sync.Mutex
	done, of int
	made     string // where the file is in the outbox
	err      error
}

func (a *answering) tell(done, of int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if done >= a.done || of != a.of { // told by several at a time
		a.done, a.of = done, of
	}
}

// answerings are the answers being made or just made, one for each exchange.
type answerings struct {
	wait time.Duration // how long a request waits before it shows the progress

	mu  sync.Mutex
	all map[id.ID]*answering
}

func (k *answerings) of(exchange id.ID) *answering {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.all[exchange]
}

// beginAnswer begins an answer. While one is being made in the exchange it is that one.
func (s *Server) beginAnswer(ws *app.Workspace, exchange id.ID, file []byte) *answering {
	k := &s.answerings
	k.mu.Lock()
	defer k.mu.Unlock()
	if a := k.all[exchange]; a != nil && a.running() {
		return a
	}
	ctx, stop := context.WithCancel(s.life)
	a := &answering{job: job{stop, make(chan struct{})}, of: 1}
	if k.all == nil {
		k.all = map[id.ID]*answering{}
	}
	k.all[exchange] = a
	s.background.Go(func() {
		defer close(a.ended)
		defer stop()
		f, err := ws.AnswerPartner(ctx, exchange, file, a.tell)
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.err = err; err == nil {
			a.made = s.outbox.put("answer.age", f.Data)
		}
	})
	return a
}

// answerPartner begins to answer a question and shows the file, or how far it is.
func (s *Server) answerPartner(r *http.Request, v *visit, rec id.ID) (string, error) {
	file, err := partnerUpload(r)
	if err != nil {
		return "", err
	}
	a := s.beginAnswer(v.ws, rec, file)
	select {
	case <-a.ended:
		return a.leads()
	case <-time.After(s.answerings.wait):
	case <-r.Context().Done():
	}
	return "/answering", nil
}

// leads is where an answer that has ended leads to: one that was stopped to the exchange.
func (a *answering) leads() (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if errors.Is(a.err, context.Canceled) {
		return "", nil
	}
	return "?made=" + a.made + "#made", a.err
}

type answeringPage struct {
	Page
	ID       string
	Partner  string
	Done, Of int
}

// answeringPage shows how far an answer is; once it is made it leads to it.
func (s *Server) answeringPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	a := s.answerings.of(rec)
	if a == nil {
		http.Redirect(w, r, "/partners/"+rec.String(), http.StatusSeeOther)
		return nil
	}
	running := a.running()
	a.mu.Lock()
	done, of := a.done, max(1, a.of)
	a.mu.Unlock()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return progress{Step: v.Say.T("partners.answering.step"), Done: done, Of: of}.write(w, r, running)
	}
	if !running {
		return s.partnerStep(func(*http.Request, *visit, id.ID) (string, error) { return a.leads() })(w, r, v)
	}
	x, err := v.ws.PartnerAsItIs(r.Context(), rec)
	if err != nil {
		return err
	}
	p := answeringPage{Page: v.page("partners.answering"), ID: rec.String(), Partner: x.Partner, Done: done, Of: of}
	p.Refresh = 2
	return answeringTmpl.Execute(w, p)
}

// stopAnswering stops an answer and waits until it has stopped: nothing left.
func (s *Server) stopAnswering(w http.ResponseWriter, r *http.Request, _ *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	if a := s.answerings.of(rec); a != nil {
		a.halt(r.Context())
	}
	http.Redirect(w, r, "/partners/"+rec.String(), http.StatusSeeOther)
	return nil
}
