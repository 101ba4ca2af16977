package testimony

import (
	"strings"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/names"
)

// Kin writes one name of somebody a person is tied to, and how: mother, child, spouse,
// cell mate.
func Kin(tie, name string) string { return tie + at + name }

// kin compares people by whom they are tied to. Two women of one name and age are two, or
// one; two who name a mother and a son of the same names are one, or sisters. Only people
// tied in one way are compared: a sister is no mother.
type kin struct{}

// Levels of kin.
const (
	kinOther = iota
	kinLikely
	kinSame
)

func (kin) Levels() []string {
	return []string{"nobody in common", "somebody in common, likely", "somebody in common"}
}

// Expect: who speaks twice names others the second time as often as not.
func (kin) Expect() []float64 { return []float64{.5, .1, .4} }

func (kin) Normalise(raw string) string { return normal(raw) }

func (kin) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.2}, {Name: "heard", Many: true, Agree: 0.45}}
}

func (kin) Prepare(v compare.Values) compare.Prepared {
	r := names.NewReader()
	return &kinForms{parse(v, func(s string) tied {
		tie, name, _ := strings.Cut(s, at)
		return tied{tie, r.Parse(name)}
	}), names.NewComparer()}
}

type tied struct {
	tie  string
	name names.Key
}

type kinForms struct {
	*parsed[tied]
	c *names.Comparer
}

func (f *kinForms) Level(a, b uint32) uint8 {
	best := uint8(kinOther)
	for _, x := range f.of[a] {
		for _, y := range f.of[b] {
			if x.tie != y.tie {
				continue
			}
			switch l := f.c.Compare(x.name, y.name).Level; {
			case l >= names.StrongLetter:
				return kinSame
			case l >= names.LikelyLetter:
				best = kinLikely
			}
		}
	}
	return best
}

func (f *kinForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return f.same(id, dst)
	}
	for _, t := range f.of[id] {
		for _, s := range t.name.Blocks() {
			dst = append(dst, key(t.tie+s))
		}
	}
	return dst
}

func (f *kinForms) Bytes() int64 { return f.bytes(512) }
