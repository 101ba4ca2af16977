package app

import (
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// Withdrawal is what a person asks for: which purposes end, and whether the records are
// to be destroyed.
type Withdrawal struct {
	Purposes []string // empty: everything
	On       string   // the day, as a person writes it; empty: today
	Language string   // in which it was said
	Method   string   // how
	Reason   string   // needed with Destroy: on whose wish and when
	Destroy  bool     // destroy the keys; under a legal hold this waits, see [Workspace.Erase]
}

// WithdrawalAccount is what the person is told: what stopped, what went where and what is
// done about it, and what becomes of the records.
type WithdrawalAccount struct {
	Stopped  []consent.Stopped
	Recall   []consent.Recalled
	Consents []id.ID // the new consent records, in state CS-3
	Recalls  []id.ID // one record a line of Recall, to be worked off
	Hold     *Hold   // why nothing was destroyed yet, or nil
	Erasure  *Erasure
}

// Withdraw ends consent in one act (R06). The records of withdrawal and the list of
// recalls become durable together; from then on no list, count, search, figure or export
// for the purposes contains the person. With Destroy the keys of the person's records are
// destroyed after that, unless a legal hold stands: then the account says so, and
// [Workspace.Erase] does it when the hold has ended.
//
// All records found to be of the same person are withdrawn together.
func (w *Workspace) Withdraw(ctx context.Context, person id.ID, ask Withdrawal) (*WithdrawalAccount, error) {
	if ask.Destroy && ask.Reason == "" {
		return nil, fault.New(fault.Invalid, "app.Withdraw", "the destruction of records needs a reason").With("say on whose wish and when").Coded("erase.reason")
	}
	for _, p := range ask.Purposes {
		if !consent.Known(p) {
			return nil, fault.New(fault.Invalid, "app.Withdraw", "there is no purpose %q", p).With("use CO-01 to CO-14, or none for everything").Coded("purpose.none")
		}
	}
	if row, err := w.index.Row(ctx, person); err != nil || row.Kind != "person" {
		return nil, fault.New(fault.NotFound, "app.Withdraw", "no such person")
	}
	on, err := w.withdrawnOn(ask.On)
	if err != nil {
		return nil, err
	}
	reg := newRegister()
	if err := w.readPerson(ctx, reg, person); err != nil {
		return nil, err
	}
	all := []id.ID{person}
	if same := reg.group[person]; len(same) > 0 {
		all = same
	}
	out := &WithdrawalAccount{}
	statements, err := w.withdrawals(ctx, reg, all, ask, on, out)
	if err != nil {
		return nil, err
	}
	if _, err := w.StateAll(ctx, statements); err != nil {
		return nil, err
	}
	if err := w.stopAsking(ctx, all); err != nil {
		return nil, err
	}
	if ask.Destroy {
		return out, w.destroyAll(ctx, all, ask.Reason, out)
	}
	return out, nil
}

func (w *Workspace) withdrawnOn(said string) (when.Date, error) {
	if said == "" {
		return w.todayDate(), nil
	}
	on, err := when.ParseHuman(said)
	if err != nil {
		return on, err
	}
	if lo, _ := on.Bounds(); lo > w.today() {
		return on, fault.New(fault.Invalid, "app.Withdraw", "a withdrawal on a day that has not come").With("leave the day out: it takes effect at once").Coded("withdraw.day")
	}
	return on, nil
}

// withdrawals are the accounts that one withdrawal states.
func (w *Workspace) withdrawals(ctx context.Context, reg *register, all []id.ID, ask Withdrawal, on when.Date, out *WithdrawalAccount) ([]casebook.Statement, error) {
	var statements []casebook.Statement
	for _, p := range all {
		left, err := w.LeftWith(ctx, p)
		if err != nil {
			return nil, err
		}
		plan := consent.Withdraw(reg.of(p), ask.Purposes, left)
		for _, purpose := range plan.Withdraw {
			rec := w.NewRecord()
			out.Consents = append(out.Consents, rec)
			statements = append(statements, casebook.Statement{Record: rec, Kind: "consent", Fields: valuesOf("person", p.String(), "purpose", purpose,
				"state", string(consent.Withdrawn), "date", on.String(), "language", ask.Language, "method", ask.Method)})
		}
		out.Stopped = append(out.Stopped, plan.Stops...)
		for _, line := range plan.Recall {
			if w.recalledBefore(ctx, p, line.Export) {
				continue
			}
			rec := w.NewRecord()
			out.Recall, out.Recalls = append(out.Recall, line), append(out.Recalls, rec)
			statements = append(statements, casebook.Statement{Record: rec, Kind: "recall", Fields: valuesOf("export", line.Export.String(), "person", p.String(),
				"recipient", line.Recipient, "left_on", line.On, "purpose", line.Purpose, "action", string(line.Action))})
		}
	}
	return statements, nil
}

// valuesOf makes values of pairs; an empty one is left out.
func valuesOf(pairs ...string) kind.Values {
	vs := kind.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			vs[pairs[i]] = []kind.Value{kind.Of(pairs[i+1])}
		}
	}
	return vs
}

