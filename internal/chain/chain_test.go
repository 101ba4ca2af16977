package chain_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// stage is a stay as a form gives it: "ST05 2001-03-01 2001-04 about two months", with "-"
// for what is not said; more pairs follow.
func stage(t testing.TB, n byte, typ, in, out, said string, pairs ...string) chain.Stage {
	t.Helper()
	set := kind.Builtin()
	k, _ := set.Kind("detention_stage")
	vs := kind.Values{}
	for _, p := range append([]string{"stage", typ, "in", in, "out", out, "duration", said}, pairs...) {
		vs["_"] = append(vs["_"], kind.Of(p))
	}
	raw := vs["_"]
	delete(vs, "_")
	for i := 0; i < len(raw); i += 2 {
		if raw[i+1].Text == "-" || raw[i+1].Text == "" {
			continue
		}
		f, ok := k.Field(raw[i].Text)
		if !ok {
			t.Fatalf("no field %s", raw[i].Text)
		}
		v, err := set.ParseValue(f, raw[i+1].Text, "")
		if err != nil {
			t.Fatal(err)
		}
		vs[f.Name] = append(vs[f.Name], v)
	}
	return chain.ReadStage(id.ID{n}, vs)
}

func day(y, m, d int) int64 { return int64(when.DayOf(y, m, d)) }

// Worked by hand: entry in March 2001, "about two months" (45..75 days), exit before
// 10 June: exit lies from 15 April (1 March + 45) to 9 June (the earlier of 14 June and
// the day said), entry stays March.
func TestEntryExitAndDurationBoundEachOther(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    chain.Stage
		want chain.Times
	}{
		{"entry and duration", stage(t, 1, "ST05", "2001-03-01", "-", "45..75"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 1)}, Out: chain.Days{day(2001, 4, 15), day(2001, 5, 15)}, Stay: chain.Days{45, 75}}},
		{"exit and duration", stage(t, 1, "ST05", "-", "2001-05-15", "45..75"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 31)}, Out: chain.Days{day(2001, 5, 15), day(2001, 5, 15)}, Stay: chain.Days{45, 75}}},
		{"entry and exit", stage(t, 1, "ST05", "2001-03", "2001-05", "-"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 31)}, Out: chain.Days{day(2001, 5, 1), day(2001, 5, 31)}, Stay: chain.Days{31, 91}}},
		{"all three", stage(t, 1, "ST05", "2001-03", "2001-05", "about two months"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 31)}, Out: chain.Days{day(2001, 5, 1), day(2001, 5, 31)}, Stay: chain.Days{45, 75}}},
		{"a long exit month is cut by the duration", stage(t, 1, "ST05", "2001-03-01", "2001", "45..75"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 1)}, Out: chain.Days{day(2001, 4, 15), day(2001, 5, 15)}, Stay: chain.Days{45, 75}}},
		{"nothing", stage(t, 1, "ST05", "-", "-", "-"), chain.Times{In: chain.Days{int64(when.Beginning), int64(when.End)}, Out: chain.Days{int64(when.Beginning), int64(when.End)}, Stay: chain.Days{0, chain.Unbounded}}},
		{"more than a month", stage(t, 1, "ST05", "2001-03-01", "-", "more than a month"), chain.Times{In: chain.Days{day(2001, 3, 1), day(2001, 3, 1)}, Out: chain.Days{day(2001, 3, 31), int64(when.End)}, Stay: chain.Days{30, chain.Unbounded}}},
		{"two accounts of the duration", stage(t, 1, "ST05", "-", "-", "10 days", "duration", "30 days"), chain.Times{In: chain.Days{int64(when.Beginning), int64(when.End)}, Out: chain.Days{int64(when.Beginning), int64(when.End)}, Stay: chain.Days{10, 30}}},
	} {
		if got := tc.s.Times(); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
	for _, s := range []chain.Stage{stage(t, 1, "ST05", "2001-05", "2001-03", "-"), stage(t, 1, "ST05", "2001-03-01", "2001-03-10", "about two months")} {
		if got := s.Times(); !got.Conflict {
			t.Errorf("%+v does not conflict", got)
		}
	}
}

