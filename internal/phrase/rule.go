package phrase

import "time"

// Rule reads how something recurs and nothing else: biweekly, every 3 months, every
// last friday. A text that also names a day, a time of day or an end is refused, as
// is "every! 3 days", which counts from completion: an RRULE cannot say these, or
// needs the present time. language is that of [Read].
func Rule(text, language string) (rule string, ok bool) {
	if len(text) > maxText {
		return "", false
	}
	for _, r := range readers(text, language, time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)) {
		f, end := r.phrase(0)
		if end == 0 || end != len(r.tokens) || f.freq == "" || !f.day.IsZero() || f.clock != noClock || f.bang || f.run != nil || !f.until.IsZero() {
			continue
		}
		if p, ok := r.result(f, 0, end); ok {
			return p.Rule, true
		}
	}
	return "", false
}
