package transcript

import (
	"fmt"
	"regexp"
	"strings"

	"example.org/amparo/fault"
)

// timing is a line of SubRip or WebVTT that says when a cue begins and ends.
//
// Source: W3C WebVTT, 4.1 "WebVTT cue timings"; SubRip by common use.
var timing = regexp.MustCompile(`^(?:(\d{1,3}):)?(\d{2}):(\d{2})[.,](\d{3})[ \t]+-->[ \t]+(?:\d{1,3}:)?\d{2}:\d{2}[.,]\d{3}`)

// tag is markup inside a cue. A voice tag names who speaks.
var (
	voice = regexp.MustCompile(`^<v(?:\.[^\s>]+)?[ \t]+([^>]+)>`)
	tag   = regexp.MustCompile(`</?[a-zA-Z][^>\n]*>|<\d[\d:.]*>`)
)

var entities = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&nbsp;", "\u00a0", "&lrm;", "\u200e", "&rlm;", "\u200f")

// looksLikeSRT reports whether the first thing in a text is a numbered cue.
func looksLikeSRT(s string) bool {
	lines := strings.SplitN(strings.TrimLeft(s, "\n \t"), "\n", 3)
	if len(lines) < 2 {
		return false
	}
	return timing.MatchString(lines[0]) || timing.MatchString(strings.TrimSpace(lines[1]))
}

// cues reads subtitle blocks. A block without a timing is a header, a note or a style of
// WebVTT; in SubRip it is damage, and a warning names it.
func cues(name, s string) (out []Unit, warnings []fault.Problem) {
	vtt := strings.HasPrefix(s, "WEBVTT")
	line := 1
	for i, block := range strings.Split(s, "\n\n") {
		u, err := cue(block, line, vtt)
		switch {
		case err == nil && u.Words != "":
			out = append(out, u)
		case err != nil && strings.TrimSpace(block) != "" && !(vtt && (i == 0 || isNote(block))):
			warnings = append(warnings, fault.Problem{File: name, Row: line, Value: short(block), Reason: "is not a cue and was left out", Remedy: "a cue has a line with its times and then its words", Code: "transcript.cue"})
		}
		line += strings.Count(block, "\n") + 2
	}
	return out, warnings
}

func isNote(block string) bool {
	block = strings.TrimLeft(block, "\n")
	return strings.HasPrefix(block, "NOTE") || strings.HasPrefix(block, "STYLE") || strings.HasPrefix(block, "REGION")
}

func short(s string) string {
	rs := []rune(strings.TrimSpace(s))
	return string(rs[:min(len(rs), 60)])
}

func cue(block string, line int, vtt bool) (Unit, error) {
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		m := timing.FindStringSubmatch(strings.TrimSpace(l))
		if m == nil {
			continue
		}
		hours := m[1]
		if hours == "" {
			hours = "0"
		}
		u := Unit{Line: line + i, Time: fmt.Sprintf("%02s:%s:%s.%s", hours, m[2], m[3], m[4])}
		words := strings.TrimSpace(strings.Join(lines[i+1:], "\n"))
		if v := voice.FindStringSubmatch(words); v != nil {
			u.Speaker = strings.TrimSpace(v[1])
		}
		words = tag.ReplaceAllString(words, "")
		if vtt {
			words = entities.Replace(words)
		}
		u.Words = strings.TrimSpace(words)
		return u, nil
	}
	return Unit{}, errShape
}
