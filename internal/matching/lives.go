package matching

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/linkage/testimony"
)

// Lives gathers what was told of people's lives that tells one person from another: when
// and where they crossed out of the country, when and by which town they were sent back.
// Interviews ask for it before names, and witnesses remember it better than birthdays: a
// reviewer who finds two accounts of one person finds them by it. The zero value is ready.
type Lives struct {
	journeys, returns map[id.ID]happening
	numbers           map[id.ID]string                  // of returns: the first, the second
	legs, stages      map[id.ID]first                   // the earliest part of each journey, each return
	ties              map[id.ID][]tie                   // by person
	events            map[string]map[id.ID][]kind.Value // of crossings and returns, by person; nil: not put together yet
}

// tie is somebody a person is tied to, and how.
type tie struct {
	how string
	to  id.ID
}

// happening is an event of somebody's life as the record of the whole has it.
type happening struct {
	person      id.ID
	date, place string
}

// first is the first part of a happening.
type first struct {
	order       float64
	date, place string
}

// LifeKinds are the kinds of record that [Lives.Add] reads.
func LifeKinds() []string {
	return []string{"journey", "leg", "episode", "detention_stage", "relationship"}
}

// Add takes in a record of one of the [LifeKinds].
func (l *Lives) Add(kindName string, r Record) {
	l.events = nil
	if l.journeys == nil {
		l.journeys, l.returns = map[id.ID]happening{}, map[id.ID]happening{}
		l.legs, l.stages, l.numbers, l.ties = map[id.ID]first{}, map[id.ID]first{}, map[id.ID]string{}, map[id.ID][]tie{}
	}
	get := r.Values.Get
	switch kindName {
	case "journey":
		l.journeys[r.ID] = happening{link(r, "person"), get("period"), ""}
	case "leg":
		keepFirst(l.legs, link(r, "journey"), first{order(get("order")), get("date"), get("from")})
	case "episode":
		l.returns[r.ID], l.numbers[r.ID] = happening{link(r, "person"), get("period"), get("corridor")}, get("number")
	case "detention_stage":
		if get("in") != "" {
			keepFirst(l.stages, link(r, "episode"), first{order(get("order")), get("in"), ""})
		}
	case "relationship":
		l.tie(get("type"), link(r, "person"), link(r, "other"))
	}
}

// inverse is what the other side of a tie is called, for ties that tell one person from
// another: family, the buyer, those a person was held with or went with. Employers and
// helpers are shared by many.
//
// Source: vocabulary relationship_types, column inverse.
var inverse = map[string]string{"RL-SPO": "RL-SPO", "RL-PAR": "RL-CHI", "RL-CHI": "RL-PAR", "RL-SIB": "RL-SIB", "RL-GPA": "RL-GCH", "RL-GCH": "RL-GPA",
	"RL-ORE": "RL-ORE", "RL-PTN": "RL-PTN", "RL-FSP": "RL-FSV", "RL-FSV": "RL-FSP", "RL-CEL": "RL-CEL", "RL-TRV": "RL-TRV"}

func (l *Lives) tie(how string, one, other id.ID) {
	back, ok := inverse[how]
	if !ok || one.IsZero() || other.IsZero() {
		return
	}
	l.ties[one] = append(l.ties[one], tie{how, other})
	l.ties[other] = append(l.ties[other], tie{back, one})
}

// Kin adds to the records of people whom they are tied to, as the field kin: the names of
// each, own ones only, of those who have a record that may be compared.
func (l *Lives) Kin(people []Record, named map[id.ID][]string) {
	for i, p := range people {
		var all []string
		for _, t := range l.ties[p.ID] {
			for _, name := range named[t.to] {
				if !testimony.IsAlias(name) {
					all = append(all, testimony.Kin(t.how, name))
				}
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		var vs []kind.Value
		for _, s := range slices.Compact(all) {
			vs = append(vs, kind.Of(s))
		}
		people[i] = p.with("kin", vs)
	}
}

func link(r Record, field string) id.ID {
	to, err := id.Parse(r.Values.Get(field))
	if err != nil {
		return id.ID{} // of nobody
	}
	return to
}

// order is the number of a part; one without a number comes last.
func order(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 1e9
	}
	return n
}

// keepFirst keeps of two parts the earlier; of two of one number the one that reads first,
// so that nothing hangs on the order of records.
func keepFirst(parts map[id.ID]first, of id.ID, f first) {
	was, ok := parts[of]
	if !ok || f.order < was.order || f.order == was.order && f.date+f.place < was.date+was.place {
		parts[of] = f
	}
}

// Put adds the events to the records of people, as the fields crossings and returns. The
// records' own values are left as they are.
func (l *Lives) Put(people []Record) {
	if l.events == nil {
		l.events = l.happened()
	}
	for i, p := range people {
		for f, by := range l.events {
			if len(by[p.ID]) > 0 {
				people[i] = people[i].with(f, by[p.ID])
			}
		}
	}
}

// happened are the events of people's lives, in order.
func (l *Lives) happened() map[string]map[id.ID][]kind.Value {
	events := map[string]map[id.ID][]kind.Value{"crossings": {}, "returns": {}}
	for field, from := range map[string]struct {
		whole map[id.ID]happening
		parts map[id.ID]first
	}{"crossings": {l.journeys, l.legs}, "returns": {l.returns, l.stages}} {
		for rec, h := range from.whole {
			part := from.parts[rec]
			if part.date != "" { // nearer to the event than the period of the whole
				h.date = part.date
			}
			if h.place == "" {
				h.place = part.place
			}
			if h.date != "" {
				events[field][h.person] = append(events[field][h.person], kind.Of(testimony.Event(h.date, h.place)))
			}
		}
	}
	for _, by := range events {
		for _, of := range by {
			slices.SortFunc(of, func(a, b kind.Value) int { return strings.Compare(a.Text, b.Text) })
		}
	}
	return events
}

// Number adds to records of incidents which return they were in, the person's first or
// second, as the field return.
func (l *Lives) Number(incidents []Record) {
	for i, r := range incidents {
		if n := l.numbers[link(r, "episode")]; n != "" {
			incidents[i] = r.with("return", []kind.Value{kind.Of(n)})
		}
	}
}

// with is the record with one field more; its own values are left as they are.
func (r Record) with(field string, vs []kind.Value) Record {
	r.Values = maps.Clone(r.Values)
	if r.Values == nil {
		r.Values = kind.Values{}
	}
	r.Values[field] = vs
	return r
}
