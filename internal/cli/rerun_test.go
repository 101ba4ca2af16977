package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

// said runs a command in this process.
func said(t *testing.T, args ...string) (code int, out, problems string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, Streams{Out: &o, Err: &e}, app.Options{})
	return code, o.String(), e.String()
}

func writeLines(t *testing.T, file string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// figureCases are a command of every kind of figure that the program prints, over invented
// tables in dir. The first file named after --in is the one the tests change.
func figureCases(t *testing.T, dir string) map[string][]string {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeLines(t, at("lists.csv"), "a,b,c,count", "1,0,0,120", "0,1,0,90", "0,0,1,70", "1,1,0,30", "1,0,1,22", "0,1,1,25", "1,1,1,11")
	answers := []string{"detained,sex,family"}
	stays := []string{"time,status,group"}
	brackets := []string{"left,right"}
	windows := []string{"start_lo,start_hi,end_lo,end_hi"}
	fates := []string{"time,outcome"}
	states := []string{"person,from,to,enter,leave"}
	chains := []string{"id,recruiter,degree,outcome", "c0,seed,4,1", "c1,seed,6,0"}
	survey := []string{"v1,v2,hidden"}
	for i := range 40 {
		answers = append(answers, fmt.Sprintf("%d,%s,f%d", i%3%2, []string{"F", "M"}[i%2], i/4))
		stays = append(stays, fmt.Sprintf("%d,%d,%s", 10+7*i%90, min(1, i%4), []string{"x", "y"}[i%2]))
		brackets = append(brackets, fmt.Sprintf("%d,%d", 3*i%40, 3*i%40+5+i%7))
		windows = append(windows, fmt.Sprintf("%d,%d,%d,%d", i, i+9, i+30+i%11, i+45+i%11))
		fates = append(fates, fmt.Sprintf("%d,%s", 5+11*i%70, []string{"released", "died", ""}[i%3]))
		states = append(states, fmt.Sprintf("p%d,held,%s,0,%d", i, []string{"sent", "free"}[i%2], 4+i%13))
		chains = append(chains, fmt.Sprintf("c%d,c%d,%d,%d", i+2, i/2, 3+i%5, i%3%2))
		survey = append(survey, fmt.Sprintf("%d,%d,%d", i%5, 1+i%3, i%2))
	}
	for name, lines := range map[string][]string{"answers.csv": answers, "stays.csv": stays, "brackets.csv": brackets, "windows.csv": windows,
		"fates.csv": fates, "states.csv": states, "chains.csv": chains, "survey.csv": survey} {
		writeLines(t, at(name), lines...)
	}
	writeLines(t, at("sex.json"), `{"sex": {"F": 700, "M": 500}}`)
	writeLines(t, at("counts.csv"), "place,year,count", "a,2001,40", "a,2002,3", "b,2001,25", "b,2002,31", "c,2001,12", "c,2002,9")
	cases := map[string][]string{
		"share of counts":      {"estimate", "share", "--x", "96", "--n", "236", "--asked", "240", "--threshold", "0.25"},
		"share of a table":     {"estimate", "share", "--in", at("answers.csv"), "--outcome", "detained", "--cluster", "family", "--margins", at("sex.json")},
		"shares of categories": {"estimate", "share", "--count", "12,30,4"},
		"Kaplan-Meier":         {"estimate", "survival", "--in", at("stays.csv"), "--at", "20,60"},
		"Turnbull":             {"estimate", "survival", "--in", at("brackets.csv"), "--draws", "5"},
		"imprecise dates":      {"estimate", "survival", "--in", at("windows.csv"), "--draws", "5"},
		"competing outcomes":   {"estimate", "survival", "--in", at("fates.csv"), "--cause", "died", "--by", "60"},
		"a chain of states":    {"estimate", "survival", "--in", at("states.csv"), "--cause", "sent"},
		"a refused risk":       {"estimate", "survival", "--sample", "survivors", "--cause", "died", "--held", "100", "--had", "40", "--fateless", "53"},
		"rds":                  {"estimate", "rds", "--in", at("chains.csv"), "--population", "200,400", "--draws", "50"},
		"nsum":                 {"estimate", "nsum", "--in", at("survey.csv"), "--known", "v2=400,v1=900", "--population", "100000", "--draws", "50"},
	}
	writeLines(t, at("pass"), "demo")
	if code, out, problems := said(t, "demo", "--no-serve", "--people", "600", "--seed", "7", "--dir", at("w"), "--passphrase-file", at("pass")); code != exitOK {
		t.Fatal(code, out, problems)
	}
	for _, ask := range figure.Asks() {
		cases["workspace "+ask] = append([]string{"figures", "new", "--ask", ask, "--draws", "2"}, openDemo(dir)...)
	}
	for _, m := range []string{"suppress", "round", "check"} {
		cases["disclose "+m] = []string{"disclose", "--in", at("counts.csv"), "--dims", "place,year", "--method", m, "--keep", "place=a"}
	}
	for _, m := range methodNames() {
		cases["mse "+m] = []string{"estimate", "mse", "--in", at("lists.csv"), "--method", m, "--draws", "20", "--steps", "2000"}
	}
	return cases
}

// openDemo are the flags that open the workspace of the cases.
func openDemo(dir string) []string {
	return []string{"--dir", filepath.Join(dir, "w"), "--passphrase-file", filepath.Join(dir, "pass")}
}

func TestEveryKindOfFigureComesOutTheSameToTheLastBit(t *testing.T) {
	dir := t.TempDir()
	for name, args := range figureCases(t, dir) {
		t.Run(name, func(t *testing.T) {
			fig := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".json")
			code, out, problems := said(t, append(args, "--figure", fig, "--json")...)
			if code != exitOK && code != exitRefused {
				t.Fatalf("%v: exit %d\n%s%s", args, code, out, problems)
			}
			var open []string
			if strings.HasPrefix(name, "workspace ") {
				open = openDemo(dir)
			}
			if code, out, problems := said(t, append([]string{"rerun", fig}, open...)...); code != exitOK || out != "the same to the last bit\n" {
				t.Fatalf("rerun: exit %d\n%s%s", code, out, problems)
			}
			at, changed := flipDigit(t, fig)
			code, out, problems = said(t, append([]string{"rerun", changed, "--json"}, open...)...)
			var r rerunResult
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("exit %d: %v\n%s%s", code, err, out, problems)
			}
			if code != exitCorrupt || r.Same || len(r.Differs) != 1 || r.Differs[0].Field != at {
				t.Errorf("exit %d: a digit of %s was changed, and what differs is %v", code, at, r.Differs)
			}
		})
	}
}

