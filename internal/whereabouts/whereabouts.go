// Package whereabouts finds in free text what would lead somebody to a person: telephone
// numbers, messenger names, mail and network addresses, coordinates, street addresses, in
// English, Korean and Chinese. A protected person's present place has no field anywhere
// (R03); this keeps it out of the fields that take words.
//
// It explains what it found and changes nothing. It is a net, not a proof: a place
// described in plain words passes through it.
package whereabouts

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.org/amparo/internal/kind"
)

// Class is what kind of trace was found.
type Class string

// The classes.
const (
	Phone      Class = "phone"
	Messenger  Class = "messenger"
	Mail       Class = "mail"
	Network    Class = "network"
	Coordinate Class = "coordinate"
	Address    Class = "address"
)

var why = map[Class]kind.Text{
	Phone:      {"en": "reads as a telephone number: whoever finds it finds the person", "ko": "전화번호로 보입니다. 이를 얻은 사람은 당사자를 찾을 수 있습니다", "zh": "像电话号码：得到它就能找到本人"},
	Messenger:  {"en": "reads as a name on a messenger", "ko": "메신저 아이디로 보입니다", "zh": "像通讯软件账号"},
	Mail:       {"en": "reads as a mail address", "ko": "전자우편 주소로 보입니다", "zh": "像电子邮箱"},
	Network:    {"en": "reads as a network address", "ko": "네트워크 주소로 보입니다", "zh": "像网络地址"},
	Coordinate: {"en": "reads as coordinates or a link to a map", "ko": "좌표나 지도 링크로 보입니다", "zh": "像坐标或地图链接"},
	Address:    {"en": "reads as a street address or the number of a house or flat", "ko": "도로명·번지·동호수로 보입니다", "zh": "像街道地址或门牌号"},
}

// Text says in words what a class of trace is.
func (c Class) Text(lang string) string { return why[c].In(lang) }

// Trace is one find. From and To are byte offsets into the text that was given.
type Trace struct {
	Class    Class
	From, To int
}

// rule is one pattern. It is tried only on text with a stretch of run digits, and one of
// the words in any where there are some: testimony is full of years, and patterns cost.
// What it matches is kept where ok, if there is one, agrees.
type rule struct {
	class Class
	run   int
	any   []string
	re    *regexp.Regexp
	ok    func(match string) bool
}

