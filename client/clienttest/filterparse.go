package clienttest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFilter bounds a filter in bytes, and so how deep it can nest.
const maxFilter = 16 << 10

// parser reads a $filter for a type. Operators bind as in OData: not, then gt
// ge lt le, then eq ne, then and, then or.
type parser struct {
	tokens []token
	in     *structuredType
	ors    int
}

// parseFilter reads a filter.
func (t *structuredType) parseFilter(text string) (filter, *odataError) {
	if len(text) > maxFilter {
		return filter{}, badRequest(optionFilter, "The filter is longer than %d bytes.", maxFilter)
	}
	tokens, fault := scan(text)
	p := &parser{tokens: tokens, in: t}
	var root expression
	if fault == nil {
		root, fault = p.junction(true)
	}
	if fault == nil && p.peek().kind != tokenEnd {
		fault = p.unexpected("an operator")
	}
	if fault == nil {
		fault = wantBoolean(root, "The filter")
	}
	if fault != nil {
		fault.target = optionFilter
		return filter{}, fault
	}
	return filter{root: root, ors: p.ors}, nil
}

// peek returns the next token. The last one is a tokenEnd, which stays.
func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take takes the next token when it is that word, or that sign.
func (p *parser) take(words ...string) (string, bool) {
	t := p.peek()
	if t.kind == tokenWord && slices.Contains(words, t.text) {
		p.next()
		return t.text, true
	}
	return "", false
}

func (p *parser) unexpected(want string) *odataError {
	t := p.peek()
	if t.kind == tokenEnd {
		return badRequest("", "Syntax error at the end of the filter: %s is wanted.", want)
	}
	return badRequest("", "Syntax error at position %d of the filter: found '%s', %s is wanted.", t.at, clip(t.text), want)
}

// junction reads terms that are joined by or, or else by and.
func (p *parser) junction(or bool) (expression, *odataError) {
	word, operand := "and", func() (expression, *odataError) { return p.comparison("eq", "ne") }
	if or {
		word, operand = "or", func() (expression, *odataError) { return p.junction(false) }
	}
	first, fault := operand()
	if fault != nil {
		return nil, fault
	}
	terms := []expression{first}
	for {
		if _, ok := p.take(word); !ok {
			break
		}
		term, fault := operand()
		if fault != nil {
			return nil, fault
		}
		terms = append(terms, term)
	}
	if len(terms) == 1 {
		return first, nil
	}
	if or {
		p.ors += len(terms) - 1
	}
	for _, t := range terms {
		if fault := wantBoolean(t, fmt.Sprintf("An operand of '%s'", word)); fault != nil {
			return nil, fault
		}
	}
	return junction{terms: terms, or: or}, nil
}

// comparison reads operands that are compared by one of the operators.
func (p *parser) comparison(ops ...string) (expression, *odataError) {
	operand := p.unary
	if ops[0] == "eq" {
		operand = func() (expression, *odataError) { return p.comparison("gt", "ge", "lt", "le") }
	}
	left, fault := operand()
	if fault != nil {
		return nil, fault
	}
	for {
		op, ok := p.take(ops...)
		if !ok {
			return left, nil
		}
		right, fault := operand()
		if fault != nil {
			return nil, fault
		}
		if !goTogether(op, left.typ(), right.typ()) {
			return nil, badRequest("", "A binary operator with incompatible types was detected. Found operand types '%s' and '%s' for operator '%s'.", typeName(left), typeName(right), op)
		}
		left = comparison{op: op, left: left, right: right}
	}
}

// goTogether reports whether an operator can compare values of two types.
func goTogether(op string, a, b edm) bool {
	if a == edmInt32 {
		a = edmDouble
	}
	if b == edmInt32 {
		b = edmDouble
	}
	ordered := op != "eq" && op != "ne"
	if ordered && (a == edmBoolean || b == edmBoolean) {
		return false
	}
	return a == b || a == edmNull || b == edmNull
}

func typeName(e expression) string {
	if e.typ() == edmNull {
		return "null"
	}
	return string(e.typ())
}

