package cli

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// heard DIR NAME PARTNER VAR: records somebody of that name who was heard and allows
// matching with the partner; the person is kept in $VAR.
func heardPerson(ts *testscript.TestScript, _ bool, args []string) {
	pass, _, _ := strings.Cut(ts.ReadFile("p"), "\n")
	ctx := context.Background()
	w, err := app.Open(ctx, ts.MkAbs(args[0]), []byte(pass), app.Options{})
	ts.Check(err)
	defer func() { ts.Check(w.Close()) }()
	person := w.NewRecord().String()
	consent := []string{"consent", "person", person, "state", "CS-1", "date", "2020-01-02", "language", "ko", "method", "oral", "text_version", "1", "purpose"}
	for _, s := range [][]string{
		{"person", "pseudonym", "Hana", "sex", "f", "birth", "1975"},
		{"person_identity", "person", person, "names", args[1]},
		{"interview", "person", person, "date", "2020-01-02"},
		append(consent[:len(consent):len(consent)], "CO-02"),
		append(consent[:len(consent):len(consent)], "CO-10", "recipients", args[2]),
	} {
		st := casebook.Statement{Record: w.NewRecord(), Kind: s[0], Fields: kind.Values{}}
		for i := 1; i < len(s); i += 2 {
			st.Fields[s[i]] = []kind.Value{kind.Of(s[i+1])}
		}
		if s[0] == "person" {
			st.Record, err = id.Parse(person)
			ts.Check(err)
		}
		_, problems, err := w.State(ctx, st, "save")
		ts.Check(err)
		if len(problems) > 0 {
			ts.Fatalf("%v", problems)
		}
	}
	ts.Setenv(args[3], person)
}

// keep NAME KEY...: keeps a value of the last output's JSON in $NAME.
func keepValue(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for _, key := range args[1:] {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case []any:
			v = m[0]
		}
	}
	s, ok := v.(string)
	if !ok {
		ts.Fatalf("%v is no text", args[1:])
	}
	ts.Setenv(args[0], s)
}
