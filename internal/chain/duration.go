package chain

import (
	"math"

	"example.org/amparo/id"
	"example.org/amparo/when"
)

// End says how a stay ended.
type End string

// The ends. Death in custody and execution compete with leaving: who died did not stay
// on, and never testifies.
const (
	Moved    End = "moved"    // to the next stage
	Released End = "released" // from this stay
	Escaped  End = "escaped"
	Died     End = "died"
	Held     End = "held"    // still, when last heard of
	NotKnown End = "unknown" // what became of the person after it
)

// Censoring says what is known of a duration.
type Censoring string

// The censorings, in the words of survival analysis.
const (
	Exact    Censoring = "exact"    // one number of days
	Interval Censoring = "interval" // between two
	Left     Censoring = "left"     // at most
	Right    Censoring = "right"    // at least: the end was not seen
)

// Duration is one stay as survival estimation takes it: its length lies in [Lo, Hi] days,
// Hi infinite where the end was not seen.
type Duration struct {
	Person, Episode, Stage id.ID
	Type                   string
	Lo, Hi                 float64
	Censoring              Censoring
	End                    End
	Year                   int // of entry where it is certain, else 0
	Track                  string
}

// leadsTo is the stage that an outcome sends to: a stay of another type ended there.
var leadsTo = map[string]string{"OC-R03": "ST09", "OC-R04": "ST10", "OC-R05": "ST10"}

// Durations lists every stay of detention of a person with what is known of its length
// and its end. A stay whose dates contradict its duration is left out: no length can be
// taken from it. So is one of which neither dates nor a duration are told.
func Durations(person id.ID, episodes []Episode) []Duration {
	var out []Duration
	for _, e := range episodes {
		stages := inOrder(e.Stages)
		for i, s := range stages {
			if n := usual(s.Type); n < 2 || n > 10 {
				continue
			}
			t := s.Times()
			if t.Conflict || t.Stay.Lo == 0 && t.Stay.Hi == Unbounded && !s.Censored {
				continue
			}
			d := Duration{Person: person, Episode: e.Record, Stage: s.Record, Type: s.Type, Lo: float64(t.Stay.Lo), Hi: float64(t.Stay.Hi), Track: e.Track, Year: year(t.In)}
			d.End = endOf(e, s, i == len(stages)-1)
			d.settle(s, t)
			out = append(out, d)
		}
	}
	return out
}

// endOf reads how a stay ended from what followed it and from the outcome of the return.
// "Escaped again" is a later flight; it is an escape from this stay only where nobody says
// that the stay ended.
func endOf(e Episode, s Stage, last bool) End {
	switch died := e.Outcome == "OC-R06" || e.Outcome == "OC-R07"; {
	case last && died:
		return Died
	case last && s.Censored && e.Outcome == "OC-R11":
		return Escaped
	case s.Censored && e.Outcome == FateUnknown:
		return NotKnown
	case s.Censored:
		return Held
	case !last || leadsTo[e.Outcome] != "" && leadsTo[e.Outcome] != s.Type:
		return Moved
	case e.Outcome == "OC-R05":
		return Held // a political camp has no end of term
	case e.Outcome == "" || e.Outcome == FateUnknown:
		return NotKnown
	}
	return Released
}

// settle gives the row its censoring. What was seen of a stay that went on is a lower end.
func (d *Duration) settle(s Stage, t Times) {
	wentOn := d.End == Held || s.Censored && d.End == NotKnown
	if t.Stay.Hi == Unbounded || wentOn {
		d.Hi = math.Inf(1)
	}
	switch {
	case math.IsInf(d.Hi, 1):
		d.Censoring = Right
	case d.Lo == d.Hi:
		d.Censoring = Exact
	case d.Lo == 0:
		d.Censoring = Left
	default:
		d.Censoring = Interval
	}
}

func year(in Days) int {
	if in.Lo == beginning || in.Hi == Unbounded {
		return 0
	}
	a, b := yearOf(in.Lo), yearOf(in.Hi)
	if a != b {
		return 0
	}
	return a
}

// Total is the time of interrogation and holding of one return: the stays in SSD
// interrogation, sorting and the MPS holding centre together.
type Total struct {
	Days     Days
	Stages   []id.ID
	Censored bool // one of the stays had not ended, or nobody saw its end
	// Partial says that the account holds no interrogation, or a stay of which no length
	// is known: the total is then no more than a lower end.
	Partial bool
}

// Interrogation adds up interrogation and holding (ST05, ST06, ST07) of a return. The
// lower end is what is certain; the upper end is unbounded where a stay has none.
func Interrogation(e Episode) Total {
	var t Total
	started := false
	for _, s := range inOrder(e.Stages) {
		if s.Type != "ST05" && s.Type != "ST06" && s.Type != "ST07" {
			continue
		}
		started = started || s.Type == "ST05"
		x := s.Times()
		t.Stages = append(t.Stages, s.Record)
		t.Censored = t.Censored || s.Censored
		if x.Conflict || x.Stay.Lo == 0 && x.Stay.Hi == Unbounded {
			t.Partial = true
			t.Days.Hi = Unbounded
			continue
		}
		t.Days.Lo += x.Stay.Lo
		if t.Days.Hi == Unbounded || x.Stay.Hi == Unbounded || s.Censored {
			t.Days.Hi = Unbounded
			continue
		}
		t.Days.Hi += x.Stay.Hi
	}
	t.Partial = t.Partial || !started
	return t
}

func yearOf(day int64) int {
	y, _, _ := when.Day(day).Civil()
	return y
}
