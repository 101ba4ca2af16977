package app_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/partner/likeness"
	"example.org/amparo/internal/partner/oblivious"
	"example.org/amparo/names"
	"example.org/amparo/when"
)

// Two organisations with an exchange: ours asks, theirs answers.
type partners struct {
	ours, theirs hands
	a, b         id.ID // the exchange, in each workspace
}

const (
	ourName   = "Lantern Desk"
	theirName = "River Archive"
)

func newPartners(t testing.TB, limit int) *partners {
	t.Helper()
	p := &partners{ours: withClock(t), theirs: withClock(t)}
	y, m, d := p.ours.now.AddDate(0, 0, 30).Date()
	x, err := p.ours.StartPartner(t.Context(), theirName, ourName, when.On(y, int(m), d), limit)
	if err != nil {
		t.Fatal(err)
	}
	p.a = x.ID
	card, err := p.ours.PartnerCard(t.Context(), p.a)
	if err != nil {
		t.Fatal(err)
	}
	if x, err = p.theirs.JoinPartner(t.Context(), ourName, theirName, "Dear colleagues,\n"+card); err != nil {
		t.Fatal(err)
	}
	p.b = x.ID
	if card, err = p.theirs.PartnerCard(t.Context(), p.b); err != nil {
		t.Fatal(err)
	}
	mine, err := p.ours.TakePartnerCard(t.Context(), p.a, card)
	if err != nil {
		t.Fatal(err)
	}
	if mine.Letters != x.Letters || mine.State != app.PartnerStrange || x.State != app.PartnerStrange {
		t.Fatalf("the sides show %q %s and %q %s", mine.Letters, mine.State, x.Letters, x.State)
	}
	for w, rec := range map[*app.Workspace]id.ID{p.ours.Workspace: p.a, p.theirs.Workspace: p.b} {
		if x, err := w.ConfirmPartner(t.Context(), rec); err != nil || x.State != app.PartnerReady {
			t.Fatalf("%v %v", x, err)
		}
	}
	return p
}

// allow records consent to matching, and to sharing with a partner by name.
func allow(t testing.TB, w *app.Workspace, person id.ID, partner string) {
	t.Helper()
	agree(t, w, person, "CO-02", "CS-1", "2003")
	agree(t, w, person, "CO-10", "CS-1", "2003", "recipients", partner)
}

// heardByBoth is one person who was heard on both sides, and allows both to be compared.
func (p *partners) heardByBoth(t *testing.T) (ours, theirs people) {
	t.Helper()
	ours, theirs = testimony(t, p.ours.Workspace, "Hana", "김철수", "x"), testimony(t, p.theirs.Workspace, "Seri", "김철수", "y")
	allow(t, p.ours.Workspace, ours.person, theirName)
	allow(t, p.theirs.Workspace, theirs.person, ourName)
	return ours, theirs
}

