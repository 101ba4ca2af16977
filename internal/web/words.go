package web

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.org/amparo/estimate"
)

// sentence is a sentence of a fit in the reader's language. Lang is set where only English has
// words for it: of a figure that was kept before its numbers were kept with its words.
type sentence struct{ Text, Lang string }

// wordsNeed is how many numbers and names each sentence of a fit takes, by message.
var wordsNeed = sync.OnceValue(func() map[string]int {
	letters := regexp.MustCompile(`\{\{\.([A-Z])\}\}`)
	b, err := messageFiles.ReadFile("messages/words.en.json")
	all := map[string]string{}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		panic(err) // embedded, and checked by a test
	}
	out := map[string]int{}
	for message, text := range all {
		out[message] = 0
		for _, m := range letters.FindAllStringSubmatch(text, -1) {
			out[message] = max(out[message], int(m[1][0]-'A')+1)
		}
	}
	return out
})

// wordsFor finds the message of an assumption, a warning or a refusal: by its code, and where
// one code has several sentences, by how many numbers it comes with.
func wordsFor(code string, args int) (message string, ok bool) {
	code = strings.ReplaceAll(code, "-", "_")
	if code == "no_upper_limit" {
		code = "unbounded"
	}
	for _, m := range []string{"words." + code + "." + strconv.Itoa(args), "words." + code} {
		if need, there := wordsNeed()[m]; there && need <= args {
			return m, true
		}
	}
	return "", false
}

// speak says what a fit assumes, doubts or refuses in the reader's language.
func (v *visit) speak(code, text string, args []any) sentence {
	message, ok := wordsFor(code, len(args))
	if !ok {
		return sentence{text, "en"}
	}
	words := make([]any, len(args))
	for i, a := range args {
		words[i] = v.word(a)
	}
	return sentence{Text: v.Say.Fill(message, words...)}
}

// word writes a number or a name of a sentence. Methods have names in every language.
func (v *visit) word(a any) string {
	f, ok := a.(float64)
	switch n := a.(type) {
	case string:
		return v.method(n)
	case int:
		f, ok = float64(n), true
	case int64:
		f, ok = float64(n), true
	case estimate.Number:
		f, ok = float64(n), true
	}
	switch {
	case !ok || math.IsNaN(f) || math.IsInf(f, 0):
		return "…"
	case math.Abs(f) >= 100 || f == math.Trunc(f):
		return grouped(int(math.Round(f)))
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

func (v *visit) refusal(r estimate.Refusal) sentence { return v.speak(r.Code, r.Text, r.Args) }

// instead is what to do, or what may be said, in place of what is refused.
func (v *visit) instead(r estimate.Refusal) sentence {
	if r.Instead == "" {
		return sentence{}
	}
	return v.speak("instead_"+r.InsteadCode, r.Instead, r.InsteadArgs)
}

// assumed and doubted are the sentences of a fit.
func (v *visit) assumed(fit estimate.Fit) (out []sentence) {
	for _, a := range fit.Assumptions {
		out = append(out, v.speak(a.Code, a.Text, a.Args))
	}
	return out
}

func (v *visit) doubted(fit estimate.Fit) (out []sentence) {
	for _, d := range fit.Warnings {
		if s := v.speak(d.Code, d.Text, d.Args); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
