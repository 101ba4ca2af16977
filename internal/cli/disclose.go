package cli

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/disclose"
	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

type discloseFlags struct {
	in, dims, released, relation, hierarchy, keep []string
	value, method, out, record                    string
	threshold, base, perPerson                    int64
	epsilon                                       float64
	margins, zeros, flat                          bool
	hidden, weight                                string
}

func (c *cli) discloseCmd() *cobra.Command {
	var f discloseFlags
	cmd := &cobra.Command{
		Use:   "disclose --in TABLE...",
		Short: "make a table of counts that exposes nobody",
		Long: `Hides the small counts of a table, and as many others as it takes so that no reader can
work the small ones out, from this table, from tables linked to it (several --in over
the same people) and from everything released before (--released, oldest first). Then
it attacks the result and states, for every hidden cell, what a reader can work out.

The table has one column a dimension and a column of counts; without a column of counts
every row is a person. "Total" or an empty cell is a total. Columns of which one is
part of the other (county, province) are found, or stated with --hierarchy.

Methods: suppress hides cells; round moves small counts to a multiple of --base; noise
adds chance to all counts (only for many people); check hides nothing but the small
cells and says what a reader would work out; none hides nothing and says the same;
attack takes release records alone, without --in, and works out all that a reader can;
risk says of rows about people how easily each is traced by the columns of --dims.

--out writes the table for publication, and beside it the release record, which holds
only what was published: give it with --released next time. What --json prints is for
the office: it tells which hidden cells are small, and its input_hash must not be
published, for small counts could be found from it by trying. The same holds for the
file of --figure.

Exit code 5: publishing was refused.`,
		Example: "  amparo disclose --in table.csv --dims facility,year --value count --out safe.csv\n" +
			"  amparo disclose --in table2.csv --released safe.csv.release.json --out safe2.csv --json\n" +
			"  amparo disclose --method attack --released safe.csv.release.json --released safe2.csv.release.json",
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.disclose(cmd, f) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.in, "in", nil, "table (CSV or XLSX); several are linked tables over the same people")
	fl.StringSliceVar(&f.dims, "dims", nil, "columns that divide people, with commas (otherwise all but the count)")
	fl.StringVar(&f.value, "value", "", "column of counts (otherwise count, freq, n, persons, people or number)")
	fl.BoolVar(&f.margins, "margins", true, "publish all totals; with --margins=false only those in the table")
	fl.Int64Var(&f.threshold, "threshold", disclose.DefaultThreshold, "smallest count that may be shown, at least 5")
	fl.BoolVar(&f.zeros, "zeros", false, "hide counts of 0 too")
	fl.StringArrayVar(&f.released, "released", nil, "record of an earlier release, oldest first")
	fl.StringSliceVar(&f.relation, "relation", nil, "same, grown, part or mixed for each --released (otherwise found from the counts)")
	fl.StringVar(&f.method, "method", "suppress", "suppress, round, noise, check, none, attack or risk")
	fl.Int64Var(&f.base, "base", disclose.Floor, "base of rounding")
	fl.Float64Var(&f.epsilon, "epsilon", 1, "privacy loss of noise")
	fl.Int64Var(&f.perPerson, "cells-per-person", 1, "most innermost cells that one person is counted in")
	fl.StringArrayVar(&f.hierarchy, "hierarchy", nil, "columns from coarse to fine: province/county")
	fl.BoolVar(&f.flat, "flat", false, "do not look for hierarchies")
	fl.StringSliceVar(&f.keep, "keep", nil, "groups to hide last: column=value")
	fl.StringVar(&f.weight, "weight", "", "with risk: column of sampling weights")
	fl.StringVar(&f.hidden, "hidden", "", "with attack: what the reader knows of all hidden counts, for example 1-9")
	fl.StringVar(&f.out, "out", "", "file to write (a new folder for several tables)")
	fl.StringVar(&f.record, "record", "", "file for the release record (otherwise beside --out)")
	figureFlag(cmd)
	return cmd
}

// badTable is input that cannot be used, with every problem found.
type badTable struct{ problems []fault.Problem }

func (b badTable) Error() string { return b.problems[0].Error() }

