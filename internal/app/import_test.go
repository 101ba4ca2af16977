package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
)

type file struct{ name, text string }

// importFiles takes in files as the command line does: by the guessed mapping, saved
// and read again, or by a saved one.
func importFiles(t *testing.T, w *app.Workspace, saved string, opt app.ImportOptions, files ...file) []*app.ImportReport {
	t.Helper()
	var sheets []*table.Sheet
	for _, f := range files {
		s, err := table.Read(f.name, []byte(f.text), table.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, s...)
	}
	sheets = table.Link(sheets)
	if saved == "" {
		guessed, err := mapping.Guess(w.Schema(), sheets, "")
		if err != nil {
			t.Fatal(err)
		}
		saved = string(guessed.YAML())
	}
	book, err := mapping.Parse(w.Schema(), []byte(saved))
	if err != nil {
		t.Fatalf("%v\n%s", err, saved)
	}
	reps, err := w.ImportTables(t.Context(), sheets, book, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, rep := range reps {
		if rep.Rows != rep.Stored+rep.Known+rep.Refused {
			t.Errorf("%s: rows %d, stored %d, known %d, refused %d", rep.File, rep.Rows, rep.Stored, rep.Known, rep.Refused)
		}
	}
	return reps
}

func importCSV(t *testing.T, w *app.Workspace, csv string) *app.ImportReport {
	t.Helper()
	return importFiles(t, w, "", app.ImportOptions{}, file{"t.csv", csv})[0]
}

func TestImportStoresOrRefusesEachRowAndIsSafeToRunAgain(t *testing.T) {
	w := create(t)
	defer w.Close()
	csv := "pseudonym,sex,birth,origin\nHana,f,1970,함경북도\nDuri,여자사람,1971,KP\nSeri,m,yesterday,KP\n=cmd|'/C calc'!A0,m,1980,KP\nHana,f,1970,함경북도\n"
	rep := importCSV(t, w, csv)
	if rep.Rows != 5 || rep.Stored != 3 || rep.Refused != 2 || len(rep.Warnings) != 1 {
		t.Fatalf("%+v", rep)
	}
	for i, want := range []struct {
		row         int
		column, val string
	}{{3, "sex", "여자사람"}, {4, "birth", "yesterday"}} {
		p := rep.Problems[i]
		if p.File != "t.csv" || p.Row != want.row || p.Column != want.column || p.Value != want.val || p.Reason == "" || p.Remedy == "" {
			t.Errorf("problem %d: %+v", i, p)
		}
	}
	before := dump(t, w)
	again := importCSV(t, w, csv)
	if again.Stored != 0 || again.Known != 3 || records(dump(t, w)) != records(before) {
		t.Errorf("the second run stored %d, knew %d", again.Stored, again.Known)
	}
}

// The four UNHCR tables: real rows in, real rows out, by country and year.
func TestUNHCRTables(t *testing.T) {
	w := create(t)
	defer w.Close()
	for name, want := range map[string]struct {
		kind string
		rows int
	}{
		"unhcr_population_origin_PRK.csv": {"unhcr_population", 0}, "unhcr_population_asylum_CHN.csv": {"unhcr_population", 0},
		"unhcr_applications_origin_PRK.csv": {"unhcr_application", 0}, "unhcr_decisions_origin_PRK.csv": {"unhcr_decision", 0},
	} {
		path := filepath.Join("..", "..", "..", "shared", "data", "unhcr", name)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("the UNHCR tables are not beside the project (%s): not checked here", name)
		}
		rep := importFiles(t, w, "", app.ImportOptions{}, file{name, string(b)})[0]
		if rep.Kind != want.kind || rep.Refused != 0 || rep.Rows != strings.Count(string(b), "\n")-1 {
			t.Errorf("%s: %+v", name, rep)
		}
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "unhcr_population", Filters: map[string][]string{"asylum": {"TH"}}, Within: &index.Within{Field: "year", From: 10957, To: 11322, Certainly: true}, Limit: 5})
	if err != nil || res.Total != 1 || res.Rows[0].Values.Get("asylum_seekers") != "6 people" {
		t.Errorf("Thailand in 2000: %+v, %v; want 6 asylum-seekers", res, err)
	}
}

