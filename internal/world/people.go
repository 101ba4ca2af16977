package world

import (
	"math"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/names"
	"example.org/amparo/when"
)

// Person is somebody of the invented world as they truly are.
type Person struct {
	ID        id.ID     `json:"id"`
	Hangul    string    `json:"hangul"`
	Hanja     string    `json:"hanja,omitempty"`
	Sex       string    `json:"sex"`
	BirthYear int       `json:"birth_year"`
	Origin    string    `json:"origin"`
	Motive    string    `json:"motive"`
	Crossing  string    `json:"crossing"`
	Crossed   when.Day  `json:"crossed"`
	Left      when.Day  `json:"left"` // end of the last stay in China that is known
	Risk      []string  `json:"risk"`
	Sibling   id.ID     `json:"sibling"`
	Sold      string    `json:"trafficked,omitempty"`
	Price     int       `json:"price,omitempty"`
	Children  int       `json:"children,omitempty"`
	Worked    bool      `json:"worked"`
	Withheld  bool      `json:"withheld"`
	Told      bool      `json:"threatened"`
	Extorted  bool      `json:"extorted"`
	Episodes  []Episode `json:"episodes"`
	Fate      string    `json:"fate"` // free, held, dead, unknown
	Lists     []string  `json:"lists"`
	Heard     bool      `json:"heard"`
	Consent   string    `json:"consent"`
	Records   []id.ID   `json:"records"` // every person record that speaks of them
}

// Episode is one forced return as it truly was.
type Episode struct {
	Number      int      `json:"number"`
	Arrest      when.Day `json:"arrest"`
	Corridor    string   `json:"corridor"`
	Custody     int      `json:"custody_days"`
	SSD         int      `json:"ssd_days"`
	Holding     int      `json:"holding_days"`
	Political   bool     `json:"political"`
	Disposition string   `json:"disposition"`
	Served      int      `json:"served_days"` // -1: not ended
	Harms       []string `json:"harms"`
	Era         int      `json:"era"`
}

// End is the last day of the episode, as far as it has one.
func (e Episode) End() when.Day {
	return e.Arrest + when.Day(e.Custody+e.SSD+e.Holding+max(e.Served, 0))
}

var (
	surnamePool = weighted{{"김", 21}, {"리", 14}, {"박", 9}, {"최", 5}, {"정", 5}, {"강", 3}, {"조", 3}, {"윤", 2}, {"장", 2}, {"림", 2}, {"한", 2}, {"오", 2}, {"서", 2}, {"신", 2},
		{"권", 2}, {"황", 2}, {"안", 1}, {"송", 1}, {"류", 1}, {"홍", 1}, {"전", 1}, {"고", 1}, {"문", 1}, {"손", 1}, {"배", 1}, {"백", 1}, {"허", 1}, {"남", 1}, {"심", 1}, {"로", 1}}
	// Syllables that are put together at random; the hanja beside each is one it can have.
	syllables = [][2]string{{"가", "佳"}, {"경", "京"}, {"광", "光"}, {"국", "國"}, {"금", "錦"}, {"길", "吉"}, {"남", "南"}, {"덕", "德"}, {"동", "東"}, {"란", "蘭"}, {"련", "蓮"}, {"룡", "龍"}, {"명", "明"},
		{"문", "文"}, {"미", "美"}, {"민", "敏"}, {"복", "福"}, {"봉", "鳳"}, {"산", "山"}, {"상", "相"}, {"선", "善"}, {"설", "雪"}, {"성", "星"}, {"송", "松"}, {"숙", "淑"}, {"순", "順"}, {"승", "勝"},
		{"실", "實"}, {"애", "愛"}, {"연", "蓮"}, {"영", "英"}, {"옥", "玉"}, {"용", "勇"}, {"원", "元"}, {"은", "恩"}, {"일", "一"}, {"재", "在"}, {"정", "貞"}, {"진", "眞"}, {"창", "昌"}, {"천", "千"},
		{"철", "鐵"}, {"춘", "春"}, {"충", "忠"}, {"평", "平"}, {"학", "學"}, {"향", "香"}, {"현", "賢"}, {"혜", "惠"}, {"화", "花"}, {"흥", "興"}, {"희", "姬"}}
	// wellKnown names are never made: no invented person bears the name of a real one
	// whom readers know.
	wellKnown = map[string]bool{"김일성": true, "김정일": true, "김정은": true, "김정숙": true, "김여정": true, "리설주": true, "최룡해": true, "리영희": true, "조명록": true, "김영남": true, "박봉주": true, "장성택": true, "김영철": true}
)

