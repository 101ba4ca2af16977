package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"example.org/amparo/fault"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

type listPage struct {
	Page
	Kind      string
	Label     string
	Help      string
	Total     string
	Columns   []column
	Rows      []listRow
	Facets    []facetView
	Dates     []option // date fields to filter by
	Date      string   // chosen date field
	Span      string
	Certainly bool
	SpanError string
	Contested bool
	Filtered  bool
	Prev      string
	Next      string
	From, To  int
	CanAdd    bool
}

type column struct {
	Label  string
	Href   string // sort by it
	Sorted string // "ascending", "descending" or "none"
}

type listRow struct {
	ID        string
	Cells     []tableCell
	Accounts  int
	Contested bool
}

type facetView struct {
	Label   string
	Open    bool
	Options []facetOption
}

type facetOption struct {
	Label, Href string
	N           int
	On          bool
}

type option struct {
	Value, Label string
	On           bool
}

// pageSize is how many rows a list shows at once; counts are of all.
const pageSize = 50

// shownFacets is how many values of one field the side shows.
const shownFacets = 14

func (s *Server) listPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	set := v.ws.Schema()
	k, ok := set.Kind(r.PathValue("kind"))
	if !ok {
		return fault.New(fault.NotFound, "web", "no such kind")
	}
	q := r.URL.Query()
	lang := v.Say.Lang()
	p := listPage{Page: v.page("list.title"), Kind: k.Name, Label: k.Plural.In(lang), Help: k.Help.In(lang), CanAdd: true}
	p.Title = p.Label
	query, offset := listQuery(k, q)
	p.dates(set, k, q, &query, v)
	res, err := v.ws.Desk().List(r.Context(), query)
	if err != nil {
		return err
	}
	p.Total = v.Say.N("list.total", res.Total)
	p.Contested, p.Filtered = query.Contested, len(query.Filters) > 0 || query.Within != nil || query.Contested
	p.columns(k, q, lang)
	for _, row := range res.Rows {
		out := listRow{ID: row.ID.String(), Accounts: row.Accounts, Contested: row.Contested}
		for _, name := range k.List {
			out.Cells = append(out.Cells, v.cell(r.Context(), k, name, row))
		}
		if len(out.Cells) > 0 && out.Cells[0].Text == "" {
			out.Cells[0].Text = v.ws.Title(r.Context(), row, lang)
		}
		p.Rows = append(p.Rows, out)
	}
	for _, f := range res.Facets {
		if fv, ok := facetOf(set, k, f, q, lang); ok {
			p.Facets = append(p.Facets, fv)
		}
	}
	p.From, p.To = min(offset+1, res.Total), offset+len(res.Rows)
	if offset > 0 {
		p.Prev = with(q, "offset", strconv.Itoa(max(0, offset-pageSize)))
	}
	if offset+pageSize < res.Total {
		p.Next = with(q, "offset", strconv.Itoa(offset+pageSize))
	}
	return listTmpl.Execute(w, p)
}

// listQuery reads filters (f.<field>), sorting and the page from an address.
func listQuery(k *kind.Kind, q url.Values) (index.Query, int) {
	out := index.Query{Kind: k.Name, Filters: map[string][]string{}, Contested: q.Get("contested") == "yes", Limit: pageSize}
	for _, f := range k.Fields {
		if codes := q["f."+f.Name]; len(codes) > 0 && f.Class != kind.Sealed {
			out.Filters[f.Name] = codes
		}
	}
	if f, ok := k.Field(q.Get("sort")); ok && f.Class != kind.Sealed {
		out.Sort, out.Desc = f.Name, q.Get("desc") == "yes"
	}
	offset, _ := strconv.Atoi(q.Get("offset")) // what is no number is the first page
	out.Offset = max(0, offset)
	return out, out.Offset
}

// dates offers the date fields of a kind and reads a span asked for.
func (p *listPage) dates(set *kind.Set, k *kind.Kind, q url.Values, query *index.Query, v *visit) {
	for _, f := range k.Fields {
		if f.Type == kind.TypeDate && f.Class != kind.Sealed {
			p.Dates = append(p.Dates, option{Value: f.Name, Label: f.Label.In(v.Say.Lang()), On: f.Name == q.Get("date")})
		}
	}
	p.Span, p.Date, p.Certainly = q.Get("within"), q.Get("date"), q.Get("sure") == "yes"
	if p.Span == "" || len(p.Dates) == 0 {
		return
	}
	if !slices.ContainsFunc(p.Dates, func(o option) bool { return o.On }) {
		p.Date = p.Dates[0].Value
	}
	span, err := when.ParseHuman(p.Span)
	if err != nil {
		p.SpanError = v.Say.T("list.span.bad")
		return
	}
	lo, hi := span.Bounds()
	query.Within = &index.Within{Field: p.Date, From: int64(lo), To: int64(hi), Certainly: p.Certainly}
}

func (p *listPage) columns(k *kind.Kind, q url.Values, lang string) {
	for _, name := range k.List {
		f, _ := k.Field(name)
		c := column{Label: f.Label.In(lang), Sorted: "none"}
		if f.Class != kind.Sealed {
			next := with(q, "sort", name, "desc", "", "offset", "")
			if q.Get("sort") == name {
				if c.Sorted = "ascending"; q.Get("desc") == "yes" {
					c.Sorted = "descending"
				} else {
					next = with(q, "sort", name, "desc", "yes", "offset", "")
				}
			}
			c.Href = next
		}
		p.Columns = append(p.Columns, c)
	}
}

func facetOf(set *kind.Set, k *kind.Kind, f index.Facet, q url.Values, lang string) (facetView, bool) {
	field, ok := k.Field(f.Field)
	if !ok || len(f.Counts) == 0 {
		return facetView{}, false
	}
	key := "f." + f.Field
	fv := facetView{Label: field.Label.In(lang), Open: len(q[key]) > 0}
	counts := slices.Clone(f.Counts)
	slices.SortStableFunc(counts, func(a, b index.Count) int { return b.N - a.N })
	for i, c := range counts {
		on := slices.Contains(q[key], c.Code)
		if !on && (i >= shownFacets || c.N == 0) {
			continue
		}
		val := kind.Of(c.Code)
		if st, isState := kind.ParseState(c.Code); isState {
			val = kind.Value{State: st}
		}
		o := facetOption{Label: set.FormatValue(field, val, lang), N: c.N, On: on}
		codes := slices.DeleteFunc(slices.Clone(q[key]), func(s string) bool { return s == c.Code })
		if !on {
			codes = append(codes, c.Code)
		}
		next := url.Values{}
		for name, vals := range q {
			if name != key && name != "offset" {
				next[name] = vals
			}
		}
		if len(codes) > 0 {
			next[key] = codes
		}
		o.Href = "?" + next.Encode()
		fv.Options = append(fv.Options, o)
	}
	return fv, len(fv.Options) > 0
}

// with changes names in a query and keeps the rest; an empty value takes one away.
func with(q url.Values, pairs ...string) string {
	next := url.Values{}
	for name, vals := range q {
		next[name] = vals
	}
	next.Del("done")
	for i := 0; i+1 < len(pairs); i += 2 {
		next.Del(pairs[i])
		if pairs[i+1] != "" {
			next.Set(pairs[i], pairs[i+1])
		}
	}
	return "?" + next.Encode()
}
