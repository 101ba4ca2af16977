package web

import (
	"errors"
	"strconv"
	"strings"

	"example.org/amparo/fault"
)

// What the rules refuse is said in the reader's language. A refusal has a code, and the
// catalogue has its sentence and what to do under "refused.<code>" and "refused.<code>.do".
// One that has no code is said by its class; English has the words of the error itself.

// bySay is the operation of an error that is worded in the reader's language already.
const bySay = "web"

// refused says why an act was refused, and what to do.
func (s Say) refused(f *fault.Error) (reason, remedy string) {
	if reason, remedy, ok := s.coded(f.Code, f.Args); ok {
		return reason, remedy
	}
	if f.Op == bySay || s.lang == "en" {
		return f.Msg, f.Remedy
	}
	reason, remedy, ok := s.coded("class."+strings.ReplaceAll(string(f.Kind), " ", ""), nil)
	switch {
	case ok:
		return reason, remedy
	case f.Kind == fault.Internal:
		return s.T("error.internal"), ""
	}
	return s.T("error.notfound"), s.T("error.notfound.remedy")
}

// why is refused for any error; ok is false where it was no refusal but a failure of the
// program, of which only English has words.
func (s Say) why(err error) (reason, remedy string, ok bool) {
	var p fault.Problem
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		reason, remedy = s.refused(f)
		return reason, remedy, true
	case errors.As(err, &p):
		reason, remedy = s.wrong(p)
		return reason, remedy, true
	}
	return s.T("error.internal"), "", false
}

// wrong says what is wrong with a field. A problem without a code was found by the page, and
// is worded in the reader's language already.
func (s Say) wrong(p fault.Problem) (reason, remedy string) {
	if reason, remedy, ok := s.coded(p.Code, p.Args); ok {
		return reason, remedy
	}
	if p.Code == "" || s.lang == "en" {
		return p.Reason, p.Remedy
	}
	reason, remedy, _ = s.coded("class.invalid", nil)
	return reason, remedy
}

// coded are the words of a code.
func (s Say) coded(code string, args []any) (reason, remedy string, ok bool) {
	message := "refused." + code
	words := make([]any, len(args))
	for i, a := range args {
		words[i] = s.argument(a)
	}
	reason, remedy = s.Fill(message, words...), s.Fill(message+".do", words...)
	return reason, remedy, code != "" && reason != message
}

// argument writes what a sentence takes in.
func (s Say) argument(a any) string {
	switch a := a.(type) {
	case interface{ Text(lang string) string }:
		return a.Text(s.lang)
	case string:
		return a
	case int:
		return grouped(a)
	case int64:
		return grouped(int(a))
	case uint64:
		return strconv.FormatUint(a, 10)
	}
	return "…"
}
