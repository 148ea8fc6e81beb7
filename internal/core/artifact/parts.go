package artifact

// How files are cut into parts (docs/contract/agent-api.md, section 12: the agent divides a file evenly by the number of
// parts it is told and gives the first parts one byte more where that does not come out even).
const (
	// MultipartFrom is the size in bytes from which a file is uploaded in parts.
	MultipartFrom = 64 << 20
	minPartBytes  = 8 << 20
	maxParts      = 10000
)

// PartCount is the number of parts a file of a size is cut into: 1 for one that is not cut.
func PartCount(size int64) int {
	if size < MultipartFrom {
		return 1
	}
	return int(min(size/minPartBytes, maxParts))
}

// PartSize is the size in bytes of the n-th part, counted from 1, of a file that is cut into count.
func PartSize(size int64, count, n int) int64 {
	part := size / int64(count)
	if int64(n) <= size%int64(count) {
		part++
	}
	return part
}