// ODK Central's zip: groups as "group-question", repeats in files of their own.
const (
	centralRoot = "SubmissionDate,person-pseudonym,person-sex,person-specific_needs,person-birth,person-birth_state,meta-instanceID,KEY,SubmitterName,ReviewState\n" +
		"2024-05-01T10:00:00Z,Hana,f,health papers,1970,,uuid:a1,uuid:a1,x,\n" +
		"2024-05-01T11:00:00Z,Duri,m,,,@refused,uuid:a2,uuid:a2,x,\n" +
		"2024-05-01T12:00:00Z,,f,,1980,,uuid:a3,uuid:a3,x,\n"
	centralStages = "stage,in,place,KEY,PARENT_KEY\n" +
		"ST03,spring 2003,KP-ONS,uuid:a1/detention_stage[1],uuid:a1\n" +
		"ST04,2003-06,KP-HOE,uuid:a1/detention_stage[2],uuid:a1\n" +
		"ST03,2004,KP-ONS,uuid:a2/detention_stage[1],uuid:a2\n" +
		"ST03,2005,KP-ONS,uuid:a3/detention_stage[1],uuid:a3\n"
	centralQuestions = "question,words,KEY,PARENT_KEY\n" +
		"QA-ROK,남조선에 갔는가,uuid:a1/detention_stage[2]/question_asked[1],uuid:a1/detention_stage[2]\n"
)

var central = []file{{"amparo_person.csv", centralRoot}, {"amparo_person-detention_stage.csv", centralStages}, {"amparo_person-question_asked.csv", centralQuestions}}

