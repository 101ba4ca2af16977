package app

import "context"

// ReadAhead reads into memory what the first pages would wait for, one after the other as they
// are likely to be asked for: lists and names; who may be compared and counted; and what
// findings rest on. Each leaves as much behind as it keeps, which is given back before the next.
func (w *Workspace) ReadAhead(ctx context.Context) error {
	counting, err := w.For(countingPurpose, "")
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return w.index.Warm(ctx) },
		func() error { _, _, err := w.forMatching(ctx); return err },
		func() error { _, err := counting.out(ctx); return err },
		func() error { _, _, err := w.Findings(ctx, "en"); return err },
	} {
		if err := step(); err != nil {
			return err
		}
		w.giveBack()
	}
	return nil
}
