package histtest

import "testing"

// CPU measures a benchmark in seconds of the processor, on whatever number of cores, which
// a loaded machine does not change: defer what it returns. The figures of other programs
// are seconds of the processor too.
func CPU(b *testing.B) func() {
	before := cpuSeconds()
	return func() {
		if spent := cpuSeconds() - before; spent > 0 {
			b.ReportMetric(spent/float64(b.N), "cpu-s/op")
		}
	}
}
