package cli

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/table"
)

type linkFlags struct {
	in            []string
	suggest       string
	model         string
	out, edges    string
	labels, match string
	memory        string
	workers       int
	why           []string
	independence  bool
	svg           string
	draws         int
	queue         string
}

func (c *cli) linkCmd() *cobra.Command {
	var f linkFlags
	cmd := &cobra.Command{
		Use:   "link",
		Short: "find which rows of tables are of the same person, place or event",
		Long: `Without --in, looks through the people, incidents and alleged perpetrators of the workspace
and says what waits for review at the desk and how often the comparison is wrong. Nothing is
decided; what became of entities since the last time is remembered, sealed. With --why it
explains any two records of one kind, compared or not; names are then on the screen.

Reads one table or several (CSV, UTF-8 or another encoding, XLSX) and finds which rows are
of the same entity. It needs no workspace, no labels and no settings: without --model, a
model is suggested from the data and used. amparo link --suggest FILE prints that model;
save it, edit it, give it with --model.

clusters.csv has a row for every row that came in: its id and the id of its cluster, which
is that of the cluster's first row. --edges writes the pairs that were found, with their
weight in bits (log2 of the odds) and probability.

With --labels NAME the result is measured: NAME is a column that holds the true entity, or
a file of pairs (two id columns and a score or match column). --labels-match takes a
regular expression whose first group is the entity, for ids like rec-17-dup-2.`,
		Example: "  amparo link --in people.csv --out clusters.csv\n" +
			"  amparo link --suggest people.csv > model.yaml\n" +
			"  amparo link --in a.csv --in b.csv --model model.yaml --out clusters.csv --edges edges.csv\n" +
			"  amparo link --in people.csv --why 17,42 --svg why.svg",
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.suggest != "" {
				return c.suggest(f)
			}
			if len(f.in) == 0 {
				if len(f.why) > 0 {
					return c.whyInWorkspace(cmd.Context(), f)
				}
				if f.independence {
					return c.independence(cmd.Context())
				}
				return c.linkWorkspace(cmd.Context())
			}
			return c.link(f)
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&f.in, "in", nil, "table to link; give it several times to link several")
	fs.StringVar(&f.suggest, "suggest", "", "print a model for this table (and those of --in) and stop")
	fs.StringVar(&f.model, "model", "", "model (YAML); without it one is suggested and used")
	fs.StringVar(&f.out, "out", "", "write clusters to this CSV file")
	fs.StringVar(&f.edges, "edges", "", "write the pairs found to this CSV file")
	fs.StringVar(&f.labels, "labels", "", "column with the true entity, or file of labelled pairs")
	fs.StringVar(&f.match, "labels-match", "", "regular expression; its first group is the entity in the label column")
	fs.IntVar(&f.workers, "workers", runtime.NumCPU(), "threads; the result does not depend on it")
	fs.StringVar(&f.memory, "memory", "", "most memory to take, as 400MB or 2GB; more is an error, not a crash")
	fs.StringSliceVar(&f.why, "why", nil, "explain the weight of two rows or records, by their ids: A,B")
	fs.BoolVar(&f.independence, "independence", false, "which testimonies of the workspace share their words, and how many independent sources they are")
	fs.StringVar(&f.svg, "svg", "", "with --why: draw the explanation to this SVG file")
	fs.IntVar(&f.draws, "draws", 0, "sample this many partitions: the number of entities as a distribution")
	fs.StringVar(&f.queue, "queue", "", "write the pairs worth a person's decision to this CSV file, the most telling first")
	return cmd
}

func (c *cli) suggest(f linkFlags) error {
	t, err := columns.Read(append([]string{f.suggest}, f.in...)...)
	if err != nil {
		return err
	}
	m, err := linkage.Suggest(t, labelColumn(t, f.labels)...)
	if err != nil {
		return err
	}
	text, err := m.YAML()
	if err != nil {
		return err
	}
	if f.out != "" {
		return os.WriteFile(f.out, text, 0o600)
	}
	return c.print(m, func() { fmt.Fprint(c.Out, string(text)) })
}

