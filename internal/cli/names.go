package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/names/latin"
)

func (c *cli) namesCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "names",
		Short: "compare names across Hangul, Chinese characters and Latin letters",
		Args:  none,
	}
	cmd.AddCommand(c.namesRankCmd())
	return cmd
}

type rankFlags struct {
	query, against, queryColumn, againstColumn string
	top, workers                               int
}

func (c *cli) namesRankCmd() *cobra.Command {
	var f rankFlags
	cmd := &cobra.Command{
		Use:   "rank",
		Short: "say which Hangul names a Latin name may stand for",
		Long: `For every name in Latin letters, ranks a list of names in Hangul by how likely each is to
have been written so: in any romanisation of Korean, in the Mandarin or Cantonese reading
of its characters, surname first or last, with or without hyphens.

Both files hold a name a line, or are tables (CSV, or with tabs) with a header; a column
called latin or hangul is taken, then one called name, then the first. A name that
stands in the list twice is ranked once.

With --json the output is an array with one entry a query, in order:
{"query": "...", "matches": [{"name", "bits", "probability", "why"}, ...]}. Bits are
log2 P(query | name) - log2 P(query | somebody): what the match is worth as evidence.
The probability is that this name is meant, if exactly one of the list is and each was as
likely beforehand.

No workspace is needed.`,
		Example: "  amparo names rank --query latin.txt --against hangul.txt\n  amparo names rank --query people.csv --query-column passport_name --against register.tsv --top 3 --json",
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.rankNames(cmd.Context(), f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.query, "query", "", "file of names in Latin letters")
	fl.StringVar(&f.against, "against", "", "file of names in Hangul")
	fl.StringVar(&f.queryColumn, "query-column", "", "column of the query file, when it is a table")
	fl.StringVar(&f.againstColumn, "against-column", "", "column of the other file, when it is a table")
	fl.IntVar(&f.top, "top", 10, "how many names to give for each query")
	fl.IntVar(&f.workers, "workers", 0, "how many to rank at once; 0 for one a processor. The output is the same")
	return cmd
}

type rankedName struct {
	Name        string  `json:"name"`
	Bits        float64 `json:"bits"`
	Probability float64 `json:"probability"`
	Why         string  `json:"why"`
}

type rankedQuery struct {
	Query   string       `json:"query"`
	Matches []rankedName `json:"matches"`
}

func (c *cli) rankNames(ctx context.Context, f rankFlags) error {
	if f.query == "" || f.against == "" {
		return usage{fault.New(fault.Invalid, "names rank", "two files are needed").With("give --query and --against")}
	}
	if f.top < 1 {
		return usage{fault.New(fault.Invalid, "names rank", "--top is %d", f.top).With("give 1 or more")}
	}
	queries, err := namesOf(f.query, f.queryColumn, "latin", "query")
	if err != nil {
		return err
	}
	list, err := namesOf(f.against, f.againstColumn, "hangul", "korean")
	if err != nil {
		return err
	}
	out, err := rankAll(ctx, queries, distinct(list), f)
	if err != nil {
		return err
	}
	return c.print(out, func() {
		for _, q := range out {
			c.line("%s", q.Query)
			for _, m := range q.Matches {
				c.line("  %-12s %6.1f bits  %5.1f %%  %s", m.Name, m.Bits, 100*m.Probability, m.Why)
			}
		}
	})
}

// rankAll divides the queries among the workers; each answer has its own place, so the
// output does not depend on their number.
func rankAll(ctx context.Context, queries, list []string, f rankFlags) ([]rankedQuery, error) {
	workers := f.workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	model := latin.Default()
	out := make([]rankedQuery, len(queries))
	var wg sync.WaitGroup
	for w := range min(workers, max(1, len(queries))) {
		wg.Go(func() {
			r := latin.NewRanker(model, list)
			for i := w; i < len(queries) && ctx.Err() == nil; i += workers {
				out[i] = rankedQuery{Query: queries[i], Matches: []rankedName{}}
				for _, m := range r.Rank(queries[i], f.top) {
					name := list[m.Index]
					out[i].Matches = append(out[i].Matches, rankedName{name, m.Bits, m.Probability, model.Why(m, name)})
				}
			}
		})
	}
	wg.Wait()
	return out, ctx.Err()
}

func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		was := seen[s]
		seen[s] = true
		return was
	})
}

// namesOf reads a file of names: a name a line, or a column of a table.
func namesOf(file, column string, usual ...string) ([]string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.NotFound, "names rank", "a file of names cannot be read").From(err).With("check --query and --against")
	}
	text, _, err := table.Decode(data)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	head, _, _ := strings.Cut(string(text), "\n")
	sep := separator(head, file, column, usual)
	if sep == 0 {
		return linesOf(string(text)), nil
	}
	return columnOf(text, sep, file, column, usual)
}

// separator says whether a file is a table: it has tabs, or it is CSV by its name or by a
// column that its first line names. A comma alone may stand in a name: "KIM, Chol Su".
func separator(head, file, column string, usual []string) rune {
	if strings.Contains(head, "\t") {
		return '\t'
	}
	cells := strings.Split(strings.ToLower(strings.TrimSpace(head)), ",")
	for _, name := range append(slices.Clone(usual), column) {
		if name != "" && slices.Contains(cells, strings.ToLower(name)) {
			return ','
		}
	}
	if column != "" || strings.HasSuffix(strings.ToLower(file), ".csv") {
		return ','
	}
	return 0
}

func linesOf(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func columnOf(text []byte, sep rune, file, column string, usual []string) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = sep, -1, sep == '\t'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fault.New(fault.Invalid, "names rank", "%s is not a table", file).From(err).With("check the quotes of the line named, or give a name a line")
	}
	at := -1
	for _, name := range append(append([]string{column}, usual...), "name") {
		if at < 0 && name != "" {
			at = slices.IndexFunc(rows[0], func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		}
		if name == column && column != "" && at < 0 {
			return nil, fault.New(fault.Invalid, "names rank", "%s has no column %q", file, column).With("its columns are %s", strings.Join(rows[0], ", "))
		}
	}
	first := 1
	if at < 0 {
		at, first = 0, 0
	}
	var out []string
	for i, row := range rows[first:] {
		if at >= len(row) {
			return nil, fault.New(fault.Invalid, "names rank", "%s, row %d has no column %d", file, i+first+1, at+1).With("make all rows equally long")
		}
		if s := strings.TrimSpace(row[at]); s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
