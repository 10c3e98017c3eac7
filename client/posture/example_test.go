package posture_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

// Two days and the profiles of a small tenant, as SecureScores.All and ControlProfiles.All return them.
func tenant() (yesterday, today client.SecureScore, profiles []client.SecureScoreControlProfile) {
	decode := func(text string, v any) {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			log.Fatal(err)
		}
	}
	decode(`{"currentScore":21.26,"maxScore":40,"controlScores":[
		{"controlCategory":"Identity","controlName":"AdminMFAV2","score":10,"scoreInPercentage":100},
		{"controlCategory":"Identity","controlName":"OneAdmin","score":0,"scoreInPercentage":0},
		{"controlCategory":"Device","controlName":"scid_2016","score":9.26,"scoreInPercentage":92.6},
		{"controlCategory":"Apps","controlName":"IntegratedApps","score":2,"scoreInPercentage":50}]}`, &yesterday)
	decode(`{"currentScore":18.26,"maxScore":40,"averageComparativeScores":[
		{"basis":"AllTenants","averageScore":52.86},
		{"basis":"IndustryTypes","averageScore":-1}],"controlScores":[
		{"controlCategory":"Identity","controlName":"AdminMFAV2","score":5,"scoreInPercentage":50,"count":"2","total":"4"},
		{"controlCategory":"Identity","controlName":"OneAdmin","score":0,"scoreInPercentage":0},
		{"controlCategory":"Device","controlName":"scid_2016","score":9.26,"scoreInPercentage":92.6},
		{"controlCategory":"Apps","controlName":"IntegratedApps","score":4,"scoreInPercentage":100}]}`, &today)
	decode(`[
		{"id":"AdminMFAV2","title":"Require MFA for administrators","maxScore":10,"rank":1},
		{"id":"scid_2016","title":"Encrypt every disk","maxScore":10,"rank":20},
		{"id":"OneAdmin","title":"Designate more than one administrator","maxScore":5,"rank":3}]`, &profiles)
	return yesterday, today, profiles
}

func ExamplePercent() {
	_, today, _ := tenant()
	if percent, ok := posture.Percent(today.CurrentScore, today.MaxScore); ok {
		fmt.Printf("%.2f %%\n", percent)
	}
	// Output: 45.65 %
}

func ExampleGaps() {
	_, today, profiles := tenant()
	gaps, unknown := posture.Gaps(posture.Join(&today, profiles), posture.GapOptions{})
	for _, g := range gaps {
		fmt.Printf("%5.2f points: %s\n", g.Points, g.Control.Title())
	}
	for _, c := range unknown {
		fmt.Println("no profile:", c.Name())
	}
	// Output:
	//  5.00 points: Require MFA for administrators
	//  5.00 points: Designate more than one administrator
	//  0.74 points: Encrypt every disk
	// no profile: IntegratedApps
}

func ExampleByCategory() {
	_, today, profiles := tenant()
	for _, c := range posture.ByCategory(posture.Join(&today, profiles)) {
		if percent, ok := c.Percent(); ok {
			fmt.Printf("%s: %g of %g points, %.1f %%\n", c.Category, c.Points, c.MaxScore, percent)
		} else {
			fmt.Printf("%s: %g points of controls without profile\n", c.Category, c.UnknownPoints)
		}
	}
	// Output:
	// Apps: 4 points of controls without profile
	// Device: 9.26 of 10 points, 92.6 %
	// Identity: 5 of 15 points, 33.3 %
}

func ExampleCompare() {
	yesterday, today, _ := tenant()
	c := posture.Compare(&yesterday, &today)
	points, _ := c.Points.Change()
	percent, _ := c.Percent.Change()
	fmt.Printf("%+g points, %+.2f percentage points\n", points, percent)
	for _, control := range c.Lost {
		points, _ := control.Points().Change()
		fmt.Printf("%s: %+g points\n", control.Name(), points)
	}
	for _, control := range c.Gained {
		points, _ := control.Points().Change()
		fmt.Printf("%s: %+g points\n", control.Name(), points)
	}
	fmt.Println("alert:", c.Regressed())
	// Output:
	// -3 points, -7.50 percentage points
	// AdminMFAV2: -5 points
	// IntegratedApps: +2 points
	// alert: true
}

func ExampleAverageFor() {
	_, today, _ := tenant()
	percent, _ := posture.Percent(today.CurrentScore, today.MaxScore)
	for _, basis := range []string{posture.BasisAllTenants, posture.BasisIndustryTypes} {
		average, ok := posture.AverageFor(&today, basis)
		if !ok {
			fmt.Println(basis, "has no data")
			continue
		}
		theirs, _ := average.Percent()
		fmt.Printf("%s: %+.2f percentage points\n", basis, percent-theirs)
	}
	// Output:
	// AllTenants: -7.21 percentage points
	// IndustryTypes has no data
}

func ExampleDetails() {
	_, today, _ := tenant()
	d := posture.Details(today.ControlScores[0])
	percent, _ := d.ScoreInPercentage()
	count, _ := d.Count()
	total, _ := d.Total()
	fmt.Printf("%g %%, %d of %d\n", percent, count, total)
	// Output: 50 %, 2 of 4
}

func ExampleEffectiveState() {
	var profile client.SecureScoreControlProfile
	fmt.Println(posture.EffectiveState(&profile))
	profile.ControlStateUpdates = []client.SecureScoreControlStateUpdate{{State: new("Default")}, {State: new("ThirdParty")}}
	fmt.Println(posture.EffectiveState(&profile))
	// Output:
	// Default
	// ThirdParty
}
