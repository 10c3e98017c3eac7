package clienttest

// edm is a primitive type of OData.
type edm string

const (
	edmString         edm = "Edm.String"
	edmInt32          edm = "Edm.Int32"
	edmDouble         edm = "Edm.Double"
	edmBoolean        edm = "Edm.Boolean"
	edmDateTimeOffset edm = "Edm.DateTimeOffset"
)

// property is one declared property of a structured type.
type property struct {
	name       string
	primitive  edm
	complex    *structuredType // where it is not primitive
	collection bool
	notNull    bool
	onCreate   bool // required in a create, and then not null
}

// typeName is the name of the property's type, as the metadata has it.
func (p property) typeName() string {
	name := string(p.primitive)
	if p.complex != nil {
		name = p.complex.name
	}
	if p.collection {
		name = "Collection(" + name + ")"
	}
	return name
}

// structuredType is an entity type or a complex type of the metadata. An open
// one may have members that it does not declare.
type structuredType struct {
	name       string
	open       bool
	properties []property
}

// declared returns the property of that name, in exactly that case.
func (t *structuredType) declared(name string) (property, bool) {
	for _, p := range t.properties {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

// The types of Microsoft Graph's v1.0 metadata. They are never changed.
var (
	secureScoreType = structuredType{name: "microsoft.graph.secureScore", open: true, properties: []property{
		{name: "id", primitive: edmString, notNull: true},
		{name: "activeUserCount", primitive: edmInt32, onCreate: true},
		{name: "averageComparativeScores", complex: &averageComparativeScoreType, collection: true, onCreate: true},
		{name: "azureTenantId", primitive: edmString, notNull: true, onCreate: true},
		{name: "controlScores", complex: &controlScoreType, collection: true, onCreate: true},
		{name: "createdDateTime", primitive: edmDateTimeOffset},
		{name: "currentScore", primitive: edmDouble, onCreate: true},
		{name: "enabledServices", primitive: edmString, collection: true, onCreate: true},
		{name: "licensedUserCount", primitive: edmInt32, onCreate: true},
		{name: "maxScore", primitive: edmDouble, onCreate: true},
		{name: "vendorInformation", complex: &vendorInformationType, onCreate: true},
	}}
	averageComparativeScoreType = structuredType{name: "microsoft.graph.averageComparativeScore", open: true, properties: []property{
		{name: "averageScore", primitive: edmDouble},
		{name: "basis", primitive: edmString},
	}}
	controlScoreType = structuredType{name: "microsoft.graph.controlScore", open: true, properties: []property{
		{name: "controlCategory", primitive: edmString},
		{name: "controlName", primitive: edmString},
		{name: "description", primitive: edmString},
		{name: "score", primitive: edmDouble},
	}}
	vendorInformationType = structuredType{name: "microsoft.graph.securityVendorInformation", properties: []property{
		{name: "provider", primitive: edmString},
		{name: "providerVersion", primitive: edmString},
		{name: "subProvider", primitive: edmString},
		{name: "vendor", primitive: edmString},
	}}
	controlProfileType = structuredType{name: "microsoft.graph.secureScoreControlProfile", open: true, properties: []property{
		{name: "id", primitive: edmString, notNull: true},
		{name: "actionType", primitive: edmString},
		{name: "actionUrl", primitive: edmString},
		{name: "azureTenantId", primitive: edmString, notNull: true},
		{name: "complianceInformation", complex: &complianceInformationType, collection: true},
		{name: "controlCategory", primitive: edmString},
		{name: "controlStateUpdates", complex: &controlStateUpdateType, collection: true},
		{name: "deprecated", primitive: edmBoolean},
		{name: "implementationCost", primitive: edmString},
		{name: "lastModifiedDateTime", primitive: edmDateTimeOffset},
		{name: "maxScore", primitive: edmDouble},
		{name: "rank", primitive: edmInt32},
		{name: "remediation", primitive: edmString},
		{name: "remediationImpact", primitive: edmString},
		{name: "service", primitive: edmString},
		{name: "threats", primitive: edmString, collection: true},
		{name: "tier", primitive: edmString},
		{name: "title", primitive: edmString},
		{name: "userImpact", primitive: edmString},
		{name: "vendorInformation", complex: &vendorInformationType},
	}}
	complianceInformationType = structuredType{name: "microsoft.graph.complianceInformation", open: true, properties: []property{
		{name: "certificationControls", complex: &certificationControlType, collection: true},
		{name: "certificationName", primitive: edmString},
	}}
	certificationControlType = structuredType{name: "microsoft.graph.certificationControl", open: true, properties: []property{
		{name: "name", primitive: edmString},
		{name: "url", primitive: edmString},
	}}
	controlStateUpdateType = structuredType{name: "microsoft.graph.secureScoreControlStateUpdate", properties: []property{
		{name: "assignedTo", primitive: edmString},
		{name: "comment", primitive: edmString},
		{name: "state", primitive: edmString},
		{name: "updatedBy", primitive: edmString},
		{name: "updatedDateTime", primitive: edmDateTimeOffset},
	}}
)
