package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// TableOptions say which table leaves, and why (R26).
type TableOptions struct {
	ExportOptions
	Kind   string
	Format string // "csv", "xlsx" or "json"
	// Sealed adds the sealed fields of compartments whose keys this member holds.
	// Without it no seal is opened.
	Sealed bool
	HXL    bool // a second row with hashtags of the Humanitarian Exchange Language
}

// TableExported tells what was written.
type TableExported struct {
	File    string   `json:"file"`
	Kind    string   `json:"kind"`
	Records int      `json:"records"`
	Columns []string `json:"columns"`
	LeftOut []string `json:"left_out"` // fields that are sealed and not asked for, or whose keys this member lacks
	Limits  string   `json:"limits"`
}

// ExportTable writes the current values of all records of a kind to a new file, as
// many as there are. That it left, why and to whom is written to the log first. Several
// values stand in one cell as [table.JoinCell] joins them; nothing in a cell is ever
// run as a formula. Imported again, an unchanged table changes nothing.
func (w *Workspace) ExportTable(ctx context.Context, file string, opt TableOptions, progress Progress) (*TableExported, error) {
	k, ok := w.Schema().Kind(opt.Kind)
	switch {
	case opt.Purpose == "" || opt.Recipient == "":
		return nil, noPurpose()
	case !ok:
		return nil, fault.New(fault.NotFound, "app.ExportTable", "there is no kind %q", opt.Kind).With("amparo kinds lists them")
	case !slices.Contains([]string{"csv", "xlsx", "json"}, opt.Format):
		return nil, fault.New(fault.Invalid, "app.ExportTable", "there is no format %q", opt.Format).With("use csv, xlsx or json")
	case opt.HXL && opt.Format == "json":
		return nil, fault.New(fault.Invalid, "app.ExportTable", "JSON has no row of hashtags").With("use csv or xlsx")
	}
	read, err := opt.reading(w)
	if err != nil {
		return nil, err
	}
	total, in, err := read.personsIn(ctx, k)
	if err != nil {
		return nil, err
	}
	out := &TableExported{File: file, Kind: k.Name, Columns: []string{"id"}, LeftOut: []string{}, Limits: limits}
	fields := w.tableFields(k, opt.Sealed, out)
	what := "table of " + k.Name
	if opt.Sealed {
		what += " with sealed fields"
	}
	if err := w.noteExport(ctx, opt.ExportOptions, what, total, in); err != nil {
		return nil, err
	}
	s := table.NewSheet(k.Name, out.Columns, func(yield func([]string, error) bool) {
		for row, err := range read.tableRows(ctx, k, opt.Sealed) {
			if err == nil {
				out.Records++
				progress.tell(out.Records, total)
			}
			if !yield(cellsOf(row, fields), err) {
				return
			}
		}
	})
	if opt.HXL {
		s.Tags = hashtags(fields)
	}
	return out, table.WriteNew(file, func(f io.Writer) error {
		switch opt.Format {
		case "csv":
			return table.WriteCSV(f, s)
		case "xlsx":
			return table.WriteXLSX(f, []*table.Sheet{s})
		}
		return read.writeJSON(ctx, f, k, fields, opt.Sealed, out)
	})
}

// personsIn counts the records of a kind and says whom they are about or name.
func (r *Reading) personsIn(ctx context.Context, k *kind.Kind) (total int, in map[id.ID]bool, err error) {
	var rows []index.Row
	if err := r.Each(ctx, k.Name, func(row index.Row) error { rows = append(rows, row); return nil }); err != nil {
		return 0, nil, err
	}
	in = map[id.ID]bool{}
	known := map[id.ID]id.ID{}
	for _, row := range rows {
		if err := r.w.speaksOf(ctx, k, row, known, in); err != nil {
			return 0, nil, err
		}
	}
	return len(rows), in, nil
}

