package disclose

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

const data = "../../shared/data/estimation"

func readCSV(t *testing.T, name string) ([]string, [][]string) {
	t.Helper()
	f, err := os.Open(filepath.Join(data, name))
	if err != nil {
		t.Skipf("SKIPPED: the golden data are not here: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[0], rows[1:]
}

func numbered(rows [][]string) []Row {
	var out []Row
	for i, r := range rows {
		out = append(out, Row{i + 2, r})
	}
	return out
}

func facilityYear(t *testing.T) *Table {
	t.Helper()
	header, rows := readCSV(t, "sdc_table_facility_year.csv")
	tab, problems := ReadTable("sdc_table_facility_year.csv", header, numbered(rows), Layout{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return tab
}

// golden returns the object of goldens.json with this id, into v.
func golden(t *testing.T, id string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(data, "goldens.json"))
	if err != nil {
		t.Skipf("SKIPPED: the golden data are not here: %v", err)
	}
	var all struct {
		Disclosure []json.RawMessage `json:"disclosure"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	for _, raw := range all.Disclosure {
		var head struct{ ID string }
		if json.Unmarshal(raw, &head) == nil && head.ID == id {
			if err := json.Unmarshal(raw, v); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no golden %s", id)
}

// GaussSuppression 1.0.0 hides the same cells, and lpSolve gives the same ranges.
func TestFacilityTableIsHiddenAsInR(t *testing.T) {
	tab := facilityYear(t)
	var want struct {
		Cells []struct {
			Facility, Year      string
			Freq                int64
			Primary, Suppressed bool
		}
	}
	golden(t, "gauss.facility_year", &want)
	var ranges struct {
		Cells []struct {
			Row, Col     string
			Lower, Upper int64
		}
	}
	golden(t, "audit.gauss", &ranges)
	res, err := Suppress([]*Table{tab}, nil, Options{Threshold: 5})
	if err != nil {
		t.Fatal(err)
	}
	got := map[[2]string]Published{}
	for _, c := range res.Cells {
		got[[2]string{c.Dims["facility"], c.Dims["year"]}] = c
	}
	if len(got) != len(want.Cells) {
		t.Fatalf("%d cells, want %d", len(got), len(want.Cells))
	}
	for _, w := range want.Cells {
		g := got[[2]string{w.Facility, w.Year}]
		if hidden := g.Suppressed != ""; hidden != w.Suppressed || (g.Suppressed == Primary) != w.Primary {
			t.Errorf("%s %s: hidden %q, want hidden %v, primary %v", w.Facility, w.Year, g.Suppressed, w.Suppressed, w.Primary)
		}
		if g.Published != nil && *g.Published != w.Freq {
			t.Errorf("%s %s: published %d, want %d", w.Facility, w.Year, *g.Published, w.Freq)
		}
	}
	for _, w := range ranges.Cells {
		g := got[[2]string{w.Row, w.Col}]
		if g.AttackerLower != w.Lower || *g.AttackerUpper != w.Upper {
			t.Errorf("%s %s: range [%d, %d], want [%d, %d]", w.Row, w.Col, g.AttackerLower, *g.AttackerUpper, w.Lower, w.Upper)
		}
	}
	if res.Audit.Exact != 0 || res.Audit.Narrow != 0 {
		t.Errorf("audit %+v", res.Audit)
	}
}

// With the small cells alone hidden, every one is worked out.
func TestHidingSmallCellsAloneProtectsNobody(t *testing.T) {
	var want struct {
		Cells []struct {
			Row, Col           string
			True, Lower, Upper int64
		}
		Exactly int `json:"exactly_disclosed"`
	}
	golden(t, "audit.primary_only", &want)
	res, err := Check([]*Table{facilityYear(t)}, nil, Options{Threshold: 5}, true)
	if err != nil {
		t.Fatal(err)
	}
	if res.Audit.Exact != want.Exactly || res.Refusal == nil || res.Release != nil {
		t.Errorf("audit %+v, refusal %v", res.Audit, res.Refusal)
	}
	for _, w := range want.Cells {
		for _, c := range res.Cells {
			if c.Dims["facility"] == w.Row && c.Dims["year"] == w.Col && (c.AttackerLower != w.Lower || *c.AttackerUpper != w.Upper) {
				t.Errorf("%s %s: range [%d, %d]", w.Row, w.Col, c.AttackerLower, *c.AttackerUpper)
			}
		}
	}
}
