package when

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"example.org/amparo/fault"
)

// Span is a duration as somebody said it, with the days it can mean: "about two
// months" is 45 to 75 days, and the words are kept.
type Span struct {
	Said   string
	Lo, Hi int // days, both included
}

// maxSpan is room for 200 bytes of words and the days they were read as.
const maxSpan = 220

const spanRemedy = "write 60 days, 2 months, about two months, 약 두 달, 约两个月, or 45..75"

var (
	spanCanon = regexp.MustCompile(`^(.*)\|(\d+)\.\.(\d+)$`)
	spanRange = regexp.MustCompile(`^(\d+)(?:\.\.|[-~])(\d+)$`)
	spanWords = regexp.MustCompile(`^(about|around|some|approximately|약|한|대략|大约|约)? ?([\d.]+|[a-z]+(?: and a half)?|[가-힣]+|[一二两三四五六七八九十半]+)? ?-?(days?|weeks?|months?|years?|일|날|주일?|주간|달|개월|년|해|天|日|周|星期|个?月|年)( 반|半)?(?: ?정도| ?쯤| ?가량|左右)?$`)
	spanFixed = map[string][2]int{"보름": {13, 17}, "약 보름": {10, 20}, "한나절": {0, 1}, "반년": {150, 215}, "半年": {150, 215}, "half a year": {150, 215},
		"a fortnight": {13, 15}, "사흘": {3, 3}, "나흘": {4, 4}, "닷새": {5, 5}, "엿새": {6, 6}, "이레": {7, 7}, "여드레": {8, 8}, "아흐레": {9, 9}, "열흘": {10, 10}}
)

var unitDays = map[string]float64{
	"day": 1, "days": 1, "일": 1, "날": 1, "天": 1, "日": 1,
	"week": 7, "weeks": 7, "주": 7, "주일": 7, "주간": 7, "周": 7, "星期": 7,
	"month": 30, "months": 30, "달": 30, "개월": 30, "月": 30, "个月": 30,
	"year": 365, "years": 365, "년": 365, "해": 365, "年": 365,
}

var numberWords = map[string]float64{
	"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "half": 0.5, "one and a half": 1.5, "two and a half": 2.5,
	"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "반": 0.5,
	"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9, "십": 10,
	"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "半": 0.5,
}

// ParseSpan reads a duration. Said plainly, "two months" means 45 to 75 days as "about
// two months" does: half a unit on either side, because people round. Days are taken
// as counted; with "about" they spread by a quarter. It reads ranges, sums and bounds in
// English, Korean and Chinese: "two or three months", 두세 달, 1년 6개월, 不到一年, "more
// than a week", of which the upper end is [OpenSpan].
func ParseSpan(s string) (Span, error) {
	said := strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	words, days := said, spanCanon.FindStringSubmatch(said[:min(len(said), maxSpan)])
	if days != nil {
		words = days[1]
	}
	if len(said) > maxSpan || len(words) > 200 {
		return Span{}, fault.New(fault.Invalid, "when.ParseSpan", "a duration of more than 200 bytes").With("%s", spanRemedy).Coded("span")
	}
	if days != nil {
		return checked(days[1], days[2], days[3])
	}
	low := strings.ToLower(norm.NFKC.String(said))
	if g := spanRange.FindStringSubmatch(low); g != nil {
		return checked(said, g[1], g[2])
	}
	if n, err := strconv.Atoi(low); err == nil && n >= 0 && n < 100000 {
		return Span{Said: said, Lo: n, Hi: n}, nil
	}
	if d, ok := spanFixed[low]; ok {
		return Span{Said: said, Lo: d[0], Hi: d[1]}, nil
	}
	if g := spanWords.FindStringSubmatch(low); g != nil {
		if sp, ok := worded(said, g); ok {
			return sp, nil
		}
	}
	if sp, ok := phrase(said, low); ok {
		return sp, nil
	}
	return Span{}, fault.New(fault.Invalid, "when.ParseSpan", "not a duration").With("%s", spanRemedy).Coded("span")
}

func checked(said, lo, hi string) (Span, error) {
	a, err := strconv.Atoi(lo)
	b, err2 := strconv.Atoi(hi)
	if err != nil || err2 != nil || a > b || b > 1000000 {
		return Span{}, fault.New(fault.Invalid, "when.ParseSpan", "a duration from %s to %s days", lo, hi).With("write the smaller number first").Coded("span.order")
	}
	return Span{Said: said, Lo: a, Hi: b}, nil
}

func worded(said string, g []string) (Span, bool) {
	about, count, unit, half := g[1] != "", strings.TrimSpace(g[2]), unitDays[g[3]], g[4] != ""
	if g[1] == "한" && count == "" { // "한 달": one month, not "about"
		about, count = false, "한"
	}
	n, err := strconv.ParseFloat(count, 64)
	if err != nil {
		var ok bool
		if n, ok = numberWords[count]; !ok {
			return Span{}, false
		}
	}
	if half {
		n += 0.5
	}
	if !(n > 0 && n*unit <= 100000) { // not a number is not a count
		return Span{}, false
	}
	days := n * unit
	slack := unit / 2
	if unit == 1 {
		slack = 0
		if about {
			slack = math.Ceil(days / 4)
		}
	} else if n < 1 {
		slack = days / 2
	}
	return Span{Said: said, Lo: int(math.Max(0, math.Floor(days-slack))), Hi: int(math.Ceil(days + slack))}, true
}

// String writes s as "words|lo..hi", which ParseSpan reads back.
func (s Span) String() string {
	return s.Said + "|" + strconv.Itoa(s.Lo) + ".." + strconv.Itoa(s.Hi)
}
