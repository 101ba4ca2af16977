package linkage

import (
	"regexp"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
	"example.org/amparo/linkage/table"
)

// Suggest writes a first model for a table: what each column seems to be, from its header
// and its values, and how to compare it. Columns in leave are left out, as are those that
// look like the number of a record or the answer itself.
//
// It is an error when no column is left to compare.
func Suggest(t *table.Table, leave ...string) (Model, error) {
	m := Model{Link: Auto, Dependence: true}
	var looks []look
	for _, c := range t.Columns {
		l := lookAt(c)
		switch {
		case slices.Contains(leave, c.Name), l.empty(), labelName.MatchString(l.header), l.source(), strictID.MatchString(l.header) && !l.isID(t):
			m.Ignore = append(m.Ignore, c.Name)
		case m.ID == "" && (l.isID(t) || l.counts(t)):
			m.ID = c.Name
		case l.length > 300, l.counts(t):
			m.Ignore = append(m.Ignore, c.Name)
		default:
			looks = append(looks, l)
		}
	}
	looks = m.dropComposites(t, looks)
	looks = m.takeDateParts(looks)
	for _, l := range looks {
		m.Fields = append(m.Fields, l.field())
	}
	m.pairNames(looks)
	if len(m.Fields) == 0 {
		return Model{}, fault.New(fault.Invalid, "linkage.Suggest", "no column of the table says anything about who a record is").
			With("write a model by hand and name the columns to compare")
	}
	for len(m.Fields) > fs.MaxFields {
		last := len(m.Fields) - 1
		m.Ignore = append(m.Ignore, m.Fields[last].columns()...)
		m.Fields = m.Fields[:last]
	}
	if n := float64(t.Rows()); n*(n-1)/2 > allPairs {
		part := t.Sample(suggestSample)
		e, err := prepare(part, m, Options{})
		if err != nil {
			return Model{}, err
		}
		m.Blocks = e.plan(t.Rows())
	}
	return m, nil
}

// suggestSample is how many records are enough to plan blocking.
const suggestSample = 20_000

// The words of headers, which are lower case with underscores for spaces.
var (
	labelName   = regexp.MustCompile(`^(true_?|gold_?|ground_?truth_?)?(cluster|ent|entity|label|match|truth|gold|ground_truth|dup|duplicate|group|person)(_?(id|no|num|number|key|label))?$`)
	idName      = regexp.MustCompile(`^(id|uid|uuid|guid|key|index|idx|row|rowid|row_id|row_no|record|rec_?id|record_?id|record_?(no|number)|unique_?id|unnamed.*|.*_id)$`)
	strictID    = regexp.MustCompile(`^(id|uid|uuid|guid|rec_?id|record_?id|unique_?id)$`)
	sourceName  = regexp.MustCompile(`^(source|source_?(dataset|file|name|id)|dataset|file_?name|origin)$`)
	givenName   = regexp.MustCompile(`^(f_?name.*|first.*|given.*|fore_?name.*|christian.*|nombres?|pr[eé]noms?|vornamen?|이름|名|名字)$`)
	familyName  = regexp.MustCompile(`^(l_?name.*|last.*|sur_?name.*|family.*|apellidos?|nom|nom_de_famille|nachnamen?|familiennamen?|성|성씨|姓|姓氏)$`)
	middleName  = regexp.MustCompile(`middle|initial`)
	anyName     = regexp.MustCompile(`name|alias|victim|person|성명|이름|姓名`)
	postName    = regexp.MustCompile(`post_?code|postal|zip|^pc|_pc$`)
	dateName    = regexp.MustCompile(`date|dob|birth|death|_at$|^day|born|died`)
	yearName    = regexp.MustCompile(`^(b|birth|dob)?_?(y|yr|year)$|_y(ea)?r?$|^year`)
	monthName   = regexp.MustCompile(`^(b|birth|dob)?_?(m|mon|month)$|_m(on(th)?)?$`)
	dayName     = regexp.MustCompile(`^(b|birth|dob)?_?(d|day)$|_d(ay)?$`)
	codeName    = regexp.MustCompile(`ssn|soc|phone|tel|mobile|fax|passport|licen[cs]e|national|insurance|number|_no$|_num|_id$|code|nr$|house`)
	amountName  = regexp.MustCompile(`age$|year|amount|income|salary|height|weight|count|price`)
	ukPostcode  = regexp.MustCompile(`^[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}$`)
	phoneNumber = regexp.MustCompile(`^[+(]?[0-9][0-9 ()./-]{6,}$`)
	wholeNumber = regexp.MustCompile(`^[0-9]+(\.0)?$`)
)

