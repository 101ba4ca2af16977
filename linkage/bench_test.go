package linkage_test

import (
	"testing"

	"example.org/amparo/linkage"
	"example.org/amparo/linkage/eval"
)

// BenchmarkLinkPeople1M links a million invented persons without settings; reading the
// table is not measured. It takes more than a gigabyte and is left out with -short.
func BenchmarkLinkPeople1M(b *testing.B) {
	if testing.Short() {
		b.Skip("a million records are too many for -short")
	}
	tab := people(b, 1_000_000, 1)
	of := truth(b, tab, "cluster", `(.+)`)
	m := suggested(b, tab, "cluster")
	var r *linkage.Result
	for b.Loop() {
		r = linked(b, tab, m, linkage.Options{Workers: 2})
	}
	b.ReportMetric(float64(b.N)*float64(r.Compared)/b.Elapsed().Seconds(), "pairs/s")
	b.ReportMetric(eval.Partition(r.Clusters.Of, of, nil).Pairs.F1, "F1")
}

// BenchmarkLinkPeople10k is the same in small: suggestion and linkage of 10,000 records.
func BenchmarkLinkPeople10k(b *testing.B) {
	tab := people(b, 10_000, 1)
	for b.Loop() {
		linked(b, tab, suggested(b, tab, "cluster"), linkage.Options{Workers: 1})
	}
}

// BenchmarkComparePairs weighs pairs of records by all fields, ties and frequencies.
func BenchmarkComparePairs(b *testing.B) {
	tab := people(b, 10_000, 1)
	r := linked(b, tab, suggested(b, tab, "cluster"), linkage.Options{})
	n, k, sum := uint32(tab.Rows()), uint32(0), 0.0
	for b.Loop() {
		k = k*1664525 + 1013904223
		i := (k >> 8) % n
		sum += r.Bits(i, (i+1+k%97)%n)
	}
	if sum == 0 {
		b.Fatal("no pair has a weight")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}
