package conditional

import "iter"

// closest returns the candidate that name is most likely a misspelling of, or "". Of equally near candidates it takes
// the first in alphabetical order, so that a message does not depend on the order of a map.
func closest(name string, candidates iter.Seq[string]) string {
	limit := max(2, len(name)/4)
	best, bestDistance := "", limit+1
	for candidate := range candidates {
		if tooFar := len(candidate)-len(name) > limit || len(name)-len(candidate) > limit; tooFar {
			continue
		}
		d := editDistance(name, candidate)
		if d < bestDistance || d == bestDistance && d <= limit && candidate < best {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove or replace to turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
