package app

import (
	"context"
	"slices"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/index"
	"example.org/amparo/linkage/reuse"
)

// testimonies are the words of interviews, opened as they are needed.
type testimonies struct {
	w     *Workspace
	all   []Telling
	empty map[int]bool // those without a passage

	opened []string // where they are few
}

// wordsAtOnce is how many interviews are opened together; twice as many are few.
const wordsAtOnce = 100

func (t *testimonies) Len() int { return len(t.all) }

func (t *testimonies) Text(ctx context.Context, i int) (string, error) {
	if t.opened != nil {
		return t.opened[i], nil
	}
	texts, err := t.open(ctx, i, i+1)
	if err != nil {
		return "", err
	}
	return texts[0], nil
}

func (t *testimonies) Each(ctx context.Context, fn func(i int, text string) error) error {
	for from := 0; from < len(t.all); from += wordsAtOnce {
		to := min(len(t.all), from+wordsAtOnce)
		texts := t.opened[min(from, len(t.opened)):min(to, len(t.opened))]
		if t.opened == nil {
			var err error
			if texts, err = t.open(ctx, from, to); err != nil {
				return err
			}
		}
		for i, text := range texts {
			if err := fn(from+i, text); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// open opens the words of interviews as they were spoken; translated where only that was kept.
func (t *testimonies) open(ctx context.Context, from, to int) ([]string, error) {
	for _, told := range t.all[from:to] {
		index.Naming(ctx, told.Interview, "statement_unit", "interview")
	}
	ctx = index.Unwatched(ctx) // whoever may be compared, passages and all, was asked before
	var passages [][]id.ID
	var all []id.ID
	for _, told := range t.all[from:to] {
		rows, err := t.w.index.Linked(ctx, told.Interview, "statement_unit", "interview")
		if err != nil {
			return nil, err
		}
		sortPassages(rows)
		var in []id.ID
		for _, row := range rows {
			in = append(in, row.ID)
		}
		passages, all = append(passages, in), append(all, in...)
	}
	folded, err := t.w.index.Folds(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]string, to-from)
	for i, in := range passages {
		if t.empty[from+i] = len(in) == 0; len(in) == 0 {
			continue
		}
		var words []string
		for _, p := range in {
			r := folded[p]
			if r == nil {
				continue // taken back meanwhile
			}
			text, _ := firstText(r, "verbatim")
			if text == "" {
				text, _ = firstText(r, "translation")
			}
			words = append(words, text)
		}
		out[i] = strings.Join(words, "\n")
	}
	return out, nil
}

// wording compares the words of tellings with each other, or with those that fresh names. told
// are the tellings that have words.
func (w *Workspace) wording(ctx context.Context, all []Telling, fresh map[id.ID]bool) (told []Telling, out []Retelling, err error) {
	common, err := w.commonWording(ctx)
	if err != nil {
		return nil, nil, err
	}
	var isFresh func(int) bool
	if fresh != nil {
		isFresh = func(i int) bool { return fresh[all[i].Interview] }
	}
	texts := &testimonies{w: w, all: all, empty: map[int]bool{}}
	if len(all) <= wordsAtOnce*2 {
		if texts.opened, err = texts.open(ctx, 0, len(all)); err != nil {
			return nil, nil, err
		}
	}
	found, err := reuse.FindIn(ctx, texts, isFresh, reuse.Settings{Least: (copiedUnits + 1) / 2, Prompts: common}) // none with less is suspect
	if err != nil {
		return nil, nil, err
	}
	for i, t := range all {
		if !texts.empty[i] {
			told = append(told, t)
		}
	}
	for _, s := range found {
		a, b := all[s.A], all[s.B]
		if a.Teller == b.Teller || !s.Suspect(copiedWords, copiedUnits) {
			continue // who tells a story twice is one source anyhow; phrases are everybody's
		}
		r := Retelling{A: a, B: b, ShareA: s.ShareA, ShareB: s.ShareB, Longest: s.Longest}
		if len(s.Passages) > 0 {
			longest := slices.MaxFunc(s.Passages, func(x, y reuse.Passage) int { return x.Units - y.Units })
			text, err := texts.Text(ctx, s.A)
			if err != nil {
				return nil, nil, err
			}
			if longest.ATo > len(text) {
				continue // changed meanwhile, and compared again for that
			}
			r.Words = strings.Clone(text[longest.AFrom:longest.ATo])
		}
		out = append(out, r)
	}
	return told, out, nil
}
