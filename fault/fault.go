// Package fault is the vocabulary of errors in Amparo: what failed, what to do
// about it, and never about whom.
//
// Logs and error texts leave the building: they are pasted into mails, shown to
// a technician, printed by a crashed process. So a fault names the operation,
// the place (file, row, column, field) and the remedy, but it carries no sealed
// value: no name, no contact, no narrative. The caller that reads an import file
// may add the refused cell to a report for the person who imports; it does so in
// [Problem], which is data for that person and is never logged.
//
// Sentences here are English, for the command line and for logs. What the rules refuse a
// person at the desk has a code as well, and the desk has words for each code in every
// language it speaks; a test of the desk reads the codes from the source and finds those
// that lack a code or words.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind classes a failure for the program that must act on it: a page answers
// with a status, the command line with an exit code. A Kind is itself an error,
// so errors.Is(err, fault.Sealed) works through any wrapping.
type Kind string

// Error returns the class's name.
func (k Kind) Error() string { return string(k) }

// The classes. NotFound is also the answer for a record the reader may not open:
// the two must be the same to the letter, or an error message would show that a
// restricted record exists.
const (
	Invalid  Kind = "invalid"   // input that breaks a stated rule; the remedy says which
	NotFound Kind = "not found" // no such thing, or not for this reader
	Denied   Kind = "denied"    // the reader may know of it, but may not do this
	Sealed   Kind = "sealed"    // wrong passphrase, missing or destroyed key
	Corrupt  Kind = "corrupt"   // stored bytes are not what was written: verification failed
	Conflict Kind = "conflict"  // the state has moved on, or another process holds the workspace
	Foreign  Kind = "foreign"   // data of another workspace, or of no known format
	TooLarge Kind = "too large" // over a stated limit
	Storage  Kind = "storage"   // disk full, I/O error
	Internal Kind = "internal"  // a mistake of ours
)

// Error is a failure with a class, the operation, a sentence for the person and
// what to do next. Msg and Remedy are plain English without a final full stop and
// hold no sealed value.
type Error struct {
	Kind   Kind
	Op     string // "vault.Open", "import csv"
	Msg    string // "the passphrase does not open this workspace"
	Remedy string // "check the keyboard layout and try again"
	Err    error  // cause, or nil
	// Code names a refusal a person can meet on a page, so that it can be said in the
	// person's language: "reason.missing". Args are the words and numbers of its sentence.
	Code string
	Args []any
}

// Error joins operation, sentence, cause and remedy on one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	if e.Msg != "" {
		b.WriteString(e.Msg)
	} else {
		b.WriteString(string(e.Kind))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	if e.Remedy != "" {
		b.WriteString(" (")
		b.WriteString(e.Remedy)
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap yields the class and the cause, so errors.Is finds both.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// New returns an [*Error] with a formatted sentence.
func New(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Msg: fmt.Sprintf(format, args...)}
}

// Because returns an [*Error] that wraps a cause. A nil cause gives a nil error,
// so a return statement can wrap without asking.
func Because(kind Kind, op, msg string, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Msg: msg, Err: cause}
}

// With returns e with a remedy: one sentence that says what to do.
func (e *Error) With(format string, args ...any) *Error {
	e.Remedy = fmt.Sprintf(format, args...)
	return e
}

// Coded returns e with its code and what its sentence takes in. An argument that has words
// in several languages has a method Text(lang string) string.
func (e *Error) Coded(code string, args ...any) *Error {
	e.Code, e.Args = code, args
	return e
}

// From returns e with what caused it.
func (e *Error) From(cause error) *Error {
	e.Err = cause
	return e
}

// KindOf returns the class of the outermost [*Error] or [Kind] in err, or
// Internal when it has none. A nil error has no class: "".
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}

// Problem is one refused or doubtful thing in data a person handed in: which
// file, row, column and value, why, and the remedy. It is shown to that person
// only, so Value may be a cell as it stood; it is never written to a log.
type Problem struct {
	File   string `json:"file,omitempty"`
	Row    int    `json:"row,omitempty"` // 1-based as the person's program shows it; the header is row 1
	Column string `json:"column,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Field  string `json:"field,omitempty"`
	Value  string `json:"value,omitempty"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
	// Code and Args are as those of [Error].
	Code string `json:"code,omitempty"`
	Args []any  `json:"-"`
}

// Error makes a Problem usable as an error; it leaves the value out.
func (p Problem) Error() string {
	var b strings.Builder
	for _, part := range []struct{ label, text string }{
		{"", p.File}, {"row ", rowText(p.Row)}, {"column ", p.Column}, {"", p.Kind}, {"field ", p.Field},
	} {
		if part.text != "" {
			b.WriteString(part.label)
			b.WriteString(part.text)
			b.WriteString(": ")
		}
	}
	b.WriteString(p.Reason)
	if p.Remedy != "" {
		b.WriteString(" (")
		b.WriteString(p.Remedy)
		b.WriteString(")")
	}
	return b.String()
}

func rowText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
