package cli

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// benchWorld fills the workspace of the bars. One in ten persons is heard, and tells of
// himself and of nine others: a kilobyte of each, and three incidents. Of all that the desk
// has pages for there is something.
type benchWorld struct {
	ctx       context.Context
	w         *app.Workspace
	pop       *app.Populator
	r         *rand.Rand
	now       time.Time
	incidents []id.ID
	err       error // the first
}

func fillLarge(dir string, persons int) error {
	ctx := context.Background()
	w, err := app.Create(ctx, dir, []byte(benchPass), app.Options{Name: "Bars"}) // the true cost of the passphrase
	if err != nil {
		return err
	}
	b := &benchWorld{ctx: ctx, w: w, pop: w.Populate(), r: rand.New(rand.NewPCG(1, 2)), now: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)}
	var before heard
	for i := 0; i < persons; i += 10 {
		before = b.hear(i, min(10, persons-i), before)
	}
	b.findings()
	if b.err == nil {
		b.err = b.pop.Flush(ctx)
	}
	for _, ask := range []string{figure.AskReturned, figure.AskSold} {
		if b.err == nil {
			_, b.err = w.MakeFigure(ctx, figure.Question{Ask: ask, Draws: 2}, "bars")
		}
	}
	return errorsOf(b.err, w.Close())
}

func (b *benchWorld) say(kindName string, pairs ...string) id.ID {
	vs := kind.Values{}
	for i := 0; i < len(pairs); i += 2 {
		vs[pairs[i]] = append(vs[pairs[i]], kind.Of(pairs[i+1]))
	}
	return b.state(kindName, vs)
}

func (b *benchWorld) state(kindName string, vs kind.Values) id.ID {
	rec := b.w.NewRecord()
	b.now = b.now.Add(time.Second)
	if b.err == nil {
		b.err = b.pop.State(b.ctx, casebook.Statement{Record: rec, Kind: kindName, Fields: vs}, b.now)
	}
	return rec
}

// heard is an interview, who was heard in it, and what was said first.
type heard struct {
	interview, teller id.ID
	words             string
}

// hear records an interview and the n persons from number i on of whom it tells.
func (b *benchWorld) hear(i, n int, before heard) heard {
	g := heard{interview: b.w.NewRecord()}
	for k := range n {
		person := b.person(i + k)
		if k == 0 {
			g.teller = person
			g.interview = b.say("interview", "person", person.String(), "date", "2010-01-01", "purposes", "testimony")
			b.inInterview(i/10, g, before)
		}
		words := narrative(b.r)
		if k == 0 {
			g.words = words
			if i/10%200 == 199 {
				words = before.words // told in the words of another
			}
		}
		b.state("statement_unit", kind.Values{"interview": {kind.Of(g.interview.String())}, "order": {kind.Of(strconv.Itoa(k + 1))}, "verbatim": {{Text: words, Lang: "ko"}}})
		for range 3 {
			b.incidents = append(b.incidents, b.say("incident", "type", pick(b.r, benchTypes), "date", fmt.Sprintf("%d-%02d", 1998+b.r.IntN(20), 1+b.r.IntN(12)),
				"place", pick(b.r, benchPlaces), "agency", "AG-SSD", "person", g.teller.String(), "victims", person.String()))
		}
		b.life(i+k, person)
	}
	return g
}

// person records somebody, with a name, and what may be done with what is told: nine in ten
// agreed that accounts are compared, eight in ten to being counted.
func (b *benchWorld) person(i int) id.ID {
	p := b.say("person", "pseudonym", fmt.Sprintf("%s-%06d", pick(b.r, pseudonyms), i), "sex", pick(b.r, []string{"f", "m"}), "birth", strconv.Itoa(1930+b.r.IntN(70)), "origin", pick(b.r, benchOrigins))
	b.state("person_identity", kind.Values{"person": {kind.Of(p.String())}, "names": {{Text: randomName(b.r), Lang: "ko"}}})
	for from, purpose := range []string{"CO-02", "CO-03"} {
		if i%10 > from+1 || i%10 == 0 {
			b.say("consent", "person", p.String(), "purpose", purpose, "state", "CS-1", "date", "2010-01-01", "language", "ko", "method", "oral", "text_version", "2010-1")
		}
	}
	return p
}

