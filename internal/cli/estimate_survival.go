package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/fault"
)

// survivalFlags are the flags of estimate survival; those that name columns have the
// columns' usual names as defaults.
type survivalFlags struct {
	in                                            string
	time, status, entry, weight, group, outcome   string
	left, right, startLo, startHi, endLo, endHi   string
	person, from, to, enter, leave, family, limit string
	level, tau, rho, by, threshold                float64
	at                                            []float64
	band, sample, method, cause, unknown, first   string
	draws                                         int
	held, with, fateless                          int
}

func (c *cli) estimateSurvivalCmd() *cobra.Command {
	var f survivalFlags
	cmd := &cobra.Command{
		Use:   "survival",
		Short: "how long things last, and what happens next",
		Long: `Estimates durations from a table of one row a stay. The columns decide the method:

  time, status              Kaplan-Meier; status 1 is an end, 0 is not ended yet
  time, outcome             Aalen-Johansen; an empty outcome (or 0, censored) is not ended yet
  left, right               Turnbull; it ended in (left, right]; an empty right is not ended yet
  start_lo, start_hi, end_lo, end_hi    imprecise dates as numbers of days, by draws of the dates
  person, from, to, enter, leave        a chain of states; an empty to is not known further
  time, limit               only ended stays are known (with --sample ended)

entry (when the person came under observation), weight, group and family (rows that belong
together) may stand beside them. A person is at risk from just after entry up to and with
time. A time column has one unit throughout.

--sample says how the people came into the table: a cohort known beforehand, survivors,
people found inside at one time, or only ended stays. Survivors cannot say how many died:
asked for that, the answer is a refusal, with the bounds of a known cohort when it is
given by --held, --had and --fateless.`,
		Example: "  amparo estimate survival --in stays.csv --at 180,365 --json\n  amparo estimate survival --in returns.csv --cause detained --unknown unknown --by 365\n  amparo estimate survival --sample survivors --cause died --held 100 --had 40 --fateless 53",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fit, err := c.survivalFit(cmd, f)
			if err != nil {
				return c.refuseInput(err)
			}
			if err := drawFit(cmd, fit); err != nil {
				return err
			}
			if err := keepFigure(cmd, "survival", fit); err != nil {
				return err
			}
			return c.printFit(fit, survivalLines(fit)...)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *survivalFlags) register(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.in, "in", "", "the table: CSV or XLSX, - for standard input")
	for name, to := range map[string]*string{
		"time": &f.time, "status": &f.status, "entry": &f.entry, "weight": &f.weight, "group": &f.group, "outcome": &f.outcome,
		"left": &f.left, "right": &f.right, "start-lo": &f.startLo, "start-hi": &f.startHi, "end-lo": &f.endLo, "end-hi": &f.endHi,
		"person": &f.person, "from": &f.from, "to": &f.to, "enter": &f.enter, "leave": &f.leave, "family": &f.family, "limit": &f.limit,
	} {
		s.StringVar(to, name, strings.ReplaceAll(name, "-", "_"), "name of the column")
	}
	s.Float64Var(&f.level, "level", 0.95, "confidence level")
	s.StringVar(&f.band, "band", "log-log", "scale of the band: log-log, log, logit, arcsine, plain")
	s.Float64Var(&f.tau, "tau", 0, "mean duration up to this time; without it, up to where all curves are known")
	s.Float64Var(&f.rho, "rho", 0, "weight of the test: 0 log-rank, 1 Peto")
	s.Float64SliceVar(&f.at, "at", nil, "read the curves off at these times")
	s.StringVar(&f.sample, "sample", "cohort", "how the people came into the table: cohort, survivors, inside, ended")
	s.StringVar(&f.method, "method", "", "km, turnbull, imputed, aalen-johansen; without it the columns decide")
	s.StringVar(&f.cause, "cause", "", "the outcome or state of the headline figure")
	s.Float64Var(&f.by, "by", 0, "the time of the headline figure; without it the last")
	s.StringVar(&f.unknown, "unknown", "", "the outcome under which unknown fates are recorded")
	s.StringVar(&f.first, "first", "", "the state everybody was in at the start")
	s.Float64Var(&f.threshold, "threshold", 0.5, "share of the tipping point")
	s.IntVar(&f.draws, "draws", 50, "draws of imprecise dates; bootstrap draws for left, right are four times as many")
	s.IntVar(&f.held, "held", 0, "people known beforehand, for the bounds")
	s.IntVar(&f.with, "had", 0, "of them, known to have had the outcome")
	s.IntVar(&f.fateless, "fateless", 0, "of them, of unknown fate")
	seedFlag(cmd)
	svgFlag(cmd)
	figureFlag(cmd)
}

