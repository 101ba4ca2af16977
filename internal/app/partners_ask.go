package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/partner"
	"example.org/amparo/internal/partner/likeness"
	"example.org/amparo/internal/partner/oblivious"
)

// Results of a question, terms of partner_result.
const (
	PartnerPossible = "possible"
	PartnerAlias    = "alias"
	PartnerNone     = "none"
)

// MaxPartnerFile is how long a file of a partner may be, in bytes.
const MaxPartnerFile = partner.MaxFile

// PartnerAsk is a question to a partner about one person, as it stands.
type PartnerAsk struct {
	ID       id.ID    `json:"ask"`
	Person   id.ID    `json:"person"`
	Exchange id.ID    `json:"exchange"`
	Partner  string   `json:"partner"`
	Asked    string   `json:"asked"`
	Read     string   `json:"read,omitempty"`
	Result   string   `json:"result,omitempty"` // a term of partner_result
	Codes    []string `json:"codes,omitempty"`  // by which to speak with the partner
	Called   string   `json:"called,omitempty"` // a term of partner_call
}

// Open reports whether a possible match waits for somebody to call the partner.
func (a PartnerAsk) Open() bool {
	return (a.Result == PartnerPossible || a.Result == PartnerAlias) && a.Called == ""
}

// PartnerFile is a file for a partner.
type PartnerFile struct {
	ID     id.ID  `json:"id"` // of the question, or of the record of the answer
	Listed int    `json:"listed"`
	Data   []byte `json:"-"`
}

// mayMatch refuses what a person's consent does not cover, with the reason.
func (w *Workspace) mayMatch(ctx context.Context, person id.ID, partnerName string) error {
	reg := newRegister()
	if err := w.readPerson(ctx, reg, person); err != nil {
		return err
	}
	if ok, d := reg.mayMatchWith(person, partnerName, w); !ok {
		return notAllowed(d)
	}
	return nil
}

func notAllowed(d consent.Decision) error {
	return fault.New(fault.Denied, "app.Partner", "the person does not allow it: %s", d.Reason.Text("en")).Coded("partner.consent", d.Reason).
		With("ask for consent to matching (CO-02) and to sharing with this partner by name (CO-10), or do not ask the partner")
}

// AskPartner makes the file that asks a partner whether a person was heard there, and writes
// the export to the ledger. Names are read for it, which the log keeps too. The person must
// allow matching (CO-02), and sharing with this partner by name (CO-10).
func (w *Workspace) AskPartner(ctx context.Context, exchange, person id.ID) (*PartnerFile, error) {
	w.partners.Lock()
	defer w.partners.Unlock()
	x, side, err := w.namedSide(ctx, exchange)
	if err != nil {
		return nil, err
	}
	if x.Asked >= x.Limit {
		return nil, fault.New(fault.Denied, "app.AskPartner", "all %d questions of this exchange are asked", x.Limit).Coded("partner.limit.asked", x.Limit).With("begin a new exchange with the partner")
	}
	if err := w.mayMatch(ctx, person, x.Partner); err != nil {
		return nil, err
	}
	words, err := w.wordsToAsk(ctx, person)
	if err != nil {
		return nil, err
	}
	q, err := oblivious.Ask(side.Own.Exchange[:], textsOf(words))
	if err != nil {
		return nil, err
	}
	ask := w.NewRecord()
	file, err := w.sealAsk(side, ask, q)
	if err != nil {
		return nil, err
	}
	if err := w.mayMatch(ctx, person, x.Partner); err != nil {
		return nil, err // withdrawn meanwhile
	}
	if err := w.keepAsk(ctx, x, ask, person, q, words); err != nil {
		return nil, err
	}
	opt := ExportOptions{Purpose: "need check", Recipient: x.Partner, Consent: sharingPurpose, Also: []string{matchingPurpose}}
	if err := w.noteExport(ctx, opt, "question to a partner, "+hashOf(file), 1, map[id.ID]bool{person: true}); err != nil {
		return nil, err
	}
	return &PartnerFile{ID: ask, Listed: 1, Data: file}, nil
}

func (w *Workspace) sealAsk(side partner.Side, ask id.ID, q *oblivious.Question) ([]byte, error) {
	req, err := q.Request()
	if err != nil {
		return nil, err
	}
	return side.SealAsk(partner.Ask{Exchange: side.Own.Exchange, Ask: ask, Request: *req})
}

