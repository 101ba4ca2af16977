package testimony_test

import (
	"testing"

	"example.org/amparo/linkage"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/table"
	"example.org/amparo/linkage/testimony"
)

// values holds texts as a comparer sees them: ids from 1 on.
type values []string

func (v values) Len() int            { return len(v) + 1 }
func (v values) At(id uint32) string { return v[id-1] }
func (v values) Count(uint32) int    { return 1 }

func level(t *testing.T, name, a, b string) string {
	t.Helper()
	all, err := testimony.Comparers()
	if err != nil {
		t.Fatal(err)
	}
	c := all[name]
	x, y := c.Normalise(a), c.Normalise(b)
	if x == "" || y == "" {
		return "missing"
	}
	if x == y {
		return c.Levels()[len(c.Levels())-1]
	}
	f := c.Prepare(values{x, y})
	there, back := f.Level(1, 2), f.Level(2, 1)
	if there != back {
		t.Errorf("%s: %q and %q agree at %d one way, %d the other", name, a, b, there, back)
	}
	if again := f.Level(1, 2); again != there {
		t.Errorf("%s: asked again %q and %q agree at %d, not %d", name, a, b, again, there)
	}
	return c.Levels()[there]
}

func TestWhatAgreesAndHowFar(t *testing.T) {
	for _, tc := range []struct{ comparer, a, b, want string }{
		{"names", "김철수", "金哲洙", "equal Hangul"},
		{"names", "리영희", "이영희", "equal as heard"},
		{"names", "김철수", "Kim Chol-su", "strong letters"},
		{"names", "김철수", "박영희", "differs"},
		{"names", testimony.Join([]string{"Jin Yan", "김설정"}), "김설정", "equal Hangul"},
		// A name used in China is shared by many: it never counts as the person's own.
		{"names", testimony.Join([]string{"김창가", testimony.Alias("Jin Li")}), testimony.Join([]string{"Kim Yon-mi", testimony.Alias("Jin Li")}), "same alias only"},
		{"names", testimony.Join([]string{"김창가", testimony.Alias("Jin Li")}), testimony.Join([]string{"Pak Yon-mi", testimony.Alias("Jin Li")}), "same alias only"},
		{"names", testimony.Join([]string{"Jin Mei", testimony.Alias("김설정")}), "Kim Sol-jong", "nearly equal"}, // the one knows as alias what the other knows as name
		{"names", testimony.Join([]string{"김창가", testimony.Alias("Jin Li")}), testimony.Join([]string{"Kim Chang-ga", testimony.Alias("Jin Mei")}), "strong letters"},
		{"names", "", "김설정", "missing"},
		{"interval", "1971-05-03", "1971-03-05", "day and month exchanged"},
		{"interval", "1971", "1971-03-05", "may be the same"},
		{"interval", "1971-03-05", "1991-03-05", "apart"},
		{"interval", "nonsense", "1991", "missing"},
		{"interval", testimony.Join([]string{"1971", "1973-05-03"}), "1973-05-03", "same day"}, // of two births that were told, the nearer one
		{"interval", testimony.Join([]string{"1971", "1973"}), testimony.Join([]string{"1973", "1971"}), "same day"},
		{"events", testimony.Event("2001-03-04", "KP-ONS"), testimony.Event("2001-03-04", "KP-ONS"), "one day, at one place"},
		{"events", testimony.Event("2001-03", "KP-ONS"), testimony.Event("2001-03-04", "KP-ONS"), "in one month, at one place"},
		{"events", testimony.Event("2001-03", "KP-ONS"), testimony.Event("2001-03-04", "KP-HOE"), "in one month, elsewhere"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2001-03-04", "KP-ONS"), "may be at one time, at one place"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2001", ""), "may be at one time, elsewhere"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2002-03", "KP-ONS"), "within a year, at one place"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2002-03", "KP-HYE"), "within a year, elsewhere"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2003-03", "KP-ONS"), "within two years"},
		{"events", testimony.Event("2001", "KP-ONS"), testimony.Event("2008", "KP-ONS"), "apart"},
		{"events", testimony.Join([]string{testimony.Event("1999", "KP-HYE"), testimony.Event("2004-05", "KP-ONS")}), testimony.Event("2004-05", "KP-ONS"), "in one month, at one place"},
		{"events", testimony.Event("", "KP-ONS"), testimony.Event("2001", "KP-ONS"), "missing"},
		{"trait", "f", "m", "differs"},
		{"kin", testimony.Kin("RL-PAR", "림설순"), testimony.Join([]string{testimony.Kin("RL-SIB", "김철민"), testimony.Kin("RL-PAR", "Rim Sol Sun")}), "somebody in common"},
		{"kin", testimony.Kin("RL-PAR", "김순옥"), testimony.Kin("RL-SIB", "김순옥"), "nobody in common"}, // a sister is no mother
		{"kin", testimony.Kin("RL-PAR", "김순옥"), testimony.Kin("RL-PAR", "김순욱"), "somebody in common, likely"},
		{"kin", "", testimony.Kin("RL-PAR", "김순욱"), "missing"},
		{"coded", "MT02.1", "MT02.1", "same"},
		{"coded", "MT02.1", "MT02.10", "same group"},
		{"coded", "MT06", "MT06.1", "same group"},
		{"coded", "MT02.1", "MT03.1", "differs"},
		{"trait", "f", "f", "same"},
		{"site", "KP-ONS", "KP-ONS", "same place"},
		{"site", "KP-ONS", "KP-HOE", "same province"},
		{"site", "KP-ONS", "KP-SIN", "same country"},
	} {
		if got := level(t, tc.comparer, tc.a, tc.b); got != tc.want {
			t.Errorf("%s: %q and %q: %s, want %s", tc.comparer, tc.a, tc.b, got, tc.want)
		}
	}
}