func (c *cli) disclose(cmd *cobra.Command, f discloseFlags) error {
	if cmd.Flags().Changed("figure") && !slices.Contains([]string{"suppress", "round", "check", "none"}, f.method) {
		return usage{fmt.Errorf("--figure with --method %s: noise is drawn once and never again, and attack and risk make no table", f.method)}
	}
	if f.method == "attack" {
		return c.attack(f)
	}
	if len(f.in) == 0 {
		return usage{errors.New("--in is missing: name a table")}
	}
	if len(f.relation) > len(f.released) {
		return usage{errors.New("there are more --relation than --released")}
	}
	if f.method == "risk" {
		return c.risk(f)
	}
	res, tables, err := f.run()
	if err != nil {
		return c.badTable(err)
	}
	if err := f.write(res, tables); err != nil {
		return err
	}
	if err := keepFigure(cmd, "disclose", res); err != nil {
		return err
	}
	if err := c.print(res, func() { c.disclosed(res, tables, f) }); err != nil {
		return err
	}
	if res.Refusal != nil {
		return done(exitRefused)
	}
	return nil
}

// badTable shows every problem of the input, each with its place and value: they are
// for the person who handed it in.
func (c *cli) badTable(err error) error {
	var b badTable
	var p fault.Problem
	if errors.As(err, &p) {
		b.problems = []fault.Problem{p}
	} else if !errors.As(err, &b) {
		return err
	}
	out := map[string]any{"error": b.problems[0].Reason, "remedy": b.problems[0].Remedy, "problems": b.problems, "exit": exitFailed}
	if err := c.print(out, func() {
		for _, p := range b.problems {
			fmt.Fprintf(c.Err, "amparo: error: %s [%s]\n", p.Error(), p.Value)
		}
	}); err != nil {
		return err
	}
	return done(exitFailed)
}

func (f discloseFlags) run() (*disclose.Result, []*disclose.Table, error) {
	var tables []*disclose.Table
	var bad badTable
	for _, name := range f.in {
		t, problems, err := f.read(name)
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, t)
		bad.problems = append(bad.problems, problems...)
	}
	if len(bad.problems) > 0 {
		return nil, nil, bad
	}
	released, err := f.releases()
	if err != nil {
		return nil, nil, err
	}
	opt := disclose.Options{Threshold: f.threshold, Zeros: f.zeros, OnlyGiven: !f.margins, Flat: f.flat, Keep: f.keep}
	if f.threshold == 0 {
		opt.Threshold = 1 // asked for, and refused
	}
	for _, h := range f.hierarchy {
		opt.Hierarchies = append(opt.Hierarchies, strings.Split(h, "/"))
	}
	for _, r := range f.relation {
		opt.Relation = append(opt.Relation, disclose.Relation(r))
	}
	res, err := f.apply(tables, released, opt)
	return res, tables, err
}

