package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// RecordView is a record as a person reads it: every value with the accounts behind
// it, in one language.
type RecordView struct {
	ID         string        `json:"id"`
	Kind       string        `json:"kind"`
	KindLabel  string        `json:"kind_label"`
	Title      string        `json:"title"`
	Contested  bool          `json:"contested"`
	Restricted bool          `json:"restricted"` // opening it was written to the log
	Veiled     bool          `json:"veiled"`     // it holds who somebody is, which was not opened
	Opened     bool          `json:"opened"`     // who somebody is was opened, with a reason
	Fields     []FieldView   `json:"fields"`
	Accounts   []AccountView `json:"accounts"`
	Inbound    []LinkView    `json:"inbound"`
	InTotal    int           `json:"inbound_total"`
	Same       []LinkView    `json:"same"`
	Disputed   bool          `json:"disputed"`
	History    []EventView   `json:"history"`
}

// FieldView is one field and what the accounts say of it.
type FieldView struct {
	Name      string      `json:"name"`
	Label     string      `json:"label"`
	Sealed    bool        `json:"sealed"`
	Long      bool        `json:"long"`
	Contested bool        `json:"contested"`
	Veiled    bool        `json:"veiled,omitempty"` // it holds something that is not shown unasked
	Reason    string      `json:"reason,omitempty"` // of the choice in force
	Claims    []ClaimView `json:"claims"`
}

// ClaimView is one answer.
type ClaimView struct {
	Texts    []string      `json:"texts"`
	Langs    []string      `json:"langs"`
	Links    []string      `json:"links,omitempty"` // records, where the field is a link
	Chosen   bool          `json:"chosen"`
	Accounts []AccountView `json:"accounts"`
}

// AccountView is who says something and how they know.
type AccountView struct {
	Ref       string `json:"ref"`
	Source    string `json:"source"`
	SourceID  string `json:"source_id,omitempty"`
	Basis     string `json:"basis,omitempty"`
	Passage   string `json:"passage,omitempty"` // record of the passage
	Member    string `json:"member"`
	At        string `json:"at"`
	Corrects  string `json:"corrects,omitempty"`
	Corrected bool   `json:"corrected,omitempty"`
}

// LinkView is another record that points here.
type LinkView struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Label string `json:"label"`
	Title string `json:"title"`
}

