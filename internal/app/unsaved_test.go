package app_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

func TestWhatWasTypedSurvivesKill(t *testing.T) {
	w := create(t)
	dir := w.Dir()
	must(t, w.Close())
	for _, after := range []time.Duration{40 * time.Millisecond, 90 * time.Millisecond, 170 * time.Millisecond} {
		typed, last := child(t, dir, after, childTypes+"=1")
		for range 20 { // a slow machine gets more time
			if len(typed) > 0 {
				break
			}
			after *= 2
			typed, last = child(t, dir, after, childTypes+"=1")
		}
		if len(typed) == 0 {
			t.Fatalf("nothing was kept: %s", last)
		}
		again, err := app.Open(t.Context(), dir, pass, quick)
		must(t, err)
		u, ok, err := again.Unsaved(t.Context(), "/new/incident")
		must(t, err)
		older := func(x id.ID) bool { return ok && x.String() == u.Values[0][1] } // one that was not acknowledged any more is newer
		if !ok || slices.ContainsFunc(typed[:len(typed)-1], older) {
			t.Errorf("kept %v, acknowledged last %s", u.Values, typed[len(typed)-1])
		}
		must(t, again.Close())
	}
}

func TestUnsavedFormsAreKeptSealedAndForgotten(t *testing.T) {
	w := create(t)
	values := [][2]string{{"names", "김철수"}, {"narrative", "온성 보위부"}, {"narrative", "again"}}
	must(t, w.KeepUnsaved(t.Context(), "/new/person", [][2]string{{"names", "first"}}))
	must(t, w.KeepUnsaved(t.Context(), "/new/person", values))
	must(t, w.KeepUnsaved(t.Context(), "/new/journey", nil))
	if err := w.KeepUnsaved(t.Context(), "/new/case", [][2]string{{"x", strings.Repeat("x", 3<<20)}}); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("3 MB: %v", err)
	}
	w = reopen(t, w)
	defer w.Close()
	u, ok, err := w.Unsaved(t.Context(), "/new/person")
	if err != nil || !ok || !reflect.DeepEqual(u.Values, values) {
		t.Fatalf("%v %v %v", u.Values, ok, err)
	}
	files, err := filepath.Glob(filepath.Join(w.Dir(), "unsaved.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || strings.Contains(string(b), "김철수") || strings.Contains(string(b), "/new/person") {
			t.Errorf("%s shows what was typed (%v)", filepath.Base(f), err)
		}
	}
	before := dump(t, w)
	must(t, w.DropUnsaved(t.Context(), "/new/person"))
	if all, err := w.UnsavedForms(t.Context()); err != nil || len(all) != 1 || all[0].Form != "/new/journey" {
		t.Errorf("%v %v", all, err)
	}
	if dump(t, w) != before {
		t.Error("what was typed is in the index")
	}
}

// An erasure takes along what was typed about the person, on whatever record of theirs, and
// what names nobody.
func TestAnErasureTakesAlongWhatWasTyped(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := testimony(t, w, "Hana", "김철수", "x"), testimony(t, w, "Duri", "Ri Yong-hui", "y")
	must(t, w.KeepUnsaved(t.Context(), "/new/incident?person="+a.person.String(), [][2]string{{"narrative", "about Hana"}}))
	must(t, w.KeepUnsaved(t.Context(), "/new/leg", [][2]string{{"interview", a.interview.String()}}))
	must(t, w.KeepUnsaved(t.Context(), "/record/"+b.person.String()+"/consent", [][2]string{{"purpose", "CO-01"}}))
	must(t, w.KeepUnsaved(t.Context(), "/new/person", [][2]string{{"pseudonym", "nobody knows"}}))
	_, err := w.Erase(t.Context(), a.person, "her wish")
	must(t, err)
	all, err := w.UnsavedForms(t.Context())
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Form, b.person.String()) {
		t.Errorf("%v %v", all, err)
	}
}

// An erasure on another device takes along what was typed on this one, once they meet.
func TestAnErasureElsewhereTakesAlongWhatWasTypedHere(t *testing.T) {
	w := create(t)
	defer w.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general", "identities")
	a, b := testimony(t, w, "Hana", "김철수", "x"), testimony(t, w, "Duri", "Ri Yong-hui", "y")
	exchange(t, dir, w, second)
	for _, p := range []people{a, b} {
		must(t, second.KeepUnsaved(t.Context(), "/new/incident?person="+p.person.String(), [][2]string{{"narrative", "typed"}}))
	}
	_, err := w.Erase(t.Context(), a.person, "her wish")
	must(t, err)
	exchange(t, dir, w, second)
	all, err := second.UnsavedForms(t.Context())
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Form, b.person.String()) {
		t.Errorf("%v %v", all, err)
	}
}