// look is what a column looks like.
type look struct {
	c        *table.Column
	header   string
	distinct int
	filled   int
	rows     int
	length   float64 // letters, mean over distinct values
	words    float64
	// shares of rows
	mail, whole, phone, uk, day float64
	order                       string // of dates
}

// lookMost is how many distinct values are looked at.
const lookMost = 2000

func lookAt(c *table.Column) look {
	l := look{c: c, header: headerWords(c.Name), distinct: c.Dict.Len() - 1, filled: c.Filled(), rows: len(c.IDs)}
	step := max(1, l.distinct/lookMost)
	var n, all float64
	var seen []string
	for id := 1; id < c.Dict.Len(); id += step {
		s := strings.TrimSpace(c.Dict.At(uint32(id)))
		weight := float64(c.Dict.Count(uint32(id)))
		for range min(int(weight), 20) { // what most rows hold counts most
			seen = append(seen, s)
		}
		n++
		all += weight
		l.length += float64(len([]rune(s)))
		l.words += float64(len(strings.Fields(s)))
		l.mail += weight * is(strings.Contains(s, "@"))
		l.phone += weight * is(phoneNumber.MatchString(s))
		l.uk += weight * is(ukPostcode.MatchString(s))
		l.whole += weight * is(wholeNumber.MatchString(s) && len(s) < 16)
	}
	if n == 0 {
		return l
	}
	l.length /= n
	l.words /= n
	for _, x := range []*float64{&l.mail, &l.whole, &l.phone, &l.uk} {
		*x /= all
	}
	l.order, l.day = compare.DateOrder(seen)
	return l
}

func number(s string) (v float64) {
	for _, c := range s {
		if c < '0' || c > '9' {
			break
		}
		v = v*10 + float64(c-'0')
	}
	return v
}

func is(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// headerWords is a header in lower case with underscores between words.
func headerWords(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexAny(s, "#/"); i >= 0 && i+1 < len(s) {
		s = s[i+1:]
	}
	var b strings.Builder
	lower := false
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			if lower {
				b.WriteByte('_')
			}
			b.WriteRune(r + 'a' - 'A')
			lower = false
			continue
		case r == ' ' || r == '-' || r == '.' || r == '_':
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
		lower = r >= 'a' && r <= 'z'
	}
	return b.String()
}

func (l look) empty() bool  { return l.distinct < 2 || l.filled*200 < l.rows }
func (l look) source() bool { return sourceName.MatchString(l.header) && l.distinct < 50 }

// isID reports whether the column numbers the records: its name says so, and no source
// repeats it.
func (l look) isID(t *table.Table) bool {
	if !idName.MatchString(l.header) || l.filled < l.rows || strings.Contains(l.header, "sec") || codeName.MatchString(strings.TrimSuffix(l.header, "_id")) {
		return false
	}
	if l.distinct == l.rows {
		return true
	}
	if len(t.Sources) < 2 {
		return false
	}
	for s := range t.Sources {
		seen := make(map[uint32]bool, t.Starts[s+1]-t.Starts[s])
		for _, id := range l.c.IDs[t.Starts[s]:t.Starts[s+1]] {
			if seen[id] {
				return false
			}
			seen[id] = true
		}
	}
	return true
}

// field chooses the comparer.
func (l look) field() Field {
	f := Field{Name: strings.ReplaceAll(l.c.Name, ":", "_"), Frequency: true}
	if f.Name != l.c.Name {
		f.Columns = []string{l.c.Name}
	}
	few := l.distinct <= 40 && l.distinct*20 < l.filled
	switch {
	case l.mail > 0.5:
		f.Compare = "email"
	case postName.MatchString(l.header) && l.length < 12, l.uk > 0.7:
		f.Compare = "postcode"
	case l.isDate():
		f.Compare, f.Order = "date", l.order
		if f.Order == "ymd" {
			f.Order = ""
		}
	case l.whole > 0.9 && (amountName.MatchString(l.header) || yearName.MatchString(l.header)):
		f.Compare = "number"
	case few:
		f.Compare = "exact"
	case l.phone > 0.6 || l.whole > 0.6 || (codeName.MatchString(l.header) && l.words < 1.5 && l.whole+l.phone > 0.3):
		f.Compare = "code"
		if l.length < 5 {
			f.Levels = []float64{1}
		}
	case l.words > 3.2 || l.length > 28:
		f.Compare = "text"
	default:
		f.Compare = "name"
	}
	return f
}

func (l look) isDate() bool {
	if l.day > 0.9 && l.length >= 8 {
		return true
	}
	return dateName.MatchString(l.header) && l.day > 0.6
}

