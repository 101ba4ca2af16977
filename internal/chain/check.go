package chain

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// Weight says how much a finding means.
type Weight uint8

// The weights. Nothing here is a sign of untruth: it is where to look again, at what was
// written down before anybody is asked.
const (
	Note       Weight = iota // worth knowing: a gap, a long stay
	Unusual                  // seldom so: check what was written
	Impossible               // cannot all be true as it stands
)

// Problem is what was found.
type Problem string

// The problems.
const (
	ExitBeforeEntry Problem = "exit_before_entry"
	DatesVsDuration Problem = "dates_vs_duration"
	WrongOrder      Problem = "wrong_order"
	UnusualOrder    Problem = "unusual_order"
	Overlap         Problem = "overlap"
	Gap             Problem = "gap"
	WrongCountry    Problem = "wrong_country"
	WrongCorridor   Problem = "wrong_corridor"
	WrongAgency     Problem = "wrong_agency"
	WrongFacility   Problem = "wrong_facility"
	LongOrShort     Problem = "unusual_stay"
	OutsideEpisode  Problem = "outside_episode"
	EpisodesOverlap Problem = "episodes_overlap"
	EpisodesOrder   Problem = "episodes_order"
)

var problemTexts = map[Problem]kind.Text{
	ExitBeforeEntry: {"en": "left before entering", "ko": "들어가기 전에 나옴", "zh": "离开早于进入"},
	DatesVsDuration: {"en": "the dates and the duration as said cannot both be true", "ko": "날짜와 말한 기간이 함께 맞을 수 없음", "zh": "日期与所述时长不可能同时成立"},
	WrongOrder:      {"en": "this stage cannot come before that one", "ko": "이 단계는 저 단계보다 앞설 수 없음", "zh": "此阶段不可能早于彼阶段"},
	UnusualOrder:    {"en": "these stages usually come in the other order", "ko": "보통은 순서가 반대임", "zh": "通常次序相反"},
	Overlap:         {"en": "in two places at one time", "ko": "같은 때에 두 곳에 있음", "zh": "同一时间身处两处"},
	Gap:             {"en": "days nobody has spoken of", "ko": "아무도 말하지 않은 날들", "zh": "无人提及的日子"},
	WrongCountry:    {"en": "the place is not in the country of this stage", "ko": "장소가 이 단계의 나라가 아님", "zh": "地点不在该阶段所属国家"},
	WrongCorridor:   {"en": "this town is not opposite that crossing", "ko": "이 도시는 그 통로의 맞은편이 아님", "zh": "该市镇不在此口岸对面"},
	WrongAgency:     {"en": "another agency usually runs this stage", "ko": "보통은 다른 기관이 맡는 단계", "zh": "此阶段通常由其他机构负责"},
	WrongFacility:   {"en": "another type of facility is usual at this stage", "ko": "보통은 다른 시설 유형", "zh": "此阶段通常为其他设施类型"},
	LongOrShort:     {"en": "longer or shorter than is usual", "ko": "보통보다 길거나 짧음", "zh": "长于或短于通常时长"},
	OutsideEpisode:  {"en": "outside the period of the return", "ko": "송환 기간을 벗어남", "zh": "在遣返时期之外"},
	EpisodesOverlap: {"en": "two returns at one time", "ko": "같은 때에 두 번의 송환", "zh": "同一时间两次遣返"},
	EpisodesOrder:   {"en": "the numbers of the returns run against their dates", "ko": "송환 차수와 날짜 순서가 어긋남", "zh": "遣返次数与日期次序不符"},
}

// Text is the problem in words.
func (p Problem) Text(lang string) string { return problemTexts[p].In(lang) }

// Finding is one thing to look at again.
type Finding struct {
	Problem Problem
	Weight  Weight
	Records []id.ID // the stages or episodes it is about, in order
	Days    Days    // of a gap or an overlap: how many, at least and at most
}

// before lists pairs of stages of one return of which the second cannot begin before the
// first: nobody is handed over before being held, or held in the DPRK before the bridge.
var before = func() map[[2]string]Weight {
	m := map[[2]string]Weight{}
	china, bridge := []string{"ST01", "ST02", "ST03"}, []string{"ST04"}
	dprk, after := []string{"ST05", "ST06", "ST07", "ST08", "ST09", "ST10", "ST11"}, []string{"ST12", "ST13", "ST14"}
	groups := [][]string{china, bridge, dprk, after}
	for i, first := range groups {
		for _, later := range groups[i+1:] {
			pairs(m, first, later, Impossible)
		}
	}
	pairs(m, []string{"ST01"}, []string{"ST02", "ST03"}, Impossible)
	pairs(m, []string{"ST12"}, []string{"ST13", "ST14"}, Impossible)
	pairs(m, []string{"ST13"}, []string{"ST14"}, Impossible)
	for i, first := range dprk {
		pairs(m, []string{first}, dprk[i+1:], Unusual)
	}
	pairs(m, []string{"ST02"}, []string{"ST03"}, Unusual)
	delete(m, [2]string{"ST09", "ST10"}) // one or the other
	return m
}()

