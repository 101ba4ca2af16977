package app_test

import (
	"math"
	"path/filepath"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// Two members code the same twelve incidents apart: agreement field by field, and a list
// of disputes that a choice with its reason settles. The agency is coded as Krippendorff's
// (2011) two observers did: a a b b d c c c e d d a and b a b b b c c c e d d d, alpha
// 0.692.
func TestTwoMembersWhoCodeApartAreComparedAndAdjudicated(t *testing.T) {
	w := create(t)
	defer w.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	code := map[byte]string{'a': "AG-SSD", 'b': "AG-MPS", 'c': "AG-PSB", 'd': "AG-CNBD", 'e': "AG-NIS"}
	var recs []id.ID
	for _, c := range []byte("aabbdcccedda") {
		rec := w.NewRecord()
		recs = append(recs, rec)
		say(t, w, rec, "incident", id.ID{}, "type", "MT02.1", "agency", code[c])
	}
	exchange(t, dir, w, second)
	for i, c := range []byte("babbbccceddd") {
		say(t, second, recs[i], "incident", id.ID{}, "type", "MT02.1", "agency", code[c])
	}
	exchange(t, dir, second, w)
	me, they := w.KeySummary().Member, second.KeySummary().Member
	got, err := w.Desk().Agreement(t.Context(), "incident", me, they, 1)
	if err != nil {
		t.Fatal(err)
	}
	byField := map[string]app.FieldAgreement{}
	for _, f := range got {
		byField[f.Field] = f
	}
	a := byField["agency"]
	if a.Units != 12 || a.Equal != 9 || len(a.Disputes) != 3 || math.Abs(float64(a.Alpha.Point)-0.692) > 0.0005 {
		t.Errorf("agency: %d units, %d equal, %d disputes, alpha %.3f", a.Units, a.Equal, len(a.Disputes), float64(a.Alpha.Point))
	}
	if r := byField["type"].Alpha.Refusal; r == nil || r.Code != "no_variation" {
		t.Errorf("a field that never varies is measured: %+v", byField["type"].Alpha)
	}
	d := a.Disputes[0]
	if err := w.Choose(t.Context(), d.Record, "agency", d.Accounts[1], "the passage names the police"); err != nil {
		t.Fatal(err)
	}
	if got, err = w.Desk().Agreement(t.Context(), "incident", me, they, 1); err != nil {
		t.Fatal(err)
	}
	for _, f := range got {
		if f.Field == "agency" && (!f.Disputes[0].Chosen || f.Disputes[1].Chosen || f.Equal != 9) {
			t.Errorf("after adjudication: %+v", f.Disputes)
		}
	}
	if _, err := w.Desk().Agreement(t.Context(), "incident", me, me, 1); err == nil {
		t.Error("one member is compared with himself")
	}
}
