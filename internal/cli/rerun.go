package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
)

// figureFormat names the format of a figure file and its version.
const figureFormat = "amparo figure 1"

// figureFile is a figure with all that is needed to compute it again: the request holds the
// input itself. Program, Made and Seconds are for the reader and are not compared.
type figureFile struct {
	Format  string          `json:"format"`
	Kind    string          `json:"kind"` // what computes it: "mse", or the command of [commandFigures]
	Program string          `json:"program"`
	Made    time.Time       `json:"made"`
	Seconds float64         `json:"seconds"`
	Request json.RawMessage `json:"request"`
	Fit     json.RawMessage `json:"fit"`

	fit *estimate.Fit
}

// request is something that a figure is computed from.
type request interface {
	fit(ctx context.Context) (estimate.Fit, error)
}

// makeFigure computes a figure of a kind. q is the request or a pointer to it.
func makeFigure(ctx context.Context, kind string, q any) (*figureFile, error) {
	raw, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	f := &figureFile{Format: figureFormat, Kind: kind, Program: app.Program(), Made: time.Now().UTC().Truncate(time.Second), Request: raw}
	start := time.Now()
	if err := f.compute(ctx); err != nil {
		return nil, err
	}
	f.Seconds = time.Since(start).Seconds()
	return f, nil
}

// compute fills in the fit from the request as it was written, so that a figure is always
// made from exactly what its file holds.
func (f *figureFile) compute(ctx context.Context) error {
	if f.Kind != "mse" {
		return fault.New(fault.Foreign, "rerun", "the figure is of a kind %q that this program does not know", f.Kind).With("use the program that made it: %s", f.Program)
	}
	var q mseRequest
	if err := f.decode(&q); err != nil {
		return err
	}
	fit, err := request(&q).fit(ctx)
	if err != nil {
		return err
	}
	f.fit = &fit
	f.Fit, err = json.Marshal(fit)
	return err
}

// decode reads the request; a field that this program does not know is refused, for it
// may have changed the result.
func (f *figureFile) decode(q any) error {
	d := json.NewDecoder(bytes.NewReader(f.Request))
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil {
		return fault.New(fault.Foreign, "rerun", "the request in the figure cannot be read").From(err).With("use the program that made it: %s", f.Program)
	}
	return nil
}

// save writes the figure to a file; an empty name saves nothing.
func (f *figureFile) save(file string) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(b, '\n'), 0o600); err != nil {
		return &fault.Error{Kind: fault.Storage, Op: "figure", Msg: "the figure cannot be saved", Err: err, Remedy: "check --figure"}
	}
	return nil
}

func readFigure(file string) (*figureFile, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, &fault.Error{Kind: fault.NotFound, Op: "rerun", Msg: "the figure cannot be read", Err: err, Remedy: "check the path"}
	}
	var f figureFile
	if err := json.Unmarshal(b, &f); err != nil || f.Format != figureFormat {
		return nil, fault.New(fault.Foreign, "rerun", "%s is not a figure of this program", file).With("give a file made with --figure")
	}
	return &f, nil
}

func (c *cli) rerunCmd() *cobra.Command {
	var in []string
	cmd := &cobra.Command{
		Use:   "rerun FIGURE",
		Short: "compute a saved figure again and compare it to the last bit",
		Long: `Computes a figure again and compares every number. A figure of estimate mse holds its
tables. The others were made from a table of one row a person or a count that must not be
published, so the figure holds only the name and the SHA-256 of each file: it is looked
for where it was, seen from the figure, or given with --in. A file that is missing or was
changed is named, and nothing is computed. A figure of a workspace names its record: it is
computed again from the workspace that --dir names.

The exit code is 0 when every number comes out the same to the last bit, and 4 when
something differs or the input is not the same; what differs is named.`,
		Example: "  amparo rerun figure.json\n  amparo rerun figure.json --in moved/answers.csv",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := readFigure(args[0])
			if err != nil {
				return err
			}
			now := &figureFile{Kind: old.Kind, Program: old.Program, Request: old.Request}
			if old.Kind == workspaceFigure {
				err = c.with(cmd.Context(), func(w *app.Workspace) error { return now.computeWorkspace(cmd.Context(), w) })
			} else if _, ok := commandFigures[old.Kind]; ok {
				err = now.computeCommand(cmd.Context(), filepath.Dir(args[0]), in)
			} else {
				err = now.compute(cmd.Context())
			}
			if err != nil {
				return err
			}
			return c.compareFigures(old, now)
		},
	}
	cmd.Flags().StringArrayVar(&in, "in", nil, "where a file of the figure is now; found by its content, whatever its name")
	return cmd
}

// rerunResult is what rerun says.
type rerunResult struct {
	Same    bool        `json:"same"`
	Program string      `json:"program"` // that made the figure
	Differs []differing `json:"differs,omitempty"`
}

type differing struct {
	Field string `json:"field"`
	Saved string `json:"saved"`
	Now   string `json:"now"`
}

func (c *cli) compareFigures(old, now *figureFile) error {
	out := rerunResult{Program: old.Program}
	var saved, again any
	if err := errorsIn(exactNumbers(old.Fit, &saved), exactNumbers(now.Fit, &again)); err != nil {
		return fault.New(fault.Foreign, "rerun", "the figure's result cannot be read").From(err)
	}
	out.Differs = differences("", saved, again)
	out.Same = len(out.Differs) == 0
	err := c.print(out, func() {
		if out.Same {
			c.line("the same to the last bit")
		}
		for _, d := range out.Differs {
			c.line("DIFFERS: %s: saved %s, now %s", d.Field, d.Saved, d.Now)
		}
	})
	if err == nil && !out.Same {
		return done(exitCorrupt)
	}
	return err
}

func errorsIn(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// exactNumbers decodes JSON and keeps numbers as they are written: Go writes the shortest
// digits that give the same bits back.
func exactNumbers(b []byte, out *any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(out)
}

// differences lists the fields in which two decoded values differ, in the order of their
// names.
func differences(at string, a, b any) []differing {
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			return mapDifferences(at, a, b)
		}
	case []any:
		if b, ok := b.([]any); ok && len(a) == len(b) {
			var out []differing
			for i := range a {
				out = append(out, differences(fmt.Sprintf("%s[%d]", at, i), a[i], b[i])...)
			}
			return out
		}
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []differing{{strings.TrimPrefix(at, "."), asJSON(a), asJSON(b)}}
}

func mapDifferences(at string, a, b map[string]any) []differing {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var out []differing
	for _, k := range keys {
		out = append(out, differences(at+"."+k, a[k], b[k])...)
	}
	return out
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