// name makes a name; a sibling shares the surname and one generation syllable.
func (g *generator) name(sib *Person) (hangul, hanja string) {
	for {
		family := g.pick(surnamePool)
		a, b := syllables[g.IntN(len(syllables))], syllables[g.IntN(len(syllables))]
		if sib != nil {
			rs := []rune(sib.Hangul)
			family = string(rs[0])
			for _, s := range syllables {
				if s[0] == string(rs[1]) {
					a = s
				}
			}
		}
		hangul = family + a[0] + b[0]
		h, _, _, ok := names.Surname(family)
		if !wellKnown[hangul] && a != b && ok {
			return hangul, h + a[1] + b[1]
		}
	}
}

func womenIn(year int) float64 {
	p := womenByYear[0][1]
	for _, w := range womenByYear {
		if float64(year) >= w[0] {
			p = w[1]
		}
	}
	return p
}

// born draws a person who crosses in a year between 1998 and 2019.
func (g *generator) born(sib *Person) *Person {
	year := 1998 + min(int(g.ExpFloat64()*5), 21)
	p := &Person{ID: id.New(g), Motive: g.pick(motives), Crossing: g.pick(crossing), Origin: g.pick(origins), Consent: g.pick(consentProfiles)}
	p.Hangul, p.Hanja = g.name(sib)
	p.Sex = "m"
	if g.yes(womenIn(year)) {
		p.Sex = "f"
	}
	band := g.pick(ageBands)
	p.Sold = g.sale(p.Sex, eraOf(year), &band)
	p.BirthYear = year - int(band[0]-'0')*10 - g.IntN(10)
	if band == "60" {
		p.BirthYear = year - 60 - g.IntN(15)
	}
	p.Crossed = when.DayOf(year, 1+g.IntN(12), 1+g.IntN(28))
	if sib != nil {
		p.Sibling, p.Origin = sib.ID, sib.Origin
	}
	for i, share := range riskShares {
		if g.yes(share) {
			p.Risk = append(p.Risk, []string{"RF01", "RF02", "RF03", "RF04", "RF05"}[i])
		}
	}
	g.live(p, eraOf(year))
	return p
}

// sale draws whether a woman was trafficked and how; the age of those who were has its
// own distribution (SP12).
func (g *generator) sale(sex string, e era, band *string) string {
	if sex != "f" || !g.yes(traffickedShare) {
		return ""
	}
	*band = g.pick(traffickedAges)
	return g.pick(traffickedType[e])
}

// live draws what happens in China and after.
func (g *generator) live(p *Person, e era) {
	if p.Sold != "" {
		p.Price = int(math.Max(400, math.Min(10000, math.Round(g.lognormal(priceMedian, priceSigma)/100)*100)))
	}
	p.Worked = g.yes(workShare)
	p.Withheld = p.Worked && g.yes(withheldShare)
	p.Told, p.Extorted = g.yes(reportTold), g.yes(extortionShare)
	months := g.lognormal(hidingMedian, hidingSigma)
	arrest := g.ExpFloat64() / arrestHazard[e] * 12
	if p.Sold != "" && months >= 24 {
		p.Children = g.poisson(childrenMean)
	}
	p.Fate = "free"
	if arrest >= months {
		p.Left = p.Crossed + when.Day(months*30.4)
		return
	}
	times := int(g.pick(timesReturned)[0] - '0')
	day := p.Crossed + when.Day(math.Max(arrest, .1)*30.4)
	for n := 1; n <= times; n++ {
		ep := g.episode(p, n, day)
		p.Episodes = append(p.Episodes, ep)
		p.Left = ep.Arrest
		if p.Fate = fateOf(ep.Disposition); p.Fate != "free" {
			return
		}
		day = ep.End() + when.Day(90+g.IntN(600))
		if y, _, _ := day.Civil(); y > 2023 {
			return
		}
	}
}

func fateOf(disposition string) string {
	switch disposition {
	case "died", "executed":
		return "dead"
	case "camp":
		return "held"
	case "unknown":
		return "unknown"
	}
	return "free"
}

