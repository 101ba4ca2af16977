package world

import (
	"maps"
	"slices"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/where"
)

// Sentences of invented testimony, Korean beside English. %P is a place, %S a season
// and year, %D a duration. They imitate nobody's words.
var sentences = map[string][][2]string{
	"before": {
		{"우리 집은 %P에 있었습니다. 배급이 끊긴 뒤로는 산나물과 옥수수죽으로 살았습니다.", "Our house was in %P. After the rations stopped we lived on wild greens and maize gruel."},
		{"아버지가 탄광에서 다치신 뒤 먹을 것을 구할 사람이 저밖에 없었습니다.", "After my father was hurt in the mine there was nobody but me to find food."},
		{"장마당에서 천을 팔았는데 단속이 심해져서 밑천을 다 잃었습니다.", "I sold cloth in the market, but the raids grew worse and I lost all I had put in."},
		{"동생이 앓다가 죽은 뒤 어머니가 저에게 강을 건너라고 하셨습니다.", "After my younger sibling fell ill and died, my mother told me to cross the river."},
		{"성분이 나쁘다고 학교도 군대도 막혔습니다. 그때부터 다른 길을 생각했습니다.", "Because our background was called bad, school and army were closed to me. From then on I thought of another way."},
	},
	"crossing": {
		{"%S에 %P 쪽에서 강을 건넜습니다. 얼음이 갈라지는 소리를 아직도 기억합니다.", "In %S I crossed the river near %P. I still remember the sound of the ice cracking."},
		{"밤에 물이 허리까지 찼습니다. %P 근처였고 %S이었습니다.", "At night the water came up to my waist. It was near %P, in %S."},
		{"%S, 한 아주머니가 일자리가 있다고 해서 따라나섰습니다. %P에서 건넜습니다.", "In %S a woman said there was work, so I followed her. We crossed at %P."},
	},
	"sold": {
		{"건너와서야 제가 팔린 것을 알았습니다. 값이 얼마라고 저를 앞에 두고 흥정했습니다.", "Only after crossing did I learn that I had been sold. They bargained over the price in front of me."},
		{"그 집에서는 밖에서 문을 잠갔습니다. 도망가면 신고하겠다고 했습니다.", "In that house they locked the door from outside. They said they would report me if I ran."},
		{"말을 알아듣지 못해서 며칠 동안 무슨 일이 벌어지는지도 몰랐습니다.", "I could not understand the language, so for days I did not know what was happening."},
	},
	"hiding": {
		{"산골 마을에서 옥수수밭 일을 하며 숨어 지냈습니다. 해가 지면 불을 켜지 않았습니다.", "I hid in a mountain village, working in the maize fields. After sunset we lit no lamp."},
		{"식당에서 설거지를 했는데 주인이 삯을 주지 않고 공안에 알리겠다고 했습니다.", "I washed dishes in a restaurant; the owner did not pay me and said he would tell the police."},
		{"개 짖는 소리만 나도 뒷산으로 뛰었습니다. 겨울에는 볏짚 속에서 잤습니다.", "Whenever a dog barked I ran to the hill behind. In winter I slept in the straw."},
		{"아이가 태어났지만 호구를 올릴 수 없어서 학교에 보낼 수 없었습니다.", "A child was born, but could not be registered, and so could not go to school."},
	},
	"arrest": {
		{"%S 새벽에 공안이 들이닥쳤습니다. 옷도 제대로 입지 못하고 끌려갔습니다.", "In %S the police burst in at dawn. I was dragged off without being able to dress."},
		{"길에서 신분증을 보자고 했습니다. 대답을 못 하자 바로 수갑을 채웠습니다.", "They asked for papers in the street. When I could not answer they put handcuffs on me at once."},
		{"변방대에서 %D 있었는데 사람이 차면 한 차에 실어 다리를 건넌다고 했습니다.", "I was at the border unit for %D; they said that when there were enough people they would take us over the bridge in one van."},
	},
	"return": {
		{"%P 다리를 건너자 보위부 사람들이 명단을 들고 기다리고 있었습니다.", "Once across the bridge at %P, men of the State Security were waiting with a list."},
		{"보위부에서 %D 조사를 받았습니다. 한국 사람을 만났는지, 교회에 갔는지를 계속 물었습니다.", "I was interrogated by State Security for %D. They kept asking whether I had met South Koreans, whether I had been to church."},
		{"하루 종일 무릎을 꿇고 앉아 있어야 했고 움직이면 때렸습니다.", "We had to sit on our knees all day, and whoever moved was beaten."},
		{"강냉이 죽 한 그릇이 하루 식사였습니다. 옆 사람이 아침에 깨어나지 못한 날이 있었습니다.", "One bowl of maize gruel was the day's food. One morning the person beside me did not wake up."},
		{"몸수색은 한 번으로 끝나지 않았습니다. 그 일은 더 말하고 싶지 않습니다.", "They did not search our bodies only once. I do not want to say more about that."},
		{"살아온 이야기를 처음부터 다시 쓰게 했고 지난번과 한 줄이라도 다르면 때렸습니다.", "They made me write my life from the beginning again, and beat me if one line differed from the last time."},
	},
	"holding": {
		{"집결소에서는 고향 안전원이 데리러 올 때까지 %D 벽돌을 날랐습니다.", "In the holding centre I carried bricks for %D until the police of my home town came for me."},
		{"데리러 오는 사람이 없어서 남들보다 오래 있었습니다.", "Nobody came to fetch me, so I stayed longer than the others."},
	},
	"after": {
		{"풀려난 뒤에도 인민반장이 날마다 집을 들여다보았습니다. 다시 건널 수밖에 없었습니다.", "Even after my release the head of the neighbourhood unit looked into the house every day. I could only cross again."},
		{"같이 잡혔던 사람은 관리소로 갔다고 들었는데 그 뒤로 소식이 없습니다.", "I heard that the one arrested with me was sent to a camp; there has been no word since."},
		{"돌려보내지면 다시는 나오지 못할 것입니다. 그것이 제일 무섭습니다.", "If I am sent back I will never come out again. That is what I fear most."},
	},
}