// keepAsk records a question, with what its answer is read with under a key of its own.
func (w *Workspace) keepAsk(ctx context.Context, x *PartnerExchange, ask, person id.ID, q *oblivious.Question, words []likeness.Word) error {
	plain, err := q.Marshal()
	if err != nil {
		return err
	}
	own := 0 // words before those of aliases
	for own < len(words) && !words[own].Alias {
		own++
	}
	box, err := w.sealBox(ctx, ask, append([]byte{byte(own)}, plain...))
	if err != nil {
		return err
	}
	vs := valuesOf("person", person.String(), "exchange", x.ID.String(), "asked", w.todayText(), "question_box", box)
	return w.stated(ctx, casebook.Statement{Record: ask, Kind: "partner_ask", Fields: vs})
}

func (w *Workspace) todayText() string { return w.todayDate().String() }

// wordsToAsk are the words a question is asked with, of names that the log says were read.
func (w *Workspace) wordsToAsk(ctx context.Context, person id.ID) ([]likeness.Word, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	known, identities, err := w.knownOf(ctx, read, person)
	if err != nil {
		return nil, err
	}
	for _, rec := range identities {
		if err := w.NoteRead(ctx, rec); err != nil {
			return nil, err
		}
	}
	words := likeness.NewReader().Asked(known)
	if len(words) == 0 {
		return nil, fault.New(fault.Invalid, "app.AskPartner", "a partner cannot be asked about somebody without a name, and a year of birth known within five years").Coded("partner.unknown").
			With("record both, or ask the person whether the account was taken before")
	}
	return words[:min(len(words), oblivious.Slots)], nil
}

func textsOf(words []likeness.Word) (out []string) {
	for _, w := range words {
		out = append(out, w.Text)
	}
	return out
}

func hashOf(file []byte) string {
	h := sha256.Sum256(file)
	return "SHA-256 " + hex.EncodeToString(h[:])
}

// ReadPartnerAnswer reads the file that answers a question and records what it says. The
// person must still allow it. An answer is read once.
func (w *Workspace) ReadPartnerAnswer(ctx context.Context, exchange id.ID, file []byte) (*PartnerAsk, error) {
	w.partners.Lock()
	defer w.partners.Unlock()
	x, side, err := w.side(ctx, exchange)
	if err != nil {
		return nil, err
	}
	answer, err := side.OpenAnswer(file)
	if err != nil {
		return nil, err
	}
	row, err := w.index.Row(ctx, answer.Ask)
	if err != nil || row.Kind != "partner_ask" || row.Values.Get("exchange") != x.ID.String() {
		return nil, fault.New(fault.NotFound, "app.ReadPartnerAnswer", "this answers a question that is not here").Coded("partner.question.none").With("exchange with the device that asked, then read it")
	}
	ask, err := w.partnerAsk(ctx, *row, x)
	if err != nil {
		return nil, err
	}
	if ask.Result != "" {
		return nil, fault.New(fault.Conflict, "app.ReadPartnerAnswer", "the answer to this question was read on %s", ask.Read).Coded("partner.read", ask.Read).With("see it in the check before the interview")
	}
	if err := w.mayMatch(ctx, ask.Person, x.Partner); err != nil {
		return nil, err
	}
	vs, err := w.hitsOf(ctx, *row, &answer)
	if err != nil {
		return nil, err
	}
	if err := w.stated(ctx, casebook.Statement{Record: row.ID, Kind: "partner_ask", Fields: vs}); err != nil {
		return nil, err
	}
	if row, err = w.index.Row(ctx, row.ID); err != nil {
		return nil, err
	}
	return w.partnerAsk(ctx, *row, x)
}

