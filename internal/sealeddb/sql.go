package sealeddb

import (
	"fmt"

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

// Each prepares a query and calls row for every row of the answer. The statement's
// raw columns are valid only until row returns.
func Each(c *sqlite3.Conn, sql string, args []any, row func(*sqlite3.Stmt) error) error {
	s, _, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	return EachOf(s, args, row)
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
