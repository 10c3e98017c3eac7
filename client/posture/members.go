package posture

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
)

// ControlDetails reads the members of a control score that Microsoft's metadata does not declare, and the service
// sends. In a list only the newest score has all of them. Each method's ok is false where the member is absent, null,
// or not what it should be. Numbers and truth values come as JSON strings or as such, and both are read. The casing of
// the names has drifted over the years: where a name is not found as it is written today, any casing of it is.
//
// What is not here, `expiry` for example, is in the control score's Extra.
type ControlDetails struct {
	extra client.Members
}

// Details gives access to the undeclared members of a control score.
func Details(c client.ControlScore) ControlDetails {
	return ControlDetails{c.Extra}
}

// ScoreInPercentage is the percentage of its points that the control earned, as the service computed it for that day,
// rounded to two decimals.
func (d ControlDetails) ScoreInPercentage() (percent float64, ok bool) {
	return number(d.extra, "scoreInPercentage")
}

// Count is how many of Total the control counts, users or devices for example. Whether they are those that comply
// depends on the control.
func (d ControlDetails) Count() (n int64, ok bool) {
	return count(d.extra, "count")
}

// Total is how many users, devices or other things the control looks at.
func (d ControlDetails) Total() (n int64, ok bool) {
	return count(d.extra, "total")
}

// On is whether the setting that the control looks at is on.
func (d ControlDetails) On() (on, ok bool) {
	return truth(d.extra, "on")
}

// IsApplicable is whether the control applies to the tenant.
func (d ControlDetails) IsApplicable() (applicable, ok bool) {
	return truth(d.extra, "IsApplicable")
}

// LastSynced is when the service last looked at the tenant for this control. The year 1, the service's placeholder, is
// not known.
func (d ControlDetails) LastSynced() (t time.Time, ok bool) {
	t, ok = d.extra.Time(nameIn(d.extra, "lastSynced"))
	if !ok || t.Year() <= 1 {
		return time.Time{}, false
	}
	return t, true
}

// ImplementationStatus is how far the tenant is, a sentence for people. The service does send "", which is known.
func (d ControlDetails) ImplementationStatus() (status string, ok bool) {
	return d.extra.Text(nameIn(d.extra, "implementationStatus"))
}

// Source is where the control comes from, `MDATP` for example.
func (d ControlDetails) Source() (source string, ok bool) {
	return d.extra.Text(nameIn(d.extra, "source"))
}

// nameIn is the name under which m has a member: as it is or, failing that, the first in another casing.
func nameIn(m client.Members, name string) string {
	if _, ok := m.Get(name); ok {
		return name
	}
	for _, other := range m.Names() {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return name
}

// number reads a number of points or percent that came as a JSON number or as a string of one.
func number(m client.Members, name string) (float64, bool) {
	name = nameIn(m, name)
	f, ok := m.Float64(name)
	if !ok {
		s, _ := m.Text(name)
		f, ok = decimal(s)
	}
	if !ok {
		return 0, false
	}
	return known(&f)
}

// count reads a whole number that is not negative, and came as a JSON number or as a string of one.
func count(m client.Members, name string) (int64, bool) {
	name = nameIn(m, name)
	n, ok := m.Int64(name)
	if !ok {
		s, _ := m.Text(name)
		n, ok = whole(s)
	}
	if !ok || n < 0 {
		return 0, false
	}
	return n, true
}

func truth(m client.Members, name string) (value, ok bool) {
	name = nameIn(m, name)
	if value, ok = m.Bool(name); ok {
		return value, true
	}
	s, _ := m.Text(name)
	value = strings.EqualFold(s, "true")
	return value, value || strings.EqualFold(s, "false")
}

// decimal takes digits only, where strconv takes hexadecimal and "Inf" too.
func decimal(s string) (float64, bool) {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// whole takes "4", and "4.0" as long as a float64 holds every whole number of that size.
func whole(s string) (int64, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	f, ok := decimal(s)
	if !ok || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}