// recalledBefore reports whether an export is on the person's list already, so that a
// withdrawal in two steps asks each recipient once.
func (w *Workspace) recalledBefore(ctx context.Context, person, export id.ID) bool {
	rows, err := w.index.Linked(ctx, person, "recall", "person")
	return err == nil && !export.IsZero() && slices.ContainsFunc(rows, func(r index.Row) bool { return r.Values.Get("export") == export.String() })
}

// LeftWith lists everything that left with a person in it, oldest first. What was
// exported before the ledger listed persons is in the list, because it may have held
// anybody; so is a line that cannot be read, with its place for a recipient.
func (w *Workspace) LeftWith(ctx context.Context, person id.ID) ([]consent.Left, error) {
	uses, err := w.index.Using(ctx, []id.ID{person}, casebook.Export)
	if err != nil {
		return nil, err
	}
	ledger, err := w.entries(ctx, uses, false)
	if err != nil {
		return nil, err
	}
	var out []consent.Left
	for _, e := range ledger {
		if e.Unread {
			e.Line.Recipient = "? " + e.Ref // somebody has to find out
		}
		out = append(out, consent.Left{Export: e.Line.Export, Purpose: e.Line.Consent, Also: e.Line.Also, Recipient: e.Line.Recipient, On: e.At.Time().UTC().Format("2006-01-02"), What: e.Line.What})
	}
	slices.Reverse(out)
	return out, nil
}

// Hold is a legal duty to keep records for now (R24).
type Hold struct {
	Record id.ID
	Reason string
	Until  when.Date // zero: no end is known
}

// LegalHold returns a hold on a person's records that stands today, or nil. Of a hold
// whose end is not certain the duty stands.
func (w *Workspace) LegalHold(ctx context.Context, person id.ID) (*Hold, error) {
	rows, err := w.index.Linked(ctx, person, "legal_hold", "person")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		h := &Hold{Record: r.ID, Reason: r.Values.Get("reason")}
		if w.passed(r.Values["released"]) || w.passed(r.Values["until"]) {
			continue
		}
		h.Until, _ = when.Parse(r.Values.Get("until")) // a hold without an end has no date
		return h, nil
	}
	return nil, nil
}

// passed reports whether all the dates given are certainly over.
func (w *Workspace) passed(vs []kind.Value) bool {
	over := false
	for _, v := range vs {
		d, err := when.Parse(v.Text)
		if v.State != kind.Given || err != nil {
			continue
		}
		if _, hi := d.Bounds(); hi >= w.today() {
			return false
		}
		over = true
	}
	return over
}

// holdOn refuses a destruction under a legal hold.
func (w *Workspace) holdOn(ctx context.Context, person id.ID) error {
	h, err := w.LegalHold(ctx, person)
	if err != nil || h == nil {
		return err
	}
	until := "an end that is not known yet"
	if !h.Until.IsZero() {
		until = h.Until.String()
	}
	return fault.New(fault.Denied, "app.Erase", "a legal hold stands until %s", until).
		With("consent is withdrawn and nothing is used; destroy the records when the hold has ended or is released")
}

func (w *Workspace) destroyAll(ctx context.Context, all []id.ID, reason string, out *WithdrawalAccount) error {
	for _, p := range all {
		h, err := w.LegalHold(ctx, p)
		if err != nil {
			return err
		}
		if h != nil {
			out.Hold = h
			return nil
		}
	}
	for _, p := range all {
		e, err := w.Erase(ctx, p, reason)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if out.Erasure == nil {
			out.Erasure = &Erasure{}
		}
		out.Erasure.Keys += e.Keys
		out.Erasure.Records += e.Records
		for _, m := range e.Pending {
			if !slices.Contains(out.Erasure.Pending, m) {
				out.Erasure.Pending = append(out.Erasure.Pending, m)
			}
		}
	}
	return nil
}

// checkConsent says what is wrong with an account of a consent, taken with what was
// recorded of it before.
func (w *Workspace) checkConsent(ctx context.Context, s casebook.Statement) []fault.Problem {
	vs := kind.Values{}
	before := ""
	if r, err := w.index.Fold(ctx, s.Record); err == nil { // none: a new consent
		vs = currentOf(r)
		before = string(consent.Read(s.Record, vs).State)
	}
	for name, values := range s.Fields {
		vs[name] = values
	}
	problems := consent.Check(consent.Read(s.Record, vs), w.today())
	if to := s.Fields.Get("state"); s.Corrects == nil && before == string(consent.Withdrawn) && to != "" && to != before {
		problems = append(problems, fault.Problem{Kind: "consent", Field: "state", Value: to, Reason: "a withdrawal is ended only by a new consent",
			Remedy: "record a new consent; or correct the account if it was never withdrawn", Code: "consent.ended"})
	}
	return problems
}