func pairs(m map[[2]string]Weight, first, later []string, w Weight) {
	for _, a := range first {
		for _, b := range later {
			m[[2]string{a, b}] = w
		}
	}
}

// within are stages that take place during another.
var within = map[string][]string{"ST06": {"ST05", "ST07"}, "ST04": {"ST03", "ST05"}}

// opposite are the towns on the two banks through which people are handed over.
// Source: UN COI, A/HRC/25/CRP.1, paragraph 408 for the five towns; the Chinese side from
// D. Hawk's corridors as reported (domain model 3.8).
var opposite = map[string][]string{"CN-TUM": {"KP-ONS", "KP-NAM", "KP-JSG"}, "CN-LON": {"KP-HOE"}, "CN-HEL": {"KP-MUS"}, "CN-CHB": {"KP-HYE"},
	"CN-DAN": {"KP-SIN"}, "CN-JIA": {"KP-MAN"}, "CN-HUN": {"KP-SAE", "KP-RAS"}}

// Stages is the vocabulary of stages: what is usual at each.
type Stages interface {
	Vocabulary(name string) (*kind.Vocabulary, bool)
}

// Check looks for what cannot be, what is seldom so, and what is missing, in the returns
// of one person. Only what is certain on any reading of the dates is called impossible.
// Findings come in the order of the returns and their stages.
func Check(episodes []Episode, set Stages) []Finding {
	var out []Finding
	for _, e := range episodes {
		out = append(out, checkEpisode(e, set)...)
	}
	for i, a := range episodes {
		for _, b := range episodes[i+1:] {
			out = append(out, checkTwo(a, b)...)
		}
	}
	return out
}

func checkEpisode(e Episode, set Stages) (out []Finding) {
	stages := inOrder(e.Stages)
	for _, s := range stages {
		out = append(out, checkStage(e, s, set)...)
	}
	for i, a := range stages {
		for _, b := range stages[i+1:] {
			out = append(out, checkOrder(a, b)...)
			out = append(out, checkOverlap(a, b)...)
		}
		if i+1 < len(stages) {
			out = append(out, checkGap(a, stages[i+1])...)
		}
	}
	return append(out, checkCorridor(e, stages)...)
}

func checkStage(e Episode, s Stage, set Stages) (out []Finding) {
	found := func(p Problem, w Weight) {
		out = append(out, Finding{Problem: p, Weight: w, Records: []id.ID{s.Record}})
	}
	t := s.Times()
	if t.Conflict {
		in, exit := dateDays(s.In), dateDays(s.Out)
		if in.Lo > exit.Hi {
			found(ExitBeforeEntry, Impossible)
		} else {
			found(DatesVsDuration, Impossible)
		}
	}
	if p := dateDays(e.Period); !e.Period.IsZero() && s.Type != "ST01" && t.In.Hi < p.Lo {
		found(OutsideEpisode, Unusual)
	}
	u := usualOf(set, s.Type)
	if u.country != nil && s.Place != "" && !slices.Contains(u.country, s.Place[:min(2, len(s.Place))]) {
		found(WrongCountry, Impossible)
	}
	if u.agency != nil && s.Agency != "" && !slices.Contains(u.agency, s.Agency) {
		found(WrongAgency, Unusual)
	}
	if u.facility != nil && s.Facility != "" && !slices.Contains(u.facility, s.Facility) {
		found(WrongFacility, Unusual)
	}
	if u.most > 0 && !t.Conflict && (t.Stay.Lo > u.most || t.Stay.Hi < u.least) {
		found(LongOrShort, Note)
	}
	return out
}

func checkOrder(a, b Stage) []Finding {
	for _, pair := range [][2]Stage{{a, b}, {b, a}} {
		first, later := pair[0], pair[1]
		w, ok := before[[2]string{first.Type, later.Type}]
		if !ok {
			continue
		}
		// The first begins certainly later than the one that must follow it; or it was told
		// in that order, where no date says otherwise.
		against := first.Times().In.Lo > later.Times().In.Hi || first.Order > 0 && later.Order > 0 && first.Order > later.Order
		if !against {
			continue
		}
		p := WrongOrder
		if w == Unusual {
			p = UnusualOrder
		}
		return []Finding{{Problem: p, Weight: w, Records: []id.ID{first.Record, later.Record}}}
	}
	return nil
}

