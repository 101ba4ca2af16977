package latin

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var family = []string{"김철수", "이철수", "김영희", "박영희", "리설주", "최정호", "정명화", "강은혜", "장성택", "제갈량", "남궁민", "임수경", "유관순", "노무현", "김정일", "황보관", "류미영", "한"}

func best(t testing.TB, latin string) string {
	t.Helper()
	got := NewRanker(Default(), family).Rank(latin, 1)
	if len(got) == 0 {
		return ""
	}
	return family[got[0].Index]
}

func TestOneNameInEverySystemAndOrder(t *testing.T) {
	for _, tc := range [][2]string{
		{"Kim Chol-su", "김철수"}, {"Gim Cheolsu", "김철수"}, {"Kim Ch'ŏl-su", "김철수"}, {"Kim Chul Soo", "김철수"}, {"KIM Chol Su", "김철수"}, {"KIM, Chol Su", "김철수"}, {"Kim, Cheol-soo", "김철수"},
		{"Chol-su Kim", "김철수"}, {"Chol Su KIM", "김철수"}, {"kimcholsu", "김철수"}, {"Kim-Chol-Su", "김철수"}, {"Jin Zhezhu", "김철수"}, {"Zhezhu Jin", "김철수"}, {"Ким Чхольсу", "김철수"}, {"Kim Chölsu", "김철수"},
		{"Lee Chul-soo", "이철수"}, {"Ri Sol Ju", "리설주"}, {"Ri Sŏl-chu", "리설주"}, {"Park Young-hee", "박영희"}, {"Pak Yong Hui", "박영희"}, {"Ch'oe Chŏngho", "최정호"}, {"Choi Jung-ho", "최정호"}, {"Choe Jong Ho", "최정호"}, {"Cui Zhenghao", "최정호"},
		{"Jang Song-thaek", "장성택"}, {"Chang Sŏngt'aek", "장성택"}, {"Zhuge Liang", "제갈량"}, {"Nam Gung Min", "남궁민"}, {"Namkoong Min", "남궁민"}, {"Im Su-kyong", "임수경"}, {"Lim Soo-kyung", "임수경"}, {"Rim Su Gyong", "임수경"},
		{"Roh Moo-hyun", "노무현"}, {"Yu Gwan-sun", "유관순"}, {"Ryu Mi Yong", "류미영"}, {"Kim Jong-il", "김정일"}, {"Jin Zhengri", "김정일"}, {"Hwangbo Kwan", "황보관"},
	} {
		if got := best(t, tc[0]); got != tc[1] {
			t.Errorf("%s is taken for %s, want %s", tc[0], got, tc[1])
		}
	}
	for _, s := range []string{"", " ", "123", "-", "김철수"} {
		if got := best(t, s); got != "" {
			t.Errorf("%q is taken for %s", s, got)
		}
	}
}

func TestReadings(t *testing.T) {
	show := func(rs []Reading) string {
		var out []string
		for _, r := range rs {
			if r.Weight > 0.02 {
				out = append(out, r.Surname+"/"+strings.Join(r.Given, "-"))
			}
		}
		return strings.Join(out, " ")
	}
	for _, tc := range [][2]string{
		{"Kim Chol-su", "kim/chol-su cholsu/kim"}, {"KIM, Chol Su", "kim/chol-su"}, {"Chol-su Kim", "chol-su"}, {"Chol Su KIM", "chol/su-kim kim/chol-su"}, {"Pak Yŏng-hŭi", "pak/yeong-hui yeonghui/pak"},
		{"Chŏng Ch'ŏl", "jeong/cheol cheol/jeong"}, {"T'ae K'wang", "thae/khwang khwang/thae"},
	} {
		got := show(Read(tc[0]))
		if tc[0] == "Chol-su Kim" {
			if rs := Read(tc[0]); rs[1].Surname != "kim" || rs[1].Weight < 0.9 {
				t.Errorf("Read(%s) = %+v", tc[0], rs)
			}
			continue
		}
		if got != tc[1] {
			t.Errorf("Read(%s) = %s, want %s", tc[0], got, tc[1])
		}
	}
}

func TestWeightsSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z]{1,8}(,? [A-Za-z-]{1,8}){0,3}`)).Draw(t, "name")
		var sum float64
		for _, r := range Read(s) {
			sum += r.Weight
		}
		if len(Read(s)) > 0 && math.Abs(sum-1) > 1e-9 {
			t.Fatalf("Read(%q): weights sum to %v", s, sum)
		}
		sum = 0
		h := rapid.OneOf(rapid.String(), rapid.StringMatching(`[가-힣]{1,5}`)).Draw(t, "hangul")
		for _, r := range ReadHangul(h) {
			sum += r.Weight
		}
		if len(ReadHangul(h)) > 0 && math.Abs(sum-1) > 1e-9 {
			t.Fatalf("ReadHangul(%q): weights sum to %v", h, sum)
		}
	})
}

// The ranker's shared vectors give what the plain recursions give.
func TestTheRankerComputesTheLikelihood(t *testing.T) {
	m := Default()
	r := NewRanker(m, family)
	for _, l := range []string{"Kim Chol-su", "Zhuge Liang", "Cui Zhenghao", "Park Younghee", "Jang Song Thaek", "Han", "Kim, B"} {
		reads := Read(l)
		any := log2(r.somebody(reads))
		for _, got := range r.Rank(l, len(family)) {
			want := m.Likelihood(reads, ReadHangul(family[got.Index]))
			if math.Abs(got.Bits+any-want) > 1e-3 && want > -60 {
				t.Errorf("%s and %s: %.4f bits, by the recursions %.4f", l, family[got.Index], got.Bits+any, want)
			}
		}
	}
}

// Bits of evidence: over the population, a likelihood ratio averages to one.
func TestBitsAreALikelihoodRatio(t *testing.T) {
	m := Default()
	var list []string
	for g := range m.n.given[Passport].by {
		if len([]rune(g)) == 2 {
			list = append(list, g)
		}
	}
	slices.Sort(list)
	var names []string
	var weight []float64
	for _, s := range []string{"김", "이", "박", "최", "정"} {
		for _, g := range list {
			names = append(names, s+g)
			weight = append(weight, m.Frequency(Hangul{Surname: s, Given: []rune(g)}))
		}
	}
	r := NewRanker(m, names)
	for _, l := range []string{"Kim Young-soo", "Lee Ji-hye"} {
		var sum float64
		for _, got := range r.Rank(l, len(names)) {
			sum += weight[got.Index] * math.Exp2(got.Bits)
		}
		// These names are not all there are, so the sum falls short of one.
		if sum > 1.15 || sum < 0.5 {
			t.Errorf("%s: the mean likelihood ratio is %.3f", l, sum)
		}
	}
}

func TestDecodingFindsTheName(t *testing.T) {
	r := NewReader(Default())
	for _, tc := range [][2]string{{"Kim Chol-su", "김 철수"}, {"Park Young-hee", "박 영희"}, {"Chul-soo Lee", "이 철수"}, {"Kim", "김 "}} {
		got := r.Decode(Read(tc[0]), 5)
		if len(got) == 0 || got[0].Surname+" "+got[0].Given != tc[1] {
			t.Errorf("%s is decoded as %+v, want %s", tc[0], got, tc[1])
		}
		var sum float64
		for _, d := range r.Decode(Read(tc[0]), 1000) {
			sum += d.Share
		}
		if sum > 1+1e-6 {
			t.Errorf("%s: shares sum to %v", tc[0], sum)
		}
	}
}

func TestPinyinIsTranscribedByTheTable(t *testing.T) {
	for _, tc := range [][2]string{{"zhang", "장"}, {"de", "더"}, {"jiang", "장"}, {"xiao", "샤오"}, {"ping", "핑"}, {"mao", "마오"}, {"ze", "쩌"}, {"dong", "둥"}, {"zhou", "저우"}, {"en", "언"}, {"lai", "라이"}, {"qu", "취"}, {"jun", "쥔"}, {"xue", "쉐"},
		{"yuan", "위안"}, {"shi", "스"}, {"ri", "르"}, {"jie", "제"}, {"lu", "루"}, {"guo", "궈"}, {"hui", "후이"}, {"wei", "웨이"}, {"er", "얼"}} {
		got, ok := transcribe(tc[0])
		if tc[0] == "en" || tc[0] == "er" { // without an initial
			ok = true
		}
		if got != tc[1] || !ok {
			t.Errorf("%s is %s in Hangul, want %s", tc[0], got, tc[1])
		}
	}
	if got, ok := transcribe("xyz"); ok {
		t.Errorf("xyz is %s", got)
	}
}

var few = []Pair{{"Kim Chol-su", "김철수"}, {"Park Young-hee", "박영희"}, {"Lee Chul-soo", "이철수"}, {"Ri Yong-hui", "리영희"}, {"Choi Young-soo", "최영수"}, {"Li Shimin", "이세민"}}

func TestTrainingIsDeterministicAndTheTableComesBack(t *testing.T) {
	var texts [2]bytes.Buffer
	for i := range texts {
		m, err := Train(context.Background(), few, 3)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Write(&texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(texts[0].Bytes(), texts[1].Bytes()) {
		t.Error("two trainings on the same pairs differ")
	}
	n, err := readCounts(texts[0].String())
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := newModel(n, defaultStrengths).Write(&again); err != nil {
		t.Fatal(err)
	}
	if again.String() != texts[0].String() {
		t.Error("a table read and written is not the same")
	}
	for _, bad := range []string{"y 0 철", "y 99 철 chol:1", "y 0 철 chol:x", "? 0 철 chol:1", "j 0 999 a:1", "c 0 - other:1"} {
		if _, err := readCounts(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestTrainingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ctx, few, 3); err == nil {
		t.Error("went on after it was told to stop")
	}
}

func FuzzRank(f *testing.F) {
	for _, s := range []string{"Kim Chol-su", "KIM, Chol Su", "Ch'oe", "", "-", "a b c d e f g", "Цой", strings.Repeat("kim ", 20)} {
		f.Add(s)
	}
	r := NewRanker(Default(), family)
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return
		}
		var sum float64
		for _, m := range r.Rank(s, len(family)) {
			if math.IsNaN(m.Bits) || math.IsInf(m.Bits, 0) || m.Probability < 0 {
				t.Errorf("%q: %+v", s, m)
			}
			sum += m.Probability
		}
		if sum > 1+1e-6 {
			t.Errorf("%q: probabilities sum to %v", s, sum)
		}
	})
}

// BenchmarkRank ranks one Latin name against 10,000 Hangul ones.
func BenchmarkRank(b *testing.B) {
	all := readLabelled(b)
	list := pool(all)
	r := NewRanker(Default(), list)
	i := 0
	for b.Loop() {
		r.Rank(all[i%len(all)].Latin, 10)
		i++
	}
}
