package clienttest_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// varied serves scores that differ in every type of property, newest first a to
// e, of which e has nearly nothing.
func varied(t *testing.T) *service {
	t.Helper()
	s := serve(t)
	err := s.AddSecureScores([]byte(`[
		{"id":"a","createdDateTime":"2026-07-05T00:00:00Z","currentScore":10.5,"activeUserCount":3,"azureTenantId":"O'Neil","vendorInformation":{"provider":"SecureScore","vendor":"Microsoft"}},
		{"id":"b","createdDateTime":"2026-07-04T00:00:00.0000001+02:00","currentScore":-2.0,"activeUserCount":1,"azureTenantId":"x","vendorInformation":{"provider":"Other","vendor":null}},
		{"id":"c","createdDateTime":"2026-07-03T00:00:00Z","currentScore":"NaN","activeUserCount":2,"azureTenantId":"x(y","vendorInformation":null},
		{"id":"d","createdDateTime":"2026-07-02T00:00:00Z","currentScore":"INF","activeUserCount":2,"azureTenantId":"é"},
		{"id":"e"}]`))
	if err != nil {
		t.Fatal(err)
	}
	err = s.AddControlProfiles([]byte(`[
		{"id":"t","deprecated":true,"rank":1,"lastModifiedDateTime":"0001-01-01T00:00:00Z"},
		{"id":"f","deprecated":false,"rank":2},
		{"id":"n","deprecated":null}]`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// query lists a collection with one query option, and returns the ids in a row.
func (s *service) query(path, option, value string) string {
	s.t.Helper()
	ids, _ := s.must(200, "GET", path+"?"+option+"="+url.PathEscape(value), "").ids(s.t)
	return strings.Join(ids, "")
}

const profiles = "/security/secureScoreControlProfiles"

func TestFilter(t *testing.T) {
	t.Parallel()
	s := varied(t)
	tests := []struct{ filter, want string }{
		{"id eq 'a'", "a"},
		{"'a' eq id", "a"},
		{"id eq 'A'", ""},
		{"id ne 'a'", "bcde"},
		{"id gt 'b'", "cde"},
		{"id ge 'b' and id lt 'd'", "bc"},
		{"id le 'b'", "ab"},
		{"azureTenantId eq 'O''Neil'", "a"},
		{"azureTenantId eq 'x(y'", "c"},
		{"azureTenantId eq 'é'", "d"},
		{"azureTenantId eq ''", ""},
		{"currentScore gt 10", "ad"},
		{"currentScore eq 10.50", "a"},
		{"currentScore eq 1.05e1", "a"},
		{"currentScore lt 0", "b"},
		{"currentScore eq -2", "b"},
		{"currentScore gt -3.5e-3", "ad"},
		{"currentScore eq INF", "d"},
		{"currentScore gt -INF", "abd"},
		{"currentScore eq NaN", ""},
		{"currentScore ne NaN", "abcde"},
		{"currentScore le 1e300", "ab"},
		{"currentScore eq activeUserCount", "e"}, // null both
		{"currentScore lt activeUserCount", "b"},
		{"activeUserCount eq 2", "cd"},
		{"activeUserCount eq 2.0", "cd"},
		{"activeUserCount eq null", "e"},
		{"activeUserCount ne null", "abcd"},
		{"activeUserCount gt null", ""},
		{"null le activeUserCount", ""},
		{"null eq null", "abcde"},
		{"null", ""},
		{"not null", ""},
		{"createdDateTime ge 2026-07-04T00:00:00Z", "a"},
		{"createdDateTime eq 2026-07-03T22:00:00.0000001Z", "b"},
		{"createdDateTime gt 2026-07-03T22:00:00Z and createdDateTime lt 2026-07-05T01:00:00%2B02:00", "b"},
		{"createdDateTime eq null", "e"},
		{"vendorInformation/provider eq 'SecureScore'", "a"},
		{"vendorInformation/provider eq null", "cde"},
		{"vendorInformation/vendor eq null", "bcde"},
		{"startswith(id,'a')", "a"},
		{"startsWith( azureTenantId , 'x' )", "bc"},
		{"startswith('axe',id)", "a"},
		{"startswith(vendorInformation/vendor,'Micro') eq true", "a"},
		{"not startswith(azureTenantId,'x')", "ad"}, // null is neither
		{"startswith(azureTenantId,null)", ""},
		{"startswith(azureTenantId,'')", "abcd"},
		{"id eq 'a' or id eq 'b' and id eq 'c'", "a"},
		{"(id eq 'a' or id eq 'b') and id eq 'b'", "b"},
		{"not (id eq 'a') and not(id eq 'b')", "cde"},
		{"not not (id eq 'a')", "a"},
		{"((((id eq 'a'))))", "a"},
		{"id eq 'a' eq true", "a"},
		{"id lt 'b' eq false", "bcde"},
		{"true", "abcde"},
		{"false or true and false", ""},
		{"startswith(azureTenantId,'x') or id eq 'e'", "bce"},  // null or true
		{"startswith(azureTenantId,'O') or id eq 'zz'", "a"},   // null or false
		{"not (startswith(azureTenantId,'x') and true)", "ad"}, // the negation of null
		{"not (startswith(azureTenantId,'x') or false)", "ad"},
		{"\tid eq   'a' ", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			filter := strings.ReplaceAll(tt.filter, "%2B", "+")
			ids, _ := s.must(200, "GET", scores+"?$filter="+url.QueryEscape(filter), "").ids(t)
			if got := strings.Join(ids, ""); got != tt.want {
				t.Errorf("ids %q, want %q", got, tt.want)
			}
		})
	}
	for filter, want := range map[string]string{
		"deprecated": "t", "not deprecated": "f", "deprecated eq false": "f", "deprecated ne true": "fn", "deprecated eq null": "n",
		"not deprecated eq true": "f", "rank gt 1": "f", "lastModifiedDateTime lt 2000-01-01T00:00:00Z": "t",
		"deprecated and rank eq 1": "t", "deprecated or rank eq 2": "tf",
	} {
		if got := s.query(profiles, "$filter", filter); got != want {
			t.Errorf("%s: ids %q, want %q", filter, got, want)
		}
	}
}

func TestFilterOverEveryPrimitive(t *testing.T) {
	t.Parallel()
	s := varied(t)
	for path, names := range map[string]string{
		scores: "id activeUserCount azureTenantId createdDateTime currentScore licensedUserCount maxScore " +
			"vendorInformation/provider vendorInformation/providerVersion vendorInformation/subProvider vendorInformation/vendor",
		profiles: "id actionType actionUrl azureTenantId controlCategory deprecated implementationCost lastModifiedDateTime maxScore rank " +
			"remediation remediationImpact service tier title userImpact " +
			"vendorInformation/provider vendorInformation/providerVersion vendorInformation/subProvider vendorInformation/vendor",
	} {
		for name := range strings.FieldsSeq(names) {
			s.query(path, "$filter", name+" ne null")
			s.query(path, "$orderby", name+" desc")
		}
	}
}

func TestFilterRefusals(t *testing.T) {
	t.Parallel()
	s := varied(t)
	tests := []struct{ filter, says string }{
		{"", "Syntax error at the end of the filter: an operand is wanted"},
		{"id eq", "end of the filter: an operand"},
		{"id 'a'", "position 4 of the filter: found 'a', an operator is wanted"},
		{"id eq 'a' id", "found 'id', an operator"},
		{"(id eq 'a'", "end of the filter: ')'"},
		{"id eq 'a')", "found ')', an operator"},
		{"id eq 'a", "unterminated string literal at position 7"},
		{"id eq 'a''", "unterminated"},
		{"id = 'a'", "character '=' is not valid at position 4"},
		{"id eq \"a\"", "character '\"'"},
		{"id eq é", "character 'é'"},
		{"id EQ 'a'", "found 'EQ', an operator"},
		{"id", "The filter is of type Edm.String; a Boolean"},
		{"'a'", "The filter is of type Edm.String"},
		{"id and true", "An operand of 'and' is of type Edm.String"},
		{"true or 1", "An operand of 'or' is of type Edm.Double"},
		{"not id", "The operand of 'not' is of type Edm.String"},
		{"not id eq 'a'", "The operand of 'not'"},
		{"id eq 1", "Found operand types 'Edm.String' and 'Edm.Double' for operator 'eq'"},
		{"currentScore eq '1'", "'Edm.Double' and 'Edm.String'"},
		{"createdDateTime ge '2026-07-01T00:00:00Z'", "'Edm.DateTimeOffset' and 'Edm.String' for operator 'ge'"},
		{"true gt null", "'Edm.Boolean' and 'null' for operator 'gt'"},
		{"not", "end of the filter: an operand"},
		{"(", "end of the filter: an operand"},
		{"true gt false", "'Edm.Boolean' and 'Edm.Boolean' for operator 'gt'"},
		{"createdDateTime ge 2026-07-01", "'2026-07-01' at position 20 is not an Edm.DateTimeOffset"},
		{"createdDateTime ge 2026-13-01T00:00:00Z", "not an Edm.DateTimeOffset"},
		{"createdDateTime ge 2026-07-01T00:00:00", "not an Edm.DateTimeOffset"},
		{"currentScore eq 1e999", "'1e999' at position 17 is not a number"},
		{"currentScore eq 1x", "not a number"},
		{"currentScore eq 0x1p4", "not a number"},
		{"currentScore eq 1.2.3", "not a number"},
		{"currentScore eq -", "not a number"},
		{"currentScore eq -Inf", "not a number"},
		{"nothing eq 1", "Could not find a property named 'nothing' on type 'microsoft.graph.secureScore'"},
		{"ID eq 'a'", "named 'ID'"},
		{"vendorInformation/nothing eq 'x'", "named 'nothing' on type 'microsoft.graph.securityVendorInformation'"},
		{"vendorInformation/ eq 'x'", "named ''"},
		{"vendorInformation eq null", "name one of its properties, as in vendorInformation/provider"},
		{"id/x eq 'x'", "'id' of type Edm.String has no properties"},
		{"controlScores eq null", "is a collection"},
		{"controlScores/score gt 1", "'controlScores' of type Collection(microsoft.graph.controlScore) is a collection"},
		{"enabledServices eq 'x'", "is a collection"},
		{"contains(id,'a')", "function or operator 'contains' is not supported"},
		{"id in ('a','b')", "found 'in', an operator"},
		{"startswith(id)", "found ')', ',' is wanted"},
		{"startswith(id,'a','b')", "found ',', ')' is wanted"},
		{"startswith(currentScore,'1')", "Argument 1 of startswith is of type Edm.Double"},
		{"startswith(id,true)", "Argument 2 of startswith is of type Edm.Boolean"},
		{"startswith eq 1", "named 'startswith'"},
		{"id eq ('a'", "')' is wanted"},
		{"true and", "an operand is wanted"},
		{"true or (false", "')' is wanted"},
		{strings.Repeat("(", 16<<10) + "true", "longer than 16384 bytes"},
	}
	for _, tt := range tests {
		name := tt.filter[:min(len(tt.filter), 40)]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			p := s.must(400, "GET", scores+"?$filter="+url.QueryEscape(tt.filter), "").problem(t)
			if p.Code != "BadRequest" || p.Target != "$filter" || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v\nwant %q", p, tt.says)
			}
		})
	}
}