// life records, of one in five, how they crossed; of one in ten, that they were sent back and
// held.
func (b *benchWorld) life(i int, p id.ID) {
	year := 1998 + b.r.IntN(20)
	if i%5 == 0 {
		b.say("journey", "person", p.String(), "from", pick(b.r, benchPlaces), "period", fmt.Sprintf("%d-%02d", year, 1+b.r.IntN(12)))
	}
	if i%20 == 5 || i%20 == 0 {
		e := b.say("episode", "person", p.String(), "period", strconv.Itoa(year+1), "corridor", pick(b.r, benchPlaces))
		b.say("detention_stage", "episode", e.String(), "person", p.String(), "stage", "ST05", "place", pick(b.r, benchPlaces), "in", strconv.Itoa(year+1))
	}
}

// inInterview records what came of one interview in fifty, and that one in a hundred was of
// the household of the one before.
func (b *benchWorld) inInterview(n int, g, before heard) {
	if n%50 == 0 {
		for m, turn := range []string{"begin", "phase_begin", "break"} {
			pairs := []string{"interview", g.interview.String(), "turn", turn, "clock", fmt.Sprintf("2010-01-01T09:%02d:00Z", 20*m)}
			if turn == "phase_begin" {
				pairs = append(pairs, "phase", "introduction")
			}
			b.say("interview_step", pairs...)
		}
	}
	if n%100 == 99 {
		b.say("source_dependency", "a", before.teller.String(), "b", g.teller.String(), "kind", "same_household")
	}
}

// findings records pattern findings on 20 to 200 incidents each, and arguments for some.
func (b *benchWorld) findings() {
	for n := range 60 {
		vs := kind.Values{"type": {kind.Of(benchTypes[n%len(benchTypes)])}, "place": {kind.Of(pick(b.r, benchPlaces))}, "period": {kind.Of("1998/2004")}}
		for range min(20+b.r.IntN(180), len(b.incidents)) {
			vs["rests_on"] = append(vs["rests_on"], kind.Of(pick(b.r, b.incidents).String()))
		}
		f := b.state("pattern", vs)
		if n%3 == 0 {
			b.say("verification", "finding", f.String(), "level", "VS-2", "reasons", "The accounts agree in what was done and by whom.")
		}
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

var (
	pseudonyms   = []string{"Hana", "Duri", "Seri", "Nari", "Bora", "Sora", "Maru", "Byeol", "Garam", "Haneul"}
	benchOrigins = []string{"KP/North Hamgyong", "KP/Ryanggang", "KP/South Hamgyong", "KP/North Pyongan", "KP"}
	benchTypes   = []string{"MT02.1", "MT03.1", "MT02.2", "MT06", "MT04.1", "MT08.1"}
	benchPlaces  = []string{"KP-ONS", "KP-HOE", "KP-MUS", "KP-HYE", "KP-SIN"}
	syllables    = strings.Split("김리박최정강조윤장림한오서신권황안송류홍가경광국금길남덕동란련룡명문미민복봉산상선설성송숙순승실애연영옥용원은일재진창천철춘충평학향현혜화흥희", "")
	benchWords   = strings.Fields("그날 새벽 보위부 사람들이 왔습니다 강을 건너 온성 쪽으로 끌려갔고 보름 동안 조사를 받았습니다 강냉이 죽 한 그릇이 전부였고 옆에 있던 사람은 일어나지 못했습니다 어머니는 아직 소식이 없습니다")
)

func randomName(r *rand.Rand) string {
	return syllables[r.IntN(20)] + syllables[20+r.IntN(len(syllables)-20)] + syllables[20+r.IntN(len(syllables)-20)]
}

// narrative is about a kilobyte of Korean: words of its own, and one in twenty that everybody
// uses.
func narrative(r *rand.Rand) string {
	var b strings.Builder
	for b.Len() < 1000 {
		if r.IntN(20) == 0 {
			b.WriteString(pick(r, benchWords))
		} else {
			for range 2 + r.IntN(3) {
				b.WriteString(pick(r, syllables))
			}
		}
		b.WriteByte(' ')
	}
	if r.IntN(1000) == 0 {
		b.WriteString("벽돌공장")
	}
	return b.String()
}
