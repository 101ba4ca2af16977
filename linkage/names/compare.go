package names

import (
	"math"
	"slices"
	"strings"

	"example.org/amparo/names"
	"example.org/amparo/names/latin"
)

// The levels at which two names agree, from [Null]; a higher level is a closer
// agreement.
//
// Source: comparison vectors of ordered agreement, Fellegi and Sunter (1969), JASA 64,
// section 3.1; the levels for Korean names are ours.
const (
	Null         = -1 // a name is missing
	Different    = 0
	SameGiven    = 1 // the given name only: surname changed, alias, married name
	SameSurname  = 2 // the surname, North and South spelling alike
	LikelyLetter = 3 // across scripts or spellings, 6 to 12 bits
	NearlyEqual  = 4 // one surname and a given name one jamo or a slip of letters away
	StrongLetter = 5 // across scripts or spellings, 12 bits and more
	EqualFolded  = 6 // equal as heard: North and South spelling, ㅐ and ㅔ; or the same Latin letters
	EqualHangul  = 7 // every syllable the same
	EqualHan     = 8 // every character the same
)

// Bits at which a match across scripts is likely, and strong.
const (
	likelyBits = 6
	strongBits = 12
)

// Comparison is what two names have in common.
type Comparison struct {
	Level int
	Bits  float64 // log2 P(b | a is the same person) - log2 P(b)
	Why   string  // "金 read 김, 리 as 이": for a person who reviews the pair
}

// Comparer compares keys with a model. It holds nothing that changes and may be shared.
type Comparer struct{ m *latin.Model }

// NewComparer returns a comparer with the model that comes with the program.
func NewComparer() *Comparer { return &Comparer{latin.Default()} }

// NewComparerOf returns a comparer with another model.
func NewComparerOf(m *latin.Model) *Comparer { return &Comparer{m} }

// Level is how two names agree, with the model that comes with the program.
func Level(a, b Key) int { return NewComparer().Compare(a, b).Level }

// Bits is what it is worth as evidence that two names agree as they do, with the model
// that comes with the program: log2 of how much likelier it is for one person's two
// records than for two people's. 0 when a name is missing.
func Bits(a, b Key) float64 { return NewComparer().Compare(a, b).Bits }

// Compare compares two names. The order of the two does not matter.
func (c *Comparer) Compare(a, b Key) Comparison {
	if a.Part == Nothing || b.Part == Nothing {
		return Comparison{Level: Null}
	}
	if b.Script < a.Script || b.Script == a.Script && b.Original < a.Original {
		a, b = b, a
	}
	switch {
	case a.Script == Other || b.Script == Other:
		return c.asWritten(a, b)
	case a.Script == Latin:
		return c.latinPair(a, b)
	case b.Script == Latin:
		return c.acrossScripts(a, b)
	case a.Script == Han && slices.EqualFunc(a.Chars, b.Chars, equalChars):
		return Comparison{Level: EqualHan, Bits: exactBits(a.frequency) + 1, Why: "the same characters"}
	case len(a.Hangul) == 0 || len(b.Hangul) == 0:
		return c.asWritten(a, b)
	}
	return c.hangulPair(a, b)
}

func equalChars(x, y Characters) bool {
	return slices.Equal(x.Surname, y.Surname) && slices.Equal(x.Given, y.Given)
}

// asWritten compares names in a script of which nothing is known.
func (c *Comparer) asWritten(a, b Key) Comparison {
	if a.folded == b.folded {
		return Comparison{Level: EqualFolded, Bits: likelyBits, Why: "written alike"}
	}
	return Comparison{Level: Different, Bits: math.Log2(differs)}
}

// How one person's name comes to be written on a second record: shares, and over how
// many other spellings a slip spreads. They are judgements, to be replaced by what
// linkage learns from data; they only order the levels and set the size of the bits.
const (
	same      = 0.85
	foldedly  = 0.08
	slip      = 0.04
	neighbors = 40.0
	oneOnly   = 0.01 // only the surname, or only the given name, agrees
	differs   = 0.02
)

// exactBits is the weight of full agreement on a name of the given frequency.
func exactBits(frequency float64) float64 { return math.Log2(same / math.Max(frequency, rarest)) }

// rarest is the frequency of a name of which none is known.
const rarest = 1e-7

