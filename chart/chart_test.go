package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden pictures")

var nan, inf = math.NaN(), math.Inf(1)

// samples is one chart of each kind, with invented data.
func samples() map[string]Chart {
	frame := func(id, title, desc, x, y string) Frame { return Frame{ID: id, Title: title, Desc: desc, X: x, Y: y} }
	chains := make([][]float64, 4)
	for i := range chains {
		for k := range 300 {
			chains[i] = append(chains[i], 10000+3000*math.Sin(float64(k*(i+3)))+400*float64(i))
		}
	}
	var density []Point
	for v := 8000.0; v <= 35000; v += 300 {
		density = append(density, Point{v, math.Exp(-math.Pow((v-12100)/1400, 2)) + 1.4*math.Exp(-math.Pow((v-25100)/3200, 2))})
	}
	var curve []Band
	for g := 0.25; g <= 8; g *= 1.3 {
		curve = append(curve, Band{g, 0.41 / (0.41 + g*0.59), 0.35 / (0.35 + g*0.65), 0.47 / (0.47 + g*0.53)})
	}
	return map[string]Chart{
		"survival": Survival{
			Frame: frame("surv", "Time in detention", "Half were released within 31 months in one place and 23 in the other.", "months", "share still held"),
			Curves: []SurvivalCurve{
				{Name: "Place A", Last: 60, AtRisk: []float64{11, 7, 3, 1}, Steps: []SurvivalStep{{9, 0.909, 0.508, 0.987}, {13, 0.818, 0.447, 0.951}, {18, 0.716, 0.35, 0.899}, {23, 0.614, 0.266, 0.835}, {31, 0.491, 0.167, 0.753}, {34, 0.368, 0.093, 0.657}, {48, 0.184, 0.012, 0.525}}},
				{Name: "Place B", Last: 45, AtRisk: []float64{12, 6, 2, 0}, Steps: []SurvivalStep{{5, 0.833, 0.482, 0.956}, {8, 0.667, 0.337, 0.86}, {12, 0.583, 0.27, 0.801}, {23, 0.486, 0.192, 0.73}, {27, 0.389, 0.126, 0.65}, {30, 0.292, 0.072, 0.561}, {33, 0.194, 0.031, 0.461}, {43, 0.097, 0.006, 0.349}, {45, 0, nan, nan}}},
			},
			RiskTimes: []float64{0, 20, 40, 60}, Risk: "at risk",
		},
		"turnbull": Survival{
			Frame:  frame("turn", "Time in detention, dates known as windows", "The curve falls somewhere in each box; where, the dates cannot say.", "months", "share still held"),
			Curves: []SurvivalCurve{{Name: "all", Last: 48, Boxes: []SurvivalBox{{4, 5, 1, 0.954}, {6, 8, 0.954, 0.832}, {11, 12, 0.832, 0.761}, {24, 25, 0.761, 0.668}, {33, 34, 0.668, 0.586}, {38, 40, 0.586, 0.466}, {46, inf, 0.466, 0}}}},
		},
		"forest": Forest{
			Frame: frame("forest", "Trafficking, one table by every method", "The methods disagree: from 9,900 to 34,400.", "people in all", ""),
			Rows: []Row{
				{Name: "Chao, lower bound", Point: 15628, Lower: 14100, Upper: inf},
				{Name: "log-linear, best BIC", Point: 22991, Lower: 17991, Upper: 30142},
				{Name: "stepwise", Point: 11313, Lower: 9884, Upper: 13027, Weak: true},
				{Name: "decomposable graphs", Point: 22990, Lower: 10387, Upper: 33510},
				{Name: "latent classes", Refused: "the calculation did not settle"},
			},
			Observed: 2744, Bound: 15628,
		},
		"leaveout": LeaveOut{
			Frame: frame("leave", "Without each list", "Leaving out the police list moves the figure most.", "people in all", ""),
			Whole: Row{Name: "all lists", Point: 11313, Lower: 9884, Upper: 13027},
			Rows:  []Row{{Name: "without LA", Point: 10900, Lower: 9300, Upper: 12900}, {Name: "without PF", Point: 17800, Lower: 13100, Upper: 24200}, {Name: "LA + NG merged", Point: 11100, Lower: 9600, Upper: 12900}, {Name: "without GO", Refused: "too few overlaps"}},
		},
		"upset": UpSet{
			Frame: frame("upset", "How the lists overlap", "Most people are on one list only.", "", "people"), Lists: []string{"EXH", "ABA", "OSCE", "HRW"}, Most: 8,
			Overlaps: []Overlap{{[]bool{true, false, false, false}, 1131}, {[]bool{false, true, false, false}, 845}, {[]bool{false, false, true, false}, 936}, {[]bool{false, false, false, true}, 306}, {[]bool{true, true, false, false}, 177}, {[]bool{true, false, true, false}, 228}, {[]bool{false, true, true, false}, 217}, {[]bool{true, true, true, false}, 181}, {[]bool{true, false, false, true}, 106}, {[]bool{true, true, true, true}, 27}},
		},
		"posterior": Posterior{
			Frame: frame("post", "How many in all", "Two answers are likely: near 12,100 and near 25,100.", "people in all", ""), Density: density, Lower: 10387, Upper: 33510, Median: 22990,
			Modes: []Mode{{12100, "15%"}, {25100, "44%"}}, Observed: nan, Bound: 35000,
		},
		"sensitivity": Sensitivity{
			Frame:  frame("sens", "Were people with the outcome likelier to speak", "The share stays above a quarter unless they are more than 2.06 times as likely.", "how many times likelier", "share"),
			Points: curve, Log: true, Neutral: 1, Threshold: 0.25, Tipping: 2.06,
		},
		"rug": Rug{Frame: frame("rug", "Four separate runs", "The runs hardly agree.", "people in all", ""), Chains: chains, RHat: 1.06, ESS: 310, Settled: Hardly},
		"rug-stretches": Rug{
			Frame: frame("runs", "Four separate runs, by stretches", "The runs agree.", "people in all", ""), RHat: 1.003, ESS: 590, Settled: Agree, Stretch: 50,
			Chains: [][]float64{{575, 575, 625, 675, 675, 675, 725, 875}, {575, 625, 625, 625, 675, 725, 725, 775}, {525, 575, 625, 675, 675, 725, 775, 975}, {575, 625, 625, 675, 675, 725, 725, 725}},
		},
		"outcomes": Outcomes{
			Frame: frame("outcomes", "What happened after a return", "Most were released within two months.", "days", "share"),
			Lines: []OutcomeLine{{"Released", []Band{{30, 0.3, 0.2, 0.4}, {60, 0.45, 0.33, 0.58}}}, {"Labour training camp", []Band{{60, 0.2, 0.1, 0.31}}}, {"Other outcomes", nil}},
		},
		"stages": Stages{
			Frame: frame("stages", "How long each stage lasted", "Each mark is ten people or more.", "days", ""),
			Rows:  []StageRow{{Name: "Sorting", Marks: [][2]float64{{2, 4}, {5, 9}, {20, 31}}}, {Name: "Holding centre", Marks: [][2]float64{{18, 27}, {55, 92}}, Note: "of ten or more the end was not seen"}, {Name: "Prison", Note: "of ten or more the end was not seen"}},
		},
		"suppression": Suppression{
			Frame: frame("sup", "What would be published", "Four cells are hidden; one of them can be worked out.", "", ""), Rows: []string{"Facility 1", "Facility 2", "All"}, Columns: []string{"2015", "2016", "All"},
			Cells: [][]Cell{{{Hidden: Primary, Lower: 0, Upper: 6}, {Hidden: Secondary, Lower: 8, Upper: 14}, {Value: 15}}, {{Hidden: Secondary, Lower: 11, Upper: 17}, {Hidden: Primary, Lower: 3, Upper: 3, Tight: true}, {Value: 20}}, {{Value: 18}, {Value: 17}, {Value: 35}}},
		},
	}
}

