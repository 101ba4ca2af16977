package cli

import (
	"context"
	"errors"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/linkage"
)

// linkWorkspace looks for doubles among the records of the workspace. The queue is computed
// again whenever the desk is opened, so that no list of pairs of people lies on the disk.
func (c *cli) linkWorkspace(ctx context.Context) error {
	return c.with(ctx, func(w *app.Workspace) error {
		out := []app.LinkSummary{}
		for _, k := range app.LinkedKinds() {
			l, err := w.Linking(ctx, k, true)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			out = append(out, l.Summary())
		}
		return c.print(out, func() {
			for _, s := range out {
				e := s.Errors
				c.line("%s: %d records, %d entities (%d to %d), %d decided, %d pairs wait for review at the desk", s.Kind, s.Records, s.Entities, s.Fewest, s.Most, s.Decided, s.Waiting)
				c.line("  precision %.3f (%.3f to %.3f), recall %.3f (%.3f to %.3f), estimated with %d answers to random pairs",
					e.Precision.Point, e.Precision.Low, e.Precision.High, e.Recall.Point, e.Recall.Low, e.Recall.High, e.Answers)
				if s.Contradictions > 0 {
					c.line("  %d chains of decisions contradict each other and are not followed: see the review at the desk", s.Contradictions)
				}
			}
			if len(out) == 0 {
				c.line("nothing to compare: only those whose consent covers matching (CO-02) are compared")
			}
		})
	})
}

// whyPair is why two records of the workspace are or are not taken for one.
type whyPair struct {
	Kind string `json:"kind"`
	A    string `json:"a"`
	B    string `json:"b"`
	linkage.Explanation
	// Path leads from the one to the other inside their group.
	Path []string `json:"path,omitempty"`
}

// whyInWorkspace explains any two records of one kind, compared or not.
func (c *cli) whyInWorkspace(ctx context.Context, f linkFlags) error {
	if len(f.why) != 2 {
		return usage{errors.New("--why takes two ids: --why A,B")}
	}
	a, err := id.Parse(f.why[0])
	if err != nil {
		return err
	}
	b, err := id.Parse(f.why[1])
	if err != nil {
		return err
	}
	return c.with(ctx, func(w *app.Workspace) error {
		row, err := w.Desk().Row(ctx, a)
		if err != nil {
			return err
		}
		l, err := w.Linking(ctx, row.Kind, false)
		if err != nil {
			return err
		}
		x, err := l.Explain(a, b)
		if err != nil {
			return err
		}
		out := whyPair{Kind: row.Kind, A: a.String(), B: b.String(), Explanation: x}
		for _, rec := range l.Named(x.Chain) {
			out.Path = append(out.Path, rec.String())
		}
		if err := drawWhy(x, f.svg); err != nil {
			return err
		}
		return c.print(out, func() {
			c.bars(x)
			switch {
			case x.Decided != "":
				c.line("decided: %s", x.Decided)
			case x.Together:
				c.line("taken for one, by way of %s", strings.Join(out.Path, " = "))
			default:
				c.line("taken for two; %.2f bits between their groups", x.Between)
			}
			if len(x.FoundBy) == 0 {
				c.line("no rule brings them together: they were not compared")
				return
			}
			c.line("brought together by %s", strings.Join(x.FoundBy, ", "))
		})
	})
}

// independenceReport is which testimonies hang together, without a word of them.
type independenceReport struct {
	Tellings int             `json:"testimonies"`
	Sources  int             `json:"independent_sources"`
	Waiting  int             `json:"waiting"`
	Pairs    []sharedWording `json:"pairs"`
	Clusters [][]string      `json:"clusters"` // persons that count as one source
}

type sharedWording struct {
	A       string  `json:"a"` // interviews
	B       string  `json:"b"`
	ShareA  float64 `json:"share_a"`
	ShareB  float64 `json:"share_b"`
	Longest int     `json:"longest_units"`
	Judged  string  `json:"judged,omitempty"`
}

// independence compares the words of all testimonies.
func (c *cli) independence(ctx context.Context) error {
	return c.with(ctx, func(w *app.Workspace) error {
		found, err := w.Independence(ctx)
		if err != nil {
			return err
		}
		out := independenceReport{Tellings: found.Tellings, Sources: found.Sources, Pairs: []sharedWording{}, Clusters: [][]string{}}
		for _, r := range found.Retellings {
			out.Pairs = append(out.Pairs, sharedWording{r.A.Interview.String(), r.B.Interview.String(), r.ShareA, r.ShareB, r.Longest, r.Judged})
			if r.Judged == "" {
				out.Waiting++
			}
		}
		for _, cluster := range found.Clusters {
			var in []string
			for _, p := range cluster {
				in = append(in, p.String())
			}
			out.Clusters = append(out.Clusters, in)
		}
		return c.print(out, func() {
			c.line("%d testimonies are %d independent sources; %d pairs share their words and wait for a judgement at the desk", out.Tellings, out.Sources, out.Waiting)
			for _, in := range out.Clusters {
				c.line("one source: %s", strings.Join(in, " "))
			}
		})
	})
}
