// Package disclose publishes tables of counts without exposing a person.
//
// Who is exposed by a table is the person in a small cell, the family in a village, the
// only source in an organisation. Hiding the small cells alone protects nobody where
// totals are printed: one hidden number in a row is the total less the others. So other
// cells are hidden with them, until nothing published determines a small one, and then
// the result is attacked: for every hidden cell the smallest and the largest count that
// agree with everything published, in this table, in the tables linked to it and in
// every earlier release. Where that range is too narrow, more is hidden.
//
// Everything is exact: whole numbers and fractions, no rounding. Nothing here reads a
// file, a clock or a source of chance that was not handed in.
package disclose

import (
	"fmt"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Floor is the smallest threshold that may be asked for: counts of fewer than five
// people are never published.
const Floor = 5

// DefaultThreshold is the count below which a cell is hidden unless told otherwise.
const DefaultThreshold = 10

// Options say what is small and what is published.
type Options struct {
	// Threshold is the smallest count that may be shown; 0 is [DefaultThreshold]. It is
	// also how wide the attacker's range for a hidden small count must be.
	Threshold int64 `json:"threshold"`
	// Zeros hides counts of nought too, for tables where "none of them was released"
	// exposes everybody in the row.
	Zeros bool `json:"zeros"`
	// OnlyGiven publishes just the totals that were handed in, not all of them.
	OnlyGiven bool `json:"only_given"`
	// Hierarchies are columns from coarse to fine, such as province, county. Others are
	// found from the values, unless Flat.
	Hierarchies [][]string `json:"hierarchies,omitempty"`
	Flat        bool       `json:"flat"`
	// Relation of the earlier releases to the tables, by index; what is missing or empty
	// is found from the counts.
	Relation []Relation `json:"relation,omitempty"`
	// Keep lists groups to be published first and so hidden last, as "column=value"
	// ("year=Total").
	Keep []string `json:"keep,omitempty"`
	// Known are counts published before of other people, some of whom are these.
	Known []Known `json:"known,omitempty"`
}

func (o Options) withDefaults() (Options, error) {
	if o.Threshold == 0 {
		o.Threshold = DefaultThreshold
	}
	if o.Threshold < Floor {
		return o, fault.New(fault.Invalid, "disclose", "a threshold of %d would show counts of fewer than %d people", o.Threshold, Floor).
			With("choose %d or more", Floor)
	}
	return o, nil
}

// safe reports whether a reader who knows only r about a count knows too little to
// harm: the range is at least as wide as the threshold, and it holds nought or reaches
// half below and half above the truth. A truth of -1 is not known to us; then the range
// must hold nought, or leave no doubt that the count is large.
func (o Options) safe(r Range, truth int64) bool {
	wide := r.Upper == Unlimited || r.Upper-r.Lower >= o.Threshold
	if truth < 0 && (r.Lower >= o.Threshold || r.Upper == 0) {
		return true
	}
	return wide && (r.Lower == 0 || truth >= 0 && 2*r.Lower <= truth && (r.Upper == Unlimited || 2*r.Upper >= 3*truth))
}

// safe is [Options.safe] for a target. Where we do not know the truth, it is also safe
// that the reader learns nothing beyond the earlier releases.
func (t *target) safe(o Options, r Range) bool {
	return o.safe(r, t.truth) || t.truth < 0 && r == t.floor
}

// Why a cell is not shown.
const (
	Primary   = "primary"   // it is small, or it differs by a small count from an earlier release
	Secondary = "secondary" // it would give a small one away
)

// Result is what may be published, and for whoever decides, why. All but Release is
// for the office only: the marks tell which hidden cells are small.
type Result struct {
	Cells     []Published        `json:"cells"`
	Audit     Audit              `json:"audit"`
	Refusal   *estimate.Refusal  `json:"refusal"`
	Warnings  []estimate.Warning `json:"warnings"`
	Options   Options            `json:"options"`
	InputHash string             `json:"input_hash"`
	Release   *Release           `json:"release"`
	Relations []Relation         `json:"relations,omitempty"` // of the earlier releases, as used
	// EpsilonSpent is the sum over this and all earlier releases with noise.
	EpsilonSpent float64 `json:"epsilon_spent,omitempty"`
}

// Published is one cell of the result. Published is nil for a hidden cell. The range is
// what a reader can work out; Upper is nil where nothing limits it.
type Published struct {
	Table         string            `json:"table,omitempty"`
	Dims          map[string]string `json:"dims"`
	Published     *int64            `json:"published"`
	Suppressed    string            `json:"suppressed"`
	AttackerLower int64             `json:"attacker_lower"`
	AttackerUpper *int64            `json:"attacker_upper"`
	// AlreadyOut: earlier releases alone give this count away, or nearly.
	AlreadyOut bool `json:"already_out,omitempty"`
	// Unique: one person alone has this combination of values, and no fewer of them tell.
	Unique bool `json:"unique,omitempty"`
	// Rounded: Published is not the count itself.
	Rounded bool `json:"rounded,omitempty"`

	Key []string `json:"-"` // in the order of the table's columns
	at  int      // index of the table
}

// Audit counts what the attack found.
type Audit struct {
	Hidden    int `json:"hidden"`
	Primary   int `json:"primary"`
	Secondary int `json:"secondary"`
	Exact     int `json:"exact"`  // hidden cells that can be worked out exactly
	Narrow    int `json:"narrow"` // protected counts whose range is too narrow
	// Differences counts the groups of people added or taken out since an earlier
	// release that were held to the same rule.
	Differences int `json:"differences"`
	AlreadyOut  int `json:"already_out"`
	// Loss is the share of published people-counts lost: log2(1+count) summed over the
	// hidden cells, over the same sum for all cells.
	Loss float64 `json:"loss"`
}

// Total is how a total is written.
const Total = "Total"

// Hidden is how a hidden count is written.
const Hidden = ".."

// Suppress hides what must be hidden in tables over the same people, given everything
// released before, oldest first. An error is about the input; a table that cannot be
// published at all gives a Result with a Refusal.
func Suppress(tables []*Table, released []Release, opt Options) (*Result, error) {
	m, err := newModel(tables, released, opt)
	if err != nil {
		return nil, err
	}
	if err := m.decide(); err != nil {
		return nil, err
	}
	return m.result()
}

// Check attacks the tables as they stand with nothing hidden but the small cells, or not
// even those, and refuses when that gives a small count away. It changes nothing.
func Check(tables []*Table, released []Release, opt Options, hideSmall bool) (*Result, error) {
	m, err := newModel(tables, released, opt)
	if err != nil {
		return nil, err
	}
	for _, c := range m.cells {
		if !hideSmall {
			c.hidden = ""
		}
	}
	res, err := m.result()
	if err != nil {
		return nil, err
	}
	if n := res.Audit.Exact + res.Audit.Narrow; n > 0 || !hideSmall && len(m.small()) > 0 {
		r := estimate.Refusal{Code: "would_reveal", Text: m.wouldReveal(), Args: m.smallNames()}.Offer("hide_as_suppress", "hide the cells that amparo disclose hides")
		res.Refusal = &r
		res.Release = nil
	}
	return res, nil
}

func (m *model) small() []*cell {
	var out []*cell
	for _, c := range m.cells {
		if c.primary {
			out = append(out, c)
		}
	}
	return out
}

// wouldReveal is the sentence about the table as it was handed in.
func (m *model) wouldReveal() string {
	return fmt.Sprintf("Publishing this table would let a reader work out %d small count(s): %s.", m.smallNames()...)
}

// smallNames are how many counts are small, and the names of the first.
func (m *model) smallNames() []any {
	small := m.small()
	names := ""
	for i, c := range small {
		if i == 3 {
			names += fmt.Sprintf(" and %d more", len(small)-3)
			break
		}
		if i > 0 {
			names += "; "
		}
		names += c.name(m)
	}
	return []any{len(small), names}
}

func (c *cell) name(m *model) string {
	var parts []string
	for i, v := range c.spots[0].show {
		if v != "" {
			parts = append(parts, m.tables[c.spots[0].table].Columns[i]+" "+v)
		}
	}
	if len(parts) == 0 {
		return "the total"
	}
	out := parts[0]
	for _, p := range parts[1:] {
		out += ", " + p
	}
	return out
}

// protectable reports whether a group in which n people are counted must be protected.
func (o Options) protectable(n int64) bool {
	return n > 0 && n < o.Threshold || n == 0 && o.Zeros
}

func sortedColumns(cols []int) []int {
	out := slices.Clone(cols)
	slices.Sort(out)
	return out
}
