package partner_test

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/partner"
	"example.org/amparo/internal/partner/oblivious"
	"example.org/amparo/when"
)

func terms(n byte) partner.Terms {
	return partner.Terms{Exchange: id.ID{n, 1, 2}, Until: when.On(2027, 3, 31), Limit: 20}
}

// sides are the two sides of an exchange.
func sides(t testing.TB, n byte) (a, b partner.Side) {
	t.Helper()
	first, ka, err := partner.NewCard("Lantern Desk", terms(n), nil)
	if err != nil {
		t.Fatal(err)
	}
	second, kb, err := partner.NewCard("River Archive", terms(n), &first)
	if err != nil {
		t.Fatal(err)
	}
	return partner.Side{Keys: ka, Own: first, Other: second}, partner.Side{Keys: kb, Own: second, Other: first}
}

func TestCardsComeBackAndAreBound(t *testing.T) {
	a, b := sides(t, 1)
	c, err := partner.ParseCard("Dear colleagues,\n\n" + a.Own.Text() + "\n\nyours")
	if err != nil || c.Text() != a.Own.Text() {
		t.Errorf("a card in a letter: %v", err)
	}
	if k, err := partner.ParseKeys(a.Keys.Marshal()); err != nil || k.Identity != a.Keys.Identity {
		t.Errorf("the keys: %v", err)
	}
	other, _ := sides(t, 2)
	if !b.Own.Fits(a.Own) || a.Own.Fits(b.Own) || b.Own.Fits(other.Own) || a.Own.Fits(a.Own) {
		t.Error("a card fits another than the one it answers")
	}
	x := partner.Fingerprint(a.Own, b.Own)
	if x != partner.Fingerprint(b.Own, a.Own) || x == partner.Fingerprint(a.Own, other.Own) || len(strings.ReplaceAll(x, " ", "")) != 25 {
		t.Errorf("the letters are %q", x)
	}
	for _, bad := range []string{"", "amparo partner card v1 ", "amparo partner card v1 AAAA", a.Own.Text()[:200], a.Own.Text()[:100] + "AAAA" + a.Own.Text()[104:]} {
		if _, err := partner.ParseCard(bad); err == nil {
			t.Errorf("%.40q is a card", bad)
		}
	}
	changed := a.Own
	changed.Limit = 99
	if _, err := partner.ParseCard(changed.Text()); fault.KindOf(err) != fault.Corrupt {
		t.Errorf("terms that were changed: %v", err)
	}
}