func (g *generator) episode(p *Person, n int, arrest when.Day) Episode {
	year, _, _ := arrest.Civil()
	e := eraOf(year)
	ep := Episode{Number: n, Arrest: arrest, Era: int(e), Corridor: g.corridor()}
	ep.Custody = 1 + int(g.lognormal(custodyMedian, custodySigma))
	if g.yes(longCustody) {
		ep.Custody = 180 + g.IntN(1620)
	}
	ep.Political = g.yes(g.trackChance(p))
	median, sigma := ssdEconomic, ssdSigma
	switch {
	case e == eraD:
		median, sigma = ssdEraD, ssdEraDSigma
	case ep.Political:
		median = ssdPolitical
	}
	ep.SSD = max(1, int(math.Round(g.lognormal(median, sigma))))
	if !ep.Political {
		ep.Holding = max(1, int(math.Round(g.lognormal(holdMedian, holdSigma))))
		if g.yes(holdOutlier) {
			ep.Holding = 365
		}
	}
	g.dispose(p, &ep, e)
	ep.Harms = g.harms(p, ep)
	return ep
}

func (g *generator) corridor() string {
	draws := make(weighted, len(corridorCounts))
	for i, c := range corridorCounts {
		draws[i].v, draws[i].p = c.place, g.corridorShares[i]
	}
	return g.pick(draws)
}

func (g *generator) trackChance(p *Person) float64 {
	t := trackBase
	for _, r := range p.Risk {
		switch r {
		case "RF01":
			t += trackSouth
		case "RF02", "RF03":
			t += trackChurch
		case "RF04":
			t += trackOfficial
		}
	}
	return min(t, trackCap)
}

func (g *generator) dispose(p *Person, ep *Episode, e era) {
	list := dispositionEconomic[e]
	switch {
	case ep.Political:
		list = dispositionPolitical
	case e == eraB && ep.Number > 1:
		list = dispositionAgain
	}
	ep.Disposition = g.pick(list)
	switch ep.Disposition {
	case "OC-R03":
		mode := labourDays[2]
		if e == eraB {
			mode = 179
		}
		ep.Served = int(g.triangular(labourDays[0], labourDays[1], mode))
	case "OC-R04":
		lo, hi, mode := prisonYears[0], prisonYears[1], prisonYears[2]
		if strings.Contains(strings.Join(p.Risk, " "), "RF01") {
			lo, hi, mode = 3, 10, 5
		}
		ep.Served = int(365 * g.triangular(lo, hi, mode))
	case "camp":
		if ep.Served = -1; g.yes(campReleased) {
			ep.Disposition, ep.Served = "OC-R05", 365*(10+g.IntN(10))
		}
	case "unknown":
		ep.Served = -1
	}
}

func (g *generator) harms(p *Person, ep Episode) []string {
	var out []string
	add := func(code string, chance float64) {
		if g.yes(chance) {
			out = append(out, code)
		}
	}
	add("MT02.1", beating)
	add("MT03.1", starvation)
	add("MT02.2", posture)
	search := searchMen
	if p.Sex == "f" {
		search = searchWomen
	}
	add("MT07.2", search)
	if ep.Holding > 0 || ep.Disposition == "OC-R03" {
		add("MT06", labour)
	}
	if p.Sex == "f" {
		add("MT07.1", sexualTrue)
		if g.yes(pregnant) {
			add("MT07.4", forcedAbortion)
		}
	}
	add("MT01.5", sawDeath*math.Min(1, float64(ep.SSD+ep.Holding)/60))
	if ep.Number == 1 {
		add("MT02.10", sawExecution)
	}
	return out
}

// lists draws which organisations' lists name a person: heterogeneous by sex, place and
// length of stay, and two of them dependent.
func (g *generator) lists(p *Person) {
	stay := math.Log1p(float64(p.Left-p.Crossed)/365) * .4
	shift := stay
	if p.Sex == "f" {
		shift += .2
	}
	if p.Crossing == "KP-HOE" || p.Crossing == "KP-ONS" {
		shift += .2
	}
	chance := func(base, more float64) float64 {
		x := math.Log(base/(1-base)) + shift + more
		return 1 / (1 + math.Exp(-x))
	}
	church := g.yes(chance(listOdds[0], 0))
	more := 0.0
	if church {
		more = listDependence
		p.Lists = append(p.Lists, "church")
	}
	if g.yes(chance(listOdds[1], more)) {
		p.Lists = append(p.Lists, "relief")
	}
	if g.yes(chance(listOdds[2], 0)) {
		p.Lists = append(p.Lists, "legal")
	}
}
