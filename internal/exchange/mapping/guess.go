package mapping

import (
	"cmp"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
	"example.org/amparo/names"
)

// Guess finds, for each table, the kind and the columns that fit best. Tables of one
// export are guessed together: a repeat is of a kind that links to what its parent is.
// Columns it does not recognise are in Ignore, and tables that fit no kind are marked,
// so the person sees them and decides. only names the kind of the tables that belong to
// no other; empty: it is guessed.
func Guess(set *kind.Set, sheets []*table.Sheet, only string) (Book, error) {
	if _, ok := set.Kind(only); only != "" && !ok {
		return nil, fault.New(fault.NotFound, "import", "there is no kind %q", only).With("amparo kinds lists them")
	}
	var book Book
	above := map[*table.Sheet][]string{} // kinds that the rows of a table make or name
	fits, known := 0, map[string]words{}
	for _, s := range sheets {
		g := guesser{set: set, s: s, form: table.FromForm(s.Header) || s.Above() != nil, above: above[s.Above()], known: known, folds: map[string][]end{}}
		ms := g.sheet(only)
		if len(ms) == 0 {
			ms = []Mapping{{Skip: "no kind has columns like " + strings.Join(s.Header[:min(5, len(s.Header))], ", ")}}
		} else {
			fits++
		}
		above[s] = slices.Clone(above[s.Above()])
		for _, m := range ms {
			if len(sheets) > 1 {
				m.Table = s.Table
			}
			above[s] = append(above[s], reaches(set, m)...)
			book = append(book, m)
		}
	}
	if fits == 0 && len(sheets) > 0 {
		err := fault.New(fault.Invalid, "import", "%s: %s", sheets[0].Name, book[0].Skip).With("name the kind with --kind, or write a mapping and give it with --mapping")
		if len(sheets[0].Header) == 1 {
			err = err.With("the table has one column only: separate cells by commas, semicolons, tabs or bars")
		}
		return nil, err
	}
	return book, nil
}

// reaches are the kinds of the records that a row makes or names.
func reaches(set *kind.Set, m Mapping) []string {
	k, ok := set.Kind(m.Kind)
	if !ok {
		return nil
	}
	out := []string{k.Name}
	for _, c := range m.Columns {
		if f, _ := k.Field(c.Field); f.Type == kind.TypeLink && f.Kind != "" && !f.Repeat {
			out = append(out, f.Kind)
		}
	}
	return out
}

type guesser struct {
	set   *kind.Set
	s     *table.Sheet
	form  bool
	above []string
	known map[string]words // by kind
	folds map[string][]end // by header
}

// sheet guesses the mappings of one table.
func (g guesser) sheet(only string) []Mapping {
	if ms := g.grouped(only); ms != nil {
		return ms
	}
	if g.s.Above() != nil {
		only = g.named()
	}
	if g.orphan() {
		if only = cmp.Or(only, g.named()); only == "" {
			return nil
		}
		for _, k := range g.set.Kinds() { // what its parents made, an earlier import knows
			g.above = append(g.above, k.Name)
		}
	}
	best, bestScore := Mapping{}, 0.0
	for _, k := range g.set.Kinds() {
		if only != "" && k.Name != only {
			continue
		}
		if m, score := g.kind(k, g.s.Header, nil, only != ""); score > bestScore {
			best, bestScore = m, score
		}
	}
	if bestScore <= 0 {
		return nil
	}
	best.leaveOut(g.s.Header, nil)
	return []Mapping{best}
}

// orphan reports whether the table is a repeat whose parent was imported before, alone.
func (g guesser) orphan() bool {
	return g.s.Above() == nil && slices.Contains(g.s.Header, table.ParentKeyColumn)
}

// named is the kind whose name the table bears, as forms that this program writes name
// their repeats.
func (g guesser) named() string {
	name := g.s.Table[strings.LastIndexAny(g.s.Table, "-/.")+1:]
	if _, ok := g.set.Kind(name); ok {
		return name
	}
	return ""
}

