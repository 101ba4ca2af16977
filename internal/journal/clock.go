package journal

import (
	"sync"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/when"
)

// HLC is a hybrid logical clock reading: milliseconds since 1970 in the upper 48
// bits, a counter in the lower 16. It orders acts as people experienced them when
// clocks are right, and keeps cause before effect when they are not.
//
// Source: Kulkarni, Demirbas, Madappa, Avva, Leone (2014), "Logical Physical Clocks".
type HLC uint64

// At returns the reading for an instant, counter 0.
func At(t time.Time) HLC { return HLC(uint64(t.UnixMilli()) << 16) }

// Time returns the instant of a reading, in UTC.
func (h HLC) Time() time.Time { return time.UnixMilli(int64(h >> 16)).UTC() }

// Drift is how far the wall clock may fall behind the last reading, or a received
// reading may lie ahead of the wall clock, before somebody must be told.
const Drift = 10 * time.Minute

// Clock gives readings that never go back, whatever the machine's clock does.
type Clock struct {
	mu   sync.Mutex
	now  func() time.Time
	last HLC
}

// NewClock returns a clock over now, which is time.Now in the program.
func NewClock(now func() time.Time, last HLC) *Clock { return &Clock{now: now, last: last} }

// Next returns a reading later than every one given or seen before.
func (c *Clock) Next() HLC {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, At(c.now()))
	return c.last
}

// Observe takes note of a reading from another device, so that the next own
// reading is later.
func (c *Clock) Observe(h HLC) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, h)
}

// Check reports a wall clock that was set back, or readings from the future: acts
// stay in order, but their dates would mislead a reader.
func (c *Clock) Check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, last := c.now(), c.last.Time()
	if last.Sub(now) > Drift {
		return fault.New(fault.Conflict, "journal.Clock",
			"this machine's clock says %s, but the journal already holds acts of %s",
			now.UTC().Format(when.Minute), last.Format(when.Minute)).
			With("set the clock right; until then new acts are dated after the last one")
	}
	return nil
}
