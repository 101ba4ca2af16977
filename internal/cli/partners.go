package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/when"
)

func (c *cli) partnersCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "partners",
		Short: "ask partner organisations whether they heard a person already, and answer them",
		Long: `Without a subcommand, lists the exchanges with partners. An exchange goes like this:

  we                                  the partner
  partners start      card A -->      partners join card A
  partners card       <-- card B
  partners compared   (check letters read aloud)   partners compared
  partners ask        question -->    partners answer
  partners read       <-- answer
  a possible match: call the partner with the code it shows; partners code, there

No file shows a name, and names cannot be tried on it. Only people are asked about, and
compared, who allow matching (CO-02) and sharing with this partner by name (CO-10). An
exchange has a last day and a number of questions; after it the keys are destroyed.`,
		Example: "  amparo partners --dir w",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				all, err := w.Partners(cmd.Context())
				if err != nil {
					return err
				}
				if all == nil {
					all = []*app.PartnerExchange{}
				}
				return c.print(all, func() {
					for _, x := range all {
						c.line("%s  %s: %s, until %s, %d asked (%d waiting), %d answered of %d each", x.ID, x.Partner, x.State, x.LastDay, x.Asked, x.Waiting, x.Answered, x.Limit)
					}
				})
			})
		},
	}
	cmd.AddCommand(c.partnersStart(), c.partnersJoin(), c.partnersCard(), c.partnersCompared(), c.partnersAsk(), c.partnersAnswer(), c.partnersRead(), c.partnersCode(), c.partnersCalled(), c.partnersEnd())
	return cmd
}

// newPartner is what start and join share: they name the two sides and write a card.
func (c *cli) newPartner(cmd *cobra.Command, partner, as, out *string, begin func(w *app.Workspace) (*app.PartnerExchange, error)) error {
	if *partner == "" || *as == "" || *out == "" {
		return usage{fmt.Errorf("--partner, --as and --out are needed: the two names as consents write them, and a new file for our card")}
	}
	if err := absent(*out); err != nil {
		return err
	}
	return c.with(cmd.Context(), func(w *app.Workspace) error {
		x, err := begin(w)
		if err != nil {
			return err
		}
		card, err := w.PartnerCard(cmd.Context(), x.ID)
		if err != nil {
			return err
		}
		if err := newFile(*out, []byte(card)); err != nil {
			return err
		}
		return c.print(x, func() {
			c.line("exchange %s; give %s to %s", x.ID, *out, x.Partner)
			if x.Letters != "" {
				c.line("check letters, to be compared aloud: %s", x.Letters)
			}
		})
	})
}

func partnerNames(cmd *cobra.Command, partner, as, out *string) {
	cmd.Flags().StringVar(partner, "partner", "", "the partner's name, as consents here write it")
	cmd.Flags().StringVar(as, "as", "", "our name, as the partner's consents write it")
	cmd.Flags().StringVar(out, "out", "", "new file for our card")
}

func (c *cli) partnersStart() *cobra.Command {
	var partner, as, out, until string
	var limit int
	cmd := &cobra.Command{
		Use:     "start",
		Short:   "begin an exchange: make the card that the partner needs",
		Example: "  amparo partners start --dir w --partner 'River Archive' --as 'Lantern Desk' --until 2027-03-31 --out card.txt",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			day, err := when.Parse(until)
			if err != nil {
				return usage{fmt.Errorf("--until is not a day: write one like 2027-03-31")}
			}
			return c.newPartner(cmd, &partner, &as, &out, func(w *app.Workspace) (*app.PartnerExchange, error) {
				return w.StartPartner(cmd.Context(), partner, as, day, limit)
			})
		},
	}
	partnerNames(cmd, &partner, &as, &out)
	cmd.Flags().StringVar(&until, "until", "", "the last day, at most a year away")
	cmd.Flags().IntVar(&limit, "limit", 20, "questions each side answers, 1 to 100")
	return cmd
}

