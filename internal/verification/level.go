package verification

import (
	"slices"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// Need is something a level needs and the case lacks.
type Need string

// The needs.
const (
	NeedsAccount      Need = "account"       // an account that is more than rumour
	NeedsFirstHand    Need = "first_hand"    // somebody who experienced or saw it
	NeedsPattern      Need = "pattern"       // an independent source on the pattern
	NeedsTwo          Need = "two_clusters"  // two sources independent of each other
	NeedsMore         Need = "more_material" // a pattern, a document or a physical trace, independent of the accounts
	NeedsReasons      Need = "reasons"
	NeedsAlternatives Need = "alternatives"
	NeedsContrary     Need = "contrary"
	NeedsSignatures   Need = "signatures" // of two different members, each with a reason
	NeedsIncidents    Need = "incidents"  // of a finding: two incidents, of two persons
	NeedsBounds       Need = "bounds"     // of a finding: the facility or place and the period it is for
)

var needTexts = map[Need]kind.Text{
	NeedsAccount:      {"en": "an account that is more than common talk", "ko": "소문 이상의 진술", "zh": "超出传闻的陈述"},
	NeedsFirstHand:    {"en": "somebody who experienced or saw it", "ko": "직접 겪거나 본 사람", "zh": "亲历或目睹者"},
	NeedsPattern:      {"en": "a source on the pattern that is independent of the account", "ko": "진술과 독립된 유형 자료", "zh": "独立于该陈述的模式来源"},
	NeedsTwo:          {"en": "two sources that do not depend on each other", "ko": "서로 독립된 두 출처", "zh": "两个互不依赖的来源"},
	NeedsMore:         {"en": "a pattern, a document or a physical trace besides the accounts", "ko": "진술 외의 유형·문서·물적 증거", "zh": "陈述之外的模式、文件或物证"},
	NeedsReasons:      {"en": "written reasons", "ko": "서면 이유", "zh": "书面理由"},
	NeedsAlternatives: {"en": "the other explanations that were considered", "ko": "검토한 다른 설명", "zh": "考虑过的其他解释"},
	NeedsContrary:     {"en": "what speaks against it, or where that was looked for", "ko": "반대 자료 또는 찾아본 곳", "zh": "相反材料，或查找过的地方"},
	NeedsSignatures:   {"en": "the sign-off of two members, each with a reason", "ko": "구성원 두 명의 이유를 적은 승인", "zh": "两名成员各附理由的签署"},
	NeedsIncidents:    {"en": "at least two incidents, of two persons", "ko": "두 사람이 겪은 둘 이상의 사건", "zh": "至少两起、涉及两人的事件"},
	NeedsBounds:       {"en": "the type of facility or the place, and the period", "ko": "시설 유형이나 장소, 그리고 기간", "zh": "设施类型或地点，以及时期"},
}

// Text is the need in words.
func (n Need) Text(lang string) string { return needTexts[n].In(lang) }

// Missing lists what a level needs and the case lacks; nothing means that the level may
// be stated. Whatever level is stated, what speaks against the claim must be answered.
func Missing(level Level, c Case) []Need {
	var out []Need
	need := func(ok bool, n Need) {
		if !ok {
			out = append(out, n)
		}
	}
	if level == Received {
		return nil
	}
	if level == Wrong {
		need(written(c.Reasons), NeedsReasons)
		return out
	}
	clusters := Clusters(c)
	first := slices.ContainsFunc(clusters, func(g Cluster) bool { return g.FirstHand })
	need(len(clusters) > 0, NeedsAccount)
	if level == Alleged {
		return out
	}
	need(first, NeedsFirstHand)
	if f := c.Finding; f != nil {
		need(f.Incidents >= 2 && f.Persons >= 2, NeedsIncidents)
		need(f.Bounded || level != Grounds, NeedsBounds)
	}
	if level == Consistent {
		need(c.apart(Pattern), NeedsPattern)
		return out
	}
	need(len(clusters) >= 2, NeedsTwo)
	if slices.ContainsFunc(c.Evidence, func(e Evidence) bool { return e.Against }) || level == Grounds {
		need(written(c.Contrary), NeedsContrary)
	}
	if level == Corroborated {
		return out
	}
	need(c.apart(Pattern) || c.apart(Material), NeedsMore)
	need(written(c.Reasons), NeedsReasons)
	need(written(c.Alternatives), NeedsAlternatives)
	need(c.signatures() >= 2, NeedsSignatures)
	return out
}

// written reports whether somebody wrote more than a placeholder.
func written(s string) bool { return len([]rune(strings.TrimSpace(s))) >= 8 }

// signatures counts the different members who signed with a reason.
func (c Case) signatures() int {
	seen := map[id.ID]bool{}
	for _, s := range c.Signed {
		if strings.TrimSpace(s.Reason) != "" && !s.Member.IsZero() {
			seen[s.Member] = true
		}
	}
	return len(seen)
}

// apart reports whether a pattern, or material, speaks for the claim from outside the
// clusters of what is told: a report that quotes the witness is the witness again, and a
// document that writes down a rumour is the rumour.
func (c Case) apart(class Class) bool {
	find, known := c.components(), c.retellings()
	told := map[id.ID]bool{}
	for _, e := range c.Evidence {
		if e.Class < class {
			told[find(e.Source)] = true
		}
	}
	return slices.ContainsFunc(c.Evidence, func(e Evidence) bool {
		return e.Class == class && !e.Against && !told[find(e.Source)] && (class == Pattern || known[e.Source] > nothing) && standsWithout(told, c.Rests[e.Source], find)
	})
}

// standsWithout reports whether a finding of our own would still be told by two independent
// sources without those that are told here: else it says again what they say.
func standsWithout(told map[id.ID]bool, rests []id.ID, find func(id.ID) id.ID) bool {
	if rests == nil {
		return true // not a finding of our own: who made it is its one source
	}
	others := map[id.ID]bool{}
	for _, s := range rests {
		if at := find(s); !told[at] {
			others[at] = true
		}
	}
	return len(others) >= 2
}

// Ceiling is the highest level that the evidence can carry, whatever was written and
// whoever signed: what a person may work towards, never a level by itself.
func Ceiling(c Case) Level {
	full := c
	full.Reasons, full.Alternatives, full.Contrary = "assumed written", "assumed written", "assumed written"
	full.Signed = []SignOff{{Member: id.ID{1}, Reason: "assumed"}, {Member: id.ID{2}, Reason: "assumed"}}
	best := Received
	for _, l := range levels {
		if len(Missing(l, full)) == 0 {
			best = l
		}
	}
	return best
}

// CredibilityNeeds lists what a grade of the vocabulary information_credibility needs and
// the case lacks. The grade is of a claim; the code checks that it agrees with the rest.
func CredibilityNeeds(grade string, c Case) []Need {
	clusters := Clusters(c)
	against := slices.ContainsFunc(c.Evidence, func(e Evidence) bool { return e.Against })
	switch grade {
	case "IC-1":
		if len(clusters) < 2 {
			return []Need{NeedsTwo}
		}
	case "IC-2":
		if !c.apart(Pattern) && !c.apart(Material) {
			return []Need{NeedsPattern}
		}
	case "IC-4", "IC-5":
		if !against && !written(c.Contrary) {
			return []Need{NeedsContrary}
		}
	}
	return nil
}

// Incident is one incident of a pattern: its own evidence, and who suffered it.
type Incident struct {
	Record  id.ID
	Persons []id.ID
	Evidence
}

// Extent is how far a pattern reaches.
type Extent struct{ Incidents, Persons, Clusters int }

// Finding is what makes a case one of a pattern: what it reaches, and whether it says for
// which facility or place and for which period.
type Finding struct {
	Extent
	Bounded bool
}

// ExtentOf counts the incidents, persons and independent clusters of a pattern. Each
// incident may come with several pieces of evidence. Rumour carries no incident.
func ExtentOf(incidents []Incident, deps []Dependency) Extent {
	c := Case{Dependencies: deps}
	records, persons := map[id.ID]bool{}, map[id.ID]bool{}
	for _, i := range incidents {
		if !speaks(i.Evidence) {
			continue
		}
		c.Evidence = append(c.Evidence, i.Evidence)
		records[i.Record] = true
		for _, p := range i.Persons {
			persons[p] = true
		}
	}
	return Extent{Incidents: len(records), Persons: len(persons), Clusters: len(Clusters(c))}
}

// MayCallSystematic reports whether a pattern may be called systematic or widespread:
// only at reasonable grounds, and for the facility and period it was found for.
func MayCallSystematic(level Level, facility, period string) bool {
	return level == Grounds && facility != "" && period != ""
}

// Step is a level, and what a case still needs for it.
type Step struct {
	Level   Level
	Missing []Need
}

// Steps lists the levels from VS-1 upwards with what the case lacks for each.
func Steps(c Case) []Step {
	var out []Step
	for _, l := range levels[1:] {
		out = append(out, Step{Level: l, Missing: Missing(l, c)})
	}
	return out
}
