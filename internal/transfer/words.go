package transfer

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"tickler/internal/task"
)

// clockFace reads dates in words, relative to now in the person's zone.
type clockFace struct{ now time.Time }

// when is a date as AddInput takes it.
type when struct {
	due, rule string
	base      task.RecurrenceBase
}

var (
	dayNames = map[string]time.Weekday{
		"sun": 0, "sunday": 0, "mon": 1, "monday": 1, "tue": 2, "tues": 2, "tuesday": 2, "wed": 3, "wednesday": 3,
		"thu": 4, "thur": 4, "thurs": 4, "thursday": 4, "fri": 5, "friday": 5, "sat": 6, "saturday": 6,
	}
	ruleDays  = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	unitRules = map[string]string{"hour": "HOURLY", "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "year": "YEARLY"}
	dateForms = []string{"2006-01-02", "2 Jan 2006", "Jan 2 2006", "2 January 2006", "January 2 2006", "01/02/2006"}
	yearless  = []string{"2 Jan", "Jan 2", "2 January", "January 2"}

	clockTime = regexp.MustCompile(`(?i)(?:^|\s)(?:at\s+|@\s*)?(?:(\d{1,2}):(\d{2})\s*(am|pm)?|(\d{1,2})\s*(am|pm))$`)
	ordinal   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)$`)
	interval  = regexp.MustCompile(`^(?:(\d{1,3})|other)\s+(hour|day|week|month|year)s?$`)
)

// read reads a date such as 2026-03-01, 5 Mar 2026 17:30, tomorrow, every day,
// every other week, every! monday at 9:00, every 3rd.
func (c clockFace) read(text string) (when, bool) {
	text = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(text, ",", " , ")), " "))
	text = strings.ReplaceAll(text, " , ", ", ")
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(text)); err == nil {
		return when{due: at.Format(time.RFC3339)}, true
	}
	if at, err := time.Parse("2006-01-02t15:04:05", text); err == nil {
		return when{due: at.Format("2006-01-02T15:04:05")}, true
	}
	clock := ""
	if match := clockTime.FindStringSubmatchIndex(text); match != nil {
		var ok bool
		if clock, ok = readClock(clockTime.FindStringSubmatch(text)); !ok {
			return when{}, false
		}
		text = strings.TrimSpace(text[:match[0]])
	}
	for word, base := range map[string]task.RecurrenceBase{"every! ": task.FromCompletion, "every ": task.FromDue} {
		if rest, ok := strings.CutPrefix(text, word); ok {
			return c.every(rest, clock, base)
		}
	}
	if text == "daily" || text == "weekly" || text == "monthly" || text == "yearly" {
		return c.on(c.now, clock, text, task.FromDue), true
	}
	day, ok := c.day(strings.ReplaceAll(text, ",", ""), clock != "")
	return c.on(day, clock, "", ""), ok
}

func readClock(match []string) (string, bool) {
	hour, minute, half := match[1]+match[4], match[2], match[3]+match[5]
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if half != "" {
		if h < 1 || h > 12 {
			return "", false
		}
		if h %= 12; half == "pm" {
			h += 12
		}
	}
	if h > 23 || m > 59 {
		return "", false
	}
	return time.Date(2000, 1, 1, h, m, 0, 0, time.UTC).Format("15:04"), true
}

// on is a day at a time of it, or as a whole.
func (c clockFace) on(day time.Time, clock, rule string, base task.RecurrenceBase) when {
	w := when{due: day.Format(time.DateOnly), rule: rule, base: base}
	if clock != "" {
		w.due += "T" + clock
	}
	return w
}

// day reads a day; with a time alone, that of today is meant.
func (c clockFace) day(text string, timed bool) (time.Time, bool) {
	switch text {
	case "":
		return c.now, timed
	case "today", "tod":
		return c.now, true
	case "tomorrow", "tom":
		return c.now.AddDate(0, 0, 1), true
	case "yesterday":
		return c.now.AddDate(0, 0, -1), true
	}
	if weekday, ok := dayNames[strings.TrimPrefix(text, "next ")]; ok {
		return c.next(weekday), true
	}
	for _, form := range dateForms {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	for _, form := range yearless {
		at, err := time.Parse(form+" 2006", text+" "+strconv.Itoa(c.now.Year()))
		if err != nil {
			continue
		}
		if at.Before(c.now.AddDate(0, 0, -1)) {
			at = at.AddDate(1, 0, 0)
		}
		return at, true
	}
	return time.Time{}, false
}

// next is the next such day, today not among them.
func (c clockFace) next(weekday time.Weekday) time.Time {
	ahead := (int(weekday) - int(c.now.Weekday()) + 6) % 7
	return c.now.AddDate(0, 0, ahead+1)
}

// every reads what follows "every".
func (c clockFace) every(text, clock string, base task.RecurrenceBase) (when, bool) {
	switch text {
	case "weekday", "workday":
		return c.on(c.now, clock, "weekdays", base), true
	case "weekend":
		return c.on(c.next(time.Saturday), clock, "FREQ=WEEKLY;BYDAY=SA,SU", base), true
	}
	if frequency, ok := unitRules[text]; ok {
		return c.on(c.now, clock, "FREQ="+frequency, base), true
	}
	if match := interval.FindStringSubmatch(text); match != nil {
		n := match[1]
		if n == "" {
			n = "2"
		}
		return c.on(c.now, clock, "FREQ="+unitRules[match[2]]+";INTERVAL="+n, base), true
	}
	if match := ordinal.FindStringSubmatch(text); match != nil {
		n, _ := strconv.Atoi(match[1])
		if n < 1 || n > 31 {
			return when{}, false
		}
		day := c.now
		for day.Day() != n {
			day = day.AddDate(0, 0, 1)
		}
		return c.on(day, clock, "FREQ=MONTHLY;BYMONTHDAY="+match[1], base), true
	}
	return c.everyDays(text, clock, base)
}

// everyDays reads days of the week, or a day of the year.
func (c clockFace) everyDays(text, clock string, base task.RecurrenceBase) (when, bool) {
	var days []string
	first := time.Time{}
	for _, word := range strings.FieldsFunc(strings.ReplaceAll(text, " and ", ","), func(r rune) bool { return r == ',' || r == ' ' }) {
		weekday, ok := dayNames[word]
		if !ok {
			day, ok := c.day(strings.ReplaceAll(text, ",", ""), false)
			return c.on(day, clock, "yearly", base), ok
		}
		days = append(days, ruleDays[weekday])
		if next := c.next(weekday); first.IsZero() || next.Before(first) {
			first = next
		}
	}
	if len(days) == 0 {
		return when{}, false
	}
	return c.on(first, clock, "FREQ=WEEKLY;BYDAY="+strings.Join(days, ","), base), true
}
