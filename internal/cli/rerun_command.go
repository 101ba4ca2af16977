package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
)

// commandFigure is a command whose result can be kept as a figure: its words on the
// command line, and which of its flags name files that are read.
type commandFigure struct {
	words []string
	files []string
}

// commandFigures are the figures that are computed again by the command that made them.
var commandFigures = map[string]commandFigure{
	"share":    {[]string{"estimate", "share"}, []string{"in", "margins"}},
	"survival": {[]string{"estimate", "survival"}, []string{"in"}},
	"rds":      {[]string{"estimate", "rds"}, []string{"in"}},
	"nsum":     {[]string{"estimate", "nsum"}, []string{"in"}},
	"disclose": {[]string{"disclose"}, []string{"in", "released"}},
}

// writing are flags that name what a command writes. They are no part of a figure: a
// figure that somebody hands over must not be able to write a file when it is run again.
var writing = []string{"figure", "svg", "out", "record"}

// commandRequest is a command with the flags it was given, and the files it read. Rows
// about people are not in it: a figure is passed on, and they must not be.
type commandRequest struct {
	Flags  []flagGiven `json:"flags"` // by name
	Inputs []inputFile `json:"inputs"`
}

type flagGiven struct {
	Name   string   `json:"name"`
	Values []string `json:"values"` // several for a flag that is a list
}

// inputFile is a file that a command read. Path is as seen from the folder of the figure.
type inputFile struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

func figureFlag(cmd *cobra.Command) {
	cmd.Flags().String("figure", "", "save what is needed to compute this again in this file: amparo rerun")
}

// keepFigure saves the result of a command as a figure where --figure asks for it.
func keepFigure(cmd *cobra.Command, kind string, result any) error {
	name, err := cmd.Flags().GetString("figure")
	if err != nil || name == "" {
		return err
	}
	q, err := requestOf(cmd, kind, filepath.Dir(name))
	if err != nil {
		return err
	}
	f := &figureFile{Format: figureFormat, Kind: kind, Program: app.Program(), Made: time.Now().UTC().Truncate(time.Second)}
	if f.Request, err = json.Marshal(q); err != nil {
		return err
	}
	if f.Fit, err = json.Marshal(result); err != nil {
		return err
	}
	return f.save(name)
}

func requestOf(cmd *cobra.Command, kind, folder string) (commandRequest, error) {
	q := commandRequest{Flags: []flagGiven{}, Inputs: []inputFile{}}
	var failed error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || slices.Contains(writing, f.Name) {
			return
		}
		values, err := flagValues(cmd, f)
		if err == nil && slices.Contains(commandFigures[kind].files, f.Name) {
			for i, v := range values {
				var in inputFile
				if in, err = inputOf(v, folder); err != nil {
					break
				}
				values[i] = in.Path
				q.Inputs = append(q.Inputs, in)
			}
		}
		failed = errors.Join(failed, err)
		q.Flags = append(q.Flags, flagGiven{f.Name, values})
	})
	return q, failed
}

// flagValues are the values of a flag in a form that can be set again.
func flagValues(cmd *cobra.Command, f *pflag.Flag) ([]string, error) {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice(), nil
	}
	if f.Value.Type() != "stringToInt64" {
		return []string{f.Value.String()}, nil
	}
	m, err := cmd.Flags().GetStringToInt64(f.Name)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+strconv.FormatInt(m[k], 10))
	}
	return out, err
}

func inputOf(name, folder string) (inputFile, error) {
	if name == "-" {
		return inputFile{}, usage{fault.New(fault.Invalid, "figure", "a figure cannot be kept of what comes from standard input").With("save the table in a file and name it with --in")}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return inputFile{}, fault.Because(fault.NotFound, "figure", "the table cannot be read", err)
	}
	in := inputFile{Path: name, SHA256: estimate.Hash(b)}
	from, err1 := filepath.Abs(folder)
	to, err2 := filepath.Abs(name)
	if rel, err := filepath.Rel(from, to); err1 == nil && err2 == nil && err == nil {
		in.Path = filepath.ToSlash(rel)
	}
	return in, nil
}

