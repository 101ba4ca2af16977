package linkage_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/cluster"
	"example.org/amparo/linkage/eval"
	"example.org/amparo/linkage/table"
)

// shared reads public data sets that are kept beside the repository, or skips.
func shared(t *testing.T, names ...string) *table.Table {
	t.Helper()
	var files []string
	for _, n := range names {
		f := filepath.Join("..", "..", "shared", "data", "linkage", n)
		if _, err := os.Stat(f); err != nil {
			t.Skipf("NOT TESTED: the public data set %s is not at %s", n, f)
		}
		files = append(files, f)
	}
	tab, err := columns.Read(files...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// people runs the generator of invented persons; the same arguments give the same table.
func people(t testing.TB, records int, seed int) *table.Table {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.csv")
	cmd := exec.Command("go", "run", "example.org/amparo/bench/people", "-records", strconv.Itoa(records), "-seed", strconv.Itoa(seed), "-out", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tab, err := columns.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// truth is the entity of every record: the first group of match in a column.
func truth(t testing.TB, tab *table.Table, column, match string) []uint32 {
	t.Helper()
	re := regexp.MustCompile(match)
	ids := map[string]uint32{}
	var out []uint32
	for row := range tab.Rows() {
		g := re.FindStringSubmatch(tab.Column(column).At(row))
		if g == nil {
			t.Fatalf("row %d has no label", row)
		}
		if _, ok := ids[g[1]]; !ok {
			ids[g[1]] = uint32(len(ids))
		}
		out = append(out, ids[g[1]])
	}
	return out
}

func suggested(t testing.TB, tab *table.Table, leave ...string) linkage.Model {
	t.Helper()
	m, err := linkage.Suggest(tab, leave...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func linked(t testing.TB, tab *table.Table, m linkage.Model, o linkage.Options) *linkage.Result {
	t.Helper()
	r, err := linkage.Link(tab, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// small is a run over 600 invented persons that several tests share and none changes.
var small = sync.OnceValues(func() (*table.Table, linkage.Model) {
	var t fataler
	dir, err := os.MkdirTemp("", "linkage")
	t.check(err)
	defer func() { t.check(os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "people.csv")
	t.check(exec.Command("go", "run", "example.org/amparo/bench/people", "-records", "600", "-seed", "3", "-out", file).Run())
	tab, err := columns.Read(file)
	t.check(err)
	m, err := linkage.Suggest(tab, "cluster")
	t.check(err)
	return tab, m
})

type fataler struct{}

func (fataler) check(err error) {
	if err != nil {
		panic(err)
	}
}

func TestWithoutSettingsPublicDataSetsAreLinkedAsWellAsBefore(t *testing.T) {
	t.Run("Febrl 3", func(t *testing.T) {
		tab := shared(t, "febrl/dataset3.csv")
		r := linked(t, tab, suggested(t, tab), linkage.Options{Workers: 2})
		got := eval.Partition(r.Clusters.Of, truth(t, tab, "rec_id", `rec-(\d+)-`), nil).Pairs
		if t.Logf("%+v", got); got.F1 < 0.997 {
			t.Errorf("F1 of pairs is %.5f, below 0.997", got.F1)
		}
	})
	t.Run("Febrl 4", func(t *testing.T) {
		tab := shared(t, "febrl/dataset4a.csv", "febrl/dataset4b.csv")
		r := linked(t, tab, suggested(t, tab), linkage.Options{Workers: 2})
		got := eval.Partition(r.Clusters.Of, truth(t, tab, "rec_id", `rec-(\d+)-`), nil).Pairs
		if t.Logf("%+v", got); got.F1 < 0.9995 {
			t.Errorf("F1 of pairs is %.5f, below 0.9995", got.F1)
		}
		if r.Link != linkage.LinkOnly || !r.OneToOne {
			t.Errorf("two files without repetitions are linked %s, one to one %t", r.Link, r.OneToOne)
		}
	})
	t.Run("restaurants in two files", func(t *testing.T) {
		tab := shared(t, "restaurant/restaurant-1.csv", "restaurant/restaurant-2.csv")
		r := linked(t, tab, suggested(t, tab, "unique_id"), linkage.Options{Workers: 2})
		got := eval.Partition(r.Clusters.Of, truth(t, tab, "unique_id", `(.+)`), nil).Pairs
		if t.Logf("%+v", got); got.F1 < 0.96 || !r.OneToOne {
			t.Errorf("F1 of pairs is %.4f, below 0.96; one to one %t: branches of one house look alike and are no repetitions", got.F1, r.OneToOne)
		}
	})
	t.Run("fake_1000", func(t *testing.T) {
		tab := shared(t, "fake_1000.csv")
		r := linked(t, tab, suggested(t, tab, "cluster"), linkage.Options{Workers: 2})
		got := eval.Partition(r.Clusters.Of, truth(t, tab, "cluster", `(.+)`), nil).BCubed
		if t.Logf("%+v", got); got.F1 < 0.95 {
			t.Errorf("B-cubed F1 is %.4f, below 0.95", got.F1)
		}
	})
}

func TestWithoutSettingsInventedPersonsAreFound(t *testing.T) {
	tab := people(t, 3000, 11)
	m := suggested(t, tab, "cluster")
	if slices.ContainsFunc(m.Fields, func(f linkage.Field) bool { return f.Name == "cluster" || f.Name == "unique_id" }) {
		t.Fatal("the answer or the row's number is compared")
	}
	got := eval.Partition(linked(t, tab, m, linkage.Options{Workers: 2}).Clusters.Of, truth(t, tab, "cluster", `(.+)`), nil)
	t.Logf("%+v", got)
	if got.Pairs.F1 < 0.98 || got.BCubed.F1 < 0.98 {
		t.Errorf("F1 of pairs %.4f, B-cubed %.4f", got.Pairs.F1, got.BCubed.F1)
	}
}

func TestTheAnswerDoesNotDependOnTheWorkersOrTheRun(t *testing.T) {
	tab, m := small()
	one := linked(t, tab, m, linkage.Options{Workers: 1})
	for _, workers := range []int{1, 4} {
		other := linked(t, tab, m, linkage.Options{Workers: workers})
		if !slices.Equal(one.Clusters.Of, other.Clusters.Of) || !slices.Equal(one.Edges, other.Edges) ||
			!reflect.DeepEqual(one.Parameters(), other.Parameters()) || one.Compared != other.Compared {
			t.Errorf("with %d workers the answer is another one", workers)
		}
		if !slices.Equal(one.Draws(20), other.Draws(20)) || !reflect.DeepEqual(one.Queue(50, 50), other.Queue(50, 50)) {
			t.Errorf("with %d workers draws or questions are others", workers)
		}
	}
}

func TestTheBarsOfAnExplanationSumToTheWeight(t *testing.T) {
	tab, m := small()
	r := linked(t, tab, m, linkage.Options{Workers: 2})
	n := uint32(tab.Rows())
	kinds := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.Uint32Range(0, n-1).Draw(t, "i")
		j := rapid.OneOf(rapid.Uint32Range(0, n-1), rapid.Uint32Range(max(i, 3)-3, min(i+3, n-1))).Draw(t, "j")
		if i == j {
			t.Skip()
		}
		x, err := r.Explain(i, j)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, b := range x.Bars {
			sum += b.Bits
			kinds[b.Kind] = true
		}
		if math.Abs(sum-x.Total) > 1e-9 || math.Abs(x.Total-r.Bits(i, j)) > 1e-9 {
			t.Fatalf("bars sum to %g, total %g, weight %g", sum, x.Total, r.Bits(i, j))
		}
		if x.Together != (r.Clusters.Of[i] == r.Clusters.Of[j]) {
			t.Fatal("together is not what the clusters say")
		}
		if x.Together && (x.Chain[0] != min(i, j) || x.Chain[len(x.Chain)-1] != max(i, j)) {
			t.Fatalf("the chain %v does not lead from %d to %d", x.Chain, i, j)
		}
		if !strings.HasPrefix(string(x.SVG()), "<svg") {
			t.Fatal("no drawing")
		}
	})
	for _, k := range []string{linkage.PriorBar, linkage.FieldBar, linkage.FrequencyBar} {
		if !kinds[k] {
			t.Errorf("no explanation had a bar of kind %s", k)
		}
	}
	for _, p := range [][2]uint32{{3, 3}, {0, n}, {n, 0}} {
		if _, err := r.Explain(p[0], p[1]); fault.KindOf(err) != fault.NotFound {
			t.Errorf("records %v: %v", p, err)
		}
	}
}

// explained weights are those of the edges
func TestTheEdgesCarryTheWeightOfTheirPair(t *testing.T) {
	tab, m := small()
	r := linked(t, tab, m, linkage.Options{})
	if len(r.Edges) < 100 {
		t.Fatalf("only %d edges", len(r.Edges))
	}
	for _, e := range r.Edges {
		if w := r.Bits(e.I, e.J); math.Abs(w-float64(e.Bits)) > 1e-3 || w < m.Threshold {
			t.Fatalf("edge %v has the weight %g", e, w)
		}
	}
}

func decisions(t *rapid.T, n int) []linkage.Decision {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) linkage.Decision {
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		j := rapid.OneOf(rapid.IntRange(0, n-1), rapid.IntRange(max(i-2, 0), min(i+2, n-1))).Draw(t, "j")
		if i == j {
			j = (i + 1) % n
		}
		return linkage.Decision{I: uint32(i), J: uint32(j), Same: rapid.Bool().Draw(t, "same")}
	}), 1, 40).Draw(t, "decisions")
}

func TestDecisionsAreHonouredAndContradictionsRefused(t *testing.T) {
	all, m := small()
	tab := all.Sample(150)
	var refused, obeyed int
	rapid.Check(t, func(t *rapid.T) {
		ds := decisions(t, tab.Rows())
		var must [][2]uint32
		for _, d := range ds {
			if d.Same {
				must = append(must, [2]uint32{d.I, d.J})
			}
		}
		of := cluster.Join(tab.Rows(), must)
		contradicted := slices.ContainsFunc(ds, func(d linkage.Decision) bool { return !d.Same && of[d.I] == of[d.J] })
		r, err := linkage.Link(tab, m, linkage.Options{Decisions: ds})
		if contradicted {
			refused++
			checkChain(t, err, ds)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		obeyed++
		for _, d := range ds {
			if (r.Clusters.Of[d.I] == r.Clusters.Of[d.J]) != d.Same {
				t.Fatalf("decision %+v is not obeyed", d)
			}
		}
	})
	if refused == 0 || obeyed == 0 {
		t.Errorf("%d refused, %d obeyed: one case was never met", refused, obeyed)
	}
}

var chainOf = regexp.MustCompile(`records (\d+) and (\d+) were decided to be different.*together: ([\d =]+)`)

// checkChain looks for the chain in the error and follows it through the decisions.
func checkChain(t *rapid.T, err error, ds []linkage.Decision) {
	if fault.KindOf(err) != fault.Conflict {
		t.Fatalf("a contradiction is not refused: %v", err)
	}
	g := chainOf.FindStringSubmatch(err.Error())
	if g == nil {
		t.Fatalf("no chain in %q", err)
	}
	steps := strings.Split(strings.TrimSpace(g[3]), " = ")
	if steps[0] != g[1] || steps[len(steps)-1] != g[2] {
		t.Fatalf("the chain does not lead from %s to %s: %v", g[1], g[2], steps)
	}
	for k := range steps[1:] {
		if !slices.ContainsFunc(ds, func(d linkage.Decision) bool {
			a, b := fmt.Sprint(d.I), fmt.Sprint(d.J)
			return d.Same && (a == steps[k] && b == steps[k+1] || b == steps[k] && a == steps[k+1])
		}) {
			t.Fatalf("nobody decided that %s is %s", steps[k], steps[k+1])
		}
	}
}

func TestADecisionAboutNoTwoRecordsIsRefused(t *testing.T) {
	tab, m := small()
	for _, d := range []linkage.Decision{{I: 4, J: 4, Same: true}, {I: 0, J: uint32(tab.Rows())}} {
		if _, err := linkage.Link(tab, m, linkage.Options{Decisions: []linkage.Decision{d}}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestWithdrawingADecisionGivesTheClustersFromBefore(t *testing.T) {
	tab, m := small()
	before := linked(t, tab, m, linkage.Options{})
	e := before.Edges[0]
	parted := linked(t, tab, m, linkage.Options{Decisions: []linkage.Decision{{I: e.I, J: e.J}}})
	if parted.Clusters.Of[e.I] == parted.Clusters.Of[e.J] {
		t.Fatal("the decision changed nothing")
	}
	x, err := parted.Explain(e.I, e.J)
	if err != nil || x.Decided != "different" || x.Together {
		t.Errorf("the explanation says %q, together %t, %v", x.Decided, x.Together, err)
	}
	if after := linked(t, tab, m, linkage.Options{}); !slices.Equal(before.Clusters.Of, after.Clusters.Of) {
		t.Error("without the decision the clusters are not those from before")
	}
}

func TestPairsApartByNatureAreNeverTogether(t *testing.T) {
	tab, m := small()
	apart := func(i, j uint32) bool { return i/2 == j/2 } // every record told beside its neighbour
	free := linked(t, tab, m, linkage.Options{})
	r := linked(t, tab, m, linkage.Options{Apart: apart, Workers: 2})
	changed := 0
	for i := uint32(0); int(i)+1 < tab.Rows(); i += 2 {
		if r.Clusters.Of[i] == r.Clusters.Of[i+1] {
			t.Fatalf("%d and %d are together", i, i+1)
		}
		if free.Clusters.Of[i] == free.Clusters.Of[i+1] {
			changed++
			if x, err := r.Explain(i, i+1); err != nil || x.Decided != "apart" {
				t.Fatalf("%q, %v", x.Decided, err)
			}
		}
	}
	if changed < 20 {
		t.Errorf("only %d pairs would have been together without it", changed)
	}
}

func TestARunOverTheMemoryLimitIsRefused(t *testing.T) {
	tab, m := small()
	for _, limit := range []int64{1, linkage.Need(tab, m) / 2} {
		began := ""
		_, err := linkage.Link(tab, m, linkage.Options{Memory: limit, Progress: func(s string) { began += s + " " }})
		if fault.KindOf(err) != fault.TooLarge {
			t.Errorf("%d bytes: %v", limit, err)
		}
		if strings.Contains(began, "estimating") {
			t.Errorf("%d bytes: the run went on to %s", limit, began)
		}
	}
	if _, err := linkage.Link(tab, m, linkage.Options{Memory: 1 << 30}); err != nil {
		t.Error(err)
	}
}

func TestDrawsAreAboutTheNumberFoundAndTheTruth(t *testing.T) {
	tab, m := small()
	r := linked(t, tab, m, linkage.Options{})
	d := r.Draws(200)
	slices.Sort(d)
	low, high := d[4], d[195]
	t.Logf("found %d, draws %d to %d, true %d", r.Clusters.Count(), low, high, slices.Max(truth(t, tab, "cluster", `(\d+)`))+1)
	if found := r.Clusters.Count(); len(d) != 200 || low == high || found < low || found > high {
		t.Errorf("found %d, draws from %d to %d", found, low, high)
	}
}

func TestTheQueueBeginsWithWhatChangesMostAndEndsWithARandomStratum(t *testing.T) {
	tab, m := small()
	asked := linked(t, tab, m, linkage.Options{}).Queue(1, 0)[0]
	r := linked(t, tab, m, linkage.Options{Decisions: []linkage.Decision{{I: asked.I, J: asked.J, Same: true}}})
	q := r.Queue(30, 40)
	random := 0
	for k, x := range q {
		if x.I == asked.I && x.J == asked.J {
			t.Error("a decided pair is asked again")
		}
		if x.Together != (r.Clusters.Of[x.I] == r.Clusters.Of[x.J]) || math.Abs(x.Bits-r.Bits(x.I, x.J)) > 1e-9 {
			t.Errorf("question %d is not what the result says: %+v", k, x)
		}
		if x.Random {
			random++
			if x.Drawn <= 0 || x.Drawn > 1 {
				t.Errorf("the chance to be asked is %g", x.Drawn)
			}
		} else if random > 0 || k > 0 && x.Change > q[k-1].Change {
			t.Errorf("question %d is out of order", k)
		}
	}
	if len(q)-random != 30 || random < 10 || random > 40 {
		t.Errorf("%d questions, %d of them random", len(q), random)
	}
}

func TestUnlinkablesRiseWithTheWeight(t *testing.T) {
	tab, m := small()
	u := linked(t, tab, m, linkage.Options{}).Unlinkables()
	if len(u) != 1 || len(u[0].Bits) != 51 || u[0].Bits[0] != -10 || u[0].Bits[50] != 40 {
		t.Fatalf("%+v", u)
	}
	if !slices.IsSorted(u[0].Share) || u[0].Share[0] > 0.05 || u[0].Share[50] < 0.05 || u[0].Share[50] > 1 {
		t.Errorf("shares %v", u[0].Share)
	}
	empty, err := table.FromRows("a", []string{"name"}, [][]string{{"ada"}, {"ada"}, {"bo"}, {""}, {""}})
	if err != nil {
		t.Fatal(err)
	}
	one := linked(t, empty, linkage.Model{Fields: []linkage.Field{{Name: "name", Compare: "exact"}}}, linkage.Options{})
	if s := one.Unlinkables()[0].Share[10]; s < 0.4 { // two of five say nothing: below 0 bits
		t.Errorf("records without any value: %g are below 0 bits", s)
	}
}

func TestAModelThatCannotBeRunIsRefusedWithARemedy(t *testing.T) {
	field := "fields:\n- {name: a, compare: exact}\n"
	cases := []struct{ name, text, says, remedy string }{
		{"unknown key", field + "treshold: 2\n", "cannot be read", "--suggest"},
		{"no YAML", "fields: [", "cannot be read", "--suggest"},
		{"empty", "", "cannot be read", "--suggest"},
		{"no fields", "threshold: 1\n", "0 fields", "1 to 16"},
		{"link type", field + "link_type: both\n", `link_type "both"`, "link_and_dedupe"},
		{"prior", field + "prior: 1\n", "out of range", "below 1"},
		{"prior is no number", field + "prior: .nan\n", "out of range", "below 1"},
		{"threshold", field + "threshold: 101\n", "out of range", "in bits"},
		{"threshold is no number", field + "threshold: .nan\n", "out of range", "in bits"},
		{"cap", field + "cap: -1\n", "out of range", "not negative"},
		{"twice", field + "- {name: a, compare: exact}\n", "field 2", "name of its own"},
		{"colon", "fields:\n- {name: 'a:b', compare: exact}\n", "field 1", "without a colon"},
		{"comparer", "fields:\n- {name: a, compare: fuzzy}\n", `"fuzzy"`, "postcode"},
		{"levels", "fields:\n- {name: a, compare: name, levels: [0.7, 0.9]}\n", "out of order", "similarities fall"},
		{"level is no number", "fields:\n- {name: a, compare: name, levels: [.nan]}\n", "out of order", "similarities fall"},
		{"swap", "fields:\n- {name: a, compare: name, swap: b}\n", `"b"`, "another field"},
		{"block", field + "blocks: [[b]]\n", `"b" names no field`, "FIELD:KEY"},
		{"key", field + "blocks: [['a:sound']]\n", `no key "sound"`, "same"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := linkage.ParseModel([]byte(c.text))
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%v", err)
			}
			if s := err.Error(); !strings.Contains(s, c.says) || !strings.Contains(s, c.remedy) {
				t.Errorf("%q says nothing of %q or %q", s, c.says, c.remedy)
			}
		})
	}
}

func TestASuggestedModelIsReadAsItWasWritten(t *testing.T) {
	_, m := small()
	text, err := m.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := linkage.ParseModel(text)
	if err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("%v\n%+v\n%+v", err, m, again)
	}
}

func TestAMissingColumnIsNamed(t *testing.T) {
	tab, _ := small()
	_, err := linkage.Link(tab, linkage.Model{Fields: []linkage.Field{{Name: "tribe", Compare: "exact"}}}, linkage.Options{})
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), `no column "tribe"`) {
		t.Errorf("%v", err)
	}
}

func FuzzParseModel(f *testing.F) {
	_, m := small()
	text, err := m.YAML()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("fields:\n- {name: a, compare: number, levels: [1, 5]}\nblocks: [[a], []]\n"))
	tab, err := table.FromRows("a", []string{"a"}, [][]string{{"1"}, {"1"}, {"x"}, {"22"}, {""}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := linkage.ParseModel(text)
		if err != nil {
			return
		}
		out, err := m.YAML()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := linkage.ParseModel(out); err != nil {
			t.Fatalf("a model that was read cannot be read again: %v\n%s", err, out)
		}
		if _, err := linkage.Link(tab, m, linkage.Options{}); err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatalf("an error of no kind: %v", err)
		}
	})
}

// What a rare value is worth does not hang on whether its two records were put together:
// a pair that was missed once would stay missed, because its own two records make the
// value look common.
func TestARareValueIsWorthTheSameTogetherAndApart(t *testing.T) {
	var rows [][]string
	for k := range 300 {
		year := strconv.Itoa(1930 + k%60)
		rows = append(rows, []string{fmt.Sprintf("surname%d", k), year, strconv.Itoa(k % 7)}, []string{fmt.Sprintf("surname%d", k), year, strconv.Itoa(k % 7)})
	}
	a := len(rows)
	rows = append(rows, []string{"lonely", "1941", "8"}, []string{"lonely", "1941", "8"}) // one account names both
	tab, err := table.FromRows("people", []string{"name", "year", "town"}, rows)
	if err != nil {
		t.Fatal(err)
	}
	r, err := linkage.Link(tab, linkage.Model{Link: linkage.Dedupe, Fields: []linkage.Field{{Name: "name", Compare: "exact", Frequency: true},
		{Name: "year", Compare: "exact"}, {Name: "town", Compare: "exact"}}},
		linkage.Options{Apart: func(i, j uint32) bool { return min(i, j) == uint32(a) && max(i, j) == uint32(a+1) }})
	if err != nil {
		t.Fatal(err)
	}
	share := func(i, j uint32, together bool) float64 {
		x, err := r.Explain(i, j)
		if err != nil {
			t.Fatal(err)
		}
		if x.Together != together {
			t.Fatalf("records %d and %d: together %v, nothing is tested", i, j, x.Together)
		}
		for _, b := range x.Bars {
			if b.Kind == linkage.FrequencyBar {
				return b.U
			}
		}
		t.Fatalf("records %d and %d share a name and no bar says how rare it is", i, j)
		return 0
	}
	seen := false
	for _, e := range r.Edges { // scored in batches, and one at a time
		seen = seen || e.I == uint32(a)
		if d := float64(e.Bits) - r.Bits(e.I, e.J); d > 1e-3 || d < -1e-3 {
			t.Errorf("the edge of %d and %d weighs %g, the pair %g", e.I, e.J, e.Bits, r.Bits(e.I, e.J))
		}
	}
	if !seen {
		t.Error("the pair apart is no edge: nothing is tested")
	}
	linked, apart := share(0, 1, true), share(uint32(a), uint32(a+1), false)
	if linked != apart {
		t.Errorf("a name of one linked pair has a share of %g, that of a pair apart %g", linked, apart)
	}
}
