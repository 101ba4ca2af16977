package web

import (
	"io"
	"net/http"
	"slices"
	"strconv"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/transcript"
)

// intakePage takes in a transcript: a file, or words typed or pasted.
type intakePage struct {
	Page
	ID     string
	Title  string
	Report *app.TranscriptReport
	Langs  []string
	Timer  *timerView // the break clock, while somebody talks
	Into   string     // the language a translation is most likely in
	Left   []leftView
}

// leftView is what a transcript holds that was left out.
type leftView struct{ At, Value, Reason, Remedy string }

var spoken = []string{"ko", "zh", "en"}

// languageName is a language's own name for itself.
func languageName(code string) string {
	return map[string]string{"ko": "한국어", "zh": "中文", "en": "English"}[code]
}

func (s *Server) intakePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.intake(r)
	if err != nil {
		return err
	}
	return intakeTmpl.Execute(w, p)
}

func (v *visit) intake(r *http.Request) (intakePage, error) {
	p := intakePage{Page: v.page("intake.title"), Langs: spoken, Into: v.Say.Lang()}
	if p.Into == spoken[0] {
		p.Into = "en" // testimony is seldom translated into the language it was spoken in
	}
	rec, k, err := v.recordOf(r)
	if err != nil {
		return p, err
	}
	if k.Name != "interview" {
		return p, fault.New(fault.NotFound, "web", "no such interview")
	}
	row, err := v.ws.Desk().Row(r.Context(), rec)
	if err != nil {
		return p, err
	}
	p.ID, p.Title = rec.String(), v.ws.Title(r.Context(), *row, v.Say.Lang())
	p.Timer, err = v.running(r.Context(), rec)
	return p, err
}

// intake reads the transcript and states its passages. It stays in memory: nothing of it
// touches the disk in clear.
func (s *Server) intake(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.intake(r)
	if err != nil {
		return err
	}
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	lim := transcript.DefaultLimits()
	if err := r.ParseMultipartForm(lim.File * 2); err != nil {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("files.nothing")).From(err)
	}
	name, data := v.Say.T("intake.typed"), []byte(r.PostFormValue("words"))
	if f, h, err := r.FormFile("file"); err == nil {
		name = h.Filename
		data, err = io.ReadAll(io.LimitReader(f, lim.File+1))
		if err != nil {
			return fault.Because(fault.Invalid, "web", v.Say.T("files.nothing"), err)
		}
	}
	t, err := transcript.Read(name, data, lim)
	if err != nil {
		return err
	}
	lang, translated := r.PostFormValue("lang"), r.PostFormValue("translated")
	if !slices.Contains(spoken, lang) || !slices.Contains(spoken, translated) {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("intake.lang"))
	}
	rep, err := v.ws.AddTranscript(r.Context(), rec, t, lang, translated)
	if err != nil {
		return err
	}
	p.Report = &rep
	for _, problem := range rep.Warnings {
		at := problem.File
		if problem.Row > 0 {
			at += " " + strconv.Itoa(problem.Row)
		}
		reason, remedy := v.Say.wrong(problem)
		p.Left = append(p.Left, leftView{At: at, Value: problem.Value, Reason: reason, Remedy: remedy})
	}
	s.forget(v.ws, r, http.StatusSeeOther) // it was taken, although the answer is a page
	return intakeTmpl.Execute(w, p)
}
