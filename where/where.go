// Package where is the gazetteer: public places only, at the precision a record may
// show. It holds towns, crossing points and institutions that are named in public
// reports, the provinces they lie in and all countries; it never holds an address,
// and nothing in it says where a person is.
package where

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"example.org/amparo/fault"
	"example.org/amparo/names"
)

// Level is how exactly a place is named.
type Level uint8

// The levels, from the coarsest.
const (
	Country Level = iota + 1
	Province
	Town
)

// Place is a node of the gazetteer. Its code begins with the country's; a province is
// written "KP/North Hamgyong".
type Place struct {
	Code      string
	Level     Level
	Labels    map[string]string // en, ko, zh
	Parent    string            // code of the province or country; empty for a country
	Lat, Lon  float64           // centre, rounded; zero unless Level is Town
	Precision float64           // of the centre, in degrees
	Role      string
}

//go:embed places.csv
var placesCSV string

//go:embed admin1.csv
var admin1CSV string

type gazetteer struct {
	byCode  map[string]*Place
	byLabel map[string][]string
	codes   []string
}

var gazette = sync.OnceValue(func() *gazetteer {
	g := &gazetteer{byCode: map[string]*Place{}, byLabel: map[string][]string{}}
	for _, r := range rows(admin1CSV) {
		g.add(&Place{Code: r[0] + "/" + r[1], Level: Province, Parent: r[0], Labels: map[string]string{"en": r[1], "ko": r[2], "zh": r[3]}})
	}
	for _, r := range rows(placesCSV) {
		p := &Place{Code: r[0], Level: Town, Parent: r[4] + "/" + r[5], Labels: map[string]string{"en": r[1], "ko": r[2], "zh": r[3]}, Role: r[9]}
		p.Lat, p.Lon, p.Precision = decimal(r[6]), decimal(r[7]), decimal(r[8])
		g.add(p)
	}
	g.addCountries()
	slices.Sort(g.codes)
	return g
})

// rows reads an embedded table, whose form the tests check.
func rows(s string) [][]string {
	all, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	if err != nil {
		panic(err)
	}
	return all[1:]
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err)
	}
	return f
}

// addCountries takes the names of all countries from the Unicode CLDR, through
// golang.org/x/text.
func (g *gazetteer) addCountries() {
	namers := map[string]display.Namer{
		"en": display.Regions(language.English), "ko": display.Regions(language.Korean), "zh": display.Regions(language.SimplifiedChinese),
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string(a) + string(b))
			if err != nil || !r.IsCountry() || r.String() != string(a)+string(b) || r.Canonicalize() != r {
				continue
			}
			p := &Place{Code: r.String(), Level: Country, Labels: map[string]string{}}
			for lang, n := range namers {
				p.Labels[lang] = n.Name(r)
			}
			if p.Labels["en"] == "" || p.Labels["en"] == "Unknown Region" {
				continue
			}
			g.add(p)
			g.label(r.ISO3(), p.Code)
		}
	}
	g.add(&Place{Code: "YU", Level: Country, Labels: map[string]string{"en": "Yugoslavia", "ko": "유고슬라비아", "zh": "南斯拉夫"}}) // until 2003; UN rolls write it longer
	for _, n := range otherNames {
		if _, ok := g.byCode[n.code]; ok {
			g.label(n.name, n.code)
		}
	}
}

