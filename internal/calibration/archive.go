package calibration

import (
	"slices"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/id"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/matching"
	"example.org/amparo/internal/world"
	"example.org/amparo/when"
)

// matchingPurpose is the purpose under which accounts of different people are laid beside
// each other, as in the workspace.
const matchingPurpose = "CO-02"

// asked is the day on which figures are asked for.
var asked = when.DayOf(2026, 1, 1)

// archive is what an invented world told, as far as figures need it: what a workspace
// would hold, in memory and without a journal.
type archive struct {
	set     *kind.Set
	people  []id.ID // records of persons, in the order they came
	values  map[id.ID]kind.Values
	named   map[id.ID][]string
	answers map[id.ID]map[id.ID]consent.Answer // by person, by record
	on      map[id.ID]hist.History
	beside  [][]id.ID // persons that one account names together
	lives   matching.Lives
	stories map[id.ID]*story
	episode map[id.ID]id.ID // first returns: episode -> person
}

func newArchive(set *kind.Set) *archive {
	return &archive{set: set, values: map[id.ID]kind.Values{}, named: map[id.ID][]string{}, answers: map[id.ID]map[id.ID]consent.Answer{},
		on: map[id.ID]hist.History{}, stories: map[id.ID]*story{}, episode: map[id.ID]id.ID{}}
}

// keep takes in one account.
func (a *archive) keep(e world.Event, lists []string) error {
	s := e.Statement
	person, _ := id.Parse(s.Fields.Get("person")) // a kind without the field has no person
	if slices.Contains(matching.LifeKinds(), s.Kind) {
		a.lives.Add(s.Kind, matching.Record{ID: s.Record, Values: s.Fields})
	}
	switch s.Kind {
	case "person":
		if _, ok := a.values[s.Record]; !ok {
			a.people = append(a.people, s.Record)
		}
		a.values[s.Record] = s.Fields
	case "person_identity":
		for _, f := range matching.NameFields() {
			for _, v := range s.Fields[f] {
				if name := matching.Name(f, v.Text); v.State == kind.Given && !slices.Contains(a.named[person], name) {
					a.named[person] = append(a.named[person], name)
				}
			}
		}
	case "consent":
		if a.answers[person] == nil {
			a.answers[person] = map[id.ID]consent.Answer{}
		}
		a.answers[person][s.Record] = consent.Read(s.Record, s.Fields)
	case "list_capture":
		if j := slices.Index(lists, s.Fields.Get("list")); j >= 0 {
			a.on[person] |= hist.Of(j)
		}
	case "relationship":
		if other, err := id.Parse(s.Fields.Get("other")); err == nil {
			a.beside = append(a.beside, []id.ID{person, other})
		}
	default:
		a.listen(s.Kind, s.Record, person, s.Fields)
	}
	return nil
}

// allows reports whether a person's consent covers matching.
func (a *archive) allows(person id.ID) bool {
	var all []consent.Answer
	for _, x := range a.answers[person] {
		all = append(all, x)
	}
	slices.SortFunc(all, func(x, y consent.Answer) int { return x.Record.Compare(y.Record) })
	var p consent.Person
	p.Birth, _ = when.Parse(a.values[person].Get("birth")) // the zero date: not known
	return consent.Allows(p, all, consent.Use{Purpose: matchingPurpose, On: asked})
}
