package app

import (
	"context"
	"encoding/base32"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/partner"
	"example.org/amparo/internal/partner/likeness"
	"example.org/amparo/internal/partner/oblivious"
)

// AnswerPartner answers a partner's question: it compares it, without being able to read
// it, with everybody who was heard here and allows that. The key of the answer exists while
// the file is made and no longer. The export is in the ledger with everybody on the list.
//
// Consent is asked for when the list is made, and again when the file is: if somebody
// withdrew in between there is no file. Questions beyond the limit, and one that was
// answered before, are refused.
func (w *Workspace) AnswerPartner(ctx context.Context, exchange id.ID, file []byte, progress Progress) (*PartnerFile, error) {
	w.partners.Lock()
	defer w.partners.Unlock()
	x, side, err := w.namedSide(ctx, exchange)
	if err != nil {
		return nil, err
	}
	ask, err := side.OpenAsk(file)
	if err != nil {
		return nil, err
	}
	if err := w.mayAnswer(ctx, x, ask.Ask); err != nil {
		return nil, err
	}
	people, list, err := w.listOf(ctx, x.Partner, ask.Ask)
	if err != nil {
		return nil, err
	}
	reply, err := oblivious.Answer(ctx, side.Own.Exchange[:], &ask.Request, list, progress)
	if err != nil {
		return nil, err
	}
	out, err := side.SealAnswer(partner.Answer{Exchange: ask.Exchange, Ask: ask.Ask, Request: ask.Request.Hash(), Reply: *reply})
	if err != nil {
		return nil, err
	}
	if err := w.stillAllowing(ctx, people, x.Partner); err != nil {
		return nil, err
	}
	rec, err := w.keepAnswer(ctx, x, ask.Ask, people, out)
	return &PartnerFile{ID: rec, Listed: len(people), Data: out}, err
}

// mayAnswer refuses questions beyond the limit, and those that were answered.
func (w *Workspace) mayAnswer(ctx context.Context, x *PartnerExchange, ask id.ID) error {
	rows, err := w.index.Linked(ctx, x.ID, "partner_answer", "exchange")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Values.Get("ask") == ask.String() {
			return fault.New(fault.Conflict, "app.AnswerPartner", "this question was answered on %s", r.Values.Get("answered")).Coded("partner.answered", r.Values.Get("answered")).With("if the answer was lost, let the partner ask again")
		}
	}
	if len(rows) >= x.Limit {
		return fault.New(fault.Denied, "app.AnswerPartner", "all %d questions of this exchange are answered", x.Limit).Coded("partner.limit.answered", x.Limit).With("agree on a new exchange, if so many questions have a reason")
	}
	return nil
}

// keepAnswer writes to the ledger who is on the list of an answer, then that it was given.
func (w *Workspace) keepAnswer(ctx context.Context, x *PartnerExchange, ask id.ID, people []id.ID, file []byte) (id.ID, error) {
	rec, export := w.NewRecord(), w.NewRecord()
	opt := ExportOptions{Purpose: "need check", Recipient: x.Partner, Consent: sharingPurpose, Also: []string{matchingPurpose}, export: export}
	if err := w.noteExport(ctx, opt, "answer to a partner, "+hashOf(file), len(people), setOf(people)); err != nil {
		return rec, err
	}
	vs := valuesOf("exchange", x.ID.String(), "ask", ask.String(), "answered", w.todayText(), "listed", strconv.Itoa(len(people)), "export", export.String())
	return rec, w.stated(ctx, casebook.Statement{Record: rec, Kind: "partner_answer", Fields: vs})
}

