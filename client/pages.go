package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Page is one page of a list.
type Page[T any] struct {
	// Items are those of the page, perhaps none even where another page follows.
	Items []T
	// Count is the number of items over all pages, where [ListOptions.Count] asked for it and the service said it, perhaps on
	// the first page only.
	Count *int64
	// NextLink goes on behind this page, see Resume; "" on the last page.
	NextLink string
	// Warnings say which providers behind the service failed: the page is partial.
	Warnings []Warning
}

// Paging ends with one of these where a list cannot go on.
var (
	// ErrForeignLink is a link to a next page that leads to another host, scheme, port or resource. It is not followed: the
	// token would go with it.
	ErrForeignLink = errors.New("the next link leads elsewhere")
	// ErrLinkLoop is a link to a page that was fetched already.
	ErrLinkLoop = errors.New("the next link leads back")
	// ErrTooManyPages is more than 1,000 pages, or 10 empty ones in a row.
	ErrTooManyPages = errors.New("too many pages")
)

const (
	maxPages      = 1000
	maxEmptyPages = 10
)

// pages fetches page by page from start, or from the first page where start is "". A page is handed out before its link is
// looked at.
func (c *collection[T]) pages(ctx context.Context, o *ListOptions, start string, opts []CallOption) iter.Seq2[*Page[T], error] {
	opts = slices.Clone(opts)
	return func(yield func(*Page[T], error) bool) {
		op := c.read("list", c.names.many)
		params, err := o.params()
		if err != nil {
			yield(nil, refusal(op, err))
			return
		}
		first := func(ctx context.Context) (*http.Response, error) { return c.list(ctx, params) }
		if start != "" {
			next, err := c.follow(start)
			if err != nil {
				yield(nil, &Error{Op: op.name, Method: http.MethodGet, Err: err})
				return
			}
			first = next
		}
		w := c.walk(op, start, opts)
		w.anonymous = o.leavesOut("id")
		for send := first; send != nil; {
			page, err := w.fetch(ctx, send)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			if send, err = w.next(page); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// walk is the state of one walk over pages.
type walk[T any] struct {
	collection   *collection[T]
	op           operation
	opts         []CallOption
	answers      Response // what they add up to
	anonymous    bool     // the items need no id
	link         string   // of the page being fetched
	seen         map[string]bool
	count, empty int
}

func (c *collection[T]) walk(op operation, start string, opts []CallOption) *walk[T] {
	w := &walk[T]{collection: c, op: op, link: start, seen: map[string]bool{start: true}}
	w.opts = accumulating(opts, &w.answers)
	return w
}

func (w *walk[T]) fetch(ctx context.Context, send func(context.Context) (*http.Response, error)) (*Page[T], error) {
	var page *Page[T]
	op := w.op
	op.verbatim = w.link != ""
	op.decode = into(&page, w.page)
	op.warned = func(all []Warning) { page.Warnings = all }
	err := w.collection.client.do(ctx, op, w.opts, send)
	if err == nil {
		return page, nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		e.cursor = w.link
	}
	if errors.Is(err, ErrPartial) {
		return nil, &PartialError[T]{Page: page, err: err}
	}
	return nil, err
}

// page reads an answer that must be a page. An item without an id is none, unless $select leaves it out.
func (w *walk[T]) page(r io.Reader) (*Page[T], error) {
	page, err := w.collection.decodePage(r)
	if err != nil || w.anonymous || strings.Contains(strings.ToLower(w.link), "select=") {
		return page, err
	}
	for i := range page.Items {
		if id := w.collection.id(&page.Items[i]); id == nil || *id == "" {
			return nil, fmt.Errorf("value[%d] has no id", i)
		}
	}
	return page, nil
}

// next is how to fetch the page behind this one; nil where there is none.
func (w *walk[T]) next(page *Page[T]) (func(context.Context) (*http.Response, error), error) {
	link := page.NextLink
	if link == "" {
		return nil, nil
	}
	w.count++
	w.empty++
	if len(page.Items) > 0 {
		w.empty = 0
	}
	send, err := w.collection.follow(link)
	switch {
	case err != nil:
		return nil, w.stopped(err, "")
	case w.seen[link]:
		return nil, w.stopped(ErrLinkLoop, "")
	case w.empty == maxEmptyPages:
		return nil, w.stopped(fmt.Errorf("%w: %d empty ones in a row", ErrTooManyPages, w.empty), link)
	case w.count == maxPages:
		return nil, w.stopped(fmt.Errorf("%w: %d", ErrTooManyPages, w.count), link)
	}
	w.seen[link] = true
	w.link = link
	return send, nil
}

// failure is an error about the page that was fetched last, with its ids.
func (w *walk[T]) failure(err error) *Error {
	return &Error{
		Op: w.op.name, Method: http.MethodGet, StatusCode: w.answers.StatusCode, RequestID: w.answers.RequestID,
		ClientRequestID: w.answers.ClientRequestID, Attempts: w.answers.Attempts, Err: err,
	}
}

// stopped is the error of a walk that this client ends because of a link.
func (w *walk[T]) stopped(err error, cursor string) error {
	e := w.failure(err)
	e.cursor = cursor
	if cursor == "" {
		e.kinds = []error{ErrProtocol}
		e.advice = "what was listed so far is good"
	} else {
		e.advice = "Resume goes on from the error's Cursor"
	}
	return e
}

// follow checks a link to a page, and tells how to fetch it. Nothing is sent to a link that is not of this very collection.
func (c *collection[T]) follow(link string) (func(context.Context) (*http.Response, error), error) {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: it is no URL", ErrForeignLink)
	case u.User != nil:
		return nil, fmt.Errorf("%w: it has a user name", ErrForeignLink)
	case !c.client.origin.Match(u):
		return nil, fmt.Errorf("%w: to %s://%s, not to %s", ErrForeignLink, clean(u.Scheme, maxCodeText), clean(u.Host, maxCodeText), c.client.origin)
	case !strings.EqualFold(u.EscapedPath(), c.client.path+c.names.path), u.Fragment != "":
		return nil, fmt.Errorf("%w: to another resource", ErrForeignLink)
	}
	u.RawQuery = escapeQuery(u.RawQuery)
	return func(ctx context.Context) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, err
		}
		return c.client.doer.Do(req)
	}, nil
}

