package latin

// spelling is a model of letters alone: three-letter sequences, smoothed to two, one and
// none. It gives names that nothing else explains their due.
type spelling struct{ grams map[string]float64 }

func newSpelling() *spelling { return &spelling{grams: map[string]float64{}} }

const boundary = "#"

func (l *spelling) add(word string, w float64) {
	s := boundary + boundary + word + boundary
	for i := 2; i < len(s); i++ {
		for n := 0; n <= 2; n++ {
			l.grams[s[i-n:i+1]] += w
			l.grams[s[i-n:i]+"*"] += w // the sum over the last letter
		}
	}
}

// p is the probability of a word of letters, its end included.
func (l *spelling) p(word string) float64 {
	s := boundary + boundary + word + boundary
	p := 1.0
	for i := 2; i < len(s); i++ {
		q := 1.0 / 27
		for n := 0; n <= 2; n++ {
			total := l.grams[s[i-n:i]+"*"]
			const k = 3
			q = (l.grams[s[i-n:i+1]] + k*q) / (total + k)
		}
		p *= q
	}
	return p
}