func (p *partners) ask(t testing.TB, person id.ID) *app.PartnerFile {
	t.Helper()
	f, err := p.ours.AskPartner(t.Context(), p.a, person)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p *partners) answer(t testing.TB, ask []byte) *app.PartnerFile {
	t.Helper()
	f, err := p.theirs.AnswerPartner(t.Context(), p.b, ask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (p *partners) read(t testing.TB, answer []byte) *app.PartnerAsk {
	t.Helper()
	a, err := p.ours.ReadPartnerAnswer(t.Context(), p.a, answer)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// refused says that an error is of a kind and says what to do.
func refused(t testing.TB, what string, err error, want fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// R27: two workspaces find that both have heard one person, written in two scripts; the
// codes lead the other side to that person and to nobody else.
func TestR27TwoOrganisationsFindTheyHeardOnePerson(t *testing.T) {
	p := newPartners(t, 5)
	a, b := testimony(t, p.ours.Workspace, "Hana", "Kim Chol-su", "x"), testimony(t, p.theirs.Workspace, "Seri", "김철수", "y")
	stranger := testimony(t, p.theirs.Workspace, "Duri", "박영희", "z")
	_, err := p.ours.AskPartner(t.Context(), p.a, a.person)
	refused(t, "somebody who was not asked", err, fault.Denied)
	allow(t, p.ours.Workspace, a.person, theirName)
	allow(t, p.theirs.Workspace, b.person, ourName)
	allow(t, p.theirs.Workspace, stranger.person, ourName)
	ask := p.ask(t, a.person)
	answer := p.answer(t, ask.Data)
	if answer.Listed != 2 {
		t.Errorf("%d people are on the list, want 2", answer.Listed)
	}
	got := p.read(t, answer.Data)
	if got.Result != app.PartnerPossible || len(got.Codes) != 1 || !got.Open() {
		t.Fatalf("the answer is %+v", got)
	}
	who, allowed, err := p.theirs.PartnerCode(t.Context(), p.b, strings.ToLower(got.Codes[0]))
	if err != nil || who != b.person || !allowed {
		t.Errorf("the code leads to %s %v %v", who, allowed, err)
	}
	_, _, err = p.theirs.PartnerCode(t.Context(), p.b, "0000-0000")
	refused(t, "a code of nobody", err, fault.NotFound)
	if same, _, err := p.ours.Index().SameAs(t.Context(), a.person); err != nil || len(same) > 0 {
		t.Errorf("a hit linked records: %v %v", same, err)
	}
	_, err = p.ours.ReadPartnerAnswer(t.Context(), p.a, answer.Data)
	refused(t, "an answer read twice", err, fault.Conflict)
	_, err = p.theirs.AnswerPartner(t.Context(), p.b, ask.Data, nil)
	refused(t, "a question answered twice", err, fault.Conflict)
}

// guess is what an attacker tries: a name with a year of birth.
type guess struct {
	name string
	year int
	sex  string
}

// words are those that accounts of a guessed person would have, as the program makes them.
func (g guess) words() (out []string) {
	for _, w := range likeness.NewReader().Asked(likeness.Known{Names: []string{g.name}, Births: []when.Date{when.InYear(g.year)}, Sex: g.sex}) {
		out = append(out, w.Text)
	}
	return out
}

// suspects are 37 people and a dictionary that holds them all.
func suspects() (people, dictionary []guess) {
	var names []string
	for _, surname := range []string{"김", "리", "박", "최", "정"} {
		for _, given := range []string{"철수", "영희", "명숙", "성호", "순이", "광철", "은주", "혜란"} {
			names = append(names, surname+given)
		}
	}
	for i, n := range names[:37] {
		people = append(people, guess{n, 1960 + i, "f"})
	}
	for _, n := range names {
		for y := 1955; y < 2000; y++ {
			dictionary = append(dictionary, guess{n, y, "f"})
		}
	}
	return people, dictionary
}

// R27: whoever seizes the files of an exchange, and the unlocked machine of the side that
// asked, cannot try a list of names on them: a dictionary that holds everybody on the list
// finds none but the one person asked about. The same dictionary names all of them from
// hashes under a key that both sides hold, so this test can fail.
func TestR27ADictionaryNamesNobody(t *testing.T) {
	people, dictionary := suspects()
	salt, key := []byte("exchange"), []byte(strings.Repeat("k", 32))
	// What was done before: tags under a key that both sides hold.
	shared := map[[32]byte]bool{}
	tag := func(word string) [32]byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(word))
		return [32]byte(m.Sum(nil))
	}
	var list []oblivious.Listed
	for i, g := range people {
		for _, w := range g.words() {
			shared[tag(w)] = true
		}
		list = append(list, oblivious.Listed{Words: g.words(), Code: oblivious.Code{byte(i)}})
	}
	named := 0
	for _, g := range dictionary {
		if slices.ContainsFunc(g.words(), func(w string) bool { return shared[tag(w)] }) {
			named++
		}
	}
	if named != len(people) {
		t.Errorf("hashes under a shared key: the dictionary names %d of %d, so this test proves nothing", named, len(people))
	}
	// What is done now. The attacker has the request, the answer and the question that was
	// kept, and computes whatever the program can compute without the answer's key.
	q, err := oblivious.Ask(salt, people[0].words())
	if err != nil {
		t.Fatal(err)
	}
	req, _ := q.Request()
	reply, err := oblivious.Answer(t.Context(), salt, req, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if hits, err := q.Read(reply); err != nil || len(hits) == 0 {
		t.Fatalf("the question itself is not answered: %v %v", hits, err)
	}
	named = 0
	for _, g := range dictionary[:200] { // each try is a new question; the answer does not fit it
		try, err := oblivious.Ask(salt, g.words())
		if err != nil {
			t.Fatal(err)
		}
		if hits, err := try.Read(reply); err == nil && len(hits) > 0 {
			named++
		}
	}
	for _, g := range dictionary { // the words themselves, hashed as plainly as can be, are nowhere
		for _, w := range g.words() {
			if h := sha256.Sum256([]byte(w)); bytes.Contains(reply.List, h[:11]) || bytes.Contains(reply.List, []byte(w)) {
				named++
			}
			if m := tag(w); bytes.Contains(reply.List, m[:11]) {
				named++
			}
		}
	}
	// A key of the attacker's own gives another list: no entry of the true one is in it.
	forged, err := oblivious.Answer(t.Context(), salt, req, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	for e := range slices.Chunk(forged.List, 16) {
		if bytes.Contains(reply.List, e[:11]) {
			named++
		}
	}
	if named > 0 {
		t.Errorf("the dictionary names %d", named)
	}
}

// R27: the files hold no name and no identifier, in clear or at all, and those of different
// people are of one size.
func TestR27FilesShowNothing(t *testing.T) {
	p := newPartners(t, 5)
	// pseudonyms so long that sealed bytes do not spell them by chance
	a, c := testimony(t, p.ours.Workspace, "Hana by the river", "김철수", "x"), testimony(t, p.ours.Workspace, "Bora", "Hwangbo Gwang-chol", "x")
	b := testimony(t, p.theirs.Workspace, "Seri by the river", "김철수", "y")
	say(t, p.ours.Workspace, c.identity, "person_identity", id.ID{}, "names", "黃甫光哲", "transliterations", "Hwangpo Kwangch'ŏl")
	allow(t, p.ours.Workspace, a.person, theirName)
	allow(t, p.ours.Workspace, c.person, theirName)
	first, second := p.ask(t, a.person), p.ask(t, c.person)
	if len(first.Data) != len(second.Data) {
		t.Errorf("the files are of %d and %d bytes", len(first.Data), len(second.Data))
	}
	empty := p.answer(t, first.Data)
	allow(t, p.theirs.Workspace, b.person, ourName)
	one := p.answer(t, second.Data)
	if len(empty.Data) != len(one.Data) {
		t.Errorf("an answer from nobody takes %d bytes, from one %d", len(empty.Data), len(one.Data))
	}
	for _, f := range [][]byte{first.Data, second.Data, empty.Data, one.Data} {
		for _, secret := range []string{"김철수", "Hwangbo", "黃甫", "Hana by the river", "Seri by the river", ourName, theirName, a.person.String(), b.person.String(), p.ours.ID().String(), p.theirs.ID().String()} {
			if bytes.Contains(f, []byte(secret)) {
				t.Errorf("a file holds %q", secret)
			}
		}
	}
}

// R05: consent is to this partner by name, and to matching; it is asked for when a question
// is made, when an answer is made, and when it is read.
func TestR05PartnersAreAskedOnlyAboutWhoAllowsIt(t *testing.T) {
	for name, tc := range map[string]func(w *app.Workspace, person id.ID){
		"nothing":         func(*app.Workspace, id.ID) {},
		"matching alone":  func(w *app.Workspace, p id.ID) { agree(t, w, p, "CO-02", "CS-1", "2003") },
		"sharing alone":   func(w *app.Workspace, p id.ID) { agree(t, w, p, "CO-10", "CS-1", "2003", "recipients", theirName) },
		"another partner": func(w *app.Workspace, p id.ID) { allow(t, w, p, "Northern Legal Aid") },
		"no partner named": func(w *app.Workspace, p id.ID) {
			agree(t, w, p, "CO-02", "CS-1", "2003")
			agree(t, w, p, "CO-10", "CS-1", "2003")
		},
		"refused since":        func(w *app.Workspace, p id.ID) { allow(t, w, p, theirName); agree(t, w, p, "CO-02", "CS-2", "2004") },
		"the file is locked":   func(w *app.Workspace, p id.ID) { allow(t, w, p, theirName); agree(t, w, p, "CO-01", "CS-2", "2004") },
		"a record of the same": func(w *app.Workspace, p id.ID) { allow(t, w, p, theirName); twin(t, w, p) },
		"given for the future": func(w *app.Workspace, p id.ID) {
			agree(t, w, p, "CO-02", "CS-1", "2003")
			agree(t, w, p, "CO-10", "CS-1", "2003", "recipients", theirName, "condition", "from_date", "not_before", "2090")
		},
		"for each use, not now": func(w *app.Workspace, p id.ID) {
			agree(t, w, p, "CO-02", "CS-1", "2003")
			agree(t, w, p, "CO-10", "CS-1", "2003", "recipients", theirName, "condition", "each_use")
		},
	} {
		p := newPartners(t, 5)
		a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
		tc(p.ours.Workspace, a.person)
		_, err := p.ours.AskPartner(t.Context(), p.a, a.person)
		refused(t, name, err, fault.Denied)
		if log, err := p.ours.WholeLedger(t.Context()); err != nil || len(log) > 0 {
			t.Errorf("%s: a name was read or something left: %+v %v", name, log, err)
		}
	}
}

// twin is another record of a person, which refuses.
func twin(t testing.TB, w *app.Workspace, person id.ID) {
	other := testimony(t, w, "Hana again", "김철수", "x")
	agree(t, w, other.person, "CO-02", "CS-2", "2004")
	if err := w.Link(t.Context(), person, other.person, casebook.Same, "the same birth"); err != nil {
		t.Fatal(err)
	}
}

// R05: the list of an answer holds those who allow it at that moment, and who were heard.
func TestR05AnAnswerIsComputedOverThoseWhoAllowIt(t *testing.T) {
	p := newPartners(t, 9)
	a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
	allow(t, p.ours.Workspace, a.person, theirName)
	b := testimony(t, p.theirs.Workspace, "Seri", "김철수", "y")
	result := func() string { t.Helper(); return p.read(t, p.answer(t, p.ask(t, a.person).Data).Data).Result }
	if got := result(); got != app.PartnerNone {
		t.Errorf("somebody who was not asked is found: %s", got)
	}
	allow(t, p.theirs.Workspace, b.person, ourName)
	if got := result(); got != app.PartnerPossible {
		t.Errorf("somebody who allows it is not found: %s", got)
	}
	// Named by others and never heard: not on the list.
	c := p.theirs.NewRecord()
	say(t, p.theirs.Workspace, c, "person", id.ID{}, "pseudonym", "Named", "sex", "f", "birth", "1970")
	allow(t, p.theirs.Workspace, c, ourName)
	if n := p.answer(t, p.ask(t, a.person).Data).Listed; n != 1 {
		t.Errorf("%d people are on the list, want the one who was heard", n)
	}
	ask := p.ask(t, a.person)
	if _, err := p.theirs.Withdraw(t.Context(), b.person, app.Withdrawal{Purposes: []string{"CO-10"}}); err != nil {
		t.Fatal(err)
	}
	answer := p.answer(t, ask.Data)
	if got := p.read(t, answer.Data).Result; got != app.PartnerNone || answer.Listed != 0 {
		t.Errorf("somebody who withdrew after the question is found: %s of %d", got, answer.Listed)
	}
}

// R05: whoever withdraws while the answer is computed keeps it from leaving.
func TestR05AWithdrawalWhileTheAnswerIsMadeStopsIt(t *testing.T) {
	p := newPartners(t, 5)
	a, b := p.heardByBoth(t)
	ask := p.ask(t, a.person)
	withdrawn := false
	_, err := p.theirs.AnswerPartner(t.Context(), p.b, ask.Data, func(int, int) {
		if !withdrawn {
			withdrawn = true
			if _, err := p.theirs.Withdraw(t.Context(), b.person, app.Withdrawal{}); err != nil {
				t.Error(err)
			}
		}
	})
	refused(t, "an answer with somebody who withdrew", err, fault.Conflict)
	if log, err := p.theirs.WholeLedger(t.Context()); err != nil || !withdrawn || len(log) > 0 {
		t.Errorf("withdrawn %v, the ledger has %+v %v", withdrawn, log, err)
	}
	if n := p.answer(t, ask.Data).Listed; n != 0 {
		t.Errorf("answered again it lists %d", n)
	}
}

// R06: a withdrawal puts the partner on the recall list, on both sides, for either purpose;
// an answer that comes afterwards cannot be read.
func TestR06WithdrawalRecallsWhatPartnersWereGiven(t *testing.T) {
	for _, purpose := range []string{"CO-02", "CO-10", ""} {
		p := newPartners(t, 5)
		a, b := p.heardByBoth(t)
		answer := p.answer(t, p.ask(t, a.person).Data)
		var purposes []string
		if purpose != "" {
			purposes = []string{purpose}
		}
		for w, who := range map[*app.Workspace]id.ID{p.ours.Workspace: a.person, p.theirs.Workspace: b.person} {
			done, err := w.Withdraw(t.Context(), who, app.Withdrawal{Purposes: purposes})
			if err != nil {
				t.Fatal(err)
			}
			if len(done.Recall) != 1 || !slices.Contains([]string{ourName, theirName}, done.Recall[0].Recipient) {
				t.Errorf("%q: the recall list is %+v", purpose, done.Recall)
			}
		}
		_, err := p.ours.ReadPartnerAnswer(t.Context(), p.a, answer.Data)
		refused(t, "an answer about somebody who withdrew from "+purpose, err, fault.Denied)
		p.ours.pass(24 * time.Hour) // asked anew the next day: what was destroyed stays so
		for _, again := range []string{"CO-01", "CO-02", "CO-10"} {
			more := []string{}
			if again == "CO-10" {
				more = []string{"recipients", theirName}
			}
			agree(t, p.ours.Workspace, a.person, again, "CS-1", "2026-11-26", more...)
		}
		_, err = p.ours.ReadPartnerAnswer(t.Context(), p.a, answer.Data)
		refused(t, "the old answer after consent was given anew, "+purpose, err, fault.Sealed)
	}
}

// R26: each file is in the ledger with purpose, recipient, consents and its hash, before it
// is handed over.
func TestR26FilesForPartnersAreInTheLedger(t *testing.T) {
	p := newPartners(t, 5)
	a, b := p.heardByBoth(t)
	ask := p.ask(t, a.person)
	answer := p.answer(t, ask.Data)
	for _, tc := range []struct {
		w         *app.Workspace
		file      []byte
		to        string
		who       id.ID
		lines     int
		nameReads int
	}{{p.ours.Workspace, ask.Data, theirName, a.person, 2, 1}, {p.theirs.Workspace, answer.Data, ourName, b.person, 1, 0}} {
		log, err := tc.w.WholeLedger(t.Context())
		if err != nil || len(log) != tc.lines {
			t.Fatalf("%d lines, %v", len(log), err)
		}
		reads := 0
		for _, l := range log {
			if l.Verb == casebook.Read {
				reads++
				continue
			}
			if want := fmt.Sprintf("SHA-256 %x", sha256.Sum256(tc.file)); l.Line.Recipient != tc.to || l.Line.Purpose == "" || l.Line.Consents == "" || l.Line.Consent != "CO-10" ||
				!slices.Equal(l.Line.Also, []string{"CO-02"}) || !left(t, tc.w, tc.who) || !strings.HasSuffix(l.Line.What, want) {
				t.Errorf("the ledger says %+v", l.Line)
			}
		}
		if reads != tc.nameReads {
			t.Errorf("%d readings of names", reads)
		}
	}
}

// left reports whether the ledger says that something left with a person in it.
func left(t *testing.T, w *app.Workspace, person id.ID) bool {
	t.Helper()
	all, err := w.LeftWith(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	return len(all) > 0
}

func TestQuestionsAreLimitedOnBothSides(t *testing.T) {
	p := newPartners(t, 2)
	a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
	allow(t, p.ours.Workspace, a.person, theirName)
	for range 2 {
		p.answer(t, p.ask(t, a.person).Data)
	}
	_, err := p.ours.AskPartner(t.Context(), p.a, a.person)
	refused(t, "a third question", err, fault.Denied)
}

// A side that counts for itself does not believe the other: a program that asks more than
// was agreed is not answered.
func TestTheSideThatAnswersCounts(t *testing.T) {
	p := newPartners(t, 1)
	a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
	allow(t, p.ours.Workspace, a.person, theirName)
	first := p.ask(t, a.person)
	p.answer(t, first.Data)
	// The question is taken back on the asking side, which then asks again.
	row, err := p.ours.Index().Row(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.ours.History(t.Context(), row.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ours.Retract(t.Context(), row.ID, r.History[0].Ref, "asked in error"); err != nil {
		t.Fatal(err)
	}
	_, err = p.theirs.AnswerPartner(t.Context(), p.b, p.ask(t, a.person).Data, nil)
	refused(t, "a second question", err, fault.Denied)
}

// An exchange ends by its last day or by hand; its keys are gone then, and nothing of it is
// read any more.
func TestAnExchangeEndsAndItsKeysAreDestroyed(t *testing.T) {
	for _, by := range []string{"its last day", "hand"} {
		p := newPartners(t, 5)
		a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
		allow(t, p.ours.Workspace, a.person, theirName)
		ask := p.ask(t, a.person)
		answer := p.answer(t, ask.Data)
		earlier := p.read(t, p.answer(t, p.ask(t, a.person).Data).Data)
		if by == "hand" {
			for w, rec := range map[*app.Workspace]id.ID{p.ours.Workspace: p.a, p.theirs.Workspace: p.b} {
				if x, err := w.EndPartner(t.Context(), rec); err != nil || x.State != app.PartnerOver || x.Ended == "" {
					t.Errorf("%+v %v", x, err)
				}
			}
		} else {
			p.ours.pass(31 * 24 * time.Hour)
			p.theirs.pass(31 * 24 * time.Hour)
		}
		_, err := p.ours.AskPartner(t.Context(), p.a, a.person)
		refused(t, "asking after "+by, err, fault.Sealed)
		_, err = p.theirs.AnswerPartner(t.Context(), p.b, ask.Data, nil)
		refused(t, "answering after "+by, err, fault.Sealed)
		_, err = p.ours.ReadPartnerAnswer(t.Context(), p.a, answer.Data)
		refused(t, "reading after "+by, err, fault.Sealed)
		_, err = p.ours.PartnerCard(t.Context(), p.a)
		refused(t, "the card after "+by, err, fault.Sealed)
		p.ours.pass(-31 * 24 * time.Hour) // the clock set back brings nothing back
		if x, err := p.ours.Partner(t.Context(), p.a); err != nil || x.State != app.PartnerOver {
			t.Errorf("after %s, with the clock set back: %+v %v", by, x, err)
		}
		w := reopen(t, p.ours.Workspace)
		if x, err := w.Partner(t.Context(), p.a); err != nil || x.State != app.PartnerOver || x.Ended == "" || x.Asked != 2 || x.Waiting != 1 {
			t.Errorf("after reopening: %+v %v", x, err)
		}
		if rep, err := w.Verify(t.Context(), nil); err != nil || !rep.OK() {
			t.Errorf("the workspace does not verify: %+v %v", rep, err)
		}
		if err := w.Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if asks, err := w.PartnerAsks(t.Context(), a.person); err != nil || len(asks) != 2 || !slices.ContainsFunc(asks, func(x *app.PartnerAsk) bool { return x.ID == earlier.ID && x.Result == app.PartnerNone }) {
			t.Errorf("what was answered is gone with the keys: %+v %v", asks, err)
		}
	}
}

// Files of another exchange, another partner, the wrong step, or that were changed say so.
func TestWrongFilesAreRefused(t *testing.T) {
	p, q := newPartners(t, 5), newPartners(t, 5)
	a := testimony(t, p.ours.Workspace, "Hana", "김철수", "x")
	c := testimony(t, q.ours.Workspace, "Hana", "김철수", "x")
	allow(t, p.ours.Workspace, a.person, theirName)
	allow(t, q.ours.Workspace, c.person, theirName)
	ask := p.ask(t, a.person)
	answer := p.answer(t, ask.Data)
	foreign := q.answer(t, q.ask(t, c.person).Data)
	for name, tc := range map[string]struct {
		file []byte
		want fault.Kind
	}{
		"of other partners":   {foreign.Data, fault.Foreign},
		"our own question":    {ask.Data, fault.Foreign},
		"nothing":             {nil, fault.Foreign},
		"a letter":            {[]byte("Dear colleagues"), fault.Foreign},
		"cut off":             {answer.Data[:len(answer.Data)-9], fault.Corrupt},
		"changed in the list": {flipped(answer.Data, len(answer.Data)/2), fault.Corrupt},
	} {
		_, err := p.ours.ReadPartnerAnswer(t.Context(), p.a, tc.file)
		refused(t, "reading what is "+name, err, tc.want)
	}
	_, err := p.theirs.AnswerPartner(t.Context(), p.b, answer.Data, nil)
	refused(t, "answering an answer", err, fault.Foreign)
	if got := p.read(t, answer.Data); got.Result != app.PartnerNone {
		t.Errorf("after all that the answer is %+v", got)
	}
	for name, tc := range map[string]struct {
		card string
		want fault.Kind
	}{
		"not a card":       {"Dear colleagues", fault.Invalid},
		"one's own":        {cardOf(t, p.ours.Workspace, p.a), fault.Conflict},
		"an answering one": {cardOf(t, q.theirs.Workspace, q.b), fault.Conflict},
	} {
		_, err := p.ours.JoinPartner(t.Context(), "X", "Y", tc.card)
		refused(t, "joining by a card that is "+name, err, tc.want)
	}
}

func cardOf(t testing.TB, w *app.Workspace, rec id.ID) string {
	t.Helper()
	card, err := w.PartnerCard(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func flipped(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 4
	return out
}

// Nothing is asked before the letters were compared, and a card that does not answer ours
// is not taken.
func TestNothingIsAskedBeforeTheLettersAreCompared(t *testing.T) {
	w, other := withClock(t), withClock(t)
	y, m, d := w.now.AddDate(0, 1, 0).Date()
	until := when.On(y, int(m), d)
	x, err := w.StartPartner(t.Context(), theirName, ourName, until, 3)
	if err != nil {
		t.Fatal(err)
	}
	a := testimony(t, w.Workspace, "Hana", "김철수", "x")
	allow(t, w.Workspace, a.person, theirName)
	_, err = w.AskPartner(t.Context(), x.ID, a.person)
	refused(t, "asking without the partner's card", err, fault.Conflict)
	_, err = w.ConfirmPartner(t.Context(), x.ID)
	refused(t, "comparing without the partner's card", err, fault.Conflict)
	another, err := w.StartPartner(t.Context(), theirName, ourName, until, 3)
	if err != nil {
		t.Fatal(err)
	}
	j, err := other.JoinPartner(t.Context(), ourName, theirName, cardOf(t, w.Workspace, another.ID))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.TakePartnerCard(t.Context(), x.ID, cardOf(t, other.Workspace, j.ID))
	refused(t, "a card that answers another", err, fault.Foreign)
	if _, err = w.TakePartnerCard(t.Context(), another.ID, cardOf(t, other.Workspace, j.ID)); err != nil {
		t.Fatal(err)
	}
	_, err = w.AskPartner(t.Context(), another.ID, a.person)
	refused(t, "asking before comparing", err, fault.Conflict)
	for name, bad := range map[string]when.Date{"past": when.On(2001, 1, 1), "far": when.On(y+2, 1, 1), "a year": when.InYear(y), "none": {}} {
		_, err := w.StartPartner(t.Context(), theirName, ourName, bad, 3)
		refused(t, "a last day that is "+name, err, fault.Invalid)
	}
	for _, limit := range []int{0, -1, 101} {
		_, err := w.StartPartner(t.Context(), theirName, ourName, until, limit)
		refused(t, fmt.Sprint("a limit of ", limit), err, fault.Invalid)
	}
}

// R05: a possible match leaves the need check open until somebody called; when the partner
// took the account, the person is heard again for a reason only.
func TestR05APossibleMatchIsCalledAboutBeforeThePersonIsHeard(t *testing.T) {
	p := newPartners(t, 5)
	a, _ := p.heardByBoth(t)
	plan(t, p.ours.Workspace, a.interview, answers())
	if h := hearing(t, p.ours.Workspace, a.interview); !h.Plan.NeedChecked || h.Plan.NoNeed {
		t.Fatalf("before asking: %+v", h.Plan)
	}
	got := p.read(t, p.answer(t, p.ask(t, a.person).Data).Data)
	h := hearing(t, p.ours.Workspace, a.interview)
	if h.Plan.NeedChecked || len(h.Partners) != 1 || h.Partners[0].Result != app.PartnerPossible {
		t.Errorf("a possible match does not open the check: %+v %+v", h.Plan, h.Partners)
	}
	if problems, err := p.ours.NotePartnerCall(t.Context(), got.ID, "nonsense"); err != nil || len(problems) == 0 {
		t.Errorf("a call showed nonsense: %v", err)
	}
	for _, showed := range []string{"other", "same"} {
		if problems, err := p.ours.NotePartnerCall(t.Context(), got.ID, showed); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
		if h := hearing(t, p.ours.Workspace, a.interview); !h.Plan.NeedChecked || h.Plan.NoNeed != (showed == "same") {
			t.Errorf("the call showed %s: %+v", showed, h.Plan)
		}
	}
}

// A person whose birth or name is not known cannot be asked about, and the reason is said.
func TestSomebodyUnknownIsNotAskedAbout(t *testing.T) {
	p := newPartners(t, 5)
	who := p.ours.NewRecord()
	say(t, p.ours.Workspace, who, "person", id.ID{}, "pseudonym", "Hana", "sex", "f", "birth", "196X")
	allow(t, p.ours.Workspace, who, theirName)
	_, err := p.ours.AskPartner(t.Context(), p.a, who)
	refused(t, "somebody born in the sixties", err, fault.Invalid)
}

// A member without the key of names cannot ask, nor answer as if nobody were there.
func TestWhoHoldsNoNamesNeitherAsksNorAnswers(t *testing.T) {
	p := newPartners(t, 5)
	a, b := p.heardByBoth(t)
	nameless := testimony(t, p.theirs.Workspace, "Duri", "?", "z")
	allow(t, p.theirs.Workspace, nameless.person, ourName)
	ask := p.ask(t, a.person)
	asker, answerer := join(t, p.ours.Workspace, t.TempDir(), "general"), join(t, p.theirs.Workspace, t.TempDir(), "general")
	_, err := asker.AskPartner(t.Context(), p.a, a.person)
	refused(t, "asking without names", err, fault.Denied)
	_, err = answerer.AnswerPartner(t.Context(), p.b, ask.Data, nil)
	refused(t, "answering without names", err, fault.Denied)
	answer := p.answer(t, ask.Data)
	if answer.Listed != 1 {
		t.Errorf("%d people are on the list, want the one with a name", answer.Listed)
	}
	if log, err := p.theirs.WholeLedger(t.Context()); err != nil || len(log) != 1 || !left(t, p.theirs.Workspace, b.person) || left(t, p.theirs.Workspace, nameless.person) {
		t.Errorf("the ledger lists %+v %v", log, err)
	}
}

// Another device of the asking side reads the answer; keys come with the exchange of
// entries.
func TestAnotherDeviceReadsTheAnswer(t *testing.T) {
	p := newPartners(t, 5)
	a, _ := p.heardByBoth(t)
	second := join(t, p.ours.Workspace, t.TempDir(), "general", "identities")
	answer := p.answer(t, p.ask(t, a.person).Data)
	exchange(t, t.TempDir(), p.ours.Workspace, second, p.ours.Workspace)
	got, err := second.ReadPartnerAnswer(t.Context(), p.a, answer.Data)
	if err != nil || got.Result != app.PartnerPossible {
		t.Errorf("%+v %v", got, err)
	}
}

// An answer over many people: what one question costs the side that answers.
func BenchmarkAnswerPartner(b *testing.B) {
	p := newPartners(b, 100)
	a := testimony(b, p.ours.Workspace, "Hana", "김철수", "x")
	allow(b, p.ours.Workspace, a.person, theirName)
	const people = 400
	var all []casebook.Statement
	state := func(rec id.ID, kindName string, pairs ...string) {
		s := casebook.Statement{Record: rec, Kind: kindName, Fields: kind.Values{}}
		for i := 0; i < len(pairs); i += 2 {
			s.Fields[pairs[i]] = []kind.Value{kind.Of(pairs[i+1])}
		}
		all = append(all, s)
	}
	for i := range people {
		who := p.theirs.NewRecord()
		name := string([]rune("김리박최정")[i%5]) + string([]rune("철영명성광")[i/5%5]) + string([]rune("수희숙호남")[i/25%5])
		if i%2 == 0 {
			name = names.Romanise(name, names.North)
		}
		state(who, "person", "pseudonym", fmt.Sprint("P ", i), "sex", "f", "birth", fmt.Sprint(1950+i%30))
		state(p.theirs.NewRecord(), "person_identity", "person", who.String(), "names", name)
		state(p.theirs.NewRecord(), "interview", "person", who.String(), "date", "2003-04-02")
		for _, c := range []string{"CO-02", "CO-10"} {
			state(p.theirs.NewRecord(), "consent", "person", who.String(), "purpose", c, "state", "CS-1", "date", "2003", "language", "ko", "method", "oral", "text_version", "1", "recipients", ourName)
		}
	}
	for i, s := range all { // matching is for nobody in particular
		if s.Fields.Get("purpose") == "CO-02" {
			delete(all[i].Fields, "recipients")
		}
	}
	if _, err := p.theirs.StateAll(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		ask := p.ask(b, a.person)
		b.StartTimer()
		f := p.answer(b, ask.Data)
		if f.Listed != people {
			b.Fatalf("%d people are on the list", f.Listed)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/people/1000, "ms/person")
}