// hitsOf reads an answer: what is to be recorded of it.
func (w *Workspace) hitsOf(ctx context.Context, row index.Row, answer *partner.Answer) (kind.Values, error) {
	r, err := w.index.Fold(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	plain, err := w.openBox(ctx, row.ID, currentOf(r).Get("question_box"))
	if err != nil {
		return nil, err
	}
	q, err := oblivious.ParseQuestion(plain[min(1, len(plain)):])
	if err != nil {
		return nil, err
	}
	req, err := q.Request()
	if err != nil {
		return nil, err
	}
	if req.Hash() != answer.Request {
		return nil, fault.New(fault.Corrupt, "app.ReadPartnerAnswer", "this answers another question than was asked").Coded("partner.question.other").With("ask the partner to answer the file again")
	}
	hits, err := q.Read(&answer.Reply)
	if err != nil {
		return nil, err
	}
	vs := valuesOf("person", row.Values.Get("person"), "read", w.todayText(), "result", PartnerNone) // with the person, whose key seals it
	for _, h := range hits {
		switch {
		case h.Word < int(plain[0]):
			vs["result"] = []kind.Value{kind.Of(PartnerPossible)}
		case vs.Get("result") == PartnerNone:
			vs["result"] = []kind.Value{kind.Of(PartnerAlias)}
		}
		if v := kind.Of(codeText(h.Code)); !slices.Contains(vs["codes"], v) {
			vs["codes"] = append(vs["codes"], v)
		}
	}
	return vs, nil
}

func (w *Workspace) partnerAsk(ctx context.Context, row index.Row, x *PartnerExchange) (*PartnerAsk, error) {
	person, err := id.Parse(row.Values.Get("person"))
	if err != nil {
		return nil, fault.New(fault.NotFound, "app.Partner", "the question names nobody")
	}
	a := &PartnerAsk{ID: row.ID, Person: person, Exchange: x.ID, Partner: x.Partner, Asked: row.Values.Get("asked"), Read: row.Values.Get("read"),
		Result: row.Values.Get("result"), Called: row.Values.Get("called")}
	r, err := w.index.Fold(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	for _, v := range r.Field("codes").Current() {
		a.Codes = append(a.Codes, v.Text)
	}
	return a, nil
}

// PartnerAsks lists the questions asked about a person, under all records found to be
// theirs; of those in a locked file there are none.
func (w *Workspace) PartnerAsks(ctx context.Context, person id.ID) ([]*PartnerAsk, error) {
	if person.IsZero() {
		return nil, nil
	}
	same, _, err := w.index.SameAs(ctx, person)
	if err != nil {
		return nil, err
	}
	return w.partnerAsks(ctx, "person", append([]id.ID{person}, same...)...)
}

// PartnerAsksIn lists the questions asked in an exchange.
func (w *Workspace) PartnerAsksIn(ctx context.Context, exchange id.ID) ([]*PartnerAsk, error) {
	return w.partnerAsks(ctx, "exchange", exchange)
}

func (w *Workspace) partnerAsks(ctx context.Context, field string, of ...id.ID) ([]*PartnerAsk, error) {
	var out []*PartnerAsk
	exchanges := map[string]*PartnerExchange{} // each is read once
	for _, rec := range of {
		rows, err := w.Desk().Linked(ctx, rec, "partner_ask", field)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			x, known := exchanges[row.Values.Get("exchange")]
			if !known {
				if x, err = w.exchangeOf(ctx, row); err != nil {
					return nil, err
				}
				exchanges[row.Values.Get("exchange")] = x
			}
			a, err := w.partnerAsk(ctx, row, x)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
	}
	return out, nil
}

// NotePartnerCall records what a call with the partner showed, a term of partner_call. It
// links no records: that two accounts are of one person is for a reviewer to say.
func (w *Workspace) NotePartnerCall(ctx context.Context, ask id.ID, showed string) ([]fault.Problem, error) {
	row, err := w.Desk().Row(ctx, ask)
	if err != nil {
		return nil, err
	}
	if row.Kind != "partner_ask" || row.Values.Get("result") == "" {
		return nil, fault.New(fault.Conflict, "app.NotePartnerCall", "there is no answer to call about").Coded("partner.call.early").With("read the partner's answer first")
	}
	s := casebook.Statement{Record: ask, Kind: "partner_ask", Fields: valuesOf("person", row.Values.Get("person"), "called", showed)}
	if showed == "" {
		return wrongIn(s, "called", "partner.call", "nothing was chosen", "say what the call showed"), nil
	}
	return w.stateInPlace(ctx, s, func(a casebook.Account) bool { return a.Act.Fields.Get("called") != "" })
}
