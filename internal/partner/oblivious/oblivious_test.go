package oblivious_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/internal/partner/oblivious"
)

var salt = []byte("one exchange")

func ask(t testing.TB, words ...string) *oblivious.Question {
	t.Helper()
	q, err := oblivious.Ask(salt, words)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func answer(t testing.TB, q *oblivious.Question, list ...oblivious.Listed) *oblivious.Reply {
	t.Helper()
	r, err := q.Request()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := oblivious.Answer(t.Context(), salt, r, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func code(n int) oblivious.Code { return oblivious.Code{byte(n >> 8), byte(n), 7, 7, 7} }

// What is found is the intersection, with the codes of those who have each word.
func TestTheAskerFindsWhatBothHave(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "", "ab"})
		asked := rapid.SliceOfNDistinct(word, 1, 6, rapid.ID).Draw(rt, "asked")
		var list []oblivious.Listed
		want := map[string]bool{}
		for i, words := range rapid.SliceOfN(rapid.SliceOfN(word, 0, 3), 0, 7).Draw(rt, "list") {
			list = append(list, oblivious.Listed{Words: words, Code: code(i)})
			for _, w := range words {
				if at := slices.Index(asked, w); at >= 0 {
					want[fmt.Sprint(oblivious.Hit{Word: at, Code: code(i)})] = true
				}
			}
		}
		q := ask(t, asked...)
		kept, err := q.Marshal()
		if err != nil {
			rt.Fatal(err)
		}
		if q, err = oblivious.ParseQuestion(kept); err != nil {
			rt.Fatal(err)
		}
		hits, err := q.Read(answer(t, q, list...))
		if err != nil {
			rt.Fatal(err)
		}
		got := map[string]bool{}
		for _, h := range hits {
			got[fmt.Sprint(h)] = true
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Errorf("found %v, want %v", got, want)
		}
	})
}

