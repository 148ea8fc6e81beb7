// Package wire holds the small things every face needs to speak HTTP: times, JSON bodies with validators, pages and
// their links, bearer tokens, request ids, client addresses and counted windows of time.
//
// It knows no use case and no resource, and decides nothing about either.
package wire
