package clienttest

import "fmt"

// Format writes which tenant the Graph is for, whatever the verb. What a Graph
// holds is in no text: fmt would read it without a lock, and show secrets.
func (g *Graph) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "clienttest.Graph{tenant %s, root %s}", g.tenant, g.base)
}

// Format writes the server's URL, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "clienttest.Server{%s}", s.url)
}
