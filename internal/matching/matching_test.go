package matching_test

import (
	"math/rand/v2"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/matching"
	"example.org/amparo/linkage/testimony"
)

// record makes a record of fields and values.
func record(rec id.ID, pairs ...string) matching.Record {
	vs := kind.Values{}
	for i := 0; i < len(pairs); i += 2 {
		vs[pairs[i]] = append(vs[pairs[i]], kind.Of(pairs[i+1]))
	}
	return matching.Record{ID: rec, Values: vs}
}

// The first leg of a journey and the first dated stage of a return say when and where,
// whatever the order in which records come; the whole stands in where the part is silent.
func TestTheFirstPartOfAHappeningSaysWhenAndWhere(t *testing.T) {
	var ids [12]id.ID
	for i := range ids {
		ids[i] = id.New(zero(byte(i + 1)))
	}
	who, other, journey, bare, episode, silent := ids[0], ids[1], ids[2], ids[3], ids[4], ids[5]
	type told struct {
		kind string
		r    matching.Record
	}
	all := []told{
		{"journey", record(journey, "person", who.String(), "period", "2001")},
		{"leg", record(ids[6], "journey", journey.String(), "order", "2", "date", "2001-06", "from", "CN-YAN")},
		{"leg", record(ids[7], "journey", journey.String(), "order", "1", "date", "2001-03", "from", "KP-ONS")},
		{"leg", record(ids[8], "journey", journey.String(), "order", "10", "date", "2003-06", "from", "CN-ERE")},
		{"journey", record(bare, "person", who.String(), "period", "1998")},
		{"episode", record(episode, "person", who.String(), "period", "2004", "corridor", "KP-HOE")},
		{"detention_stage", record(ids[9], "episode", episode.String(), "order", "1")},
		{"detention_stage", record(ids[10], "episode", episode.String(), "order", "2", "in", "2004-05-02")},
		{"detention_stage", record(ids[11], "episode", episode.String(), "order", "3", "in", "2004-07")},
		{"episode", record(silent, "person", other.String(), "corridor", "KP-HYE")},
	}
	for seed := range uint64(20) {
		var l matching.Lives
		for _, k := range rand.New(rand.NewPCG(seed, 1)).Perm(len(all)) {
			l.Add(all[k].kind, all[k].r)
		}
		people := []matching.Record{record(who, "sex", "f"), record(other)}
		before := people[0].Values
		l.Put(people)
		if got, want := texts(people[0], "crossings"), testimony.Join([]string{testimony.Event("1998", ""), testimony.Event("2001-03", "KP-ONS")}); got != want {
			t.Errorf("crossings %q, want %q", got, want)
		}
		if got, want := texts(people[0], "returns"), testimony.Event("2004-05-02", "KP-HOE"); got != want {
			t.Errorf("returns %q, want %q", got, want)
		}
		if texts(people[0], "sex") != "f" || len(before) != 1 || len(people[1].Values) != 0 {
			t.Error("the records' own values changed, or an event without a date was put in")
		}
	}
}

func texts(r matching.Record, field string) string {
	var out []string
	for _, v := range r.Values[field] {
		out = append(out, v.Text)
	}
	return testimony.Join(out)
}

// zero is a reader that gives one byte over and over.
type zero byte

func (z zero) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(z)
	}
	return len(p), nil
}

// A name somebody is also known under is never taken for their own.
func TestAliasesAreMarked(t *testing.T) {
	if matching.Name("names", "김철수") != "김철수" || matching.Name("transliterations", "Kim") != "Kim" {
		t.Error("an own name is marked")
	}
	if matching.Name("aliases", "Jin Li") != testimony.Alias("Jin Li") {
		t.Error("an alias is not marked")
	}
}

// Harms of one stay are as many as were told, and so are harms of one person's first and
// second return; harms two accounts tell may be one.
func TestHarmsToldAsTwoAreTwo(t *testing.T) {
	var ids [6]id.ID
	for i := range ids {
		ids[i] = id.New(zero(byte(i + 1)))
	}
	one, two, first, second, again, others := ids[0], ids[1], ids[2], ids[3], ids[4], ids[5]
	var l matching.Lives
	for rec, n := range map[id.ID]string{first: "1", second: "2", again: "1", others: "1"} {
		l.Add("episode", record(rec, "number", n))
	}
	of := func(teller, episode id.ID) matching.Record {
		return record(id.New(zero(99)), "person", teller.String(), "episode", episode.String())
	}
	rs := []matching.Record{of(one, first), of(one, first), of(one, second), of(one, again), of(two, others)}
	l.Number(rs)
	if rs[2].Values.Get("return") != "2" {
		t.Fatal("the return has no number")
	}
	var harms matching.Harms
	harms.Add(rs[:2])
	harms.Add(rs[2:])
	p := matching.Pairs{}
	p.Told(&harms)
	for _, tc := range []struct {
		i, j uint32
		want bool
	}{{0, 1, true}, {0, 2, true}, {1, 2, true}, {2, 3, true}, {0, 3, false}, {0, 4, false}, {2, 4, false}} {
		if p.Has(tc.i, tc.j) != tc.want {
			t.Errorf("incidents %d and %d are told as two: %v, want %v", tc.i, tc.j, p.Has(tc.i, tc.j), tc.want)
		}
	}
}

// A tie is told from one side and holds for both, each by its own word; nobody is known by
// a tie that many share, or by an alias of another.
func TestATieHoldsForBothSides(t *testing.T) {
	var ids [5]id.ID
	for i := range ids {
		ids[i] = id.New(zero(byte(i + 1)))
	}
	child, parent, broker := ids[0], ids[1], ids[2]
	var l matching.Lives
	l.Add("relationship", record(ids[3], "person", child.String(), "type", "RL-PAR", "other", parent.String()))
	l.Add("relationship", record(ids[4], "person", child.String(), "type", "RL-BRK", "other", broker.String()))
	people := []matching.Record{record(child), record(parent), record(broker)}
	l.Kin(people, map[id.ID][]string{child: {"김철민"}, parent: {"김순옥", matching.Name("aliases", "Jin Mei"), "Kim Sun-ok"}, broker: {"왕밍"}})
	for i, want := range []string{testimony.Join([]string{testimony.Kin("RL-PAR", "Kim Sun-ok"), testimony.Kin("RL-PAR", "김순옥")}), testimony.Kin("RL-CHI", "김철민"), ""} {
		if got := texts(people[i], "kin"); got != want {
			t.Errorf("person %d: kin %q, want %q", i, got, want)
		}
	}
}