func TestPicturesAreAsGolden(t *testing.T) {
	for name, c := range samples() {
		path := filepath.Join("testdata", name+".svg")
		got := c.SVG()
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s; look at it and run with -update", name, path)
		}
	}
}

// wellFormed reads svg as XML and returns the words in it; nothing that a strict content
// security policy forbids may be in it.
func wellFormed(svg []byte) (words string, err error) {
	d := xml.NewDecoder(bytes.NewReader(svg))
	ids := map[string]bool{}
	depth, title, desc := 0, false, false
	var b strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			if depth == 1 {
				title, desc = title || e.Name.Local == "title", desc || e.Name.Local == "desc"
			}
			depth++
			if e.Name.Local == "script" || e.Name.Local == "foreignObject" || e.Name.Local == "style" {
				return "", fmt.Errorf("there is a %s", e.Name.Local)
			}
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on"):
					return "", fmt.Errorf("%s has the attribute %s", e.Name.Local, a.Name.Local)
				case a.Name.Local == "id" && ids[a.Value]:
					return "", fmt.Errorf("the id %s comes twice", a.Value)
				case a.Name.Local == "id":
					ids[a.Value] = true
				case strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf"):
					return "", fmt.Errorf("%s has %s=%q", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(e)
		}
	}
	if !title || !desc {
		return "", errors.New("there is no title or no description")
	}
	return b.String(), nil
}

