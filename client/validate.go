package client

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// ValidationError says everything that is wrong with a score that was to be created, or with updates of controls. It is
// [ErrInvalid].
type ValidationError struct {
	Faults []Fault
	More   int // number of further faults, beyond the 100 that are kept

	what string // it is about; "" is a secureScore
}

func (e *ValidationError) Error() string {
	return orDefault(e.what, "secureScore") + " not valid: " + gen.JoinFaults(e.Faults, e.More)
}

// Is makes errors.Is(err, ErrInvalid) true.
func (e *ValidationError) Is(target error) bool { return target == ErrInvalid }

// Validate reports all that would keep a score from being created, in one *[ValidationError]; nil means that nothing would. Create
// calls it before anything is sent.
//
// Nine properties are required: activeUserCount, averageComparativeScores, azureTenantId, controlScores, currentScore,
// enabledServices, licensedUserCount, maxScore and vendorInformation. Nil, and a null that was decoded, count as missing;
// an empty slice that is not nil does not. The id, if set, and azureTenantId are not empty, counts are not negative, and
// Doubles are finite, for the service's own special values NaN and INF mean nothing as a score. Inside the nine, null is
// legal, and so is the averageScore -1: no data.
func Validate(score SecureScore) error {
	_, err := encodeForCreate(score)
	return err
}

// encodeForCreate is the body of a create: the score with its types named as Microsoft's example does and without what
// only the service says of it. The score itself is not changed.
func encodeForCreate(score SecureScore) ([]byte, error) {
	v := validation{}
	v.score(&score)
	return v.encode(withTypes(score))
}

// encodeForUpdate is the body of an update: what is set, without what only the service says of it.
func encodeForUpdate(id string, change SecureScore) ([]byte, error) {
	v := validation{}
	v.values(&change)
	if change.ID != nil && *change.ID != id {
		v.fault("id", strconv.Quote(clean(*change.ID, maxIDText)), "the id of the score that is updated, or nothing")
	}
	change.ID, change.ODataETag = nil, nil
	stripAnnotations(&change.Extra)
	return v.encode(change)
}

// encode writes the score that was looked at.
func (v *validation) encode(score SecureScore) ([]byte, error) {
	body, err := score.MarshalJSON()
	if mismatch, ok := errors.AsType[*TypeError](err); ok {
		for _, f := range mismatch.Faults {
			v.fault(f.Path, f.Found, f.Wanted)
		}
		v.faults.More += mismatch.More
	} else if err != nil {
		return nil, err
	}
	if len(v.faults.Kept) > 0 {
		return nil, &ValidationError{Faults: v.faults.Kept, More: v.faults.More}
	}
	return body, nil
}

type validation struct {
	faults gen.Faults
}

func (v *validation) fault(path, found, wanted string) { v.faults.Add(path, found, wanted) }

func (v *validation) score(s *SecureScore) {
	required := func(path string, set bool, wanted string) {
		switch {
		case set:
		case s.Extra.Null(path):
			v.fault(path, "null", wanted)
		default:
			v.fault(path, "nothing", wanted)
		}
	}
	required("activeUserCount", s.ActiveUserCount != nil, "a number of users")
	required("averageComparativeScores", s.AverageComparativeScores != nil, "an array, perhaps empty")
	required("azureTenantId", s.AzureTenantID != nil, "the tenant's id")
	required("controlScores", s.ControlScores != nil, "an array, perhaps empty")
	required("currentScore", s.CurrentScore != nil, "a number of points")
	required("enabledServices", s.EnabledServices != nil, "an array, perhaps empty")
	required("licensedUserCount", s.LicensedUserCount != nil, "a number of users")
	required("maxScore", s.MaxScore != nil, "a number of points")
	required("vendorInformation", s.VendorInformation != nil, "an object")

	v.values(s)
}

// values looks at what is set.
func (v *validation) values(s *SecureScore) {
	if s.Extra.Null("id") {
		v.fault("id", "null", "a string, or no member")
	}
	v.notEmpty("id", s.ID)
	v.notEmpty("azureTenantId", s.AzureTenantID)
	v.notNegative("activeUserCount", s.ActiveUserCount)
	v.notNegative("licensedUserCount", s.LicensedUserCount)
	v.finite("currentScore", s.CurrentScore)
	v.finite("maxScore", s.MaxScore)
	for i, a := range s.AverageComparativeScores {
		v.finite(fmt.Sprintf("averageComparativeScores[%d].averageScore", i), a.AverageScore)
	}
	for i, c := range s.ControlScores {
		v.finite(fmt.Sprintf("controlScores[%d].score", i), c.Score)
	}
}

func (v *validation) notEmpty(path string, s *string) {
	if s != nil && *s == "" {
		v.fault(path, `""`, "an id")
	}
}

func (v *validation) notNegative(path string, n *int32) {
	if n != nil && *n < 0 {
		v.fault(path, fmt.Sprint(*n), "a number of users")
	}
}

func (v *validation) finite(path string, f *float64) {
	if f != nil && (math.IsNaN(*f) || math.IsInf(*f, 0)) {
		v.fault(path, fmt.Sprint(*f), "a finite number")
	}
}

// withTypes returns a copy that names its types where the caller named none, with # on the outermost only, and has lost
// @odata.context and @odata.etag.
func withTypes(s SecureScore) SecureScore {
	s.ODataETag = nil
	stripAnnotations(&s.Extra)
	nameType(&s.ODataType, s.Extra, "#microsoft.graph.secureScore")
	s.AverageComparativeScores = slices.Clone(s.AverageComparativeScores)
	for i := range s.AverageComparativeScores {
		a := &s.AverageComparativeScores[i]
		nameType(&a.ODataType, a.Extra, "microsoft.graph.averageComparativeScore")
	}
	s.ControlScores = slices.Clone(s.ControlScores)
	for i := range s.ControlScores {
		c := &s.ControlScores[i]
		nameType(&c.ODataType, c.Extra, "microsoft.graph.controlScore")
	}
	if s.VendorInformation != nil {
		vendor := *s.VendorInformation
		nameType(&vendor.ODataType, vendor.Extra, "microsoft.graph.securityVendorInformation")
		s.VendorInformation = &vendor
	}
	return s
}

// stripAnnotations removes what only the service says of an entity. Members are copied on change: the caller's stay.
func stripAnnotations(extra *Members) {
	if _, ok := extra.Get("@odata.context"); ok {
		extra.Delete("@odata.context")
	}
	if extra.Null("@odata.etag") {
		extra.Delete("@odata.etag")
	}
}

// nameType leaves an object that came as null as it came.
func nameType(field **string, extra Members, name string) {
	if *field == nil && !extra.IsNull() {
		*field = &name
	}
}