func stagesOf(t *testing.T, w *app.Workspace, pseudonym string) (found []index.Row) {
	t.Helper()
	people := map[string]string{}
	if err := w.Index().Each(t.Context(), "person", func(r index.Row) error {
		people[r.ID.String()] = r.Values.Get("pseudonym")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Index().Each(t.Context(), "detention_stage", func(r index.Row) error {
		if people[r.Values.Get("person")] == pseudonym {
			found = append(found, r)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRepeatsOfCentralBecomeRecordsOfTheirParent(t *testing.T) {
	w := create(t)
	defer w.Close()
	reps := importFiles(t, w, "", app.ImportOptions{}, central...)
	for i, want := range [][3]int{{3, 2, 1}, {4, 3, 1}, {1, 1, 0}} { // the nameless one is refused, and the stage with it
		if r := reps[i]; r.Rows != want[0] || r.Stored != want[1] || r.Refused != want[2] {
			t.Errorf("%s: %d rows, %d stored, %d refused, want %v: %v", r.File, r.Rows, r.Stored, r.Refused, want, r.Problems)
		}
	}
	if n := len(stagesOf(t, w, "Hana")); n != 2 {
		t.Errorf("Hana has %d stages, want 2", n)
	}
	if n := len(stagesOf(t, w, "Duri")); n != 1 {
		t.Errorf("Duri has %d stages, want 1", n)
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "question_asked", Limit: 1})
	if err != nil || res.Total != 1 || res.Rows[0].Values.Get("stage") == "" || res.Rows[0].Values.Get("person") == "" {
		t.Fatalf("the question: %+v, %v, want it to link to its stage and to the person above", res, err)
	}
	people, err := w.Index().List(t.Context(), index.Query{Kind: "person", Limit: 9, Sort: "pseudonym"})
	if err != nil || people.Total != 2 {
		t.Fatalf("%+v, %v", people, err)
	}
	duri, hana := people.Rows[0].Values, people.Rows[1].Values
	if len(hana["specific_needs"]) != 2 || hana.Get("birth") != "1970" || len(duri["birth"]) != 1 || duri["birth"][0].State.String() != "@refused" {
		t.Errorf("Hana %v, Duri %v: want two needs, and a refused date of birth", hana, duri)
	}
	before := records(dump(t, w))
	for _, r := range importFiles(t, w, "", app.ImportOptions{}, central...) {
		if r.Stored != 0 {
			t.Errorf("the second run stored %d of %s", r.Stored, r.File)
		}
	}
	if records(dump(t, w)) != before {
		t.Error("the second run changed the records")
	}
}

// A correction of the refused row is imported alone; what belongs to it follows.
func TestRefusedRowsAreCorrectedAndImportedAgain(t *testing.T) {
	w := create(t)
	defer w.Close()
	dir := filepath.Join(t.TempDir(), "refused")
	importFiles(t, w, "", app.ImportOptions{Refused: dir}, central...)
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	root, stages, saved := read("amparo_person.csv"), read("amparo_person-detention_stage.csv"), read("mapping.yaml")
	if !strings.Contains(root, "refused: why") || strings.Count(root, "\n") != 2 || strings.Count(stages, "\n") != 2 {
		t.Fatalf("the refused rows:\n%s\n%s", root, stages)
	}
	corrected := strings.Replace(root, "2024-05-01T12:00:00Z,,f", "2024-05-01T12:00:00Z,Seri,f", 1)
	if rep := importFiles(t, w, saved, app.ImportOptions{}, file{"amparo_person.csv", corrected})[0]; rep.Stored != 1 || rep.Refused != 0 {
		t.Fatalf("%+v", rep)
	}
	if rep := importFiles(t, w, saved, app.ImportOptions{}, file{"amparo_person-detention_stage.csv", stages})[0]; rep.Stored != 1 || rep.Refused != 0 {
		t.Fatalf("the stage, in a run of its own: %+v", rep)
	}
	if n := len(stagesOf(t, w, "Seri")); n != 1 {
		t.Errorf("Seri has %d stages, want 1", n)
	}
	// the whole form once more: the row that is still wrong there adds nothing to the corrected one
	for _, r := range importFiles(t, w, "", app.ImportOptions{}, central...) {
		if r.Stored != 0 || r.Refused != 0 {
			t.Errorf("%s: %d stored, %d refused", r.File, r.Stored, r.Refused)
		}
	}
	w2 := create(t)
	defer w2.Close()
	_, err := w2.ImportTables(t.Context(), nil, nil, app.ImportOptions{Refused: dir})
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("refused rows into a folder that holds some: %v", err)
	}
}

func TestRowsWithTooManyCellsKeepThemForCorrection(t *testing.T) {
	w := create(t)
	defer w.Close()
	dir := filepath.Join(t.TempDir(), "refused")
	rep := importFiles(t, w, "", app.ImportOptions{Refused: dir}, file{"t.csv", "pseudonym,sex\nHana,f\nDuri,m,over,=1+1\n"})[0]
	if rep.Stored != 1 || rep.Refused != 1 || rep.RefusedFile == "" {
		t.Fatalf("%+v", rep)
	}
	b, err := os.ReadFile(rep.RefusedFile)
	if err != nil {
		t.Fatal(err)
	}
	again := importFiles(t, w, "", app.ImportOptions{}, file{"t.csv", string(b)})[0]
	if again.Refused != 1 || again.Problems[0].Column != "refused: left over" || again.Problems[0].Value != "over | =1+1" {
		t.Fatalf("cells left over are dropped in silence: %+v\n%s", again, b)
	}
	fixed := strings.Replace(string(b), "over | =1+1", "", 1)
	if rep := importFiles(t, w, "", app.ImportOptions{}, file{"t.csv", fixed})[0]; rep.Stored != 1 {
		t.Errorf("%+v\n%s", rep, fixed)
	}
}

const koboJSON = `{"count":2,"next":null,"previous":null,"results":[
 {"_id":11,"_uuid":"b1","meta/instanceID":"uuid:b1","person/pseudonym":"Hana","person/sex":"f","person/specific_needs":"health papers","person/x_other":"1",
  "_geolocation":[41.2,129.1],"_attachments":[{"filename":"a.jpg"}],"_validation_status":{},
  "detention_stage":[{"detention_stage/stage":"ST03","detention_stage/in":"2003","detention_stage/question_asked":[{"detention_stage/question_asked/question":"QA-ROK"}]},
   {"detention_stage/stage":"ST04","detention_stage/in":"dont_know"}]},
 {"_id":12,"_uuid":"b2","meta/instanceID":"uuid:b2","person/pseudonym":"Duri","person/sex":"m","detention_stage":[]}]}`

func TestKoboJSONAndCentralODataGiveTheSameAsTheirTables(t *testing.T) {
	w := create(t)
	defer w.Close()
	reps := importFiles(t, w, "", app.ImportOptions{}, file{"kobo.json", koboJSON})
	if len(reps) != 3 || reps[0].Stored != 2 || reps[1].Stored != 2 || reps[2].Stored != 1 {
		for _, r := range reps {
			t.Errorf("%+v", r)
		}
		t.FailNow()
	}
	stages := stagesOf(t, w, "Hana")
	unknown := 0
	for _, s := range stages {
		if vs := s.Values["in"]; len(vs) == 1 && vs[0].State.String() == "@unknown" {
			unknown++
		}
	}
	if len(stages) != 2 || unknown != 1 {
		t.Errorf("stages %+v, want two, one entered at an unknown time", stages)
	}
	// the same submissions as KoboToolbox writes them as tables
	same := []file{
		{"person.csv", "person/pseudonym,person/sex,person/specific_needs,person/specific_needs/health,person/specific_needs/papers,person/specific_needs/food,_id,_uuid,_index\n" +
			"Hana,f,health papers,1,1,0,11,b1,1\nDuri,m,,,,,12,b2,2\n"},
		{"detention_stage.csv", "stage,in,_index,_parent_table_name,_parent_index,_submission__uuid\nST03,2003,1,person,1,b1\nST04,dont_know,2,person,1,b1\n"},
	}
	for _, r := range importFiles(t, w, "", app.ImportOptions{}, same...) {
		if r.Stored != 0 || r.Known != 2 {
			t.Errorf("%s: %d stored, %d known; the tables are of the same submissions: %v", r.File, r.Stored, r.Known, r.Problems)
		}
	}

	odata := `{"@odata.context":"x","value":[{"__id":"uuid:a1","__system":{"submissionDate":"2024-05-01"},"person":{"pseudonym":"Hana","sex":"f","specific_needs":"health papers","birth":"1970","birth_state":null},
	 "detention_stage@odata.navigationLink":"x","detention_stage":[{"__id":"77","stage":"ST03","in":"spring 2003","place":"KP-ONS"},{"__id":"78","stage":"ST04","in":"2003-06","place":"KP-HOE"}]}]}`
	c := create(t)
	defer c.Close()
	importFiles(t, c, "", app.ImportOptions{}, central...)
	for _, r := range importFiles(t, c, "", app.ImportOptions{}, file{"amparo_person.json", odata}) {
		if r.Stored != 0 || r.Refused != 0 {
			t.Errorf("%s: %d stored, %d refused; OData is of the same submissions: %v", r.File, r.Stored, r.Refused, r.Problems)
		}
	}
}

// Columns of one choice, answers in words, and words for no answer.
func TestChoicesOthersAndNoAnswers(t *testing.T) {
	w := create(t)
	defer w.Close()
	csv := "pseudonym,sex,specific_needs/health,specific_needs/papers,specific_needs_other,birth,_latitude,_uuid\n" +
		"Hana,f,1,0,a hearing aid,모름,41.2,u1\nDuri,prefer_not_to_say,True,TRUE,,1970,,u2\n"
	declared := "fields:\n  person:\n    - {name: x_notes, type: text, class: sealed, long: true, label: {en: Notes, ko: 메모, zh: 备注}}\n"
	if err := w.Declare(t.Context(), []byte(declared)); err != nil {
		t.Fatal(err)
	}
	rep := importFiles(t, w, "", app.ImportOptions{}, file{"t.csv", csv})[0]
	if rep.Stored != 2 {
		t.Fatalf("%+v", rep)
	}
	people, err := w.Index().List(t.Context(), index.Query{Kind: "person", Limit: 9, Sort: "pseudonym"})
	if err != nil || people.Total != 2 {
		t.Fatal(err)
	}
	duri, hana := people.Rows[0].Values, people.Rows[1].Values
	if len(duri["specific_needs"]) != 2 || len(hana["specific_needs"]) != 1 || duri["sex"][0].State.String() != "@refused" || hana["birth"][0].State.String() != "@unknown" {
		t.Errorf("Duri %v, Hana %v", duri, hana)
	}
	r, err := w.Index().Fold(t.Context(), people.Rows[1].ID)
	if err != nil || r.Field("x_notes").Current()[0].Text != "Specific needs, other: a hearing aid" {
		t.Errorf("%+v, %v", r.Field("x_notes"), err)
	}
}

// The recorded votes on the General Assembly's resolutions on the DPRK.
func TestVotesLinkToTheirResolutions(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "un_votes", "unga_dprk_votes.csv"))
	if err != nil {
		t.Skip("SKIPPED: the table of votes is not beside the project")
	}
	w := create(t)
	defer w.Close()
	for run, stored := range []int{1635, 0} {
		rep := importFiles(t, w, "", app.ImportOptions{}, file{"unga_dprk_votes.csv", string(b)})[0]
		if rep.Rows != 1635 || rep.Stored != stored || rep.Refused != 0 || rep.Kind != "vote" {
			t.Fatalf("run %d: %d rows, %d stored, %d known, %d refused %v", run, rep.Rows, rep.Stored, rep.Known, rep.Refused, rep.Problems)
		}
	}
	n, err := w.Index().Counts(t.Context())
	if err != nil || n["resolution"] != 9 || n["vote"] != 1635 {
		t.Errorf("%v, %v: want 9 resolutions made of their symbols", n, err)
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "vote", Filters: map[string][]string{"state": {"CN"}, "value": {"no"}}})
	if err != nil || res.Total != 9 {
		t.Errorf("China voted no %d times, %v; want 9", res.Total, err)
	}
}

// A link that names its record in words finds it, or the row is refused: nobody's
// person is made from a word.
func TestLinksInWordsFindTheirRecord(t *testing.T) {
	w := create(t)
	defer w.Close()
	importCSV(t, w, "pseudonym,sex\nHana,f\nDuri,m\nDuri,f\n")
	rep := importCSV(t, w, "person,period,place_class\nHana,2003,\nSeri,2003,\nDuri,2004,\n")
	if rep.Kind != "hiding_period" || rep.Stored != 1 || rep.Refused != 2 {
		t.Fatalf("%+v", rep)
	}
	if !strings.Contains(rep.Problems[0].Reason, "there is no") || !strings.Contains(rep.Problems[1].Reason, "more than one") {
		t.Errorf("%v", rep.Problems)
	}
}

// A row that makes several records is stored whole or not at all.
func TestARowOfSeveralKindsIsStoredWholeOrNotAtAll(t *testing.T) {
	w := create(t)
	defer w.Close()
	csv := "person-pseudonym,interview-date,interview-language,meta-instanceID,KEY\nHana,2003-04,ko,u1,u1\nDuri,yesterday,ko,u2,u2\nSeri,,,u3,u3\n"
	rep := importFiles(t, w, "", app.ImportOptions{}, file{"f.csv", csv})[0]
	if rep.Kind != "person interview" || rep.Stored != 2 || rep.Refused != 1 {
		t.Fatalf("%+v", rep)
	}
	n, err := w.Index().Counts(t.Context())
	if err != nil || n["person"] != 2 || n["interview"] != 1 { // Seri was not interviewed
		t.Errorf("%v, %v", n, err)
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "interview", Limit: 1})
	if err != nil || res.Rows[0].Values.Get("person") == "" {
		t.Errorf("the interview is of nobody: %+v, %v", res, err)
	}
}