// Any true entry and stay that what was said allows survives the derivation.
func TestDerivedTimesNeverExcludeATruthThatWasSaid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := when.Day(rapid.IntRange(int(when.DayOf(1996, 1, 1)), int(when.DayOf(2010, 1, 1))).Draw(rt, "in"))
		days := rapid.IntRange(0, 900).Draw(rt, "days")
		coarse := func(d when.Day, label string) string {
			y, m, dd := d.Civil()
			return rapid.SampledFrom([]string{"-", fmt.Sprintf("%04d", y), fmt.Sprintf("%04d-%02d", y, m), fmt.Sprintf("%04d-%02d-%02d", y, m, dd)}).Draw(rt, label)
		}
		said := rapid.SampledFrom([]string{"-", fmt.Sprintf("%d..%d", max(0, days-rapid.IntRange(0, 40).Draw(rt, "under")), days+rapid.IntRange(0, 40).Draw(rt, "over"))}).Draw(rt, "said")
		s := stage(t, 1, "ST05", coarse(in, "entry"), coarse(in+when.Day(days), "exit"), said)
		got := s.Times()
		in64, out64 := int64(in), int64(in)+int64(days)
		if got.Conflict || in64 < got.In.Lo || in64 > got.In.Hi || out64 < got.Out.Lo || out64 > got.Out.Hi || int64(days) < got.Stay.Lo || int64(days) > got.Stay.Hi {
			rt.Fatalf("in %d, %d days: %+v from %+v", in64, days, got, s)
		}
	})
}

