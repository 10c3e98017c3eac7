package clienttest

import (
	"net/http"
	"strings"
	"time"
)

// What a PATCH of a control profile carries. The entity declares none of
// assignedTo, comment and state.
var (
	controlUpdateType = structuredType{name: controlProfileType.name, properties: []property{
		{name: "assignedTo", primitive: edmString},
		{name: "comment", primitive: edmString},
		{name: "state", primitive: edmString, notNull: true},
		{name: "vendorInformation", complex: &controlOwnerType, onCreate: true},
	}}
	// controlOwnerType is securityVendorInformation with what is required here.
	controlOwnerType = structuredType{name: vendorInformationType.name, properties: []property{
		{name: "provider", primitive: edmString, onCreate: true},
		{name: "providerVersion", primitive: edmString},
		{name: "subProvider", primitive: edmString},
		{name: "vendor", primitive: edmString, onCreate: true},
	}}
)

// changeState appends a decision to a control profile. What the request leaves
// out is taken over from the newest decision there is.
func (g *Graph) changeState(c *call, _ *collection, e *entity, change document) (document, *odataError) {
	if strings.HasPrefix(strings.ToLower(e.id), "scid_") {
		// This is all that the service says of controls that are not its own.
		return nil, &odataError{status: http.StatusBadRequest}
	}
	if fault := checkControlUpdate(change); fault != nil {
		return nil, fault
	}
	var updates [][]byte
	if raw := e.doc.get("controlStateUpdates"); raw != nil {
		updates, _ = parseArray(raw) // part of a document that was read
	}
	latest := newestDecision(updates)
	decision := document{}
	for _, name := range []string{"assignedTo", "comment", "state"} {
		value := []byte("null")
		if name == "state" {
			value = []byte(`"Default"`)
		}
		if raw := latest.get(name); raw != nil {
			value = raw
		}
		if m, ok := change.member(name); ok {
			value = m.value
		}
		decision = append(decision, member{name, value})
	}
	decision = append(decision,
		member{"updatedBy", appendString(nil, c.by)},
		member{"updatedDateTime", appendString(nil, stamp(c.at))})

	list := []byte{'['}
	for _, u := range updates {
		list = append(append(list, u...), ',')
	}
	list = append(decision.appendTo(list, ""), ']')
	return e.doc.set("controlStateUpdates", list), nil
}

// checkControlUpdate refuses what the service does not take.
func checkControlUpdate(change document) *odataError {
	decides := false
	for _, m := range change {
		if _, ok := controlUpdateType.declared(m.name); !ok && !annotation(m.name) {
			return badRequest(m.name, "The property '%s' of a %s cannot be updated: assignedTo, comment and state can.", clip(m.name), controlUpdateType.name)
		}
		decides = decides || !annotation(m.name) && m.name != "vendorInformation"
	}
	if fault := controlUpdateType.check("", change, forCreate); fault != nil {
		return fault
	}
	for _, required := range []string{"provider", "vendor"} {
		owner, _ := parseObject(change.get("vendorInformation")) // checked
		if owner.text(required) == "" {
			at := "vendorInformation." + required
			return badRequest(at, "The required property '%s' is empty.", at)
		}
	}
	switch m, ok := change.member("state"); {
	case ok && string(m.value) == `""`:
		return badRequest("state", "The property 'state' must not be empty.")
	case !decides:
		return badRequest("", "The request changes nothing: it has none of assignedTo, comment and state.")
	}
	return nil
}

// newestDecision returns the newest of a profile's controlStateUpdates. Of
// those with no time, or the same, it is the last.
func newestDecision(updates [][]byte) document {
	var newest document
	var at time.Time
	for _, raw := range updates {
		if raw[0] != '{' {
			continue
		}
		u, _ := parseObject(raw) // part of a document that was read
		var t time.Time
		_ = t.UnmarshalText([]byte(u.text("updatedDateTime"))) // absent is the oldest
		if !t.Before(at) {
			newest, at = u, t
		}
	}
	return newest
}