func TestEveryPictureSaysWhatItShows(t *testing.T) {
	for name, c := range samples() {
		if _, err := wellFormed(c.SVG()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		rows := c.Table()
		if len(rows.Rows) == 0 {
			t.Errorf("%s has no data table", name)
		}
		for i, r := range rows.Rows {
			if len(r) != len(rows.Header) {
				t.Errorf("%s: row %d has %d cells, the header %d", name, i, len(r), len(rows.Header))
			}
		}
	}
}

// What is hidden is neither in the picture nor in its table, not even where it is held in
// the data.
func TestHiddenCellsAreNowhere(t *testing.T) {
	s := samples()["suppression"].(Suppression)
	s.Cells[0][0].Value = 777777
	if bytes.Contains(s.SVG(), []byte("777")) || strings.Contains(fmt.Sprint(s.Table()), "777") {
		t.Error("the value of a hidden cell is shown")
	}
}

func TestMeaningIsNotInColour(t *testing.T) {
	for name, c := range samples() {
		if svg := string(c.SVG()); strings.Contains(svg, "#") && strings.Contains(strings.ReplaceAll(strings.ReplaceAll(svg, "url(#", ""), "&#34;", ""), "#") {
			t.Errorf("%s names a colour", name)
		}
	}
}

// Words in any script, with anything in them, leave the picture well formed.
func TestAnyWordsStayWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "words")
		f := Forest{Frame: Frame{ID: s, Title: s, Desc: s, X: s}, Rows: []Row{{Name: s, Point: 5, Lower: 2, Upper: 9}, {Name: "r", Refused: s}}, Observed: nan, Bound: nan}
		if _, err := wellFormed(f.SVG()); err != nil {
			t.Fatal(err)
		}
	})
}