// points are a point with a digit after it, as in an address of the net or a coordinate.
var points = []string{".0", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"}

// numerals, as a run, asks for eight digits written out in Chinese or Korean.
const numerals = -1

const spelt = "零〇一二三四五六七八九幺공영일이삼사오육칠팔구"

const sep = `[ .\-()·]{0,2}`

// The rules run over text in which full-width signs are plain and Latin letters small.
var rules = []rule{
	{Phone, 8, []string{"+"}, regexp.MustCompile(`\+\d(?:` + sep + `\d){7,13}`), nil},
	{Phone, 11, nil, regexp.MustCompile(`\b(?:00)?(?:86` + sep + `)?1[3-9]\d` + sep + `\d{4}` + sep + `\d{4}\b`), nil}, // Chinese mobile
	{Phone, 10, nil, regexp.MustCompile(`\b01[016789]` + sep + `\d{3,4}` + sep + `\d{4}\b`), nil},                      // Korean mobile
	{Phone, 9, nil, regexp.MustCompile(`\b0\d{1,3}[\-. )]{1,2}\d{3,4}[\-. ]\d{4}\b`), nil},                             // landline with its area
	{Phone, 6, []string{"tel", "phone", "mobile", "call", "전화", "핸드폰", "휴대폰", "연락처", "电话", "手机", "联系"}, regexp.MustCompile(`(?:tel|phone|mobile|cell ?phone|call(?: (?:me|her|him))?(?: at| on)?|전화(?:번호)?|핸드폰|휴대폰|연락처|电话(?:号码)?|手机(?:号码?)?|联系方式)[은는이가:：是 .\-]{0,4}\d(?:` + sep + `\d){5,13}`), nil},
	{Phone, numerals, nil, regexp.MustCompile(`[零〇一二三四五六七八九幺]{8,}`), nil},
	{Phone, numerals, []string{"공", "영"}, regexp.MustCompile(`[공영일이삼사오육칠팔구]{9,}`), func(m string) bool { return strings.HasPrefix(m, "공") || strings.HasPrefix(m, "영") }},
	{Messenger, 0, []string{"wechat", "weixin", "kakao", "telegram", "whatsapp", "signal", "line id", "qq", "微信", "카카오", "카톡", "위챗", "텔레그램"}, regexp.MustCompile(`(?:wechat|weixin|kakao(?:talk)?|telegram|whatsapp|signal|line id|qq|微信号?|카카오톡|카톡|위챗|텔레그램)[ ]?(?:id|아이디|号|账号)?[은는이가:：是 =@]{1,3}[a-z0-9_\-]{4,}`), func(m string) bool { return strings.ContainsAny(m, "0123456789_@:=：") }},
	{Mail, 0, []string{"@"}, regexp.MustCompile(`[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.[a-z]{2,}`), nil},
	{Network, 4, points, regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}\b`), fourOctets},
	{Network, 0, []string{":"}, regexp.MustCompile(`\b(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})+\b`), func(m string) bool { return strings.Count(m, ":") >= 4 && strings.ContainsAny(m, "abcdef") }},
	{Network, 0, []string{":", "-"}, regexp.MustCompile(`\b[0-9a-f]{2}(?:[:\-][0-9a-f]{2}){5}\b`), nil}, // of a device
	{Coordinate, 4, points, regexp.MustCompile(`-?\b\d{1,2}\.\d{3,}\b°?\s?[ns]?[,; ]\s?-?\d{1,3}\.\d{3,}\b`), latLon},
	{Coordinate, 1, []string{"°"}, regexp.MustCompile(`\b\d{1,3}(?:\.\d+)?\s?°\s?(?:\d{1,2}(?:\.\d+)?\s?['′]\s?(?:\d{1,2}(?:\.\d+)?\s?["″])?)?\s?[nsew]\b`), nil},
	{Coordinate, 1, []string{"북위", "남위", "동경", "서경", "北纬", "南纬", "东经", "西经", "lat", "lon"}, regexp.MustCompile(`(?:북위|남위|동경|서경|北纬|南纬|东经|西经|lat(?:itude)?\b|lon(?:g|gitude)?\b)[ :：=]{0,2}-?\d{1,3}(?:[.도度°]\d*)?`), nil},
	{Coordinate, 0, []string{"geo:", "map", "///", "what3"}, regexp.MustCompile(`(?:geo:-?\d|maps?\.[a-z.]+/|goo\.gl/maps|amap\.com|map\.baidu|map\.naver|map\.kakao|what3words|///[a-z]+\.[a-z]+\.[a-z]+)`), nil},
	{Coordinate, 0, []string{"+"}, regexp.MustCompile(`\b[23456789cfghjmpqrvwx]{4,8}\+[23456789cfghjmpqrvwx]{2,3}\b`), func(m string) bool { return strings.ContainsAny(m, "23456789") }},
	{Coordinate, 8, nil, regexp.MustCompile(`\b\d{1,2}[c-hj-np-x] ?[a-hj-np-z]{2} ?\d{4,5} ?\d{4,5}\b`), nil}, // military grid
	{Address, 1, []string{"street", " st", " rd", "road", " ave", "lane", "alley", "boulevard", "blvd", "hutong"}, regexp.MustCompile(`\b\d{1,5}[a-z]?,? (?:[a-z]+ ){1,3}(?:street|st|road|rd|avenue|ave|lane|alley|boulevard|blvd|hutong)\b`), nil},
	{Address, 1, []string{"apt", "apartment", "flat", "building", "bldg", "unit", "house"}, regexp.MustCompile(`\b(?:apartment|apt|flat|building|bldg|unit|house)\.? ?(?:no\.? ?)?\d{1,5}[a-z]?\b(?:,? ?(?:room|floor|apt|unit)\.? ?\d)?`), nil},
	{Address, 1, []string{"번지", "호"}, regexp.MustCompile(`[가-힣]+(?:대로|로|길) ?\d+(?:-\d+)?(?:번길 ?\d+)?(?:번지|호)`), nil},
	{Address, 1, []string{"번지", "호", "번길"}, regexp.MustCompile(`\d+(?:-\d+)? ?번지|\d+동 ?\d+호|\d+번길 ?\d+`), nil},
	{Address, 1, []string{"号", "单元", "室", "组"}, regexp.MustCompile(`[\p{Han}]{1,8}(?:路|街|巷|弄|胡同|大道) ?\d+(?:-\d+)? ?号|\d+ ?号楼|\d+ ?单元|\d+ ?室\b|(?:村|屯) ?\d+ ?(?:组|号)|门牌号? ?\d+`), nil},
}

func fourOctets(m string) bool {
	for _, part := range strings.Split(m, ".") {
		if n, err := strconv.Atoi(part); err != nil || n > 255 {
			return false
		}
	}
	return true
}

// latLon keeps pairs that can be a latitude and a longitude.
func latLon(m string) bool {
	nums := regexp.MustCompile(`-?\d+\.\d+`).FindAllString(m, 2)
	if len(nums) != 2 {
		return false
	}
	lat, _ := strconv.ParseFloat(nums[0], 64)
	lon, _ := strconv.ParseFloat(nums[1], 64)
	return lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180
}

// Find returns the traces in a text, in order, without overlap. A text of words alone
// costs one pass.
func Find(text string) []Trace {
	if !suspicious(text) {
		return nil
	}
	plain := plainText(text)
	digits := longestRun(plain)
	var out []Trace
	var at []int
	for _, r := range rules {
		if !r.mayMatch(plain, digits) {
			continue
		}
		if at == nil {
			at = places(text)
		}
		for _, m := range r.re.FindAllStringIndex(plain, -1) {
			if r.ok == nil || r.ok(plain[m[0]:m[1]]) {
				out = append(out, Trace{Class: r.class, From: at[m[0]], To: at[m[1]]})
			}
		}
	}
	slices.SortFunc(out, func(a, b Trace) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To)) })
	return slices.CompactFunc(out, func(next, kept Trace) bool { return next.From < kept.To })
}

