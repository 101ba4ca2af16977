// Package archtest keeps the house in order: who may import whom, which libraries may
// be linked where, how long a function or a file may get, and what may not be written
// anywhere.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "example.org/amparo"

const root = "../.."

// layers from the ground up: a package imports only from lines above its own. Packages
// on one line do not know each other.
var layers = [][]string{
	{"fault", "id"},
	{"estimate", "estimate/rng", "estimate/lin", "estimate/quantile", "chart"},
	{"estimate/hist", "estimate/mcmc"},
	{"estimate/hist/histtest"},
	{"estimate/mse/pairs", "estimate/mse/chao", "estimate/mse/loglin", "estimate/mse/sparse", "estimate/mse/dga",
		"estimate/mse/nhoi", "estimate/mse/lcm", "estimate/bounds", "estimate/weight", "estimate/rds", "estimate/nsum", "estimate/impute"},
	{"estimate/proportion", "estimate/survival", "estimate/agreement"},
	{"estimate/mse"},
	{"disclose"},
	{"names"},
	{"names/han"},
	{"names/latin"},
	{"names/generate"},
	{"when", "where"},
	{"atlas", "atlas/generate"},
	{"linkage/names", "linkage/dates", "linkage/places", "linkage/table", "linkage/eval", "linkage/reuse"},
	{"linkage/dates/generate"},
	{"linkage/block", "linkage/compare"},
	{"linkage/fs", "linkage/cluster"},
	{"linkage", "linkage/testimony"},
	{"bench/people"},
	{"internal/spare", "internal/token", "internal/media", "internal/partner/likeness", "internal/partner/oblivious"},
	{"internal/kind", "internal/sealeddb"},
	{"internal/vault"},
	{"internal/journal"},
	{"internal/hub", "internal/partner"},
	{"internal/hub/file", "internal/hub/folder", "internal/hub/hubtest"},
	{"internal/casebook"},
	{"internal/consent", "internal/chain", "internal/verification", "internal/exploitation", "internal/whereabouts", "internal/interview", "internal/matching"},
	{"internal/index"},
	{"internal/packet", "internal/exchange/table"},
	{"internal/exchange/mapping", "internal/exchange/transcript", "internal/exchange/xlsform", "internal/exchange/columns"},
	{"internal/world"},
	{"internal/calibration"},
	{"internal/figure"},
	{"internal/app"},
	{"internal/web", "internal/web/build"},
	{"internal/cli"},
	{"cmd/amparo"},
}

// libraries says which package may link which third-party module. What is not named is
// not allowed: a new dependency shows here, in review.
var libraries = map[string][]string{
	"golang.org/x/text":                {"names", "names/latin", "names/generate", "linkage/dates", "when", "where", "internal/kind", "internal/token", "internal/exchange/table", "internal/exchange/mapping", "internal/web"},
	"filippo.io/age":                   {"internal/vault", "internal/partner"},
	"golang.org/x/crypto":              {"internal/vault", "internal/sealeddb"},
	"golang.org/x/mod":                 {"internal/journal", "internal/hub", "internal/hub/file", "internal/hub/folder", "internal/packet", "internal/app"},
	"golang.org/x/sys":                 {"internal/vault", "internal/app"},
	"gonum.org/v1/gonum":               {"estimate/rng", "estimate/lin", "estimate/mcmc", "estimate/mse", "estimate/mse/loglin", "estimate/mse/sparse", "estimate/mse/lcm", "estimate/mse/dga", "estimate/mse/pairs", "estimate/mse/chao", "estimate/proportion", "estimate/survival", "estimate/weight", "estimate/rds", "estimate/impute", "estimate/quantile", "disclose"},
	"golang.org/x/sync":                {"internal/app", "internal/vault", "internal/index"},
	"golang.org/x/term":                {"internal/cli"},
	"github.com/ncruces/go-sqlite3":    {"internal/sealeddb", "internal/vault", "internal/hub/file", "internal/index", "internal/app"},
	"lukechampine.com/adiantum":        {"internal/sealeddb"},
	"github.com/cloudflare/circl":      {"internal/vault", "internal/partner/oblivious"},
	"github.com/fxamacker/cbor/v2":     {"internal/journal", "internal/vault", "internal/packet", "internal/hub/folder", "internal/casebook", "internal/kind"},
	"go.yaml.in/yaml/v3":               {"internal/kind", "internal/exchange/mapping", "linkage"},
	"github.com/xuri/excelize/v2":      {"internal/exchange/table"},
	"github.com/spf13/cobra":           {"internal/cli"},
	"github.com/spf13/pflag":           {"internal/cli"},
	"github.com/schollz/progressbar":   {"internal/cli"},
	"github.com/jba/templatecheck":     {"internal/web"},
	"github.com/nicksnyder/go-i18n/v2": {"internal/web"},
	"github.com/evanw/esbuild":         {"internal/web/build"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Dir        string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Dir", module+"/...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func rank(path string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, path) })
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if name == "internal/archtest" {
			continue
		}
		own := rank(name)
		if own < 0 {
			t.Errorf("%s is in no layer: add it to the list, where it belongs", name)
			continue
		}
		for _, imp := range p.Imports {
			if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
				if r := rank(rest); r >= own {
					t.Errorf("%s imports %s, which is not below it", name, rest)
				}
			}
		}
	}
}

