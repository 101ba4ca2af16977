package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/lcm"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/nhoi"
	"example.org/amparo/estimate/mse/pairs"
	"example.org/amparo/estimate/mse/sparse"
	"example.org/amparo/fault"
)

// mseRequest is everything that determines a figure from lists. It is saved with the
// figure, tables included.
type mseRequest struct {
	Tables     []hist.Table `json:"tables"`
	Method     string       `json:"method"`
	Seed       *uint64      `json:"seed,omitempty"` // nil: derived from table, method and options
	Level      float64      `json:"level"`
	Delta      float64      `json:"delta,omitempty"`
	From       int          `json:"from,omitempty"`
	To         int          `json:"to,omitempty"`
	Saturated  bool         `json:"saturated,omitempty"`
	Shape      float64      `json:"shape,omitempty"`
	Scale      float64      `json:"scale,omitempty"`
	Criterion  string       `json:"criterion,omitempty"`
	MaxOrder   int          `json:"max_order,omitempty"`
	Threshold  float64      `json:"threshold,omitempty"`
	Draws      int          `json:"draws,omitempty"` // 0: the method's usual number
	Classes    int          `json:"classes,omitempty"`
	Bound      int          `json:"bound,omitempty"`
	Steps      int          `json:"steps,omitempty"`
	Xi         float64      `json:"xi,omitempty"`
	Above      float64      `json:"above,omitempty"`
	Omit       []string     `json:"omit,omitempty"` // done to the tables already
	Merge      []string     `json:"merge,omitempty"`
	Referrals  []string     `json:"referrals,omitempty"`
	Open       bool         `json:"open,omitempty"`
	Unresolved float64      `json:"unresolved,omitempty"`
	Limits     mse.Limits   `json:"limits"`
	limits     []string
}

func (q *mseRequest) flags(f *pflag.FlagSet) {
	q.Limits = mse.DefaultLimits()
	f.StringVar(&q.Method, "method", "all", strings.Join(methodNames(), ", "))
	f.Float64Var(&q.Level, "level", estimate.DefaultLevel, "level of the intervals")
	f.Float64Var(&q.Delta, "delta", 0, "dga: prior weight of a cell (default 2^-lists)")
	f.IntVar(&q.From, "from", 0, "dga: fewest missing (default 1; -1 allows for none)")
	f.IntVar(&q.To, "to", 0, "dga: most missing (default: until the posterior has ended)")
	f.BoolVar(&q.Saturated, "saturated", false, "dga: include the graph that ties all lists together")
	f.Float64Var(&q.Shape, "prior-shape", 0, "dga: shape of a gamma prior of the mean total (default: prior 1/N)")
	f.Float64Var(&q.Scale, "prior-scale", 0, "dga: scale of that prior")
	f.StringVar(&q.Criterion, "criterion", "bic", "loglin: aic or bic")
	f.IntVar(&q.MaxOrder, "max-order", 0, "loglin: largest interaction (default: lists-1 up to four lists, pairs above)")
	f.Float64Var(&q.Threshold, "threshold", sparse.Threshold, "sparse: probability below which an overlap surprises")
	f.IntVar(&q.Draws, "draws", 0, "loglin, sparse: bootstrap draws that choose the model again (default none for one method; 200 and 1,000 for all)")
	f.IntVar(&q.Classes, "classes", 0, "lcm: largest number of classes (default 10, from ten lists up 15)")
	f.IntVar(&q.Bound, "bound", 0, "lcm: most missing for each person listed (default 20)")
	f.IntVar(&q.Steps, "steps", 0, "lcm: most steps of a chain before tempering (default 40,000)")
	f.Float64Var(&q.Xi, "xi", 1, "nhoi: odds ratio that ties all lists together")
	f.Float64Var(&q.Above, "above", 0, "nhoi: total whose tipping point is asked for")
	f.StringSliceVar(&q.Omit, "omit", nil, "leave out this list")
	f.StringSliceVar(&q.Merge, "merge", nil, "NAME=LIST+LIST: make one list of these")
	f.StringSliceVar(&q.Referrals, "referral", nil, "LIST=LIST: the first was built from the second")
	f.BoolVar(&q.Open, "open", false, "people entered or left during the period")
	f.Float64Var(&q.Unresolved, "unresolved", 0, "share of links between records that nobody has decided")
	f.StringSliceVar(&q.limits, "limit", nil, "NAME=VALUE of a limit for refusals: pair, overlaps, nested, hull, unresolved, rhat, ess")
}