func wantBoolean(e expression, what string) *odataError {
	if t := e.typ(); t != edmBoolean && t != edmNull {
		return badRequest("", "%s is of type %s; a Boolean is wanted, such as a comparison.", what, t)
	}
	return nil
}

// unary reads not, or an operand.
func (p *parser) unary() (expression, *odataError) {
	if _, ok := p.take("not"); !ok {
		return p.primary()
	}
	term, fault := p.unary()
	if fault != nil {
		return nil, fault
	}
	if fault := wantBoolean(term, "The operand of 'not'"); fault != nil {
		return nil, fault
	}
	return negation{term}, nil
}

// primary reads a group, a literal, a call or a property.
func (p *parser) primary() (expression, *odataError) {
	t := p.peek()
	switch t.kind {
	case tokenString:
		p.next()
		return value{kind: edmString, text: t.text}, nil
	case tokenNumber:
		p.next()
		return number(t)
	case tokenOpen:
		p.next()
		inner, fault := p.junction(true)
		if fault != nil {
			return nil, fault
		}
		return inner, p.want(tokenClose, "')'")
	case tokenWord:
		p.next()
		if p.peek().kind == tokenOpen {
			return p.call(t)
		}
		return p.word(t)
	}
	return nil, p.unexpected("an operand")
}

// want takes the next token, which must be of that kind.
func (p *parser) want(kind tokenKind, name string) *odataError {
	if p.peek().kind != kind {
		return p.unexpected(name)
	}
	p.next()
	return nil
}

// call reads the arguments of a function.
func (p *parser) call(name token) (expression, *odataError) {
	if !strings.EqualFold(name.text, "startswith") {
		return nil, badRequest("", "The function or operator '%s' is not supported here; startswith is.", clip(name.text))
	}
	p.next() // the parenthesis
	var arguments [2]expression
	for i, after := range []struct {
		kind tokenKind
		name string
	}{{tokenComma, "','"}, {tokenClose, "')'"}} {
		e, fault := p.junction(true)
		if fault == nil {
			fault = p.want(after.kind, after.name)
		}
		if fault != nil {
			return nil, fault
		}
		if t := e.typ(); t != edmString && t != edmNull {
			return nil, badRequest("", "Argument %d of startswith is of type %s; a string is wanted.", i+1, t)
		}
		arguments[i] = e
	}
	return startsWith{text: arguments[0], prefix: arguments[1]}, nil
}

// word reads a literal that is a word, or a property.
func (p *parser) word(t token) (expression, *odataError) {
	switch t.text {
	case "null":
		return value{null: true}, nil
	case "true", "false":
		return truth(t.text == "true"), nil
	case "NaN":
		return value{kind: edmDouble, number: math.NaN()}, nil
	case "INF":
		return value{kind: edmDouble, number: math.Inf(1)}, nil
	}
	found, fault := p.in.resolve(t.text)
	if fault != nil {
		return nil, fault
	}
	return found, nil
}

// number reads a literal that begins with a digit or a minus.
func number(t token) (expression, *odataError) {
	if t.text == "-INF" {
		return value{kind: edmDouble, number: math.Inf(-1)}, nil
	}
	if len(t.text) > 4 && span(t.text, digits) == 4 && t.text[4] == '-' {
		var at time.Time
		if err := at.UnmarshalText([]byte(t.text)); err != nil {
			return nil, badRequest("", "The literal '%s' at position %d is not an Edm.DateTimeOffset such as 2026-07-15T00:00:00Z.", clip(t.text), t.at)
		}
		return value{kind: edmDateTimeOffset, at: at}, nil
	}
	n, err := strconv.ParseFloat(t.text, 64)
	if err != nil || strings.ContainsAny(t.text, "xXpP_iInN") { // what Go takes, and OData does not
		return nil, badRequest("", "The literal '%s' at position %d is not a number.", clip(t.text), t.at)
	}
	return value{kind: edmDouble, number: n}, nil
}