// escapeQuery escapes only what cannot stand in a request line: all else is the service's own, and stays as it came.
func escapeQuery(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		if c := raw[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// limited cuts a list of pages to a number of items.
func limited[T any](pages iter.Seq2[*Page[T], error], limit int) iter.Seq2[*Page[T], error] {
	if limit <= 0 {
		return pages
	}
	return func(yield func(*Page[T], error) bool) {
		left := limit
		for page, err := range pages {
			if err == nil {
				page.Items = page.Items[:min(left, len(page.Items))]
				left -= len(page.Items)
			}
			if !yield(page, err) || left == 0 {
				return
			}
		}
	}
}

// items hands out what is on the pages, one by one, an id that stands on several of them once, and at most limit of them.
func (c *collection[T]) items(pages iter.Seq2[*Page[T], error], limit int) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		seen := map[string]bool{}
		left := limit
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items { // a copy: an item that is kept does not keep its page
				if id := c.id(&item); id != nil {
					if seen[*id] {
						continue
					}
					seen[*id] = true
				}
				left--
				if !yield(&item, nil) || left == 0 {
					return
				}
			}
		}
	}
}

// collect makes a slice of a list. On an error it returns what came before, too.
func collect[T any](items iter.Seq2[*T, error]) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return all, err
		}
		all = append(all, *item)
	}
	return all, nil
}

// resume is a list that goes on at a link.
func (c *collection[T]) resume(ctx context.Context, link string, opts []CallOption) iter.Seq2[*Page[T], error] {
	if link == "" {
		return func(yield func(*Page[T], error) bool) {
			yield(nil, fmt.Errorf("list %s: %w: the link to resume at is empty", c.names.many, ErrInvalid))
		}
	}
	return c.pages(ctx, nil, link, opts)
}

// checkPage refuses an answer that is no page.
func checkPage[T any](value []T, count *int64, next *string) (*Page[T], error) {
	if value == nil {
		return nil, errors.New("the answer has no value")
	}
	page := &Page[T]{Items: value, Count: count}
	if next != nil {
		page.NextLink = *next
	}
	return page, nil
}
