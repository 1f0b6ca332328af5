package recurrence

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/teambition/rrule-go"
)

// maxText is longer than any meaningful rule, even with all lists full.
const maxText = 8192

// separators are those of a rule, with the blanks around them that some programs write.
var separators = regexp.MustCompile(`\s*([=;,:])\s*`)

var shorthands = map[string]string{
	"DAILY":    "FREQ=DAILY",
	"WEEKDAYS": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
	"WEEKLY":   "FREQ=WEEKLY",
	"MONTHLY":  "FREQ=MONTHLY",
	"YEARLY":   "FREQ=YEARLY",
}

// Parse parses a rule: an RFC 5545 RECUR value with an optional "RRULE:" prefix, or
// a shorthand. Case and the order of parts do not matter. RSCALE of RFC 7529 must be
// GREGORIAN; SKIP is accepted with or without it. What the RFC forbids is refused
// with an [*Error].
func Parse(text string) (*Rule, error) {
	if len(text) > maxText {
		return nil, fail("rule", text, fmt.Sprintf("The rule is too long: %d characters, at most %d are allowed.", len(text), maxText))
	}
	given := strings.TrimSpace(text)
	upper := strings.ToUpper(given)
	if upper == "" {
		return nil, fail("rule", "", "The rule is empty: give daily, weekdays, weekly, monthly, yearly or an RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO.")
	}
	if long, ok := shorthands[upper]; ok {
		upper = long
	}
	p := parser{rule: &Rule{}, seen: map[string]bool{}}
	if strings.ContainsAny(upper, " \t\r\n") {
		upper = separators.ReplaceAllString(upper, "$1")
	}
	upper = strings.TrimSuffix(strings.TrimPrefix(upper, "RRULE:"), ";") // some programs end a rule with a semicolon
	for _, part := range strings.Split(upper, ";") {
		if err := p.part(part, given); err != nil {
			return nil, err
		}
	}
	if err := p.consistent(given); err != nil {
		return nil, err
	}
	p.rule.finish()
	return p.rule, nil
}

type parser struct {
	rule *Rule
	seen map[string]bool
}

// partNames lists the parts of a rule, for messages.
const partNames = "FREQ, INTERVAL, COUNT, UNTIL, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH, BYSETPOS, WKST, RSCALE, SKIP"

func (p *parser) part(part, given string) error {
	name, value, found := strings.Cut(part, "=")
	switch {
	case part == "":
		return fail("rule", given, "The rule has an empty part: separate parts with one semicolon, for example FREQ=DAILY;COUNT=5.")
	case !found || name == "":
		return fail("rule", part, fmt.Sprintf("%q is not a rule part: write NAME=value parts with semicolons, for example FREQ=WEEKLY;INTERVAL=2;BYDAY=MO, or one of daily, weekdays, weekly, monthly, yearly.", quote(part)))
	case p.seen[name]:
		return fail(name, value, fmt.Sprintf("%s is given twice: a rule part may occur once, with several values separated by commas where it takes a list.", quote(name)))
	}
	p.seen[name] = true
	if value == "" {
		return fail(name, value, fmt.Sprintf("%s has no value: write it as in %s, or leave it out.", quote(name), example(name)))
	}
	opt := &p.rule.opt
	switch name {
	case "FREQ":
		freq, err := rrule.StrToFreq(value)
		if err != nil {
			return fail(name, value, fmt.Sprintf("FREQ=%s is not known: use YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY, for example FREQ=DAILY.", quote(value)))
		}
		opt.Freq = freq
	case "INTERVAL", "COUNT":
		n, err := positive(name, value)
		if err != nil {
			return err
		}
		if name == "COUNT" {
			opt.Count = n
		} else if n > 1 {
			opt.Interval = n
		}
	case "UNTIL":
		u, err := parseUntil(value)
		if err != nil {
			return err
		}
		p.rule.until = u
	case "BYDAY":
		days, err := weekdayList(value)
		if err != nil {
			return err
		}
		opt.Byweekday = days
	case "WKST":
		day, ok := weekdayNames[value]
		if !ok {
			return fail(name, value, fmt.Sprintf("WKST=%s is not a day of the week: use MO, TU, WE, TH, FR, SA or SU, for example WKST=SU.", quote(value)))
		}
		opt.Wkst = day
	case "RSCALE":
		if value != "GREGORIAN" {
			return fail(name, value, fmt.Sprintf("RSCALE=%s is not supported: only RSCALE=GREGORIAN is.", quote(value)))
		}
	case "SKIP":
		switch value {
		case "OMIT":
		case "BACKWARD":
			p.rule.skip = skipBackward
		case "FORWARD":
			p.rule.skip = skipForward
		default:
			return fail(name, value, fmt.Sprintf("SKIP=%s is not known: use OMIT, BACKWARD or FORWARD, for example SKIP=BACKWARD.", quote(value)))
		}
	default:
		return p.list(name, value)
	}
	return nil
}

