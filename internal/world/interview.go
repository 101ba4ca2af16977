package world

import (
	"fmt"
	"strconv"

	"example.org/amparo/id"
	"example.org/amparo/when"
)

func itoa(n int) string { return strconv.Itoa(n) }

func formatDate(canonical, lang string) string {
	d, err := when.Parse(canonical)
	if err != nil {
		return canonical
	}
	return d.Format(lang)
}

// interview records one conversation and what it states.
func (t *teller) interview() {
	p := t.p
	delay := t.lognormal(recallMedian, recallSigma)
	t.late = delay >= 2
	last := p.Left
	if n := len(p.Episodes); n > 0 {
		last = p.Episodes[n-1].End()
	}
	heard := last + when.Day(delay*365)
	if y, _, _ := heard.Civil(); y > 2025 {
		heard = when.DayOf(2025, 1+t.IntN(11), 1+t.IntN(27))
	}
	iv := t.new()
	t.say("interview", iv, "person", t.person.String(), "date", t.about(heard, "day"), "place_class", "office", "language", "ko", "interviewer", t.of("IV-1", "IV-2", "IV-3", "IV-4"),
		"organisation", t.of("Lantern Desk", "River Archive", "Northern Legal Aid"), "purposes", t.of("testimony", "testimony|legal", "testimony|needs"), "read_back", "yes", "breaks", itoa(t.IntN(4)), "conflict_check", "yes")
	if t.pick(channels) != "interview" {
		src := t.say("source", t.new(), "name", "Published account "+itoa(t.serial), "kind", "media", "grade", t.of("SR-B", "SR-C", "SR-F"))
		t.say("source_dependency", t.new(), "a", iv.String(), "b", src.String(), "kind", "same_article")
	}
	crossed := t.about(p.Crossed, "")
	t.tell(iv, 1, "before", p.Origin, crossed, "")
	t.tell(iv, 2, "crossing", t.at(p.Crossing), crossed, "")
	j := t.say("journey", t.new(), "person", t.person.String(), "period", crossed, "from", p.Origin, "to", "CN", "motive", p.Motive)
	t.say("leg", t.new(), "journey", j.String(), "order", "1", "from", t.at(p.Crossing), "to", "CN/Jilin (Yanbian)", "date", crossed, "means", t.of("foot", "ice", "foot"))
	t.china(iv)
	for i, ep := range p.Episodes {
		t.returned(iv, 5+3*i, ep)
	}
	t.ending(iv)
}

func (t *teller) at(place string) string {
	if t.place != "" {
		return t.place
	}
	return place
}

// china states hiding, sale, work, threats.
func (t *teller) china(iv id.ID) {
	p := t.p
	until := p.Left
	if len(p.Episodes) > 0 {
		until = p.Episodes[0].Arrest
	}
	crossed := p.Crossed
	if p.Sold != "" {
		t.tell(iv, 3, "sold", "CN-YAN", t.about(crossed, "year"), "")
		act := "recruitment|transport|transfer"
		means := t.of("deception", "deception|vulnerability", "force")
		purpose := map[string]string{"HH01": "marriage", "HH02": "prostitution", "HH03": "cybersex", "HH04": "labour"}[p.Sold]
		t.say("exploitation", t.new(), "person", t.person.String(), "type", p.Sold, "date", t.about(crossed+20, ""), "act", act, "means", means, "purpose", purpose,
			"recruiter", "trafficker", "price", fmt.Sprintf("%d CNY", p.Price), "times_sold", itoa(1+t.IntN(2)), "children", itoa(p.Children), "place", "CN/Jilin (Yanbian)", "escape", t.of("yes", "no"))
	}
	t.tell(iv, 4, "hiding", "CN-YAN", "", "")
	work := ""
	if p.Worked {
		work = t.of("farm", "restaurant", "construction", "domestic", "logging")
	}
	from, to := t.about(crossed, "year"), t.about(until, "year")
	period := from
	if to > from {
		period = from + "/" + to
	}
	t.say("hiding_period", t.new(), "person", t.person.String(), "period", period, "place", t.of("CN/Jilin (Yanbian)", "CN/Heilongjiang", "CN/Liaoning"), "place_class", t.of("rural", "town", "city"), "work", work, "children", itoa(p.Children))
	if p.Withheld {
		promised := 200 + 50*t.IntN(10)
		paid := promised * t.IntN(3) / 4
		t.say("labour_claim", t.new(), "person", t.person.String(), "sector", work, "period", period, "promised", fmt.Sprintf("%d CNY", promised), "paid", fmt.Sprintf("%d CNY", paid), "unpaid", fmt.Sprintf("%d CNY", promised-paid), "hours", itoa(9+t.IntN(7)))
	}
	if p.Told {
		t.say("threat", t.new(), "person", t.person.String(), "date", t.about(crossed+200, ""), "by", t.of("employer", "buyer", "informer"), "purpose", t.of("unpaid work", "money", "obedience"))
	}
	if p.Extorted {
		t.say("extortion", t.new(), "person", t.person.String(), "date", t.about(crossed+300, ""), "demand", "money", "amount", fmt.Sprintf("%d CNY", 500+100*t.IntN(60)), "by", t.of("officer", "informer", "trafficker"), "times", itoa(1+t.IntN(3)))
	}
}

