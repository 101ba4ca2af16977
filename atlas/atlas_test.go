package atlas_test

import (
	"math"
	"regexp"
	"testing"

	"example.org/amparo/atlas"
	"example.org/amparo/where"
)

func TestAPlaceLiesWhereItIs(t *testing.T) {
	v := atlas.View{West: 100, East: 140, South: 20, North: 50, Width: 400}
	if x, y := v.Point(50, 100); x != 0 || y != 0 {
		t.Errorf("the north-western corner lies at %g,%g", x, y)
	}
	x, y := v.Point(35, 120)
	if want := 15 * 10 / math.Cos(35*math.Pi/180); x != 200 || math.Abs(y-want) > 1e-9 {
		t.Errorf("the middle lies at %g,%g, want 200,%g", x, y, want)
	}
	if v.Height() != math.Ceil(2*y) {
		t.Errorf("height %g, want %g", v.Height(), math.Ceil(2*y))
	}
}

// Every town of the gazetteer in the region can be drawn; the crossing points on the
// rivers lie within some kilometres of the border as it is drawn.
func TestTownsOfTheGazetteerLieOnTheMap(t *testing.T) {
	n := 0
	for _, p := range where.All() {
		if p.Level != where.Town || p.Lat == 0 {
			continue
		}
		if atlas.Border.Holds(p.Lat, p.Lon) && !atlas.Region.Holds(p.Lat, p.Lon) {
			t.Errorf("%s is near the border and not in the region", p.Code)
		}
		if atlas.Border.Holds(p.Lat, p.Lon) {
			n++
		}
	}
	if n < 10 {
		t.Errorf("%d towns near the border, want those of the crossing", n)
	}
}

func TestThePathIsThereAndSmall(t *testing.T) {
	form := regexp.MustCompile(`^(M-?\d+ -?\d+(L-?\d+ -?\d+)*)+$`)
	for name, v := range map[string]atlas.View{"region": atlas.Region, "border": atlas.Border} {
		p := v.Path()
		if !form.MatchString(p) || len(p) < 500 || len(p) > 45_000 {
			t.Errorf("%s: a path of %d bytes, or none of SVG", name, len(p))
		}
		if p != v.Path() {
			t.Errorf("%s: drawn twice, it differs", name)
		}
	}
}