// labelColumn is the column named by --labels, which is the answer and must not be compared.
func labelColumn(t *table.Table, labels string) []string {
	if labels != "" && t.Column(labels) != nil {
		return []string{labels}
	}
	return nil
}

// stageTimes are seconds by stage, for people who compare engines.
type stageTimes struct {
	Stage   string  `json:"stage"`
	Seconds float64 `json:"seconds"`
}

type linkReport struct {
	Records  int                  `json:"records"`
	Clusters int                  `json:"clusters"`
	Link     string               `json:"link_type"`
	OneToOne bool                 `json:"one_to_one"`
	Edges    int                  `json:"edges"`
	Compared int64                `json:"compared_pairs"`
	PerSec   float64              `json:"compared_pairs_per_second"`
	Patterns int                  `json:"patterns"`
	Recall   float64              `json:"blocking_recall_estimate"`
	Blocks   []block.Report       `json:"blocks"`
	Stages   []stageTimes         `json:"stages"`
	Wall     float64              `json:"seconds"`
	Parsed   float64              `json:"seconds_after_parsing"`
	CPU      float64              `json:"cpu_seconds"`
	Peak     int64                `json:"peak_memory_bytes"`
	Quality  *linkQuality         `json:"quality,omitempty"`
	Model    *linkage.Parameters  `json:"parameters"`
	Draws    []int                `json:"entity_draws,omitempty"`
	Why      *linkage.Explanation `json:"why,omitempty"`
}

func (c *cli) link(f linkFlags) error {
	if len(f.in) == 0 {
		return usage{errors.New("name a table with --in")}
	}
	limit, err := bytesOf(f.memory)
	if err != nil {
		return usage{err}
	}
	setMemory(limit, 0)
	began := time.Now()
	t, err := columns.Read(f.in...)
	if err != nil {
		return err
	}
	parsed := time.Now()
	m, err := c.modelFor(t, f)
	if err != nil {
		return err
	}
	setMemory(limit, linkage.Need(t, m))
	clock := newStageClock()
	clock.to("suggesting")
	clock.last = parsed
	r, err := linkage.Link(t, m, linkage.Options{Workers: f.workers, Memory: limit, Progress: clock.to})
	if err != nil {
		return err
	}
	clock.to("")
	rep := linkReport{Records: t.Rows(), Clusters: r.Clusters.Count(), Link: r.Link, OneToOne: r.OneToOne, Edges: len(r.Edges),
		Compared: r.Compared, Patterns: r.Patterns, Recall: r.Recall, Blocks: r.Blocks, Stages: clock.done}
	params := r.Parameters()
	rep.Model = &params
	rep.Parsed = time.Since(parsed).Seconds()
	if s := clock.seconds("comparing"); s > 0 {
		rep.PerSec = float64(r.Compared) / s
	}
	ids := recordIDs(t, m.ID)
	if err := c.writeLinks(r, t, ids, f); err != nil {
		return err
	}
	if f.labels != "" {
		if rep.Quality, err = measure(r, t, ids, f); err != nil {
			return err
		}
	}
	if f.draws > 0 {
		rep.Draws = r.Draws(f.draws)
	}
	if err := writeQueue(r, ids, f); err != nil {
		return err
	}
	if len(f.why) > 0 {
		if rep.Why, err = why(r, t, ids, f); err != nil {
			return err
		}
	}
	rep.Wall = time.Since(began).Seconds()
	rep.CPU, rep.Peak = usageSoFar()
	return c.print(rep, func() { c.linked(rep) })
}

// setMemory tells the collector how much it may let the heap grow: a little more than the
// run needs, or nine tenths of what the person allows. A small run may leave more behind
// before it is collected.
func setMemory(limit, need int64) {
	const usual, small = 360 << 20, 16 << 20
	soft := max(usual, need+need/4)
	if limit > 0 {
		soft = limit - limit/10
	}
	debug.SetMemoryLimit(soft)
	if need > 0 && need < small {
		debug.SetGCPercent(400)
	}
}

