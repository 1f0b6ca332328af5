// Package etag makes and compares entity tags.
// https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
package etag

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Digest returns 16 hexadecimal digits that identify a content.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// Of returns the entity tag of a content.
func Of(content []byte) string { return `"` + Digest(content) + `"` }

// Matches reports whether an If-None-Match header includes an entity tag. The
// comparison is weak.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
func Matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