// flipDigit changes the last digit of the last number of a figure's result, and returns
// where it stands and the name of the changed file.
func flipDigit(t *testing.T, file string) (field, changed string) {
	t.Helper()
	f, err := readFigure(file)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := exactNumbers(f.Fit, &v); err != nil {
		t.Fatal(err)
	}
	v, field = lastNumber("", v)
	if field == "" {
		t.Fatal("there is no number in the figure")
	}
	f.Fit, err = json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	changed = file + ".flipped"
	if err := f.save(changed); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(field, "."), changed
}

func lastNumber(at string, v any) (changed any, field string) {
	switch v := v.(type) {
	case map[string]any:
		var keys []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		slices.Reverse(keys)
		for _, k := range keys {
			if c, f := lastNumber(at+"."+k, v[k]); f != "" {
				v[k] = c
				return v, f
			}
		}
	case []any:
		for i := len(v) - 1; i >= 0; i-- {
			if c, f := lastNumber(fmt.Sprintf("%s[%d]", at, i), v[i]); f != "" {
				v[i] = c
				return v, f
			}
		}
	case json.Number:
		s := []byte(v)
		i := bytes.LastIndexAny(s, "0123456789")
		if e := bytes.IndexAny(s, "eE"); e > 0 {
			i = e - 1
		}
		s[i] = '0' + (s[i]-'0'+1)%10
		return json.Number(s), at
	}
	return v, ""
}

func TestARerunNamesTheInputThatIsMissingOrChanged(t *testing.T) {
	dir := t.TempDir()
	figureCases(t, dir)
	table, fig := filepath.Join(dir, "answers.csv"), filepath.Join(dir, "figures", "fig.json")
	if err := os.Mkdir(filepath.Dir(fig), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, out, problems := said(t, "estimate", "share", "--in", table, "--outcome", "detained", "--figure", fig); code != exitOK {
		t.Fatal(code, out, problems)
	}
	whole, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}

	writeLines(t, table, strings.Replace(strings.TrimSpace(string(whole)), "1,F", "0,F", 1))
	if code, _, problems := said(t, "rerun", fig); code != exitCorrupt || !strings.Contains(problems, "answers.csv was changed since the figure was made") {
		t.Errorf("changed: exit %d, %s", code, problems)
	}
	if err := os.Remove(table); err != nil {
		t.Fatal(err)
	}
	if code, _, problems := said(t, "rerun", fig); code != exitNotFound || !strings.Contains(problems, "answers.csv, which is not there") || !strings.Contains(problems, "--in") {
		t.Errorf("missing: exit %d, %s", code, problems)
	}
	moved := filepath.Join(dir, "moved.csv")
	if err := os.WriteFile(moved, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, problems := said(t, "rerun", fig, "--in", moved); code != exitOK {
		t.Errorf("moved: exit %d, %s%s", code, out, problems)
	}
	if code, _, problems := said(t, "rerun", fig, "--in", filepath.Join(dir, "stays.csv")); code != exitCorrupt || !strings.Contains(problems, "was changed") {
		t.Errorf("another file: exit %d, %s", code, problems)
	}
}

// A figure is passed from hand to hand: what it says must not become a command that writes
// or opens something.
func TestAFigureOfSomebodyElseWritesNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "overwritten")
	for _, flag := range []string{"svg", "figure", "out", "dir", "passphrase-file", "no-such"} {
		fig := filepath.Join(dir, "fig.json")
		writeLines(t, fig, fmt.Sprintf(`{"format": "amparo figure 1", "kind": "share", "request": {"flags": [{"name": "x", "values": ["3"]}, {"name": "n", "values": ["9"]}, {"name": %q, "values": [%q]}], "inputs": []}, "fit": {}}`, flag, target))
		if code, _, problems := said(t, "rerun", fig); code != exitCorrupt || !strings.Contains(problems, "--"+flag) {
			t.Errorf("--%s: exit %d, %s", flag, code, problems)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("rerun wrote a file")
	}
}

// Rows about people stay where they are: a figure names their file and does not hold them.
func TestAFigureHoldsNoRowsAboutPeople(t *testing.T) {
	dir := t.TempDir()
	args := figureCases(t, dir)["rds"]
	fig := filepath.Join(dir, "fig.json")
	if code, out, problems := said(t, append(args, "--figure", fig)...); code != exitOK {
		t.Fatal(code, out, problems)
	}
	b, err := os.ReadFile(fig)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("c17")) || bytes.Contains(b, []byte(dir)) {
		t.Error("the figure holds a coupon or the folder it was made in")
	}
}
