package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/verification"
)

// stories are what three people told: the second in the words of the first, the third of
// the same cell in words of her own.
var stories = [3]string{
	"그날 밤 국경 경비대가 우리를 잡아서 온성 보위부로 끌고 갔고 거기서 열흘 동안 매일 교회에 간 적이 있는지 남조선 사람을 만났는지 물으면서 각목으로 때렸다",
	"저도 들었습니다. 그날 밤 국경 경비대가 우리를 잡아서 온성 보위부로 끌고 갔고 거기서 열흘 동안 매일 교회에 간 적이 있는지 남조선 사람을 만났는지 물으면서 각목으로 때렸다고 합니다",
	"나는 그 감방에서 한 달 가까이 지냈다. 심문하는 사람이 선교사 이름을 대라고 했고 대답하지 않으면 벽을 보고 앉혀 두었다. 여자 둘이 맞는 것을 보았다",
}

// teller makes a person with one interview in which a story was told, whose consent covers
// matching where asked.
func teller(t *testing.T, w *app.Workspace, pseudonym, story string, matching bool) (p, interview id.ID) {
	t.Helper()
	p = person(t, w, pseudonym)
	if matching {
		agree(t, w, p, "CO-01", "CS-1", "2004-01-05")
		agree(t, w, p, "CO-02", "CS-1", "2004-01-05")
	}
	interview, unit := w.NewRecord(), w.NewRecord()
	say(t, w, interview, "interview", id.ID{}, "person", p.String(), "date", "2003-04-02")
	say(t, w, unit, "statement_unit", id.ID{}, "interview", interview.String(), "order", "1", "verbatim", story)
	return p, interview
}

// R16 and SP51: a story that two tell in one wording is one source until somebody has read
// both, whatever each says of how it is known.
func TestR16AStoryToldInOneWordingIsOneSource(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, ia := teller(t, w, "Hana", stories[0], true)
	b, ib := teller(t, w, "Duri", stories[1], true)
	c, _ := teller(t, w, "Seri", stories[2], true)
	inc := w.NewRecord()
	tell(t, w, inc, a, "BK-1")
	tell(t, w, inc, b, "BK-1")
	corroborated := app.Argument{Level: verification.Corroborated, Reasons: "two accounts of one cell"}
	_, missing, err := w.StateLevel(t.Context(), inc, corroborated)
	if err != nil || !slices.Contains(missing, verification.NeedsTwo) {
		t.Fatalf("one story in two mouths is two sources: %v, %v", missing, err)
	}
	found, err := w.Independence(t.Context())
	must(t, err)
	if len(found.Retellings) != 1 || found.Sources != 2 || found.Tellings != 3 {
		t.Fatalf("%d tellings, %d sources, %+v", found.Tellings, found.Sources, found.Retellings)
	}
	if r := found.Retellings[0]; !strings.Contains(stories[0], r.Words) || len([]rune(r.Words)) < copiedAtLeast {
		t.Errorf("the shared words are %q", r.Words)
	}
	if len(found.Clusters) != 1 || !slices.Contains(found.Clusters[0], a) || !slices.Contains(found.Clusters[0], b) {
		t.Errorf("clusters %v", found.Clusters)
	}

	// Somebody who was there tells it in her own words.
	tell(t, w, inc, c, "BK-1")
	if _, missing, err = w.StateLevel(t.Context(), inc, corroborated); err != nil || len(missing) > 0 {
		t.Errorf("a second source does not corroborate: %v, %v", missing, err)
	}

	// Read side by side, the two are found to be independent; that is taken back when a
	// dependence is recorded.
	other := w.NewRecord()
	tell(t, w, other, a, "BK-1")
	tell(t, w, other, b, "BK-1")
	if _, err := w.JudgeTellings(t.Context(), ia, ib, "independent", ""); fault.KindOf(err) != fault.Invalid {
		t.Errorf("judged without a reason: %v", err)
	}
	if _, err := w.JudgeTellings(t.Context(), ia, ib, "independent", "both describe what only an eyewitness knows"); err != nil {
		t.Fatal(err)
	}
	if _, missing, err = w.StateLevel(t.Context(), other, corroborated); err != nil || len(missing) > 0 {
		t.Errorf("after both were read: %v, %v", missing, err)
	}
	if _, err := w.JudgeTellings(t.Context(), ib, ia, "quoted_from", "she says so at the end"); err != nil {
		t.Fatal(err)
	}
	third := w.NewRecord()
	tell(t, w, third, a, "BK-1")
	tell(t, w, third, b, "BK-1")
	if _, missing, err = w.StateLevel(t.Context(), third, corroborated); err != nil || !slices.Contains(missing, verification.NeedsTwo) {
		t.Errorf("a recorded quote counts less than the judgement before it: %v, %v", missing, err)
	}
}