// check refuses what cannot be meant before any file is read.
func (q *mseRequest) check(in []string) error {
	switch {
	case len(in) == 0:
		return fmt.Errorf("name the table with --in")
	case !slices.Contains(methodNames(), q.Method):
		return fmt.Errorf("there is no method %q; choose one of %s", q.Method, strings.Join(methodNames(), ", "))
	case !(q.Level > 0 && q.Level < 1):
		return fmt.Errorf("--level %g: give a number between 0 and 1, such as 0.95", q.Level)
	case q.Criterion != "aic" && q.Criterion != "bic":
		return fmt.Errorf("--criterion %s: give aic or bic", q.Criterion)
	case q.Delta < 0 || q.Threshold < 0 || q.Threshold >= 1 || q.Xi <= 0 || q.Draws < 0 || q.Unresolved < 0 || q.Unresolved > 1:
		return fmt.Errorf("--delta, --threshold, --xi, --draws and --unresolved are not negative, --xi is above 0, and shares are at most 1")
	}
	return q.setLimits()
}

func (q *mseRequest) setLimits() error {
	for _, l := range q.limits {
		name, value, _ := strings.Cut(l, "=")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || v < 0 {
			return fmt.Errorf("--limit %s: write NAME=NUMBER", l)
		}
		switch name {
		case "pair":
			q.Limits.Pair = int(v)
		case "overlaps":
			q.Limits.Overlaps = int(v)
		case "nested":
			q.Limits.Nested = int(v)
		case "hull":
			q.Limits.Hull = v
		case "unresolved":
			q.Limits.Unresolved = v
		case "rhat":
			q.Limits.RHat = v
		case "ess":
			q.Limits.ESS = v
		default:
			return fmt.Errorf("--limit %s: there is no such limit", name)
		}
	}
	for _, r := range q.Referrals {
		if !strings.Contains(r, "=") {
			return fmt.Errorf("--referral %s: write LIST=LIST", r)
		}
	}
	return nil
}

// seed is the one asked for, or one that table, method and options determine.
func (q *mseRequest) seed() (uint64, error) {
	if q.Seed != nil {
		return *q.Seed, nil
	}
	asked := *q
	asked.Tables = nil
	b, err := json.Marshal(asked)
	if err != nil {
		return 0, err
	}
	var tables []byte
	for _, t := range q.Tables {
		tables = append(tables, t.Canonical()...)
	}
	return estimate.Seed(tables, q.Method, map[string]any{"request": string(b)}, "")
}

// fit computes the figure.
func (q *mseRequest) fit(ctx context.Context) (estimate.Fit, error) {
	seed, err := q.seed()
	if err != nil {
		return estimate.Fit{}, err
	}
	if len(q.Tables) == 0 {
		return estimate.Fit{}, fault.New(fault.Invalid, "estimate", "there is no table")
	}
	if len(q.Tables) > 1 {
		p := q.plan(seed)
		if q.Method != "all" {
			p.Methods = []string{q.Method}
		}
		return mse.OverLinkage(ctx, q.Tables, p)
	}
	t := q.Tables[0]
	switch q.Method {
	case "all":
		return mse.Ensemble(ctx, t, q.plan(seed))
	case chao.Method:
		return chao.Fit(t, chao.Options{Level: q.Level}), nil
	case pairs.Method:
		return pairs.Fit(t, pairs.Options{Level: q.Level}), nil
	case loglin.Method:
		return loglin.Fit(ctx, t, loglin.Options{Level: q.Level, Criterion: loglin.Criterion(q.Criterion), MaxOrder: q.MaxOrder, Draws: q.Draws, Seed: seed})
	case sparse.Method:
		return sparse.Fit(ctx, t, sparse.Options{Level: q.Level, Threshold: q.Threshold, Draws: q.Draws, Seed: seed})
	case dga.Method:
		return dga.Fit(ctx, t, dga.Options{Level: q.Level, Delta: q.Delta, From: q.From, To: q.To, Saturated: q.Saturated, Shape: q.Shape, Scale: q.Scale})
	case loglin.DifferingMethod:
		return loglin.FitDiffering(t, q.Level), nil
	case nhoi.Method:
		return nhoi.Fit(t, nhoi.Options{Level: q.Level, Xi: q.Xi, Above: q.Above}), nil
	}
	return q.plan(seed).Member(ctx, t, q.Method)
}

func (q *mseRequest) plan(seed uint64) mse.Plan {
	p := mse.Plan{Level: q.Level, Seed: seed, Limits: q.Limits, LoglinDraws: q.Draws, SparseDraws: q.Draws, Criterion: loglin.Criterion(q.Criterion),
		Threshold: q.Threshold, Delta: q.Delta, Open: q.Open, Unresolved: q.Unresolved,
		LatentClass: mse.LatentClasses(lcm.Options{Classes: q.Classes, Bound: q.Bound, Steps: q.Steps})}
	for _, r := range q.Referrals {
		a, b, _ := strings.Cut(r, "=")
		p.Referrals = append(p.Referrals, [2]string{a, b})
	}
	return p
}
