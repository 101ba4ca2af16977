package linkage_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/eval"
)

// Files that repeat their records are not linked one to one, even where they are parts of one
// table.
func TestFilesThatRepeatThemselvesAreFoundOut(t *testing.T) {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	whole := filepath.Join(dir, "people.csv")
	must(exec.Command("go", "run", "example.org/amparo/bench/people", "-records", "1000", "-seed", "5", "-out", whole).Run())
	text, err := os.ReadFile(whole)
	must(err)
	lines := strings.SplitAfter(string(text), "\n")
	rng := rand.New(rand.NewPCG(1, 2))
	parts := [2]string{lines[0], lines[0]}
	for _, l := range lines[1:] {
		parts[rng.IntN(2)] += l
	}
	var files []string
	for i, p := range parts {
		files = append(files, filepath.Join(dir, fmt.Sprint(i, ".csv")))
		must(os.WriteFile(files[i], []byte(p), 0o600))
	}
	tab, err := columns.Read(files...)
	must(err)
	r := linked(t, tab, suggested(t, tab, "cluster"), linkage.Options{Workers: 2})
	if r.Link != linkage.LinkDedup || r.OneToOne {
		t.Errorf("linked %s, one to one %t", r.Link, r.OneToOne)
	}
	if got := eval.Partition(r.Clusters.Of, truth(t, tab, "cluster", `(.+)`), nil).Pairs; got.F1 < 0.95 {
		t.Errorf("F1 of pairs is %.4f", got.F1)
	}
}
