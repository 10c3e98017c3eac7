package clienttest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// A program that uses package client is tested with no tenant: the token, the
// request and the answer are real ones, over loopback.
func Example() {
	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	source, err := auth.ClientSecret(server.App(), server.Secret())
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(source, client.WithCloud(server.Cloud()))
	if err != nil {
		log.Fatal(err)
	}
	score, err := c.SecureScores.Create(context.Background(), client.SecureScore{
		ActiveUserCount:          new(int32(15)),
		AverageComparativeScores: []client.AverageComparativeScore{},
		AzureTenantID:            new(graph.TenantID()),
		ControlScores:            []client.ControlScore{{ControlName: new("AdminMFAV2"), Score: new(10.0)}},
		CurrentScore:             new(53.0),
		EnabledServices:          []string{"HasAADFree"},
		LicensedUserCount:        new(int32(1)),
		MaxScore:                 new(64.0),
		VendorInformation:        &client.SecurityVendorInformation{Provider: new("SecureScore"), Vendor: new("Microsoft")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*score.CurrentScore, "of", *score.MaxScore)
	for _, r := range graph.Requests() {
		fmt.Println(r.Kind, r.Method, r.Status)
	}
	// Output:
	// 53 of 64
	// token POST 200
	// graph POST 201
}

// The first write is refused for being too early; the second is carried out,
// and its caller is not told.
func ExampleGraph_FailNext() {
	graph := clienttest.NewGraph()
	graph.FailNext(clienttest.Fault{
		Method: http.MethodPost, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"2.128"}},
	})
	graph.FailNext(clienttest.Fault{Method: http.MethodPost, Cut: clienttest.CutBeforeAnswer, Apply: true})

	server, err := clienttest.Start(graph)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	const score = `{"id":"mine","activeUserCount":1,"averageComparativeScores":[],"azureTenantId":"t","controlScores":[],
		"currentScore":1.0,"enabledServices":[],"licensedUserCount":1,"maxScore":2.0,"vendorInformation":{"provider":"SecureScore"}}`
	send := func(method, path, body string) {
		request, err := http.NewRequest(method, server.Cloud().GraphRoot()+path, strings.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+graph.NewToken())
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println("no answer")
			return
		}
		defer response.Body.Close()
		fmt.Println(response.Status, response.Header.Get("Retry-After"))
	}
	send(http.MethodPost, "/security/secureScores", score)
	send(http.MethodPost, "/security/secureScores", score)
	send(http.MethodGet, "/security/secureScores/mine", "")
	// Output:
	// 429 Too Many Requests 2.128
	// no answer
	// 200 OK
}

// A client is told to trust the certificate that was made for the server.
func ExampleStartTLS() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server, err := clienttest.StartTLS(clienttest.NewGraph(), listener, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()

	request, err := http.NewRequest(http.MethodGet, server.Cloud().GraphRoot()+"/security/secureScores/$count", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+server.Graph().NewToken())
	response, err := transport.RoundTrip(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(request.URL.Scheme, response.Status)
	// Output:
	// https 200 OK
}