func (c *cli) partnersJoin() *cobra.Command {
	var partner, as, out string
	cmd := &cobra.Command{
		Use:     "join CARD-FILE",
		Short:   "take the card of a partner that began, and make ours",
		Example: "  amparo partners join card.txt --dir w --partner 'Lantern Desk' --as 'River Archive' --out ours.txt",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			card, err := handed(args[0])
			if err != nil {
				return err
			}
			return c.newPartner(cmd, &partner, &as, &out, func(w *app.Workspace) (*app.PartnerExchange, error) {
				return w.JoinPartner(cmd.Context(), partner, as, string(card))
			})
		},
	}
	partnerNames(cmd, &partner, &as, &out)
	return cmd
}

// ofPartner is a step on an exchange that is named first, with files or words after it.
func (c *cli) ofPartner(use, short, example string, more int, do func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Example: example, Args: exactly(1 + more),
		RunE: func(cmd *cobra.Command, args []string) error {
			exchange, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error { return do(cmd.Context(), w, exchange, args[1:]) })
		},
	}
}

func (c *cli) partnersCard() *cobra.Command {
	return c.ofPartner("card EXCHANGE CARD-FILE", "take the card by which the partner answers ours", "  amparo partners card --dir w $EXCHANGE theirs.txt", 1,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error {
			card, err := handed(args[0])
			if err != nil {
				return err
			}
			x, err := w.TakePartnerCard(ctx, exchange, string(card))
			if err != nil {
				return err
			}
			return c.print(x, func() { c.line("check letters, to be compared aloud: %s", x.Letters) })
		})
}

func (c *cli) partnersCompared() *cobra.Command {
	var letters string
	cmd := c.ofPartner("compared EXCHANGE", "record that the check letters were compared aloud", "  amparo partners compared --dir w $EXCHANGE --letters 'abcde fghjk mnpqr stvwx yz012'", 0,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, _ []string) error {
			x, err := w.Partner(ctx, exchange)
			if err != nil {
				return err
			}
			plain := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
			if plain(letters) == "" || plain(letters) != plain(x.Letters) {
				return fault.New(fault.Corrupt, "partners compared", "the letters that were read to you are not those shown here").
					With("give with --letters what the partner read aloud; if it differs, somebody changed a card: end this exchange")
			}
			if x, err = w.ConfirmPartner(ctx, exchange); err != nil {
				return err
			}
			return c.print(x, func() { c.line("ready: questions can be asked and answered until %s", x.LastDay) })
		})
	cmd.Flags().StringVar(&letters, "letters", "", "the letters as the partner read them aloud")
	return cmd
}

func (c *cli) partnersAsk() *cobra.Command {
	var out string
	cmd := c.ofPartner("ask EXCHANGE PERSON", "make the file that asks a partner about one person", "  amparo partners ask --dir w $EXCHANGE $PERSON --out question.age", 1,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error {
			person, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			if err := absent(out); err != nil {
				return err
			}
			f, err := w.AskPartner(ctx, exchange, person)
			if err != nil {
				return err
			}
			if err := newFile(out, f.Data); err != nil {
				return err
			}
			return c.print(f, func() { c.line("question %s in %s: it shows nothing of the person", f.ID, out) })
		})
	cmd.Flags().StringVar(&out, "out", "", "new file for the question")
	return cmd
}

func (c *cli) partnersAnswer() *cobra.Command {
	var out string
	cmd := c.ofPartner("answer EXCHANGE QUESTION-FILE", "answer a partner's question", "  amparo partners answer --dir w $EXCHANGE question.age --out answer.age", 1,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error {
			file, err := handed(args[0])
			if err != nil {
				return err
			}
			if err := absent(out); err != nil {
				return err
			}
			f, err := w.AnswerPartner(ctx, exchange, file, c.progress("comparing"))
			if err != nil {
				return err
			}
			if err := newFile(out, f.Data); err != nil {
				return err
			}
			return c.print(f, func() { c.line("answer in %s: compared with %d people who allow it", out, f.Listed) })
		})
	cmd.Flags().StringVar(&out, "out", "", "new file for the answer")
	return cmd
}