// Words that many hold because they were read out are no sign of copying, once somebody
// has said so.
func TestCommonWordingIsNoSignOfCopying(t *testing.T) {
	w := create(t)
	defer w.Close()
	teller(t, w, "Hana", stories[0], true)
	teller(t, w, "Duri", stories[1], true)
	if _, err := w.StateCommonWording(t.Context(), stories[0], "Leaflet read out before the interview"); err != nil {
		t.Fatal(err)
	}
	found, err := w.Independence(t.Context())
	if err != nil || found.Sources != 2 || len(found.Clusters) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
}

// copiedAtLeast is the length in letters that the shared words of the stories have.
const copiedAtLeast = 60

// R05: who did not consent to matching with other accounts is not compared.
func TestR05TestimoniesAreComparedOnlyWithConsent(t *testing.T) {
	w := create(t)
	defer w.Close()
	teller(t, w, "Hana", stories[0], true)
	teller(t, w, "Duri", stories[1], false)
	found, err := w.Independence(t.Context())
	if err != nil || found.Tellings != 1 || len(found.Retellings) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
}

// A dependence that is recorded between the passages that accounts rest on joins those who
// speak in them, and two interviews of one person are one source.
func TestDependencesOfPassagesAndInterviewsReachTheTellers(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, ia := teller(t, w, "Hana", stories[0], false)
	b, _ := teller(t, w, "Seri", stories[2], false)
	inc := w.NewRecord()
	again := w.NewRecord()
	say(t, w, again, "interview", id.ID{}, "person", a.String(), "date", "2005-01-01")
	tell(t, w, inc, ia, "BK-1")
	tell(t, w, inc, again, "BK-1")
	corroborated := app.Argument{Level: verification.Corroborated, Reasons: "two accounts of one cell"}
	if _, missing, err := w.StateLevel(t.Context(), inc, corroborated); err != nil || !slices.Contains(missing, verification.NeedsTwo) {
		t.Errorf("two interviews of one person are two sources: %v, %v", missing, err)
	}
	tell(t, w, inc, b, "BK-1")
	if as, err := w.Assess(t.Context(), inc, corroborated); err != nil || len(as.Missing) > 0 || len(as.Clusters) != 2 {
		t.Errorf("a second person does not corroborate: %+v, %v", as, err)
	}
}

// What the comparison of words found is remembered over what cannot change it, and is what
// comparing anew finds, whatever is recorded; nothing of it outlives an erasure.
func TestRememberedWordingsAreThoseComparedAnew(t *testing.T) {
	w := create(t)
	defer w.Close()
	ctx := t.Context()
	var people []id.ID
	for i, story := range stories {
		p, _ := teller(t, w, fmt.Sprint("Teller-", i), story, true)
		people = append(people, p)
	}
	kept := 0
	same := func(what string) *app.Independence {
		t.Helper()
		if w.WordingsAreKept() {
			kept++
		}
		got, err := w.Independence(ctx)
		must(t, err)
		w.ForgetWordings()
		want, err := w.Independence(ctx)
		must(t, err)
		if fmt.Sprint(*got) != fmt.Sprint(*want) {
			t.Errorf("%s: remembered %+v, compared anew %+v", what, *got, *want)
		}
		return want
	}
	first := same("at first")
	if len(first.Retellings) == 0 {
		t.Fatal("no words are shared: nothing is tested")
	}
	say(t, w, w.NewRecord(), "incident", id.ID{}, "type", "MT02.1", "date", "2001", "person", people[0].String())
	same("after an incident")
	r := first.Retellings[0]
	_, err := w.JudgeTellings(ctx, r.A.Interview, r.B.Interview, "independent", "two cells of one house")
	must(t, err)
	if got := same("after a judgement"); got.Retellings[0].Judged != "independent" {
		t.Errorf("judged %q", got.Retellings[0].Judged)
	}
	if kept < 2 {
		t.Errorf("remembered %d times: nothing is tested", kept)
	}
	agree(t, w, r.A.Teller, "CO-02", "CS-3", "2020-01-01")
	for _, x := range same("after a withdrawal").Retellings {
		if x.A.Teller == r.A.Teller || x.B.Teller == r.A.Teller {
			t.Error("who withdrew is compared")
		}
	}
	_, err = w.Erase(ctx, people[1], "asked for it")
	must(t, err)
	if w.WordingsAreKept() {
		t.Error("words are remembered after somebody was erased")
	}
}
