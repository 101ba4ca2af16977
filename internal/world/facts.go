package world

import (
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

//go:embed facts/*.csv
var factFiles embed.FS

// factTable says how one file of public facts becomes records: field <- column. A
// column that is not named is listed in leave, so that none is lost unseen.
type factTable struct {
	file   string
	kind   string
	key    string            // column that names the record; "" for the row's place in the file
	fields map[string]string // field -> column
	terms  map[string]string // words of the file -> codes, for the fields in coded
	coded  string            // fields whose words are looked up in terms, space separated
	fixed  map[string]string // field -> value
	leave  string            // columns not carried over, space separated
}

var factTables = []factTable{
	{file: "published_estimates", kind: "estimate", key: "code", fields: map[string]string{"quantity": "quantity", "low": "low", "point": "point", "high": "high", "unit": "unit",
		"reference_period": "reference_period", "publisher": "publisher", "method": "method", "definition": "definition", "grade": "admiralty_letter_suggested", "reference": "source", "status": "status"},
		coded: "grade", terms: map[string]string{"A": "SR-A", "B": "SR-B", "C": "SR-C", "D": "SR-D", "E": "SR-E", "F": "SR-F"}},
	{file: "article_statements", kind: "statement", key: "code", fields: map[string]string{"speaker": "speaker", "role": "role", "organisation": "organisation", "position_code": "position_code",
		"addressee": "addressee", "claim": "claim", "kind": "kind", "attribution": "attribution_quality", "status": "status"},
		coded: "kind", terms: map[string]string{"legal characterisation": "law", "legal claim": "law", "number": "number", "number and fact": "number", "practice": "practice", "fact": "practice",
			"ask": "demand", "ask and fact": "demand", "opposed position": "denial", "opposed legal position": "denial", "resolution": "other", "position": "other",
			"opposed assessment": "other", "opposed/neutral position": "other"}},
	{file: "treaty_status", kind: "treaty_status", key: "code", fields: map[string]string{"state": "country", "instrument": "instrument", "short": "instrument_short", "action": "action",
		"date": "date", "in_force": "in_force_or_status", "reservation": "reservation_or_note", "status": "status"}},
	{file: "un_votes_dprk", kind: "resolution", key: "code", fields: map[string]string{"body": "body", "symbol": "resolution", "date": "date", "title": "title", "yes": "yes", "no": "no",
		"abstain": "abstain", "absent": "not_voting_or_absent", "membership": "membership", "mode": "adoption", "sponsors": "sponsor", "key_votes": "key_votes_known", "reference": "source", "status": "status", "note": "note"},
		coded: "body mode", terms: map[string]string{"UNGA": "GA3", "vote": "vote", "without a vote": "without_vote"}, fixed: map[string]string{"status_of": "adopted"}},
	{file: "unga_dprk_votes", kind: "vote", fields: map[string]string{"resolution": "resolution", "date": "date", "state": "country_code", "state_name": "country", "value": "vote"}},
	{file: "embassy_incidents", kind: "mission_incident", key: "code", fields: map[string]string{"date": "date", "mission": "mission", "city": "city", "persons": "persons", "outcome": "outcome", "reference": "source", "status": "status"},
		coded: "date", terms: map[string]string{"2002-05-08/09": "2002-05-08/2002-05-09", "2002-05-23/06-13": "2002-05-23/2002-06-13"}},
	{file: "chr_members_2003", kind: "membership", key: "code", fields: map[string]string{"state": "member", "group": "regional_group", "term": "term", "known_vote": "vote_2003_10_known", "reference": "source", "status": "status"},
		fixed: map[string]string{"body": "CHR"}},
	{file: "un_elections", kind: "candidacy", key: "code", fields: map[string]string{"state": "candidate", "group": "regional_group", "seats": "seats_available", "date": "election_date", "body": "body", "result": "result", "ballot": "ballot", "note": "note", "status": "status"}},
	{file: "arrivals_rok", kind: "arrival_statistic", key: "year", fields: map[string]string{"year": "year", "male": "male", "female": "female", "total": "total", "vintage": "vintage", "status": "status"},
		fixed: map[string]string{"place": "KR"}, leave: "female_share_percent"}, // computed from the two before it
	{file: "penal_provisions", kind: "penal_provision", key: "code", fields: map[string]string{"country": "country", "code_version": "code_version", "article": "article", "offence": "offence", "penalty": "penalty", "label_ko": "label_ko", "note": "note", "status": "status"}},
	{file: "case_law", kind: "case_law", key: "code", fields: map[string]string{"name": "case", "court": "court", "country": "country", "date": "date", "proposition": "proposition", "effect": "effect_on_model", "reference": "source", "status": "status"},
		coded: "country", terms: map[string]string{"INT": "", "EU": ""}}, // courts of no one country; the court is named
	{file: "asks", kind: "ask", key: "code", fields: map[string]string{"ask": "ask", "addressee": "addressee", "legal_basis": "legal_basis", "mechanism": "article_mechanism", "opposing": "opposing_position", "indicator": "indicator_of_progress", "status": "status"}},
	{file: "bilateral_and_domestic_instruments", kind: "instrument", key: "code", fields: map[string]string{"title": "title", "parties": "parties", "date": "date", "content": "key_content", "effect": "effect_on_refugee_convention", "status": "status"}},
	{file: "un_mechanisms", kind: "un_mechanism", key: "code", fields: map[string]string{"name": "mechanism", "available": "states_available", "trigger": "trigger", "required_fields": "required_fields", "consent_questions": "consent_questions", "timing": "deadline_or_time", "status": "status"},
		leave: "optional_fields output_format note"},
}

// Facts hands the public facts to emit as accounts of real records: estimates somebody
// published, statements and the positions against them, who is bound by which treaty,
// votes by State. Sources and status marks stand in the records. Their identifiers are
// the same in every workspace.
func Facts(set *kind.Set, emit func(Event) error) (rows int, err error) {
	for _, t := range factTables {
		n, err := t.read(set, emit)
		rows += n
		if err != nil {
			return rows, fmt.Errorf("facts/%s.csv, row %d: %w", t.file, n+1, err)
		}
	}
	return rows, nil
}

func factID(kindName, key string) id.ID {
	return id.Derive([]byte("amparo public facts"), kindName, key)
}

func (t factTable) read(set *kind.Set, emit func(Event) error) (rows int, err error) {
	f, err := factFiles.Open("facts/" + t.file + ".csv")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	header, err := r.Read()
	if err != nil {
		return 0, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		row := map[string]string{}
		for i, h := range header {
			row[h] = strings.TrimSpace(cells[i])
		}
		s, err := t.statement(set, row, rows)
		if err != nil {
			return rows, err
		}
		if err := emit(Event{Statement: s, At: factsKnown}); err != nil {
			return rows, err
		}
		rows++
	}
}

// factsKnown is when the facts were written into the workspace: 1 January 2026.
const factsKnown = 1767225600000

func (t factTable) statement(set *kind.Set, row map[string]string, n int) (casebook.Statement, error) {
	k, ok := set.Kind(t.kind)
	if !ok {
		return casebook.Statement{}, fmt.Errorf("no kind %s", t.kind)
	}
	key := row[t.key]
	if t.key == "" {
		key = fmt.Sprint(n)
	}
	vs := kind.Values{"synthetic": {kind.Of("no")}}
	put := func(field, text string) error {
		f, ok := k.Field(field)
		if !ok {
			return fmt.Errorf("%s has no field %s", t.kind, field)
		}
		if text == "" || text == "—" {
			return nil
		}
		v, err := set.ParseValue(f, text, "en")
		if err != nil {
			return err
		}
		vs[field] = []kind.Value{v}
		return nil
	}
	for field, column := range t.fields {
		text := row[column]
		if code, ok := t.terms[text]; ok && strings.Contains(" "+t.coded+" ", " "+field+" ") {
			text = code
		}
		if t.kind == "vote" && field == "resolution" {
			text = factID("resolution", "GA-"+strings.ReplaceAll(strings.TrimPrefix(text, "A/RES/"), "/", "-")).String()
		}
		if err := put(field, text); err != nil {
			return casebook.Statement{}, err
		}
	}
	for field, text := range t.fixed {
		if err := put(field, text); err != nil {
			return casebook.Statement{}, err
		}
	}
	return casebook.Statement{Record: factID(t.kind, key), Kind: t.kind, Fields: vs}, nil
}
