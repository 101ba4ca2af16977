package whereabouts_test

import (
	"strings"
	"testing"

	"example.org/amparo/internal/whereabouts"
)

// R03: what would lead to a person is found, in three languages and their ways of writing.
func TestR03TracesOfAPlaceAreFound(t *testing.T) {
	for _, tc := range []struct {
		text  string
		class whereabouts.Class
		found string
	}{
		{"Call +86 138 0013 8000 after nine", whereabouts.Phone, "+86 138 0013 8000"},
		{"她的手机是13800138000。", whereabouts.Phone, "手机是13800138000"},
		{"number 138-0013-8000", whereabouts.Phone, "138-0013-8000"},
		{"번호는 010-1234-5678 입니다", whereabouts.Phone, "010-1234-5678"},
		{"연락처: 043 2266 12", whereabouts.Phone, "연락처: 043 2266 12"},
		{"０１０－１２３４－５６７８", whereabouts.Phone, "０１０－１２３４－５６７８"},
		{"0433-251-1234", whereabouts.Phone, "0433-251-1234"},
		{"her phone 2511 234", whereabouts.Phone, "phone 2511 234"},
		{"打一三八零零一三八零零零", whereabouts.Phone, "一三八零零一三八零零零"},
		{"공일공일이삼사오육칠팔", whereabouts.Phone, "공일공일이삼사오육칠팔"},
		{"微信号：hana_1998", whereabouts.Messenger, "微信号：hana_1998"},
		{"카톡 아이디: spring77", whereabouts.Messenger, "카톡 아이디: spring77"},
		{"write to Hana.K@example.org soon", whereabouts.Mail, "Hana.K@example.org"},
		{"logged in from 192.168.4.17", whereabouts.Network, "192.168.4.17"},
		{"2001:db8:85a3:0:0:8a2e:370:7334", whereabouts.Network, "2001:db8:85a3:0:0:8a2e:370:7334"},
		{"phone mac 3c:22:fb:aa:01:9e", whereabouts.Network, "3c:22:fb:aa:01:9e"},
		{"she is at 42.9087, 129.8412 now", whereabouts.Coordinate, "42.9087, 129.8412"},
		{"42°54'31\" N", whereabouts.Coordinate, "42°54'31\" N"},
		{"북위 42도", whereabouts.Coordinate, "북위 42도"},
		{"北纬42.9度", whereabouts.Coordinate, "北纬42.9"},
		{"https://maps.example.com/x", whereabouts.Coordinate, "maps.example.com/"},
		{"meet at 8QGQ+7X2", whereabouts.Coordinate, "8QGQ+7X2"},
		{"grid 52T CM 12345 67890", whereabouts.Coordinate, "52T CM 12345 67890"},
		{"lives at 24 Beishan Street", whereabouts.Address, "24 Beishan Street"},
		{"Building 7, room 3", whereabouts.Address, "Building 7, room 3"},
		{"공원로 12번지에 산다", whereabouts.Address, "공원로 12번지"},
		{"103동 402호", whereabouts.Address, "103동 402호"},
		{"住在光明街12号", whereabouts.Address, "住在光明街12号"},
		{"3号楼2单元", whereabouts.Address, "3号楼"},
	} {
		got := whereabouts.Find(tc.text)
		if len(got) == 0 || got[0].Class != tc.class || tc.text[got[0].From:got[0].To] != tc.found {
			t.Errorf("%q: %+v, want %s %q", tc.text, got, tc.class, tc.found)
			for _, x := range got {
				t.Logf("  %s %q", x.Class, tc.text[x.From:x.To])
			}
			continue
		}
		for _, lang := range []string{"en", "ko", "zh"} {
			if got[0].Class.Text(lang) == "" {
				t.Errorf("%s is not explained in %s", tc.class, lang)
			}
		}
	}
}

// What testimony is full of is none: dates, counts, sums, cells, squads, articles of law.
func TestR03OrdinaryTestimonyPasses(t *testing.T) {
	for _, text := range []string{
		"In 1998-03-05 we crossed; 30 people, 3000 CNY each, 2001-2003.", "1998년 3월 5일 밤 10시 30분에 건넜다", "1998年3月5号，我们三十人过江", "They beat me 12 times with a 50 cm stick.",
		"3호 감방에 27명이 있었다", "제12호 관리소", "14호 관리소에서 18호로", "Camp No. 14, cell 3, squad 5", "article 117 of the code of 1987, 2.5 years", "第五条第三款", "구호 제150호",
		"He was 17, she 34; price 10,000 yuan, then 4000.", "the ratio was 0.743, the interval 0.600 to 0.850", "10:30 to 11:45", "00:12:34.500", "A/HRC/25/63, para. 22-23", "한 달에 200원을 약속했다",
		"일이 삼 년 걸렸다", "한두 번, 서너 번", "三四个月", "二〇〇三年", "一九九八年三月", "version 2004-1", "signal was given at night", "ST05 2001-03/2001-05", "65 kg to 38 kg", "2003/10 28-10-14", "from 94 days to 183",
		"", "아무것도 아니다", "nothing at all",
	} {
		if got := whereabouts.Find(text); len(got) > 0 {
			t.Errorf("%q: %s %q", text, got[0].Class, text[got[0].From:got[0].To])
		}
	}
}

func TestEveryFindIsAtItsPlace(t *testing.T) {
	text := "가나 010-1234-5678 다라 a@b.org 마바 42.9087, 129.8412"
	got := whereabouts.Find(text)
	var parts []string
	for _, x := range got {
		parts = append(parts, text[x.From:x.To])
	}
	if strings.Join(parts, "|") != "010-1234-5678|a@b.org|42.9087, 129.8412" {
		t.Errorf("%q", parts)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("전화 010-1234-5678, 光明街12号, 42.9087,129.8412 \xff １２３")
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, x := range whereabouts.Find(s) {
			if x.From < last || x.To <= x.From || x.To > len(s) {
				t.Fatalf("%+v in %d bytes", x, len(s))
			}
			last = x.To
		}
	})
}

func BenchmarkFindInTestimony(b *testing.B) {
	s := strings.Repeat("보위부에서 맞았다고 했다. 1998년 봄에 다시 건넜다. They asked about the church. ", 40)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		whereabouts.Find(s)
	}
}
