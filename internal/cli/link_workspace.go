package cli

import (
	"context"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
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