var outcomeCode = map[string]string{"died": "OC-R07", "executed": "OC-R06", "camp": "OC-R05", "unknown": "OC-R10"}

// returned states one forced return, stage by stage.
func (t *teller) returned(iv id.ID, order int, ep Episode) {
	arrest := t.about(ep.Arrest, "")
	held := t.recalled(ep.Custody)
	t.tell(iv, order, "arrest", "CN-TUM", arrest, held)
	track := "economic"
	if ep.Political {
		track = "political"
	}
	outcome := ep.Disposition
	if o, ok := outcomeCode[outcome]; ok {
		outcome = o
	}
	e := t.say("episode", t.new(), "person", t.person.String(), "number", itoa(ep.Number), "period", t.about(ep.Arrest, "year"), "corridor", t.at(ep.Corridor), "from_facility", "FT-CN-BD", "handover_authority", "AG-CNBD", "group_size", itoa(2+t.IntN(30)), "track", track, "outcome", outcome)
	day := ep.Arrest
	t.stage(e, 1, "ST03", "FT-CN-BD", "AG-CNBD", "CN-TUM", day, ep.Custody, held)
	day += when.Day(ep.Custody)
	ssd := t.recalled(ep.SSD)
	t.tell(iv, order+1, "return", t.at(ep.Corridor), t.about(day, ""), ssd)
	st := t.stage(e, 2, "ST05", "FT-SSD-K", "AG-SSD", t.at(ep.Corridor), day, ep.SSD, ssd)
	t.questions(st)
	t.incidents(e, st, ep, day)
	day += when.Day(ep.SSD)
	if ep.Holding > 0 {
		hold := t.recalled(ep.Holding)
		t.tell(iv, order+2, "holding", "KP-CHO", t.about(day, ""), hold)
		t.stage(e, 3, "ST07", "FT-JKS", "AG-MPS", "KP-CHO", day, ep.Holding, hold)
		day += when.Day(ep.Holding)
	}
	switch ep.Disposition {
	case "OC-R03":
		t.stage(e, 4, "ST09", "FT-RDD", "AG-MPS", "KP/North Hamgyong", day, ep.Served, t.recalled(ep.Served))
	case "OC-R04":
		t.stage(e, 4, "ST10", "FT-KHS", "AG-MPS", t.of("KP-JGR", "KP-KAE"), day, ep.Served, t.recalled(ep.Served))
	}
	length := ""
	if ep.Served > 0 {
		length = t.recalled(ep.Served)
	}
	t.say("disposition", t.new(), "person", t.person.String(), "episode", e.String(), "outcome", outcome, "length", length, "date", t.about(day, ""))
}

func (t *teller) stage(episode id.ID, order int, stage, facility, agency, place string, in when.Day, days int, said string) id.ID {
	return t.say("detention_stage", t.new(), "episode", episode.String(), "person", t.person.String(), "order", itoa(order), "stage", stage, "facility_type", facility, "agency", agency,
		"place", place, "in", t.about(in, ""), "out", t.about(in+when.Day(days), ""), "duration", said, "duration_source", t.of("BK-1", "BK-1", "BK-2"))
}

