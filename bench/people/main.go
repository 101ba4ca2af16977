// Command people writes a table of invented persons for measuring linkage: each told of
// once or several times, with typing errors, missing cells, names exchanged, nicknames,
// moved houses. Names are made of syllables and as unevenly spread as real ones; nobody in
// it lives or lived. The column cluster is the truth.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"strings"
)

func main() {
	records := flag.Int("records", 1_000_000, "records to write")
	copies := flag.Float64("copies", 1.43, "records a person, on average")
	noise := flag.Float64("noise", 1, "errors, as a multiple of the usual")
	seed := flag.Uint64("seed", 1, "of the random numbers")
	out := flag.String("out", "", "file to write; standard output without it")
	flag.Parse()
	w := os.Stdout
	if *out != "" {
		f, err := os.Create(*out)
		if err != nil {
			log.Fatal(err)
		}
		w = f
	}
	buf := bufio.NewWriterSize(w, 1<<20)
	newTown(*seed, *noise).write(buf, *records, *copies)
	if err := buf.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
}

// person is what is true of somebody.
type person struct {
	first, last, city, postcode, email string
	year, month, day                   int
}

// town is where the persons come from: its names and streets.
type town struct {
	rng           *rand.Rand
	noise         float64
	firsts, lasts []string
	cities        []string
}

func newTown(seed uint64, noise float64) *town {
	t := &town{rng: rand.New(rand.NewPCG(seed, 7)), noise: noise}
	t.firsts = t.words(1200, 2, 3)
	t.lasts = t.words(30000, 2, 4)
	t.cities = t.words(400, 2, 4)
	return t
}

var (
	onsets = strings.Fields("b br c ch cl d dr f fl g gr h j k kr l m n p pr r s sh st t tr v w y z")
	vowels = strings.Fields("a a e e i o u ai ee ou ia")
	codas  = strings.Fields("n n r l s t m nd rt ll ck x th _ _ _ _")
)

// words makes n different words.
func (t *town) words(n, least, most int) []string {
	seen := map[string]bool{}
	var out []string
	for len(out) < n {
		var b strings.Builder
		for range least + t.rng.IntN(most-least+1) - 1 {
			b.WriteString(pick(t.rng, onsets) + pick(t.rng, vowels))
		}
		b.WriteString(pick(t.rng, onsets) + pick(t.rng, vowels) + strings.Trim(pick(t.rng, codas), "_"))
		if w := b.String(); !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

// common picks a word with probability falling as 1/(rank+10), about as names do.
func (t *town) common(from []string) string {
	const shift = 10
	n := float64(len(from))
	x := shift*math.Exp(t.rng.Float64()*math.Log((n+shift)/shift)) - shift
	return from[min(int(x), len(from)-1)]
}

func (t *town) person() person {
	p := person{first: t.common(t.firsts), last: t.common(t.lasts), city: t.common(t.cities)}
	p.year, p.month, p.day = 1930+t.rng.IntN(80), 1+t.rng.IntN(12), 1+t.rng.IntN(28)
	at := 0
	for _, c := range p.city {
		at = (at*31 + int(c)) % 9000
	}
	p.postcode = fmt.Sprintf("%04d%d", 1000+at, t.rng.IntN(10)) // a city has ten
	p.email = fmt.Sprintf("%s.%s%d@%s.example", p.first, p.last, t.rng.IntN(100), pick(t.rng, mailHosts))
	return p
}

var mailHosts = strings.Fields("mail post inbox letters")

func (t *town) write(w *bufio.Writer, records int, copies float64) {
	fmt.Fprintln(w, "unique_id,first_name,surname,dob,city,postcode,email,cluster")
	again := 1 - 1/copies
	var p person
	cluster := -1
	for id := range records {
		if cluster < 0 || t.rng.Float64() > again {
			p = t.person()
			cluster++
		}
		fmt.Fprintf(w, "%d,%s,%d\n", id, t.told(p), cluster)
	}
}

// told is a person as one account has it.
func (t *town) told(p person) string {
	chance := func(x float64) bool { return t.rng.Float64() < x*t.noise }
	if chance(0.02) {
		p.first, p.last = p.last, p.first
	}
	if chance(0.03) && len(p.first) > 3 {
		p.first = p.first[:3]
	}
	if chance(0.03) {
		q := t.person()
		p.city, p.postcode = q.city, q.postcode
	}
	date := fmt.Sprintf("%04d-%02d-%02d", p.year, p.month, p.day)
	switch {
	case chance(0.02):
		date = fmt.Sprintf("%04d-%02d-%02d", p.year, p.day%12+1, p.month)
	case chance(0.04):
		date = t.typo(date, "0123456789")
	}
	cells := []string{p.first, p.last, date, p.city, p.postcode, p.email}
	letters := "abcdefghijklmnopqrstuvwxyz"
	for i, share := range []float64{0.08, 0.08, 0, 0.05, 0.03, 0.06} {
		if chance(share) {
			from := letters
			if i == 4 {
				from = "0123456789"
			}
			cells[i] = t.typo(cells[i], from)
		}
	}
	for i, share := range []float64{0.05, 0.03, 0.06, 0.1, 0.1, 0.3} {
		if chance(share) {
			cells[i] = ""
		}
	}
	return strings.Join(cells, ",")
}

// typo changes, drops, doubles or exchanges one letter.
func (t *town) typo(s, from string) string {
	if len(s) < 2 {
		return s
	}
	at := t.rng.IntN(len(s) - 1)
	c := string(from[t.rng.IntN(len(from))])
	switch t.rng.IntN(4) {
	case 0:
		return s[:at] + c + s[at+1:]
	case 1:
		return s[:at] + s[at+1:]
	case 2:
		return s[:at] + c + s[at:]
	}
	return s[:at] + string(s[at+1]) + string(s[at]) + s[at+2:]
}
