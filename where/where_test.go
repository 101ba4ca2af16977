package where_test

import (
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/where"
)

func TestFindInThreeLanguages(t *testing.T) {
	for in, want := range map[string]string{
		"KP-ONS": "KP-ONS", "Onsong": "KP-ONS", "온성": "KP-ONS", "稳城": "KP-ONS", "onsong ": "KP-ONS", "룽징": "CN-LON", "PRK": "KP", "KOR": "KR",
		"중국": "CN", "China": "CN", "함경북도": "KP/North Hamgyong", "DPRK": "KP", "THA": "TH", "Beijing": "CN-BEI",
	} {
		p, err := where.Find(in)
		if err != nil || p.Code != want {
			t.Errorf("Find(%q) = %+v, %v, want %s", in, p, err, want)
		}
	}
	if _, err := where.Find("12 Safe Street"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an address is answered with %v, want a refusal", err)
	}
}

func TestEveryPlaceHasThreeLabelsAndAParent(t *testing.T) {
	for _, p := range where.All() {
		for _, lang := range []string{"en", "ko", "zh"} {
			if p.Labels[lang] == "" {
				t.Errorf("%s has no label in %s", p.Code, lang)
			}
		}
		if p.Level == where.Country {
			continue
		}
		if _, ok := where.Lookup(p.Parent); !ok {
			t.Errorf("%s lies in %q, which is not in the gazetteer", p.Code, p.Parent)
		}
	}
}

func TestCoarsening(t *testing.T) {
	p, _ := where.Lookup("KP-ONS")
	if got := p.At(where.Province).Code; got != "KP/North Hamgyong" {
		t.Errorf("At(Province) = %s", got)
	}
	if got := p.At(where.Country).Code; got != "KP" {
		t.Errorf("At(Country) = %s", got)
	}
	if !p.Within("KP") || p.Within("CN") {
		t.Error("Onsong lies in KP and not in CN")
	}
}
