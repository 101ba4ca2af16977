package consent

import "example.org/amparo/when"

// MayBeChild reports whether a person is under 18 on a day, or may be for all that is known
// of the birth. Of one whose birth nobody stated it is not assumed.
func (p Person) MayBeChild(on when.Day) bool {
	if p.Birth.IsZero() {
		return false
	}
	_, latest := p.Birth.Bounds()
	return birthday(latest) > on
}
