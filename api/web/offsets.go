package web

import (
	"strings"

	"tickler/internal/fault"
	"tickler/internal/quickadd"
)

// OffsetWords writes reminder offsets as people read and type them: 1 day before,
// when due, 30 min after. nil, the person's default, is "".
func OffsetWords(offsets []int) string {
	if offsets == nil {
		return ""
	}
	if len(offsets) == 0 {
		return "none"
	}
	words := make([]string, len(offsets))
	for i, minutes := range offsets {
		switch {
		case minutes > 0:
			words[i] = duration(minutes) + " before"
		case minutes < 0:
			words[i] = duration(-minutes) + " after"
		default:
			words[i] = "when due"
		}
	}
	return strings.Join(words, ", ")
}

// ReadOffsets is the reverse. Without before or after, before is meant.
func ReadOffsets(field, text string) ([]int, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	switch text {
	case "":
		return nil, nil
	case "none", "never", "no":
		return []int{}, nil
	}
	var offsets []int
	for _, word := range strings.Split(text, ",") {
		word = strings.TrimSpace(word)
		if word == "when due" || word == "0" || word == "due" {
			offsets = append(offsets, 0)
			continue
		}
		length, after := strings.CutSuffix(word, " after")
		minutes, ok := quickadd.Minutes(strings.TrimSuffix(length, " before"))
		if !ok {
			return nil, fault.Invalid(field, "%q is not a time before it is due; write for example \"1 day, 30 min\", \"when due\", \"10 min after\" or \"none\"", fault.Clip(word))
		}
		if after {
			minutes = -minutes
		}
		offsets = append(offsets, minutes)
	}
	return offsets, nil
}
