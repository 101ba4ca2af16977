package world

import (
	"fmt"
	"math"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/names"
	"example.org/amparo/when"
)

// teller records what one interview says of one person.
type teller struct {
	*generator
	p       *Person
	person  id.ID // the record; a duplicate has another one for the same person
	unit    id.ID // the passage the next accounts cite
	length  int
	basis   string
	shift   int // years by which this telling is wrong
	place   string
	late    bool
	err     error
	asTwice bool
}

type toldPassage struct {
	id   id.ID
	text [2]string
}

// say emits one account. Pairs are field and value; an empty value is left out, and
// "a|b" is two values.
func (t *teller) say(kindName string, rec id.ID, pairs ...string) id.ID {
	if t.err != nil {
		return rec
	}
	k, ok := t.set.Kind(kindName)
	if !ok {
		t.err = fmt.Errorf("world: no kind %s", kindName)
		return rec
	}
	vs := kind.Values{"synthetic": {kind.Of("yes")}}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, lang, _ := strings.Cut(pairs[i], ":")
		f, ok := k.Field(name)
		if !ok {
			t.err = fmt.Errorf("world: no field %s.%s", kindName, name)
			return rec
		}
		for _, part := range strings.Split(pairs[i+1], "|") {
			if part == "" {
				continue
			}
			if f.Type == kind.TypeDuration {
				part = pairs[i+1]
			}
			v, err := t.set.ParseValue(f, part, lang)
			if err != nil {
				t.err = fmt.Errorf("world: %s.%s: %w", kindName, name, err)
				return rec
			}
			vs[name] = append(vs[name], v)
			if f.Type == kind.TypeDuration {
				break
			}
		}
	}
	s := casebook.Statement{Record: rec, Kind: kindName, Fields: vs, Source: t.person, Basis: t.basis}
	if kindName == "person" || kindName == "person_identity" || kindName == "consent" || kindName == "interview" || kindName == "statement_unit" {
		s.Source, s.Basis = id.ID{}, ""
	} else if !t.unit.IsZero() {
		s.Passage = casebook.Passage{Record: t.unit, From: 0, To: t.length}
	}
	t.truth.Kinds[kindName]++
	t.clock += 1000 + int64(t.IntN(90000))
	t.err = t.emit(Event{Statement: s, At: t.clock})
	return rec
}

func (g *generator) new() id.ID { return id.New(g) }

// observe records what is ever heard of a person: an interview of those who can speak
// and are reached, a second one elsewhere for some, and a bare listing for others.
func (g *generator) observe(p *Person) error {
	if !p.Heard && len(p.Lists) == 0 {
		return nil
	}
	t := &teller{generator: g, p: p, person: p.ID}
	t.begin()
	if p.Heard {
		t.interview()
	}
	for _, l := range p.Lists {
		t.say("list_capture", g.new(), "person", t.person.String(), "list", l, "date", t.about(p.Left, "month"))
	}
	if t.err == nil && p.Heard && g.yes(heardAgain) { // a second interview, known to be of the same person: accounts that differ
		a := &teller{generator: g, p: p, person: t.person, asTwice: true, shift: 1 - 2*g.IntN(2)}
		a.say("person", t.person, "birth", a.birth(), "origin", p.Origin)
		a.interview()
		t.err = a.err
	}
	if t.err == nil && p.Heard && g.yes(duplicateShare) {
		d := &teller{generator: g, p: p, person: g.new(), asTwice: true}
		if g.yes(changedYear) {
			d.shift = 1 - 2*g.IntN(2)
		}
		if g.yes(changedPlace) {
			d.place = "KP-HYE"
		}
		d.begin()
		d.interview()
		g.truth.Duplicates = append(g.truth.Duplicates, [2]id.ID{t.person, d.person})
		if t.err == nil {
			t.err = d.err
		}
		if t.err == nil && g.yes(linkedShare) { // what a reviewer found already
			t.err = g.emit(Event{Statement: casebook.Statement{Record: t.person}, At: t.clock, Same: d.person, Reason: "same birth year, crossing and route; heard by two organisations"})
		}
	}
	return t.err
}

