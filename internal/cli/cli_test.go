package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/vault"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"amparo": func() {
			c := Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
			// Key stretching is measured in the vault's benchmarks; here it would be most
			// of the time.
			os.Exit(run(context.Background(), os.Args[1:], c, app.Options{Params: vault.LightParams}))
		},
	})
}

// The transcripts in testdata run the real commands on real files.
func TestTranscripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOON", time.Now().UTC().AddDate(0, 1, 0).Format("2006-01-02"))
			return os.WriteFile(filepath.Join(e.WorkDir, "p"), []byte("demo\n"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"flip": flip, "json": checkJSON, "exitcode": exitCodeOf, "record": record, "heard": heardPerson, "keep": keepValue,
		},
	})
}

// flip FILE OFFSET: changes one bit; a negative offset counts from the end.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	var at int
	_, err = fmt.Sscan(args[1], &at)
	ts.Check(err)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 4
	ts.Check(os.WriteFile(path, b, 0o600))
}

// json KEY... VALUE: the last command's output is JSON in which the path holds the value.
func checkJSON(ts *testscript.TestScript, neg bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range args[:len(args)-1] {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case []any:
			var i int
			_, err := fmt.Sscan(key, &i)
			ts.Check(err)
			v = m[i]
		}
	}
	if got := fmt.Sprint(v); (got == args[len(args)-1]) == neg {
		ts.Fatalf("%s = %s, want %s", strings.Join(args[:len(args)-1], "."), got, args[len(args)-1])
	}
}

