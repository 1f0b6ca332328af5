package recurrence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

var weekdayNames = map[string]rrule.Weekday{
	"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH,
	"FR": rrule.FR, "SA": rrule.SA, "SU": rrule.SU,
}

var examples = map[string]string{
	"FREQ": "FREQ=DAILY", "INTERVAL": "INTERVAL=2", "COUNT": "COUNT=10",
	"UNTIL": "UNTIL=20261231", "BYSECOND": "BYSECOND=0,30", "BYMINUTE": "BYMINUTE=0,30",
	"BYHOUR": "BYHOUR=9,17", "BYDAY": "BYDAY=MO,WE", "BYMONTHDAY": "BYMONTHDAY=1,-1",
	"BYYEARDAY": "BYYEARDAY=100,-1", "BYWEEKNO": "BYWEEKNO=20", "BYMONTH": "BYMONTH=1,7",
	"BYSETPOS": "BYSETPOS=-1", "WKST": "WKST=SU", "RSCALE": "RSCALE=GREGORIAN", "SKIP": "SKIP=BACKWARD",
}

func example(name string) string {
	if e, ok := examples[name]; ok {
		return e
	}
	return "FREQ=DAILY"
}

// quote shortens input for a message.
func quote(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if short := []rune(s); len(short) > maxQuoted {
		return string(short[:maxQuoted]) + "…"
	}
	return s
}

func join(numbers []int) string {
	var b strings.Builder
	for i, n := range numbers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func positive(name, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if !isDigits(value) || err != nil || n < 1 || n > math.MaxInt32 {
		return 0, fail(name, value, fmt.Sprintf("%s=%s is not allowed: give a whole number from 1 to %d, for example %s.", name, quote(value), math.MaxInt32, example(name)))
	}
	return n, nil
}

// numberList parses a comma-separated list, sorted and without repeats. In the RFC
// these numbers have at most as many digits as their limit, and signs only where
// they may count from the end.
func numberList(name, value string, low, high int, signed bool) ([]int, error) {
	var numbers []int
	for item := range strings.SplitSeq(value, ",") {
		digits := item
		if signed && item != "" && (item[0] == '+' || item[0] == '-') {
			digits = item[1:]
		}
		n, err := strconv.Atoi(digits)
		if !isDigits(digits) || len(digits) > len(strconv.Itoa(high)) || err != nil || n < low || n > high {
			allowed := fmt.Sprintf("from %d to %d", low, high)
			if signed {
				allowed += fmt.Sprintf(" or from %d to %d", -high, -low)
			}
			return nil, fail(name, item, fmt.Sprintf("%s=%s is not allowed: give whole numbers %s, separated by commas, for example %s.", name, quote(item), allowed, example(name)))
		}
		if item[0] == '-' {
			n = -n
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func weekdayList(value string) ([]rrule.Weekday, error) {
	var days []rrule.Weekday
	for item := range strings.SplitSeq(value, ",") {
		number, name := "", item
		if len(item) >= 2 {
			number, name = item[:len(item)-2], item[len(item)-2:]
		}
		day, ok := weekdayNames[name]
		if ok && number != "" {
			digits := strings.TrimPrefix(strings.TrimPrefix(number, "+"), "-")
			if len(number)-len(digits) > 1 {
				digits = ""
			}
			n, err := strconv.Atoi(digits)
			ok = isDigits(digits) && len(digits) <= 2 && err == nil && n >= 1 && n <= 53
			if number[0] == '-' {
				n = -n
			}
			day = day.Nth(n)
		}
		if !ok {
			return nil, fail("BYDAY", item, fmt.Sprintf("BYDAY=%s is not allowed: give MO, TU, WE, TH, FR, SA, SU, with FREQ=MONTHLY or YEARLY also with a number from 1 to 53 or -1 to -53 in front, for example BYDAY=MO,-1FR.", quote(item)))
		}
		days = append(days, day)
	}
	slices.SortFunc(days, func(a, b rrule.Weekday) int {
		return cmp.Or(cmp.Compare(a.N(), b.N()), cmp.Compare(a.Day(), b.Day()))
	})
	return slices.Compact(days), nil
}

// parseUntil parses the three forms of UNTIL: a date, a wall time, a UTC time.
func parseUntil(value string) (until, error) {
	bad := func() (until, error) {
		return until{}, fail("UNTIL", value, fmt.Sprintf("UNTIL=%s is not a date or time: give a date (UNTIL=20261231), a wall time (UNTIL=20261231T170000) or a UTC time (UNTIL=20261231T170000Z).", quote(value)))
	}
	u := until{text: value, form: untilDate}
	date, clock, timed := strings.Cut(value, "T")
	if !isDigits(date) || len(date) != 8 {
		return bad()
	}
	second := 0
	if timed {
		u.form = untilLocal
		if rest, utc := strings.CutSuffix(clock, "Z"); utc {
			u.form, clock = untilUTC, rest
		}
		if !isDigits(clock) || len(clock) != 6 {
			return bad()
		}
		// A leap second is read as second 59 (RFC 5545, 3.3.12).
		if strings.HasSuffix(clock, "60") {
			clock = clock[:4] + "59"
		}
		parsed, err := time.Parse("150405", clock)
		if err != nil {
			return bad()
		}
		second = parsed.Hour()*secondsPerHour + parsed.Minute()*60 + parsed.Second()
	}
	parsed, err := time.Parse("20060102", date)
	if err != nil || parsed.Year() < minYear {
		return bad()
	}
	u.value = dayOf(parsed.Year(), int(parsed.Month()), parsed.Day())
	if timed {
		u.value = u.value*secondsPerDay + int64(second)
	}
	return u, nil
}