// An import that was cut off is run again: what was stored is known, the rest follows.
func TestAnImportThatWasCutOffIsRunAgain(t *testing.T) {
	w := create(t)
	defer w.Close()
	var csv strings.Builder
	csv.WriteString("pseudonym,sex\n")
	for i := range 5000 {
		fmt.Fprintf(&csv, "P-%d,f\n", i)
	}
	sheets, err := table.Read("t.csv", []byte(csv.String()), table.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	book, err := mapping.Guess(w.Schema(), sheets, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	reps, err := w.ImportTables(ctx, sheets, book, app.ImportOptions{Progress: func(n, _ int) {
		if n == 3000 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || reps[0].Stored != 2000 {
		t.Fatalf("%d stored, %v", reps[0].Stored, err)
	}
	if rep := importCSV(t, w, csv.String()); rep.Stored != 3000 || rep.Known != 2000 {
		t.Errorf("%d stored, %d known", rep.Stored, rep.Known)
	}
	if n, err := w.Index().Counts(t.Context()); err != nil || n["person"] != 5000 {
		t.Errorf("%v, %v", n, err)
	}
}

// One row that is too large for an entry is refused; the rows around it are stored.
func TestARowTooLargeIsRefusedAlone(t *testing.T) {
	w := create(t)
	defer w.Close()
	declared := "fields:\n  person:\n"
	header, large := "pseudonym", "Large"
	for i := range 5 {
		declared += fmt.Sprintf("    - {name: x_note%d, type: text, class: sealed, long: true, label: {en: N%d, ko: 메모%d, zh: 备注%d}}\n", i, i, i, i)
		header += fmt.Sprintf(",x_note%d", i)
		large += "," + strings.Repeat("가", 340_000)
	}
	if err := w.Declare(t.Context(), []byte(declared)); err != nil {
		t.Fatal(err)
	}
	rep := importCSV(t, w, header+"\nHana,,,,,\n"+large+"\nDuri,,,,,\n")
	if rep.Stored != 2 || rep.Refused != 1 || rep.Problems[0].Row != 3 || rep.Problems[0].Reason == "" {
		t.Errorf("%d stored, %d refused", rep.Stored, rep.Refused)
	}
}

// A figure that UNHCR corrected is another account of the same figure, side by side.
func TestACorrectedFigureIsNoSecondRecord(t *testing.T) {
	w := create(t)
	defer w.Close()
	csv := "year,coo_iso,coa_iso,refugees\n1996,PRK,KHM,5\n"
	importCSV(t, w, csv)
	if rep := importCSV(t, w, strings.Replace(csv, ",5", ",6", 1)); rep.Stored != 1 {
		t.Fatalf("%+v", rep)
	}
	res, err := w.Index().List(t.Context(), index.Query{Kind: "unhcr_population", Limit: 5})
	if err != nil || res.Total != 1 || !res.Rows[0].Contested {
		t.Errorf("%+v, %v: want one record, contested", res, err)
	}
}

// The tables of another organisation that number from 1 do not run into each other.
func TestNumbersOfTwoTablesAreNotOneRecord(t *testing.T) {
	w := create(t)
	defer w.Close()
	importCSV(t, w, "id,pseudonym\n1,Hana\n")
	importCSV(t, w, "id,pseudonym\n1,Duri\n")
	if n, err := w.Index().Counts(t.Context()); err != nil || n["person"] != 2 {
		t.Errorf("%v, %v", n, err)
	}
}

func TestAnIdentifierOfAnotherKindIsRefused(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "Ri", "x")
	rep := importFiles(t, w, "kind: person\nrecord: id\ncolumns:\n  pseudonym: {field: pseudonym}\n", app.ImportOptions{}, file{"t.csv", "id,pseudonym\n" + p.incident.String() + ",Duri\n"})[0]
	if rep.Refused != 1 || !strings.Contains(rep.Problems[0].Reason, "incident") {
		t.Errorf("%+v", rep)
	}
}

func TestRejectedSubmissionsAreWarnedOf(t *testing.T) {
	w := create(t)
	defer w.Close()
	rep := importCSV(t, w, "person-pseudonym,KEY,SubmissionDate,ReviewState\nHana,u1,x,rejected\nDuri,u2,x,approved\n")
	if rep.Stored != 2 || len(rep.Warnings) != 1 || rep.Warnings[0].Row != 2 {
		t.Errorf("%+v", rep)
	}
}

// A repeat that comes alone finds what an earlier import made of its submissions.
func TestARepeatAloneFindsItsParents(t *testing.T) {
	w := create(t)
	defer w.Close()
	importFiles(t, w, "", app.ImportOptions{}, central[0])
	rep := importFiles(t, w, "", app.ImportOptions{}, central[1])[0]
	if rep.Kind != "detention_stage" || rep.Stored != 3 || rep.Refused != 1 || rep.Problems[0].Column != "PARENT_KEY" {
		t.Fatalf("%+v", rep)
	}
	if n := len(stagesOf(t, w, "Hana")); n != 2 {
		t.Errorf("Hana has %d stages, want 2", n)
	}
	for _, r := range importFiles(t, w, "", app.ImportOptions{}, central...) {
		if !strings.Contains(r.File, "question") && r.Stored != 0 {
			t.Errorf("%s: %d stored again", r.File, r.Stored)
		}
	}
}
