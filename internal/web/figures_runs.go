package web

import (
	"fmt"
	"math"

	"example.org/amparo/chart"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/internal/figure"
)

// verdicts are how the runs of a sampler may agree, as the picture and the page show it.
var verdicts = map[string]struct {
	drawn       chart.Verdict
	class, sign string
}{
	figure.RunsAgree:    {chart.Agree, "settled", "●"},
	figure.RunsHardly:   {chart.Hardly, "roughly", "▲"},
	figure.RunsDisagree: {chart.Disagree, "unsettled", "✕"},
}

// runs draws how far the separate runs of latent classes agree.
func (p *drawing) runs(r figure.Runs, limits mse.Limits) {
	say := p.v.Say
	verdict, ok := verdicts[r.Verdict]
	if !ok || len(r.Runs) == 0 {
		return
	}
	c := chart.Rug{Frame: p.frame("runs", "figures.runs"), Stretch: r.Width, Plain: true, RHat: float64(r.RHat), ESS: float64(r.ESS), Settled: verdict.drawn,
		Words: chart.RugWords{Chain: say.T("figures.runs.run"), Median: say.T("figures.median"), Range: say.T("figures.runs.range"),
			Agree: say.T("figures.runs.agree"), Hardly: say.T("figures.runs.hardly"), Disagree: say.T("figures.runs.disagree")}}
	c.X = say.T("figures.people")
	shown := 0
	for _, row := range r.Runs {
		var draws []float64
		for k, n := range row {
			for range n {
				draws = append(draws, r.First+(float64(k)+0.5)*r.Width)
			}
		}
		shown = len(draws)
		c.Chains = append(c.Chains, draws)
	}
	p.add("figures.runs", say.Fill("figures.runs."+r.Verdict+".says", grouped(len(r.Runs))), c)
	p.out[len(p.out)-1].Light = &light{Class: verdict.class, Sign: verdict.sign, Text: say.T("figures.runs." + r.Verdict), Rests: say.T("figures.runs.more"),
		Why: []string{
			say.Fill("figures.runs.rhat", thousandths(float64(r.RHat)), fmt.Sprintf("%.2f", figure.SettledRHat), fmt.Sprintf("%.2f", limits.RHat)),
			say.Fill("figures.runs.ess", whole(float64(r.ESS)), whole(limits.ESS)),
			say.Fill("figures.runs.shown", grouped(r.Fitted), grouped(shown), whole(r.Width)),
		}}
}

// thousandths writes an R-hat; runs that stand still have none that is finite.
func thousandths(rhat float64) string {
	if math.IsNaN(rhat) || math.IsInf(rhat, 0) {
		return "∞"
	}
	return fmt.Sprintf("%.3f", rhat)
}
