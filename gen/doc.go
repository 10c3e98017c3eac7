// Package gen is generated from the OpenAPI description in spec: the types of Microsoft Graph's secure score and a plain
// HTTP client. Import package client instead, which names the types again and adds everything that a program needs.
//
// Written by hand are only the scalars that the generated decoders and encoders call: [Members], the Edm types, and
// [TypeError].
//
// What the types promise, with plain encoding/json as well as through package client:
//
//   - Undeclared members are kept in Extra exactly as they came, and declared ones that came as null are remembered, so
//     that a decoded value encodes to an equal JSON value: absent, null, empty and zero stay apart, and a date keeps its
//     text. Setting a field replaces what was remembered of it.
//   - A Double accepts and writes "NaN", "INF" and "-INF".
//   - A member of the wrong type is an error that names its path, what was found and what was wanted. All of them are
//     reported, not only the first.
//   - Names are case-sensitive, a name that stands twice in an object is an error, and decoding replaces the whole value.
package gen
