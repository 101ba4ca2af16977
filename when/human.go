package when

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"example.org/amparo/fault"
)

// Harvest is the months of the harvest in the north of Korea, September to November:
// "after the harvest of 1998" begins there. The days two leaders died are the other
// anchors of a life calendar that witnesses use.
const harvestFirst, harvestLast = 9, 11

var anchors = map[string]Date{
	"death of kim il sung": On(1994, 7, 8), "김일성 사망": On(1994, 7, 8), "金日成去世": On(1994, 7, 8),
	"death of kim jong il": On(2011, 12, 17), "김정일 사망": On(2011, 12, 17), "金正日去世": On(2011, 12, 17),
}

var seasonWords = map[string]int{
	"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24,
	"봄": 21, "여름": 22, "가을": 23, "겨울": 24,
	"春": 21, "春天": 21, "春季": 21, "夏": 22, "夏天": 22, "夏季": 22, "秋": 23, "秋天": 23, "秋季": 23, "冬": 24, "冬天": 24, "冬季": 24,
}

var monthWords = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
	"october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8,
	"sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}

// parser reads a date inside another ("before spring 1998"); it is [ParseHuman].
type parser func(string) (Date, error)

// A form is one way to say a date; build turns its groups into a date.
type form struct {
	re    *regexp.Regexp
	build func(g []string, parse parser) (Date, bool)
}

var forms = []form{
	{regexp.MustCompile(`^(\d{4})[./](\d{1,2})[./](\d{1,2})\.?$`), ymd},
	{regexp.MustCompile(`^(\d{4})[./](\d{1,2})\.?$`), ym},
	{regexp.MustCompile(`^(\d{4}) ?[년年] ?(\d{1,2}) ?[월月] ?(\d{1,2}) ?[일日号]$`), ymd},
	{regexp.MustCompile(`^(\d{4}) ?[년年] ?(\d{1,2}) ?[월月]$`), ym},
	{regexp.MustCompile(`^(\d{4}) ?[년年]$`), func(g []string, _ parser) (Date, bool) { return InYear(num(g[1])), true }},
	{regexp.MustCompile(`^(\d{4}) ?[년年] ?(봄|여름|가을|겨울|[春夏秋冬][天季]?)$`), yearSeason},
	{regexp.MustCompile(`^(?:주체|主体|juche) ?(\d{1,3}) ?[년年]?$`), func(g []string, _ parser) (Date, bool) { return InYear(1911 + num(g[1])), true }},
	{regexp.MustCompile(`^(\d{3})0(?:s|'s| ?년대|年代)$`), func(g []string, _ parser) (Date, bool) { return parsed(g[1] + "X") }},
	{regexp.MustCompile(`^(spring|summer|autumn|fall|winter)(?: of)? (\d{4})$`), func(g []string, _ parser) (Date, bool) { return InSeason(num(g[2]), seasonWords[g[1]]), true }},
	{regexp.MustCompile(`^(\d{1,2}) ([a-z]+)\.? (\d{4})$`), func(g []string, _ parser) (Date, bool) { return civil(g[3], monthWords[g[2]], num(g[1])) }},
	{regexp.MustCompile(`^([a-z]+)\.? (\d{1,2}),? (\d{4})$`), func(g []string, _ parser) (Date, bool) { return civil(g[3], monthWords[g[1]], num(g[2])) }},
	{regexp.MustCompile(`^([a-z]+)\.? (\d{4})$`), func(g []string, _ parser) (Date, bool) { return monthOf(g[2], monthWords[g[1]]) }},
	{regexp.MustCompile(`^(early|mid|late)[ -](\d{4})$`), partOfYear},
	{regexp.MustCompile(`^(\d{4}) ?[년年] ?(초|중반|말|初|中|末|年初|年底)$`), func(g []string, _ parser) (Date, bool) { return partOfYear([]string{"", partWords[g[2]], g[1]}, nil) }},
	{regexp.MustCompile(`^(before|by) (.+)$`), func(g []string, parse parser) (Date, bool) { return openEnd(g[2], true, parse) }},
	{regexp.MustCompile(`^(after|since) (.+)$`), func(g []string, parse parser) (Date, bool) { return openEnd(g[2], false, parse) }},
	{regexp.MustCompile(`^(.+?) ?(?:이전|전|以前|之前)$`), func(g []string, parse parser) (Date, bool) { return openEnd(g[1], true, parse) }},
	{regexp.MustCompile(`^(.+?) ?(?:이후|후|以后|之后)$`), func(g []string, parse parser) (Date, bool) { return openEnd(g[1], false, parse) }},
	{regexp.MustCompile(`^(?:between|from) (.+) (?:and|to) (.+)$`), span},
	{regexp.MustCompile(`^(\d{4}) ?[-–—~] ?(\d{4})$`), span},
	{regexp.MustCompile(`^(.+?) ?[–—] ?(.+)$`), span},
	{regexp.MustCompile(`^(?:about|around|circa|ca\.?|c\.|약|대략|大约|约) ?(.+)$`), func(g []string, parse parser) (Date, bool) { return doubt(g[1], Approximate, parse) }},
	{regexp.MustCompile(`^(.+?) ?(?:경|쯤|무렵|左右|前后)$`), func(g []string, parse parser) (Date, bool) { return doubt(g[1], Approximate, parse) }},
	{regexp.MustCompile(`^(?:perhaps|maybe|possibly|아마|可能) (.+)$`), func(g []string, parse parser) (Date, bool) { return doubt(g[1], Uncertain, parse) }},
	{regexp.MustCompile(`^(?:the )?harvest (?:of )?(\d{4})$`), harvest},
	{regexp.MustCompile(`^(\d{4}) ?[년年] ?(?:추수|가을걷이|秋收)(?:철| 때|时)?$`), harvest},
}

