package app_test

import (
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/eval"
)

var worlds = flag.String("worlds", "", "measure linkage in these invented worlds, as 300:201-240,3000:7")

// worldList reads "300:201-240,3000:7" as pairs of people and seed.
func worldList(t *testing.T) (out [][2]uint64) {
	t.Helper()
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 32)
		must(t, err)
		return n
	}
	for _, w := range strings.Split(*worlds, ",") {
		people, seeds, _ := strings.Cut(w, ":")
		from, to, many := strings.Cut(seeds, "-")
		if !many {
			to = from
		}
		for s := number(from); s <= number(to); s++ {
			out = append(out, [2]uint64{number(people), s})
		}
	}
	return out
}

// TestWorlds writes the tables of docs/benchmarks/linkage-workspace.md:
//
//	go test ./internal/app -run TestWorlds -v -worlds 300:201-240
func TestWorlds(t *testing.T) {
	if *worlds == "" {
		t.Skip("SKIPPED: measures, give -worlds")
	}
	bySize := map[uint64]*measured{}
	var all measured
	var sizes []uint64
	var harmPairs, harmRight, harmWrong int
	for _, w := range worldList(t) {
		t.Run(fmt.Sprintf("%d people, seed %d", w[0], w[1]), func(t *testing.T) { // so that its workspace is closed
			ws, same := inventedBy(t, int(w[0]), w[1])
			l, err := ws.Linking(t.Context(), "person", false)
			must(t, err)
			if bySize[w[0]] == nil {
				bySize[w[0]] = &measured{}
				sizes = append(sizes, w[0])
			}
			bySize[w[0]].add(l, same)
			all.add(l, same)
			p, r, x := found(l, same)
			hp, hr, hx := foundHarms(t, ws, same)
			harmPairs, harmRight, harmWrong = harmPairs+hp, harmRight+hr, harmWrong+hx
			fmt.Printf("| %d | %d | %d | %d | %d | %d | %d | %d | %d |\n", w[0], w[1], len(l.Records()), p, r, x, hp, hr, hx)
		})
	}
	for _, s := range sizes {
		bySize[s].write(fmt.Sprint(s))
	}
	all.write("all")
	fmt.Printf("harms: recall %s, precision %s\n", wilson(harmRight, harmPairs), wilson(harmRight, harmRight+harmWrong))
}

// answersAsked are how many pairs drawn at random somebody answers before error rates are
// estimated.
var answersAsked = []int{0, 50, 100, 200}

// measured sums what was found in several worlds.
type measured struct {
	worlds, pairs, right, wrong int
	bins                        [len(edges) + 1]struct{ pairs, same int }
	mean                        [len(edges) + 1]float64
	holdsP, holdsR              [4]int
	pointP, pointR, widthP      [4]float64
	widthR                      [4]float64
	truthP, truthR              float64
}

// edges of the bins of posterior probability.
var edges = [...]float64{0.001, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 0.999}

func (m *measured) add(l *app.Linking, same map[id.ID]id.ID) {
	p, r, x := found(l, same)
	m.worlds, m.pairs, m.right, m.wrong = m.worlds+1, m.pairs+p, m.right+r, m.wrong+x
	l.EachPair(func(a, b id.ID, bits float64) {
		prob := linkage.Probability(bits)
		k := 0
		for k < len(edges) && prob >= edges[k] {
			k++
		}
		m.bins[k].pairs++
		m.mean[k] += prob
		if same[a] == b {
			m.bins[k].same++
		}
	})
	precision, recall := float64(r)/math.Max(float64(r+x), 1), float64(r)/float64(p)
	m.truthP, m.truthR = m.truthP+precision, m.truthR+recall
	for k, n := range answersAsked {
		var answers []eval.Answer
		if n > 0 {
			for _, q := range l.Queue(0, n) {
				answers = append(answers, eval.Answer{Bits: q.Bits, Together: q.Together, Same: same[q.A] == q.B})
			}
		}
		e := l.ErrorsWith(answers)
		m.pointP[k], m.pointR[k] = m.pointP[k]+e.Precision.Point, m.pointR[k]+e.Recall.Point
		m.widthP[k], m.widthR[k] = m.widthP[k]+e.Precision.High-e.Precision.Low, m.widthR[k]+e.Recall.High-e.Recall.Low
		if e.Precision.Low <= precision && precision <= e.Precision.High {
			m.holdsP[k]++
		}
		if e.Recall.Low <= recall && recall <= e.Recall.High {
			m.holdsR[k]++
		}
	}
}

func (m *measured) write(name string) {
	fmt.Printf("\n%s: %d worlds, recall %s, precision %s\n", name, m.worlds, wilson(m.right, m.pairs), wilson(m.right, m.right+m.wrong))
	low := 0.0
	for k, b := range m.bins {
		high := 1.0
		if k < len(edges) {
			high = edges[k]
		}
		if b.pairs > 0 {
			fmt.Printf("| %g to %g | %d | %.4f | %s |\n", low, high, b.pairs, m.mean[k]/float64(b.pairs), wilson(b.same, b.pairs))
		}
		low = high
	}
	n := float64(m.worlds)
	fmt.Printf("truth: precision %.3f, recall %.3f on average\n", m.truthP/n, m.truthR/n)
	for k, asked := range answersAsked {
		fmt.Printf("| %d | %.3f | %.3f | %d of %d | %.3f | %.3f | %d of %d |\n", asked, m.pointP[k]/n, m.widthP[k]/n, m.holdsP[k], m.worlds, m.pointR[k]/n, m.widthR[k]/n, m.holdsR[k], m.worlds)
	}
}

// wilson is a share with its 95 % interval.
//
// Source: Wilson (1927), JASA 22, 209-212.
func wilson(k, n int) string {
	if n == 0 {
		return "none"
	}
	const z = 1.959964
	p, f := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*f)) / (1 + z*z/f)
	half := z / (1 + z*z/f) * math.Sqrt(p*(1-p)/f+z*z/(4*f*f))
	return fmt.Sprintf("%.4f (%.4f-%.4f)", p, math.Max(0, mid-half), math.Min(1, mid+half))
}
