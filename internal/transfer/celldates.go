package transfer

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"tickler/internal/person"
	"tickler/internal/phrase"
)

// cellDates reads dates as spreadsheets and exports write them. In 05/06/2027 either
// number can be the month: the other dates of the file tell, or else the language of its
// headings, or else the person's zone.
type cellDates struct {
	user     person.Settings
	now      time.Time
	language string // of the headings, "" for English
	// dayFirst and monthFirst count dates that can be read in one way only.
	dayFirst, monthFirst int
	semicolons           bool   // separate the columns: where Excel writes these, the day comes first
	serial, order        string // the first number, and the first date of unclear order, with what they were read as
}

var (
	figures   = regexp.MustCompile(`^\s*(\d{1,2})([/.-])(\d{1,2})[/.-](?:\d{4}|\d{2})(?:\D|$)`)
	slashed   = regexp.MustCompile(`^(\d{1,2})/(\p{L}+)\.?/(\d{2,4})`)
	digits    = regexp.MustCompile(`^\d{5}(?:[.,]\d+)?$|^\d{8}$|^\d{10}$|^\d{13}$`)
	ofDay     = regexp.MustCompile(`^0?[.,]\d+$`)
	zoneNamed = regexp.MustCompile(`^(.*\d.*?)\s*\(?(?:GMT|UTC)(?:([+-])(\d{1,2}):?(\d{2})?)?\)?(?:\s*\([^)]*\))?$`)
	rangeSign = regexp.MustCompile(`\s*→\s*|\s+(?:-|–|to|bis)\s+`)
)

// look notes what a date says about the order of day and month.
func (d *cellDates) look(text string) {
	m := figures.FindStringSubmatch(text)
	if m == nil || m[2] == "." {
		return
	}
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[3])
	switch {
	case a > 12 && b <= 12:
		d.dayFirst++
	case b > 12 && a <= 12:
		d.monthFirst++
	}
}

// tag is the language in which dates are read, which also tells the order.
func (d *cellDates) tag() (language string, sure bool) {
	dayFirst := d.language
	if dayFirst == "" {
		dayFirst = "en-gb"
	}
	switch {
	case d.dayFirst > 0 && d.monthFirst == 0:
		return dayFirst, true
	case d.monthFirst > 0 && d.dayFirst == 0:
		return "en-us", true
	case d.language != "" || d.semicolons:
		return dayFirst, d.dayFirst == 0
	case strings.HasPrefix(d.user.TimeZone, "America/") || strings.HasPrefix(d.user.TimeZone, "US/"):
		return "en-us", false
	}
	return dayFirst, false
}

// read reads a date, or a date and how it recurs.
func (d *cellDates) read(text string) (when phrase.Phrase, ok bool) {
	text = strings.TrimSpace(text)
	if digits.MatchString(text) {
		return d.number(text)
	}
	if at := momentOf(text); at != nil && strings.ContainsAny(text[len("2006-01-02"):], "Z+-") {
		return exactly(*at), true
	}
	for _, form := range []string{"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04 -0700", "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(form, text); err == nil && at.Year() >= 1970 {
			return exactly(at), true
		}
	}
	if m := zoneNamed.FindStringSubmatch(text); m != nil {
		return d.inZone(m)
	}
	language, sure := d.tag()
	if m := slashed.FindStringSubmatch(text); m != nil { // 05/Mar/26
		text = m[1] + "-" + m[2] + "-" + m[3] + text[len(m[0]):]
	}
	if when, ok = phrase.Read(text, language, d.now); !ok {
		return when, false
	}
	if m := figures.FindStringSubmatch(text); m != nil && m[2] != "." && !sure && d.order == "" && unclear(m) {
		d.order = text + " as " + when.Due
	}
	if day, midnight := strings.CutSuffix(when.Due, "T00:00"); midnight && when.Rule == "" {
		when.Due, when.AllDay = day, true // how databases write days
	}
	return when, true
}

func unclear(m []string) bool {
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[3])
	return a <= 12 && b <= 12 && a != b
}

func exactly(at time.Time) phrase.Phrase { return phrase.Phrase{Due: at.Format(time.RFC3339)} }

// inZone reads a date with the time from UTC behind it, as browsers and Notion write it.
func (d *cellDates) inZone(m []string) (phrase.Phrase, bool) {
	hours, _ := strconv.Atoi(m[3])
	minutes, _ := strconv.Atoi(m[4])
	offset := (hours*60 + minutes) * 60
	if m[2] == "-" {
		offset = -offset
	}
	zone := time.FixedZone("", offset)
	if at, err := time.ParseInLocation("Mon Jan 2 2006 15:04:05", m[1], zone); err == nil {
		return exactly(at), true
	}
	when, ok := d.read(m[1])
	if !ok || when.AllDay || when.Rule != "" {
		return when, ok
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(form, when.Due, zone); err == nil {
			return exactly(at), true
		}
	}
	return when, true
}

// number reads a date that is one number: Excel's days from 30 December 1899, a day as
// 20261205, seconds or milliseconds from 1970.
func (d *cellDates) number(text string) (when phrase.Phrase, ok bool) {
	switch n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64); {
	case err != nil:
		return when, false
	case len(text) == 8 && !strings.ContainsAny(text, ".,"):
		day, err := time.Parse("20060102", text)
		return phrase.Phrase{Due: day.Format(time.DateOnly), AllDay: true}, err == nil && day.Year() >= 1970
	case n >= 1e9:
		if n >= 1e12 {
			n /= 1000
		}
		return exactly(time.Unix(int64(n), 0).UTC()), true
	default:
		if n < 25569 || n >= 80000 { // 1970 to 2119
			return when, false
		}
		days := int(n)
		clock := time.Duration((n-float64(days))*24*60+0.5) * time.Minute
		at := time.Date(1899, 12, 30+days, 0, 0, 0, 0, time.UTC).Add(clock)
		if when.AllDay = clock == 0; when.AllDay {
			when.Due = at.Format(time.DateOnly)
		} else {
			when.Due = at.Format("2006-01-02T15:04")
		}
		if d.serial == "" {
			d.serial = text + " as " + when.Due
		}
		return when, true
	}
}

// timeOf is a time of day as it is read behind a date: Excel writes 0.375 for 9:00.
func timeOf(text string) string {
	if !ofDay.MatchString(text) {
		return text
	}
	n, _ := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return time.Time{}.Add(time.Duration(n*24*60+0.5) * time.Minute).Format("15:04")
}

// moment reads when something happened; a day stands for its noon. nil: it cannot be read.
func (d *cellDates) moment(text string) *time.Time {
	when, ok := d.read(text)
	if !ok || when.Rule != "" {
		return nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(form, when.Due, d.user.Zone()); err == nil {
			if form == time.DateOnly {
				at = at.Add(12 * time.Hour)
			}
			return &at
		}
	}
	return nil
}