// Any numbers, also none and infinite ones, give a picture with finite coordinates.
func TestAnyNumbersGiveAPicture(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-1e9, 1e9), rapid.Float64(), rapid.Just(1e-320), rapid.Just(nan), rapid.Just(inf), rapid.Just(0.0))
	rapid.Check(t, func(t *rapid.T) {
		v := func() float64 { return number.Draw(t, "v") }
		frame := Frame{Title: "t", Desc: "d"}
		for _, c := range []Chart{
			Forest{Frame: frame, Rows: []Row{{Point: v(), Lower: v(), Upper: v()}}, Observed: v(), Bound: v()},
			LeaveOut{Frame: frame, Whole: Row{Point: v(), Lower: v(), Upper: v()}},
			Posterior{Frame: frame, Density: []Point{{v(), v()}, {v(), v()}}, Lower: v(), Upper: v(), Median: v(), Observed: v(), Bound: v(), Modes: []Mode{{X: v()}}},
			Sensitivity{Frame: frame, Points: []Band{{v(), v(), v(), v()}, {v(), v(), v(), v()}}, Neutral: v(), Threshold: v(), Tipping: v(), Log: rapid.Bool().Draw(t, "log")},
			Survival{Frame: frame, Curves: []SurvivalCurve{{Steps: []SurvivalStep{{v(), v(), v(), v()}}, Boxes: []SurvivalBox{{v(), v(), v(), v()}}, Last: v()}}},
			Rug{Frame: frame, Chains: [][]float64{{v(), v()}, nil}, RHat: v(), ESS: v()},
			Rug{Frame: frame, Chains: [][]float64{{v(), v()}, nil}, Stretch: v()},
			Rug{Frame: frame, Stretch: 10},
			UpSet{Frame: frame, Lists: []string{"a"}, Overlaps: []Overlap{{[]bool{true, true}, 3}}},
			Suppression{Frame: frame, Rows: []string{"a"}, Columns: []string{"b"}, Cells: [][]Cell{{{Hidden: Primary, Lower: v(), Upper: v()}}}},
		} {
			if _, err := wellFormed(c.SVG()); err != nil {
				t.Fatalf("%T: %v", c, err)
			}
			c.Table()
		}
	})
}

// Draws that are known by stretches are drawn as bars over these, as high as there are draws, and
// nothing in the picture lies between them but what is counted from them.
func TestDrawsByStretchesAreBarsOverThese(t *testing.T) {
	r := Rug{Frame: Frame{Title: "t", Desc: "d", Width: 640}, Stretch: 100, Chains: [][]float64{{150, 150, 150, 150, 250}, {250, 250}}}
	rects := regexp.MustCompile(`class="c-tick" x="([0-9.]+)" y="([0-9.]+)" width="([0-9.]+)" height="([0-9.]+)"`).FindAllStringSubmatch(string(r.SVG()), -1)
	if len(rects) != 3 {
		t.Fatalf("%d bars, want one a stretch with draws in it: 3", len(rects))
	}
	if high := []string{rects[0][4], rects[1][4], rects[2][4]}; !slices.Equal(high, []string{"32", "8", "16"}) {
		t.Errorf("bars of 4, 1 and 2 draws are %v high", high)
	}
	if rects[1][1] != rects[2][1] || rects[0][3] != rects[1][3] {
		t.Error("bars of one stretch do not stand over each other, or stretches are not of one width")
	}
	if got := r.Table().Rows[0][2]; got != "100 – 300" {
		t.Errorf("draws in the stretches at 150 and 250 range over %s", got)
	}
	if r.Plain = true; strings.Contains(string(r.SVG()), "the runs agree") || !strings.Contains(fmt.Sprint(r.Table()), "the runs agree") {
		t.Error("the verdict is in the picture, or not in its table")
	}
}

// 100 is in the middle between 10 and 1,000 by logarithm.
func TestScalesPutValuesWhereTheyBelong(t *testing.T) {
	s := newScale(100, 500, true, 10, 1000)
	if got := s.at(100); math.Abs(got-300) > 1e-9 {
		t.Errorf("100 between 10 and 1000 lies at %g, want 300", got)
	}
	l := newScale(0, 10, false, 0, 1)
	if got := fmt.Sprint(l.ticks(5)); got != "[0 0.2 0.4 0.6000000000000001 0.8 1]" {
		t.Errorf("ticks %s", got)
	}
	for v, want := range map[float64]string{1234567: "1\u202f234\u202f567", 0.25: "0.25", 12.5: "12.5", 999: "999", -3: "−3"} {
		if got := number(v); got != want {
			t.Errorf("number(%g) = %q, want %q", v, got, want)
		}
	}
}