// Two records of one person share a blocking key whatever script the name is in.
func TestNamesAreFoundAcrossScripts(t *testing.T) {
	all, err := testimony.Comparers()
	if err != nil {
		t.Fatal(err)
	}
	f := all["names"].Prepare(values{"김철수", "金哲洙", "Kim Chol-su"})
	for _, other := range []uint32{2, 3} {
		shared := false
		for _, x := range f.Keys(2, 1, nil) {
			for _, y := range f.Keys(2, other, nil) {
				shared = shared || x == y
			}
		}
		if !shared {
			t.Errorf("name 1 and name %d share no key", other)
		}
	}
}

// What a comparer expects of the levels are shares: one for each level, above nothing, and
// one in all.
func TestExpectationsAreShares(t *testing.T) {
	all, err := testimony.Comparers()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range all {
		e, ok := c.(compare.Expecting)
		if !ok {
			t.Errorf("%s expects nothing", name)
			continue
		}
		sum := 0.0
		for _, x := range e.Expect() {
			if x <= 0 {
				t.Errorf("%s expects a share of %g", name, x)
			}
			sum += x
		}
		if len(e.Expect()) != len(c.Levels()) || sum < 1-1e-9 || sum > 1+1e-9 {
			t.Errorf("%s: %d shares of %d levels sum to %g", name, len(e.Expect()), len(c.Levels()), sum)
		}
	}
}

func TestACellIsShownWithoutItsMarks(t *testing.T) {
	cell := testimony.Join([]string{testimony.Join([]string{"김창가", testimony.Alias("Jin Li")}), testimony.Event("2001", "KP-ONS")})
	if got := testimony.Shown(cell); got != "김창가, Jin Li, 2001 KP-ONS" {
		t.Errorf("shown as %q", got)
	}
}

// The comparers serve the engine: names of one person in four scripts become one entity.
func TestTheEngineTakesThem(t *testing.T) {
	all, err := testimony.Comparers()
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{}
	people := []struct{ a, b, birth string }{
		{"김철수", "Kim Chol-su", "1971-05-03"}, {"박영희", "Pak Yong-hui", "1968-01-22"}, {"리설주", "Ri Sol Ju", "1989-09-28"},
		{"최명식", "Choe Myong Sik", "1955-11-30"}, {"정미란", "Jong Mi Ran", "1977-07-07"}, {"한동철", "Han Tong Chol", "1962-02-14"},
		{"오순옥", "O Sun Ok", "1981-12-01"}, {"강혁", "Kang Hyok", "1990-04-19"}, {"윤금희", "Yun Kum Hui", "1973-08-08"}, {"조광일", "Jo Kwang Il", "1966-10-25"},
	}
	for _, p := range people {
		rows = append(rows, []string{p.a, p.birth}, []string{p.b, p.birth})
	}
	tab, err := table.FromRows("testimony", []string{"names", "birth"}, rows)
	if err != nil {
		t.Fatal(err)
	}
	r, err := linkage.Link(tab, linkage.Model{Link: linkage.Dedupe, Fields: []linkage.Field{{Name: "names", Compare: "names"}, {Name: "birth", Compare: "interval"}}},
		linkage.Options{Comparers: map[string]compare.Comparer{"names": all["names"], "interval": all["interval"]}})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Clusters.Count(); n != len(people) {
		t.Errorf("%d entities of %d people told twice", n, len(people))
	}
	for i := 0; i < len(rows); i += 2 {
		if r.Clusters.Of[i] != r.Clusters.Of[i+1] {
			t.Errorf("%s and %s are taken for two", rows[i][0], rows[i+1][0])
		}
	}
}
