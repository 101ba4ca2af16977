package cli

import (
	"os"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/kind"
)

func (c *cli) kindsCmd() *cobra.Command {
	var add, lang string
	cmd := &cobra.Command{
		Use:   "kinds [KIND]",
		Short: "show the kinds of record and their fields, or add your own",
		Long: `Without an argument, lists every kind of record; with the name of one, its fields. This
is the data dictionary that forms, tables, import and export come from.

With --add, declares the kinds, fields and vocabularies of a YAML file in the workspace,
for all its members: no code is needed. Fields added to a built-in kind begin with x_.
A declaration is an entry of the journal and is never changed, only added to.`,
		Example: "  amparo kinds --dir w\n  amparo kinds --dir w incident --lang ko\n  amparo kinds --dir w --add our-kinds.yaml",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				if add != "" {
					return c.addKinds(cmd, w, add)
				}
				if len(args) == 1 {
					return c.showKind(w.Schema(), args[0], lang)
				}
				return c.listKinds(w.Schema(), lang)
			})
		},
	}
	cmd.AddCommand(c.xlsformCmd())
	cmd.Flags().StringVar(&add, "add", "", "declare the kinds of this YAML file")
	cmd.Flags().StringVar(&lang, "lang", "en", "language of labels: en, ko, zh")
	return cmd
}

func (c *cli) addKinds(cmd *cobra.Command, w *app.Workspace, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fault.New(fault.NotFound, "kinds", "the declaration cannot be read").From(err).With("check --add")
	}
	before := len(w.Schema().Kinds())
	if err := w.Declare(cmd.Context(), b); err != nil {
		return err
	}
	after := len(w.Schema().Kinds())
	return c.print(map[string]int{"kinds": after, "added": after - before}, func() {
		c.line("declared; %d kinds, %d of them new", after, after-before)
	})
}

type kindLine struct {
	Kind   string      `json:"kind"`
	Label  string      `json:"label"`
	Group  string      `json:"group"`
	Fields []fieldLine `json:"fields,omitempty"`
}

type fieldLine struct {
	Field      string `json:"field"`
	Label      string `json:"label"`
	Type       string `json:"type"`
	Class      string `json:"class"`
	Vocabulary string `json:"vocabulary,omitempty"`
	Required   string `json:"required,omitempty"`
	Repeat     bool   `json:"repeat,omitempty"`
}

func (c *cli) listKinds(set *kind.Set, lang string) error {
	out := []kindLine{}
	for _, k := range set.Kinds() {
		out = append(out, kindLine{Kind: k.Name, Label: k.Label.In(lang), Group: k.Group})
	}
	return c.print(out, func() {
		for _, k := range out {
			c.line("%-12s %-20s %s", k.Group, k.Kind, k.Label)
		}
	})
}

func (c *cli) showKind(set *kind.Set, name, lang string) error {
	k, ok := set.Kind(name)
	if !ok {
		return fault.New(fault.NotFound, "kinds", "there is no kind %q", name).With("amparo kinds lists them")
	}
	out := kindLine{Kind: k.Name, Label: k.Label.In(lang), Group: k.Group}
	for _, f := range k.Fields {
		out.Fields = append(out.Fields, fieldLine{f.Name, f.Label.In(lang), string(f.Type), string(f.Class), f.Vocabulary, f.Required, f.Repeat})
	}
	return c.print(out, func() {
		c.line("%s: %s", out.Kind, out.Label)
		for _, f := range out.Fields {
			c.line("  %-24s %-9s %-7s %-24s %s", f.Field, f.Type, f.Class, f.Vocabulary, f.Label)
		}
	})
}
