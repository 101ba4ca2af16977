//go:build race

package sealeddb_test

func init() { underRace = true }
