package index

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/spare"
	"example.org/amparo/internal/token"
	"example.org/amparo/names"
)

// nameCache holds the names of people in memory while the workspace is unlocked,
// folded for search, all in one buffer: 100,000 names are a few megabytes and one
// pass. Nothing of it is ever written.
type nameCache struct {
	text []byte        // entries, each ended by 0xFF, which no folded text contains
	recs []int64       // by entry
	ends []int         // end of entry i in text
	at   map[int64]int // record -> its live entry
	dead map[int]bool  // entries that were replaced
}

func newNameCache() *nameCache {
	return &nameCache{at: map[int64]int{}, dead: map[int]bool{}}
}

// foldedNames are names as the cache holds those of one record.
func foldedNames(texts []string) (out []byte) {
	for _, t := range texts {
		out = append(token.Fold(out, t), 0)
	}
	return out
}

func (n *nameCache) put(rec int64, folded []byte) {
	if old, ok := n.at[rec]; ok {
		n.dead[old] = true
		start := 0
		if old > 0 {
			start = n.ends[old-1]
		}
		clear(n.text[start:n.ends[old]]) // a name that was erased leaves memory too
		delete(n.at, rec)
	}
	if len(folded) == 0 {
		return
	}
	n.text = append(append(n.text, folded...), 0xFF)
	n.at[rec] = len(n.recs)
	n.recs = append(n.recs, rec)
	n.ends = append(n.ends, len(n.text))
}

func (n *nameCache) findWord(w []byte, hits *Set) {
	text := unsafe.String(unsafe.SliceData(n.text), len(n.text)) // read only, under the index's lock
	word := unsafe.String(unsafe.SliceData(w), len(w))
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return
		}
		e, _ := slices.BinarySearch(n.ends, from+i+1)
		if !n.dead[e] {
			hits.add(n.recs[e])
		}
		from = n.ends[e]
	}
}

// nameTexts are the names in a fold, all claims of all name fields: a name that one
// account gives and another disputes must still be found.
func nameTexts(r *casebook.Record, schema *kind.Set) []string {
	k, ok := schema.Kind(r.Kind)
	if !ok {
		return nil
	}
	var out []string
	for _, f := range k.Fields {
		if !IsName(k, f) {
			continue
		}
		for _, c := range r.Field(f.Name).Claims {
			for _, v := range c.Values {
				if v.State == kind.Given {
					out = append(out, names.Spellings(v.Text)...)
				}
			}
		}
	}
	return out
}

type namedAct struct {
	rec int64
	ref journal.Ref
}

// nameBatch is how many acts are opened at once while the name cache is built.
const nameBatch = 1024

// eachNamed reads the names of all people into n, on all cores.
func (x *Index) eachNamed(ctx context.Context, n *nameCache) error {
	var acts []namedAct
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT rec, k FROM act WHERE rec IN (SELECT rec FROM act WHERE text & 1) ORDER BY rec, k`, nil,
			func(s *sqlite3.Stmt) error {
				ref, err := x.refOf(s.ColumnInt64(1))
				acts = append(acts, namedAct{s.ColumnInt64(0), ref})
				return err
			})
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make(chan []namedAct)
	var mu sync.Mutex // guards n
	var work sync.WaitGroup
	for range spare.Cores(ctx) {
		work.Go(func() {
			for part := range parts {
				names, err := x.foldNames(ctx, part)
				if err != nil {
					cancel(err)
					continue // until there are no more
				}
				mu.Lock()
				for rec, folded := range names {
					n.put(rec, folded)
				}
				mu.Unlock()
			}
		})
	}
	for len(acts) > 0 && ctx.Err() == nil {
		end := min(nameBatch, len(acts))
		for end < len(acts) && acts[end].rec == acts[end-1].rec {
			end++
		}
		parts <- acts[:end]
		acts = acts[end:]
	}
	close(parts)
	work.Wait()
	return context.Cause(ctx)
}

// foldNames opens the names of some records, folded for search.
func (x *Index) foldNames(ctx context.Context, acts []namedAct) (map[int64][]byte, error) {
	refs := make([]journal.Ref, len(acts))
	recOf := make(map[journal.Ref]int64, len(acts))
	for i, a := range acts {
		refs[i], recOf[a.ref] = a.ref, a.rec
	}
	opened, err := x.src.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	byRec := map[int64][]casebook.Stated{}
	for _, o := range opened {
		byRec[recOf[o.At]] = append(byRec[recOf[o.At]], o.Stated())
	}
	out := make(map[int64][]byte, len(byRec))
	for rec, stated := range byRec {
		out[rec] = foldedNames(nameTexts(casebook.Fold(recordOf(stated), stated, x.schema()), x.schema()))
	}
	return out, nil
}

func recordOf(acts []casebook.Stated) id.ID {
	for _, a := range acts {
		if a.Act.Verb == casebook.State {
			return a.Act.Record
		}
	}
	return acts[0].Act.Record
}
