package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// collection is what the two entity sets have in common. Their methods differ in the generated functions that they call.
type collection[T any] struct {
	client *Client
	names  names
	id     func(*T) *string

	list   func(context.Context, *gen.ListSecureScoresParams) (*http.Response, error)
	get    func(ctx context.Context, id string) (*http.Response, error)
	count  func(context.Context, *string) (*http.Response, error)
	update func(ctx context.Context, id string, prefer *string, body io.Reader) (*http.Response, error)
	delete func(ctx context.Context, id string) (*http.Response, error)

	decode     func(io.Reader) (*T, error)
	decodePage func(io.Reader) (*Page[T], error)
}

// names are what the operations of a collection are called.
type names struct {
	one, many string // "secureScore", "secureScores"
	path      string // below the Graph root
}

// read is an operation that changes nothing.
func (c *collection[T]) read(verb, noun string) operation {
	return operation{
		name: verb + " " + noun, permission: permissionRead, accept: []int{http.StatusOK, http.StatusPartialContent},
	}
}

func (c *collection[T]) fetch(ctx context.Context, id string, opts []CallOption) (*T, error) {
	op := c.read("get", c.names.one)
	if err := checkID(op.name, id); err != nil {
		return nil, err
	}
	var entity *T
	var warned []Warning
	op.decode = into(&entity, c.entity(id))
	op.warned = func(all []Warning) { warned = all }
	err := c.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.get(ctx, id)
	})
	if errors.Is(err, ErrPartial) {
		return nil, &PartialError[T]{Page: &Page[T]{Items: []T{*entity}, Warnings: warned}, err: err}
	}
	if err != nil {
		return nil, err
	}
	return entity, nil
}

// entity reads an answer that must be the entity with that id, or any where id is "". An entity's id is never null. Ids are
// compared as the service does, without regard to case.
func (c *collection[T]) entity(id string) func(io.Reader) (*T, error) {
	return func(r io.Reader) (*T, error) {
		entity, err := c.decode(r)
		if err != nil {
			return nil, err
		}
		switch got := c.id(entity); {
		case got == nil || *got == "":
			return nil, errors.New("the answer has no id")
		case id != "" && !strings.EqualFold(*got, id):
			return nil, fmt.Errorf("the answer is about %q, not about %q", clean(*got, maxIDText), clean(id, maxIDText))
		}
		return entity, nil
	}
}

func (c *collection[T]) number(ctx context.Context, filter Filter, opts []CallOption) (int64, error) {
	op := c.read("count", c.names.many)
	param, err := filter.param()
	if err != nil {
		return 0, refusal(op, err)
	}
	var n int64
	op.media = "text/plain" // a JSON Accept is answered with 415
	op.decode = into(&n, decodeNumber)
	err = c.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.count(ctx, param)
	})
	if err != nil && !errors.Is(err, ErrPartial) {
		return 0, err
	}
	return n, err
}

// decodeNumber reads a number of items, which may have a byte order mark before it.
func decodeNumber(r io.Reader) (int64, error) {
	const enough = 64
	text, err := io.ReadAll(io.LimitReader(r, enough))
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("the answer %q is no number of items", clean(string(text), maxIDText))
	}
	return n, nil
}

// change sends a PATCH and returns the changed entity, which a 204 leaves to be read.
func (c *collection[T]) change(ctx context.Context, id string, body []byte, opts []CallOption) (*T, error) {
	op := c.updating(id)
	var entity *T
	op.decode = into(&entity, c.entity(id))
	prefer := preferRepresentation
	err := c.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.update(ctx, id, &prefer, strings.NewReader(string(body)))
	})
	if err != nil {
		return nil, err
	}
	if entity != nil {
		return entity, nil
	}
	entity, err = c.fetch(ctx, id, forReadBack(opts))
	return entity, notReadBack(err, id)
}

// updating is the update of one entity.
func (c *collection[T]) updating(id string) operation {
	return operation{
		name: "update " + c.names.one, write: true, key: id, conditional: true, permission: permissionWrite,
		accept: []int{http.StatusOK, http.StatusNoContent},
	}
}

// preferRepresentation asks for the changed entity in the answer (RFC 7240, section 4.2).
const preferRepresentation = "return=representation"

func (c *collection[T]) remove(ctx context.Context, id string, opts []CallOption) error {
	op := operation{
		name: "delete " + c.names.one, write: true, key: id, conditional: true, permission: permissionWrite,
		accept: []int{http.StatusNoContent},
	}
	if err := checkID(op.name, id); err != nil {
		return err
	}
	return c.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return c.delete(ctx, id)
	})
}

// refusal is the error of what is refused before there is a request.
func refusal(op operation, err error) error {
	if errors.Is(err, ErrInvalid) {
		return fmt.Errorf("%s: %w", op.name, err)
	}
	return fmt.Errorf("%s: %w: %w", op.name, ErrInvalid, err)
}

// into makes the decode function of an operation from one that returns what it read.
func into[V any](dst *V, decode func(io.Reader) (V, error)) func(io.Reader) error {
	return func(r io.Reader) error {
		v, err := decode(r)
		if err == nil {
			*dst = v
		}
		return err
	}
}