func (r rule) mayMatch(plain string, digits int) bool {
	if r.run == numerals && !speltOut(plain) {
		return false
	}
	return digits >= r.run && (len(r.any) == 0 || slices.ContainsFunc(r.any, func(w string) bool { return strings.Contains(plain, w) }))
}

// speltOut reports whether eight numerals stand in a row.
func speltOut(s string) bool {
	n := 0
	for _, r := range s {
		if r < 0x3000 || !strings.ContainsRune(spelt, r) {
			n = 0
			continue
		}
		if n++; n == 8 {
			return true
		}
	}
	return false
}

// longestRun is the most digits in one stretch in which no more than two signs, or a
// letter of a grid, stand between one digit and the next.
func longestRun(s string) (most int) {
	n, between := 0, 0
	for i := range len(s) {
		if c := s[i]; '0' <= c && c <= '9' {
			n, between = n+1, 0
			most = max(most, n)
			continue
		}
		if between++; between > 4 {
			n = 0
		}
	}
	return most
}

// suspicious reports whether a text holds what every rule needs: three digits or numerals,
// or a sign of an address on the net.
func suspicious(text string) bool {
	n := 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9', '０' <= r && r <= '９', r > 0x2fff && strings.ContainsRune(spelt, r):
			if n++; n >= 2 {
				return true
			}
		case r == '@', r == '＠', r == '°', r == '/':
			return true
		case r == ':' || r == '：' || r == '_':
			n++
		}
	}
	return strings.Contains(text, "maps.") || strings.Contains(text, "号") || strings.Contains(text, "호")
}

// plainText makes signs plain and letters small, sign by sign.
func plainText(text string) string { return strings.Map(plainSign, text) }

func plainSign(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r == '\t' {
			return ' '
		}
		return r
	case '！' <= r && r <= '～':
		return plainSign(r - '！' + '!')
	case r == '\u00a0' || r == '\u3000' || r == '\u2009':
		return ' '
	case r == '‐' || r == '‑' || r == '–' || r == '−' || r == '－':
		return '-'
	}
	return r
}

// places maps each byte of the plain text, and its end, to its place in the text.
func places(text string) []int {
	at := make([]int, 0, len(text)+1)
	for i, r := range text {
		for range utf8.RuneLen(plainSign(r)) {
			at = append(at, i)
		}
	}
	return append(at, len(text))
}