func TestLibrariesAreLinkedWhereTheyBelong(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imp := range p.Imports {
			first, _, _ := strings.Cut(imp, "/")
			if !strings.Contains(first, ".") || strings.HasPrefix(imp, module) {
				continue
			}
			allowed := false
			for lib, users := range libraries {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && slices.Contains(users, name) {
					allowed = true
				}
			}
			if !allowed {
				t.Errorf("%s links %s, which is not allowed there", name, imp)
			}
		}
	}
}

const (
	maxFunction = 80
	maxFile     = 600
)

// sources calls fn for every Go file of the module.
func sources(t *testing.T, fn func(path string, src []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == ".git" {
				return filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err == nil {
			fn(path, src)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Tests may be longer: a table is easier to read in one piece.
func TestFunctionsAndFilesStayShort(t *testing.T) {
	sources(t, func(path string, src []byte) {
		if strings.HasSuffix(path, "_test.go") || bytes.HasPrefix(src, []byte("// Code generated")) {
			return
		}
		if n := bytes.Count(src, []byte("\n")); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", path, n, maxFile)
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok {
				if n := set.Position(fd.End()).Line - set.Position(fd.Pos()).Line; n > maxFunction {
					t.Errorf("%s: %s has %d lines, more than %d", path, fd.Name.Name, n, maxFunction)
				}
			}
		}
	})
}

var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "models", "types", "manager", "base"}

func TestNoPackageHasAnEmptyName(t *testing.T) {
	for _, p := range packages(t) {
		for _, part := range strings.Split(p.ImportPath, "/") {
			if slices.Contains(emptyNames, part) {
				t.Errorf("%s: a package is named for what it holds, not %q", p.ImportPath, part)
			}
		}
	}
}

// The rules for the words: exported names are documented.
func TestExportedNamesAreDocumented(t *testing.T) {
	sources(t, func(path string, src []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && !ownInterface(d) {
					t.Errorf("%s: %s has no doc comment", path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil && ts.Comment == nil {
						t.Errorf("%s: type %s has no doc comment", path, ts.Name.Name)
					}
				}
			}
		}
	})
}

// ownInterface reports methods of unexported types, which only satisfy an interface,
// and the ones everybody knows.
func ownInterface(d *ast.FuncDecl) bool {
	if slices.Contains([]string{"Error", "String", "Unwrap", "Read", "Write", "Close", "Is"}, d.Name.Name) {
		return true
	}
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return false
	}
	e := d.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if ix, ok := e.(*ast.IndexExpr); ok {
		e = ix.X
	}
	name, ok := e.(*ast.Ident)
	return ok && !name.IsExported()
}

// forbidden is what the repository never holds: paths of somebody's machine, real-looking
// keys, unfinished work left without a word.
var forbidden = regexp.MustCompile(`/home/[a-z]|/Users/[a-z]|/work/[a-z]|BEGIN (RSA|OPENSSH|EC) PRIVATE KEY|\bTODO\b|\bFIXME\b|\bXXX\b`)

func TestNothingForbiddenIsWritten(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skip("SKIPPED: not a git checkout")
	}
	for _, name := range strings.Fields(string(out)) {
		switch filepath.Ext(name) {
		case ".go", ".md", ".yaml", ".html", ".css", ".ts", ".json", ".txt", "":
		default:
			continue
		}
		if strings.HasPrefix(name, "internal/archtest/") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if at := forbidden.Find(b); at != nil {
			t.Errorf("%s holds %q", name, at)
		}
	}
}