// exitcode N amparo ...: the command ends with this code.
func exitCodeOf(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// record NAME: keeps the first identifier of the last output in $NAME.
func record(ts *testscript.TestScript, _ bool, args []string) {
	for _, w := range strings.FieldsFunc(ts.ReadFile("stdout"), func(r rune) bool { return r == '"' || r == ' ' || r == '\n' || r == ',' }) {
		if len(w) == 26 && strings.Trim(w, "0123456789abcdefghjkmnpqrstvwxyz") == "" {
			ts.Setenv(args[0], w)
			return
		}
	}
	ts.Fatalf("no identifier in the output")
}

// No name, place, word or canary of the demo is in any file of a locked workspace, as
// strings would find it.
func TestALockedWorkspaceShowsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	truthFile := filepath.Join(t.TempDir(), "truth.json")
	code := run(t.Context(), []string{"demo", "--people", "150", "--seed", "7", "--no-serve", "--dir", dir, "--truth", truthFile, "--quiet"},
		Streams{Out: &strings.Builder{}, Err: &strings.Builder{}}, app.Options{Params: vault.LightParams})
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	words := secrets(t, truthFile)
	if len(words) < 800 {
		t.Fatalf("only %d secrets to look for", len(words))
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(b)
		for _, w := range words {
			if strings.Contains(text, w) {
				t.Errorf("%s holds %q", d.Name(), w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func secrets(t *testing.T, truthFile string) []string {
	t.Helper()
	b, err := os.ReadFile(truthFile)
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Persons  []struct{ Hangul, Hanja string }
		Canaries map[string]string
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	out := []string{"보위부", "온성", "회령", "無山", "Onsong", "Hoeryong", "Ryanggang", "pseudonym", "verbatim", "narrative", "interrogat", "police", "incident", "detention_stage", "KP-ONS", "MT02.1", "Bora-00", "Hana-00", "Published account"}
	for _, p := range truth.Persons {
		out = append(out, p.Hangul, p.Hanja)
	}
	for c := range truth.Canaries {
		out = append(out, c)
	}
	return append(out, "강을 건넜습니다", "crossed the river", "maize gruel", "옥수수죽")
}

// R29: what the person put right stands with the words, where a search finds them and where
// the record is shown.
func TestR29TheCommandLineShowsCorrectionsWithTheWords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	opt := app.Options{Params: vault.LightParams}
	w, err := app.Create(t.Context(), dir, []byte("demo"), opt)
	if err != nil {
		t.Fatal(err)
	}
	one := func(s string) []kind.Value { return []kind.Value{kind.Of(s)} }
	interview, unit := w.NewRecord(), w.NewRecord()
	for _, s := range []casebook.Statement{
		{Record: interview, Kind: "interview", Fields: kind.Values{"date": one("2003-04-02"), "person": {{State: kind.Unknown}}}},
		{Record: unit, Kind: "statement_unit", Fields: kind.Values{"interview": one(interview.String()), "order": one("1"), "verbatim": {{Text: "the river that winter", Lang: "en"}}}},
	} {
		if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
	}
	if problems, err := w.StateReadBack(t.Context(), interview, app.ReadBack{Passage: unit, Answer: app.Corrected, Language: "en", Reader: "IV-1", Correction: "it was spring", In: "en"}); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pass := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(pass, []byte("demo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"search", "winter", "--narratives"}, {"search", "winter", "--narratives", "--json"}, {"show", unit.String()}, {"show", unit.String(), "--json"}} {
		var out, bad strings.Builder
		if code := run(t.Context(), append(args, "--dir", dir, "--passphrase-file", pass), Streams{Out: &out, Err: &bad}, opt); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, bad.String())
		}
		if s := out.String(); !strings.Contains(s, "it was spring") || !strings.Contains(s, "IV-1") {
			t.Errorf("%v shows the words without what was put right:\n%s", args, s)
		}
	}
}

// R05: whoever withdrew from documentation is found by no search on the command line, by no
// name, value or word, and in no count.
func TestR05TheCommandLineFindsNobodyWhoWithdrew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	opt := app.Options{Params: vault.LightParams}
	w, err := app.Create(t.Context(), dir, []byte("demo"), opt)
	if err != nil {
		t.Fatal(err)
	}
	state := func(kindName string, rec id.ID, fields kind.Values) {
		t.Helper()
		if _, problems, err := w.State(t.Context(), casebook.Statement{Record: rec, Kind: kindName, Fields: fields}, "save"); err != nil || len(problems) > 0 {
			t.Fatal(kindName, err, problems)
		}
	}
	one := func(s string) []kind.Value { return []kind.Value{kind.Of(s)} }
	person, interview := w.NewRecord(), w.NewRecord()
	state("person", person, kind.Values{"pseudonym": one("Sobaek-7"), "sex": one("f"), "birth": one("1970")})
	state("person_identity", w.NewRecord(), kind.Values{"person": one(person.String()), "names": {{Text: "김철수", Lang: "ko"}}})
	state("interview", interview, kind.Values{"person": one(person.String()), "date": one("2003-04-02")})
	state("statement_unit", w.NewRecord(), kind.Values{"interview": one(interview.String()), "order": one("1"), "verbatim": {{Text: "the river that winter", Lang: "en"}}})
	pass := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(pass, []byte("demo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	found := func(words string) string {
		t.Helper()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var out, bad strings.Builder
		if code := run(t.Context(), []string{"search", "--dir", dir, "--passphrase-file", pass, words, "--narratives", "--json"}, Streams{Out: &out, Err: &bad}, opt); code != 0 {
			t.Fatalf("exit code %d: %s", code, bad.String())
		}
		if w, err = app.Open(t.Context(), dir, []byte("demo"), opt); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	words := []string{"Sobaek", "김철수", "river"}
	for _, s := range words {
		if got := found(s); !strings.Contains(got, `"kind"`) {
			t.Errorf("%q finds nothing before: %s", s, got)
		}
	}
	state("consent", w.NewRecord(), kind.Values{"person": one(person.String()), "purpose": one("CO-01"), "state": one("CS-3"), "date": one("2004-04-02"),
		"language": one("ko"), "method": one("oral"), "text_version": one("2004-1")})
	for _, s := range words {
		if got := found(s); strings.Contains(got, `"kind"`) || !strings.Contains(got, `"total": 0`) {
			t.Errorf("%q finds who withdrew: %s", s, got)
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
