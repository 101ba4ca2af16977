package app_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// agree records one whole answer to one purpose.
func agree(t testing.TB, w *app.Workspace, person id.ID, purpose, state, date string, more ...string) id.ID {
	t.Helper()
	rec := w.NewRecord()
	say(t, w, rec, "consent", id.ID{}, append([]string{"person", person.String(), "purpose", purpose, "state", state, "date", date,
		"language", "ko", "method", "oral", "text_version", "2004-1"}, more...)...)
	return rec
}

func reading(t testing.TB, w *app.Workspace, purpose string) *app.Reading {
	t.Helper()
	r, err := w.For(purpose, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// crowd is a small workspace with random people, consents and accounts of each other, and
// who is in which record.
type crowd struct {
	t       testing.TB
	w       *app.Workspace
	r       *rand.Rand
	people  []id.ID
	records map[id.ID][2][]id.ID // record -> who speaks, who else is in it
}

func newCrowd(t testing.TB, seed uint64) *crowd {
	c := &crowd{t: t, w: create(t), r: rand.New(rand.NewPCG(seed, 5)), records: map[id.ID][2][]id.ID{}}
	for range 7 {
		c.person()
	}
	return c
}

func (c *crowd) person() {
	p := c.w.NewRecord()
	say(c.t, c.w, p, "person", id.ID{}, "pseudonym", "Crowd "+p.Short(), "sex", "f", "birth", "1970", "origin", "KP/North Hamgyong")
	identity := c.w.NewRecord()
	say(c.t, c.w, identity, "person_identity", id.ID{}, "person", p.String(), "names", "Gim "+p.Short())
	c.people = append(c.people, p)
	c.records[p], c.records[identity] = [2][]id.ID{{p}}, [2][]id.ID{{p}}
}

func (c *crowd) any() id.ID { return c.people[c.r.IntN(len(c.people))] }

var crowdPurposes = []string{"CO-01", "CO-02", "CO-03", "CO-04", "CO-07", "CO-06"}

// step records something at random.
func (c *crowd) step() {
	teller, other := c.any(), c.any()
	switch c.r.IntN(9) {
	case 0, 1, 2:
		state := []string{"CS-1", "CS-1", "CS-1", "CS-2", "CS-3", "CS-4"}[c.r.IntN(6)]
		agree(c.t, c.w, teller, crowdPurposes[c.r.IntN(len(crowdPurposes))], state, []string{"2003", "2003-05", "2004", "2005-01-02"}[c.r.IntN(4)])
	case 3, 4: // told by one of another, the teller named by a field
		c.incident(id.ID{}, "person", teller, "victims", other)
	case 5: // told by one of another, the teller named as source alone
		c.incident(teller, "victims", other)
	case 6: // nobody named as speaking
		c.incident(id.ID{}, "victims", teller, "victims", other)
	case 7:
		ep, st := c.w.NewRecord(), c.w.NewRecord()
		say(c.t, c.w, ep, "episode", id.ID{}, "person", teller.String(), "period", "2001")
		say(c.t, c.w, st, "statement_unit", id.ID{}, "interview", c.interview(teller).String(), "order", "1", "verbatim", "the river that winter")
		c.records[ep], c.records[st] = [2][]id.ID{{teller}}, [2][]id.ID{{teller}}
	case 8:
		if teller != other && c.r.IntN(3) == 0 {
			if err := c.w.Link(c.t.Context(), teller, other, casebook.Same, "the same birth and scar"); err != nil {
				c.t.Fatal(err)
			}
			return
		}
		c.person()
	}
}

func (c *crowd) interview(of id.ID) id.ID {
	rec := c.w.NewRecord()
	say(c.t, c.w, rec, "interview", id.ID{}, "person", of.String(), "date", "2003-04-02")
	c.records[rec] = [2][]id.ID{{of}}
	return rec
}

func (c *crowd) incident(source id.ID, who ...any) {
	rec := c.w.NewRecord()
	fields := []string{"type", "MT02.1", "date", "2001", "narrative", "the river that winter"}
	var speak, in []id.ID
	for i := 0; i < len(who); i += 2 {
		p := who[i+1].(id.ID)
		if who[i] == "person" {
			speak = append(speak, p)
		} else if !slices.Contains(in, p) {
			in = append(in, p)
		} else {
			continue
		}
		fields = append(fields, who[i].(string), p.String())
	}
	if !source.IsZero() {
		speak = append(speak, source)
	}
	if len(speak) == 0 {
		speak, in = in, nil
	}
	say(c.t, c.w, rec, "incident", source, fields...)
	c.records[rec] = [2][]id.ID{speak, in}
}

// seen is everything that one purpose shows by any way of asking.
func seen(t testing.TB, w *app.Workspace, r *app.Reading) (rows []index.Row, counted int) {
	t.Helper()
	counts, err := r.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range w.Schema().Kinds() {
		res, err := r.List(t.Context(), index.Query{Kind: k.Name, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := r.Each(t.Context(), k.Name, func(row index.Row) error { n++; rows = append(rows, row); return nil }); err != nil {
			t.Fatal(err)
		}
		if res.Total != n || len(res.Rows) != n || counts[k.Name] != n {
			t.Fatalf("%s: a list of %d with %d rows, a count of %d, %d one by one", k.Name, res.Total, len(res.Rows), counts[k.Name], n)
		}
		for _, f := range res.Facets {
			total := 0
			for _, c := range f.Counts {
				total += c.N
			}
			if total > n && f.Field != "specific_needs" {
				t.Fatalf("%s: the facet %s counts %d of %d", k.Name, f.Field, total, n)
			}
		}
		counted += n
		rows = append(rows, res.Rows...)
	}
	for _, q := range []string{"Crowd", "Gim", "river", "beating"} {
		f, err := r.Search(t.Context(), q, 1000)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, f.Rows...)
	}
	if _, err := r.Narratives(t.Context(), "river", func(n index.Narrative) bool {
		rows = append(rows, index.Row{ID: n.Record, Kind: n.Kind, Values: kind.Values{}})
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return rows, counted
}

// R05: no way of asking for a purpose returns a person who did not consent to it, or a
// record in which such a person speaks or is named, whatever was recorded in whatever
// order.
func TestR05NoQueryReturnsAPersonWithoutConsent(t *testing.T) {
	for seed := range uint64(3) {
		c := newCrowd(t, seed)
		for range 7 {
			for range 6 {
				c.step()
			}
			for _, purpose := range crowdPurposes[1:] {
				c.check(purpose)
			}
		}
		if err := c.w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *crowd) check(purpose string) {
	t := c.t
	t.Helper()
	allowed := map[id.ID]bool{}
	answered := map[id.ID]bool{}
	for _, p := range c.people {
		d, err := c.w.Decide(t.Context(), p, purpose, "")
		if err != nil {
			t.Fatal(err)
		}
		allowed[p] = d.Allowed
		rows, err := c.w.Index().Linked(t.Context(), p, "consent", "person")
		if err != nil {
			t.Fatal(err)
		}
		answered[p] = len(rows) > 0
	}
	shown := map[id.ID]bool{}
	rows, _ := seen(t, c.w, reading(t, c.w, purpose))
	for _, row := range rows {
		shown[row.ID] = true
		if ok, isPerson := allowed[row.ID]; isPerson && !ok {
			t.Fatalf("%s shows a person who did not consent", purpose)
		}
		for field, vs := range row.Values {
			for _, v := range vs {
				if target, err := id.Parse(v.Text); err == nil {
					if ok, isPerson := allowed[target]; isPerson && !ok {
						t.Fatalf("%s: %s.%s names a person who did not consent", purpose, row.Kind, field)
					}
				}
			}
		}
	}
	for rec, who := range c.records {
		want := true
		for _, p := range who[0] {
			want = want && allowed[p]
		}
		for _, p := range who[1] {
			want = want && (allowed[p] || !answered[p])
		}
		if shown[rec] != want {
			t.Fatalf("%s: a record is shown %v, want %v", purpose, shown[rec], want)
		}
		row, err := reading(t, c.w, purpose).Row(t.Context(), rec)
		if (err == nil) != want {
			t.Fatalf("%s: asked by its identifier a record is answered with %v, %v", purpose, row, err)
		}
		if _, err := reading(t, c.w, purpose).Fold(t.Context(), rec); (err == nil) != want {
			t.Fatalf("%s: folded: %v", purpose, err)
		}
	}
}

// R05: who was never asked is on the desk; who refused or withdrew is not, anywhere, at
// once, and a new consent brings back what was there.
func TestR05TheDeskLocksTheFileOfWhoWithdrew(t *testing.T) {
	w := create(t)
	defer w.Close()
	a := testimony(t, w, "Hana", "김철수", "the river that winter")
	b := testimony(t, w, "Duri", "박영희", "the river that winter")
	_, before := seen(t, w, w.Desk())
	agree(t, w, a.person, "CO-01", "CS-1", "2003-04-02")
	withdrawal := agree(t, w, a.person, "CO-01", "CS-3", "2004-04-02")
	rows, after := seen(t, w, w.Desk())
	if want := before - 5; after != want {
		t.Errorf("the desk counts %d records, want %d", after, want)
	}
	for _, row := range rows {
		if slices.Contains([]id.ID{a.person, a.identity, a.interview, a.unit, a.incident, withdrawal}, row.ID) {
			t.Errorf("the desk shows a %s of a locked file", row.Kind)
		}
	}
	if _, err := w.View(t.Context(), a.incident, "en"); fault.KindOf(err) != fault.Denied {
		t.Errorf("a record of a locked file opens: %v", err)
	}
	if _, err := w.View(t.Context(), withdrawal, "en"); err != nil {
		t.Errorf("what was withdrawn cannot be read: %v", err)
	}
	if _, err := w.View(t.Context(), b.incident, "en"); err != nil {
		t.Errorf("another person's file: %v", err)
	}
	agree(t, w, a.person, "CO-01", "CS-1", "2005-04-02")
	if _, again := seen(t, w, w.Desk()); again != before+3 {
		t.Errorf("after a new consent the desk counts %d, want %d", again, before+3)
	}
}

// R05: what is remembered between questions never outlives an act that changes it.
func TestR05WhatTheDeskRemembersFollowsEveryAct(t *testing.T) {
	for seed := range uint64(2) {
		c := newCrowd(t, 100+seed)
		for i := range 16 {
			c.step()
			if i%2 == 0 {
				agree(t, c.w, c.any(), "CO-01", []string{"CS-1", "CS-2", "CS-3"}[c.r.IntN(3)], []string{"2003", "2004", "2006"}[c.r.IntN(3)])
			}
			_, n := seen(t, c.w, c.w.Desk())
			fresh := reopen(t, c.w)
			c.w = fresh
			if _, want := seen(t, fresh, fresh.Desk()); n != want {
				t.Fatalf("the desk counted %d, after reopening %d", n, want)
			}
		}
		if err := c.w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// R05: what is left out for a purpose is carried over acts that are not about consent, and
// is then the same as computed anew: with accounts of people left out, second accounts of
// a record, passages, and people spoken of before anybody states them.
func TestR05WhatIsLeftOutIsCarriedOverExactly(t *testing.T) {
	carried := 0
	for seed := range uint64(6) {
		c := newCrowd(t, 200+seed)
		unknown := []id.ID{c.w.NewRecord(), c.w.NewRecord()}
		var incidents []id.ID
		for range 40 {
			switch c.r.IntN(6) {
			case 0:
				rec, who := c.w.NewRecord(), c.any()
				if c.r.IntN(3) == 0 {
					who = unknown[c.r.IntN(2)]
				}
				if len(incidents) > 0 && c.r.IntN(3) == 0 {
					rec = incidents[c.r.IntN(len(incidents))] // another account of it
				}
				incidents = append(incidents, rec)
				say(t, c.w, rec, "incident", id.ID{}, "type", "MT02.1", "date", "2001", []string{"person", "victims"}[c.r.IntN(2)], who.String())
			case 1:
				if len(incidents) == 0 {
					continue
				}
				say(t, c.w, c.w.NewRecord(), "verification", id.ID{}, "incident", incidents[c.r.IntN(len(incidents))].String(), "level", "VS-1", "reasons", "told once")
			default:
				c.step()
			}
			for _, purpose := range crowdPurposes {
				ok, err := reading(t, c.w, purpose).Carried(t.Context())
				if err != nil {
					t.Fatalf("seed %d, %s: %v", seed, purpose, err)
				}
				if ok {
					carried++
				}
			}
		}
		if err := c.w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if carried < 300 {
		t.Errorf("carried over %d times only", carried)
	}
}

// R05: what is recorded while it is computed what a purpose leaves out is in it too.
func TestR05WhatIsLeftOutFollowsWhatIsRecordedMeanwhile(t *testing.T) {
	c := newCrowd(t, 300)
	defer c.w.Close()
	done := make(chan struct{})
	var asking sync.WaitGroup
	for _, purpose := range crowdPurposes {
		r := reading(t, c.w, purpose)
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if _, err := r.Counts(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 60 {
		c.step()
	}
	close(done)
	asking.Wait()
	for _, purpose := range crowdPurposes {
		if _, err := reading(t, c.w, purpose).Carried(t.Context()); err != nil {
			t.Errorf("%s: %v", purpose, err)
		}
	}
}

// R05 at export: who did not consent to the purpose is in no file that leaves, in no
// table and in no entry of the proofs.
func TestR05AnExportForAPurposeHoldsOnlyThoseWhoConsented(t *testing.T) {
	w := create(t)
	defer w.Close()
	yes := testimony(t, w, "Hanabit", "김철수", "the river that winter")
	no := testimony(t, w, "Duridul", "박영희", "the mountain that spring")
	agree(t, w, yes.person, "CO-10", "CS-1", "2003-04-02", "recipients", "Partner A")
	agree(t, w, no.person, "CO-03", "CS-1", "2003-04-02")
	dir := filepath.Join(t.TempDir(), "packet")
	got, err := w.Export(t.Context(), dir, app.ExportOptions{Purpose: "shared casework", Recipient: "Partner A", Consent: "CO-10"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Kinds["person"] != 1 || got.Kinds["incident"] != 1 {
		t.Errorf("the export holds %v", got.Kinds)
	}
	text := everyFile(t, dir)
	for _, word := range []string{"Hanabit", "김철수", "river"} {
		if !strings.Contains(text, word) {
			t.Errorf("the export lacks %q", word)
		}
	}
	for _, word := range []string{"Duridul", "박영희", "mountain", no.person.String()} {
		if strings.Contains(text, word) {
			t.Errorf("the export holds %q", word)
		}
	}
	other, err := w.Export(t.Context(), filepath.Join(t.TempDir(), "b"), app.ExportOptions{Purpose: "shared casework", Recipient: "Partner B", Consent: "CO-10"}, nil)
	if err != nil || other.Kinds["person"] != 0 {
		t.Errorf("another partner receives %v, %v", other.Kinds, err)
	}
	left, err := w.LeftWith(t.Context(), yes.person)
	if err != nil || len(left) != 1 || left[0].Recipient != "Partner A" || left[0].Purpose != "CO-10" {
		t.Errorf("what left with the person: %+v, %v", left, err)
	}
	if left, err := w.LeftWith(t.Context(), no.person); err != nil || len(left) != 0 {
		t.Errorf("what left with the other: %+v, %v", left, err)
	}
}

func everyFile(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		x, err := os.ReadFile(path)
		b.Write(x)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// R06, SP54: withdrawal after publication is one act: nothing is used from then on, every
// recipient is on the recall list once, and the keys are destroyed when no hold stands.
func TestR06WithdrawalIsOneActWithARecallList(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "the river that winter")
	bystander := testimony(t, w, "Duri", "박영희", "x")
	for _, purpose := range []string{"CO-01", "CO-03", "CO-04", "CO-06"} {
		agree(t, w, p.person, purpose, "CS-1", "2003-04-02")
		agree(t, w, bystander.person, purpose, "CS-1", "2003-04-02")
	}
	for _, e := range []app.ExportOptions{{Purpose: "report", Recipient: "the public", Consent: "CO-04"}, {Purpose: "submission", Recipient: "a UN mechanism", Consent: "CO-06"}} {
		if _, err := w.Export(t.Context(), filepath.Join(t.TempDir(), "out"), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	hold := w.NewRecord()
	say(t, w, hold, "legal_hold", id.ID{}, "person", p.person.String(), "reason", "court order")

	one, err := w.Withdraw(t.Context(), p.person, app.Withdrawal{Purposes: []string{"CO-04"}})
	if err != nil || len(one.Stopped) != 1 || len(one.Recall) != 1 || one.Recall[0].Action != consent.Recall || one.Recall[0].Recipient != "the public" {
		t.Fatalf("withdrawing quotation: %+v, %v", one, err)
	}
	if d, err := w.Decide(t.Context(), p.person, "CO-04", ""); err != nil || d.Allowed || d.State != consent.Withdrawn {
		t.Errorf("quotation after withdrawal: %+v, %v", d, err)
	}
	if d, err := w.Decide(t.Context(), p.person, "CO-03", ""); err != nil || !d.Allowed {
		t.Errorf("statistics, which were not withdrawn: %+v, %v", d, err)
	}

	all, err := w.Withdraw(t.Context(), p.person, app.Withdrawal{Destroy: true, Reason: "the person's wish of today"})
	if err != nil {
		t.Fatal(err)
	}
	if all.Hold == nil || all.Erasure != nil || len(all.Stopped) != 3 || len(all.Recall) != 1 || all.Recall[0].Action != consent.Notify {
		t.Errorf("withdrawing all under a hold: %+v", all)
	}
	for _, purpose := range consent.Purposes() {
		if d, err := w.Decide(t.Context(), p.person, purpose, ""); err != nil || d.Allowed {
			t.Errorf("%s after everything was withdrawn: %+v, %v", purpose, d, err)
		}
	}
	if _, err := w.Erase(t.Context(), p.person, "the person's wish"); fault.KindOf(err) != fault.Denied {
		t.Errorf("an erasure under a hold: %v", err)
	}
	say(t, w, hold, "legal_hold", id.ID{}, "released", time.Now().AddDate(0, 0, -2).UTC().Format("2006-01-02"))
	end, err := w.Withdraw(t.Context(), p.person, app.Withdrawal{Destroy: true, Reason: "the person's wish; the hold was released"})
	if err != nil || end.Hold != nil || end.Erasure == nil || end.Erasure.Keys == 0 || len(end.Stopped) != 0 {
		t.Fatalf("after the hold: %+v, %v", end, err)
	}
	if _, err := w.Index().Row(t.Context(), p.person); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the person after the keys were destroyed: %v", err)
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "recall", Limit: 10})
	if err != nil || res.Total != 2 {
		t.Errorf("the recall list after the keys were destroyed: %d, %v", res.Total, err)
	}
	if rep, err := w.Verify(t.Context(), nil); err != nil || !rep.OK() {
		t.Errorf("the log no longer verifies: %v %v", err, rep.Problems)
	}
	if d, err := w.Decide(t.Context(), bystander.person, "CO-04", ""); err != nil || !d.Allowed {
		t.Errorf("another person's consent was touched: %+v, %v", d, err)
	}
}

// R06: one person found under two records withdraws from both.
func TestR06AWithdrawalCoversEveryRecordOfThePerson(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := testimony(t, w, "Hana", "김철수", "x"), testimony(t, w, "Duri", "김철수", "y")
	agree(t, w, a.person, "CO-03", "CS-1", "2003")
	agree(t, w, b.person, "CO-03", "CS-1", "2003")
	if err := w.Link(t.Context(), a.person, b.person, casebook.Same, "the same name and birth"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Withdraw(t.Context(), b.person, app.Withdrawal{Purposes: []string{"CO-03"}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []people{a, b} {
		if d, err := w.Decide(t.Context(), p.person, "CO-03", ""); err != nil || d.Allowed {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

func TestR05AConsentWithoutItsParticularsIsNotRecorded(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	s := casebook.Statement{Record: w.NewRecord(), Kind: "consent", Fields: kind.Values{"person": {kind.Of(p.person.String())}, "purpose": {kind.Of("CO-03")}, "state": {kind.Of("CS-1")}}}
	_, problems, err := w.State(t.Context(), s, "save")
	if err != nil || len(problems) != 4 {
		t.Errorf("a bare yes: %v, %v", problems, err)
	}
	rec := agree(t, w, p.person, "CO-03", "CS-3", "2003")
	again := casebook.Statement{Record: rec, Kind: "consent", Fields: kind.Values{"state": {kind.Of("CS-1")}}}
	if _, problems, err := w.State(t.Context(), again, "save"); err != nil || len(problems) != 1 || problems[0].Field != "state" {
		t.Errorf("a withdrawal turned back in place: %v, %v", problems, err)
	}
}

// R05: a condition in words binds until somebody finds it met, also where no kind of
// condition was chosen and only the sealed words say it.
func TestR05AConditionInWordsBinds(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	rec := agree(t, w, p.person, "CO-04", "CS-1", "2003", "conditions", "only after my mother has left")
	if n, _ := reading(t, w, "CO-04").Counts(t.Context()); n["person"] != 0 {
		t.Error("a condition nobody found met is passed over in a count")
	}
	d, err := w.Decide(t.Context(), p.person, "CO-04", "")
	if err != nil || d.Allowed || d.Reason != consent.ConditionOpen {
		t.Errorf("%+v, %v", d, err)
	}
	say(t, w, rec, "consent", id.ID{}, "met", "2004-01-05")
	if n, _ := reading(t, w, "CO-04").Counts(t.Context()); n["person"] != 1 {
		t.Error("a condition found met still binds")
	}
}
