package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/token"
)

// A search looks among names, and finds a file under its pseudonym: so it reads who somebody
// is, and who looked for whom must be known (R23). The log holds no word that was typed and
// nothing of it, keyed or not, that a list of names could be tried against. It holds that a
// member searched, for everybody to see; and which files were shown, as pseudonyms, under
// the key that opens the names themselves.
//
// A search does not wait for what is being saved. What it read is written to the file of
// this device first, is durable before the answer is shown, and is an entry of the journal a
// moment later; what a cut leaves there is taken up when the workspace is opened again.

// sameSearch is for how long the same words that show the same files are the same search:
// a page that is opened again, its second step, the way back to it.
const sameSearch = openFor

// searches remembers what was searched lately, and what is at work to write it down.
type searches struct {
	sync.Mutex
	at   map[[sha256.Size]byte]time.Time // by words and files; never written
	work sync.WaitGroup
}

// searchRead is one act on its way to the journal.
type searchRead struct {
	_    struct{} `cbor:",toarray"`
	Room string
	Act  []byte
}

// noteSearch makes durable that this member searched for words, and that files were found by
// a name, or by words under a key of their own, in these compartments. What a search finds
// piece by piece is of one number, which the first note gives: the zero number asks for one.
func (w *Workspace) noteSearch(ctx context.Context, words string, number id.ID, rooms map[string][]id.ID) (id.ID, error) {
	if len(token.Split(words)) == 0 || len(rooms) == 0 && !w.holdsNames() {
		return number, nil // no name can be found
	}
	mark := markOf(words, rooms)
	if w.searches.lately(mark, w.opt.Now()) {
		return number, nil
	}
	line := casebook.SearchLine{Search: number}
	var said []searchRead
	if number.IsZero() {
		line.Search = w.NewRecord()
		said = append(said, w.searchAct(generalRoom, line))
	}
	for name, files := range rooms {
		for part := range slices.Chunk(files, personsInLine) {
			line.Found = nil
			for _, f := range part {
				line.Found = append(line.Found, f[:]...)
			}
			said = append(said, w.searchAct(name, line))
		}
	}
	if err := w.keepSearch(ctx, said); err != nil {
		return number, err
	}
	w.searches.remember(mark, w.opt.Now())
	w.searches.work.Go(func() { _ = w.takeSearches(context.Background()) }) // what fails stays, and is taken with the next
	return line.Search, nil
}