// hangulPair compares two names through their Korean readings.
func (c *Comparer) hangulPair(a, b Key) Comparison {
	best := Comparison{Level: Null}
	for _, x := range a.Hangul {
		for _, y := range b.Hangul {
			got := c.syllables(a, b, x, y)
			if got.Level > best.Level || got.Level == best.Level && got.Bits > best.Bits {
				best = got
			}
		}
	}
	if best.Level == EqualHangul && a.Script == Han && b.Script == Han {
		best.Level, best.Why = EqualFolded, "read alike, "+best.Why+", in other characters"
		best.Bits -= 3 // a person writes one set of characters; a listener another
	}
	if n := len(a.Hangul) * len(b.Hangul); n > 1 {
		best.Bits -= math.Log2(float64(n)) / 2 // the best of several readings agrees by chance more easily
	}
	if a.Script != b.Script && best.Level >= NearlyEqual {
		best.Why = readAs(a, b) + best.Why
	}
	return best
}

// readAs says how the characters of the one name were read.
func readAs(a, b Key) string {
	if b.Script == Han {
		a = b
	}
	if len(a.Chars) == 0 || len(a.Hangul) == 0 {
		return ""
	}
	return string(a.Chars[0].Surname) + string(a.Chars[0].Given) + " read " + a.Hangul[0].Surname + string(a.Hangul[0].Given) + ": "
}

// syllables compares one Hangul reading with another.
func (c *Comparer) syllables(a, b Key, x, y latin.Hangul) Comparison {
	fs := math.Sqrt(c.m.SurnameFrequency(x.Surname) * c.m.SurnameFrequency(y.Surname))
	xs, xg := names.Heard(x.Surname, x.Given)
	ys, yg := names.Heard(y.Surname, y.Given)
	family := xs == ys
	if a.Part == Surname || b.Part == Surname {
		if family {
			return Comparison{SameSurname, math.Log2(same / fs), "the surname " + spelt(x.Surname, y.Surname) + "; a given name is missing"}
		}
		return Comparison{Different, math.Log2(differs), ""}
	}
	fg := math.Sqrt(c.m.GivenFrequency(x.Given) * c.m.GivenFrequency(y.Given))
	switch {
	case x.Surname == y.Surname && slices.Equal(x.Given, y.Given):
		return Comparison{EqualHangul, exactBits(math.Sqrt(c.m.Frequency(x) * c.m.Frequency(y))), x.Surname + string(x.Given)}
	case family && slices.Equal(xg, yg):
		return Comparison{EqualFolded, math.Log2(foldedly / (fs * fg)), spelt(x.Surname+string(x.Given), y.Surname+string(y.Given))}
	case family && len(xg) > 0 && len(yg) > 0 && jamoDistance(xg, yg) <= 1:
		return Comparison{NearlyEqual, math.Log2(slip / neighbors / (fs * fg)), "one sound apart: " + spelt(x.Surname+string(x.Given), y.Surname+string(y.Given))}
	case family:
		return Comparison{SameSurname, math.Min(math.Log2(oneOnly/fs), 2), "the surname " + spelt(x.Surname, y.Surname)}
	case slices.Equal(xg, yg):
		return Comparison{SameGiven, math.Min(math.Log2(oneOnly/fg), 6), "the given name " + spelt(string(x.Given), string(y.Given))}
	}
	return Comparison{Different, math.Log2(differs), ""}
}

// spelt names one spelling, or both.
func spelt(x, y string) string {
	if x == y {
		return x
	}
	return x + " as " + y
}

// acrossScripts compares Korean readings or characters (a) with Latin letters (b).
func (c *Comparer) acrossScripts(a, b Key) Comparison {
	if len(a.Hangul) == 0 && a.mandarin == nil {
		return Comparison{Level: Different, Bits: math.Log2(differs)}
	}
	if !near(a, b) {
		return c.surnameOnly(a, b)
	}
	hangul := traditions(a.Hangul)
	if len(hangul) == 0 { // characters with no Korean reading: the Mandarin one alone
		hangul = []latin.Hangul{{Weight: 1}}
	}
	bits := c.m.LikelihoodOf(b.Latin, hangul, a.mandarin) - b.somebody
	surname := c.surnameBits(a, b)
	if a.Part == Surname {
		return level(surname, surname, a, b)
	}
	return level(bits, surname, a, b)
}