// checkOverlap finds stays that share days whatever the dates mean. The day of a transfer
// belongs to both.
func checkOverlap(a, b Stage) []Finding {
	if slices.Contains(within[a.Type], b.Type) || slices.Contains(within[b.Type], a.Type) {
		return nil
	}
	x, y := a.Times(), b.Times()
	if x.Conflict || y.Conflict {
		return nil
	}
	least := min(x.Out.Lo, y.Out.Lo) - max(x.In.Hi, y.In.Hi)
	if min(x.Out.Lo, y.Out.Lo) == beginning || max(x.In.Hi, y.In.Hi) == Unbounded || least <= 0 {
		return nil
	}
	most := Unbounded
	if end, begin := min(x.Out.Hi, y.Out.Hi), max(x.In.Lo, y.In.Lo); end != Unbounded && begin != beginning {
		most = end - begin
	}
	return []Finding{{Problem: Overlap, Weight: Impossible, Records: []id.ID{a.Record, b.Record}, Days: Days{least, most}}}
}

// checkGap finds days between one stay and the next that no telling covers, on any
// reading. A gap is allowed; it is a question, not a fault.
func checkGap(a, b Stage) []Finding {
	x, y := a.Times(), b.Times()
	if x.Conflict || y.Conflict || x.Out.Hi == Unbounded || y.In.Lo == beginning || y.In.Lo-x.Out.Hi <= 1 {
		return nil
	}
	most := Unbounded
	if y.In.Hi != Unbounded && x.Out.Lo != beginning {
		most = y.In.Hi - x.Out.Lo
	}
	return []Finding{{Problem: Gap, Weight: Note, Records: []id.ID{a.Record, b.Record}, Days: Days{y.In.Lo - x.Out.Hi, most}}}
}

// checkCorridor compares the bank where a group was collected and the town where it was
// received with the corridor of the return.
func checkCorridor(e Episode, stages []Stage) (out []Finding) {
	for _, s := range stages {
		switch s.Type {
		case "ST03", "ST04":
			towns, known := opposite[s.Place]
			if known && facing(e.Corridor) && !slices.Contains(towns, e.Corridor) {
				out = append(out, Finding{Problem: WrongCorridor, Weight: Unusual, Records: []id.ID{e.Record, s.Record}})
			}
		case "ST05":
			if facing(s.Place) && facing(e.Corridor) && !sameBank(s.Place, e.Corridor) {
				out = append(out, Finding{Problem: WrongCorridor, Weight: Unusual, Records: []id.ID{e.Record, s.Record}})
			}
		}
	}
	return out
}

func facing(town string) bool {
	for _, towns := range opposite {
		if slices.Contains(towns, town) {
			return true
		}
	}
	return false
}

func sameBank(a, b string) bool {
	for _, towns := range opposite {
		if slices.Contains(towns, a) && slices.Contains(towns, b) {
			return true
		}
	}
	return false
}

// checkTwo looks at two returns of one person: arrest to new crossing cannot overlap, and
// the numbers must run with time.
func checkTwo(a, b Episode) []Finding {
	x, y := span(a), span(b)
	records := []id.ID{a.Record, b.Record}
	if over := min(x.Out.Lo, y.Out.Lo) - max(x.In.Hi, y.In.Hi); min(x.Out.Lo, y.Out.Lo) != beginning && max(x.In.Hi, y.In.Hi) != Unbounded && over > 0 {
		return []Finding{{Problem: EpisodesOverlap, Weight: Impossible, Records: records, Days: Days{over, Unbounded}}}
	}
	first, later := x, y
	if a.Number > b.Number {
		first, later = y, x
	}
	if a.Number > 0 && b.Number > 0 && a.Number != b.Number && first.In.Lo > later.In.Hi {
		return []Finding{{Problem: EpisodesOrder, Weight: Impossible, Records: records}}
	}
	return nil
}

// span is when a return certainly and possibly was: from its first stage after hiding to
// its last before a new crossing, or its period where no stage has a date. A period given
// as a year only says that it began in it.
func span(e Episode) Times {
	t := Times{In: Days{Unbounded, Unbounded}, Out: Days{beginning, beginning}}
	for _, s := range e.Stages {
		if n := usual(s.Type); n < 2 || n > 10 {
			continue
		}
		st := s.Times()
		t.In = Days{min(t.In.Lo, st.In.Lo), min(t.In.Hi, st.In.Hi)}
		t.Out = Days{max(t.Out.Lo, st.Out.Lo), max(t.Out.Hi, st.Out.Hi)}
	}
	if t.In.Hi == Unbounded {
		p := dateDays(e.Period)
		t.In, t.Out = p, Days{beginning, Unbounded}
	}
	return t
}
