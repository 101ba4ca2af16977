package interview

import (
	"example.org/amparo/fault"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// A life calendar helps to date what somebody remembers: not by asking for a day, but by
// what was before it, what came after, and which season or feast it was. Everything it
// gives is an interval (R14): a day that nobody said is never made up.
//
// Source: the house's domain model, 3.3 (harvest, holidays, the days two leaders died);
// Belli (1998) on life history calendars.

// Placing is how an event lies to an anchor.
type Placing string

// The ways to place an event.
const (
	SameTime Placing = "same"
	After    Placing = "after"
	Earlier  Placing = "before"
	Between  Placing = "between"
)

// Place dates an event by its relation to one anchor, or to two for [Between]. An event
// after an anchor is not later than last, the day it is told; one before an anchor is not
// earlier than first, the birth of the teller, where it is known.
//
// The time of an anchor that is one day is its month, about: people remember what was near
// a feast or a death, and seldom the day.
func Place(rel Placing, a, b, first, last when.Date) (when.Date, error) {
	bad := func(code, format string, args ...any) (when.Date, error) {
		return when.Date{}, fault.New(fault.Invalid, "interview.Place", format, args...).With("choose other anchors").Coded(code)
	}
	if a.IsZero() || rel == Between && b.IsZero() {
		return bad("anchor.missing", "an anchor is missing")
	}
	var d when.Date
	switch rel {
	case SameTime:
		d = sameTime(a)
	case After:
		d = since(a, last)
	case Earlier:
		d = until(first, a)
	case Between:
		d = when.Between(a, b)
	default:
		return bad("anchor.way", "there is no such way: %q", rel)
	}
	if lo, hi := d.Bounds(); lo > hi {
		return bad("anchor.none", "the anchors leave no time between them")
	}
	return d, nil
}

func since(a, last when.Date) when.Date {
	if !last.IsZero() {
		return when.Between(a, last)
	}
	lo, _ := a.Bounds()
	d, err := when.Parse(lo.String() + "/..")
	if err != nil {
		return when.Date{}
	}
	return d
}

func until(first, a when.Date) when.Date {
	if first.IsZero() {
		_, hi := a.Bounds()
		d, err := when.Parse("../" + hi.String())
		if err != nil {
			return when.Date{}
		}
		return d
	}
	return when.Between(first, a)
}

func sameTime(a when.Date) when.Date {
	lo, hi := a.Bounds()
	if lo != hi || a.Precision() != when.Exact {
		return a
	}
	year, month, _ := lo.Civil()
	d, err := when.Parse(when.InMonth(year, month).String() + "~")
	if err != nil {
		return when.InMonth(year, month)
	}
	return d
}

// Recurring is a public anchor that comes every year.
type Recurring struct {
	Code  string
	Label kind.Text
	on    func(year int) (when.Date, bool)
}

// On is when it was in a year; ok is false for years it is not known of.
func (r Recurring) On(year int) (d when.Date, ok bool) { return r.on(year) }

func season(code int) func(int) (when.Date, bool) {
	return func(y int) (when.Date, bool) { return when.InSeason(y, code), true }
}

func months(from, to int) func(int) (when.Date, bool) {
	return func(y int) (when.Date, bool) {
		return when.Between(when.InMonth(y, from), when.InMonth(y, to)), true
	}
}

func dayOf(month, day int) func(int) (when.Date, bool) {
	return func(y int) (when.Date, bool) { return when.On(y, month, day), true }
}

func lunar(column int) func(int) (when.Date, bool) {
	return func(y int) (when.Date, bool) {
		if y < firstLunar || y >= firstLunar+len(lunarDays) {
			return when.Date{}, false
		}
		n := lunarDays[y-firstLunar][column]
		return when.On(y, n/100, n%100), true
	}
}

// recurring are the seasons, the field work and the feasts of the North. Farming months are
// those of the northern provinces; the harvest is the one of [when.ParseHuman].
var recurring = []Recurring{
	{"spring", kind.Text{"en": "spring (March to May)", "ko": "봄(3~5월)", "zh": "春天（3至5月）"}, season(21)},
	{"summer", kind.Text{"en": "summer (June to August)", "ko": "여름(6~8월)", "zh": "夏天（6至8月）"}, season(22)},
	{"autumn", kind.Text{"en": "autumn (September to November)", "ko": "가을(9~11월)", "zh": "秋天（9至11月）"}, season(23)},
	{"winter", kind.Text{"en": "winter (from December)", "ko": "겨울(12월부터)", "zh": "冬天（12月起）"}, season(24)},
	{"new_year", kind.Text{"en": "New Year (1 January)", "ko": "양력설(1월 1일)", "zh": "元旦（1月1日）"}, dayOf(1, 1)},
	{"lunar_new_year", kind.Text{"en": "Lunar New Year", "ko": "음력설", "zh": "农历新年"}, lunar(0)},
	{"february_16", kind.Text{"en": "16 February holiday", "ko": "2월 16일 명절", "zh": "2月16日节日"}, dayOf(2, 16)},
	{"april_15", kind.Text{"en": "15 April holiday", "ko": "4월 15일 명절", "zh": "4月15日节日"}, dayOf(4, 15)},
	{"planting", kind.Text{"en": "rice planting (May to June)", "ko": "모내기(5~6월)", "zh": "插秧（5至6月）"}, months(5, 6)},
	{"rains", kind.Text{"en": "rainy season (July to August)", "ko": "장마철(7~8월)", "zh": "雨季（7至8月）"}, months(7, 8)},
	{"august_15", kind.Text{"en": "15 August, liberation day", "ko": "8월 15일 해방의 날", "zh": "8月15日解放日"}, dayOf(8, 15)},
	{"september_9", kind.Text{"en": "9 September holiday", "ko": "9월 9일 명절", "zh": "9月9日节日"}, dayOf(9, 9)},
	{"chuseok", kind.Text{"en": "Chuseok", "ko": "추석", "zh": "中秋（秋夕）"}, lunar(1)},
	{"harvest", kind.Text{"en": "harvest (September to November)", "ko": "가을걷이(9~11월)", "zh": "秋收（9至11月）"}, months(9, 11)},
	{"october_10", kind.Text{"en": "10 October holiday", "ko": "10월 10일 명절", "zh": "10月10日节日"}, dayOf(10, 10)},
	{"kimchi", kind.Text{"en": "kimchi making (November)", "ko": "김장철(11월)", "zh": "腌泡菜时节（11月）"}, months(11, 11)},
}

// RecurringAnchors lists the public anchors of every year, in the order of the year.
func RecurringAnchors() []Recurring { return recurring }

// Public is an event by which people date.
type Public struct {
	Code  string
	Date  when.Date
	Label kind.Text
}

// public are events that everybody in the North or at its border heard of. The two deaths
// are the domain model's; the others are public fact.
var public = []Public{
	{"kim_il_sung", when.On(1994, 7, 8), kind.Text{"en": "death of Kim Il Sung", "ko": "김일성 사망", "zh": "金日成去世"}},
	{"floods_1995", when.Between(when.InMonth(1995, 7), when.InMonth(1995, 8)), kind.Text{"en": "the great floods of 1995", "ko": "1995년 큰물", "zh": "1995年特大洪水"}},
	{"arduous_march", when.Between(when.InYear(1995), when.InYear(1998)), kind.Text{"en": "the famine, “Arduous March”", "ko": "고난의 행군", "zh": "“苦难的行军”饥荒"}},
	{"july_2002", when.On(2002, 7, 1), kind.Text{"en": "new wages and prices of 1 July 2002", "ko": "7·1 조치(2002년)", "zh": "2002年七一工资物价调整"}},
	{"ryongchon", when.On(2004, 4, 22), kind.Text{"en": "explosion at Ryongchon station", "ko": "룡천역 폭발", "zh": "龙川站爆炸"}},
	{"beijing_2008", when.InMonth(2008, 8), kind.Text{"en": "Olympic Games in Beijing", "ko": "베이징 올림픽", "zh": "北京奥运会"}},
	{"currency_2009", when.On(2009, 11, 30), kind.Text{"en": "exchange of the currency", "ko": "화폐 교환", "zh": "货币改革"}},
	{"kim_jong_il", when.On(2011, 12, 17), kind.Text{"en": "death of Kim Jong Il", "ko": "김정일 사망", "zh": "金正日去世"}},
	{"border_2020", when.InMonth(2020, 1), kind.Text{"en": "the border closes (epidemic)", "ko": "국경 봉쇄(전염병)", "zh": "因疫情封锁边境"}},
}

// PublicAnchors lists the public events by which people date, in their order.
func PublicAnchors() []Public { return public }

// firstLunar is the first year of lunarDays.
const firstLunar = 1940

// lunarDays are Lunar New Year and Chuseok (the 1st of the 1st and the 15th of the 8th lunar
// month, in the time of Seoul) as month*100+day, from 1940 to 2040: public fact, computed
// with the tables of the Korea Astronomy and Space Science Institute.
var lunarDays = [...][2]int{
	{208, 916}, {127, 1005}, {215, 925}, {205, 914}, {126, 1001}, {213, 920}, {202, 910}, {122, 929}, {210, 917}, {129, 1006},
	{217, 926}, {206, 915}, {127, 1003}, {214, 922}, {204, 911}, {124, 930}, {212, 919}, {131, 908}, {219, 927}, {208, 917},
	{128, 1005}, {215, 924}, {205, 913}, {125, 1002}, {213, 920}, {202, 910}, {122, 929}, {209, 918}, {130, 1006}, {217, 926},
	{206, 915}, {127, 1003}, {215, 922}, {203, 911}, {123, 930}, {211, 920}, {131, 908}, {218, 927}, {207, 917}, {128, 1005},
	{216, 923}, {205, 912}, {125, 1001}, {213, 921}, {202, 910}, {220, 929}, {209, 918}, {129, 1007}, {218, 925}, {206, 914},
	{127, 1003}, {215, 922}, {204, 911}, {123, 930}, {210, 920}, {131, 909}, {219, 927}, {208, 916}, {128, 1005}, {216, 924},
	{205, 912}, {124, 1001}, {212, 921}, {201, 911}, {122, 928}, {209, 918}, {129, 1006}, {218, 925}, {207, 914}, {126, 1003},
	{214, 922}, {203, 912}, {123, 930}, {210, 919}, {131, 908}, {219, 927}, {208, 915}, {128, 1004}, {216, 924}, {205, 913},
	{125, 1001}, {212, 921}, {201, 910}, {122, 929}, {210, 917}, {129, 1006}, {217, 925}, {207, 915}, {127, 1003}, {213, 922},
	{203, 912}, {123, 1001}, {211, 919}, {131, 908}, {219, 927}, {208, 916}, {128, 1004}, {215, 924}, {204, 913}, {124, 1002},
	{212, 921},
}
