package mse

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/hist/histtest"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/sparse"
)

func ensemble(t *testing.T, h hist.Table, p Plan) estimate.Fit {
	t.Helper()
	f, err := Ensemble(t.Context(), h, p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// quick is a plan without bootstraps.
func quick() Plan { return Plan{Seed: 1, LoglinDraws: -1, SparseDraws: -1} }

func TestTheRangeIsTheHullOfCredibleMembers(t *testing.T) {
	f := ensemble(t, histtest.Published(t, "kosovo_4"), quick())
	v := f.Detail.(Verdict)
	if got := strings.Join(v.Credible, " "); got != "loglin sparse dga mth" || f.Refusal != nil {
		t.Fatalf("credible %q, refusal %v", got, f.Refusal)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range f.Ensemble {
		if slices.Contains(v.Credible, m.Method) {
			low, high = min(low, float64(m.Lower)), max(high, float64(m.Upper))
		}
	}
	if float64(f.Lower) != low || float64(f.Upper) != high {
		t.Errorf("range [%v; %v], hull [%v; %v]", f.Lower, f.Upper, low, high)
	}
	if !math.IsNaN(float64(f.Point)) || !math.IsNaN(float64(f.Median)) {
		t.Errorf("an ensemble has one figure: %v", f.Point)
	}
	if !strings.Contains(v.Sentence, "cannot check") {
		t.Errorf("sentence %q", v.Sentence)
	}
}

func TestDisagreementLeavesTheLowerBound(t *testing.T) {
	f := ensemble(t, histtest.Published(t, "uk2013_5"), quick())
	if f.Refusal == nil || f.Refusal.Code != Disagreement {
		t.Fatalf("refusal %+v", f.Refusal)
	}
	if !(f.Lower > 8500 && f.Lower < 11000) || !math.IsInf(float64(f.Upper), 1) {
		t.Errorf("[%v; %v]", f.Lower, f.Upper)
	}
	contradiction := false
	for _, w := range f.Warnings {
		contradiction = contradiction || w.Code == "below_bound"
	}
	if !contradiction {
		t.Error("the stepwise figure lies below Chao's bound and nothing says so")
	}
}

func lists(t testing.TB, names string, counts map[hist.History]int) hist.Table {
	t.Helper()
	var cells []hist.Cell
	for h, n := range counts {
		cells = append(cells, hist.Cell{History: h, Count: n})
	}
	out, err := hist.New(strings.Split(names, " "), cells)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTablesOfWhichNoTotalIsMade(t *testing.T) {
	full := map[hist.History]int{1: 100, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12}
	with := func(change map[hist.History]int) map[hist.History]int {
		out := map[hist.History]int{}
		for h, n := range full {
			out[h] = n
		}
		for h, n := range change {
			out[h] = n
		}
		return out
	}
	for _, c := range []struct {
		name, code, words string
		table             hist.Table
		plan              func(*Plan)
	}{
		{"two lists", TwoLists, "Two lists cannot show", lists(t, "a b", map[hist.History]int{1: 50, 2: 40, 3: 20}), nil},
		{"a third list without anybody of its own", TwoLists, "Two lists", lists(t, "a b c", map[hist.History]int{1: 50, 2: 40, 3: 20, 5: 12}), nil},
		{"a third list that is empty", TwoLists, "Two lists", lists(t, "a b c", map[hist.History]int{1: 50, 2: 40, 3: 20}), nil},
		{"few overlaps", FewOverlaps, "Too few people appear on more than one list (6 in all)", lists(t, "a b c", with(map[hist.History]int{3: 2, 5: 1, 6: 2, 7: 1})), nil},
		{"no triple of overlapping lists", FewOverlaps, "Too few", lists(t, "a b c", with(map[hist.History]int{3: 40, 5: 30, 6: 0, 7: 0})), nil},
		{"a referral list", CopiedList, "List c was built from list a. Merge them first.", lists(t, "a b c", full), func(p *Plan) { p.Referrals = [][2]string{{"c", "a"}} }},
		{"a list inside another", CopiedList, "List d was built from list a", lists(t, "a b c d", with(map[hist.History]int{9: 15, 11: 5})), nil},
		{"an open population", OpenPeriod, "ever present", lists(t, "a b c", full), func(p *Plan) { p.Open = true }},
	} {
		p := quick()
		if c.plan != nil {
			c.plan(&p)
		}
		f := ensemble(t, c.table, p)
		if f.Refusal == nil || f.Refusal.Code != c.code || !strings.Contains(f.Refusal.Text, c.words) {
			t.Errorf("%s: refusal %+v, want %s", c.name, f.Refusal, c.code)
			continue
		}
		if !math.IsNaN(float64(f.Upper)) || f.Refusal.Instead == "" {
			t.Errorf("%s: [%v; %v], instead %q", c.name, f.Lower, f.Upper, f.Refusal.Instead)
		}
	}
	if f := ensemble(t, lists(t, "a b c", full), quick()); f.Refusal != nil {
		t.Errorf("the full table is refused: %+v", f.Refusal)
	}
}

// Two real tables: New Orleans has too few overlaps, the table of identifiability too.
func TestRealTablesAreRefused(t *testing.T) {
	for _, name := range []string{"neworleans_5", "artificial_3"} {
		if f := ensemble(t, histtest.Published(t, name), quick()); f.Refusal == nil || f.Refusal.Code != FewOverlaps {
			t.Errorf("%s: refusal %+v", name, f.Refusal)
		}
	}
}

func TestAMemberWithoutAnEndLeavesOnlyTheLowerBound(t *testing.T) {
	p := quick()
	p.LatentClass = func(_ context.Context, t hist.Table, level float64, _ uint64) (estimate.Fit, error) {
		return estimate.Refuse(LCM, estimate.Because(Unbounded, "The data do not limit the total from above.")), nil
	}
	f := ensemble(t, histtest.Published(t, "kosovo_4"), p)
	if f.Refusal == nil || f.Refusal.Code != Unbounded || !math.IsInf(float64(f.Upper), 1) || !(f.Lower > 4400) {
		t.Errorf("[%v; %v], refusal %+v", f.Lower, f.Upper, f.Refusal)
	}
}

func TestALatentClassMemberIsPartOfTheRange(t *testing.T) {
	p := quick()
	p.LatentClass = func(_ context.Context, t hist.Table, level float64, _ uint64) (estimate.Fit, error) {
		return estimate.Fit{Method: LCM, Point: 6000, Median: 6000, Lower: 5900, Upper: 6100, Level: level}, nil
	}
	if f := ensemble(t, histtest.Published(t, "kosovo_4"), p); f.Lower != 5900 {
		t.Errorf("lower end %v, want 5900", f.Lower)
	}
}

// shuffled returns the table with its lists in another order.
func shuffled(t *rapid.T, h hist.Table, order []int) hist.Table {
	names := make([]string, h.J())
	for j, k := range order {
		names[k] = h.Lists[j]
	}
	var cells []hist.Cell
	for _, c := range h.Cells {
		var g hist.History
		for j, k := range order {
			if c.History.Has(j) {
				g |= 1 << uint(k)
			}
		}
		cells = append(cells, hist.Cell{History: g, Count: c.Count})
	}
	out, err := hist.New(names, cells)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func drawTable(t *rapid.T) hist.Table {
	j := rapid.SampledFrom([]int{1, 2, 3, 3, 3, 4, 4, 4, 4, 5}).Draw(t, "lists")
	var cells []hist.Cell
	for h := 1; h < 1<<j; h++ {
		cells = append(cells, hist.Cell{History: hist.History(h), Count: rapid.SampledFrom([]int{0, 0, 1, 2, 7, 40, 300}).Draw(t, "count")})
	}
	h, err := hist.New([]string{"a", "b", "c", "d", "e"}[:j], cells)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Whatever the table, each method gives a range around its figure and above the number
// observed, or a refusal with words; and the order of the lists does not matter.
func TestEveryTableGetsARangeOrAReason(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawTable(rt)
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 1)).Perm(h.J())
		other := shuffled(rt, h, order)
		p := quick()
		for _, m := range []string{chao.Method, loglin.Method, sparse.Method, dga.Method} {
			f, err := p.Member(context.Background(), h, m)
			if err != nil {
				rt.Fatal(err)
			}
			if f.Refusal != nil {
				if f.Refusal.Code == "" || f.Refusal.Text == "" {
					rt.Fatalf("%s refuses without words", m)
				}
				continue
			}
			n := float64(h.N()) * (1 - 1e-12)
			if !(float64(f.Lower) <= float64(f.Point)*(1+1e-9) && float64(f.Point) <= float64(f.Upper)*(1+1e-9) && float64(f.Lower) >= n) {
				rt.Fatalf("%s on %v: %v [%v; %v], n %d", m, h.Cells, f.Point, f.Lower, f.Upper, h.N())
			}
			if _, err := json.Marshal(f); err != nil {
				rt.Fatal(err)
			}
			g, err := p.Member(context.Background(), other, m)
			if err != nil {
				rt.Fatal(err)
			}
			if m != sparse.Method && math.Abs(float64(g.Point/f.Point)-1) > 1e-6 { // stepwise may tie
				rt.Fatalf("%s: %v, with the lists in the order %v: %v; %v", m, f.Point, order, g.Point, h.Cells)
			}
		}
		if _, err := Ensemble(context.Background(), h, p); err != nil {
			rt.Fatal(err)
		}
	})
}

// partitions draws tables in which some links are made or not.
func partitions(t testing.TB, n int) []hist.Table {
	base := histtest.Published(t, "kosovo_4")
	r := rand.New(rand.NewPCG(5, 6))
	var out []hist.Table
	for range n {
		var cells []hist.Cell
		for _, c := range base.Cells {
			split := 0
			if c.History == 3 { // people on lists 1 and 2 who may be two
				split = r.IntN(c.Count)
				cells = append(cells, hist.Cell{History: 1, Count: split}, hist.Cell{History: 2, Count: split})
			}
			cells = append(cells, hist.Cell{History: c.History, Count: c.Count - split})
		}
		h, err := hist.New(base.Lists, cells)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

// The variance of the mixture is that within draws and that between them.
func TestDrawsOfTheLinkageAddTheirVariance(t *testing.T) {
	p := quick()
	p.Methods = []string{loglin.Method, dga.Method}
	f, err := OverLinkage(t.Context(), partitions(t, 8), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range f.Ensemble {
		d := m.Detail.(Mixed)
		if d.Draws != 8 || d.Lowest >= d.Highest || d.Between <= 0 {
			t.Errorf("%s: %+v", m.Method, d)
		}
		_, got := moments(m.Sample)
		if want := float64(d.Within*d.Within + d.Between*d.Between); math.Abs(got/want-1) > 1e-6 {
			t.Errorf("%s: variance %v, within and between %v", m.Method, got, want)
		}
	}
}

// When all draws are the same table, the mixture is the fit.
func TestSureLinkageChangesNothing(t *testing.T) {
	h := histtest.Published(t, "kosovo_4")
	p := quick()
	p.Methods = []string{loglin.Method, dga.Method}
	one := ensemble(t, h, p)
	f, err := OverLinkage(t.Context(), []hist.Table{h, h, h}, p)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range f.Ensemble {
		o := one.Ensemble[i]
		for _, pair := range [][2]estimate.Number{{m.Lower, o.Lower}, {m.Median, o.Median}, {m.Upper, o.Upper}} {
			if math.Abs(float64(pair[0]/pair[1])-1) > 0.01 {
				t.Errorf("%s: %v, want %v", m.Method, pair[0], pair[1])
			}
		}
	}
}

func TestTooManyUnresolvedLinksAreRefused(t *testing.T) {
	p := quick()
	p.Methods = []string{dga.Method}
	p.Unresolved = 0.12
	f, err := OverLinkage(t.Context(), partitions(t, 3), p)
	if err != nil {
		t.Fatal(err)
	}
	if f.Refusal == nil || f.Refusal.Code != Unresolved || !strings.Contains(f.Refusal.Text, "would move from") {
		t.Errorf("refusal %+v", f.Refusal)
	}
}

func TestTheSameSeedGivesTheSameEnsemble(t *testing.T) {
	p := Plan{Seed: 9, LoglinDraws: 20, SparseDraws: 30}
	var first []byte
	for i, workers := range []int{1, 2, 3} {
		p.Workers = workers
		b, err := json.Marshal(ensemble(t, histtest.Published(t, "kosovo_4"), p))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = b
		} else if string(b) != string(first) {
			t.Errorf("%d workers give another result", workers)
		}
	}
}

func TestRoundingNeverNarrows(t *testing.T) {
	for _, c := range []struct {
		x        float64
		down, up int
	}{{8504.3, 8500, 8600}, {16599, 16000, 17000}, {7, 7, 7}, {99.5, 99, 100}, {10000, 10000, 10000}} {
		if d, u := Round(c.x, -1), Round(c.x, 1); d != c.down || u != c.up {
			t.Errorf("%v: %d and %d, want %d and %d", c.x, d, u, c.down, c.up)
		}
	}
}

func TestCancellingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ensemble(ctx, histtest.Published(t, "kosovo_4"), Plan{}); err == nil {
		t.Error("a cancelled ensemble came to an end")
	}
}

// Latent classes are fitted to as few draws of the linkage as the plan says, the others to
// all.
func TestLatentClassesTakeSomeDrawsOfTheLinkage(t *testing.T) {
	var tables []hist.Table
	for i := range 6 {
		tables = append(tables, lists(t, "a b c", map[hist.History]int{1: 100 + i, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12}))
	}
	for _, c := range []struct{ asked, want int }{{0, 6}, {2, 2}, {9, 6}} {
		fitted := 0
		p := quick()
		p.LatentTables = c.asked
		p.LatentClass = func(_ context.Context, h hist.Table, level float64, _ uint64) (estimate.Fit, error) {
			fitted++
			n := estimate.Number(h.N())
			return estimate.Fit{Method: LCM, Point: 2 * n, Median: 2 * n, Lower: 1.5 * n, Upper: 3 * n, Level: level}, nil
		}
		f, err := OverLinkage(t.Context(), tables, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range f.Ensemble {
			want := 6
			if m.Method == LCM {
				want = c.want
			}
			if d := m.Detail.(Mixed); d.Draws != want {
				t.Errorf("asked for %d: %s was fitted to %d draws, want %d", c.asked, m.Method, d.Draws, want)
			}
		}
		if fitted != c.want {
			t.Errorf("asked for %d: latent classes were fitted %d times", c.asked, fitted)
		}
	}
}

// A plan that has enough of latent classes after a draw leaves the other draws out, and the
// mixture says how many it holds.
func TestLatentClassesStopWhereThePlanHasEnough(t *testing.T) {
	table := lists(t, "a b c", map[hist.History]int{1: 100, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12})
	p := quick()
	asked := 0
	p.LatentEnough = func() bool { asked++; return asked == 3 }
	p.LatentClass = func(_ context.Context, h hist.Table, level float64, _ uint64) (estimate.Fit, error) {
		n := estimate.Number(h.N())
		return estimate.Fit{Method: LCM, Point: 2 * n, Median: 2 * n, Lower: 1.5 * n, Upper: 3 * n, Level: level}, nil
	}
	f, err := OverLinkage(t.Context(), []hist.Table{table, table, table, table, table}, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range f.Ensemble {
		want := 5
		if m.Method == LCM {
			want = 3
		}
		if d := m.Detail.(Mixed); d.Draws != want {
			t.Errorf("%s: %d draws, want %d", m.Method, d.Draws, want)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times", asked)
	}
}

// A mixture that has no upper end keeps the smallest of the lower bounds.
func TestAMixtureWithoutAnEndKeepsItsLowerBound(t *testing.T) {
	table := lists(t, "a b c", map[hist.History]int{1: 100, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12})
	endless := func(low estimate.Number) estimate.Fit {
		f := estimate.Refuse(LCM, estimate.Because(Unbounded, "The data do not limit the total from above."))
		f.Lower, f.Upper = low, estimate.Number(math.Inf(1))
		return f
	}
	m := Mix([]hist.Table{table, table}, []estimate.Fit{endless(700), endless(600)}, 0.95)
	if m.Refusal == nil || m.Lower != 600 || !math.IsInf(float64(m.Upper), 1) {
		t.Errorf("%v to %v, refused %v", m.Lower, m.Upper, m.Refusal)
	}
}

// Where one of several methods gives a figure, nothing shows how far it may be off. What is said
// at least rests on no assumption of that method alone.
func TestOneMethodAloneGivesNoRange(t *testing.T) {
	table := lists(t, "a b c", map[hist.History]int{1: 100, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12})
	fit := func(method string, low, point, high float64) estimate.Fit {
		return estimate.Fit{Method: method, Lower: estimate.Number(low), Point: estimate.Number(point), Upper: estimate.Number(high)}
	}
	no := estimate.Refuse(dga.Method, estimate.Because("lists_for_graphs", "too many lists"))
	for _, tc := range []struct {
		what    string
		members []estimate.Fit
		code    string
		least   float64
	}{
		{"latent classes above Chao's bound", []estimate.Fit{fit(chao.Method, 420, 450, 500), no, fit(LCM, 600, 700, 800)}, OneMember, 420},
		{"latent classes below it", []estimate.Fit{fit(chao.Method, 820, 900, 990), no, fit(LCM, 600, 700, 800)}, OneMember, 600},
		{"no bound", []estimate.Fit{no, fit(LCM, 600, 700, 800)}, OneMember, 600},
		{"nothing else was asked", []estimate.Fit{fit(chao.Method, 420, 450, 500), fit(LCM, 600, 700, 800)}, "", 600},
		{"two give one", []estimate.Fit{fit(chao.Method, 420, 450, 500), no, fit(LCM, 600, 700, 800), fit(loglin.Method, 610, 640, 700)}, "", 600},
	} {
		f := verdict(table, Plan{}.filled(), tc.members)
		v := f.Detail.(Verdict)
		if codeOf(f.Refusal) != tc.code || v.LowerEnd != estimate.Number(tc.least) || f.Lower != v.LowerEnd {
			t.Errorf("%s: refused with %q, at least %v and %v", tc.what, codeOf(f.Refusal), v.LowerEnd, f.Lower)
		}
		if open := math.IsInf(float64(f.Upper), 1); open != (tc.code != "") {
			t.Errorf("%s: up to %v", tc.what, f.Upper)
		}
	}
}

// Chao's bound holds however people differ. Methods that lie below it leave that out.
func TestMethodsBelowChaosBoundGiveNoRange(t *testing.T) {
	table := lists(t, "a b c", map[hist.History]int{1: 100, 2: 90, 4: 80, 3: 30, 5: 25, 6: 20, 7: 12})
	member := func(method string, low, point, high float64) estimate.Fit {
		return estimate.Fit{Method: method, Lower: estimate.Number(low), Point: estimate.Number(point), Upper: estimate.Number(high)}
	}
	p := Plan{}.filled()
	for _, tc := range []struct {
		high float64
		code string
	}{{590, BelowChao}, {610, ""}} {
		f := verdict(table, p, []estimate.Fit{member("chao", 600, 700, 800), member("loglin", 500, 520, tc.high), member("dga", 480, 510, 560)})
		if code := codeOf(f.Refusal); code != tc.code {
			t.Errorf("up to %v: refused with %q, not %q", tc.high, code, tc.code)
		}
	}
}

func codeOf(r *estimate.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}
