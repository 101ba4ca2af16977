package lin

// Cube is the design of a log-linear model on the 2^J histories of J lists: one column a
// term, which is a set of lists, and is 1 for the histories that cover it. The first term
// is the empty set, the intercept. A history is its index.
//
// X'WX needs no rows: its entry for terms s and t is the sum of w over the histories that
// cover both, so one pass over the cube gives all of them.
type Cube struct {
	J     int
	Terms []uint32
}

type cube struct {
	*Cube
	super []float64
}

func (c cube) columns() int { return len(c.Terms) }
func (c cube) rows() int    { return 1 << uint(c.J) }

// predict spreads the coefficients over the cube and adds up over subsets.
func (c cube) predict(beta, eta []float64) {
	clear(eta)
	for k, t := range c.Terms {
		eta[t] = beta[k]
	}
	for step := 1; step < len(eta); step <<= 1 {
		for base := 0; base < len(eta); base += 2 * step {
			low, high := eta[base:base+step], eta[base+step:base+2*step]
			for i, v := range low {
				high[i] += v
			}
		}
	}
}

// supersets leaves in c.super the sums of v over all supersets of each history.
func (c cube) supersets(v []float64) {
	copy(c.super, v)
	for step := 1; step < len(v); step <<= 1 {
		for base := 0; base < len(v); base += 2 * step {
			low, high := c.super[base:base+step], c.super[base+step:base+2*step]
			for i, x := range high {
				low[i] += x
			}
		}
	}
}

func (c cube) transpose(v, out []float64) {
	c.supersets(v)
	for k, t := range c.Terms {
		out[k] = c.super[t]
	}
}

func (c cube) gram(w, out []float64) {
	c.supersets(w)
	p := len(c.Terms)
	for a, s := range c.Terms {
		row := out[a*p : a*p+a+1]
		for b, t := range c.Terms[:a+1] {
			row[b] = c.super[s|t]
		}
	}
}

// FitCube fits counts y, one a history, on the terms of c. Histories with keep false are
// left out; history 0 is left out unless keep has it. start, where given, is a first guess
// of the coefficients.
func (s *Solver) FitCube(c *Cube, y []float64, keep []bool, start []float64) (Poisson, error) {
	s.super = resize(s.super, len(y))
	return s.fit(cube{c, s.super}, y, keep, start)
}
