// Package histtest gives tests their tables of capture histories: small published ones
// that are always there, and those of the shared data with their golden results, where
// that folder exists.
package histtest

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist"
)

// Published returns a small published table by name.
func Published(t testing.TB, name string) hist.Table {
	t.Helper()
	text, ok := tables[name]
	if !ok {
		t.Fatalf("there is no published table %q", name)
	}
	return parse(t, name, text)
}

// Names returns the names of the published tables, in no order.
func Names() []string {
	var names []string
	for n := range tables {
		names = append(names, n)
	}
	return names
}

func parse(t testing.TB, name, text string) hist.Table {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	h, err := hist.FromRows(name, rows[0], rows[1:])
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// folder is where the shared data is, seen from the root of the module.
const folder = "../shared/data/estimation"

// file returns the path of a shared file, or skips the test.
func file(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("the root of the module was not found")
		}
		dir = up
	}
	path := filepath.Join(dir, folder, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: %s/%s is not there", folder, name)
	}
	return path
}

// Shared returns a table of the shared data, or skips the test where it is absent.
func Shared(t testing.TB, name string) hist.Table {
	t.Helper()
	b, err := os.ReadFile(file(t, "mse_"+name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, name, string(b))
}

// Golden decodes the section of golden results called name into out, or skips the test.
func Golden(t testing.TB, name string, out any) {
	t.Helper()
	b, err := os.ReadFile(file(t, "goldens.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(b, &sections); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(sections[name], out); err != nil {
		t.Fatalf("goldens %s: %v", name, err)
	}
}

// SharedRows returns a CSV file of the shared data, header first, or skips the test.
func SharedRows(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(file(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
