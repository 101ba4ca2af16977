package figure

import (
	"context"
	"math"
	"slices"
	"strconv"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/lcm"
)

// What the latent classes of a total are given. The steps, the classes and the bound are
// those of the calibration, and no fit has fewer effective draws than there.
const (
	// mostLatent is the most draws of who is who that they are fitted to where nothing is
	// said: each fit is a simulation.
	mostLatent = 8
	// latentDraws are effective draws, of all these together; fewestLatent of each.
	latentDraws, fewestLatent = 1000, 400
	latentSteps               = 40_000
	// slowRun is how many steps of a run make it a slow one. Then no further draw of who is
	// who is fitted. It is counted in steps and not in seconds, so that the figure comes out
	// the same on every machine.
	slowRun = 8000
	// Without each list they are fitted to one draw, in fewer steps, and not tempered.
	withoutSteps = 10_000
)

// Runs is how far the separate runs of the sampler of latent classes agree, on the draw of
// who is who on which they agree least.
type Runs struct {
	// Runs are draws of the total, counted by the stretch they fall in. The stretches are
	// Width people wide, the first begins at First.
	First float64 `json:"first"`
	Width float64 `json:"width"`
	Runs  [][]int `json:"runs"`
	// RHat is the largest over the draws of who is who, to thousandths; ESS the smallest number
	// of effective draws, of the bulk or the tails, with two digits.
	RHat    estimate.Number `json:"rhat"`
	ESS     estimate.Number `json:"ess"`
	Verdict string          `json:"verdict"`
	Fitted  int             `json:"fitted"` // draws of who is who that were fitted
	Slow    bool            `json:"slow,omitempty"`
}

// What there is to know of the runs: they agree, roughly only, or do not, and then there is no
// figure by latent classes.
const (
	RunsAgree    = "agree"
	RunsHardly   = "hardly"
	RunsDisagree = "disagree"
)

// SettledRHat is up to what the runs agree: the limit of Vehtari, Gelman, Simpson, Carpenter and
// Bürkner (2021), section 4.
const SettledRHat = 1.01

// shownDraws are how many draws of each run are shown, and drawnStretches in about how many
// stretches. So few say how the runs lie to each other, and hardly what they rest on: all draws
// of a run would tell one person more from one person fewer (docs/decisions/0040).
const (
	shownDraws     = 20
	drawnStretches = 12
)

// sampler fits latent classes to draws of who is who and remembers how its runs went.
type sampler struct {
	options lcm.Options
	limits  mse.Limits
	of      int // draws that it will be given, at most
	step    Step
	fitted  int
	worst   lcm.Posterior
	rhat    float64
	ess     float64
	slow    bool
	same    map[string]estimate.Fit // by the hash of its lists
}

// latentPlan puts latent classes into a plan, for n of some draws of who is who. Draws that give
// the same lists share one fit, for its seed comes from the lists.
func latentPlan(p *mse.Plan, tables []hist.Table, n int, step Step) *sampler {
	s := &sampler{limits: p.Limits, of: n, step: step, ess: math.Inf(1), same: map[string]estimate.Fit{}}
	differ := map[string]bool{}
	for _, t := range tables {
		differ[t.Hash()] = true
	}
	fits := min(n, len(differ))
	s.options = lcm.Options{Draws: max(fewestLatent, (latentDraws+fits-1)/fits), Steps: latentSteps}
	p.LatentTables, p.LatentClass = n, s.fit
	p.LatentEnough = func() bool { return s.slow && len(s.same) < len(differ) } // what was fitted before is at hand
	return s
}

// latentWithout is the plan for a table with a list left out.
func latentWithout(p *mse.Plan) {
	if p.LatentClass == nil {
		return
	}
	p.LatentTables, p.LatentEnough = 1, nil
	p.LatentClass = mse.LatentClasses(lcm.Options{Draws: fewestLatent, Steps: withoutSteps, Plain: true})
}

func (s *sampler) fit(ctx context.Context, t hist.Table, level float64, seed uint64) (estimate.Fit, error) {
	o, far := s.options, 0
	o.Progress = func(_ string, share float64) {
		if at := int(100 * share); at > far { // tempering begins anew
			far = at
			s.step(StepClasses, 100*s.fitted+far, 100*s.of)
		}
	}
	s.step(StepClasses, 100*s.fitted, 100*s.of)
	if f, ok := s.same[t.Hash()]; ok {
		s.fitted++
		return f, nil
	}
	f, err := mse.LatentClasses(o)(ctx, t, level, seed)
	if err == nil {
		s.note(&f)
		s.same[t.Hash()] = f
	}
	return f, err
}