// keepSearch writes down what a search read, on its way to the journal.
func (w *Workspace) keepSearch(ctx context.Context, said []searchRead) error {
	db, err := w.unsavedDB(ctx)
	if err != nil {
		return err
	}
	return db.Write(ctx, func(c *sqlite3.Conn) error {
		for _, s := range said {
			if err := sealeddb.Run(c, `INSERT INTO searched(said) VALUES (?1)`, journal.Encode(s)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Workspace) searchAct(room string, line casebook.SearchLine) searchRead {
	a := &casebook.Act{Verb: casebook.Read, At: w.clock.Next(), Member: w.vault.Member(), Data: journal.Encode(line)}
	return searchRead{Room: room, Act: a.Encode()}
}

// holdsNames reports whether this member holds the key of any names.
func (w *Workspace) holdsNames() bool {
	for _, k := range w.Schema().Kinds() {
		for _, f := range k.Fields {
			if !index.IsName(k, f) {
				continue
			}
			if _, held := w.rooms.named(fieldRoom(k, f)); held {
				return true
			}
		}
	}
	return false
}

// namesIn are the files in which a name was found, by the compartment of the name: of a
// record about a person, the person's.
func (w *Workspace) namesIn(rows []index.Row) map[string][]id.ID {
	out := map[string][]id.ID{}
	for _, row := range rows {
		k, ok := w.Schema().Kind(row.Kind)
		if !ok {
			continue
		}
		i := slices.IndexFunc(k.Fields, func(f *kind.Field) bool { return index.IsName(k, f) })
		if i < 0 {
			continue
		}
		file := row.ID
		if p, err := id.Parse(row.Values.Get("person")); err == nil && !p.IsZero() {
			file = p
		}
		if room := fieldRoom(k, k.Fields[i]); !slices.Contains(out[room], file) {
			out[room] = append(out[room], file)
		}
	}
	return out
}

// fieldRoom is the compartment a field is declared for.
func fieldRoom(k *kind.Kind, f *kind.Field) string {
	if f.Compartment != "" {
		return f.Compartment
	}
	return k.Compartment
}

// notePassage makes durable that a search found words in a record that is restricted.
func (w *Workspace) notePassage(ctx context.Context, words string, number id.ID, n index.Narrative) (id.ID, error) {
	k, ok := w.Schema().Kind(n.Kind)
	if !ok {
		return number, nil
	}
	f, ok := k.Field(n.Field)
	if !ok {
		return number, nil
	}
	room := fieldRoom(k, f)
	if len(k.CompartmentWhen) > 0 {
		row, err := w.index.Row(ctx, n.Record)
		if err != nil {
			return number, err
		}
		vs := kind.Values{n.Field: nil}
		for name, v := range row.Values {
			vs[name] = v
		}
		room = w.Schema().CompartmentsOf(k, vs)[n.Field]
	}
	if room == generalRoom {
		return number, nil
	}
	return w.noteSearch(ctx, words, number, map[string][]id.ID{room: {n.Record}})
}

// takeSearches makes entries of the journal of what searches have read. One that was taken
// and not yet struck out when the power went is taken again, and is one line all the same.
func (w *Workspace) takeSearches(ctx context.Context) error {
	if _, err := os.Stat(w.path(unsavedFile)); err != nil {
		return nil // nobody searched
	}
	db, err := w.unsavedDB(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	drafts, last, err := w.searchDrafts(ctx, db)
	if err != nil || last == 0 {
		return err
	}
	if _, err := w.commit(ctx, drafts); err != nil {
		return err
	}
	return db.Write(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Run(c, `DELETE FROM searched WHERE n <= ?1`, last)
	})
}

func (w *Workspace) searchDrafts(ctx context.Context, db *sealeddb.DB) (drafts []draft, last int64, err error) {
	err = db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT n, said FROM searched ORDER BY n`, nil, func(s *sqlite3.Stmt) error {
			var said searchRead
			if err := journal.Unpack(s.ColumnBlob(1, nil), &said); err != nil {
				return err
			}
			a, err := casebook.DecodeAct(said.Act)
			if err != nil {
				return err
			}
			room, err := w.roomOf(said.Room)
			if err != nil {
				return err
			}
			last = s.ColumnInt64(0)
			drafts = append(drafts, draft{act: a, room: room})
			return nil
		})
	})
	return drafts, last, err
}

// endSearches waits for what is at work and leaves nothing behind.
func (w *Workspace) endSearches() error {
	w.searches.work.Wait()
	if w.searches.at == nil {
		return nil // nobody searched
	}
	return w.takeSearches(context.Background())
}

// markOf stands for words and what they found, in memory only.
func markOf(words string, rooms map[string][]id.ID) [sha256.Size]byte {
	var all []string
	for name, files := range rooms {
		for _, f := range files {
			all = append(all, name+" "+f.String())
		}
	}
	slices.Sort(all)
	return sha256.Sum256(fmt.Append(nil, strings.Join(token.Split(words), " "), "\x00", strings.Join(all, " ")))
}

func (s *searches) lately(mark [sha256.Size]byte, now time.Time) bool {
	s.Lock()
	defer s.Unlock()
	at, ok := s.at[mark]
	return ok && !now.Before(at) && now.Sub(at) < sameSearch
}

func (s *searches) remember(mark [sha256.Size]byte, now time.Time) {
	s.Lock()
	defer s.Unlock()
	if s.at == nil {
		s.at = map[[sha256.Size]byte]time.Time{}
	}
	for m, at := range s.at {
		if now.Sub(at) >= sameSearch {
			delete(s.at, m)
		}
	}
	s.at[mark] = now
}
