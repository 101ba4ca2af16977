package eval_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/linkage/eval"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

// Five records, found {0 1 2} {3 4}, true {0 1} {2 3 4}, worked by hand.
func TestPartitionOfFiveRecordsByHand(t *testing.T) {
	r := eval.Partition([]uint32{0, 0, 0, 3, 3}, []uint32{7, 7, 9, 9, 9}, nil)
	if r.FoundPairs != 4 || r.TruePairs != 4 || r.BothPairs != 2 || !near(r.Pairs.Precision, 0.5) || !near(r.Pairs.Recall, 0.5) || !near(r.Pairs.F1, 0.5) {
		t.Errorf("pairs %+v", r)
	}
	// precision 2/3 2/3 1/3 1 1, recall 1 1 1/3 2/3 2/3
	if !near(r.BCubed.Precision, 11.0/15) || !near(r.BCubed.Recall, 11.0/15) || r.Exact != 0 {
		t.Errorf("B-cubed %+v, exact %g", r.BCubed, r.Exact)
	}
	across := eval.Partition([]uint32{0, 0, 0, 3, 3}, []uint32{7, 7, 9, 9, 9}, []uint8{0, 1, 0, 1, 1})
	if across.FoundPairs != 2 || across.TruePairs != 3 || across.BothPairs != 1 {
		t.Errorf("across sources %+v", across)
	}
	unknown := eval.Partition([]uint32{0, 0, 0, 3, 3}, []uint32{7, 7, eval.Unknown, 9, 9}, nil)
	if unknown.Records != 4 || unknown.Pairs.F1 != 1 || unknown.Exact != 1 {
		t.Errorf("without a label %+v", unknown)
	}
}

func TestPartitionIsThatOfGoingThroughAllPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 15).Draw(t, "records")
		number := rapid.OneOf(rapid.Uint32Range(0, 5), rapid.Uint32Range(1<<30, 1<<30+2)) // of records, or any
		id := rapid.SliceOfN(number, n, n)
		found, truth := id.Draw(t, "found"), id.Draw(t, "truth")
		var source []uint8
		if rapid.Bool().Draw(t, "sources") {
			source = rapid.SliceOfN(rapid.Uint8Range(0, 2), n, n).Draw(t, "source")
		}
		var f, tr, both int64
		var p, q float64
		for i := range n {
			var c, e, b float64
			for j := range n {
				sameF, sameT := found[i] == found[j], truth[i] == truth[j]
				c, e, b = c+one(sameF), e+one(sameT), b+one(sameF && sameT)
				if j > i && (source == nil || source[i] != source[j]) {
					f, tr, both = f+int64(one(sameF)), tr+int64(one(sameT)), both+int64(one(sameF && sameT))
				}
			}
			p, q = p+b/c/float64(n), q+b/e/float64(n)
		}
		r := eval.Partition(found, truth, source)
		if r.FoundPairs != f || r.TruePairs != tr || r.BothPairs != both || !near(r.BCubed.Precision, p) || !near(r.BCubed.Recall, q) {
			t.Fatalf("%+v; by hand %d %d %d, %g %g", r, f, tr, both, p, q)
		}
		boot := eval.Bootstrap(found, truth, source, 20, 3)
		if math.Abs(boot.BCubed.Point-r.BCubed.F1) > 1e-9 || math.Abs(boot.Pairs.Point-r.Pairs.F1) > 1e-9 || boot.Pairs.Low > boot.Pairs.High {
			t.Fatalf("the bootstrap's point is %+v, the report %+v", boot, r)
		}
		if boot != eval.Bootstrap(found, truth, source, 20, 3) {
			t.Fatal("the same seed draws otherwise")
		}
	})
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func TestNothingFoundAndNothingTrueIsNoMistake(t *testing.T) {
	if s := eval.ScoreOf(0, 0, 0); s.Precision != 1 || s.Recall != 1 {
		t.Errorf("%+v", s)
	}
	if s := eval.ScoreOf(0, 0, 5); s.Recall != 0 || s.F1 != 0 {
		t.Errorf("%+v", s)
	}
	if r := eval.Partition(nil, nil, nil); r.BCubed.F1 != 1 || r.Records != 0 {
		t.Errorf("%+v", r)
	}
}

func TestCalibrationByHand(t *testing.T) {
	c := eval.Calibrate(func(yield func(float64, bool) bool) {
		_ = yield(0.95, true) && yield(0.95, false) && yield(0.2, false) && yield(1, true)
	})
	// bin 0.9: mean (0.95+0.95+1)/3, actual 2/3; bin 0.2: mean 0.2, actual 0
	if want := (3*math.Abs(2.9/3-2.0/3) + 0.2) / 4; !near(c.Error, want) {
		t.Errorf("error %g, not %g", c.Error, want)
	}
	if want := (0.05*0.05 + 0.95*0.95 + 0.04) / 4; !near(c.Brier, want) {
		t.Errorf("Brier %g, not %g", c.Brier, want)
	}
	if want := -(math.Log(0.95) + math.Log(0.05) + math.Log(0.8)) / 4; math.Abs(c.LogLoss-want) > 1e-9 {
		t.Errorf("log loss %g, not %g", c.LogLoss, want)
	}
	if len(c.Bins) != 2 || c.Bins[1].Pairs != 3 {
		t.Errorf("%+v", c.Bins)
	}
}