// stock records the sentences as wording that is common to all testimonies of the world,
// without what is filled in: they were not taken from one teller by another.
func (g *generator) stock() error {
	var parts []string
	for _, topic := range slices.Sorted(maps.Keys(sentences)) {
		for _, s := range sentences[topic] {
			for _, part := range strings.FieldsFunc(strings.NewReplacer("%P", "|", "%S", "|", "%D", "|").Replace(s[0]), func(r rune) bool { return r == '|' }) {
				if part = strings.TrimSpace(part); part != "" {
					parts = append(parts, part)
				}
			}
		}
	}
	t := &teller{generator: g}
	t.say("common_wording", t.new(), "name", "Sentences of the invented world", "text:ko", strings.Join(parts, "|"))
	return t.err
}

// tell composes a passage from one or two sentences of a topic and records it.
func (t *teller) tell(interview id.ID, order int, topic string, place, season, duration string) {
	n := len(sentences[topic])
	a := t.IntN(n)
	picked := [][2]string{sentences[topic][a]}
	if n > 1 && t.yes(.6) {
		picked = append(picked, sentences[topic][(a+1+t.IntN(n-1))%n])
	}
	var ko, en []string
	for _, s := range picked {
		ko, en = append(ko, t.fill(s[0], place, season, duration, "ko")), append(en, t.fill(s[1], place, season, duration, "en"))
	}
	text := [2]string{strings.Join(ko, " "), strings.Join(en, " ")}
	unit := t.new()
	if len(t.last) > 0 && t.yes(copiedShare) { // a story taken from another telling
		from := t.last[t.IntN(len(t.last))]
		text = from.text
		t.truth.Copied = append(t.truth.Copied, [2]id.ID{unit, from.id})
		t.say("source_dependency", t.new(), "a", unit.String(), "b", from.id.String(), "kind", "quoted_from")
	}
	if c := t.canary(unit); c != "" && t.yes(.1) {
		text[0] += " [" + c + "]"
	}
	t.unit, t.length = id.ID{}, 0
	t.basis = ""
	t.say("statement_unit", unit, "interview", interview.String(), "order", itoa(order), "language", "ko", "verbatim:ko", text[0], "translation:en", text[1],
		"translator", t.of("TR-1", "TR-2", "TR-3"), "basis", t.knows())
	t.unit, t.length, t.basis = unit, len([]rune(text[0])), t.knows()
	if t.last = append(t.last, toldPassage{unit, text}); len(t.last) > 200 {
		t.last = t.last[1:]
	}
}

func (t *teller) knows() string {
	if t.yes(firstHand) {
		return t.of("BK-1", "BK-1", "BK-2")
	}
	return t.of("BK-3", "BK-4")
}

func (t *teller) fill(s, place, season, duration, lang string) string {
	name := place
	if p, ok := where.Lookup(place); ok {
		name = p.Label(lang)
	}
	return strings.NewReplacer("%P", name, "%S", t.say2("date", season, lang), "%D", t.say2("duration", duration, lang)).Replace(s)
}

// say2 writes a canonical date or duration in words.
func (t *teller) say2(what, canonical, lang string) string {
	if canonical == "" {
		return map[string]string{"ko": "얼마 동안", "en": "some time"}[lang]
	}
	if what == "date" {
		return formatDate(canonical, lang)
	}
	said, _, _ := strings.Cut(canonical, "|")
	if lang == "en" {
		if e, ok := saidEnglish[said]; ok {
			return e
		}
		return said + " days"
	}
	if strings.Trim(said, "0123456789") == "" {
		return said + "일"
	}
	return said
}

var saidEnglish = map[string]string{"일주일 정도": "about a week", "열흘": "ten days", "보름": "fifteen days", "한 달": "a month", "약 두 달": "about two months", "약 세 달": "about three months", "반년": "half a year"}