// A word of another exchange is another word.
func TestR27TheSaltOfAnExchangeKeepsItsWordsApart(t *testing.T) {
	q, err := oblivious.Ask([]byte("another exchange"), []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	hits, err := q.Read(answer(t, q, oblivious.Listed{Words: []string{"a"}}))
	if err != nil || len(hits) > 0 {
		t.Errorf("found %v under another salt, %v", hits, err)
	}
}

// Two requests for the same words, and two lists of the same people, have nothing in
// common; and all are of the same size, whatever they are about.
func TestR27RequestsAndListsDoNotRepeatThemselves(t *testing.T) {
	q := ask(t, "a")
	one, _ := q.Request()
	again, _ := q.Request()
	if *one != *again {
		t.Error("one question sends two requests")
	}
	two, _ := ask(t, "a").Request()
	for i, e := range one {
		if slices.Contains(two[:], e) {
			t.Errorf("element %d is in both requests for one word", i)
		}
	}
	list := oblivious.Listed{Words: []string{"a", "b", "c"}, Code: code(1)}
	x, y := answer(t, q, list), answer(t, q, list)
	if len(x.List) != oblivious.MinList*16 || len(answer(t, q).List) != len(x.List) {
		t.Errorf("a list of three words takes %d bytes, one of none %d", len(x.List), len(answer(t, q).List))
	}
	if shared(x.List, y.List) > 0 || x.Public == y.Public {
		t.Error("two answers have something in common")
	}
}

func shared(a, b []byte) (n int) {
	in := map[string]bool{}
	for e := range slices.Chunk(a, 16) {
		in[string(e[:11])] = true
	}
	for e := range slices.Chunk(b, 16) {
		if in[string(e[:11])] {
			n++
		}
	}
	return n
}

// R27: what is sent is not the words in another form. Their bare elements, which anybody can
// compute from a list of names, are in no request and no answer; only whoever holds the
// blinds can tell that a request is about a word, which is why they are kept sealed.
func TestR27OnlyTheBlindsTellWhatWasAsked(t *testing.T) {
	q := ask(t, "a")
	req, _ := q.Request()
	reply := answer(t, q, oblivious.Listed{Words: []string{"a"}})
	kept, _ := q.Marshal()
	mine := kept[2 : 2+oblivious.ElementSize] // the blind of the first slot
	one := make([]byte, oblivious.ElementSize)
	one[0] = 1
	for _, tc := range []struct {
		name  string
		blind []byte
		want  bool
	}{{"without the blind", one, false}, {"with it", mine, true}} {
		guess, _ := ask(t, "a").Marshal()
		copy(guess[2:], tc.blind)
		g, err := oblivious.ParseQuestion(guess)
		if err != nil {
			t.Fatal(err)
		}
		try, _ := g.Request()
		if got := slices.Contains(req[:], try[0]); got != tc.want {
			t.Errorf("%s the request is known to ask about the word: %v", tc.name, got)
		}
		if slices.Contains(reply.Evaluated[:], try[0]) {
			t.Errorf("%s the word is in the answer", tc.name)
		}
	}
}

// Nine people under one word: eight are found, which is enough to say that it is common.
func TestAWordThatManyHaveIsBounded(t *testing.T) {
	var list []oblivious.Listed
	for i := range 9 {
		list = append(list, oblivious.Listed{Words: []string{"a"}, Code: code(i)})
	}
	q := ask(t, "a")
	hits, err := q.Read(answer(t, q, list...))
	if err != nil || len(hits) != 8 {
		t.Errorf("%d hits, %v", len(hits), err)
	}
}

// An answer that was changed, or that answers another question, says nothing.
func TestAChangedAnswerIsRefused(t *testing.T) {
	q := ask(t, "a")
	good := answer(t, q, oblivious.Listed{Words: []string{"a"}})
	other := answer(t, ask(t, "a"), oblivious.Listed{Words: []string{"a"}})
	for name, change := range map[string]func(r *oblivious.Reply){
		"another key":           func(r *oblivious.Reply) { r.Public = other.Public },
		"another's values":      func(r *oblivious.Reply) { r.Evaluated = other.Evaluated },
		"one value of another":  func(r *oblivious.Reply) { r.Evaluated[3] = other.Evaluated[3] },
		"two values exchanged":  func(r *oblivious.Reply) { r.Evaluated[0], r.Evaluated[1] = r.Evaluated[1], r.Evaluated[0] },
		"another proof":         func(r *oblivious.Reply) { r.Proof = other.Proof },
		"the neutral element":   func(r *oblivious.Reply) { r.Evaluated = [oblivious.Slots][oblivious.ElementSize]byte{} },
		"a key that is neutral": func(r *oblivious.Reply) { r.Public = [oblivious.ElementSize]byte{} },
		"noise":                 func(r *oblivious.Reply) { r.Evaluated[0] = [oblivious.ElementSize]byte(bytes.Repeat([]byte{0xff}, 32)) },
		"a list cut off":        func(r *oblivious.Reply) { r.List = r.List[:17] },
	} {
		r := *good
		r.List = bytes.Clone(good.List)
		change(&r)
		if hits, err := q.Read(&r); err == nil {
			t.Errorf("%s: read as %v", name, hits)
		}
	}
	if hits, err := q.Read(good); err != nil || len(hits) != 1 {
		t.Errorf("the answer itself: %v, %v", hits, err)
	}
}

func TestARequestThatIsNoneIsNotAnswered(t *testing.T) {
	for name, first := range map[string][]byte{"neutral": make([]byte, 32), "noise": bytes.Repeat([]byte{0xff}, 32)} {
		r, _ := ask(t, "a").Request()
		r[5] = [oblivious.ElementSize]byte(first)
		if _, err := oblivious.Answer(t.Context(), salt, r, nil, nil); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := oblivious.Ask(salt, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("no words: %v", err)
	}
}

func TestAnAnswerCanBeStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	r, _ := ask(t, "a").Request()
	if _, err := oblivious.Answer(ctx, salt, r, []oblivious.Listed{{Words: []string{"a"}}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("goes on: %v", err)
	}
}

func TestListsAreFilledUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, oblivious.MaxList).Draw(t, "n")
		s := oblivious.Size(n)
		if s < n || s < oblivious.MinList || s&(s-1) != 0 || s > oblivious.MinList && s/2 >= n {
			t.Errorf("%d entries are filled up to %d", n, s)
		}
	})
}

func FuzzQuestion(f *testing.F) {
	b, _ := ask(f, "a", "b").Marshal()
	f.Add(b)
	f.Add([]byte{1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := oblivious.ParseQuestion(b)
		if err != nil {
			return
		}
		again, err := q.Marshal()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("read and written again it is another: %v", err)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	var list []oblivious.Listed
	for i := range 100 {
		list = append(list, oblivious.Listed{Words: []string{fmt.Sprint("word ", i)}, Code: code(i)})
	}
	q, _ := oblivious.Ask(salt, []string{"word 3"})
	r, _ := q.Request()
	for b.Loop() {
		if _, err := oblivious.Answer(b.Context(), salt, r, list, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/100, "µs/word")
}