// grouped guesses a form whose groups are named after kinds: each makes a record.
func (g guesser) grouped(only string) []Mapping {
	groups := map[string][]string{}
	var order []string // of the form
	for _, h := range g.s.Header {
		k := g.groupOf(h)
		if k == nil {
			continue
		}
		if groups[k.Name] == nil {
			order = append(order, k.Name)
		}
		groups[k.Name] = append(groups[k.Name], h)
	}
	if len(groups) == 0 || only != "" && groups[only] == nil {
		return nil
	}
	var out []Mapping
	for _, name := range order {
		k, _ := g.set.Kind(name)
		beside := slices.DeleteFunc(slices.Clone(order), func(o string) bool { return o == name })
		if m, score := g.kind(k, groups[name], beside, true); score > 0 {
			out = append(out, m)
		}
	}
	for i := range out {
		out[i].leaveOut(g.s.Header, out)
	}
	return out
}

// groupOf is the kind that the innermost group of a question is named after.
func (g guesser) groupOf(header string) *kind.Kind {
	for i := len(header) - 1; g.form && i > 0; i-- {
		if header[i] != '/' && header[i] != '-' {
			continue
		}
		k, ok := g.set.Kind(header[strings.LastIndexAny(header[:i], "/-")+1 : i])
		if ok && g.match(k, header[i+1:], maxRank).f != nil {
			return k
		}
	}
	return nil
}

// kind maps what it can of headers to the fields of a kind. The score is 0 if a field
// that must be given is nowhere. sure: the kind is known, only the columns are sought.
func (g guesser) kind(k *kind.Kind, headers []string, beside []string, sure bool) (Mapping, float64) {
	m := Mapping{Kind: k.Name, Columns: map[string]Column{}, States: stateWords, why: map[string]string{}}
	if g.form {
		m.Form = table.SubmissionColumns(g.s.Header)
	}
	rest := g.special(&m, headers)
	taken := map[string]bool{}
	for rank := range maxRank + 1 {
		for _, h := range rest {
			if _, done := m.Columns[h]; done {
				continue
			}
			c := g.match(k, h, rank)
			if c.f == nil || taken[c.key()] {
				continue
			}
			taken[c.key()] = true
			m.Columns[h] = c.column
		}
	}
	g.links(k, &m, slices.Concat(g.above, beside))
	g.fromName(k, &m)
	g.asides(k, &m)
	g.habits(k, &m)
	return m, g.score(k, m, sure)
}

func (g guesser) score(k *kind.Kind, m Mapping, sure bool) float64 {
	given := map[string]bool{}
	for _, c := range m.Columns {
		given[c.Field] = given[c.Field] || c.Note == ""
	}
	n := float64(len(given))
	for f := range m.Set {
		given[f] = true
	}
	for f := range m.Links {
		given[f] = true
	}
	for _, f := range k.Fields {
		if f.Required == "save" && !given[f.Name] && !(sure && m.Record != "") {
			return 0
		}
	}
	if n == 0 || g.s.Above() != nil && !sure && len(m.Links) == 0 {
		return 0
	}
	return n + n/float64(len(k.Fields)+1)
}

// special takes the columns with a meaning of their own and returns the others.
func (g guesser) special(m *Mapping, headers []string) (rest []string) {
	for _, h := range headers {
		switch {
		case Reserved(h):
		case (h == "id" || h == "record") && m.Record == "" && !g.form && g.all(h, isID):
			m.Record = h
		case h == "@source":
			m.Source = h
		case h == "@basis":
			m.Basis = h
		case g.form && (slices.Contains(formOwn, h) || strings.HasPrefix(h, "_") || strings.HasPrefix(h, "SET-OF-") || strings.HasPrefix(h, "meta/") || strings.HasPrefix(h, "meta-")):
			m.why[h] = "the form server's own"
		default:
			rest = append(rest, h)
		}
	}
	return rest
}

func isID(cell string) bool { _, err := id.Parse(cell); return err == nil }

// sampled is how many rows are looked at to see what a column holds.
const sampled = 50

// all reports whether the first cells of a column are all of a sort.
func (g guesser) all(header string, sort func(cell string) bool) bool {
	at, n := slices.Index(g.s.Header, header), 0
	for row, err := range g.s.Rows() {
		if n++; n > sampled {
			break
		}
		if err == nil && at < len(row.Cells) && !sort(strings.TrimSpace(row.Cells[at])) {
			return false
		}
	}
	return true
}

