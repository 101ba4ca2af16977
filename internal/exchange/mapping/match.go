package mapping

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"example.org/amparo/internal/kind"
)

// The ranks of a match, the surest first. A column of a better rank takes the field.
const (
	byName = iota
	bySynonym
	byLabel
	byCode
	byChoice
	byAside
	maxRank = byAside
)

// matched is a header's place in a kind; f is nil where it has none.
type matched struct {
	f      *kind.Field
	column Column
}

// key tells apart the columns that may share a field.
func (c matched) key() string {
	switch {
	case c.column.Choice != "":
		return c.column.Field + "/" + c.column.Choice
	case c.column.State:
		return c.column.Field + "?"
	case c.column.Note != "":
		return c.column.Field + "+"
	}
	return c.column.Field + ":" + c.column.Lang
}

var language = regexp.MustCompile(`^(.+):([a-z]{2,3}(?:-[A-Za-z0-9]+)*)$`)

// match finds the field a header means, at one rank of sureness or, for maxRank, at
// any.
func (g guesser) match(k *kind.Kind, header string, rank int) matched {
	base, lang := header, ""
	if strings.Contains(header, ":") {
		if m := language.FindStringSubmatch(header); m != nil {
			base, lang = m[1], m[2]
		}
	}
	for r := range rank + 1 {
		if r < rank && rank != maxRank {
			continue
		}
		if f, why := g.fieldAt(k, base, r); f != nil {
			return matched{f, Column{Field: f.Name, Lang: lang, Why: why}}
		}
		switch r {
		case byChoice:
			if c := g.choiceOf(k, header); c.f != nil {
				return c
			}
		case byAside:
			if c := g.asideOf(k, header); c.f != nil {
				return c
			}
		}
	}
	return matched{}
}

// words are how the fields of a kind are named besides their own names.
type words struct {
	labels map[string]named // folded
	codes  map[string]named // of standards, in small letters
}

type named struct {
	f   *kind.Field
	why string
}

func wordsOf(k *kind.Kind) words {
	w := words{map[string]named{}, map[string]named{}}
	for _, f := range k.Fields {
		for _, lang := range []string{"en", "ko", "zh"} {
			if l := folded(f.Label[lang]); l != "" && w.labels[l].f == nil {
				w.labels[l] = named{f, "its label in " + lang}
			}
		}
		for _, std := range slices.Sorted(maps.Keys(f.Crosswalk)) {
			if code := strings.ToLower(f.Crosswalk[std]); w.codes[code].f == nil {
				w.codes[code] = named{f, "its code in " + std}
			}
		}
	}
	return w
}

// end is a header or, of a question in groups, what remains without them.
type end struct{ raw, folded string }

func (g guesser) ends(header string) []end {
	if e, ok := g.folds[header]; ok {
		return e
	}
	out := []end{{header, folded(header)}}
	if g.form {
		for i, r := range header {
			if r == '/' || r == '-' {
				out = append(out, end{header[i+1:], folded(header[i+1:])})
			}
		}
	}
	g.folds[header] = out
	return out
}

func (g guesser) fieldAt(k *kind.Kind, header string, rank int) (*kind.Field, string) {
	for _, e := range g.ends(header) {
		switch rank {
		case byName:
			if f, ok := k.Field(e.folded); ok {
				return f, "the name of the field"
			}
		case bySynonym:
			for _, s := range synonyms[e.folded] {
				if f, ok := k.Field(s); ok {
					return f, "a usual name of it"
				}
			}
		case byLabel:
			if n, ok := g.words(k).labels[e.folded]; ok {
				return n.f, n.why
			}
		case byCode:
			if n, ok := g.words(k).codes[strings.ToLower(strings.TrimSpace(e.raw))]; ok {
				return n.f, n.why
			}
			if g.s.Tags == nil {
				continue
			}
			if i := slices.Index(g.s.Header, header); i >= 0 && i < len(g.s.Tags) && g.s.Tags[i] != "" {
				n := g.words(k).codes[g.s.Tags[i]]
				return n.f, n.why
			}
		}
	}
	return nil, ""
}

func (g guesser) words(k *kind.Kind) words {
	w, ok := g.known[k.Name]
	if !ok {
		w = wordsOf(k)
		g.known[k.Name] = w
	}
	return w
}

// choiceOf finds a column of one choice, "question/choice", of a question that takes
// several.
func (g guesser) choiceOf(k *kind.Kind, header string) matched {
	i := strings.LastIndexByte(header, '/')
	if i <= 0 || slices.Contains(g.s.Header, header[:i]) { // beside the whole answer it only repeats
		return matched{}
	}
	f := g.plain(k, header[:i])
	if f == nil || !f.Repeat || f.Type != kind.TypeTerm && f.Type != kind.TypePlace {
		return matched{}
	}
	v, err := g.set.ParseValue(f, header[i+1:], "")
	if err != nil {
		return matched{}
	}
	return matched{f, Column{Field: f.Name, Choice: v.CellText(), Why: "one choice of the question"}}
}

// plain finds the field a header names by any sure means.
func (g guesser) plain(k *kind.Kind, header string) *kind.Field {
	for rank := range byChoice {
		if f, _ := g.fieldAt(k, header, rank); f != nil {
			return f
		}
	}
	return nil
}

// asideOf finds the column beside a question: "question_state" says why there is no
// answer, "question_other" answers in words.
func (g guesser) asideOf(k *kind.Kind, header string) matched {
	if base, ok := strings.CutSuffix(header, "_state"); ok {
		if f := g.plain(k, base); f != nil {
			return matched{f, Column{Field: f.Name, State: true, Why: "why there is no answer"}}
		}
	}
	if base, ok := strings.CutSuffix(header, "_other"); ok && g.form {
		if f := g.plain(k, base); f != nil && f.Type == kind.TypeTerm {
			return matched{f, Column{Field: f.Name, Note: f.Label.In("en") + ", other", Why: "an answer in words"}}
		}
	}
	return matched{}
}
