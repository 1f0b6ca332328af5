package fault

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the candidate closest to name, ignoring case, or "" when none
// is close enough to be what was meant: one mistake in three letters, or one
// name within the other.
func Nearest(name string, candidates []string) string {
	name = strings.ToLower(name)
	best, bestDistance := "", max(1, utf8.RuneCountInString(name)/3)+1
	for _, c := range candidates {
		lower := strings.ToLower(c)
		d := editDistance([]rune(name), []rune(lower))
		if min(len(name), len(lower)) >= 3 && (strings.Contains(lower, name) || strings.Contains(name, lower)) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// editDistance counts letters that are wrong, missing, superfluous or swapped
// with the next, in the first 64 of each: names are short.
func editDistance(a, b []rune) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			substitute := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				substitute++
			}
			rows[i][j] = min(substitute, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
