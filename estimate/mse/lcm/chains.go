package lcm

// ByChain parts the draws that a posterior keeps by the chain they are of, in the order of
// Medians. There are none where nothing was sampled.
func (p Posterior) ByChain() [][]Draw {
	chains := len(p.Medians)
	out := make([][]Draw, chains)
	for i, d := range p.Draws {
		c := i * chains / len(p.Draws)
		out[c] = append(out[c], d)
	}
	return out
}