var partWords = map[string]string{"초": "early", "初": "early", "年初": "early", "중반": "mid", "中": "mid", "말": "late", "末": "late", "年底": "late"}

func num(s string) int {
	n, _ := strconv.Atoi(s) // the forms match digits only
	return n
}

func parsed(s string) (Date, bool) {
	d, err := Parse(s)
	return d, err == nil
}

func ymd(g []string, _ parser) (Date, bool) { return civil(g[1], num(g[2]), num(g[3])) }

func ym(g []string, _ parser) (Date, bool) { return monthOf(g[1], num(g[2])) }

func civil(year string, month, day int) (Date, bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(num(year), month) {
		return Date{}, false
	}
	return On(num(year), month, day), true
}

func monthOf(year string, month int) (Date, bool) {
	if month < 1 || month > 12 {
		return Date{}, false
	}
	return InMonth(num(year), month), true
}

func yearSeason(g []string, _ parser) (Date, bool) {
	return InSeason(num(g[1]), seasonWords[g[2]]), true
}

// partOfYear reads "early 1998" as January to April, "mid" as May to August, "late"
// as September to December: wide enough to be true.
func partOfYear(g []string, _ parser) (Date, bool) {
	y := num(g[2])
	first := map[string]int{"early": 1, "mid": 5, "late": 9}[g[1]]
	return Between(InMonth(y, first), InMonth(y, first+3)), true
}

func harvest(g []string, _ parser) (Date, bool) {
	return Between(InMonth(num(g[1]), harvestFirst), InMonth(num(g[1]), harvestLast)), true
}

func openEnd(s string, before bool, parse parser) (Date, bool) {
	d, err := parse(s)
	if err != nil || d.from.prec <= Open || d.to.prec <= Open {
		return Date{}, false
	}
	if before {
		return Date{from: point{prec: Open}, to: d.from, interval: true}, true
	}
	return Date{from: d.to, to: point{prec: Open}, interval: true}, true
}

func span(g []string, parse parser) (Date, bool) {
	a, err := parse(g[1])
	b, err2 := parse(g[2])
	if err != nil || err2 != nil || a.interval || b.interval {
		return Date{}, false
	}
	return parsed(a.String() + "/" + b.String())
}