func TestFilterWithManyOrs(t *testing.T) {
	t.Parallel()
	s := varied(t)
	terms := func(n int, last string) string { return strings.Repeat("id eq 'zz' or ", n-1) + last }
	tests := []struct{ filter, want string }{
		{terms(15, "id eq 'a'"), "a"},
		{terms(16, "id eq 'a'"), ""},
		{"(" + terms(8, "true") + ") and (" + terms(8, "true") + ")", "abcde"}, // 14 operators
		{"(" + terms(9, "true") + ") and (" + terms(8, "true") + ")", ""},
		{"startswith(id,'a') and (" + terms(16, "true") + ")", ""},
	}
	for _, tt := range tests {
		if got := s.query(scores, "$filter", tt.filter); got != tt.want {
			t.Errorf("%s: ids %q, want %q", tt.filter, got, tt.want)
		}
	}
	r := s.must(200, "GET", scores+"?$count=true&$filter="+url.QueryEscape(terms(16, "true")), "")
	if got := object(t, r.body); got["@odata.count"] == nil || got["@odata.count"].(interface{ String() string }).String() != "0" {
		t.Errorf("page %s", r.body)
	}
}

func TestFilterPagesAndCounts(t *testing.T) {
	t.Parallel()
	s := seeded(t, 7)
	const filter = "$filter=id%20ne%20's4'%20and%20startswith(id,'s')&$count=true"
	want := [][]string{{"s7", "s6"}, {"s5", "s3"}, {"s2", "s1"}}
	if got := walk(t, s, scores+"?"+filter); !reflect.DeepEqual(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
	r := s.must(200, "GET", scores+"?"+filter+"&$select=id", "")
	page := object(t, r.body)
	link, _ := page["@odata.nextLink"].(string)
	head := s.root + "/security/secureScores?$count=true&$filter=id%20ne%20%27s4%27%20and%20startswith%28id%2C%27s%27%29&$select=id&$skiptoken="
	if !strings.HasPrefix(link, head) {
		t.Errorf("nextLink %s, want %s", link, head)
	}
	if n := page["@odata.count"].(interface{ String() string }).String(); n != "6" {
		t.Errorf("@odata.count %s, want 6", n)
	}
	if got := string(s.must(200, "GET", scores+"/$count?$filter=id%20lt%20's3'", "").body); got != "2" {
		t.Errorf("count %s, want 2", got)
	}
	s.must(204, "DELETE", scores+"/s6", "") // the token names it: what followed it moves up
	if ids, _ := s.must(200, "GET", link, "").ids(t); !reflect.DeepEqual(ids, []string{"s5", "s3"}) {
		t.Errorf("second page %v", ids)
	}
}