// note remembers how the runs of a fit went, and takes single people out of its words.
func (s *sampler) note(f *estimate.Fit) {
	s.fitted++
	p, ok := f.Detail.(lcm.Posterior)
	if !ok || f.Diagnostics == nil {
		return
	}
	rhat, ess := float64(f.Diagnostics.RHat), float64(min(f.Diagnostics.ESSBulk, f.Diagnostics.ESSTail))
	if math.IsNaN(rhat) { // runs that stand still have none, which is the worst
		rhat = math.Inf(1)
	}
	if math.IsNaN(ess) {
		ess = 0
	}
	if s.ess = math.Min(s.ess, ess); s.fitted == 1 || rhat > s.rhat {
		s.rhat, s.worst = rhat, p
	}
	s.slow = s.slow || p.Tempered || f.Diagnostics.Draws >= slowRun*f.Diagnostics.Chains*9/10 // a tenth is left out as the way there
	if f.Refusal != nil && f.Refusal.Code == notSettled {
		r := estimate.Because(notSettled, "The calculation did not settle: separate runs give %d and %d. No figure is given.",
			int(fewDown(slices.Min(p.Medians))), int(fewUp(slices.Max(p.Medians))))
		f.Refusal = &r
	}
}

// notSettled is the code of a calculation whose runs do not agree.
const notSettled = "not_settled"

// runs says how the runs went, or is nil where nothing was sampled.
func (s *sampler) runs() *Runs {
	chains := s.worst.ByChain()
	if len(chains) == 0 || len(chains[0]) == 0 {
		return nil
	}
	low, high := math.Inf(1), math.Inf(-1)
	shown := make([][]float64, len(chains))
	for c, draws := range chains {
		n := min(shownDraws, len(draws))
		for k := range n {
			x := float64(draws[k*len(draws)/n].People)
			shown[c] = append(shown[c], x)
			low, high = math.Min(low, x), math.Max(high, x)
		}
	}
	r := &Runs{Width: stretch((high - low) / drawnStretches), RHat: estimate.Number(math.Round(1000*s.rhat) / 1000), ESS: estimate.Number(twoDown(s.ess)), Fitted: s.fitted, Slow: s.slow && s.fitted < s.of}
	r.First = math.Floor(low/r.Width) * r.Width
	for _, draws := range shown {
		row := make([]int, int((high-r.First)/r.Width)+1)
		for _, x := range draws {
			row[int((x-r.First)/r.Width)]++
		}
		r.Runs = append(r.Runs, row)
	}
	r.Verdict = verdictOf(float64(r.RHat), float64(r.ESS), s.limits)
	return r
}

// verdictOf judges runs by the numbers that are shown.
func verdictOf(rhat, ess float64, l mse.Limits) string {
	switch {
	case !(rhat <= l.RHat && ess >= l.ESS):
		return RunsDisagree
	case rhat <= SettledRHat:
		return RunsAgree
	}
	return RunsHardly
}

// sayLatent says in the options and in the words of a total what its latent classes rest on.
func sayLatent(f *estimate.Fit, s *sampler, lists, draws int) {
	if s == nil || f.Options == nil || !slices.ContainsFunc(f.Ensemble, func(m estimate.Fit) bool { return m.Method == mse.LCM }) {
		return
	}
	f.Options["latent_linkage_draws"], f.Options["latent_draws"], f.Options["latent_steps"] = s.fitted, s.options.Draws, s.options.Steps
	f.Options["latent_draws_without"], f.Options["latent_steps_without"] = fewestLatent, withoutSteps
	if s.fitted < draws {
		if s.slow {
			f.Warn("latent_slow", "On these lists the calculation of latent classes takes long to settle. It was made for %d of %d draws of who is who; what is not known of that is in its interval in part only.", s.fitted, draws)
		} else {
			f.Warn("latent_some", "Latent classes were fitted to %d of %d draws of who is who, evenly spread, for each fit is a simulation.", s.fitted, draws)
		}
	}
	if lists == 3 {
		f.Warn("latent_three", "With three lists, latent classes rest on what they assume beforehand more than on the records.")
	}
}

// unguessed is a seed for simulations that nobody can know who may not read the records: the
// one that is kept, with the ids of the records. With that one alone, and the program, somebody
// who knows the other counts could try until the same draws come out.
func unguessed(seed uint64, salted []byte) (uint64, error) {
	return estimate.Seed(salted, "draws", nil, strconv.FormatUint(seed, 10))
}
