// Command generate writes the tables of packages han and latin from public data.
//
//	go run ./names/generate -data ../shared/data/linkage/korean
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	data := flag.String("data", "../shared/data/linkage/korean", "folder of the Unihan files, the court's list and the pairs of names")
	out := flag.String("out", "names", "folder of package names")
	what := flag.String("table", "all", "han, latin or all")
	flag.Parse()
	if err := generate(*data, *out, *what); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(data, out, what string) error {
	if what != "latin" {
		if err := writeHan(data, filepath.Join(out, "han", "table.txt")); err != nil {
			return err
		}
	}
	if what != "han" {
		return writeLatin(data, filepath.Join(out, "latin", "table.gen.go"))
	}
	return nil
}