func (t *teller) questions(stage id.ID) {
	for _, q := range []struct {
		code string
		p    float64
	}{{"QA-WHY", .9}, {"QA-ROK", askedSouth}, {"QA-CHURCH", askedChurch}, {"QA-HOW", askedRoute}, {"QA-BIBLE", .4}, {"QA-LIFE", .7}} {
		if t.yes(q.p) {
			t.say("question_asked", t.new(), "person", t.person.String(), "stage", stage.String(), "question", q.code)
		}
	}
}

// incidents states the harms that were told; some are never told, some are mistaken.
func (t *teller) incidents(episode, stage id.ID, ep Episode, day when.Day) {
	for _, code := range ep.Harms {
		if code == "MT07.1" && !t.yes(sexualTold) {
			continue
		}
		told := code
		victim := t.person.String()
		if code == "MT01.5" || code == "MT02.10" {
			victim = ""
		}
		place := t.at(ep.Corridor)
		rec := t.new()
		if t.yes(wrongShare) {
			place = "KP-SIN"
			t.truth.Wrong = append(t.truth.Wrong, rec)
		}
		t.say("incident", rec, "type", told, "date", t.about(day+when.Day(t.IntN(max(1, ep.SSD))), ""), "place", place, "facility_type", "FT-SSD-K", "agency", "AG-SSD",
			"perpetrator_role", t.of("interrogator", "guard", "guard"), "victims", victim, "person", t.person.String(), "episode", episode.String(), "stage", stage.String(), "verification", "VS-1", "credibility", "IC-3",
			"narrative:ko", t.fill(sentences["return"][t.IntN(len(sentences["return"]))][0], place, "", "", "ko"))
	}
	if t.yes(.5) { // the mix of an archive, SP55-SP57
		code := "MT08.1"
		if t.pick(archiveMix) == "dignity" {
			code = t.pick(archiveWithin)
		}
		t.say("incident", t.new(), "type", code, "date", t.about(day, ""), "facility_type", t.pick(archivePlaces), "agency", "AG-SSD", "victims", t.person.String(), "person", t.person.String(), "episode", episode.String(), "verification", "VS-1")
	}
}

// ending states what followed, who is missing, and what the person needs.
func (t *teller) ending(iv id.ID) {
	t.tell(iv, 30, "after", "KP", "", "")
	t.say("fate", t.new(), "person", t.person.String(), "state", "known", "outcome", "OC-R11", "basis", "BK-1")
	if t.yes(.25) {
		t.say("need", t.new(), "person", t.person.String(), "type", t.of("health", "papers", "legal", "psychosocial"), "urgency", t.of("normal", "soon", "immediate"))
	}
	if t.yes(.06) {
		t.unit = id.ID{}
		t.say("risk_flag", t.new(), "person", t.person.String(), "type", t.of("detection", "self_harm", "medical"), "urgency", t.of("soon", "immediate"), "reviewer", "PO-1", "review_on", "2026-12-15")
	}
	if t.yes(.15) {
		t.say("case", t.new(), "number", fmt.Sprintf("C-%04d", t.serial), "person", t.person.String(), "mode", t.of("S", "U", "N"), "modality", t.of("regular", "accelerated"), "state", t.of("intake", "registered", "claim_recorded", "interviewed"), "jurisdiction", t.of("CN", "TH", "KR"), "urgent", t.of("no", "no", "yes"), "deadline", "2026-12-20")
	}
	t.unit, t.basis = id.ID{}, ""
	t.communicate()
}

// replies a State gives, after its known position; nobody's words.
var replies = map[string]string{
	"CN": "The persons concerned entered illegally for economic reasons and are not refugees; the matter was handled according to law.",
	"KP": "The allegations are fabricated and are rejected.",
}

// communicate states a communication to a State by a special procedure, where the
// person allows it, and whether the State replied (SP60).
func (t *teller) communicate() {
	if len(t.p.Episodes) == 0 || t.p.Consent == "internal" || t.p.Consent == "withdrawn" || !t.yes(communicated) {
		return
	}
	state := t.of("CN", "KP")
	sent := t.p.Left + when.Day(500+t.IntN(600))
	replied, reply := "", ""
	if t.yes(replyShare[state]) {
		replied, reply = t.about(sent+when.Day(60+t.IntN(120)), "month"), replies[state]
	}
	t.say("communication", t.new(), "mechanism", "Special procedures", "sent", t.about(sent, "day"), "addressee", state, "replied", replied, "reply:en", reply)
}