// begin states the person, the names and the consents.
func (t *teller) begin() {
	p := t.p
	p.Records = append(p.Records, t.person)
	t.serial++
	needs := ""
	if p.Children > 0 {
		needs = "papers|school"
	} else if t.yes(.3) {
		needs = t.of("health", "legal", "psychosocial")
	}
	t.say("person", t.person, "pseudonym", t.pseudonym(), "sex", p.Sex, "birth", t.birth(), "age_basis", t.of("stated", "korean", "document"),
		"nationality_claims", "KP", "origin", p.Origin, "languages", "ko", "specific_needs", needs, "risk_factors", strings.Join(p.Risk, "|"), "motive", p.Motive)
	t.identity()
	t.consents()
	if !p.Sibling.IsZero() && !t.asTwice {
		t.say("relationship", t.new(), "person", t.person.String(), "type", "RL-SIB", "other", p.Sibling.String(), "status", "as told")
	}
}

var poolEN = []string{"Hana", "Duri", "Seri", "Nari", "Bora", "Sora", "Dalrae", "Maru", "Byeol", "Garam", "Haneul", "Iseul", "Namu", "Onnuri", "Pureum", "Saebom", "Tamna", "Yeoul"}

func (t *teller) pseudonym() string {
	return fmt.Sprintf("%s-%04d", poolEN[t.serial%len(poolEN)], t.serial)
}

func (t *teller) birth() string {
	y := t.p.BirthYear + t.shift
	switch t.IntN(5) {
	case 0:
		return fmt.Sprintf("%d-%02d-%02d", y, 1+t.IntN(12), 1+t.IntN(28)) // some by the lunar calendar, which nobody notes
	case 1:
		return fmt.Sprintf("%d-%02d", y, 1+t.IntN(12))
	case 2:
		return fmt.Sprintf("%d/%d", y-1, y) // from an age in years
	}
	return fmt.Sprint(y)
}

// identity states the names in the script this organisation writes.
func (t *teller) identity() {
	p := t.p
	written, lang := p.Hangul, "ko"
	system := t.pick(spelling)
	if system == "latin" {
		system = t.pick(latinSystems)
	}
	switch system {
	case "rr":
		written, lang = latin(p.Hangul, names.Revised), "ko-Latn"
	case "mr":
		written, lang = latin(p.Hangul, names.McCune), "ko-Latn"
	case "north":
		written, lang = latin(p.Hangul, names.North), "ko-Latn"
	case "hanja":
		written, lang = p.Hanja, "zh"
	case "free":
		written, lang = strings.ReplaceAll(latin(p.Hangul, names.Revised), "eo", "u"), "ko-Latn"
	default:
		if t.asTwice {
			written = names.South(p.Hangul)
		}
	}
	alias := ""
	if t.yes(aliasShare) {
		_, pinyin, _, _ := names.Surname(string([]rune(p.Hangul)[0]))
		alias = pinyin + " " + t.of("Mei", "Hua", "Li", "Hong", "Jun", "Yan", "Xiang")
	}
	canary := t.canary(t.person)
	rec := t.new()
	t.identities = append(t.identities, [2]id.ID{rec, t.person})
	t.say("person_identity", rec, "person", t.person.String(), "names:"+lang, written, "aliases", alias, "id_numbers", canary)
}

func latin(hangul string, sys names.System) string {
	rs := []rune(hangul)
	_, _, habits, ok := names.Surname(string(rs[0]))
	family := names.Romanise(string(rs[0]), sys)
	if ok && sys != names.McCune {
		family = habits[0]
	}
	return family + " " + names.Romanise(string(rs[1:]), sys)
}