// North and South Korea spell the same name differently (리 and 이, 련 and 연), and who
// wrote Hangul may have used the one spelling where the Latin letters follow the other.
const otherTradition = 0.4

// traditions adds to each reading its spelling by the other tradition, where there is one.
func traditions(readings []latin.Hangul) []latin.Hangul {
	var out []latin.Hangul
	for _, h := range readings {
		surname, given := otherSpelling(h.Surname, true), otherSpelling(string(h.Given), false)
		if surname == h.Surname && given == string(h.Given) {
			out = append(out, h)
			continue
		}
		w := h.Weight
		h.Weight = w * (1 - otherTradition)
		out = append(out, h, latin.Hangul{Surname: surname, Given: []rune(given), Weight: w * otherTradition})
	}
	return out
}

// otherSpelling is how the other Korea spells a word: the South drops ㄹ, or makes it ㄴ,
// at its beginning. Of a Southern surname the North's spelling is known; of a given name
// only the Southern spelling of a Northern one is.
func otherSpelling(word string, surname bool) string {
	if south := names.South(word); south != word || !surname {
		return south
	}
	if north, ok := northern[word]; ok {
		return north
	}
	return word
}

// northern are the surnames that the South spells without their ㄹ. Some of these
// spellings are also names of their own: 유 is 유 or 류, 임 is 임 or 림.
var northern = map[string]string{"이": "리", "임": "림", "유": "류", "노": "로", "나": "라", "양": "량", "여": "려", "염": "렴", "용": "룡", "육": "륙", "연": "련"}

// surnameBits compares the surnames alone.
func (c *Comparer) surnameBits(a, b Key) float64 {
	best := math.Inf(-1)
	for i, read := range b.Latin {
		if read.Weight < 0.05 {
			continue
		}
		one := []latin.Reading{{Surname: read.Surname, Weight: 1}}
		for _, h := range a.Hangul {
			var chars *latin.Characters
			if a.mandarin != nil {
				chars = &latin.Characters{Surname: a.mandarin.Surname}
			}
			best = max(best, c.m.LikelihoodOf(one, traditions([]latin.Hangul{{Surname: h.Surname, Weight: 1}}), chars)-b.families[i])
		}
	}
	return best
}

// level places bits across scripts on the scale.
func level(bits, surname float64, a, b Key) Comparison {
	out := Comparison{Bits: bits, Why: a.Original + " may be written " + b.Original}
	switch {
	case bits >= strongBits:
		out.Level = StrongLetter
	case bits >= likelyBits:
		out.Level = LikelyLetter
	case surname >= 1:
		out.Level, out.Why = SameSurname, "the surname only"
		out.Bits = math.Min(out.Bits, 2)
	default:
		out.Level, out.Why = Different, ""
		out.Bits = math.Max(math.Min(out.Bits, likelyBits), math.Log2(differs)*3)
	}
	return out
}

// latinPair compares two Latin spellings: by their letters, and by the Hangul names that
// both may stand for.
func (c *Comparer) latinPair(a, b Key) Comparison {
	for _, x := range a.Latin {
		for _, y := range b.Latin {
			if x.Surname == y.Surname && strings.Join(x.Given, "") == strings.Join(y.Given, "") && x.Weight > 0.02 && y.Weight > 0.02 {
				if len(x.Given) == 0 {
					return Comparison{SameSurname, math.Min(-a.somebody, -b.somebody) + math.Log2(same), "the surname " + x.Surname}
				}
				return Comparison{EqualFolded, math.Log2(same/2) - math.Max(a.somebody, b.somebody), "the same letters"}
			}
		}
	}
	bits := sharedBits(a.heard, b.heard)
	out := level(bits, surnameShared(a, b), a, b)
	if out.Level < NearlyEqual && closeLetters(a, b) {
		return Comparison{NearlyEqual, math.Max(bits, likelyBits), "a slip of letters: " + a.Original + ", " + b.Original}
	}
	return out
}

// sharedBits is log2 of the sum over Hangul names h of P(h | a) P(h | b) / P(h): how much
// likelier two spellings are when they are of one name.
//
// Names that sound alike, 리용 and 이영 aside from their spelling, are taken as one name.
func sharedBits(a, b []heardName) float64 {
	var sum float64
	both(a, b, func(x, y heardName) { sum += x.share * y.share / math.Max(x.usual, y.usual) })
	return math.Log2(math.Max(sum, 1e-6))
}

