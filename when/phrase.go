package when

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// OpenSpan is the upper end of a duration that was only said to be longer than something:
// no number was given, so none is made up.
const OpenSpan = 100_000

// IsOpen reports whether nobody said how long at most.
func (s Span) IsOpen() bool { return s.Hi >= OpenSpan }

// A duration in words is read in four steps: what bounds it ("more than", 넘게, 不到), what
// softens it ("about", 약, 左右), whether it is a range ("two or three months", 두세 달),
// and the amounts themselves ("a year and three months", 1년 6개월).
var (
	moreThan = regexp.MustCompile(`^(?:(?:more than|over|at least|longer than|no less than|超过|至少|不少于|最少|최소|적어도) ?)(.+)$|^(.+?) ?(?:or more|and more|이상|넘게|넘는|以上)$`)
	lessThan = regexp.MustCompile(`^(?:(?:less than|under|up to|at most|no more than|within|不到|不足|最多|至多|最长|최대|길어야|기껏해야) ?)(.+)$|^(.+?) ?(?:or less|미만|이하|이내|안에|도 안 되게|도 안 돼|도 못 되게|以内|以下|不到)$`)
	andSome  = regexp.MustCompile(`^(.+?) ?(?:남짓|여|多|有余|and a bit|odd)$`)
	nearly   = regexp.MustCompile(`^(?:almost|nearly|close to|거의|将近|近|快) ?(.+)$`)
	softened = regexp.MustCompile(`^(?:about|around|some|approximately|roughly|maybe|약|대략|대충|大约|大概|约|差不多) ?(.+)$|^(.+?) ?(?:정도|쯤|가량|左右|上下|or so)$`)
	between  = regexp.MustCompile(`^between (.+?) and (.+)$|^(.+?) ?(?:to|or|–|~|-|에서|내지|至|到|或) ?(.+)$`)

	unitWord = `hours?|days?|nights?|weeks?|months?|years?|시간|일|날|밤|주일?|주간|달|개월|년|해|个?小时|天|日|夜|周|个?星期|个?月|年`
	amount   = regexp.MustCompile(`^ ?(?:and |, ?|零|又|하고 |과 |와 )?(\d+(?:\.\d+)?|half an?|[a-z]+(?:-[a-z]+)?|[가-힣]+?|[一二两三四五六七八九十百半几数来]+)? ?-?(` + unitWord + `)( and a half|반| 반|半)?`)
)

// daysOf are units the kernel's short form lacks.
var daysOf = map[string]float64{"hour": 1.0 / 24, "hours": 1.0 / 24, "시간": 1.0 / 24, "小时": 1.0 / 24, "个小时": 1.0 / 24, "night": 1, "nights": 1, "밤": 1, "夜": 1, "个星期": 7}

func unitLength(u string) float64 {
	if d, ok := daysOf[u]; ok {
		return d
	}
	return unitDays[u]
}

// wholeWords are durations with a word of their own, in days.
var wholeWords = map[string][2]int{"하루": {1, 1}, "하루 종일": {1, 1}, "이틀": {2, 2}, "스무날": {20, 20}, "열하루": {11, 11}, "열이틀": {12, 12}, "열닷새": {15, 15},
	"달포": {30, 45}, "반달": {13, 17}, "반나절": {0, 1}, "하룻밤": {0, 1}, "overnight": {0, 1}, "한평생": {0, OpenSpan},
	"a fortnight": {13, 15}, "fortnight": {13, 15}, "half a month": {7, 23}, "半天": {0, 1}}

