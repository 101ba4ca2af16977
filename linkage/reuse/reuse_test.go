package reuse

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func find(t testing.TB, s Settings, texts ...string) []Shared {
	t.Helper()
	got, err := Find(context.Background(), texts, s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Invented accounts.
const (
	english = "We were held for nine days in a room without a window. On the third night the guard took the old woman outside and she did not come back."
	korean  = "우리는 창문이 없는 방에서 아흐레 동안 갇혀 있었습니다. 사흘째 밤에 보위원이 할머니를 밖으로 데리고 나갔고 돌아오지 않았습니다."
	chinese = "我们在没有窗户的房间里被关了九天。第三天晚上看守把老太太带了出去，她再也没有回来。"
)

func TestACopiedPassageIsFoundInEveryScript(t *testing.T) {
	for _, story := range []string{english, korean, chinese} {
		other := "별개의 이야기입니다. Something else was said before. 另外的话。 "
		got := find(t, Settings{}, other+story, "My cousin told me this: "+strings.ToUpper(story)+" That is all.", "전혀 다른 내용의 증언입니다. Nothing in common at all here, 完全不同。")
		if len(got) != 1 || got[0].A != 0 || got[0].B != 1 {
			t.Fatalf("%.20s: found %+v", story, got)
		}
		if got[0].ShareA < 0.6 || got[0].ShareB < 0.6 {
			t.Errorf("%.20s: shares %.2f and %.2f", story, got[0].ShareA, got[0].ShareB)
		}
		p := got[0].Passages[0]
		if a := (other + story)[p.AFrom:p.ATo]; !strings.HasPrefix(story, a[:6]) {
			t.Errorf("the passage is %q", a)
		}
	}
}

func TestAPromptIsNoReuse(t *testing.T) {
	prompt := "Please tell me in your own order everything that happened to you after the arrest."
	a, b := prompt+" I was taken to the county office and kept there.", prompt+" They asked my sister for money and let her go."
	if got := find(t, Settings{}, a, b); len(got) != 1 {
		t.Errorf("the shared question is not found: %+v", got)
	}
	if got := find(t, Settings{Prompts: []string{prompt}}, a, b); len(got) != 0 {
		t.Errorf("the prompt is taken for reuse: %+v", got)
	}
}

func TestOrdinaryPhrasesAreNoReuse(t *testing.T) {
	got := find(t, Settings{}, "나는 두만강을 건너서 중국으로 갔습니다. 그곳에서 일을 했습니다.", "형은 압록강을 건너서 중국으로 갔습니다. 나중에 붙잡혔습니다.")
	for _, s := range got {
		if len(Suspected(got, 0.2, 30)) > 0 {
			t.Errorf("suspected: %+v", s)
		}
	}
}

func TestSettingsOutOfRangeAreRefused(t *testing.T) {
	if _, err := Find(context.Background(), nil, Settings{Run: 1}); err == nil {
		t.Error("a run of 1 was taken")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(ctx, []string{english}, Settings{}); err == nil {
		t.Error("went on after it was told to stop")
	}
}

// The guarantee of winnowing: a passage of Run + Window - 1 units is always found.
func TestEverySharedPassageOfTheGuaranteedLengthIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{2,5}`)
		words := func(name string, lo, hi int) string {
			return strings.Join(rapid.SliceOfN(word, lo, hi).Draw(t, name), " ")
		}
		shared := words("shared", 9, 20) // 6 + 4 - 1
		a := words("before a", 0, 20) + " " + shared + " " + words("after a", 0, 20)
		b := words("before b", 0, 20) + " " + shared + " " + words("after b", 0, 20)
		got, err := Find(context.Background(), []string{a, b}, Settings{})
		if err != nil || len(got) != 1 || got[0].Longest < 9 {
			t.Fatalf("%q and %q: %+v, %v", a, b, got, err)
		}
	})
}

// Looking for long passages alone leaves none of them out, whatever repeats itself and whatever
// is a prompt.
func TestEveryPassageOfTheLeastLengthIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"we", "crossed", "the", "river", "at", "night", "they", "beat", "him", "there", "in", "cold"})
		words := func(name string, lo, hi int) string {
			return strings.Join(rapid.SliceOfN(word, lo, hi).Draw(t, name), " ")
		}
		prompt, shared := words("prompt", 6, 12), words("shared", 0, 40)
		var texts []string
		for range rapid.IntRange(2, 5).Draw(t, "texts") {
			text := words("before", 0, 20)
			for _, more := range []string{prompt, shared, prompt, shared, words("after", 0, 20)} {
				if rapid.Bool().Draw(t, "with") {
					text += " " + more
				}
			}
			texts = append(texts, text)
		}
		s := Settings{}
		if rapid.Bool().Draw(t, "prompted") {
			s.Prompts = []string{prompt}
		}
		least := rapid.IntRange(9, 30).Draw(t, "least")
		long := func(s Settings) string {
			all, err := Find(context.Background(), texts, s)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(slices.DeleteFunc(all, func(sh Shared) bool { return sh.Longest < least }))
		}
		want := long(s)
		if s.Least = least; long(s) != want {
			t.Fatalf("least %d of %q: %s, want %s", least, texts, long(s), want)
		}
	})
}

func TestATextSharesItselfWhole(t *testing.T) {
	got := find(t, Settings{}, korean, korean)
	if len(got) != 1 || got[0].ShareA != 1 || got[0].ShareB != 1 {
		t.Errorf("%+v", got)
	}
}

func TestClustersAndChains(t *testing.T) {
	deps := []Dependency{{0, 1, SameHousehold, ""}, {1, 2, SharedText, ""}, {4, 5, QuotedFrom, ""}}
	got, err := Clusters(6, deps)
	if err != nil || !reflect.DeepEqual(got, [][]int{{0, 1, 2}, {3}, {4, 5}}) {
		t.Errorf("%v, %v", got, err)
	}
	if got := Chain(6, deps, 2, 0); !slices.Equal(got, []Dependency{deps[1], deps[0]}) {
		t.Errorf("from 2 to 0 by %v", got)
	}
	if got := Chain(6, deps, 0, 3); got != nil {
		t.Errorf("0 and 3 depend by %v", got)
	}
	for _, d := range []Dependency{{0, 9, SamePerson, ""}, {0, 1, "friend", ""}, {-1, 0, SamePerson, ""}} {
		if _, err := Clusters(6, []Dependency{d}); err == nil {
			t.Errorf("%+v was taken", d)
		}
	}
}

func TestLevels(t *testing.T) {
	first, seen, told, rumour := Source{Basis: Experienced}, Source{Basis: Witnessed}, Source{Basis: Told}, Source{Basis: Rumour}
	pattern, document := Source{Role: Pattern}, Source{Role: Document}
	signed := Review{Reasons: true, SignOffs: 2}
	for _, tc := range []struct {
		what    string
		sources []Source
		deps    []Dependency
		review  Review
		want    Level
	}{
		{"nothing", nil, nil, signed, Received},
		{"rumour", []Source{rumour, rumour}, nil, signed, Received},
		{"one account", []Source{first}, nil, signed, Allegation},
		{"one account and rumour", []Source{first, rumour}, nil, signed, Allegation},
		{"two of hearsay", []Source{told, told}, nil, signed, Allegation},
		{"one and a pattern", []Source{first, pattern}, nil, signed, Consistent},
		{"one and a document", []Source{first, document}, nil, signed, Allegation},
		{"two independent", []Source{first, told}, nil, signed, Corroborated},
		{"two of one household", []Source{first, seen}, []Dependency{{0, 1, SameHousehold, ""}}, signed, Allegation},
		{"two in the same words", []Source{first, seen}, []Dependency{{0, 1, SharedText, ""}}, signed, Allegation},
		{"three, two of one journey", []Source{first, seen, told}, []Dependency{{0, 1, SameTravel, ""}}, signed, Corroborated},
		{"corroborated and a document", []Source{first, told, document}, nil, signed, Reasonable},
		{"without reasons", []Source{first, told, document}, nil, Review{SignOffs: 2}, Corroborated},
		{"one sign-off", []Source{first, told, document}, nil, Review{Reasons: true, SignOffs: 1}, Corroborated},
		{"a report that quotes the account", []Source{first, pattern}, []Dependency{{1, 0, QuotedFrom, ""}}, signed, Allegation},
		{"hearsay retold as one's own", []Source{told, told, first}, []Dependency{{2, 0, QuotedFrom, ""}}, signed, Allegation},
		{"rumours that quote each other, and one who says the same after the same prompt", []Source{rumour, rumour, first},
			[]Dependency{{0, 1, QuotedFrom, ""}, {1, 0, QuotedFrom, ""}, {2, 1, SamePrompt, ""}}, signed, Received},
		{"two accounts, and a pattern that rests on a rumour", []Source{first, told, rumour, pattern}, []Dependency{{2, 3, SamePerson, ""}}, signed, Corroborated},
		{"hearsay in the words of one who says he was there", []Source{told, told, first}, []Dependency{{2, 0, SharedText, ""}}, signed, Allegation},
	} {
		got, err := Ceiling(tc.sources, tc.deps, tc.review)
		if err != nil || got.Level != tc.want {
			t.Errorf("%s: %+v, %v, want %v", tc.what, got, err, tc.want)
		}
	}
}

// Whatever a copy claims to be, it never raises a level.
func TestACopiedStoryNeverRaisesALevel(t *testing.T) {
	source := rapid.Custom(func(t *rapid.T) Source {
		return Source{Role: Role(rapid.IntRange(0, 2).Draw(t, "role")), Basis: Basis(rapid.IntRange(0, 4).Draw(t, "basis"))}
	})
	kinds := []Kind{SamePerson, SameHousehold, SameTravel, SamePrompt, SameArticle, QuotedFrom, SharedText}
	// Circles of quotes are rare in what is drawn, so half of the worlds are made of them.
	circles := []Kind{QuotedFrom, QuotedFrom, SamePrompt}
	rapid.Check(t, func(t *rapid.T) {
		sources := rapid.SliceOfN(source, 1, 8).Draw(t, "sources")
		n := len(sources)
		var deps []Dependency
		from := kinds
		if rapid.Bool().Draw(t, "circles") {
			from = circles
		}
		for range rapid.IntRange(0, 8).Draw(t, "dependencies") {
			deps = append(deps, Dependency{rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b"), rapid.SampledFrom(from).Draw(t, "kind"), ""})
		}
		review := Review{Reasons: rapid.Bool().Draw(t, "reasons"), SignOffs: rapid.IntRange(0, 3).Draw(t, "sign-offs")}
		before, err := Ceiling(sources, deps, review)
		if err != nil {
			t.Fatal(err)
		}
		copied := slices.Clone(deps)
		for range rapid.IntRange(1, 3).Draw(t, "copies of") {
			copied = append(copied, Dependency{n, rapid.IntRange(0, n-1).Draw(t, "original"), rapid.SampledFrom([]Kind{SamePrompt, SameArticle, QuotedFrom, SharedText}).Draw(t, "how"), ""})
		}
		after, err := Ceiling(append(slices.Clone(sources), source.Draw(t, "copy")), copied, review)
		if err != nil {
			t.Fatal(err)
		}
		if after.Level > before.Level || after.Clusters > before.Clusters {
			t.Fatalf("%v with %d clusters became %v with %d", before.Level, before.Clusters, after.Level, after.Clusters)
		}
	})
}

// The order of sources and dependencies does not matter.
func TestTheLevelDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "n")
		sources := make([]Source, n)
		for i := range sources {
			sources[i] = Source{Role: Role(rapid.IntRange(0, 2).Draw(t, "role")), Basis: Basis(rapid.IntRange(0, 4).Draw(t, "basis"))}
		}
		var deps []Dependency
		for range rapid.IntRange(0, 6).Draw(t, "dependencies") {
			deps = append(deps, Dependency{rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b"), rapid.SampledFrom([]Kind{SameHousehold, QuotedFrom, SharedText}).Draw(t, "kind"), ""})
		}
		order := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		})).Draw(t, "order")
		moved, movedDeps := make([]Source, n), make([]Dependency, len(deps))
		for i, to := range order {
			moved[to] = sources[i]
		}
		for i, d := range deps {
			movedDeps[len(deps)-1-i] = Dependency{order[d.A], order[d.B], d.Kind, ""}
		}
		a, err1 := Ceiling(sources, deps, Review{})
		b, err2 := Ceiling(moved, movedDeps, Review{})
		if err1 != nil || err2 != nil || a != b {
			t.Fatalf("%+v and %+v, %v, %v", a, b, err1, err2)
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add(english, korean)
	f.Add(korean, korean+chinese)
	f.Add("\xff\xfe", "")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := Find(context.Background(), []string{a, b}, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range got {
			if s.ShareA > 1 || s.ShareB > 1 || math.IsNaN(s.ShareA) {
				t.Errorf("shares %v and %v", s.ShareA, s.ShareB)
			}
			for _, p := range s.Passages {
				if p.AFrom < 0 || p.ATo > len(a) || p.BTo > len(b) || p.AFrom > p.ATo || p.BFrom > p.BTo {
					t.Errorf("%+v lies outside", p)
				}
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	var texts []string
	for i := range 1000 {
		texts = append(texts, strings.Repeat(string(rune(0xAC00+i*7%11000))+"는 말했다 "+string(rune(0xAC00+i*13%11000))+string(rune(0xAC00+i*29%11000)), 100))
	}
	texts = append(texts, korean, korean)
	for b.Loop() {
		if _, err := Find(context.Background(), texts, Settings{}); err != nil {
			b.Fatal(err)
		}
	}
}

// What is found when texts come one after the other is what is found among all of them.
func TestTextsThatComeLaterAreFoundAsAllAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"river", "winter", "guard", "night", "bread", "snow", "border", "truck", "cell", "mother", "강을", "건너", "새벽"})
		texts := make(inMemory, rapid.IntRange(2, 12).Draw(t, "texts"))
		for i := range texts {
			texts[i] = strings.Join(rapid.SliceOfN(word, 0, 60).Draw(t, "words"), " ")
			if i > 0 && rapid.Bool().Draw(t, "retold") {
				texts[i] += " " + texts[rapid.IntRange(0, i-1).Draw(t, "from")]
			}
		}
		fresh := map[int]bool{}
		for i := range texts {
			fresh[i] = rapid.Bool().Draw(t, "later")
		}
		all, err := Find(t.Context(), texts, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		var want []Shared
		for _, s := range all {
			if fresh[s.A] || fresh[s.B] {
				want = append(want, s)
			}
		}
		got, err := FindIn(t.Context(), texts, func(i int) bool { return fresh[i] }, Settings{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\ngot %v\nwant %v", err, got, want)
		}
	})
}