func (c *cli) partnersRead() *cobra.Command {
	return c.ofPartner("read EXCHANGE ANSWER-FILE", "read a partner's answer", "  amparo partners read --dir w $EXCHANGE answer.age", 1,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error {
			file, err := handed(args[0])
			if err != nil {
				return err
			}
			a, err := w.ReadPartnerAnswer(ctx, exchange, file)
			if err != nil {
				return err
			}
			return c.print(a, func() {
				if a.Result == app.PartnerNone {
					c.line("question %s: no match among those who allow it", a.ID)
					return
				}
				c.line("question %s: possible match (%s), never proof; call %s with %s", a.ID, a.Result, a.Partner, strings.Join(a.Codes, ", "))
			})
		})
}

func (c *cli) partnersCode() *cobra.Command {
	return c.ofPartner("code EXCHANGE CODE", "look up of whom a partner speaks", "  amparo partners code --dir w $EXCHANGE 7Q2K-M9XD", 1,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, args []string) error {
			person, allowed, err := w.PartnerCode(ctx, exchange, args[0])
			if err != nil {
				return err
			}
			if !allowed {
				return fault.New(fault.Denied, "partners code", "the person does not allow it any more").With("say nothing, and tell the partner to delete the answer")
			}
			return c.print(map[string]any{"person": person}, func() { c.line("%s; say only whether the account was taken", person) })
		})
}

func (c *cli) partnersCalled() *cobra.Command {
	var showed string
	cmd := &cobra.Command{
		Use:     "called QUESTION",
		Short:   "record what a call with the partner showed",
		Example: "  amparo partners called --dir w $QUESTION --showed same",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				problems, err := w.NotePartnerCall(cmd.Context(), ask, showed)
				if err == nil && len(problems) > 0 {
					err = problems[0]
				}
				if err != nil {
					return err
				}
				return c.print(map[string]any{"ask": ask, "called": showed}, func() { c.line("recorded") })
			})
		},
	}
	cmd.Flags().StringVar(&showed, "showed", "", "same, other or unclear")
	return cmd
}

func (c *cli) partnersEnd() *cobra.Command {
	var yes bool
	cmd := c.ofPartner("end EXCHANGE", "destroy the keys of an exchange", "  amparo partners end --dir w $EXCHANGE --yes", 0,
		func(ctx context.Context, w *app.Workspace, exchange id.ID, _ []string) error {
			if !yes {
				return usage{fmt.Errorf("this cannot be undone: add --yes")}
			}
			x, err := w.EndPartner(ctx, exchange)
			if err != nil {
				return err
			}
			return c.print(x, func() { c.line("over; its keys are destroyed") })
		})
	cmd.Flags().BoolVar(&yes, "yes", false, "I know that this cannot be undone")
	return cmd
}

// handed reads a file that a partner gave.
func handed(name string) ([]byte, error) {
	st, err := os.Stat(name)
	if err == nil && st.Size() > app.MaxPartnerFile {
		return nil, fault.New(fault.TooLarge, "partners", "the file is larger than any a partner makes").With("name the file the partner gave you")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fault.New(fault.NotFound, "partners", "the partner's file cannot be read").From(err).With("name the file the partner gave you")
	}
	return b, nil
}

// absent refuses a file that is there before anything is done that counts.
func absent(name string) error {
	if name == "" {
		return usage{fmt.Errorf("--out is missing: name a new file")}
	}
	if _, err := os.Lstat(name); err == nil {
		return fault.New(fault.Conflict, "partners", "the file %s exists", name).With("name a new file; nothing was done")
	}
	return nil
}

// newFile writes a file that was not there.
func newFile(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.New(fault.Storage, "partners", "the file cannot be written").From(err).With("name a new file in a folder that is there")
	}
	if _, err = f.Write(data); err != nil {
		_ = f.Close()
		return fault.Because(fault.Storage, "partners", "the file cannot be written", err)
	}
	return fault.Because(fault.Storage, "partners", "the file cannot be written", f.Close())
}
