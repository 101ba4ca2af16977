// Package index holds what the screens query: tables and search computed from the
// journal. It can be thrown away and rebuilt to the same canonical dump.
//
// Only open and coded values are written here, into an encrypted file of their
// own. Sealed values (names, contacts, narratives) stay in the journal: names are
// kept in memory while the workspace is unlocked, narratives are searched by
// decrypting them in a stream. What a member cannot open is not here at all, so no
// count, list, facet or error can show that it exists.
package index

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/sealeddb"
)

// Version is the layout of the tables. A file of another version is rebuilt.
const Version = 8

// The tables. Numbers that depend on the order of arrival (rec, dev, name) are
// local to the file and never leave it: the canonical dump resolves them.
//
//	name    kinds, fields and other repeated words, written once
//	dev     devices, numbered
//	head    how much of each device's log is folded in here
//	record  one row a record; kind 0 marks one that is mentioned but not (or no
//	        longer) stated, which nothing ever lists
//	act     which acts touch a record, clustered by record
//	link    who points at whom, clustered by the record pointed at
//	pair    what people decided of two records, stored from both ends
//	token   words of open and coded text
//	ledger  acts that tell of a use, by their time; whole is what lines of one export or
//	        search have in common (its number, member and verb), head is set of the one that
//	        an export begins with
//	used    which of these name whose file; of record 0, what may have held anybody
//	tally   how many records there are of each kind and flags, kept by triggers; records
//	        are never deleted one by one, so there is none for that
//
// Two tables are not computed from the journal but remember what the last comparisons
// found, to tell what became of it. They are in no dump and outlive a rebuild:
//
//	grouping    the entity of every record of a kind at its last comparison
//	regrouping  what became of entities, with the cause
const ddl = `
CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS name(n INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS dev(n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS head(dev INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record(
	rec INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind INTEGER NOT NULL,
	flags INTEGER NOT NULL, accounts INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
	doc BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS record_kind ON record(kind, flags);
CREATE TABLE IF NOT EXISTS act(
	rec INTEGER NOT NULL, k INTEGER NOT NULL, verb INTEGER NOT NULL, key BLOB NOT NULL, text INTEGER NOT NULL,
	PRIMARY KEY(rec, k)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS act_names ON act(k, rec) WHERE text & 1;
CREATE INDEX IF NOT EXISTS act_long ON act(k, rec) WHERE text & 2;
CREATE TABLE IF NOT EXISTS link(
	target INTEGER NOT NULL, field INTEGER NOT NULL, rec INTEGER NOT NULL,
	PRIMARY KEY(target, field, rec)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pair(
	a INTEGER NOT NULL, b INTEGER NOT NULL, verdict INTEGER NOT NULL,
	PRIMARY KEY(a, b)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token(
	t TEXT NOT NULL, rec INTEGER NOT NULL,
	PRIMARY KEY(t, rec)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger(
	k INTEGER PRIMARY KEY, verb INTEGER NOT NULL, at INTEGER NOT NULL, whole BLOB NOT NULL, head INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ledger_at ON ledger(at, k);
CREATE INDEX IF NOT EXISTS ledger_whole ON ledger(whole, at, k);
CREATE TABLE IF NOT EXISTS used(
	rec INTEGER NOT NULL, k INTEGER NOT NULL,
	PRIMARY KEY(rec, k)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally(
	kind INTEGER NOT NULL, flags INTEGER NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY(kind, flags)) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS record_new AFTER INSERT ON record BEGIN
	INSERT INTO tally VALUES (new.kind, new.flags, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER IF NOT EXISTS record_changed AFTER UPDATE OF kind, flags ON record WHEN old.kind <> new.kind OR old.flags <> new.flags BEGIN
	UPDATE tally SET n = n - 1 WHERE kind = old.kind AND flags = old.flags;
	INSERT INTO tally VALUES (new.kind, new.flags, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TABLE IF NOT EXISTS grouping(
	kind TEXT NOT NULL, rec BLOB NOT NULL, entity BLOB NOT NULL,
	PRIMARY KEY(kind, rec)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS regrouping(
	n INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL);
`

// refusing is what is true of each row that holds, in whatever field, the code of a refusal or
// a withdrawal of consent. The desk asks for these before its first page, among a hundred
// thousand consents given.
var refusing = fmt.Sprintf(`(instr(doc, x'%x') OR instr(doc, x'%x'))`, consent.Refused, consent.Withdrawn)

// Flags of a record row.
const (
	flagContested = 1 << iota // accounts contradict each other and nobody has chosen
	flagSeveral               // there is more than one account; in memory alone
)

// What an act's sealed text is good for (column act.text).
const (
	textNames = 1 // short sealed text of people: kept in the name cache
	textLong  = 2 // narrative: searched by the decrypting scan
)

// wipe empties every table, which is how a rebuild starts.
func wipe(c *sqlite3.Conn) error {
	return c.Exec(`DELETE FROM meta; DELETE FROM name; DELETE FROM dev; DELETE FROM head; DELETE FROM record;
		DELETE FROM act; DELETE FROM link; DELETE FROM pair; DELETE FROM token; DELETE FROM ledger; DELETE FROM used; DELETE FROM tally;`)
}

func create(ctx context.Context, db *sealeddb.DB) error {
	return db.Write(ctx, func(c *sqlite3.Conn) error {
		return c.Exec(ddl + `CREATE INDEX IF NOT EXISTS record_no ON record(kind) WHERE ` + refusing)
	})
}