// list parses the rule parts whose value is a list of numbers.
func (p *parser) list(name, value string) error {
	opt := &p.rule.opt
	lists := map[string]struct {
		to       *[]int
		min, max int
		signed   bool
	}{
		"BYSECOND":   {&opt.Bysecond, 0, 60, false},
		"BYMINUTE":   {&opt.Byminute, 0, 59, false},
		"BYHOUR":     {&opt.Byhour, 0, 23, false},
		"BYMONTHDAY": {&opt.Bymonthday, 1, 31, true},
		"BYYEARDAY":  {&opt.Byyearday, 1, 366, true},
		"BYWEEKNO":   {&opt.Byweekno, 1, 53, true},
		"BYMONTH":    {&opt.Bymonth, 1, 12, false},
		"BYSETPOS":   {&opt.Bysetpos, 1, 366, true},
	}
	l, ok := lists[name]
	if !ok {
		return fail(name, value, fmt.Sprintf("%s is not a rule part of RFC 5545: allowed are %s.", quote(name), partNames))
	}
	numbers, err := numberList(name, value, l.min, l.max, l.signed)
	if err != nil {
		return err
	}
	*l.to = numbers
	return nil
}

// consistent refuses combinations of parts that RFC 5545, 3.3.10 forbids.
func (p *parser) consistent(given string) error {
	opt := &p.rule.opt
	freq := opt.Freq
	has := func(name string) bool { return p.seen[name] }
	switch {
	case !has("FREQ"):
		return fail("FREQ", given, "FREQ is missing: a rule says how often it repeats, for example FREQ=WEEKLY;BYDAY=MO.")
	case has("COUNT") && has("UNTIL"):
		return fail("UNTIL", p.rule.until.text, "COUNT and UNTIL are both given: a rule ends by one of them, for example FREQ=DAILY;COUNT=10.")
	case has("BYWEEKNO") && freq != rrule.YEARLY:
		return fail("BYWEEKNO", join(opt.Byweekno), fmt.Sprintf("BYWEEKNO is not allowed with FREQ=%v: only with FREQ=YEARLY, for example FREQ=YEARLY;BYWEEKNO=20.", freq))
	case has("BYYEARDAY") && (freq == rrule.MONTHLY || freq == rrule.WEEKLY || freq == rrule.DAILY):
		return fail("BYYEARDAY", join(opt.Byyearday), fmt.Sprintf("BYYEARDAY is not allowed with FREQ=%v: use FREQ=YEARLY, for example FREQ=YEARLY;BYYEARDAY=100.", freq))
	case has("BYMONTHDAY") && freq == rrule.WEEKLY:
		return fail("BYMONTHDAY", join(opt.Bymonthday), "BYMONTHDAY is not allowed with FREQ=WEEKLY: use FREQ=MONTHLY, for example FREQ=MONTHLY;BYMONTHDAY=15.")
	}
	for i := range opt.Byweekday {
		day := &opt.Byweekday[i]
		if day.N() == 0 {
			continue
		}
		if freq != rrule.MONTHLY && freq != rrule.YEARLY {
			return fail("BYDAY", day.String(), fmt.Sprintf("BYDAY=%v is not allowed with FREQ=%v: a day has a number only with FREQ=MONTHLY or FREQ=YEARLY, for example FREQ=MONTHLY;BYDAY=1MO.", *day, freq))
		}
		if has("BYWEEKNO") {
			return fail("BYDAY", day.String(), fmt.Sprintf("BYDAY=%v is not allowed with BYWEEKNO: give the day without a number, for example FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO.", *day))
		}
	}
	if has("BYSETPOS") {
		for name := range p.seen {
			if strings.HasPrefix(name, "BY") && name != "BYSETPOS" {
				return nil
			}
		}
		return fail("BYSETPOS", join(opt.Bysetpos), "BYSETPOS needs another BY part to choose from, for example FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1.")
	}
	return nil
}