func (f discloseFlags) releases() ([]disclose.Release, error) {
	var out []disclose.Release
	for _, name := range f.released {
		r, err := readRelease(name)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (f discloseFlags) apply(tables []*disclose.Table, released []disclose.Release, opt disclose.Options) (*disclose.Result, error) {
	switch f.method {
	case "suppress":
		return disclose.Suppress(tables, released, opt)
	case "check", "none":
		return disclose.Check(tables, released, opt, f.method == "check")
	case "round":
		return disclose.Round(tables, released, opt, f.base)
	case "noise":
		n := disclose.Noise{Millis: int64(math.Round(f.epsilon * 1000)), PerPerson: f.perPerson}
		return disclose.AddNoise(tables, released, opt, n, rand.Reader)
	}
	return nil, usage{fmt.Errorf("--method %s: choose suppress, round, noise, check, none, attack or risk", f.method)}
}

func (f discloseFlags) read(name string) (*disclose.Table, []fault.Problem, error) {
	header, rows, problems, err := readRows(name)
	if err != nil {
		return nil, nil, err
	}
	t, more := disclose.ReadTable(filepath.Base(name), header, rows, disclose.Layout{Dims: f.dims, Value: f.value})
	return t, append(problems, more...), nil
}

func readRows(name string) ([]string, []disclose.Row, []fault.Problem, error) {
	sheets, err := table.Open(name, table.DefaultLimits())
	if err != nil {
		return nil, nil, nil, err
	}
	if len(sheets) != 1 {
		return nil, nil, nil, fault.New(fault.Invalid, "disclose", "%s holds %d tables", filepath.Base(name), len(sheets)).
			With("give each table as a file of its own")
	}
	var rows []disclose.Row
	var problems []fault.Problem
	for r, err := range sheets[0].Rows() {
		var p fault.Problem
		if errors.As(err, &p) {
			problems = append(problems, p)
			continue
		}
		if err != nil {
			return nil, nil, nil, err
		}
		cells := make([]string, len(r.Cells))
		for i, v := range r.Cells {
			cells[i] = table.UnescapeCell(v)
		}
		rows = append(rows, disclose.Row{Number: r.Number, Cells: cells})
	}
	return sheets[0].Header, rows, problems, nil
}

// risk says how easily the people of rows are traced.
func (c *cli) risk(f discloseFlags) error {
	if len(f.in) != 1 || len(f.dims) == 0 {
		return usage{errors.New("risk takes one --in and the columns an outsider could know in --dims")}
	}
	header, rows, problems, err := readRows(f.in[0])
	if err == nil && len(problems) > 0 {
		err = badTable{problems}
	}
	if err != nil {
		return c.badTable(err)
	}
	rep, err := disclose.RiskOfRows(filepath.Base(f.in[0]), header, rows, f.dims, f.weight)
	if err != nil {
		return c.badTable(err)
	}
	err = c.print(rep, func() {
		for _, r := range rep.Rows {
			if r.Alike < 3 {
				c.line("row %d: %d alike, risk %.3f, found by %v", r.Row, r.Alike, r.Risk.Risk, r.Unique)
			}
		}
		c.line("global risk %.4f: %.1f of %d expected to be traced; %d unique", rep.GlobalRisk, rep.Expected, len(rep.Rows), rep.Unique)
		if rep.Refusal != nil {
			c.line("REFUSED: %s", rep.Refusal.Text)
		}
	})
	if err == nil && rep.Refusal != nil {
		err = done(exitRefused)
	}
	return err
}

// readRelease reads a release record, or the one inside a report of --json.
func readRelease(name string) (disclose.Release, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return disclose.Release{}, &fault.Error{Kind: fault.NotFound, Op: "disclose", Msg: "the release record cannot be read", Err: err, Remedy: "check --released"}
	}
	var report struct {
		disclose.Release
		Inner *disclose.Release `json:"release"`
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return disclose.Release{}, fault.Problem{File: filepath.Base(name), Reason: "this is not a release record: " + err.Error(), Remedy: "give the file that --out wrote beside the table"}
	}
	r := report.Release
	if report.Inner != nil {
		r = *report.Inner
	}
	if err := r.Check(); err != nil {
		var p fault.Problem
		if errors.As(err, &p) {
			p.File = filepath.Base(name)
			return r, p
		}
		return r, err
	}
	return r, nil
}

// attack prints what a reader can work out from release records alone.
func (c *cli) attack(f discloseFlags) error {
	if len(f.in) > 0 || len(f.released) == 0 {
		return usage{errors.New("attack takes --released and no --in: it knows only what was published")}
	}
	hidden := disclose.Range{Upper: disclose.Unlimited}
	if f.hidden != "" {
		if n, err := fmt.Sscanf(f.hidden, "%d-%d", &hidden.Lower, &hidden.Upper); n != 2 || err != nil || hidden.Lower < 0 || hidden.Upper < hidden.Lower {
			return usage{fmt.Errorf("--hidden %s: give a range such as 1-9", f.hidden)}
		}
	}
	released, err := f.releases()
	if err != nil {
		return c.badTable(err)
	}
	found, err := disclose.Attack(released, hidden)
	if err != nil {
		return c.badTable(err)
	}
	exact := 0
	for _, r := range found {
		if r.Exact {
			exact++
		}
	}
	return c.print(map[string]any{"findings": found, "exact": exact}, func() {
		for _, r := range found {
			c.line("%s", finding(r, released[r.Release].Tables))
		}
		c.line("%d hidden counts, %d worked out exactly", len(found), exact)
	})
}

func finding(f disclose.Finding, tables []disclose.ReleasedTable) string {
	var names []string
	for _, t := range tables {
		if t.Name != f.Table {
			continue
		}
		for _, col := range t.Columns {
			names = append(names, f.Dims[col])
		}
		break
	}
	what := ""
	switch {
	case f.Removed:
		what = ", no longer counted"
	case f.Difference:
		what = ", added since"
	}
	upper := "no limit"
	if f.Upper != nil {
		upper = fmt.Sprint(*f.Upper)
	}
	return fmt.Sprintf("%s: %s%s: %d to %s", f.Table, strings.Join(names, ", "), what, f.Lower, upper)
}

// write puts the tables and the release record where they were asked for; a refusal
// writes nothing.
func (f discloseFlags) write(res *disclose.Result, tables []*disclose.Table) error {
	if res.Release == nil || f.out == "" && f.record == "" {
		return nil
	}
	record := f.record
	if f.out != "" && len(tables) == 1 {
		if err := save(f.out, csvOf(res, tables, 0)); err != nil {
			return err
		}
		if record == "" {
			record = f.out + ".release.json"
		}
	} else if f.out != "" {
		if err := os.Mkdir(f.out, 0o700); err != nil {
			return fault.Because(fault.Conflict, "disclose", "the folder cannot be made; for several tables --out names a new one", err)
		}
		for i, t := range tables {
			name := fmt.Sprintf("%d-%s.csv", i+1, strings.TrimSuffix(t.Name, filepath.Ext(t.Name)))
			if err := save(filepath.Join(f.out, name), csvOf(res, tables, i)); err != nil {
				return err
			}
		}
		if record == "" {
			record = filepath.Join(f.out, "release.json")
		}
	}
	b, err := json.MarshalIndent(res.Release, "", " ")
	if err != nil {
		return err
	}
	return save(record, append(b, '\n'))
}

func save(name string, b []byte) error {
	return fault.Because(fault.Storage, "disclose", "the file cannot be written", os.WriteFile(name, b, 0o600))
}

// csvOf is the table for publication: it tells what is hidden, never why.
func csvOf(res *disclose.Result, tables []*disclose.Table, at int) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	t := tables[at]
	_ = w.Write(append(escaped(t.Columns), "count")) // to memory, which does not fail
	for _, cell := range res.Of(at) {
		row := make([]string, 0, len(t.Columns)+1)
		for _, v := range cell.Key {
			if v == "" {
				v = disclose.Total
			}
			row = append(row, v)
		}
		_ = w.Write(append(escaped(row), shownCell(cell)))
	}
	w.Flush()
	return b.Bytes()
}

