package postgres

// SendEvery and Channel are for tests that listen themselves.
const (
	SendEvery = sendEvery
	Channel   = channel
)