// why explains one pair, to the screen, the report and a drawing.
func why(r *linkage.Result, t *table.Table, ids func(int) string, f linkFlags) (*linkage.Explanation, error) {
	if len(f.why) != 2 {
		return nil, usage{errors.New("--why takes two ids: --why 17,42")}
	}
	var rows [2]int
	for k, want := range f.why {
		rows[k] = -1
		for row := range t.Rows() {
			if ids(row) == want && (k == 0 || row != rows[0]) {
				rows[k] = row
				break
			}
		}
		if rows[k] < 0 {
			return nil, fault.New(fault.NotFound, "link", "no row has the id given with --why").With("use ids of the column that names the rows")
		}
	}
	x, err := r.Explain(uint32(rows[0]), uint32(rows[1]))
	if err != nil {
		return nil, err
	}
	return &x, drawWhy(x, f.svg)
}

// bars writes an explanation to the screen.
func (c *cli) bars(x linkage.Explanation) {
	for _, b := range x.Bars {
		c.line("  %+7.2f  %s", b.Bits, b.Label())
	}
	c.line("  %+7.2f  total, probability %.4f", x.Total, x.Probability)
}

func drawWhy(x linkage.Explanation, path string) error {
	if path == "" {
		return nil
	}
	if err := os.WriteFile(path, x.SVG(), 0o600); err != nil {
		return &fault.Error{Kind: fault.Storage, Op: "link", Msg: "the drawing cannot be written", Err: err, Remedy: "check --svg"}
	}
	return nil
}

// asked and sampled are how many pairs --queue writes.
const (
	asked   = 500
	sampled = 100
)

func writeQueue(r *linkage.Result, ids func(int) string, f linkFlags) error {
	return writeCSV(f.queue, func(put func(...string)) {
		put("record_id_l", "record_id_r", "match_probability", "same_cluster", "expected_change", "random", "drawn")
		for _, q := range r.Queue(asked, sampled) {
			put(ids(int(q.I)), ids(int(q.J)), strconv.FormatFloat(q.Probability, 'g', 6, 64), strconv.FormatBool(q.Together),
				strconv.FormatFloat(q.Change, 'g', 4, 64), strconv.FormatBool(q.Random), strconv.FormatFloat(q.Drawn, 'g', 4, 64))
		}
	})
}

func (c *cli) modelFor(t *table.Table, f linkFlags) (linkage.Model, error) {
	if f.model == "" {
		return linkage.Suggest(t, labelColumn(t, f.labels)...)
	}
	text, err := os.ReadFile(f.model)
	if err != nil {
		return linkage.Model{}, &fault.Error{Kind: fault.NotFound, Op: "link", Msg: "the model cannot be read", Err: err, Remedy: "check --model"}
	}
	return linkage.ParseModel(text)
}

// stageClock times the stages of a run.
type stageClock struct {
	stage string
	last  time.Time
	done  []stageTimes
}

func newStageClock() *stageClock { return &stageClock{last: time.Now()} }

func (s *stageClock) to(stage string) {
	now := time.Now()
	if s.stage != "" {
		s.done = append(s.done, stageTimes{s.stage, now.Sub(s.last).Seconds()})
	}
	s.stage, s.last = stage, now
}

func (s *stageClock) seconds(stage string) (sum float64) {
	for _, d := range s.done {
		if d.Stage == stage {
			sum += d.Seconds
		}
	}
	return sum
}

// bytesOf reads "400MB"; empty is 0, no limit.
func bytesOf(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	up := strings.ToUpper(strings.TrimSpace(s))
	for _, u := range []struct {
		end string
		n   int64
	}{{"GIB", 1 << 30}, {"MIB", 1 << 20}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"G", 1e9}, {"M", 1e6}, {"B", 1}, {"", 1}} {
		if rest, ok := strings.CutSuffix(up, u.end); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil || n <= 0 {
				break
			}
			return int64(n * float64(u.n)), nil
		}
	}
	return 0, fmt.Errorf("--memory %q is no size; write 400MB or 2GB", s)
}