// someOf are the numbers of several units that a word leaves open.
var someOf = map[string][2]float64{"a few": {2, 5}, "few": {2, 5}, "several": {3, 9}, "a couple of": {2, 2}, "couple of": {2, 2}, "몇": {2, 9}, "며": {2, 9}, "여러": {3, 9}, "几": {2, 9}, "数": {2, 9}, "수": {2, 9},
	"한두": {1, 2}, "두세": {2, 3}, "두어": {2, 3}, "두서너": {2, 4}, "서너": {3, 4}, "세네": {3, 4}, "너댓": {4, 5}, "네댓": {4, 5}, "너더댓": {4, 5}, "대여섯": {5, 6}, "예닐곱": {6, 7}, "일고여덟": {7, 8}, "여덟아홉": {8, 9}, "여남은": {10, 13},
	"一两": {1, 2}, "两三": {2, 3}, "三四": {3, 4}, "四五": {4, 5}, "五六": {5, 6}, "六七": {6, 7}, "七八": {7, 8}, "八九": {8, 9}, "十几": {11, 19}, "二十几": {21, 29}, "十来": {8, 13}, "几十": {20, 99}}

// phrase reads a duration that is more than a number and a unit.
func phrase(said, low string) (Span, bool) {
	lo, hi, ok := bounded(low)
	if !ok || lo < 0 || hi < lo || lo > OpenSpan {
		return Span{}, false
	}
	return Span{Said: said, Lo: int(math.Floor(lo)), Hi: int(math.Ceil(math.Min(hi, OpenSpan)))}, true
}

func group(re *regexp.Regexp, s string) (string, bool) {
	g := re.FindStringSubmatch(s)
	if g == nil {
		return "", false
	}
	for _, part := range g[1:] {
		if part != "" {
			return strings.TrimSpace(part), true
		}
	}
	return "", false
}

func bounded(s string) (lo, hi float64, ok bool) {
	if i := strings.Index(s, "个多月"); i > 0 { // 一个多月: one month and some days
		s = s[:i] + "个月多" + s[i+len("个多月"):]
	}
	if d, is := wholeWords[s]; is {
		return float64(d[0]), float64(d[1]), true
	}
	if rest, is := group(moreThan, s); is {
		total, _, ok := plain(rest)
		return total, OpenSpan, ok
	}
	if rest, is := group(lessThan, s); is {
		total, _, ok := plain(rest)
		return 0, total, ok
	}
	if rest, is := group(nearly, s); is {
		total, unit, ok := plain(rest)
		return math.Max(0, total-slackOf(total, unit, true)), total, ok
	}
	if rest, is := group(andSome, s); is {
		total, unit, ok := plain(rest)
		return total, total + math.Max(unit, 1), ok
	}
	about := false
	if rest, is := group(softened, s); is {
		s, about = rest, true
	}
	if lo, hi, ok := several(s); ok {
		return lo, hi, true
	}
	if lo, hi, ok := ranged(s); ok {
		return lo, hi, true
	}
	if d, ok := wholeWords[s]; ok {
		extra := 0.0
		if about {
			extra = math.Ceil(float64(d[0]) / 4)
		}
		return math.Max(0, float64(d[0])-extra), float64(d[1]) + extra, true
	}
	total, unit, ok := plain(s)
	slack := slackOf(total, unit, about)
	return math.Max(0, total-slack), total + slack, ok
}

// slackOf is how far a rounded duration reaches: half of its smallest unit, and with
// "about" at least a tenth of the whole; days are counted, and "about" spreads them by a
// quarter, at most two weeks.
func slackOf(total, unit float64, about bool) float64 {
	if unit > 1 {
		if about {
			return math.Max(unit/2, total/10)
		}
		return unit / 2
	}
	if about {
		return math.Min(math.Ceil(total/4), 14)
	}
	return 0
}

// several reads "several weeks", 며칠, 서너 달, 十几天.
func several(s string) (lo, hi float64, ok bool) {
	if s == "며칠" || s == "몇일" {
		return 2, 9, true
	}
	for word, n := range someOf {
		rest, is := strings.CutPrefix(s, word)
		rest = strings.TrimSpace(rest)
		if !is || unitLength(rest) == 0 {
			continue
		}
		u := unitLength(rest)
		slack := 0.0
		if u > 1 {
			slack = u / 2
		}
		return math.Max(0, n[0]*u-slack), n[1]*u + slack, true
	}
	return 0, 0, false
}

