package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/partner"
	"example.org/amparo/when"
)

// PartnerState is how far an exchange with a partner has come.
type PartnerState string

// The states.
const (
	PartnerBegun    PartnerState = "begun"   // the partner's card is awaited
	PartnerStrange  PartnerState = "strange" // both cards are here and were not compared
	PartnerReady    PartnerState = "ready"   // questions can be asked and answered
	PartnerOver     PartnerState = "over"    // its keys are destroyed
	maxExchangeDays              = 366       // an exchange lasts a year at most
)

// PartnerExchange is an exchange with a partner as it stands.
type PartnerExchange struct {
	ID       id.ID        `json:"exchange"`
	Partner  string       `json:"partner"` // as consents name it
	Theirs   string       `json:"calls_itself,omitempty"`
	OwnName  string       `json:"own_name"`
	Until    when.Date    `json:"-"`
	LastDay  string       `json:"until"`
	Limit    int          `json:"limit"` // questions each side answers
	State    PartnerState `json:"state"`
	Letters  string       `json:"check_letters,omitempty"` // to be compared aloud
	Asked    int          `json:"asked"`
	Waiting  int          `json:"waiting"` // questions whose answer was not read
	Answered int          `json:"answered"`
	Compared string       `json:"compared,omitempty"` // the day
	Ended    string       `json:"ended,omitempty"`    // the day

	own, other partner.Card
}

// StartPartner begins an exchange: it makes keys for it and the card that the partner needs.
// name is the partner's as consents name it, ownName ours as theirs do; until is the last
// day, limit how many questions each side answers.
func (w *Workspace) StartPartner(ctx context.Context, name, ownName string, until when.Date, limit int) (*PartnerExchange, error) {
	if err := w.checkLastDay(until); err != nil {
		return nil, err
	}
	card, keys, err := partner.NewCard(ownName, partner.Terms{Exchange: w.NewRecord(), Until: until, Limit: limit}, nil)
	if err != nil {
		return nil, err
	}
	return w.keepPartner(ctx, name, card, keys, nil)
}

// JoinPartner takes the card of a partner that began an exchange and makes ours, which the
// partner needs.
func (w *Workspace) JoinPartner(ctx context.Context, name, ownName, card string) (*PartnerExchange, error) {
	first, err := partner.ParseCard(card)
	if err != nil {
		return nil, err
	}
	terms, err := first.Terms()
	if err != nil {
		return nil, err
	}
	if err := w.checkLastDay(terms.Until); err != nil {
		return nil, err
	}
	if len(first.Answers) > 0 {
		return nil, fault.New(fault.Conflict, "app.JoinPartner", "this card answers one of ours").Coded("partner.card.answers").With("take it in the exchange that was begun here")
	}
	all, err := w.Partners(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.own.Exchange == first.Exchange {
			return nil, fault.New(fault.Conflict, "app.JoinPartner", "the exchange of this card is here already").Coded("partner.card.known").With("give the partner's card, not one's own, and each card once")
		}
	}
	own, keys, err := partner.NewCard(ownName, terms, &first)
	if err != nil {
		return nil, err
	}
	return w.keepPartner(ctx, name, own, keys, &first)
}

func (w *Workspace) checkLastDay(until when.Date) error {
	first, last := until.Bounds()
	if until.IsZero() || first != last || last < w.today() || last > w.today()+maxExchangeDays {
		return fault.New(fault.Invalid, "app.StartPartner", "the last day is not a day from today to a year from now").Coded("partner.lastday").With("write a day, like 2027-03-31; the keys are destroyed after it")
	}
	return nil
}

// keepPartner records a new exchange.
func (w *Workspace) keepPartner(ctx context.Context, name string, own partner.Card, keys partner.Keys, other *partner.Card) (*PartnerExchange, error) {
	rec := w.NewRecord()
	box, err := w.sealBox(ctx, rec, keys.Marshal())
	if err != nil {
		return nil, err
	}
	vs := valuesOf("partner", strings.TrimSpace(name), "own_name", own.Name, "until", own.Until, "question_limit", strconv.Itoa(own.Limit), "own_card", own.Text(), "key_box", box)
	if other != nil {
		vs["partner_card"] = []kind.Value{kind.Of(other.Text())}
	}
	return w.tellPartner(ctx, rec, vs)
}

// tellPartner states something of an exchange and returns how it stands then.
func (w *Workspace) tellPartner(ctx context.Context, rec id.ID, vs kind.Values) (*PartnerExchange, error) {
	if err := w.stated(ctx, casebook.Statement{Record: rec, Kind: "partner_exchange", Fields: vs}); err != nil {
		return nil, err
	}
	return w.Partner(ctx, rec)
}

// TakePartnerCard takes the card by which the partner answers ours.
func (w *Workspace) TakePartnerCard(ctx context.Context, rec id.ID, card string) (*PartnerExchange, error) {
	x, err := w.Partner(ctx, rec)
	if err != nil {
		return nil, err
	}
	if x.State != PartnerBegun {
		return nil, fault.New(fault.Conflict, "app.TakePartnerCard", "the partner's card is here already").Coded("partner.card.here").With("end this exchange and begin another to use other cards")
	}
	other, err := partner.ParseCard(card)
	if err != nil {
		return nil, err
	}
	if !other.Fits(x.own) {
		return nil, fault.New(fault.Foreign, "app.TakePartnerCard", "this card does not answer the card of this exchange").Coded("partner.card.other").With("ask the partner for the card made from ours")
	}
	return w.tellPartner(ctx, rec, valuesOf("partner_card", other.Text()))
}