// dropComposites leaves out columns that only join others: a full name beside its parts
// would count the same evidence twice.
func (m *Model) dropComposites(t *table.Table, looks []look) []look {
	var out []look
	for k, l := range looks {
		if l.words > 1.5 && l.words < 6 && anyName.MatchString(l.header) && joinsOthers(t, looks, k) {
			m.Ignore = append(m.Ignore, l.c.Name)
			continue
		}
		out = append(out, l)
	}
	return out
}

// joinsOthers reports whether nearly every value of column k contains, as words, those of
// a given name and a surname beside it.
func joinsOthers(t *table.Table, looks []look, k int) bool {
	var parts []*table.Column
	for j, l := range looks {
		if j != k && (givenName.MatchString(l.header) || familyName.MatchString(l.header)) && l.words < 1.5 {
			parts = append(parts, l.c)
		}
	}
	if len(parts) < 2 {
		return false
	}
	rows, met := 0, 0
	step := max(1, t.Rows()/500)
	for r := 0; r < t.Rows(); r += step {
		whole := " " + strings.ToLower(looks[k].c.At(r)) + " "
		if len(whole) == 2 {
			continue
		}
		rows++
		all := true
		for _, p := range parts {
			all = all && strings.Contains(whole, " "+strings.ToLower(p.At(r))+" ")
		}
		met += int(is(all))
	}
	return rows > 0 && met*10 > rows*8
}

// counts reports whether the column counts the rows of every source, each one more than
// the one before: whatever its name is, it says nothing about who a record is.
func (l look) counts(t *table.Table) bool {
	if l.whole < 1 || l.filled < l.rows {
		return false
	}
	value := make([]float64, l.c.Dict.Len())
	for id := range value {
		s := strings.TrimSpace(l.c.Dict.At(uint32(id)))
		if id > 0 && !wholeNumber.MatchString(s) {
			return false
		}
		value[id] = number(s)
	}
	for s := range t.Sources {
		for row := t.Starts[s] + 1; row < t.Starts[s+1]; row++ {
			if value[l.c.IDs[row]] != value[l.c.IDs[row-1]]+1 {
				return false
			}
		}
	}
	return true
}

// takeDateParts joins a year, a month and a day in three columns to one date.
func (m *Model) takeDateParts(looks []look) []look {
	year, month, day := namedParts(looks)
	if year < 0 || month < 0 || day < 0 {
		return looks
	}
	name := "date"
	for slices.ContainsFunc(looks, func(l look) bool { return l.c.Name == name }) {
		name += "_"
	}
	m.Fields = append(m.Fields, Field{Name: name, Columns: []string{looks[year].c.Name, looks[month].c.Name, looks[day].c.Name}, Compare: "date", Frequency: true})
	var out []look
	for k, l := range looks {
		if k != year && k != month && k != day {
			out = append(out, l)
		}
	}
	return out
}

// datePart is the share of a column's cells that must be in range: the others are slips.
const datePart = 0.95

// namedParts is the columns that are called year, month and day and hold such numbers; -1
// for none.
func namedParts(looks []look) (year, month, day int) {
	year, month, day = -1, -1, -1
	for k, l := range looks {
		switch {
		case l.whole < datePart:
		case year < 0 && yearName.MatchString(l.header) && l.within(1000, 2200) >= datePart:
			year = k
		case month < 0 && monthName.MatchString(l.header) && l.within(0, 12) >= datePart:
			month = k
		case day < 0 && dayName.MatchString(l.header) && l.within(0, 31) >= datePart:
			day = k
		}
	}
	return year, month, day
}

// within is the share of the filled cells that hold a number from low to high.
func (l look) within(low, high float64) float64 {
	n := 0
	for id := 1; id < l.c.Dict.Len(); id++ {
		s := strings.TrimSpace(l.c.Dict.At(uint32(id)))
		if v := number(s); wholeNumber.MatchString(s) && v >= low && v <= high {
			n += l.c.Dict.Count(uint32(id))
		}
	}
	return float64(n) / float64(max(l.filled, 1))
}

// pairNames lets a given name and a surname stand in each other's place.
func (m *Model) pairNames(looks []look) {
	given, family := "", ""
	for _, l := range looks {
		if middleName.MatchString(l.header) {
			continue
		}
		name := strings.ReplaceAll(l.c.Name, ":", "_")
		if given == "" && givenName.MatchString(l.header) {
			given = name
		}
		if family == "" && familyName.MatchString(l.header) {
			family = name
		}
	}
	if given == "" || family == "" {
		return
	}
	for i := range m.Fields {
		if m.Fields[i].Name == given && m.Fields[i].Compare == "name" {
			m.Fields[i].Swap = family
		}
	}
}