func doubt(s string, q Qualifier, parse parser) (Date, bool) {
	d, err := parse(s)
	if err != nil {
		return d, false
	}
	if d.from.prec > Open {
		d.from.qual |= q
	}
	if d.to.prec > Open {
		d.to.qual |= q
	}
	return d, true
}

// ParseHuman reads a date as people write it in English, Korean or Chinese, or in
// EDTF: "spring 1998", "1998년 봄", "1998年3月5日", "about 1998", "before 2001", "after
// the harvest of 1998", "주체 87". A year of two digits is refused: nobody may guess
// the century.
func ParseHuman(s string) (Date, error) {
	s = strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
	if len(s) > 100 {
		return Date{}, fault.New(fault.Invalid, "when.ParseHuman", "a date of more than 100 bytes").With("%s", remedy).Coded("date")
	}
	if d, err := Parse(strings.ReplaceAll(strings.ToUpper(s), " ", "")); err == nil {
		return d, nil
	}
	if d, ok := anchors[strings.TrimPrefix(s, "the ")]; ok {
		return d, nil
	}
	for _, f := range forms {
		if g := f.re.FindStringSubmatch(s); g != nil {
			if d, ok := f.build(g, ParseHuman); ok {
				return d, nil
			}
		}
	}
	return Date{}, bad(s, remedy)
}

var seasonNames = map[string][4]string{
	"en": {"spring", "summer", "autumn", "winter"}, "ko": {"봄", "여름", "가을", "겨울"}, "zh": {"春", "夏", "秋", "冬"},
}

var monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// Format writes d in words for a reader of "en", "ko" or "zh".
func (d Date) Format(lang string) string {
	if d.IsZero() {
		return ""
	}
	if !d.interval {
		return d.from.format(lang)
	}
	a, b := d.from.format(lang), d.to.format(lang)
	words := map[string][3]string{"en": {"until ", "from ", " to "}, "ko": {"~ ", "", " ~ "}, "zh": {"至", "自", "至"}}[lang]
	if words[2] == "" {
		words = [3]string{"until ", "from ", " to "}
	}
	switch {
	case d.from.prec <= Open:
		return words[0] + b
	case d.to.prec <= Open && lang == "ko":
		return a + " ~"
	case d.to.prec <= Open:
		return words[1] + a
	}
	return a + words[2] + b
}

func (p point) format(lang string) string {
	var s string
	switch lang {
	case "ko":
		s = p.eastern("년", "월", "일", "년대", "ko", " ")
	case "zh":
		s = p.eastern("年", "月", "日", "年代", "zh", "")
	default:
		s = p.english()
	}
	about := map[string]string{"ko": "약 ", "zh": "约"}[lang]
	if about == "" {
		about = "about "
	}
	if p.qual&Approximate != 0 {
		s = about + s
	}
	if p.qual&Uncertain != 0 {
		s += " (?)"
	}
	return s
}

func (p point) english() string {
	y := strconv.Itoa(int(p.year))
	switch p.prec {
	case Century, Decade:
		return y + "s"
	case Season:
		if p.month <= 24 {
			return seasonNames["en"][p.month-21] + " " + y
		}
		return p.text()
	case Month:
		return monthNames[p.month-1] + " " + y
	case Exact:
		return strconv.Itoa(int(p.day)) + " " + monthNames[p.month-1] + " " + y
	}
	return y
}

func (p point) eastern(year, month, day, decade, lang, gap string) string {
	y := strconv.Itoa(int(p.year))
	switch p.prec {
	case Century, Decade:
		return y + decade
	case Season:
		if p.month <= 24 {
			return y + year + gap + seasonNames[lang][p.month-21]
		}
		return p.text()
	case Month:
		return y + year + gap + strconv.Itoa(int(p.month)) + month
	case Exact:
		return y + year + gap + strconv.Itoa(int(p.month)) + month + gap + strconv.Itoa(int(p.day)) + day
	}
	return y + year
}
