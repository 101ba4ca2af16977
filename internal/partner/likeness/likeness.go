// Package likeness says under which words two accounts of one person would be found: the
// name as it is heard, for each reading that its script allows, with the year of birth and
// the sex. Two organisations that wrote a person down as 김철수, 金哲洙 and Kim Chol-su come to
// the same word, though neither shows the other a name; see package oblivious.
//
// A common word is a reason to ask, never an answer. How many are found and how many are
// found wrongly is measured in docs/benchmarks/partners.md.
package likeness

import (
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/linkage/names"
	"example.org/amparo/when"
)

// Known is what is known of a person.
type Known struct {
	Names    []string    // names and transliterations, in any script
	Aliases  []string    // names used in China, nicknames
	Births   []when.Date // accounts may differ
	Sex      string      // "f" or "m"; anything else is not known
	Province string      // of origin; "" is not known
}

// Word is one word under which a person may be found.
type Word struct {
	Text  string
	Alias bool // from an alias: weaker, for names used in China are few
}

const (
	perName  = 8 // readings of one name, the likeliest first
	maxYears = 5 // that an uncertain birth may stand for
	slack    = 1 // years beside a birth, for ages counted in another way
	maxWords = 160
)

// Reader makes words. It keeps names it has read, so it is for one goroutine.
type Reader struct{ r *names.Reader }

// NewReader returns a reader with the model of names that comes with the program.
func NewReader() *Reader { return &Reader{names.NewReader()} }

// Asked returns the words to ask about a person with, the likeliest first: with the years
// that the birth can mean and no others. A birth that can mean more than five years, or
// any, gives no words: too many people would seem to be one.
func (r *Reader) Asked(k Known) []Word { return r.words(k, 0) }

// Listed returns the words under which a person is listed: those of [Reader.Asked] with a
// year on either side, so that an age counted in the Korean way or a birth by the moon's
// calendar is found.
func (r *Reader) Listed(k Known) []Word { return r.words(k, slack) }

// words are in the order of their worth: names before aliases, likelier readings before
// others. A name used in China is one of few, so it counts with the province only.
func (r *Reader) words(k Known, beside int) (out []Word) {
	years := yearsOf(k.Births, beside)
	add := func(all []string, alias bool, kind, place string) {
		for _, heard := range r.heard(all) {
			for _, y := range years {
				for _, sex := range sexesOf(k.Sex) {
					w := Word{Text: strings.Join([]string{kind, heard, strconv.Itoa(y), sex, place}, "\x1f"), Alias: alias}
					if len(out) < maxWords {
						out = append(out, w)
					}
				}
			}
		}
	}
	add(k.Names, false, "name", "")
	if k.Province != "" {
		add(k.Aliases, true, "alias", k.Province)
	}
	return out
}

// heard are the names as they sound, likeliest first: the first reading of every name
// before the second of any.
func (r *Reader) heard(all []string) (out []string) {
	var each [][]string
	for _, n := range all {
		each = append(each, r.r.Parse(n).Heard(perName))
	}
	for i := range perName {
		for _, one := range each {
			if i < len(one) && !slices.Contains(out, one[i]) {
				out = append(out, one[i])
			}
		}
	}
	return out
}

// yearsOf are the years that births can mean, with some on either side; none where they can
// mean too many.
func yearsOf(births []when.Date, beside int) (out []int) {
	var told []int
	for _, birth := range births {
		lo, hi := birth.Bounds()
		first, _, _ := lo.Civil()
		last, _, _ := hi.Civil()
		if birth.IsZero() || lo == when.Beginning || hi == when.End || last-first >= maxYears {
			continue
		}
		for y := first; y <= last; y++ {
			told = append(told, y)
		}
	}
	slices.Sort(told)
	if told = slices.Compact(told); len(told) > maxYears {
		return nil
	}
	for _, y := range told {
		for d := -beside; d <= beside; d++ {
			if !slices.Contains(out, y+d) {
				out = append(out, y+d)
			}
		}
	}
	return out
}

func sexesOf(sex string) []string {
	if sex == "f" || sex == "m" {
		return []string{sex}
	}
	return []string{"f", "m"}
}
