package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/exchange/xlsform"
	"example.org/amparo/internal/kind"
)

func (c *cli) xlsformCmd() *cobra.Command {
	var repeats []string
	var out string
	var whole, builtin bool
	cmd := &cobra.Command{
		Use:   "xlsform [KIND...]",
		Short: "write a form for offline collection with ODK or KoboToolbox",
		Long: `Writes an XLSForm of one kind or several, in English, Korean and Chinese, to be uploaded
to ODK Central or KoboToolbox and filled in without a network. Each KIND is asked once;
each --repeat KIND any number of times, inside the last KIND; --repeat A/B repeats B
inside A. --interview is the form of a whole interview, with consent first.

A telephone and a form server hold what is collected in clear. Sealed fields, restricted
compartments, files and positions are never asked for; what is left out is listed.

The submissions, exported from the server as CSV, XLSX or JSON, come in with amparo
import, with no mapping to write.`,
		Example: "  amparo kinds xlsform --dir w incident --out incident.xlsx\n  amparo kinds xlsform --dir w person --repeat detention_stage --repeat detention_stage/question_asked --out chain.xlsx\n" +
			"  amparo kinds xlsform --builtin --interview --out interview.xlsx",
		RunE: func(cmd *cobra.Command, args []string) error {
			parts, err := formParts(args, repeats, whole)
			if err != nil {
				return err
			}
			if out == "" {
				return usage{fmt.Errorf("--out is missing: name a new file")}
			}
			if builtin {
				return c.writeForm(kind.Builtin(), parts, out)
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error { return c.writeForm(w.Schema(), parts, out) })
		},
	}
	cmd.Flags().StringArrayVar(&repeats, "repeat", nil, "kind that is asked any number of times")
	cmd.Flags().StringVar(&out, "out", "", "new file to write")
	cmd.Flags().BoolVar(&whole, "interview", false, "the form of a whole interview")
	cmd.Flags().BoolVar(&builtin, "builtin", false, "use the built-in kinds and open no workspace")
	return cmd
}

func formParts(kinds, repeats []string, whole bool) ([]xlsform.Part, error) {
	switch {
	case whole && len(kinds)+len(repeats) > 0:
		return nil, usage{fmt.Errorf("--interview is a whole form: name no kinds with it")}
	case whole:
		return xlsform.Interview(), nil
	case len(kinds) == 0:
		return nil, usage{fmt.Errorf("name a kind, or --interview")}
	}
	return xlsform.ParseParts(kinds, repeats)
}

type formWritten struct {
	File      string            `json:"file"`
	ID        string            `json:"form_id"`
	Version   string            `json:"version"`
	Questions int               `json:"questions"`
	LeftOut   []xlsform.LeftOut `json:"left_out"`
}

func (c *cli) writeForm(set *kind.Set, parts []xlsform.Part, file string) error {
	form, err := xlsform.Build(set, parts)
	if err != nil {
		return err
	}
	if err := table.WriteNew(file, form.Write); err != nil {
		return err
	}
	w := formWritten{file, form.ID, form.Version, form.Questions(), form.LeftOut}
	return c.print(w, func() {
		c.line("%s: form %s, %d questions", w.File, w.ID, w.Questions)
		for _, l := range w.LeftOut {
			c.line("  left out: %s %s: %s", l.Kind, strings.TrimSpace(l.Field+" "+l.Term), l.Why)
		}
	})
}
