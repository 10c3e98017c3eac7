package client

import "github.com/seed-13c6ebcb/securescore/gen"

// The types of the API, under the names of Microsoft's metadata. Their fields are pointers where null and absent differ
// from zero, and plain slices; new(v) makes a pointer to a value. [Members] tells what they promise to keep.
type (
	SecureScore                   = gen.SecureScore
	AverageComparativeScore       = gen.AverageComparativeScore
	ControlScore                  = gen.ControlScore
	SecurityVendorInformation     = gen.SecurityVendorInformation
	SecureScoreControlProfile     = gen.SecureScoreControlProfile
	SecureScoreControlStateUpdate = gen.SecureScoreControlStateUpdate
	ComplianceInformation         = gen.ComplianceInformation
	CertificationControl          = gen.CertificationControl
)

// Members is the Extra of each type: the members that an answer had beyond the declared ones, exactly as they came.
type Members = gen.Members

// Fault is one thing wrong with a value: where, what was found, and what was wanted.
type Fault = gen.Fault

// TypeError says which members of a JSON text are not of their property's type, all of them.
type TypeError = gen.TypeError
