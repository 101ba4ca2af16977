package cli

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/cluster"
	"example.org/amparo/linkage/eval"
	"example.org/amparo/linkage/table"
)

// linkQuality is the result measured against labels.
type linkQuality struct {
	Against     string             `json:"against"`
	Partition   *eval.Report       `json:"clusters,omitempty"`
	Bootstrap   *eval.Bootstrapped `json:"intervals,omitempty"`
	Calibration eval.Calibration   `json:"calibration"`
	LabelPairs  *eval.Score        `json:"labelled_pairs,omitempty"`
}

// bootstrapDraws is how many times entities are drawn for an interval.
const bootstrapDraws = 1000

func measure(r *linkage.Result, t *table.Table, ids func(int) string, f linkFlags) (*linkQuality, error) {
	if col := t.Column(f.labels); col != nil {
		truth, err := entities(col, f.match)
		if err != nil {
			return nil, err
		}
		return measured(r, t, truth, "column "+f.labels), nil
	}
	if _, err := os.Stat(f.labels); err != nil {
		return nil, fault.New(fault.NotFound, "link", "there is no column and no file %s", f.labels).With("give --labels a column of the table or a file of pairs")
	}
	return againstPairs(r, t, ids, f.labels)
}

// entities numbers the true entities of a column.
func entities(col *table.Column, match string) ([]uint32, error) {
	truth := make([]uint32, len(col.IDs))
	var re *regexp.Regexp
	if match != "" {
		var err error
		if re, err = regexp.Compile(match); err != nil || re.NumSubexp() < 1 {
			return nil, fault.New(fault.Invalid, "link", "--labels-match is no regular expression with a group").With("write for example %q", `^(rec-\d+)`)
		}
	}
	number := map[string]uint32{}
	of := make([]uint32, col.Dict.Len()) // by value: one more than the entity's number; 0 until it is known, and for Unknown
	for row, id := range col.IDs {
		if of[id] == 0 {
			of[id] = numbered(label(col.Dict.At(id), re), number) + 1
		}
		truth[row] = of[id] - 1
	}
	return truth, nil
}

// label is what of a cell names the entity, "" where nothing does.
func label(cell string, re *regexp.Regexp) string {
	if re == nil {
		return cell
	}
	if g := re.FindStringSubmatch(cell); g != nil {
		return g[1]
	}
	return ""
}

// numbered is the number of a label, a new one if it was not seen before.
func numbered(label string, number map[string]uint32) uint32 {
	if label == "" {
		return eval.Unknown
	}
	n, ok := number[label]
	if !ok {
		n = uint32(len(number))
		number[label] = n
	}
	return n
}

func measured(r *linkage.Result, t *table.Table, truth []uint32, against string) *linkQuality {
	var source []uint8
	if r.Link == linkage.LinkOnly && len(t.Sources) > 1 {
		source = make([]uint8, t.Rows())
		for row := range source {
			source[row] = uint8(t.Source(row))
		}
	}
	q := &linkQuality{Against: against}
	p := eval.Partition(r.Clusters.Of, truth, source)
	q.Partition = &p
	if len(truth) <= 200_000 {
		b := eval.Bootstrap(r.Clusters.Of, truth, source, bootstrapDraws, 1)
		q.Bootstrap = &b
	}
	q.Calibration = eval.Calibrate(func(yield func(p float64, match bool) bool) {
		r.EachPair(func(i, j uint32, bits float64) {
			if truth[i] != eval.Unknown && truth[j] != eval.Unknown {
				yield(linkage.Probability(bits), truth[i] == truth[j])
			}
		})
	})
	return q
}

// againstPairs measures against a file of labelled pairs: id columns of the two sides and
// a column with a score from 0 to 1 or a yes or no.
func againstPairs(r *linkage.Result, t *table.Table, ids func(int) string, file string) (*linkQuality, error) {
	labels, err := columns.Read(file)
	if err != nil {
		return nil, err
	}
	left, right, match := pairColumns(labels)
	if left == nil || right == nil || match == nil {
		return nil, fault.New(fault.Invalid, "link", "%s has not the columns of labelled pairs", file).
			With("give it two id columns ending in _l and _r, and one named match or ending in score")
	}
	row := map[string]uint32{}
	for k := range t.Rows() {
		if _, twice := row[ids(k)]; !twice {
			row[ids(k)] = uint32(k)
		}
	}
	var same [][2]uint32
	type labelled struct {
		i, j uint32
		same bool
	}
	var judged []labelled
	both, found, truths := 0.0, 0.0, 0.0
	named := make([]bool, t.Rows())
	for k := range labels.Rows() {
		i, okI := row[left.At(k)]
		j, okJ := row[right.At(k)]
		if !okI || !okJ || i == j {
			continue
		}
		is := yes(match.At(k))
		linked := r.Clusters.Of[i] == r.Clusters.Of[j]
		named[i], named[j] = true, true
		judged = append(judged, labelled{i, j, is})
		if is {
			same = append(same, [2]uint32{i, j})
			truths++
		}
		if linked {
			found++
		}
		if linked && is {
			both++
		}
	}
	q := &linkQuality{Against: file, Calibration: eval.Calibrate(func(yield func(p float64, match bool) bool) {
		for _, p := range judged {
			yield(linkage.Probability(r.Bits(p.i, p.j)), p.same)
		}
	})}
	truth := cluster.Join(t.Rows(), same)
	for k := range truth {
		if !named[k] {
			truth[k] = eval.Unknown
		}
	}
	p := eval.Partition(r.Clusters.Of, truth, nil)
	q.Partition = &p
	s := eval.ScoreOf(both, found, truths)
	q.LabelPairs = &s
	return q, nil
}

func pairColumns(t *table.Table) (left, right, match *table.Column) {
	for _, c := range t.Columns {
		h := strings.ToLower(c.Name)
		switch {
		case strings.Contains(h, "source"):
		case strings.Contains(h, "score") || strings.Contains(h, "match") || h == "label":
			match = c
		case strings.HasSuffix(h, "_l") || strings.HasSuffix(h, "1") || strings.HasSuffix(h, "_left"):
			left = c
		case strings.HasSuffix(h, "_r") || strings.HasSuffix(h, "2") || strings.HasSuffix(h, "_right"):
			right = c
		}
	}
	return left, right, match
}

func yes(s string) bool {
	if v, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(v) {
		return v >= 0.5
	}
	switch strings.ToLower(s) {
	case "true", "yes", "y", "t", "match", "positive":
		return true
	}
	return false
}
