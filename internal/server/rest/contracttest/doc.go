// Package contracttest compares answers of the REST API with its contract (contracts/rest), strictly: every key that must
// be there is, no other is, and values are what the contract says they are. It knows the contract and nothing of how the
// API is served, so that the tests of the face and those of the running program judge by the same measure.
package contracttest
