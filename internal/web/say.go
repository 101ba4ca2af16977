package web

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var messageFiles embed.FS

// languages the desk speaks, the first when nothing fits.
var languages = []string{"en", "ko", "zh"}

var catalogue = sync.OnceValue(func() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, name := range messageNames() { // "desk.ko.json": a screen, a language
		if _, err := b.LoadMessageFileFS(messageFiles, name); err != nil {
			panic(err) // embedded, and checked by a test
		}
	}
	return b
})

var localizers = sync.OnceValue(func() map[string]*i18n.Localizer {
	out := map[string]*i18n.Localizer{}
	for _, l := range languages {
		out[l] = i18n.NewLocalizer(catalogue(), l)
	}
	return out
})

func messageNames() []string {
	names, err := fs.Glob(messageFiles, "messages/*.json")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return names
}

// Say writes messages in one language. Pages carry it, so that a page can never be
// written in the language of another request.
type Say struct{ lang string }

// Lang is the language's BCP 47 tag.
func (s Say) Lang() string { return s.lang }

// T returns a message.
func (s Say) T(message string) string { return s.with(message, nil) }

// With returns a message with one word filled in for {{.X}}.
func (s Say) With(message string, x any) string { return s.with(message, map[string]any{"X": x}) }

// Two returns a message with two words filled in for {{.X}} and {{.Y}}.
func (s Say) Two(message string, x, y any) string {
	return s.with(message, map[string]any{"X": x, "Y": y})
}

// Fill returns a message with words filled in for {{.A}}, {{.B}} and so on, in their order.
func (s Say) Fill(message string, words ...any) string {
	data := map[string]any{}
	for i, w := range words {
		data[string(rune('A'+i))] = w
	}
	return s.with(message, data)
}

func (s Say) with(message string, data map[string]any) string {
	text, err := localizers()[s.lang].Localize(&i18n.LocalizeConfig{MessageID: message, TemplateData: data})
	if err != nil {
		return message // a test proves that every message used is in every catalogue
	}
	return text
}

// N returns a message that depends on a count, with the number grouped.
func (s Say) N(message string, n int) string {
	text, err := localizers()[s.lang].Localize(&i18n.LocalizeConfig{MessageID: message, PluralCount: n, TemplateData: map[string]any{"N": grouped(n)}})
	if err != nil {
		return message
	}
	return text
}

// grouped writes a number with commas, as all three languages do.
func grouped(n int) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	digits := []byte{}
	for i := 0; ; i++ {
		if i > 0 && i%3 == 0 {
			digits = append(digits, ',')
		}
		digits = append(digits, byte('0'+n%10))
		if n /= 10; n == 0 {
			break
		}
	}
	for i, j := 0, len(digits)-1; i < j; i, j = i+1, j-1 {
		digits[i], digits[j] = digits[j], digits[i]
	}
	return string(digits)
}

var langMatcher = language.NewMatcher([]language.Tag{language.English, language.Korean, language.SimplifiedChinese})

// speaker finds the language of a request: the reader's own choice, else what the
// browser asks for. Traditional Chinese readers get English, not a guess.
func speaker(r *http.Request) Say {
	if c, err := r.Cookie("lang"); err == nil {
		for _, l := range languages {
			if c.Value == l {
				return Say{l}
			}
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil && len(tags) > 0 {
		if _, i, conf := langMatcher.Match(tags...); conf >= language.High {
			return Say{languages[i]}
		}
	}
	return Say{languages[0]}
}

// theme of a request: "light", "dark" or "" for the system's.
func theme(r *http.Request) string {
	if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// keysOff reports whether the reader turned single keys off (WCAG 2.1.4).
func keysOff(r *http.Request) bool {
	c, err := r.Cookie("keys")
	return err == nil && strings.EqualFold(c.Value, "off")
}