func TestTermsAreChecked(t *testing.T) {
	for name, tc := range map[string]struct {
		org   string
		terms partner.Terms
	}{
		"no name":       {"", terms(1)},
		"two lines":     {"Lantern\nDesk", terms(1)},
		"a long name":   {strings.Repeat("x", 200), terms(1)},
		"no questions":  {"Lantern Desk", partner.Terms{Until: when.On(2027, 3, 31)}},
		"too many":      {"Lantern Desk", partner.Terms{Until: when.On(2027, 3, 31), Limit: 101}},
		"no day":        {"Lantern Desk", partner.Terms{Limit: 3}},
		"a whole month": {"Lantern Desk", partner.Terms{Until: when.InMonth(2027, 3), Limit: 3}},
	} {
		if _, _, err := partner.NewCard(tc.org, tc.terms, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// files are a question and its answer between two sides.
func files(t testing.TB, a, b partner.Side) (ask, answer []byte) {
	t.Helper()
	q, err := oblivious.Ask(a.Own.Exchange[:], []string{"word"})
	if err != nil {
		t.Fatal(err)
	}
	req, err := q.Request()
	if err != nil {
		t.Fatal(err)
	}
	in := partner.Ask{Exchange: a.Own.Exchange, Ask: id.ID{7}, Request: *req}
	if ask, err = a.SealAsk(in); err != nil {
		t.Fatal(err)
	}
	got, err := b.OpenAsk(ask)
	if err != nil || got != in {
		t.Fatalf("a question comes out another: %v", err)
	}
	reply, err := oblivious.Answer(t.Context(), b.Own.Exchange[:], req, []oblivious.Listed{{Words: []string{"word"}, Code: oblivious.Code{1}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := partner.Answer{Exchange: in.Exchange, Ask: in.Ask, Request: req.Hash(), Reply: *reply}
	if answer, err = b.SealAnswer(out); err != nil {
		t.Fatal(err)
	}
	back, err := a.OpenAnswer(answer)
	if err != nil || back.Request != out.Request || back.Ask != out.Ask || !bytes.Equal(back.Reply.List, reply.List) {
		t.Fatalf("an answer comes out another: %v", err)
	}
	if hits, err := q.Read(&back.Reply); err != nil || len(hits) != 1 {
		t.Fatalf("%v %v", hits, err)
	}
	return ask, answer
}

func TestFilesOpenOnTheOtherSideAlone(t *testing.T) {
	a, b := sides(t, 1)
	c, d := sides(t, 2)
	ask, answer := files(t, a, b)
	check := func(what string, err error, want fault.Kind) {
		t.Helper()
		if fault.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	_, err := a.OpenAsk(ask)
	check("one's own question", err, fault.Foreign)
	_, err = d.OpenAsk(ask)
	check("somebody else's question", err, fault.Foreign)
	_, err = b.OpenAnswer(ask)
	check("a question as an answer", err, fault.Invalid)
	_, err = a.OpenAsk(answer)
	check("an answer as a question", err, fault.Invalid)
	forged := partner.Side{Keys: c.Keys, Own: c.Own, Other: b.Own} // another signs, to the same recipient
	file, err := forged.SealAsk(partner.Ask{Exchange: a.Own.Exchange})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.OpenAsk(file)
	check("another's signature", err, fault.Corrupt)
	file, err = a.SealAsk(partner.Ask{Exchange: id.ID{9}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.OpenAsk(file)
	check("another exchange", err, fault.Foreign)
	_, err = b.OpenAsk(make([]byte, partner.MaxFile+1))
	check("too large", err, fault.TooLarge)
}

// Wherever a file is changed it is refused.
func TestAChangedFileIsRefused(t *testing.T) {
	a, b := sides(t, 1)
	ask, _ := files(t, a, b)
	rapid.Check(t, func(t *rapid.T) {
		f := bytes.Clone(ask)
		if cut := rapid.IntRange(0, len(f)).Draw(t, "cut"); rapid.Bool().Draw(t, "whole") {
			f[rapid.IntRange(0, len(f)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		} else if f = f[:cut]; cut == len(ask) {
			return
		}
		if got, err := b.OpenAsk(f); err == nil {
			t.Errorf("taken as %v", got.Ask)
		} else if k := fault.KindOf(err); k != fault.Foreign && k != fault.Corrupt {
			t.Errorf("%v", err)
		}
	})
}

// sealedBy seals content of a fuzzer's as the partner would: what is inside is not trusted
// though it is signed.
func sealedBy(t testing.TB, s partner.Side, body []byte) []byte {
	t.Helper()
	to, err := age.ParseHybridRecipient(s.Other.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	sign := ed25519.NewKeyFromSeed(s.Keys.Seed)
	type signed struct {
		Content   []byte `cbor:"1,keyasint"`
		Signature []byte `cbor:"2,keyasint"`
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(w, bytes.NewReader(journal.Encode(signed{body, ed25519.Sign(sign, append([]byte("amparo partner file v1\x00"), body...))})))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAFileOfAnotherVersionSaysSo(t *testing.T) {
	a, b := sides(t, 1)
	type content struct {
		Version int    `cbor:"1,keyasint"`
		What    string `cbor:"2,keyasint"`
	}
	_, err := b.OpenAsk(sealedBy(t, a, journal.Encode(content{2, "ask"})))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("%v", err)
	}
}

// A partner's program may be hostile: what it signs is read without harm.
func FuzzSignedContent(f *testing.F) {
	a, b := sides(f, 1)
	type content struct {
		Version  int    `cbor:"1,keyasint"`
		What     string `cbor:"2,keyasint"`
		Exchange id.ID  `cbor:"3,keyasint"`
		Request  []byte `cbor:"6,keyasint"`
		List     []byte `cbor:"10,keyasint"`
	}
	f.Add(journal.Encode(content{1, "ask", a.Own.Exchange, make([]byte, 1024), nil}))
	f.Add(journal.Encode(content{1, "answer", a.Own.Exchange, nil, make([]byte, 33)}))
	f.Add([]byte{0xbf})
	f.Fuzz(func(t *testing.T, body []byte) {
		file := sealedBy(t, a, body)
		if ask, err := b.OpenAsk(file); err == nil {
			_, _ = oblivious.Answer(t.Context(), b.Own.Exchange[:], &ask.Request, nil, nil) // refused or not, it comes back
		}
		if answer, err := b.OpenAnswer(file); err == nil {
			q, err := oblivious.Ask(nil, []string{"word"})
			if err != nil {
				t.Fatal(err)
			}
			if hits, err := q.Read(&answer.Reply); err == nil {
				t.Errorf("an answer without a key is read: %v", hits)
			}
		}
	})
}

func FuzzFile(f *testing.F) {
	a, b := sides(f, 1)
	ask, answer := files(f, a, b)
	f.Add(ask)
	f.Add(answer[:2000])
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if got, err := b.OpenAsk(file); err == nil && got.Exchange != b.Own.Exchange {
			t.Error("a file of another exchange is taken")
		}
	})
}

func FuzzCard(f *testing.F) {
	a, _ := sides(f, 1)
	f.Add(a.Own.Text())
	f.Add("amparo partner card v1 oWFh")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := partner.ParseCard(s)
		if err != nil {
			return
		}
		if again, err := partner.ParseCard(c.Text()); err != nil || again.Text() != c.Text() {
			t.Errorf("read and written again it is another: %v", err)
		}
		if _, err := c.Terms(); err != nil {
			t.Error(err)
		}
	})
}