func noPurpose() error {
	return fault.New(fault.Invalid, "app.Export", "an export needs a purpose and a recipient").
		With("say why it leaves and who receives it: --purpose and --recipient").Coded("export.why")
}

// tableFields are the fields this member may write out.
func (w *Workspace) tableFields(k *kind.Kind, sealed bool, out *TableExported) (fields []*kind.Field) {
	for _, f := range k.Fields {
		room := k.Compartment
		if f.Compartment != "" {
			room = f.Compartment
		}
		if _, held := w.rooms.named(room); !held || f.Class == kind.Sealed && !sealed {
			out.LeftOut = append(out.LeftOut, f.Name)
			continue
		}
		fields = append(fields, f)
		out.Columns = append(out.Columns, f.Name)
	}
	return fields
}

// tableRow is one record's current values.
type tableRow struct {
	id     id.ID
	values kind.Values
}

var errStop = errors.New("enough")

func (r *Reading) tableRows(ctx context.Context, k *kind.Kind, sealed bool) iter.Seq2[tableRow, error] {
	return func(yield func(tableRow, error) bool) {
		var ids []id.ID
		err := r.Each(ctx, k.Name, func(row index.Row) error {
			if sealed { // folding opens seals: not inside this reading of the index
				ids = append(ids, row.ID)
			} else if !yield(tableRow{row.ID, row.Values}, nil) {
				return errStop
			}
			return nil
		})
		if errors.Is(err, errStop) {
			return
		}
		if err != nil {
			yield(tableRow{}, err)
			return
		}
		for _, rec := range ids {
			folded, err := r.Fold(ctx, rec)
			row := tableRow{id: rec, values: kind.Values{}}
			if err == nil {
				for name, f := range folded.Fields {
					row.values[name] = f.Current()
				}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func cellsOf(r tableRow, fields []*kind.Field) []string {
	out := make([]string, 0, len(fields)+1)
	out = append(out, r.id.String())
	for _, f := range fields {
		out = append(out, cellOf(r.values[f.Name]))
	}
	return out
}

// hashtags are those the kind declares; dates, places and numbers have a general one.
func hashtags(fields []*kind.Field) []string {
	out := []string{"#meta+id"}
	general := map[kind.Type]string{kind.TypeDate: "#date+", kind.TypePlace: "#loc+", kind.TypeNumber: "#indicator+num+", kind.TypeQuantity: "#indicator+num+", kind.TypeMoney: "#value+"}
	for _, f := range fields {
		tag := f.Crosswalk["hxl"]
		if tag == "" && general[f.Type] != "" {
			tag = general[f.Type] + f.Name
		}
		out = append(out, tag)
	}
	return out
}

// writeJSON writes an array of objects, a line each. A field that may repeat is a list.
func (r *Reading) writeJSON(ctx context.Context, to io.Writer, k *kind.Kind, fields []*kind.Field, sealed bool, out *TableExported) error {
	b := bufio.NewWriter(to)
	between := "[\n"
	for row, err := range r.tableRows(ctx, k, sealed) {
		if err != nil {
			return err
		}
		parts := []string{`"id":"` + row.id.String() + `"`}
		for _, f := range fields {
			values := row.values[f.Name]
			if len(values) == 0 {
				continue
			}
			var texts []string
			for _, v := range values {
				texts = append(texts, v.CellText())
			}
			text, err := json.Marshal(texts)
			if len(texts) == 1 && !f.Repeat && !strings.Contains(texts[0], "|") && err == nil { // a bar in a list is never one between values
				text, err = json.Marshal(texts[0])
			}
			if err != nil {
				return err
			}
			parts = append(parts, fmt.Sprintf("%q:%s", f.Name, text))
		}
		fmt.Fprintf(b, "%s{%s}", between, strings.Join(parts, ","))
		between = ",\n"
		out.Records++
	}
	if out.Records == 0 {
		fmt.Fprint(b, "[")
	}
	fmt.Fprint(b, "\n]\n")
	return b.Flush()
}