// heardName is the Hangul names of one sound that Latin letters may stand for, or the
// surnames.
type heardName struct {
	name         string
	share, usual float64
}

// heardNames puts together what sounds alike, in order, and the surnames alone.
func heardNames(ds []latin.Decoded, m *latin.Model) (whole, surnames []heardName) {
	add := func(to []heardName, name string, share, usual float64) []heardName {
		k, found := slices.BinarySearchFunc(to, name, func(h heardName, s string) int { return strings.Compare(h.name, s) })
		if !found {
			to = slices.Insert(to, k, heardName{name: name})
		}
		to[k].share += share
		to[k].usual += usual
		return to
	}
	for _, d := range ds {
		surname, given := names.Heard(d.Surname, []rune(d.Given))
		whole = add(whole, surname+" "+string(given), d.Share, d.Usual)
		surnames = add(surnames, names.South(d.Surname), d.Share, 0)
	}
	for k := range surnames {
		surnames[k].usual = familyFrequency(m, surnames[k].name)
	}
	return whole, surnames
}

// familyFrequency is how common a surname is, with its Northern spelling.
func familyFrequency(m *latin.Model, surname string) float64 {
	p := m.SurnameFrequency(surname)
	if north := otherSpelling(surname, true); north != surname {
		p += m.SurnameFrequency(north)
	}
	return p
}

// both calls fn for the names that two lists share; both are in order.
func both(a, b []heardName, fn func(x, y heardName)) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch d := strings.Compare(a[i].name, b[j].name); {
		case d < 0:
			i++
		case d > 0:
			j++
		default:
			fn(a[i], b[j])
			i++
			j++
		}
	}
}

// surnameShared is the same for the surnames alone.
func surnameShared(a, b Key) float64 {
	var sum float64
	both(a.surnames, b.surnames, func(x, y heardName) { sum += x.share * y.share })
	return math.Log2(math.Max(sum, 1e-6)) + 2 // of five people in a hundred pairs, one shares a surname
}

// near reports whether a name in Hangul or Chinese characters (a) and one in Latin letters
// (b) can be one: whether they share a wide key, or the letters begin or end as the
// Mandarin reading of the characters does. To compare the others letter by letter would
// cost hundreds of times as much and come out as different, but for their surname.
func near(a, b Key) bool {
	if a.Part == Surname || b.Part == Surname || shareNumber(a.wide, b.wide) {
		return true
	}
	if a.mandarin == nil || len(a.mandarin.Given) == 0 {
		return false
	}
	first, last := a.mandarin.Given[0], a.mandarin.Given[len(a.mandarin.Given)-1]
	for _, read := range b.Latin {
		if n := len(read.Given); n > 0 && (slices.ContainsFunc(first, func(p string) bool { return strings.HasPrefix(read.Given[0], p) }) ||
			slices.ContainsFunc(last, func(p string) bool { return strings.HasSuffix(read.Given[n-1], p) })) {
			return true
		}
	}
	return false
}

// shareNumber reports whether two lists in order share a number.
func shareNumber(a, b []uint32) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			return true
		}
	}
	return false
}

// surnameOnly compares the surnames of a name in Hangul or characters (a) and one in Latin
// letters (b) of which it is known that the given names differ. By the rule of Bayes
// P(letters | surname) / P(letters) is P(surname | letters) / P(surname).
func (c *Comparer) surnameOnly(a, b Key) Comparison {
	surname := math.Inf(-1)
	for _, h := range a.Hangul {
		name := names.South(h.Surname)
		if k, ok := slices.BinarySearchFunc(b.surnames, name, func(x heardName, s string) int { return strings.Compare(x.name, s) }); ok {
			surname = max(surname, math.Log2(b.surnames[k].share/b.surnames[k].usual))
		}
	}
	return level(math.Log2(differs)*3, surname, a, b)
}

// closeLetters reports whether two spellings are a slip apart: one letter more, less or
// other, or two exchanged. Short names of different people are as near as that by chance,
// so surnames must be the same or the whole long.
func closeLetters(a, b Key) bool {
	x, y := joined(a.Latin), joined(b.Latin)
	return (a.Latin[0].Surname == b.Latin[0].Surname || min(len(x), len(y)) > 8) && oneSlip(x, y)
}
