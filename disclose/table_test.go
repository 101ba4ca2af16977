package disclose

import (
	"encoding/csv"
	"strings"
	"testing"

	"example.org/amparo/fault"
)

func parse(text string, lay Layout) (*Table, []fault.Problem) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, []fault.Problem{{Reason: "not CSV"}}
	}
	return ReadTable("t.csv", rows[0], numbered(rows[1:]), lay)
}

func TestBadTablesAreRefusedWithPlaceValueAndRemedy(t *testing.T) {
	for _, c := range []struct {
		text   string
		row    int
		column string
		value  string
	}{
		{"place,count\na,-3\n", 2, "count", "-3"},
		{"place,count\na,12\nb,3.5\n", 3, "count", "3.5"},
		{"place,count\na,12\nb,many\n", 3, "count", "many"},
		{"place,count\na,12\nb,..\n", 3, "count", ".."},
		{"place,count\na,12\na,13\n", 3, "place", "a"},
		{"place,count\na,999999999999\n", 2, "count", "999999999999"},
		{"place,place,count\na,b,1\n", 1, "place", ""},
		{"count\n3\n", 1, "", ""},
	} {
		_, problems := parse(c.text, Layout{})
		if len(problems) == 0 {
			t.Errorf("%q is taken", c.text)
			continue
		}
		p := problems[0]
		if p.File != "t.csv" || p.Row != c.row || p.Column != c.column || p.Value != c.value || p.Remedy == "" {
			t.Errorf("%q: %+v", c.text, p)
		}
	}
}

func TestTotalsThatDoNotAddUpAreRefused(t *testing.T) {
	tab, problems := parse("place,count\na,12\nb,20\nTotal,30\n", Layout{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, err := Suppress([]*Table{tab}, nil, Options{})
	p, ok := err.(fault.Problem)
	if !ok || p.Row != 4 || p.Value != "30" || !strings.Contains(p.Reason, "32") {
		t.Errorf("%v", err)
	}
	other, _ := parse("place,sex,count\na,f,12\nb,f,20\nb,m,30\n", Layout{})
	same, _ := parse("place,count\na,12\nb,20\n", Layout{})
	if _, err := Suppress([]*Table{same, other}, nil, Options{}); err == nil || !strings.Contains(err.Error(), "disagree") {
		t.Errorf("tables of different people are linked: %v", err)
	}
}

// Every row a person: the counts are ours.
func TestRowsAboutPeopleAreCounted(t *testing.T) {
	tab, problems := parse("name,place,sex\nx,a,f\ny,a,f\nz,b,\n", Layout{Dims: []string{"place", "sex"}})
	if len(problems) > 0 || len(tab.Cells) != 2 || tab.Cells[0].Count != 2 || tab.Cells[1].Key[1] != unstated || !tab.People {
		t.Errorf("%+v %v", tab, problems)
	}
}

const provinces = `province,county,year,count
P1,C1,2009,40
P1,C1,2013,3
P1,C2,2009,25
P1,C2,2013,30
P2,C3,2009,18
P2,C3,2013,22
P2,C4,2009,6
P2,C4,2013,41
P2,C5,2009,33
P2,C5,2013,17
`

// Each county lies in one province: five counties, two provinces and the total, by two
// years and the total, and not a county in the wrong province.
func TestCountiesAreReadAsPartsOfProvinces(t *testing.T) {
	tab, problems := parse(provinces, Layout{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	res, err := Suppress([]*Table{tab}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Cells) != 8*3 {
		t.Errorf("%d cells, want 24", len(res.Cells))
	}
	if len(res.Warnings) == 0 || res.Warnings[0].Code != "nested" {
		t.Errorf("warnings %v", res.Warnings)
	}
	for _, c := range res.Cells {
		if c.Dims["county"] == "C1" && c.Dims["province"] != "P1" {
			t.Errorf("%v", c.Dims)
		}
		if c.Dims["county"] == "C1" && c.Dims["year"] == "2013" && (c.Suppressed != Primary || *c.AttackerUpper-c.AttackerLower < 10) {
			t.Errorf("%+v", c)
		}
	}
	// A county alone hidden in its province would be the province less the others.
	hidden := 0
	for _, c := range res.Cells {
		if c.Dims["province"] == "P1" && c.Dims["year"] == "2013" && c.Published == nil {
			hidden++
		}
	}
	if hidden < 2 {
		t.Errorf("%d hidden in P1, 2013", hidden)
	}
}

// A table by province is a margin of the table by county, linked by the same names.
func TestATableByProvinceIsLinkedToOneByCounty(t *testing.T) {
	fine, _ := parse(provinces, Layout{})
	coarse, problems := parse("province,sex,count\nP1,f,60\nP1,m,38\nP2,f,132\nP2,m,5\n", Layout{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	res, err := Suppress([]*Table{fine, coarse}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for i := range 2 {
		for _, c := range res.Of(i) {
			v := Hidden
			if c.Published != nil {
				v = "shown"
			}
			if c.Dims["province"] != Total && (c.Dims["county"] == Total || i == 1 && c.Dims["sex"] == Total) && (i == 1 || c.Dims["year"] == Total) {
				if old, ok := at[c.Dims["province"]]; ok && old != v {
					t.Errorf("%s is %s in one table and %s in the other", c.Dims["province"], old, v)
				}
				at[c.Dims["province"]] = v
			}
		}
	}
	if res.Audit.Exact+res.Audit.Narrow > 0 || len(at) != 2 {
		t.Errorf("%+v %v", res.Audit, at)
	}
}

// FuzzReadTable: any text gives a table or problems, and any table a result or an error.
func FuzzReadTable(f *testing.F) {
	f.Add(provinces, 10)
	f.Add("place,count\na,12\nTotal,12\n", 5)
	f.Add("a,b\nx,y\n,y\n", 6)
	f.Fuzz(func(t *testing.T, text string, threshold int) {
		if len(text) > 300 {
			return
		}
		tab, problems := parse(text, Layout{})
		if (tab == nil) == (len(problems) == 0) {
			t.Fatal("neither a table nor a problem")
		}
		if tab == nil {
			return
		}
		res, err := Suppress([]*Table{tab}, nil, Options{Threshold: int64(threshold)})
		if err != nil {
			return
		}
		for _, c := range res.Cells {
			if c.Published != nil && *c.Published > 0 && *c.Published < Floor {
				t.Fatalf("%v: %d is published", c.Key, *c.Published)
			}
		}
		if res.Refusal == nil && res.Audit.Exact+res.Audit.Narrow > 0 {
			t.Fatalf("%+v", res.Audit)
		}
	})
}
