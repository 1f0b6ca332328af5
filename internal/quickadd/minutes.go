package quickadd

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"tickler/internal/task"
)

var lengths = regexp.MustCompile(`^(?:(\d{1,4}(?:[.,]\d{1,2})?)\s*d(?:ays?)?)?\s*(?:(\d{1,4}(?:[.,]\d{1,2})?)\s*h(?:ours?|rs?)?)?\s*(?:(\d{1,6})\s*(?:m(?:in(?:ute)?s?)?)?)?$`)

// Minutes reads how long something takes: 30m, 30 min, 90, 1h, 1.5h, 1h30, 2d. ok is
// false if it is not a length, or none that a task can have.
func Minutes(text string) (minutes int, ok bool) {
	match := lengths.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if match == nil {
		return 0, false
	}
	total := 0.0
	for i, unit := range []float64{24 * 60, 60, 1} {
		if match[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(strings.Replace(match[i+1], ",", ".", 1), 64)
		if err != nil {
			return 0, false
		}
		total += n * unit
	}
	minutes = int(math.Round(total))
	return minutes, minutes >= 1 && minutes <= task.MaxEstimate
}