// canary plants a string that must never leave its clearance.
func (t *teller) canary(rec id.ID) string {
	if len(t.truth.Canaries) >= canaries {
		return ""
	}
	s := fmt.Sprintf("canary-%s-%06x", t.of("amber", "birch", "cedar", "delta", "ember"), t.Uint32()&0xffffff)
	t.truth.Canaries[s] = rec.String()
	return s
}

var consentOf = map[string][]string{
	"named":        {"CO-01", "CO-02", "CO-03", "CO-04", "CO-05", "CO-06", "CO-08"},
	"pseudonymous": {"CO-01", "CO-02", "CO-03", "CO-04", "CO-06"},
	"un":           {"CO-01", "CO-02", "CO-03", "CO-06"},
	"internal":     {"CO-01", "CO-02"},
	"withdrawn":    {"CO-01", "CO-02", "CO-03"},
}

// plantCanaries plants what is left of the canaries, a few in each file of identities.
func (g *generator) plantCanaries() error {
	for i := 0; i < 12*len(g.identities) && len(g.truth.Canaries) < canaries; i += 12 {
		at := g.identities[i/12]
		t := &teller{generator: g, person: at[1]}
		var planted []string
		for range 12 {
			if c := t.canary(at[1]); c != "" {
				planted = append(planted, c)
			}
		}
		t.say("person_identity", at[0], "id_numbers", strings.Join(planted, "|"))
		if t.err != nil {
			return t.err
		}
	}
	return nil
}

func (t *teller) consents() {
	state := "CS-1"
	if t.p.Consent == "withdrawn" {
		state = "CS-3"
	}
	date := t.about(t.p.Left+when.Day(400), "month")
	for _, purpose := range []string{"CO-01", "CO-02", "CO-03", "CO-04", "CO-05", "CO-06", "CO-08"} {
		s := "CS-2"
		for _, given := range consentOf[t.p.Consent] {
			if given == purpose {
				s = state
			}
		}
		if s == "CS-2" && t.yes(.5) {
			continue // never asked: treated as refused
		}
		rec := t.say("consent", t.new(), "person", t.person.String(), "purpose", purpose, "state", s, "language", "ko", "method", "oral, recorded", "date", date, "text_version", "2004-1")
		if s == "CS-1" && purpose == "CO-04" && t.yes(withdrawnLater) {
			t.say("consent", rec, "person", t.person.String(), "purpose", purpose, "state", "CS-3", "date", t.about(t.p.Left+when.Day(900), "month"))
			t.truth.Withdrawn = append(t.truth.Withdrawn, t.person)
		}
	}
}

// about writes a day as exactly as a witness gives it: never a day that was not said.
func (t *teller) about(d when.Day, precision string) string {
	if precision == "" {
		precision = t.pick(precisionSoon)
		if t.late {
			precision = t.pick(precisionLate)
		}
	}
	y, m, day := d.Civil()
	y += t.shift
	switch precision {
	case "day":
		return when.On(y, m, min(day, 28)).String()
	case "month":
		return when.InMonth(y, m).String()
	case "season":
		if m <= 2 {
			return when.InSeason(y-1, 24).String()
		}
		return when.InSeason(y, 21+(m-3)/3).String()
	}
	return when.InYear(y).String()
}

// recalled writes a duration as said: with an error, heaped to round numbers.
func (t *teller) recalled(days int) string {
	x := float64(days) * math.Exp(durationError*t.NormFloat64())
	best := heaps[0]
	for _, h := range heaps {
		if math.Abs(math.Log(x/h)) < math.Abs(math.Log(x/best)) {
			best = h
		}
	}
	if math.Abs(math.Log(x/best)) > .35 || best > 300 {
		return fmt.Sprint(max(1, int(math.Round(x))))
	}
	return map[float64]string{7: "일주일 정도|5..10", 10: "열흘", 15: "보름", 30: "한 달", 60: "약 두 달", 90: "약 세 달", 180: "반년"}[best]
}
