package clienttest_test

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOrderBy(t *testing.T) {
	t.Parallel()
	s := varied(t)
	tests := []struct{ path, order, want string }{
		{scores, "id", "abcde"},
		{scores, "id desc", "edcba"},
		{scores, "id asc", "abcde"},
		{scores, "createdDateTime", "edcba"},
		{scores, "currentScore", "ecbad"}, // null, NaN, -2, 10.5, INF
		{scores, "currentScore desc", "dabce"},
		{scores, "activeUserCount,id", "ebcda"},
		{scores, "activeUserCount , id desc", "ebdca"},
		{scores, "activeUserCount desc,createdDateTime asc", "adcbe"},
		{scores, "activeUserCount", "ebcda"}, // equal ones newest first
		{scores, "azureTenantId", "eabcd"},
		{scores, "vendorInformation/provider desc", "abcde"},
		{scores, "vendorInformation/provider", "cdeba"},
		{profiles, "deprecated", "nft"},
		{profiles, "deprecated desc,rank", "tfn"},
		{profiles, "lastModifiedDateTime desc", "tfn"},
	}
	for _, tt := range tests {
		t.Run(tt.order, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			if got := s.query(tt.path, "$orderby", tt.order); got != tt.want {
				t.Errorf("ids %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOrderByPages(t *testing.T) {
	t.Parallel()
	s := seeded(t, 5)
	want := [][]string{{"s1", "s2"}, {"s3", "s4"}, {"s5"}}
	if got := walk(t, s, scores+"?$orderby=createdDateTime%20asc"); !reflect.DeepEqual(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
	want = [][]string{{"s4"}, {"s3"}, {"s2"}}
	if got := walk(t, s, scores+"?$orderby=id%20desc&$filter=id%20ne%20's1'&$skip=1&$top=1"); !reflect.DeepEqual(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
}

func TestOrderByKeepsTheUsualOrder(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var want [2][]string
	for i := range 60 {
		id := fmt.Sprint(i)
		if err := s.AddControlProfiles(fmt.Appendf(nil, `{"id":%q,"rank":%d}`, id, i%2)); err != nil {
			t.Fatal(err)
		}
		want[i%2] = append(want[i%2], id)
	}
	if got, _ := s.must(200, "GET", profiles+"?$orderby=rank", "").ids(t); !slices.Equal(got, slices.Concat(want[0], want[1])) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestOrderByRefusals(t *testing.T) {
	t.Parallel()
	s := varied(t)
	for order, says := range map[string]string{
		"":                    "empty term",
		"id,":                 "empty term",
		"id up":               "direction 'up'",
		"id desc asc":         "direction 'desc asc'",
		"id DESC":             "direction 'DESC'",
		"nothing":             "named 'nothing'",
		"vendorInformation":   "no single value",
		"controlScores":       "is a collection",
		"enabledServices/$it": "is a collection",
	} {
		p := s.must(400, "GET", scores+"?$orderby="+url.PathEscape(order), "").problem(t)
		if p.Target != "$orderby" || !strings.Contains(p.Message, says) {
			t.Errorf("%q: problem %+v, want %q", order, p, says)
		}
	}
}