func (f survivalFlags) question() (survival.Question, error) {
	sample, err := survival.ParseSample(f.sample)
	if err != nil {
		return survival.Question{}, err
	}
	return survival.Question{
		Options: survival.Options{Level: f.level, Band: survival.Band(f.band)},
		Tau:     f.tau, Times: f.at, Rho: f.rho, Sample: sample,
	}, nil
}

func (c *cli) survivalFit(cmd *cobra.Command, f survivalFlags) (estimate.Fit, error) {
	q, err := f.question()
	if err != nil {
		return estimate.Fit{}, err
	}
	if q.Sample == survival.Survivors && f.cause != "" {
		fit, err := survival.RefuseRisk(bounds.Fates{X: f.with, Unknown: f.fateless, N: f.held}, f.threshold)
		fit.Options = map[string]any{"sample": f.sample, "cause": f.cause, "threshold": f.threshold, "held": f.held, "had": f.with, "fateless": f.fateless}
		fit.Warnings = q.Sample.Warnings()
		return fit, err
	}
	g, err := c.openGrid(f.in)
	if err != nil {
		return estimate.Fit{}, err
	}
	read, err := f.reader(g)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit, err := read(cmd, g, q)
	if err != nil {
		return estimate.Fit{}, g.place(err)
	}
	fit.InputHash = estimate.Hash(g.canonical())
	fit.Options["columns"] = f.columns(g)
	if f.method == "midpoint" || f.method == "km-by-cause" {
		err = survival.Replaced(&fit, f.method)
	}
	return fit, err
}

// reader chooses by the columns that are there.
func (f survivalFlags) reader(g *grid) (func(*cobra.Command, *grid, survival.Question) (estimate.Fit, error), error) {
	switch f.method {
	case "", "km", "turnbull", "imputed", "aalen-johansen", "midpoint", "km-by-cause":
	default:
		return nil, usage{fault.New(fault.Invalid, "survival", "no method is called %q", f.method).With("use km, turnbull, imputed or aalen-johansen")}
	}
	fits := func(method string) bool { return f.method == "" || f.method == method }
	byCause := fits("aalen-johansen") || f.method == "km-by-cause"
	switch {
	case g.has(f.from) && g.has(f.enter) && byCause:
		return f.states, nil
	case g.has(f.startLo) && (fits("imputed") || f.method == "midpoint"):
		return f.windows, nil
	case g.has(f.left) && (fits("turnbull") || f.method == "midpoint"):
		return f.intervals, nil
	case g.has(f.outcome) && byCause:
		return f.outcomes, nil
	case g.has(f.limit) && f.sample == string(survival.Ended):
		return f.ended, nil
	case g.has(f.time) && fits("km"):
		return f.durations, nil
	}
	return nil, fault.Problem{File: g.file, Row: 1, Reason: "the columns fit no method" + map[bool]string{true: " called " + f.method}[f.method != ""],
		Remedy: "the columns are " + strings.Join(g.header, ", ") + "; name time and status, or the others that amparo estimate survival --help lists, by their flags"}
}

func (f survivalFlags) durations(_ *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	if err := g.need(f.status); err != nil {
		return estimate.Fit{}, err
	}
	var obs []survival.Observation
	for _, r := range g.rows {
		o := survival.Observation{Group: g.cell(r, f.group), ID: g.cell(r, f.family)}
		var err error
		if o.Time, err = g.number(r, f.time); err != nil {
			return estimate.Fit{}, err
		}
		if o.Event, err = g.yesNo(r, f.status); err != nil {
			return estimate.Fit{}, err
		}
		if o.Entry, o.Late, err = f.lateEntry(g, r); err != nil {
			return estimate.Fit{}, err
		}
		if o.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		obs = append(obs, o)
	}
	return survival.Estimate(obs, q)
}