// computeCommand runs the command of a figure again, with the files it was made from.
func (f *figureFile) computeCommand(ctx context.Context, folder string, given []string) error {
	var q commandRequest
	if err := f.decode(&q); err != nil {
		return err
	}
	found, err := q.find(folder, given)
	if err != nil {
		return err
	}
	args, err := q.arguments(f.Kind, found)
	if err != nil {
		return err
	}
	var out, problems bytes.Buffer
	code := Main(ctx, append(args, "--json"), Streams{Out: &out, Err: &problems})
	if err := ctx.Err(); err != nil {
		return err
	}
	if code != exitOK && code != exitRefused {
		var said struct{ Error string }
		_ = json.Unmarshal(out.Bytes(), &said) // without it the figure is refused all the same
		return fault.New(fault.Foreign, "rerun", "the figure cannot be computed again: %s", said.Error).With("use the program that made it: %s", f.Program)
	}
	f.Fit = bytes.TrimSpace(out.Bytes())
	return nil
}

// find locates each input by its content. What is not there, and what is there and has
// another content, are told apart.
func (q commandRequest) find(folder string, given []string) (map[string]string, error) {
	found := map[string]string{}
	hashes := map[string]string{}
	for _, name := range given {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, &fault.Error{Kind: fault.NotFound, Op: "rerun", Msg: "the file given with --in cannot be read", Err: err, Remedy: "check the path"}
		}
		hashes[estimate.Hash(b)] = name
	}
	for _, in := range q.Inputs {
		if name, ok := hashes[in.SHA256]; ok {
			found[in.Path] = name
			continue
		}
		if len(given) == len(q.Inputs) {
			return nil, changed(in.Path)
		}
		name := filepath.FromSlash(in.Path)
		if !filepath.IsAbs(name) {
			name = filepath.Join(folder, name)
		}
		b, err := os.ReadFile(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return nil, fault.New(fault.NotFound, "rerun", "the figure was made from %s, which is not there", in.Path).
				With("give the file with --in; its SHA-256 is %s", in.SHA256)
		case err != nil:
			return nil, fault.Because(fault.Storage, "rerun", "the input of the figure cannot be read", err)
		case estimate.Hash(b) != in.SHA256:
			return nil, changed(in.Path)
		}
		found[in.Path] = name
	}
	return found, nil
}

func changed(path string) error {
	return fault.New(fault.Corrupt, "rerun", "%s was changed since the figure was made: its SHA-256 is not the one in the figure", path).
		With("give the file as it was with --in, or make a new figure")
}

// arguments are the words of the command line. Only flags that the command has, that read,
// and whose files were found by their content are let through.
func (q commandRequest) arguments(kind string, found map[string]string) ([]string, error) {
	known := commandFigures[kind]
	cmd, _, err := (&cli{Streams: Streams{Out: io.Discard, Err: io.Discard}}).root().Find(known.words)
	if err != nil {
		return nil, err
	}
	args := slices.Clone(known.words)
	for _, g := range q.Flags {
		f := cmd.LocalNonPersistentFlags().Lookup(g.Name)
		if f == nil || slices.Contains(writing, g.Name) {
			return nil, fault.New(fault.Foreign, "rerun", "the figure was made with --%s, which this program does not take in a figure", g.Name).With("use the program that made it")
		}
		for _, v := range g.Values {
			if slices.Contains(known.files, g.Name) {
				name, ok := found[v]
				if !ok {
					return nil, fault.New(fault.Foreign, "rerun", "the figure was made from %s and holds no hash of it", v).With("use the figure as it was saved")
				}
				v = name
			}
			args = append(args, "--"+g.Name+"="+asFlag(f, v))
		}
	}
	return args, nil
}

// asFlag quotes one value of a flag whose values are divided by commas.
func asFlag(f *pflag.Flag, v string) string {
	if f.Value.Type() != "stringSlice" || !strings.ContainsAny(v, ",\"\n") {
		return v
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{v}) // to memory, which does not fail
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