// links are the fields that name the record a row belongs to: whose record it is, and
// what must be named. One field a kind: who was harmed, nobody may guess.
func (g guesser) links(k *kind.Kind, m *Mapping, have []string) {
	mapped := map[string]bool{}
	for h, c := range m.Columns {
		mapped[c.Field] = true
		f, _ := k.Field(c.Field)
		if by := g.findable(f); by != "" && !g.all(h, isID) {
			c.Find, c.Make = by, g.makeable(f.Kind, by)
			m.Columns[h] = c
		}
	}
	used := map[string]bool{}
	for _, f := range k.Fields {
		if f.Type != kind.TypeLink || mapped[f.Name] || used[f.Kind] || !slices.Contains(have, f.Kind) {
			continue
		}
		if f.Required == "save" || !f.Repeat && (slices.Contains(k.Subject, f.Name) || g.onlyLink(k, f)) {
			if m.Links == nil {
				m.Links = map[string]string{}
			}
			m.Links[f.Name], used[f.Kind] = f.Kind, true
		}
	}
}

func (g guesser) onlyLink(k *kind.Kind, f *kind.Field) bool {
	n := 0
	for _, o := range k.Fields {
		if o.Type == kind.TypeLink && o.Kind == f.Kind {
			n++
		}
	}
	return n == 1
}

// findable is the field by which people name records of the kind a field links to.
func (g guesser) findable(f *kind.Field) string {
	target, ok := g.set.Kind(f.Kind)
	if f.Type != kind.TypeLink || !ok {
		return ""
	}
	for _, name := range target.Title {
		if t, ok := target.Field(name); ok && t.Type == kind.TypeText && t.Class != kind.Sealed {
			return name
		}
	}
	return ""
}

// makeable reports whether a record that a table only names may be made: a public fact
// that needs nothing else. A person is never made from a word.
func (g guesser) makeable(kindName, by string) bool {
	target, _ := g.set.Kind(kindName)
	for _, f := range target.Fields {
		if f.Required == "save" && f.Name != by {
			return false
		}
	}
	return len(target.Subject) == 0
}

// leaveOut lists the headers that no mapping of the table takes, with the reason.
func (m *Mapping) leaveOut(header []string, all []Mapping) {
	if all == nil {
		all = []Mapping{*m}
	}
	for _, h := range header {
		if Reserved(h) || slices.ContainsFunc(all, func(o Mapping) bool { return slices.Contains(o.uses(), h) || slices.Contains(o.Form, h) }) ||
			len(m.Form) > 0 && (h == table.KeyColumn || h == table.ParentKeyColumn) {
			continue
		}
		m.Ignore = append(m.Ignore, h)
		if m.why[h] == "" {
			m.why[h] = m.reason(h)
		}
	}
}

func (m *Mapping) reason(h string) string {
	last := strings.ToLower(h[strings.LastIndexAny(h, "/-")+1:])
	base, _, _ := strings.Cut(h, "/")
	switch {
	case kind.ForbiddenBy(strings.Trim(last, "_")) == "R03" || slices.Contains([]string{"geolocation", "altitude", "longitude", "accuracy"}, strings.Trim(last, "_")):
		return "rule R03: where somebody is, or can be reached, is never taken in"
	case h == "id" || h == "record":
		return "their own numbers; list the column under key to recognise a row that was changed"
	case companions[h] != "" && m.Columns[companions[h]].Field != "":
		return "repeats " + companions[h]
	case base != h && m.Columns[base].Field != "":
		return "repeats " + base
	}
	return ""
}

// Unmapped are the ignored headers that hold something of their own: a column that
// repeats another, or is the form server's, is not among them.
func (m Mapping) Unmapped() []string {
	var out []string
	for _, h := range m.Ignore {
		if m.why[h] == "" {
			out = append(out, h)
		}
	}
	return out
}

func folded(s string) string { return strings.ReplaceAll(names.Fold(strings.TrimSpace(s)), " ", "_") }