// columns says which columns were read, by the name of their flag.
func (f survivalFlags) columns(g *grid) map[string]string {
	out := map[string]string{}
	for name, column := range map[string]string{
		"time": f.time, "status": f.status, "entry": f.entry, "weight": f.weight, "group": f.group, "outcome": f.outcome,
		"left": f.left, "right": f.right, "start-lo": f.startLo, "start-hi": f.startHi, "end-lo": f.endLo, "end-hi": f.endHi,
		"person": f.person, "from": f.from, "to": f.to, "enter": f.enter, "leave": f.leave, "family": f.family, "limit": f.limit,
	} {
		if g.has(column) {
			out[name] = column
		}
	}
	return out
}

// survivalLines are the sentences under the headline.
func survivalLines(fit estimate.Fit) []string {
	var out []string
	switch d := fit.Detail.(type) {
	case *survival.Durations:
		for _, g := range d.Groups {
			l := fmt.Sprintf("%s: n %d, ended %d, median %s", all(g.Name), g.N, g.Events, g.Quantiles[1].Text)
			if g.RMST != nil {
				l += fmt.Sprintf(", mean up to %.6g: %.4g (%s to %s)", g.RMST.Tau, g.RMST.Value, shown(g.RMST.Lower), shown(g.RMST.Upper))
			}
			out = append(out, l)
			for _, s := range g.AtTimes {
				out = append(out, fmt.Sprintf("  at %.6g: %.4g (%s to %s), %.4g at risk", s.Time, s.Survival, shown(s.Lower), shown(s.Upper), s.AtRisk))
			}
		}
		if d.LogRank != nil {
			out = append(out, fmt.Sprintf("%s: chi-squared %.4g on %d, p %.4g", d.LogRank.Name, d.LogRank.Chi2, d.LogRank.DF, d.LogRank.P))
		}
	case *survival.Bracketed:
		for _, g := range d.Groups {
			out = append(out, fmt.Sprintf("%s: n %d, median above %.6g and up to %s", all(g.Name), g.N, g.Median.Left, shown(g.Median.Right)))
		}
		if d.LogRank != nil {
			out = append(out, fmt.Sprintf("%s: chi-squared %.4g on %d, p %.4g", d.LogRank.Name, d.LogRank.Chi2, d.LogRank.DF, d.LogRank.P))
		}
	case *survival.Outcomes:
		for _, g := range d.Groups {
			out = append(out, stateLines(all(g.Name), g.AtTimes)...)
			for _, b := range g.Bounds {
				out = append(out, fmt.Sprintf("  %s: between %.4g and %.4g whatever befell the others. %s", b.Outcome, float64(b.Interval.Lower), float64(b.Interval.Upper), b.Sentence))
			}
		}
		for _, t := range d.Tests {
			out = append(out, fmt.Sprintf("Gray's test of %s: chi-squared %.4g on %d, p %.4g", t.Outcome, t.Chi2, t.DF, t.P))
		}
	case *survival.States:
		out = stateLines("all", d.AtTimes)
	}
	return out
}

func stateLines(name string, at []survival.OutcomesAt) []string {
	var out []string
	for _, a := range at {
		for _, s := range a.States {
			out = append(out, fmt.Sprintf("%s at %.6g: %s %.4g (%s to %s)", name, a.Time, s.State, s.P, shown(s.Lower), shown(s.Upper)))
		}
	}
	return out
}

// exactStarts reports whether all starts are known to the day: then a duration is an
// ordinary interval and no dates need be drawn.
func exactStarts(in []survival.Window) bool {
	return !slices.ContainsFunc(in, func(w survival.Window) bool { return w.StartLo != w.StartHi })
}

func fromStarts(in []survival.Window) []survival.Interval {
	out := make([]survival.Interval, len(in))
	for i, w := range in {
		out[i] = survival.Interval{Left: w.EndLo - w.StartLo, Right: w.EndHi - w.StartLo, Closed: !math.IsInf(w.EndHi, 1), Weight: w.Weight, Group: w.Group}
		if math.IsInf(w.EndHi, 1) {
			continue
		}
		out[i].Left = math.Max(0, out[i].Left)
	}
	return out
}