func problems(fs []chain.Finding, least chain.Weight) string {
	var out []string
	for _, f := range fs {
		if f.Weight >= least {
			out = append(out, string(f.Problem))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestWhatCannotBeIsNamedAndWhatCanBeIsNot(t *testing.T) {
	for _, tc := range []struct {
		name     string
		corridor string
		stages   []chain.Stage
		want     string
	}{
		{"a usual chain", "KP-ONS", []chain.Stage{
			stage(t, 1, "ST02", "2001-03-01", "2001-03-08", "a week", "agency", "AG-PSB", "place", "CN-YAN"),
			stage(t, 2, "ST03", "2001-03-08", "2001-03-20", "-", "facility_type", "FT-CN-BD", "place", "CN-TUM"),
			stage(t, 3, "ST04", "2001-03-20", "2001-03-20", "-", "place", "CN-TUM"),
			stage(t, 4, "ST05", "2001-03-20", "2001-04-10", "about twenty days", "agency", "AG-SSD", "facility_type", "FT-SSD-K", "place", "KP-ONS"),
			stage(t, 5, "ST06", "2001-04-09", "2001-04-10", "-"),
			stage(t, 6, "ST07", "2001-04-10", "2001-06", "two months", "agency", "AG-MPS", "facility_type", "FT-JKS", "place", "KP-CHO"),
			stage(t, 7, "ST09", "2001-06", "2001-12", "-", "facility_type", "FT-RDD")}, ""},
		{"left before entering", "", []chain.Stage{stage(t, 1, "ST05", "2001-05", "2001-03", "-")}, "exit_before_entry"},
		{"dates against the duration", "", []chain.Stage{stage(t, 1, "ST05", "2001-03-01", "2001-03-10", "about two months")}, "dates_vs_duration"},
		{"handed over before being held", "", []chain.Stage{stage(t, 1, "ST05", "2001-03", "2001-04", "-"), stage(t, 2, "ST03", "2001-06", "2001-07", "-")}, "wrong_order"},
		{"told in an order that cannot be", "", []chain.Stage{stage(t, 1, "ST05", "-", "-", "-", "order", "1"), stage(t, 2, "ST02", "-", "-", "-", "order", "2")}, "wrong_order"},
		{"the same year says nothing of the order", "", []chain.Stage{stage(t, 1, "ST05", "2001", "-", "-"), stage(t, 2, "ST03", "2001", "-", "-")}, ""},
		{"holding before interrogation", "", []chain.Stage{stage(t, 1, "ST07", "2001-03", "2001-04", "-"), stage(t, 2, "ST05", "2001-05", "2001-06", "-")}, "unusual_order"},
		{"two places at one time", "", []chain.Stage{stage(t, 1, "ST05", "2001-03-01", "2001-05-01", "-"), stage(t, 2, "ST07", "2001-04-01", "2001-06-01", "-")}, "overlap"},
		{"perhaps two places at one time", "", []chain.Stage{stage(t, 1, "ST05", "2001-03", "2001-05", "-"), stage(t, 2, "ST07", "2001-05", "2001-06", "-")}, ""},
		{"interrogated by the DPRK in China", "", []chain.Stage{stage(t, 1, "ST05", "-", "-", "-", "place", "CN-TUM")}, "wrong_country"},
		{"interrogated by the police", "", []chain.Stage{stage(t, 1, "ST05", "-", "-", "-", "agency", "AG-MPS", "facility_type", "FT-RDD")}, "wrong_agency wrong_facility"},
		{"the other bank of another town", "KP-SIN", []chain.Stage{stage(t, 1, "ST03", "-", "-", "-", "place", "CN-TUM"), stage(t, 2, "ST05", "-", "-", "-", "place", "KP-ONS")}, "wrong_corridor wrong_corridor"},
	} {
		e := chain.Episode{Record: id.ID{99}, Corridor: tc.corridor, Stages: tc.stages}
		for range 2 { // the order of recording does not matter
			slices.Reverse(e.Stages)
			if got := problems(chain.Check([]chain.Episode{e}, kind.Builtin()), chain.Unusual); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
			}
		}
	}
}

// Worked by hand: out 10 March, next in 1 to 30 April: 22 to 51 days.
func TestAGapIsAnInterval(t *testing.T) {
	e := chain.Episode{Stages: []chain.Stage{stage(t, 1, "ST05", "2001-02-01", "2001-03-10", "-"), stage(t, 2, "ST07", "2001-04", "2001-05", "-")}}
	fs := chain.Check([]chain.Episode{e}, kind.Builtin())
	i := slices.IndexFunc(fs, func(f chain.Finding) bool { return f.Problem == chain.Gap })
	if i < 0 || fs[i].Days != (chain.Days{22, 51}) || fs[i].Weight != chain.Note {
		t.Errorf("%+v", fs)
	}
}

func TestTwoReturnsCannotOverlap(t *testing.T) {
	one := func(n byte, number int, in, out string) chain.Episode {
		return chain.Episode{Record: id.ID{n}, Number: number, Stages: []chain.Stage{stage(t, n, "ST05", in, out, "-")}}
	}
	for _, tc := range []struct {
		a, b chain.Episode
		want string
	}{
		{one(1, 1, "2001-03-01", "2001-06-01"), one(2, 2, "2001-05-01", "2001-07-01"), "episodes_overlap"},
		{one(1, 1, "2003-03", "2003-06"), one(2, 2, "2001-05", "2001-07"), "episodes_order"},
		{one(1, 1, "2001", "2001"), one(2, 2, "2001", "2002"), ""},
		{one(1, 0, "2003", "2003"), one(2, 2, "2001", "2001"), ""},
	} {
		if got := problems(chain.Check([]chain.Episode{tc.a, tc.b}, kind.Builtin()), chain.Impossible); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

func TestEveryProblemHasWordsInThreeLanguages(t *testing.T) {
	for _, p := range []chain.Problem{chain.ExitBeforeEntry, chain.DatesVsDuration, chain.WrongOrder, chain.UnusualOrder, chain.Overlap, chain.Gap, chain.WrongCountry,
		chain.WrongCorridor, chain.WrongAgency, chain.WrongFacility, chain.LongOrShort, chain.OutsideEpisode, chain.EpisodesOverlap, chain.EpisodesOrder} {
		if p.Text("en") == "" || p.Text("ko") == p.Text("en") || p.Text("zh") == p.Text("en") {
			t.Errorf("%s lacks words", p)
		}
	}
}

func TestInterrogationTotalIsASumOfIntervals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		stages []chain.Stage
		want   chain.Days
		cens   bool
		part   bool
	}{
		{"interrogation and holding", []chain.Stage{stage(t, 1, "ST05", "-", "-", "15 days"), stage(t, 2, "ST07", "-", "-", "about two months"), stage(t, 3, "ST09", "-", "-", "six months")}, chain.Days{60, 90}, false, false},
		{"holding of unknown length", []chain.Stage{stage(t, 1, "ST05", "-", "-", "15 days"), stage(t, 2, "ST07", "-", "-", "-")}, chain.Days{15, chain.Unbounded}, false, true},
		{"still held", []chain.Stage{stage(t, 1, "ST05", "-", "-", "15 days"), stage(t, 2, "ST07", "-", "-", "20 days", "censored", "yes")}, chain.Days{35, chain.Unbounded}, true, false},
		{"no word of interrogation", []chain.Stage{stage(t, 2, "ST07", "-", "-", "20 days")}, chain.Days{20, 20}, false, true},
	} {
		got := chain.Interrogation(chain.Episode{Stages: tc.stages})
		if got.Days != tc.want || got.Censored != tc.cens || got.Partial != tc.part {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

func TestDurationsCarryTheirCensoringAndEnd(t *testing.T) {
	inf := math.Inf(1)
	two := func(outcome string, last chain.Stage) chain.Episode {
		return chain.Episode{Record: id.ID{9}, Outcome: outcome, Stages: []chain.Stage{stage(t, 1, "ST03", "2001-03-01", "2001-03-10", "-"), last}}
	}
	for _, tc := range []struct {
		name string
		e    chain.Episode
		lo   float64
		hi   float64
		cens chain.Censoring
		end  chain.End
	}{
		{"released", two("OC-R01", stage(t, 2, "ST05", "2001-03-10", "-", "20 days")), 20, 20, chain.Exact, chain.Released},
		{"sent on to a labour camp nobody told of", two("OC-R03", stage(t, 2, "ST05", "2001-03-10", "-", "about two months")), 45, 75, chain.Interval, chain.Moved},
		{"served in a labour camp", two("OC-R03", stage(t, 2, "ST09", "2001-05", "-", "six months")), 165, 195, chain.Interval, chain.Released},
		{"at most a week", two("OC-R01", stage(t, 2, "ST05", "-", "-", "less than a week")), 0, 7, chain.Left, chain.Released},
		{"more than a month", two("OC-R01", stage(t, 2, "ST05", "-", "-", "more than a month")), 30, inf, chain.Right, chain.Released},
		{"a political camp", two("OC-R05", stage(t, 2, "ST10", "2001-05", "-", "a year")), 182, inf, chain.Right, chain.Held},
		{"died", two("OC-R07", stage(t, 2, "ST05", "2001-03-10", "2001-04-09", "-")), 30, 30, chain.Exact, chain.Died},
		{"still held", two("", stage(t, 2, "ST05", "2001-03-10", "-", "20 days", "censored", "yes")), 20, inf, chain.Right, chain.Held},
		{"escaped from it", two("OC-R11", stage(t, 2, "ST05", "2001-03-10", "-", "20 days", "censored", "yes")), 20, 20, chain.Exact, chain.Escaped},
		{"nobody knows", two("OC-R10", stage(t, 2, "ST05", "2001-03-10", "-", "20 days", "censored", "yes")), 20, inf, chain.Right, chain.NotKnown},
	} {
		rows := chain.Durations(id.ID{7}, []chain.Episode{tc.e})
		if len(rows) != 2 || rows[0].End != chain.Moved || rows[0].Lo != 9 || rows[0].Year != 2001 {
			t.Fatalf("%s: %+v", tc.name, rows)
		}
		if r := rows[1]; r.Lo != tc.lo || r.Hi != tc.hi || r.Censoring != tc.cens || r.End != tc.end {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
	e := chain.Episode{Stages: []chain.Stage{stage(t, 1, "ST05", "2001-05", "2001-03", "-"), stage(t, 2, "ST07", "-", "-", "-"), stage(t, 3, "ST01", "1999", "2001", "-")}}
	if rows := chain.Durations(id.ID{7}, []chain.Episode{e}); len(rows) != 0 {
		t.Errorf("durations of what contradicts itself, of what nobody told, of hiding: %+v", rows)
	}
}

func TestWhatAQuestionSupports(t *testing.T) {
	q := chain.Nexus(kind.Builtin(), "QA-PREG")
	if !slices.Equal(q.Nexus, []string{"E5"}) || !slices.Equal(q.Grounds, []string{"CG-RAC", "CG-MPSG"}) {
		t.Errorf("%+v", q)
	}
	q = chain.Nexus(kind.Builtin(), "QA-ROK")
	if !slices.Equal(q.Nexus, []string{"E1.2", "E5"}) || !slices.Equal(q.Grounds, []string{"CG-POLI"}) {
		t.Errorf("%+v", q)
	}
}