// recordIDs gives the id of a row: the cell of the id column, or its number.
func recordIDs(t *table.Table, column string) func(row int) string {
	if col := t.Column(column); col != nil {
		return col.At
	}
	return func(row int) string { return strconv.Itoa(row - t.Starts[t.Source(row)] + 1) }
}

func (c *cli) writeLinks(r *linkage.Result, t *table.Table, ids func(int) string, f linkFlags) error {
	several := len(t.Sources) > 1
	err := writeCSV(f.out, func(put func(...string)) {
		head := []string{"record_id", "cluster_id"}
		if several {
			head = append(head, "source")
		}
		put(head...)
		for row, of := range r.Clusters.Of {
			cells := []string{ids(row), clusterID(t, ids, int(of))}
			if several {
				cells = append(cells, t.Sources[t.Source(row)])
			}
			put(cells...)
		}
	})
	if err != nil {
		return err
	}
	return writeCSV(f.edges, func(put func(...string)) {
		put("record_id_l", "record_id_r", "match_weight", "match_probability", "same_cluster")
		for _, e := range r.Edges {
			bits := r.Bits(e.I, e.J)
			put(ids(int(e.I)), ids(int(e.J)), strconv.FormatFloat(bits, 'f', 4, 64), strconv.FormatFloat(linkage.Probability(bits), 'g', 6, 64),
				strconv.FormatBool(r.Clusters.Of[e.I] == r.Clusters.Of[e.J]))
		}
	})
}

// clusterID is the id of a cluster's first record, with its source where ids of several
// sources might be the same.
func clusterID(t *table.Table, ids func(int) string, first int) string {
	if len(t.Sources) > 1 {
		return strconv.Itoa(t.Source(first)+1) + "/" + ids(first)
	}
	return ids(first)
}

// writeCSV writes a file, unless its name is empty.
func writeCSV(name string, fill func(put func(...string))) (err error) {
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return &fault.Error{Kind: fault.Storage, Op: "link", Msg: "the file cannot be written", Err: err, Remedy: "check the folder"}
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buf := bufio.NewWriterSize(file, 1<<20)
	w := csv.NewWriter(buf)
	fill(func(cells ...string) { _ = w.Write(cells) }) // the writer keeps its first error
	w.Flush()
	return errors.Join(w.Error(), buf.Flush())
}

func (c *cli) linked(rep linkReport) {
	c.line("%d records, %d entities (%s)", rep.Records, rep.Clusters, rep.Link)
	c.line("%d pairs compared, %d linked, about %.1f%% of the matching pairs were compared", rep.Compared, rep.Edges, 100*rep.Recall)
	for _, b := range rep.Blocks {
		if b.Divided > 0 || b.Cut > 0 {
			c.line("rule %s: %d blocks were too large and divided; %d records lacked the dividing fields, %d blocks were compared in parts", b.Rule, b.Divided, b.Without, b.Cut)
		}
	}
	if q := rep.Quality; q != nil {
		c.line("against %s:", q.Against)
		if q.Partition != nil {
			p, b := q.Partition.Pairs, q.Partition.BCubed
			c.line("  pairwise  precision %.4f  recall %.4f  F1 %.4f", p.Precision, p.Recall, p.F1)
			c.line("  B-cubed   precision %.4f  recall %.4f  F1 %.4f", b.Precision, b.Recall, b.F1)
			c.line("  entities  %d true, %d found, %.1f%% exactly", q.Partition.Entities, q.Partition.Clusters, 100*q.Partition.Exact)
		}
		c.line("  calibration error %.4f, log loss %.4f over %d pairs", q.Calibration.Error, q.Calibration.LogLoss, q.Calibration.Pairs)
	}
	if rep.Why != nil {
		c.bars(*rep.Why)
	}
	if n := len(rep.Draws); n > 0 {
		d := slices.Sorted(slices.Values(rep.Draws))
		c.line("number of entities: %d, 95 of 100 draws from %d to %d", d[n/2], d[n*25/1000], d[min(n-1, n*975/1000)])
	}
	c.line("%.2f s, %.2f s of it after reading; %.2f CPU-s; %d MB at most", rep.Wall, rep.Parsed, rep.CPU, rep.Peak>>20)
}
