package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// The states of a control that Microsoft documents. The service may know more: any text is sent as it is.
const (
	// StateDefault takes an earlier decision back.
	StateDefault = "Default"
	// StateIgnored accepts the risk.
	StateIgnored = "Ignored"
	// StateThirdParty says that another product sees to it.
	StateThirdParty = "ThirdParty"
	// StateReviewed says that it has been looked at.
	StateReviewed = "Reviewed"
)

// Field is what an update does to one property: the zero value leaves it alone, [Set] sets it and [Clear] clears it.
type Field struct {
	changes bool
	value   string
}

// Set sets the property to the value. Set("") is [Clear].
func Set(value string) Field { return Field{true, value} }

// Clear clears the property. It sends "", as Microsoft's own requests do: the service stores it and answers with it,
// where for null nobody has seen what it does.
func Clear() Field { return Field{true, ""} }

// Value is what the property is changed to, "" when it is cleared; ok is false where it is left alone.
func (f Field) Value() (value string, ok bool) { return f.value, f.changes }

// pointer is the property of the request: nil where it is left alone.
func (f Field) pointer() *string {
	if !f.changes {
		return nil
	}
	return &f.value
}

// ControlUpdate is what to change of a control's state. At least one of State, AssignedTo and Comment is changed.
//
//	client.ControlUpdate{State: client.Set(client.StateIgnored), Comment: client.Set("until Q3"), AssignedTo: client.Clear()}
type ControlUpdate struct {
	// State is one of StateDefault, StateIgnored, StateThirdParty and StateReviewed, or another that the service
	// knows. It cannot be cleared: it is set to StateDefault.
	State Field
	// AssignedTo says who sees to it.
	AssignedTo Field
	// Comment says why.
	Comment Field
	// VendorInformation says whose control it is; the service requires provider and vendor. Nil is what all of
	// Microsoft's own have: provider SecureScore and vendor Microsoft.
	VendorInformation *SecurityVendorInformation
}

// encode is the body of the update, or all that is wrong with it.
func (u ControlUpdate) encode() ([]byte, []Fault) {
	v := validation{}
	if !u.State.changes && !u.AssignedTo.changes && !u.Comment.changes {
		v.fault("", "no change", "at least one of state, assignedTo and comment")
	}
	if u.State.changes && u.State.value == "" {
		v.fault("state", `""`, "a state: one that is taken back is set to "+StateDefault)
	}
	vendor := u.VendorInformation
	if vendor == nil {
		vendor = &SecurityVendorInformation{Provider: new("SecureScore"), Vendor: new("Microsoft")}
	}
	for _, p := range []struct {
		name  string
		value *string
	}{{"provider", vendor.Provider}, {"vendor", vendor.Vendor}} {
		if p.value == nil || *p.value == "" {
			v.fault("vendorInformation."+p.name, "nothing", "the name that the service requires")
		}
	}
	body, err := gen.SecureScoreControlProfileUpdate{
		AssignedTo: u.AssignedTo.pointer(), Comment: u.Comment.pointer(), State: u.State.pointer(), VendorInformation: vendor,
	}.MarshalJSON()
	if mismatch, ok := errors.AsType[*TypeError](err); ok {
		v.faults.Kept = append(v.faults.Kept, mismatch.Faults...)
	} else if err != nil {
		v.fault("", err.Error(), "JSON")
	}
	if len(v.faults.Kept) > 0 {
		return nil, v.faults.Kept
	}
	return body, nil
}

const opUpdateControl = "update secureScoreControlProfile"

// Update changes a control's state, the person it is assigned to, or the comment on it, and returns the profile as
// the service then has it: the decision is the last of its ControlStateUpdates. The score moves only 24 hours to 7
// days later.
//
// The service is asked to return the profile (Prefer: return=representation). Where it does not, and answers with
// 204, the profile is read with a second request, which is a read of its own: it may be repeated and may fail, and
// its error then is [ErrNotReadBack], since the update was made. The profile is never nil without an error. A
// [Response] tells of the update, not of that read.
//
// The update is never sent twice unless the service had provably not taken it (see the package's documentation).
// After an [ErrOutcomeUnknown] read the profile: its ControlStateUpdates tell whether it happened. With [WithIfMatch]
// an update is made only of the version that was read.
//
// Refused before anything is sent, with [ErrInvalid]: an id that is none, an update that changes nothing (a
// [ValidationError] names all that is wrong with it), and the controls named scid_*, see [WithSCIDAllowed]. It needs
// the permission SecurityEvents.ReadWrite.All.
func (s *ControlProfilesService) Update(ctx context.Context, id string, u ControlUpdate, opts ...CallOption) (*SecureScoreControlProfile, error) {
	if err := checkID(opUpdateControl, id); err != nil {
		return nil, err
	}
	body, faults := u.encode()
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s: %w", opUpdateControl, &ValidationError{Faults: faults, what: "update"})
	}
	return s.change(ctx, id, body, append(slices.Clip(opts), refuseSCID(id)))
}

// isSCID says of a control that it comes from outside secure score. The service does not regard case in a path.
func isSCID(id string) bool {
	const prefix = "scid_"
	return len(id) >= len(prefix) && strings.EqualFold(id[:len(prefix)], prefix)
}

var errSCID = errors.New("the service refuses to update controls named scid_* through this API: change them in the portal " +
	"they come from (WithSCIDAllowed sends it all the same)")

// refuseSCID comes behind the caller's options.
func refuseSCID(id string) CallOption {
	return func(cl *call) error {
		if isSCID(id) && !cl.scid {
			return errSCID
		}
		return nil
	}
}

// WithSCIDAllowed sends updates of controls named scid_*. The service is known to refuse them, with an error that
// does not say why, so that without this option [ControlProfilesService.Update] and
// [ControlProfilesService.UpdateMany] refuse them before sending. Other calls have no use for it.
func WithSCIDAllowed() CallOption {
	return func(cl *call) error {
		cl.scid = true
		return nil
	}
}