// ranged reads "two or three months", "between a week and a month", 2~3주, 两到三个月.
func ranged(s string) (lo, hi float64, ok bool) {
	g := between.FindStringSubmatch(s)
	if g == nil {
		return 0, 0, false
	}
	a, b := g[1], g[2]
	if a == "" {
		a, b = g[3], g[4]
	}
	after, unitB, ok := plain(b)
	if !ok {
		return 0, 0, false
	}
	before, unitA, ok := plain(a)
	if !ok { // the unit is said once
		n, isNumber := count(strings.TrimSpace(a))
		if !isNumber {
			return 0, 0, false
		}
		before, unitA = n*unitB, unitB
	}
	return math.Max(0, before-slackOf(before, unitA, false)), after + slackOf(after, unitB, false), before <= after
}

// plain adds up amounts and returns the smallest unit among them, in days.
func plain(s string) (total, unit float64, ok bool) {
	s = strings.TrimSpace(s)
	if d, is := spanFixed[s]; is {
		return float64(d[0]+d[1]) / 2, 1, true
	}
	if d, is := wholeWords[s]; is {
		return float64(d[0]+d[1]) / 2, 1, true
	}
	unit = math.Inf(1)
	for s != "" {
		g := amount.FindStringSubmatch(s)
		if g == nil {
			return wholeRest(s, total, unit)
		}
		n, isNumber := count(g[1])
		if !isNumber {
			return 0, 0, false
		}
		if g[3] != "" {
			n += 0.5
		}
		u := unitLength(g[2])
		total += n * u
		unit = math.Min(unit, u)
		s = strings.TrimSpace(s[len(g[0]):])
	}
	return total, unit, total > 0 && total <= OpenSpan
}

// wholeRest ends a sum with a word of its own: 두 달 열흘.
func wholeRest(s string, total, unit float64) (float64, float64, bool) {
	d, is := spanFixed[s]
	if !is {
		d, is = wholeWords[s]
	}
	if !is || total == 0 {
		return 0, 0, false
	}
	return total + float64(d[0]+d[1])/2, 1, true
}

var tens = map[string]float64{"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "half a": 0.5, "half an": 0.5,
	"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "하나": 1, "둘": 2, "셋": 3, "넷": 4}

// count reads a number in digits or words: 12, twenty-one, 스물다섯, 십오, 二十三.
func count(s string) (float64, bool) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 0 && n <= OpenSpan && !strings.ContainsAny(s, "eExXnN") {
		return n, true
	}
	if n, ok := numberWords[s]; ok {
		return n, true
	}
	if n, ok := tens[s]; ok {
		return n, true
	}
	if a, b, ok := strings.Cut(s, "-"); ok && tens[a] >= 20 && numberWords[b] >= 1 && numberWords[b] < 10 {
		return tens[a] + numberWords[b], true
	}
	for _, ten := range []string{"열", "스물", "서른", "마흔", "쉰", "예순"} {
		if rest, ok := strings.CutPrefix(s, ten); ok && numberWords[rest] >= 1 && numberWords[rest] < 10 {
			return tens[ten] + numberWords[rest], true
		}
	}
	return positional(s)
}

// positional reads numbers written with tens and hundreds: 삼십오, 百二十.
func positional(s string) (float64, bool) {
	total, digit, seen := 0.0, 0.0, false
	for _, r := range s {
		switch r {
		case '십', '十':
			total, digit, seen = total+math.Max(digit, 1)*10, 0, true
		case '백', '百':
			total, digit, seen = total+math.Max(digit, 1)*100, 0, true
		default:
			n, ok := numberWords[string(r)]
			if !ok || n < 1 || n > 9 || digit != 0 {
				return 0, false
			}
			digit = n
		}
	}
	return total + digit, seen
}