// heardAndAllowing are the persons with an interview here, under any record found to be
// theirs, who allow matching with a partner; in order.
func (w *Workspace) heardAndAllowing(ctx context.Context, partnerName string) ([]id.ID, error) {
	reg, err := w.readRegister(ctx, consent.Documentation, matchingPurpose, sharingPurpose)
	if err != nil {
		return nil, err
	}
	heard := map[id.ID]bool{}
	if err := w.Desk().Each(ctx, "interview", func(r index.Row) error {
		for _, v := range r.Values["person"] {
			if p, err := id.Parse(v.Text); err == nil && !p.IsZero() {
				for _, same := range append([]id.ID{p}, reg.group[p]...) {
					heard[same] = true
				}
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for p := range heard {
		if ok, _ := reg.mayMatchWith(p, partnerName, w); !ok {
			delete(heard, p)
		}
	}
	return slices.SortedFunc(maps.Keys(heard), id.ID.Compare), nil
}

// PartnerReach is how many people here are compared when a partner's question is answered:
// they were heard, and allow matching with this partner by its name.
func (w *Workspace) PartnerReach(ctx context.Context, exchange id.ID) (int, error) {
	x, err := w.PartnerAsItIs(ctx, exchange)
	if err != nil {
		return 0, err
	}
	people, err := w.heardAndAllowing(ctx, x.Partner)
	return len(people), err
}

// stillAllowing asks for consent again, of everybody on a list.
func (w *Workspace) stillAllowing(ctx context.Context, people []id.ID, partnerName string) error {
	reg, err := w.readRegister(ctx, consent.Documentation, matchingPurpose, sharingPurpose)
	if err != nil {
		return err
	}
	for _, p := range people {
		if ok, _ := reg.mayMatchWith(p, partnerName, w); !ok {
			return fault.New(fault.Conflict, "app.AnswerPartner", "somebody withdrew while the answer was made").Coded("partner.withdrew").With("answer again; nothing left")
		}
	}
	return nil
}

// listOf makes the list of an answer, and says who is on it: of those who were heard and
// allow it, who has a name and a year of birth.
func (w *Workspace) listOf(ctx context.Context, partnerName string, ask id.ID) (on []id.ID, list []oblivious.Listed, err error) {
	people, err := w.heardAndAllowing(ctx, partnerName)
	if err != nil {
		return nil, nil, err
	}
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, nil, err
	}
	reader := likeness.NewReader()
	for _, p := range people {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		known, _, err := w.knownOf(ctx, read, p)
		if fault.KindOf(err) == fault.NotFound {
			continue // withdrawn at this moment
		}
		if err != nil {
			return nil, nil, err
		}
		code, err := w.partnerCode(ask, p)
		if err != nil {
			return nil, nil, err
		}
		if words := textsOf(reader.Listed(known)); len(words) > 0 {
			on, list = append(on, p), append(list, oblivious.Listed{Words: words, Code: code})
		}
	}
	return on, list, nil
}

// partnerCode is by what a partner speaks of a person after an answer: another for each
// question, computed from a secret of the workspace, so nothing is kept and it says nothing
// to whoever overhears it.
func (w *Workspace) partnerCode(ask, person id.ID) (c oblivious.Code, err error) {
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return c, err
	}
	d := id.Derive(general.secret, "partner_code", ask.String(), person.String())
	copy(c[:], d[:])
	return c, nil
}

// codeLetters can be read out and typed in.
var codeLetters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

func codeText(c oblivious.Code) string {
	s := codeLetters.EncodeToString(c[:])
	return s[:4] + "-" + s[4:]
}

// PartnerCode finds whom a partner speaks of: the person of a code in the answers of an
// exchange. allowed says whether the person's consent still covers speaking of them; if not,
// nothing is said.
func (w *Workspace) PartnerCode(ctx context.Context, exchange id.ID, code string) (person id.ID, allowed bool, err error) {
	x, err := w.Partner(ctx, exchange)
	if err != nil {
		return id.ID{}, false, err
	}
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	answers, err := w.index.Linked(ctx, x.ID, "partner_answer", "exchange")
	if err != nil {
		return id.ID{}, false, err
	}
	for _, a := range answers {
		ask, err := id.Parse(a.Values.Get("ask"))
		if err != nil {
			continue // stated by hand
		}
		export, err := id.Parse(a.Values.Get("export"))
		if err != nil {
			continue
		}
		uses, err := w.index.Export(ctx, export)
		if err != nil {
			return id.ID{}, false, err
		}
		left, err := w.entries(ctx, uses, true)
		if err != nil {
			return id.ID{}, false, err
		}
		for _, l := range left {
			for raw := range slices.Chunk(l.Line.Persons, len(id.ID{})) {
				person := id.ID(raw)
				c, err := w.partnerCode(ask, person)
				if err != nil {
					return id.ID{}, false, err
				}
				if codeLetters.EncodeToString(c[:]) == plain {
					return person, w.mayMatch(ctx, person, x.Partner) == nil, nil
				}
			}
		}
	}
	return id.ID{}, false, fault.New(fault.NotFound, "app.PartnerCode", "no answer of this exchange has this code").Coded("partner.code").With("let the partner read it again, letter by letter")
}
