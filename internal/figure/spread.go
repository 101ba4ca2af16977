package figure

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/id"
	"example.org/amparo/when"
)

// SpreadQuestion is an event whose places and times can be counted. Hiding places are not
// among them, nor is anything after it that could still be going on (R03).
type SpreadQuestion struct {
	Kind, Place, Date string
	People            []string // fields that name whose event it was
}

// SpreadQuestions are the events of the map and calendar.
var SpreadQuestions = []SpreadQuestion{
	{Kind: "journey", Place: "from", Date: "period", People: []string{"person"}},
	{Kind: "episode", Place: "corridor", Date: "period", People: []string{"person"}},
	{Kind: "detention_stage", Place: "place", Date: "in", People: []string{"person"}},
	{Kind: "incident", Place: "place", Date: "date", People: []string{"victims"}},
}

// Periods of the map: the years in which each begins; the last is open.
var Periods = []int{1990, 1998, 2001, 2005, 2010, 2015, 2020}

// NotKnown stands where a place, period, season or month is not known well enough.
const NotKnown = "not known"

// seasons of the calendar, in order.
var seasons = []string{"spring", "summer", "autumn", "winter"}

// seasonMonths are the months of each season; winter begins in December.
var seasonMonths = [][]int{{3, 4, 5}, {6, 7, 8}, {9, 10, 11}, {12, 1, 2}}

// Event is an event of a person, which may be the first.
type Event struct {
	Place    string    // NotKnown where it is not
	HasPlace bool      // it is known
	Date     when.Date // zero where it is not known
	Lo       when.Day  // the first day it may have been
	ID       id.ID     // of the record
}

// CountEvents counts people by the place and time of the first event of a kind, given by their
// ids: tables "place" (place, period) and "calendar" (season, month), how many people that
// are, and a hash over what the counts rest on. Each person stands in exactly one cell, so that
// totals add up and can be checked against an attacker; records that people called the same are
// one person. A date counts for a period, season or month only if it lies in it whatever day
// it means.
func CountEvents(first map[id.ID]Event) (tables []*disclose.Table, people int, basis string) {
	places, calendar := map[[2]string]int64{}, map[[2]string]int64{}
	var rests []string
	for p, e := range first {
		period := periodOf(e.Date)
		season, month := seasonOf(e.Date)
		places[[2]string{e.Place, period}]++
		calendar[[2]string{season, month}]++
		rests = append(rests, fmt.Sprintln(p, e.Place, period, season, month))
	}
	slices.Sort(rests)
	return []*disclose.Table{{Name: "place", Columns: []string{"place", "period"}, Cells: placeCells(places)},
			{Name: "calendar", Columns: []string{"season", "month"}, Cells: calendarCells(calendar)}},
		len(first), estimate.Hash([]byte(strings.Join(rests, "")))
}

// Before orders the events of a person: with a place first, then the earliest.
func (e Event) Before(o Event) bool {
	if e.HasPlace != o.HasPlace {
		return e.HasPlace
	}
	if e.Lo != o.Lo {
		return e.Lo < o.Lo
	}
	return e.ID.Compare(o.ID) < 0
}

// PeriodName is a period as its years.
func PeriodName(i int) string {
	if i == len(Periods)-1 {
		return fmt.Sprintf("%d–", Periods[i])
	}
	return fmt.Sprintf("%d–%d", Periods[i], Periods[i+1]-1)
}

func periodOf(d when.Date) string {
	for i, from := range Periods {
		to := 2200
		if i+1 < len(Periods) {
			to = Periods[i+1] - 1
		}
		if d.CertainlyWithin(when.Between(when.InYear(from), when.InYear(to))) {
			return PeriodName(i)
		}
	}
	return NotKnown
}

// seasonOf is the season and the month that a date certainly lies in.
func seasonOf(d when.Date) (season, month string) {
	if d.IsZero() {
		return NotKnown, NotKnown
	}
	lo, hi := d.Bounds()
	y, m, _ := lo.Civil()
	y2, m2, _ := hi.Civil()
	if y == y2 && m == m2 {
		return seasons[(m+9)%12/3], monthName(m)
	}
	for i, ms := range seasonMonths {
		year := y
		if i == 3 && m < 3 {
			year-- // a winter begins the year before
		}
		span := when.Between(when.InMonth(year, ms[0]), when.InMonth(year, ms[2]))
		if i == 3 {
			span = when.Between(when.InMonth(year, 12), when.InMonth(year+1, 2))
		}
		if d.CertainlyWithin(span) {
			return seasons[i], seasons[i] + ", " + NotKnown
		}
	}
	return NotKnown, NotKnown
}

func monthName(m int) string { return fmt.Sprintf("%02d", m) }

func placeCells(counts map[[2]string]int64) []disclose.Cell {
	places := map[string]bool{}
	for k := range counts {
		places[k[0]] = true
	}
	var out []disclose.Cell
	for _, p := range slices.Sorted(maps.Keys(places)) {
		for i := range Periods {
			out = append(out, disclose.Cell{Key: []string{p, PeriodName(i)}, Count: counts[[2]string{p, PeriodName(i)}]})
		}
		out = append(out, disclose.Cell{Key: []string{p, NotKnown}, Count: counts[[2]string{p, NotKnown}]})
	}
	return out
}

func calendarCells(counts map[[2]string]int64) []disclose.Cell {
	var out []disclose.Cell
	add := func(season, month string) {
		out = append(out, disclose.Cell{Key: []string{season, month}, Count: counts[[2]string{season, month}]})
	}
	for i, s := range seasons {
		for _, m := range seasonMonths[i] {
			add(s, monthName(m))
		}
		add(s, s+", "+NotKnown)
	}
	add(NotKnown, NotKnown)
	return out
}

// SeasonMonth is one line of the calendar: a month, or what is known to the season alone.
type SeasonMonth struct {
	Season, Key string
	Month       int // 0: only the season is known
}

// CalendarLines are the lines of the calendar in order, spring first.
func CalendarLines() []SeasonMonth {
	var out []SeasonMonth
	for _, c := range calendarCells(nil) {
		m, err := strconv.Atoi(c.Key[1])
		if err != nil {
			m = 0
		}
		out = append(out, SeasonMonth{Season: c.Key[0], Key: c.Key[1], Month: m})
	}
	return out
}
