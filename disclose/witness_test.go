package disclose

import "testing"

// Tables met are some of those that a reader cannot exclude: a group whose number we do not know
// is not safe because it is empty in all of them.
func TestTablesMetDoNotShowThatAGroupIsEmpty(t *testing.T) {
	for name, tc := range map[string]struct {
		met  []int64
		safe bool
	}{
		"empty in all":    {[]int64{0, 0}, false},
		"never empty":     {[]int64{2, 40}, false},
		"empty to twelve": {[]int64{12, 0, 3}, true},
		"empty to eight":  {[]int64{0, 8}, false},
	} {
		m := &model{opt: Options{Threshold: DefaultThreshold}}
		for _, n := range tc.met {
			m.met = append(m.met, []int64{n})
		}
		unknown := &target{terms: []term{{v: 0, c: 1}}, truth: -1, floor: Range{0, 100}}
		if got := m.shown(unknown); got != tc.safe {
			t.Errorf("%s: safe %v, want %v", name, got, tc.safe)
		}
	}
}
