package app_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/kind"
)

// everyType declares a kind with a field of every type the schema language has.
func everyType(t *testing.T, w *app.Workspace) map[kind.Type][]string {
	t.Helper()
	target := w.NewRecord()
	say(t, w, target, "person", id.ID{}, "pseudonym", "Hana", "sex", "f")
	samples := map[kind.Type][]string{
		kind.TypeText: {"보위부 | 사람", "=1+1", "@@home", `a\|b`, "'tis", "two\nlines"}, kind.TypeTerm: {"f", "m"}, kind.TypeDate: {"2003-04", "1997/1999", "spring 2003", "../1999", "1998~"},
		kind.TypeAge: {"34", "30~39"}, kind.TypeDuration: {"보름", "10 days"}, kind.TypeQuantity: {"12 kg"}, kind.TypeMoney: {"3000 CNY"}, kind.TypePlace: {"KP-ONS", "KP/North Hamgyong"},
		kind.TypeLink: {target.String()}, kind.TypeYesNo: {"yes", "no"}, kind.TypeFile: {"sha256:" + strings.Repeat("ab", 32) + ";12;image/png"}, kind.TypePassage: {target.String() + "#3-9"}, kind.TypeNumber: {"12.5", "-3"},
	}
	var b strings.Builder
	b.WriteString("kinds:\n- kind: x_every\n  group: analysis\n  order: 900\n  label: {en: Every, ko: 모두, zh: 全部}\n  plural: {en: Every, ko: 모두, zh: 全部}\n  help: {en: All., ko: 모두., zh: 全部。}\n  compartment: general\n  title: [x_text]\n  list: [x_text]\n  fields:\n")
	for _, typ := range slices.Sorted(maps.Keys(samples)) {
		vocabulary := ""
		if typ == kind.TypeTerm {
			vocabulary = ", vocabulary: sex"
		}
		for _, repeat := range []string{"", "s"} {
			fmt.Fprintf(&b, "  - {name: x_%s%s, type: %s, class: coded, repeat: %v%s, label: {en: x, ko: x, zh: x}}\n", typ, repeat, typ, repeat != "", vocabulary)
		}
	}
	if err := w.Declare(t.Context(), []byte(b.String())); err != nil {
		t.Fatal(err)
	}
	return samples
}

// Every type of field, every state, and several values survive both ways out and in:
// the full export into an empty workspace, and a table into the workspace it came from.
func TestEveryTypeOfFieldComesBackTheSame(t *testing.T) {
	a := create(t)
	defer a.Close()
	samples := everyType(t, a)
	if len(samples) != 13 {
		t.Fatalf("%d types of field have samples, the schema language has 13", len(samples))
	}
	states := []string{"@unknown", "@refused", "@not-asked", "@none"}
	for i := range 6 {
		var fields []string
		for typ, texts := range samples {
			fields = append(fields, "x_"+string(typ), texts[i%len(texts)])
			for _, text := range texts {
				fields = append(fields, "x_"+string(typ)+"s", text)
			}
			fields = append(fields, "x_"+string(typ)+"s", states[i%4])
		}
		say(t, a, a.NewRecord(), "x_every", id.ID{}, fields...)
	}
	for _, state := range states {
		var fields []string
		for typ := range samples {
			fields = append(fields, "x_"+string(typ), state)
		}
		say(t, a, a.NewRecord(), "x_every", id.ID{}, fields...)
	}
	before := records(dump(t, a))
	for _, format := range []string{"csv", "xlsx", "json"} {
		out := exportTable(t, a, app.TableOptions{Kind: "x_every", Format: format})
		if rep := importFiles(t, a, "", app.ImportOptions{}, file{"every." + format, out})[0]; rep.Known != 10 || rep.Stored != 0 {
			t.Errorf("%s: %+v\n%s", format, rep, out)
		}
	}
	if after := records(dump(t, a)); after != before {
		t.Error("the tables changed the records they came from: " + firstDiff(after, before))
	}
	// into a workspace that has the kind but not the records
	c := create(t)
	defer c.Close()
	everyType(t, c)
	rep := importFiles(t, c, "", app.ImportOptions{}, file{"every.csv", exportTable(t, a, app.TableOptions{Kind: "x_every", Format: "csv"})})[0]
	if rep.Stored != 10 || rep.Refused != 0 {
		t.Errorf("%+v", rep)
	}
	if got, want := exportTable(t, c, app.TableOptions{Kind: "x_every", Format: "json"}), exportTable(t, a, app.TableOptions{Kind: "x_every", Format: "json"}); sortLines(got) != sortLines(want) {
		t.Error("the records of the table differ: " + firstDiff(sortLines(got), sortLines(want)))
	}

	dir := filepath.Join(t.TempDir(), "out")
	if _, err := a.Export(t.Context(), dir, app.ExportOptions{Purpose: "test", Recipient: "self"}, nil); err != nil {
		t.Fatal(err)
	}
	b := create(t)
	defer b.Close()
	if in, err := b.ImportPacket(t.Context(), dir, nil); err != nil || in.Refused != 0 {
		t.Fatalf("%+v, %v", in, err)
	}
	if err := b.Rebuild(t.Context(), nil); err != nil { // the kind came with the packet
		t.Fatal(err)
	}
	if got := records(dump(t, b)); got != before {
		t.Error("the imported workspace differs: " + firstDiff(got, before))
	}
}

func sortLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "},", "}"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
