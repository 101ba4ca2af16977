// Package estimate holds what every estimator gives back: an interval before a point,
// what it assumes, what is doubtful, how the calculation went, and where no figure can
// be defended a refusal with its words instead of a figure.
//
// Everything here is data. A Fit serialises to JSON with fixed field names, and it can
// be computed again from what it carries: method, options, seed and the hash of the input.
package estimate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
)

// Number is a float64 that JSON can carry when there is no finite value: infinities and
// NaN become null.
type Number float64

// MarshalJSON writes null for a value that is not finite.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as NaN.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// Interval is a range with the probability or confidence it is stated for. An open end
// is an infinity.
type Interval struct {
	Lower Number  `json:"lower"`
	Upper Number  `json:"upper"`
	Level float64 `json:"level"` // 0.95
}

// Contains reports whether x lies in the interval, ends included.
func (i Interval) Contains(x float64) bool { return float64(i.Lower) <= x && x <= float64(i.Upper) }

// Assumption is something the figure needs to be true and no data can show: a code for
// machines and a sentence for people. Args are the values in the sentence in their
// order, so that it can be said in another language from the code.
type Assumption struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Args []any  `json:"args,omitempty"`
}

// Warning is a doubt that goes with the figure wherever it is shown. Args as in
// [Assumption].
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Args []any  `json:"args,omitempty"`
}

// Refusal says why no figure is given. Code is fixed, Text is for people, and Instead
// says what can be said: a lower bound, a range, the table itself. Args as in
// [Assumption].
type Refusal struct {
	Code    string `json:"code"`
	Text    string `json:"text"`
	Instead string `json:"instead,omitempty"`
	Args    []any  `json:"args,omitempty"`
	// InsteadCode and InsteadArgs are of Instead what Code and Args are of Text.
	InsteadCode string `json:"instead_code,omitempty"`
	InsteadArgs []any  `json:"instead_args,omitempty"`
}

// Offer adds to a refusal what to do, or what may be said, in its place.
func (r Refusal) Offer(code, format string, args ...any) Refusal {
	r.Instead, r.InsteadCode, r.InsteadArgs = fmt.Sprintf(format, args...), code, args
	return r
}

// Without is the refusal alone, with nothing in its place.
func (r Refusal) Without() Refusal {
	r.Instead, r.InsteadCode, r.InsteadArgs = "", "", nil
	return r
}

// Because returns a refusal with its words.
func Because(code, format string, args ...any) Refusal {
	return Refusal{Code: code, Text: fmt.Sprintf(format, args...), Args: args}
}

// Diagnostics says how a calculation by simulation went: the rank-normalised split
// R-hat, the bulk and tail effective sample sizes, and the Monte Carlo standard error
// of the median. All are zero for closed forms.
//
// Source: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis
// 16(2), 667-718.
type Diagnostics struct {
	RHat    Number `json:"rhat,omitempty"`
	ESSBulk Number `json:"ess_bulk,omitempty"`
	ESSTail Number `json:"ess_tail,omitempty"`
	MCSE    Number `json:"mcse,omitempty"`
	Chains  int    `json:"chains,omitempty"`
	Draws   int    `json:"draws,omitempty"`
}

// Fit is the result of one method on one input. When Refusal is set there is no figure:
// Point, Median, Lower and Upper are NaN, unless the refusal speaks of a bound, which
// then stands in Lower with Upper infinite.
type Fit struct {
	Method      string         `json:"method"`
	Point       Number         `json:"point"`
	Lower       Number         `json:"lower"`
	Upper       Number         `json:"upper"`
	Level       float64        `json:"level"`
	Median      Number         `json:"median"`
	Assumptions []Assumption   `json:"assumptions"`
	Warnings    []Warning      `json:"warnings"`
	Refusal     *Refusal       `json:"refusal"`
	Diagnostics *Diagnostics   `json:"diagnostics,omitempty"`
	Options     map[string]any `json:"options"`
	Seed        uint64         `json:"seed,omitempty"`
	InputHash   string         `json:"input_hash,omitempty"`
	Detail      any            `json:"detail,omitempty"` // what only this method has: a model's terms, a curve
	Ensemble    []Fit          `json:"ensemble,omitempty"`

	// Sample is a set of equally likely values of the quantity, ascending: draws, or
	// quantiles of a distribution. It is what mixtures over imputations and over draws
	// of a linkage are made from, and it is not written to JSON.
	Sample []float64 `json:"-"`
}

// MarshalJSON writes a fit; what it assumes and what is doubtful are arrays even when
// there is nothing in them.
func (f Fit) MarshalJSON() ([]byte, error) {
	type plain Fit
	p := plain(f)
	if p.Assumptions == nil {
		p.Assumptions = []Assumption{}
	}
	if p.Warnings == nil {
		p.Warnings = []Warning{}
	}
	return json.Marshal(p)
}

// Refuse returns a fit of method without a figure.
func Refuse(method string, r Refusal) Fit {
	nan := Number(math.NaN())
	return Fit{Method: method, Point: nan, Lower: nan, Upper: nan, Median: nan, Refusal: &r}
}

// Warn adds a doubt.
func (f *Fit) Warn(code, format string, args ...any) {
	f.Warnings = append(f.Warnings, Warning{Code: code, Text: fmt.Sprintf(format, args...), Args: args})
}

// Assume adds an assumption.
func (f *Fit) Assume(code, format string, args ...any) {
	f.Assumptions = append(f.Assumptions, Assumption{Code: code, Text: fmt.Sprintf(format, args...), Args: args})
}

// Interval returns the fit's interval.
func (f *Fit) Interval() Interval { return Interval{f.Lower, f.Upper, f.Level} }

// DefaultLevel is the level of an interval where none is asked for.
const DefaultLevel = 0.95

// Z returns the two-sided standard normal quantile of a level: 1.959964 for 0.95. A level
// outside (0, 1) is taken as DefaultLevel.
func Z(level float64) float64 {
	if !(level > 0 && level < 1) {
		level = DefaultLevel
	}
	return math.Sqrt2 * math.Erfinv(level)
}

// Hash is the name of an input: SHA-256 over its canonical bytes, in hex.
func Hash(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// Seed derives a seed from the input, the method and its options, so that the same
// question gives the same draws on every machine. It is below 2^53, so that every reader
// of JSON keeps it whole. A salt lets a person ask whether
// another seed would say something else.
func Seed(canonical []byte, method string, options map[string]any, salt string) (uint64, error) {
	opts, err := json.Marshal(options) // keys are sorted
	if err != nil {
		return 0, fmt.Errorf("options of %s: %w", method, err)
	}
	h := sha256.New()
	for _, part := range [][]byte{canonical, []byte(method), opts, []byte(salt)} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return binary.BigEndian.Uint64(h.Sum(nil)) >> 11, nil
}
