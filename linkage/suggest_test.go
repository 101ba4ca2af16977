package linkage_test

import (
	"fmt"
	"slices"
	"testing"

	"example.org/amparo/linkage"
	"example.org/amparo/linkage/table"
)

// described is a table of a hundred people with these columns: no, given, family, year,
// month, day, or a text.
func described(t *testing.T, header []string, cell func(row, column int) string) *table.Table {
	t.Helper()
	var rows [][]string
	for r := range 100 {
		var row []string
		for c := range header {
			row = append(row, cell(r, c))
		}
		rows = append(rows, row)
	}
	tab, err := table.FromRows("a", header, rows)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func fieldOf(m linkage.Model, name string) linkage.Field {
	for _, f := range m.Fields {
		if f.Name == name {
			return f
		}
	}
	return linkage.Field{}
}

// A given name may stand for a surname in whichever of these languages the columns are named.
func TestGivenNameAndSurnameMayBeExchangedInSeveralLanguages(t *testing.T) {
	for _, c := range [][2]string{{"first_name", "surname"}, {"Vorname", "Nachname"}, {"nombre", "apellidos"}, {"prénom", "nom"}, {"이름", "성"}, {"名", "姓"}} {
		tab := described(t, []string{c[1], c[0]}, func(r, k int) string { return fmt.Sprintf("%c%carim", 'a'+r%26, 'b'+(r*k)%20) })
		m := suggested(t, tab)
		if got := fieldOf(m, c[0]).Swap; got != c[1] {
			t.Errorf("%s may be exchanged with %q, not %q", c[0], got, c[1])
		}
	}
}

// A column that counts the rows is the record's number, whatever it is called; numbers that
// skip, such as those people are given, are compared.
func TestAColumnThatCountsTheRowsSaysNothingAboutThePerson(t *testing.T) {
	names := []string{"번호", "이름", "일련"}
	tab := described(t, names, func(r, k int) string {
		switch k {
		case 0:
			return fmt.Sprint(r + 17)
		case 1:
			return fmt.Sprintf("%cmina", 'a'+r%26)
		}
		return fmt.Sprint(40000 + 3*r)
	})
	m := suggested(t, tab)
	if m.ID != "번호" || fieldOf(m, "번호").Name != "" || fieldOf(m, "일련").Compare != "code" {
		t.Errorf("the number is %q, the fields are %+v", m.ID, m.Fields)
	}
}

// One slip in a column of months does not keep year, month and day from being a date.
func TestPartsOfADateAreJoinedDespiteASlip(t *testing.T) {
	tab := described(t, []string{"name", "year", "month", "day"}, func(r, k int) string {
		switch {
		case k == 0:
			return fmt.Sprintf("%cmina", 'a'+r%26)
		case k == 1:
			return fmt.Sprint(1950 + r%40)
		case k == 2 && r == 50:
			return "21"
		case k == 2:
			return fmt.Sprint(1 + r%12)
		}
		return fmt.Sprint(1 + r%28)
	})
	if f := fieldOf(suggested(t, tab), "date"); !slices.Equal(f.Columns, []string{"year", "month", "day"}) {
		t.Errorf("the date is of %v", f.Columns)
	}
}