func escaped(cells []string) []string {
	out := make([]string, len(cells))
	for i, v := range cells {
		out[i] = table.EscapeCell(v)
	}
	return out
}

func shownCell(c disclose.Published) string {
	if c.Published == nil {
		return disclose.Hidden
	}
	return fmt.Sprint(*c.Published)
}

// disclosed prints the result for people. Without --out that is the table itself.
func (c *cli) disclosed(res *disclose.Result, tables []*disclose.Table, f discloseFlags) {
	if res.Release != nil && f.out == "" {
		for i := range tables {
			c.line("%s", bytes.TrimSpace(csvOf(res, tables, i)))
		}
	}
	say := func(format string, args ...any) { fmt.Fprintf(c.Err, format+"\n", args...) }
	for _, w := range res.Warnings {
		say("%s", w.Text)
	}
	for i := range tables {
		for _, cell := range res.Of(i) {
			if cell.Published == nil && f.method != "noise" {
				upper := "no limit"
				if cell.AttackerUpper != nil {
					upper = fmt.Sprint(*cell.AttackerUpper)
				}
				say("  hidden (%s): %s: a reader can work out %d to %s", cell.Suppressed, strings.Join(cell.Names(), ", "), cell.AttackerLower, upper)
			}
		}
	}
	say("hidden %d cells: %d small, %d with them; worked out exactly: %d; too narrow: %d", res.Audit.Hidden, res.Audit.Primary,
		res.Audit.Secondary, res.Audit.Exact, res.Audit.Narrow)
	if res.Refusal != nil {
		say("REFUSED: %s", res.Refusal.Text)
		say("instead: %s", res.Refusal.Instead)
	}
}
