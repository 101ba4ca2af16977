package sealeddb

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ncruces/go-sqlite3"
)

// Bind sets the parameters of a statement in order. Integers, text, byte slices
// and nil are what the tables hold; anything else is a mistake of the caller's.
func Bind(s *sqlite3.Stmt, args ...any) error {
	for i, a := range args {
		var err error
		switch v := a.(type) {
		case int64:
			err = s.BindInt64(i+1, v)
		case int:
			err = s.BindInt64(i+1, int64(v))
		case string:
			err = s.BindText(i+1, v)
		case []byte:
			err = s.BindBlob(i+1, v)
		case nil:
			err = s.BindNull(i + 1)
		default:
			err = fmt.Errorf("sealeddb: cannot bind %T", a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Exec binds and runs a prepared statement once, and leaves it ready for the next.
func Exec(s *sqlite3.Stmt, args ...any) error {
	if err := Bind(s, args...); err != nil {
		return err
	}
	err := s.Exec() // steps to the end and resets
	return err
}

// Run prepares, runs and closes a statement that gives no rows.
func Run(c *sqlite3.Conn, sql string, args ...any) error {
	s, _, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	return Exec(s, args...)
}

// Each runs a query and calls row for every row of the answer. The statement's raw columns are
// valid only until row returns. On a connection of a [DB] it is prepared once.
func Each(c *sqlite3.Conn, sql string, args []any, row func(*sqlite3.Stmt) error) error {
	held, known := shelves.Load(c)
	if !known {
		s, _, err := c.Prepare(sql)
		if err != nil {
			return err
		}
		defer s.Close()
		return EachOf(s, args, row)
	}
	sh := held.(*shelf)
	s := sh.take(sql)
	if s == nil {
		var err error
		if s, _, err = c.Prepare(sql); err != nil {
			return err
		}
	}
	if err := EachOf(s, args, row); err != nil {
		_ = s.Close() // the error of its run is the one to report
		return err
	}
	return sh.give(sql, s)
}

// shelves hold the prepared statements of open connections. A connection is in one hand at a
// time, and its shelf with it.
var shelves sync.Map // *sqlite3.Conn to *shelf

// mostShelved bounds the statements that one connection keeps.
const mostShelved = 64

// shelf is statements at rest by their text. One that is being run is not on it, so a query
// within the same query gets its own.
type shelf struct{ at map[string]*sqlite3.Stmt }

func (sh *shelf) take(sql string) *sqlite3.Stmt {
	s := sh.at[sql]
	delete(sh.at, sql)
	return s
}

// give puts back a statement without what was bound to it.
func (sh *shelf) give(sql string, s *sqlite3.Stmt) error {
	if len(sh.at) >= mostShelved || sh.at[sql] != nil {
		return s.Close()
	}
	if err := s.ClearBindings(); err != nil {
		return errors.Join(err, s.Close())
	}
	sh.at[sql] = s
	return nil
}

// shelve begins to keep the statements of a connection.
func shelve(c *sqlite3.Conn) { shelves.Store(c, &shelf{at: map[string]*sqlite3.Stmt{}}) }

// closeWith closes a connection with its statements.
func closeWith(c *sqlite3.Conn) error {
	var errs []error
	if held, known := shelves.LoadAndDelete(c); known {
		for _, s := range held.(*shelf).at {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, c.Close())...)
}

// EachOf is [Each] over a statement prepared before, which it leaves ready for the
// next call.
func EachOf(s *sqlite3.Stmt, args []any, row func(*sqlite3.Stmt) error) error {
	if err := Bind(s, args...); err != nil {
		return err
	}
	for s.Step() {
		if err := row(s); err != nil {
			_ = s.Reset() // the row's error is the one to report
			return err
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	return s.Reset()
}