// EventView is one act in the history.
type EventView struct {
	Ref       string `json:"ref"`
	Verb      string `json:"verb"`
	Member    string `json:"member"`
	At        string `json:"at"`
	Field     string `json:"field,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Retracted bool   `json:"retracted"`
}

// shownInbound bounds the list of records that point here; the count is exact.
const shownInbound = 60

// afterLock are the kinds that stay readable of a file that is locked: what was agreed and
// withdrawn, what must be kept and what must be called back.
var afterLock = []string{"consent", "legal_hold", "recall"}

// unlocked refuses what belongs to a person who refused or withdrew from the desk's own
// purpose.
func (w *Workspace) unlocked(ctx context.Context, r *casebook.Record) error {
	if slices.Contains(afterLock, r.Kind) {
		return nil
	}
	ok, err := w.Desk().Has(ctx, r.ID)
	if err == nil && !ok {
		err = fault.New(fault.Denied, "app.View", "the file is locked: consent was refused or withdrawn").
			With("the consents, legal holds and recalls of the person stay open; a new consent opens the file")
	}
	return err
}

// View folds a record for a reader. A record of a compartment beyond general is restricted:
// that it was opened is written to the log first. Who somebody is does not show: see
// [Workspace.OpenIdentity]. A record of a locked file is fault.Denied.
func (w *Workspace) View(ctx context.Context, rec id.ID, lang string) (*RecordView, error) {
	r, err := w.index.Fold(ctx, rec)
	if err != nil {
		return nil, err
	}
	k, ok := w.Schema().Kind(r.Kind)
	if !ok {
		return nil, fault.New(fault.NotFound, "app.View", "no such record")
	}
	if err := w.unlocked(ctx, r); err != nil {
		return nil, err
	}
	if k.Compartment != generalRoom {
		if err := w.NoteRead(ctx, rec); err != nil {
			return nil, err
		}
	}
	return w.view(ctx, r, lang, false)
}

// view is a record as a reader sees it, with who somebody is or without.
func (w *Workspace) view(ctx context.Context, r *casebook.Record, lang string, open bool) (*RecordView, error) {
	k, _ := w.Schema().Kind(r.Kind)
	rec := r.ID
	v := &RecordView{ID: rec.String(), Kind: k.Name, KindLabel: k.Label.In(lang), Contested: r.Contested(), Restricted: k.Compartment != generalRoom, Opened: open}
	vs := kind.Values{}
	for name, f := range r.Fields {
		vs[name] = f.Current()
	}
	v.Title = w.Title(ctx, index.Row{ID: rec, Kind: r.Kind, Values: vs}, lang)
	accounts := map[string]AccountView{}
	for _, a := range r.Accounts {
		av := w.accountView(ctx, a, lang)
		accounts[av.Ref] = av
		v.Accounts = append(v.Accounts, av)
	}
	for _, f := range k.Fields {
		st, ok := r.Fields[f.Name]
		switch {
		case !ok:
		case !open && IdentityField(k, f):
			v.Veiled = true
			v.Fields = append(v.Fields, FieldView{Name: f.Name, Label: f.Label.In(lang), Sealed: true, Contested: st.Contested, Veiled: true})
		default:
			v.Fields = append(v.Fields, w.fieldView(ctx, f, st, accounts, lang))
		}
	}
	v.History = w.events(r)
	return v, w.addLinks(ctx, v, rec, lang)
}

func (w *Workspace) accountView(ctx context.Context, a casebook.Account, lang string) AccountView {
	v := AccountView{Ref: a.Ref.String(), Member: w.MemberName(a.Act.Member), At: a.Act.At.Time().Format(when.Minute), Basis: a.Act.Basis, Corrected: a.CorrectedBy != nil}
	if voc, ok := w.Schema().Vocabulary("basis_of_knowledge"); ok && v.Basis != "" {
		if t, ok := voc.Term(v.Basis); ok {
			v.Basis = t.Label.In(lang)
		}
	}
	if !a.Act.Source.IsZero() {
		if row, err := w.index.Row(ctx, a.Act.Source); err == nil { // a source that is hidden or erased is not named
			v.Source, v.SourceID = w.Title(ctx, *row, lang), row.ID.String()
		}
	}
	if a.Act.Passage != nil {
		v.Passage = a.Act.Passage.Record.String()
	}
	if a.Act.Corrects != nil {
		v.Corrects = a.Act.Corrects.String()
	}
	return v
}

func (w *Workspace) fieldView(ctx context.Context, f *kind.Field, st *casebook.FieldState, accounts map[string]AccountView, lang string) FieldView {
	v := FieldView{Name: f.Name, Label: f.Label.In(lang), Sealed: f.Class == kind.Sealed, Long: f.Long, Contested: st.Contested}
	if st.Choice != nil {
		v.Reason = st.Choice.Act.Reason
	}
	for _, c := range st.Claims {
		cv := ClaimView{Chosen: c.Chosen}
		for _, val := range c.Values {
			text, link, ok := w.ValueText(ctx, f, val, lang)
			if !ok {
				continue
			}
			cv.Texts, cv.Langs = append(cv.Texts, text), append(cv.Langs, val.Lang)
			cv.Links = append(cv.Links, link)
		}
		for _, ref := range c.Accounts {
			cv.Accounts = append(cv.Accounts, accounts[ref.String()])
		}
		if len(cv.Texts) > 0 {
			v.Claims = append(v.Claims, cv)
		}
	}
	return v
}

// ValueText writes a value for a reader, with the record it links to; a link to a record this member cannot see is left out, as
// one to a record that does not exist would be.
func (w *Workspace) ValueText(ctx context.Context, f *kind.Field, v kind.Value, lang string) (text, link string, ok bool) {
	return w.valueText(ctx, w.index.Row, f, v, lang)
}

func (w *Workspace) valueText(ctx context.Context, find lookUp, f *kind.Field, v kind.Value, lang string) (text, link string, ok bool) {
	set := w.Schema()
	if f.Type != kind.TypeLink || v.State != kind.Given {
		return set.FormatValue(f, v, lang), "", true
	}
	target, err := id.Parse(v.Text)
	if err != nil {
		return "", "", false
	}
	row, err := find(ctx, target)
	if err != nil {
		return "", "", false
	}
	return w.title(ctx, find, *row, lang, 0), row.ID.String(), true
}

// Title is how a record is called in lists: the open and coded fields its kind names.
func (w *Workspace) Title(ctx context.Context, r index.Row, lang string) string {
	return w.title(ctx, w.index.Row, r, lang, 0)
}

// lookUp finds the record a title or a value names.
type lookUp func(ctx context.Context, rec id.ID) (*index.Row, error)

func (w *Workspace) title(ctx context.Context, find lookUp, r index.Row, lang string, depth int) string {
	set := w.Schema()
	k, ok := set.Kind(r.Kind)
	if !ok {
		return r.ID.Short()
	}
	var parts []string
	for _, name := range k.Title {
		f, _ := k.Field(name)
		for i, v := range r.Values[name] {
			if i == 2 {
				break
			}
			if f.Type == kind.TypeLink && v.State == kind.Given {
				target, err := id.Parse(v.Text)
				row, err2 := find(ctx, target)
				if err == nil && err2 == nil && depth < 3 {
					parts = append(parts, w.title(ctx, find, *row, lang, depth+1))
				}
				continue
			}
			parts = append(parts, shorten(set.FormatValue(f, v, lang), 70))
		}
	}
	if len(parts) == 0 {
		return k.Label.In(lang) + " " + r.ID.Short()
	}
	return strings.Join(parts, " · ")
}

func shorten(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	return string(rs[:n-1]) + "…"
}

func (w *Workspace) addLinks(ctx context.Context, v *RecordView, rec id.ID, lang string) error {
	total, in, err := w.index.Inbound(ctx, rec, shownInbound)
	if err != nil {
		return err
	}
	v.InTotal = total
	for _, l := range in {
		k, ok := w.Schema().Kind(l.Row.Kind)
		if !ok {
			continue
		}
		label := k.Label.In(lang)
		if f, ok := k.Field(l.Field); ok && f.Inverse.In(lang) != "" {
			label = f.Inverse.In(lang)
		}
		v.Inbound = append(v.Inbound, LinkView{ID: l.Row.ID.String(), Kind: l.Row.Kind, Label: label, Title: w.Title(ctx, l.Row, lang)})
	}
	slices.SortStableFunc(v.Inbound, func(a, b LinkView) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Title, b.Title))
	})
	same, disputed, err := w.index.SameAs(ctx, rec)
	if err != nil {
		return err
	}
	v.Disputed = disputed
	for _, s := range same {
		if row, err := w.index.Row(ctx, s); err == nil {
			v.Same = append(v.Same, LinkView{ID: s.String(), Kind: row.Kind, Title: w.Title(ctx, *row, lang)})
		}
	}
	return nil
}

// RestsOn lists the records with an account that rests on a passage.
func (w *Workspace) RestsOn(ctx context.Context, passage id.ID, lang string) ([]LinkView, error) {
	rows, err := w.index.Linked(ctx, passage, "", index.PassageField)
	if err != nil {
		return nil, err
	}
	var out []LinkView
	for _, r := range rows {
		k, ok := w.Schema().Kind(r.Kind)
		if !ok {
			continue
		}
		out = append(out, LinkView{ID: r.ID.String(), Kind: r.Kind, Label: k.Label.In(lang), Title: w.Title(ctx, r, lang)})
	}
	slices.SortFunc(out, func(a, b LinkView) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Title, b.Title), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (w *Workspace) events(r *casebook.Record) []EventView {
	var out []EventView
	for i := len(r.History) - 1; i >= 0; i-- {
		e := r.History[i]
		out = append(out, EventView{Ref: e.Ref.String(), Verb: e.Act.Verb.String(), Member: w.MemberName(e.Act.Member),
			At: e.Act.At.Time().Format(when.Minute), Field: e.Act.Field, Reason: e.Act.Reason, Retracted: e.Retracted != nil})
	}
	return out
}

// ChainStep is one stretch of a person's way: hiding, arrest, detention, release.
type ChainStep struct {
	ID        string
	Kind      string
	Label     string
	Detail    string
	From, To  when.Date // zero where nothing is said
	Lo, Hi    int64     // first and last possible day, of the whole step
	Sure      [2]int64  // days it certainly covered, if Sure[0] <= Sure[1]
	Dates     string
	Contested bool
}

// Chain lays out a person's crossings, hiding, detention and what followed, in order of
// their earliest possible day.
func (r *Reading) Chain(ctx context.Context, person id.ID, lang string) ([]ChainStep, error) {
	var out []ChainStep
	for _, c := range []struct{ kind, label, from, to, detail string }{
		{"journey", "", "period", "", "to"}, {"hiding_period", "", "period", "", "place"}, {"episode", "", "period", "", "outcome"},
		{"detention_stage", "stage", "in", "out", "facility_type"}, {"disposition", "outcome", "date", "", "length"}, {"fate", "state", "last_seen", "", "outcome"},
	} {
		rows, err := r.Linked(ctx, person, c.kind, "person")
		if err != nil {
			return nil, err
		}
		k, ok := r.w.Schema().Kind(c.kind)
		if !ok {
			continue
		}
		for _, row := range rows {
			if s, ok := r.w.step(row, k, c.label, c.from, c.to, c.detail, lang); ok {
				out = append(out, s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b ChainStep) int {
		return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (w *Workspace) step(r index.Row, k *kind.Kind, label, from, to, detail, lang string) (ChainStep, bool) {
	s := ChainStep{ID: r.ID.String(), Kind: k.Name, Label: k.Label.In(lang), Contested: r.Contested}
	show := func(name string) string {
		f, ok := k.Field(name)
		if !ok || len(r.Values[name]) == 0 {
			return ""
		}
		return w.Schema().FormatValue(f, r.Values[name][0], lang)
	}
	if t := show(label); t != "" {
		s.Label = t
	}
	s.Detail = show(detail)
	a, err := when.Parse(r.Values.Get(from))
	if err != nil {
		return s, false
	}
	b := a
	if d, err := when.Parse(r.Values.Get(to)); err == nil {
		b = d
	}
	s.From, s.To = a, b
	aLo, aHi := a.Bounds()
	bLo, bHi := b.Bounds()
	s.Lo, s.Hi = int64(aLo), int64(bHi)
	s.Sure = [2]int64{int64(aHi), int64(bLo)}
	s.Dates = a.Format(lang)
	if to != "" && b != a {
		s.Dates += " – " + b.Format(lang)
	}
	return s, s.Lo <= s.Hi
}