// ConfirmPartner records that the check letters were compared aloud and are the same on both
// sides: without it whoever carries the cards could put in their own.
func (w *Workspace) ConfirmPartner(ctx context.Context, rec id.ID) (*PartnerExchange, error) {
	x, err := w.Partner(ctx, rec)
	if err != nil {
		return nil, err
	}
	if x.State != PartnerStrange {
		return nil, fault.New(fault.Conflict, "app.ConfirmPartner", "there is nothing to compare now").Coded("partner.compare").With("take the partner's card first; what was compared stays so")
	}
	return w.tellPartner(ctx, rec, valuesOf("compared", w.todayText()))
}

// PartnerCard is our card of an exchange, as the file to give to the partner.
func (w *Workspace) PartnerCard(ctx context.Context, rec id.ID) (string, error) {
	x, err := w.Partner(ctx, rec)
	if err != nil {
		return "", err
	}
	if x.State == PartnerOver {
		return "", partnerOver()
	}
	return x.own.Text() + "\n", nil
}

// EndPartner destroys the keys of an exchange and of the questions asked in it: what was
// handed over says nothing to anybody from then on.
func (w *Workspace) EndPartner(ctx context.Context, rec id.ID) (*PartnerExchange, error) {
	x, err := w.Partner(ctx, rec)
	if err != nil {
		return nil, err
	}
	if x.State == PartnerOver {
		return x, nil
	}
	if err := w.endPartner(ctx, x); err != nil {
		return nil, err
	}
	return w.Partner(ctx, rec)
}

func (w *Workspace) endPartner(ctx context.Context, x *PartnerExchange) error {
	asks, err := w.index.Linked(ctx, x.ID, "partner_ask", "exchange")
	if err != nil {
		return err
	}
	boxes := []id.ID{x.ID}
	for _, a := range asks {
		boxes = append(boxes, a.ID)
	}
	if err := w.destroyBoxes(ctx, x.ID, boxes, "the exchange with a partner is over"); err != nil {
		return err
	}
	return w.stated(ctx, casebook.Statement{Record: x.ID, Kind: "partner_exchange", Fields: valuesOf("ended", w.todayText())})
}

func partnerOver() error {
	return fault.New(fault.Sealed, "app.Partner", "this exchange is over and its keys are destroyed").Coded("partner.over").With("begin a new exchange with the partner")
}

// Partners lists the exchanges, those that are not over first. One whose last day has
// passed is ended by it.
func (w *Workspace) Partners(ctx context.Context) ([]*PartnerExchange, error) {
	var recs []id.ID
	if err := w.Desk().Each(ctx, "partner_exchange", func(r index.Row) error { recs = append(recs, r.ID); return nil }); err != nil {
		return nil, err
	}
	var out []*PartnerExchange
	for _, rec := range recs {
		x, err := w.Partner(ctx, rec)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b *PartnerExchange) int {
		if (a.State == PartnerOver) != (b.State == PartnerOver) {
			if a.State == PartnerOver {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Partner, b.Partner)
	})
	return out, nil
}

// Partner reads how an exchange stands. If its last day has passed its keys are destroyed
// before anything is told.
func (w *Workspace) Partner(ctx context.Context, rec id.ID) (*PartnerExchange, error) {
	x, err := w.PartnerAsItIs(ctx, rec)
	if err != nil || x.State == PartnerOver {
		return x, err
	}
	if _, last := x.Until.Bounds(); last >= w.today() {
		return x, nil
	}
	if err := w.endPartner(ctx, x); err != nil {
		return nil, err
	}
	return w.PartnerAsItIs(ctx, rec)
}

// PartnerAsItIs reads how an exchange stands and ends nothing.
func (w *Workspace) PartnerAsItIs(ctx context.Context, rec id.ID) (*PartnerExchange, error) {
	row, err := w.Desk().Row(ctx, rec)
	if err != nil {
		return nil, err
	}
	if row.Kind != "partner_exchange" {
		return nil, fault.New(fault.NotFound, "app.Partner", "no such exchange with a partner")
	}
	r, err := w.Desk().Fold(ctx, rec)
	if err != nil {
		return nil, err
	}
	vs := currentOf(r)
	x := &PartnerExchange{ID: rec, Partner: vs.Get("partner"), OwnName: vs.Get("own_name"), Compared: vs.Get("compared"), Ended: vs.Get("ended")}
	if x.own, err = partner.ParseCard(vs.Get("own_card")); err != nil {
		return nil, err
	}
	terms, err := x.own.Terms()
	if err != nil {
		return nil, err
	}
	x.Until, x.LastDay, x.Limit, x.State = terms.Until, x.own.Until, x.own.Limit, PartnerBegun
	if card := vs.Get("partner_card"); card != "" {
		if x.other, err = partner.ParseCard(card); err != nil {
			return nil, err
		}
		x.Theirs, x.Letters, x.State = x.other.Name, partner.Fingerprint(x.own, x.other), PartnerStrange
	}
	if x.State == PartnerStrange && x.Compared != "" {
		x.State = PartnerReady
	}
	if _, gone, err := w.keys.Known(ctx, w.boxKey(rec)); err != nil {
		return nil, err
	} else if gone || x.Ended != "" {
		x.State = PartnerOver
	}
	return x, w.countPartner(ctx, x)
}

func (w *Workspace) countPartner(ctx context.Context, x *PartnerExchange) error {
	asks, err := w.index.Linked(ctx, x.ID, "partner_ask", "exchange")
	if err != nil {
		return err
	}
	answers, err := w.index.Linked(ctx, x.ID, "partner_answer", "exchange")
	if err != nil {
		return err
	}
	x.Asked, x.Answered = len(asks), len(answers)
	for _, a := range asks {
		if a.Values.Get("result") == "" {
			x.Waiting++
		}
	}
	return nil
}
