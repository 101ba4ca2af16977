package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

// grid is one table in memory, as it was handed in.
type grid struct {
	file   string
	header []string
	rows   []table.Row
}

// openGrid reads the first table of a file; "-" reads standard input.
func (c *cli) openGrid(name string) (*grid, error) {
	if name == "" {
		return nil, usage{fault.New(fault.Invalid, "estimate", "there is no table").With("name one with --in")}
	}
	var sheets []*table.Sheet
	var err error
	if name == "-" {
		var b bytes.Buffer
		if _, err := b.ReadFrom(c.In); err != nil {
			return nil, fault.Because(fault.Storage, "estimate", "standard input cannot be read", err)
		}
		sheets, err = table.Read("standard input", b.Bytes(), table.DefaultLimits())
	} else {
		sheets, err = table.Open(name, table.DefaultLimits())
	}
	if err != nil {
		return nil, err
	}
	g := &grid{file: sheets[0].Name, header: sheets[0].Header}
	for row, err := range sheets[0].Rows() {
		if err != nil {
			return nil, err
		}
		g.rows = append(g.rows, row)
	}
	if len(g.rows) == 0 {
		return nil, fault.Problem{File: g.file, Row: 1, Reason: "the table has no rows", Remedy: "give a header and at least one row"}
	}
	return g, nil
}

// has reports whether a column is there.
func (g *grid) has(column string) bool { return column != "" && slices.Contains(g.header, column) }

// need refuses a column that is named and not there.
func (g *grid) need(column string) error {
	if g.has(column) {
		return nil
	}
	return fault.Problem{File: g.file, Row: 1, Column: column, Reason: "there is no such column",
		Remedy: "the columns are " + strings.Join(g.header, ", ") + "; name the right one by its flag"}
}

// cell returns the text of a row in a column, empty where the row is short.
func (g *grid) cell(r table.Row, column string) string {
	i := slices.Index(g.header, column)
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return strings.TrimSpace(r.Cells[i])
}

func (g *grid) problem(r table.Row, column, reason, remedy string) error {
	return fault.Problem{File: g.file, Row: r.Number, Column: column, Value: g.cell(r, column), Reason: reason, Remedy: remedy}
}

// missing says which cells stand for "not known".
func missing(cell string) bool {
	switch strings.ToLower(cell) {
	case "", "na", "n/a", "nan", ".":
		return true
	}
	return false
}

// number reads a cell as a finite number.
func (g *grid) number(r table.Row, column string) (float64, error) {
	v, err := strconv.ParseFloat(g.cell(r, column), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, g.problem(r, column, "the cell is no number", "write a number with a point for decimals, and nothing else")
	}
	return v, nil
}

// yesNo reads a cell that says whether.
func (g *grid) yesNo(r table.Row, column string) (bool, error) {
	switch strings.ToLower(g.cell(r, column)) {
	case "1", "yes", "true", "y":
		return true, nil
	case "0", "no", "false", "n":
		return false, nil
	}
	return false, g.problem(r, column, "the cell says neither yes nor no", "write 1 or 0")
}

// place puts the file and the row of the table into a problem found in the n-th record.
func (g *grid) place(err error) error {
	var p fault.Problem
	if !errors.As(err, &p) || p.File != "" {
		return err
	}
	p.File = g.file
	if p.Row >= 1 && p.Row <= len(g.rows) {
		r := g.rows[p.Row-1]
		p.Row = r.Number
		if p.Value == "" {
			p.Value = g.cell(r, p.Column)
		}
	}
	return p
}

// canonical is the table as bytes that do not depend on encoding, quoting or line ends.
func (g *grid) canonical() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(g.header) // a buffer does not fail
	for _, r := range g.rows {
		_ = w.Write(r.Cells)
	}
	w.Flush()
	return b.Bytes()
}

// seeded gives a fit its seed and input hash, and the generator to compute it with: the
// seed asked for, or the one that follows from the input, the method and the options.
func seeded(cmd *cobra.Command, canonical []byte, method string, options map[string]any) (*rand.Rand, uint64, error) {
	seed, err := cmd.Flags().GetUint64("seed")
	if err != nil {
		return nil, 0, err
	}
	if !cmd.Flags().Changed("seed") {
		if seed, err = estimate.Seed(canonical, method, options, ""); err != nil {
			return nil, 0, err
		}
	}
	return rand.New(rand.NewPCG(seed, 0)), seed, nil
}

func seedFlag(cmd *cobra.Command) {
	cmd.Flags().Uint64("seed", 0, "seed of the draws; without it one that follows from the table and the options")
}

// refuseInput prints a problem with its place and value to the person who handed the table
// in, and leaves every other error alone.
func (c *cli) refuseInput(err error) error {
	var p fault.Problem
	if !errors.As(err, &p) {
		return err
	}
	if c.json {
		_ = json.NewEncoder(c.Out).Encode(map[string]any{"error": p.Error(), "problem": p, "remedy": p.Remedy, "exit": exitFailed})
		return done(exitFailed)
	}
	remedy := p.Remedy
	p.Remedy = ""
	fmt.Fprintf(c.Err, "amparo: error: %v\n", p)
	if p.Value != "" {
		fmt.Fprintf(c.Err, "amparo: the cell holds %q\n", p.Value)
	}
	if remedy != "" {
		fmt.Fprintf(c.Err, "amparo: hint: %s\n", remedy)
	}
	return done(exitFailed)
}

// printFit prints a fit for people: the refusal or the interval, then the rest.
func (c *cli) printFit(f estimate.Fit, lines ...string) error {
	if f.Warnings == nil {
		f.Warnings = []estimate.Warning{}
	}
	if f.Assumptions == nil {
		f.Assumptions = []estimate.Assumption{}
	}
	return c.print(f, func() {
		switch {
		case f.Refusal != nil:
			c.line("no figure: %s", f.Refusal.Text)
			if f.Refusal.Instead != "" {
				c.line("instead: %s", f.Refusal.Instead)
			}
		case math.IsNaN(float64(f.Lower)) && math.IsNaN(float64(f.Upper)):
		default:
			c.line("%s: %s to %s (%.4g%%), point %s", f.Method, shown(f.Lower), shown(f.Upper), 100*f.Level, shown(f.Point))
		}
		for _, l := range lines {
			c.line("%s", l)
		}
		for _, w := range f.Warnings {
			c.line("warning: %s", w.Text)
		}
		for _, a := range f.Assumptions {
			c.line("assumption: %s", a.Text)
		}
	})
}

func shown(n estimate.Number) string {
	switch v := float64(n); {
	case math.IsNaN(v):
		return "not known"
	case math.IsInf(v, 1):
		return "open"
	default:
		return fmt.Sprintf("%.4g", v)
	}
}
