package figure

import (
	"slices"
	"strings"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
)

// ReleasedElsewhere is the code of a figure that is not given because its difference from a
// figure of another question, or from the map, would tell something about a few people.
const ReleasedElsewhere = "released_elsewhere"

// group is people that something released counts: all of them, or those with one value of its
// first column. A name that ends in " *" is one for each stage of detention.
type group struct{ name, value string }

// relation says that whoever is counted in part is counted in whole, read at the same time.
type relation struct {
	part, whole group
	because     string // what makes it so
}

// relations are how the questions stand to each other. A reader who knows them subtracts.
var relations = []relation{
	{group{AskSold, ""}, group{AskReturned, ""}, "Trait has the women from among those who were heard, and the share sent back is of all who were heard"},
	{group{AskAfter, ""}, group{AskReturned, "yes"}, "Ground.After takes nobody without a return in Fates, nor whom nobody heard; Trait has both"},
	{group{AskReturned, "yes"}, group{MapName("episode"), ""}, "Trait has who has a record of a return, the events of the map are read from the same records"},
	{group{DeathsName, ""}, group{MapName("episode"), ""}, "deathBounds takes those in Fates, which has those with a record of a return"},
	{group{AskStay + " *", ""}, group{MapName("detention_stage"), ""}, "stays are read from the records of stages, the events of the map from the same records"},
	{group{RugName("*"), ""}, group{AskStay + " *", ""}, "marks and Ground.Stay count the same people in stays"},
	{group{AskStay + " *", ""}, group{RugName("*"), ""}, "marks and Ground.Stay count the same people in stays"},
}

// RelatedQuestions are the relations between questions, for a stage of detention where they have
// one: each group that is part of another, and that other, by name and value with = between.
func RelatedQuestions(stage string) (out [][2]string) {
	for _, r := range relations {
		p, w := r.part.of(stage), r.whole.of(stage)
		out = append(out, [2]string{p.name + "=" + p.value, w.name + "=" + w.value})
	}
	return out
}

// MapName is the name under which the map and calendar of a kind of event are released.
func MapName(kindName string) string { return "map " + kindName }

// RugName is the name under which a stage in the rug is released.
func RugName(stage string) string { return "rug " + stage }

// matched reports whether a name is one of those that a group stands for, and for which stage.
func (g group) matched(name string) (stage string, ok bool) {
	if before, any := strings.CutSuffix(g.name, "*"); any {
		return strings.CutPrefix(name, before)
	}
	return "", g.name == name
}

func (g group) of(stage string) group {
	if before, any := strings.CutSuffix(g.name, "*"); any {
		return group{before + stage, g.value}
	}
	return g
}

// stands is how a group of the tables of a name stands to another group.
type stands struct {
	ours, other group
	whole       bool // ours is part of the other; else the other is part of ours
}

// relatedTo lists everything that follows from the relations for the tables of a name.
func relatedTo(name string) (out []stands) {
	for _, whole := range []bool{true, false} {
		for _, r := range relations {
			here, there := r.part, r.whole
			if !whole {
				here, there = there, here
			}
			if stage, ok := here.matched(name); ok {
				out = follow(out, stands{here.of(stage), there.of(stage), whole})
			}
		}
	}
	return out
}

// follow adds how a group stands, and what follows for the groups around or in the other.
func follow(out []stands, s stands) []stands {
	if s.other.name == s.ours.name || slices.Contains(out, s) {
		return out
	}
	out = append(out, s)
	for _, r := range relations {
		here, there := r.part, r.whole
		if !s.whole {
			here, there = there, here
		}
		stage, ok := here.matched(s.other.name)
		if !ok {
			continue
		}
		// What is around all of a table is around each group of it, and what is in a group of a
		// table is in all of it.
		if here = here.of(stage); here == s.other || s.whole && here.value == "" || !s.whole && s.other.value == "" {
			out = follow(out, stands{s.ours, there.of(stage), s.whole})
		}
	}
	return out
}

// countIn is what a release shows of a group, if it shows it.
func countIn(r disclose.Release, value string) (int64, bool) {
	for _, c := range r.Tables[0].Cells {
		total := !slices.ContainsFunc(c.Key[min(1, len(c.Key)):], func(v string) bool { return v != "" })
		if total && c.Key[0] == value && c.Count != nil {
			return *c.Count, true
		}
	}
	return 0, false
}

// known are the counts released under other names that tables of a name are held against: of what
// is around a group of theirs the last that was shown, for a reader takes that for the present one;
// of what is in it all, since those people were in it then.
func (r Releases) known(name string, columns int) (out []disclose.Known, days []time.Time) {
	for _, s := range relatedTo(name) {
		key := make([]string, columns)
		key[0] = s.ours.value
		from := len(out)
		for _, f := range r.Figures {
			rel, ok := f.Released[s.other.name]
			if !ok {
				continue
			}
			n, ok := countIn(rel, s.other.value)
			if ok && s.whole {
				out, days = out[:from], days[:from]
			}
			if ok && !slices.ContainsFunc(out[from:], func(k disclose.Known) bool { return k.Count == n }) {
				out, days = append(out, disclose.Known{Name: s.other.name, Key: key, Whole: s.whole, Count: n}), append(days, f.Made)
			}
		}
	}
	return out, days
}

// elsewhere says which day's release of another question leaves a few people over, or is zero.
func elsewhere(known []disclose.Known, days []time.Time, t *disclose.Table) time.Time {
	for i, k := range known {
		n := int64(0)
		for _, c := range t.Cells {
			if k.Key[0] == "" || c.Key[0] == k.Key[0] {
				n += c.Count
			}
		}
		if rest := k.Count - n; k.Whole && rest > 0 && rest < smallest || !k.Whole && rest < 0 && -rest < smallest {
			return days[i]
		}
	}
	return time.Time{}
}

// fewElsewhere says that the difference from what was shown of other people on a day would tell
// of a few.
func fewElsewhere(day time.Time) estimate.Refusal {
	return estimate.Because(ReleasedElsewhere, "Fewer than %d people are counted here and not in what another figure or the map showed on %s, or there and not here. The difference would tell something about them.", smallest, day.Format(time.DateOnly))
}