// otherNames are how the UN writes States, and how people here do.
var otherNames = []struct{ name, code string }{
	{"DPRK", "KP"}, {"ROK", "KR"}, {"조선민주주의인민공화국", "KP"}, {"북조선", "KP"}, {"조선", "KP"}, {"한국", "KR"}, {"중국", "CN"}, {"PRC", "CN"}, {"TIB", "CN-TIB"},
	{"Democratic People's Republic of Korea", "KP"}, {"Dem. People's Rep. of Korea", "KP"}, {"Republic of Korea", "KR"}, {"Rep. of Korea", "KR"},
	{"Netherlands (Kingdom of the)", "NL"}, {"Russian Federation", "RU"}, {"Syrian Arab Republic", "SY"}, {"Viet Nam", "VN"}, {"Libyan Arab Jamahiriya", "LY"}, {"Swaziland", "SZ"},
	{"Democratic Republic of the Congo", "CD"}, {"Congo", "CG"}, {"Venezuela (Bolivarian Republic of)", "VE"}, {"Bolivia (Plurinational State of)", "BO"}, {"Iran (Islamic Republic of)", "IR"},
	{"Lao People's Democratic Republic", "LA"}, {"Lao People's Dem. Rep.", "LA"}, {"Republic of Moldova", "MD"}, {"United Republic of Tanzania", "TZ"}, {"Brunei Darussalam", "BN"},
	{"Czech Republic", "CZ"}, {"Türkiye", "TR"}, {"Turkey", "TR"}, {"Côte d'Ivoire", "CI"}, {"Cabo Verde", "CV"}, {"The former Yugoslav Republic of Macedonia", "MK"}, {"Timor-Leste", "TL"},
	{"United Kingdom of Great Britain and Northern Ireland", "GB"}, {"United States of America", "US"}, {"State of Palestine", "PS"}, {"Micronesia (Federated States of)", "FM"}, {"Holy See", "VA"},
	{"Serbia and Kosovo: S/RES/1244 (1999)", "RS"}, {"China, Hong Kong SAR", "HK"}, {"China, Macao SAR", "MO"}, {"Myanmar", "MM"}, {"Burma", "MM"},
}

func (g *gazetteer) add(p *Place) {
	g.byCode[p.Code] = p
	g.codes = append(g.codes, p.Code)
	g.label(p.Code, p.Code)
	for _, l := range p.Labels {
		g.label(l, p.Code)
		if open := strings.IndexByte(l, '('); open > 0 { // "룡정(룽징)": either spelling
			g.label(strings.TrimSpace(l[:open]), p.Code)
			g.label(strings.Trim(l[open:], "() "), p.Code)
		}
	}
}

func (g *gazetteer) label(l, code string) {
	k := fold(l)
	if k != "" && !slices.Contains(g.byLabel[k], code) {
		g.byLabel[k] = append(g.byLabel[k], code)
	}
}

func fold(s string) string { return strings.Join(strings.Fields(names.Fold(s)), " ") }

// Lookup returns the place with a code.
func Lookup(code string) (*Place, bool) {
	p, ok := gazette().byCode[code]
	return p, ok
}

// Find reads a place by its code, by its name in English, Korean or Chinese, or by a
// country's ISO 3166 code of two or three letters. A name that several places bear is
// refused with the codes to choose from; between a country, its capital's province and
// a town of one name the most exact is meant.
func Find(s string) (*Place, error) {
	g := gazette()
	if p, ok := g.byCode[s]; ok {
		return p, nil
	}
	codes := g.byLabel[fold(s)]
	if len(codes) > 1 {
		codes = finest(g, codes)
	}
	switch len(codes) {
	case 1:
		return g.byCode[codes[0]], nil
	case 0:
		return nil, fault.New(fault.Invalid, "where.Find", "no public place of this name is in the gazetteer").
			With("choose a place from the list, or its province or country").Coded("place.none")
	}
	return nil, fault.New(fault.Invalid, "where.Find", "several places bear this name").With("write one of %s", strings.Join(codes, ", ")).Coded("place.several", strings.Join(codes, ", "))
}

func finest(g *gazetteer, codes []string) []string {
	best := Level(0)
	for _, c := range codes {
		best = max(best, g.byCode[c].Level)
	}
	return slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return g.byCode[c].Level != best })
}

// Label is the place's name for a reader.
func (p *Place) Label(lang string) string {
	if l := p.Labels[lang]; l != "" {
		return l
	}
	return p.Labels["en"]
}

// At coarsens a place to a level: a town to its province or country.
func (p *Place) At(l Level) *Place {
	for p.Level > l && p.Parent != "" {
		up, ok := Lookup(p.Parent)
		if !ok {
			up, ok = Lookup(p.Parent[:2])
			if !ok {
				return p
			}
		}
		p = up
	}
	return p
}

// Within reports whether a place is outer or lies in it.
func (p *Place) Within(outer string) bool {
	for {
		if p.Code == outer {
			return true
		}
		up, ok := Lookup(p.Parent)
		if !ok {
			return false
		}
		p = up
	}
}

// All returns every place, by code.
func All() []*Place {
	g := gazette()
	out := make([]*Place, len(g.codes))
	for i, c := range g.codes {
		out[i] = g.byCode[c]
	}
	return out
}
