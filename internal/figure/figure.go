// Package figure computes the figures of a workspace from what was read for them, and says what
// of each may be shown: numbers of people are rounded, small counts hidden, and every figure is
// held against all that was shown before it. It reads no record and keeps nothing: who may be
// counted is decided where the records are read.
package figure
