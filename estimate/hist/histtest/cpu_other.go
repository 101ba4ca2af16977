//go:build !unix

package histtest

// cpuSeconds is not known here: benchmarks then report no processor time.
func cpuSeconds() float64 { return 0 }
