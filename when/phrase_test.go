package when_test

import (
	"testing"

	"example.org/amparo/when"
)

// What people say, and the days it can mean. Worked by hand: a unit is rounded to half of
// itself (a month 30 days, a year 365), days are counted.
func TestDurationsAsPeopleSayThem(t *testing.T) {
	for said, want := range map[string][2]int{
		"about two months": {45, 75}, "약 두 달": {45, 75}, "两个月左右": {45, 75}, "두 달쯤": {45, 75}, "60 days": {60, 60}, "보름": {13, 17},
		"two or three months": {45, 105}, "2-3 months": {45, 105}, "between two and three months": {45, 105}, "2~3개월": {45, 105}, "두세 달": {45, 105}, "两三个月": {45, 105}, "两到三个月": {45, 105},
		"a week to a month": {3, 45}, "일주일에서 한 달": {3, 45}, "10 to 15 days": {10, 15}, "열흘에서 보름": {10, 15},
		"a few days": {2, 5}, "several weeks": {17, 67}, "며칠": {2, 9}, "몇 달": {45, 285}, "几天": {2, 9}, "수일": {2, 9}, "서너 달": {75, 135}, "十几天": {11, 19}, "a couple of weeks": {10, 18}, "대여섯 달": {135, 195},
		"more than a month": {30, when.OpenSpan}, "한 달 넘게": {30, when.OpenSpan}, "一年以上": {365, when.OpenSpan}, "at least 6 months": {180, when.OpenSpan}, "석 달 이상": {90, when.OpenSpan},
		"less than a week": {0, 7}, "不到一年": {0, 365}, "한 달 미만": {0, 30}, "up to 20 days": {0, 20}, "3일 이내": {0, 3},
		"한 달 남짓": {30, 60}, "一个多月": {30, 60}, "两年多": {730, 1095}, "두 달여": {60, 90},
		"almost a year": {182, 365}, "거의 한 달": {15, 30},
		"a month and a half": {30, 60}, "한 달 반": {30, 60}, "一个月半": {30, 60}, "1년 6개월": {530, 560}, "一年零三个月": {440, 470}, "two weeks and three days": {17, 17}, "두 달 열흘": {70, 70}, "a year and three months": {440, 470},
		"하루": {1, 1}, "이틀": {2, 2}, "사흘": {3, 3}, "스무날": {20, 20}, "달포": {30, 45}, "overnight": {0, 1}, "three hours": {0, 1}, "하룻밤": {0, 1},
		"십오일": {15, 15}, "스물다섯 날": {25, 25}, "二十三天": {23, 23}, "twenty-one days": {21, 21}, "백일": {100, 100}, "一百二十天": {120, 120}, "열두 달": {345, 375},
		"": {-1, 0}, "long": {-1, 0}, "오래": {-1, 0}, "three to two months": {-1, 0}, "month": {-1, 0}, "a month of sundays": {-1, 0}, "more than": {-1, 0}, "nan days": {-1, 0}, "1e5 days": {-1, 0},
	} {
		got, err := when.ParseSpan(said)
		if want[0] < 0 {
			if err == nil {
				t.Errorf("%q is read as %d..%d", said, got.Lo, got.Hi)
			}
			continue
		}
		if err != nil || got.Lo != want[0] || got.Hi != want[1] || got.Said != said {
			t.Errorf("%q = %d..%d (%v), want %d..%d", said, got.Lo, got.Hi, err, want[0], want[1])
		}
		if got.IsOpen() != (want[1] == when.OpenSpan) {
			t.Errorf("%q: open %v", said, got.IsOpen())
		}
	}
}

// Whatever is typed is read as days in order or refused, and reads back as itself.
func FuzzSpan(f *testing.F) {
	for _, s := range []string{"about two months", "두세 달", "一年零三个月", "between a week and a month", "x|3..5", "45..75", "more than 10 years", "열흘에서 보름", "个多月", "반 반", "1.5개월"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := when.ParseSpan(s)
		if err != nil {
			return
		}
		if got.Lo < 0 || got.Lo > got.Hi {
			t.Fatalf("%q = %d..%d", s, got.Lo, got.Hi)
		}
		again, err := when.ParseSpan(got.String())
		if err != nil || again != got {
			t.Fatalf("%q: %+v reads back as %+v, %v", s, got, again, err)
		}
	})
}
