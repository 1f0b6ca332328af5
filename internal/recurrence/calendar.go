package recurrence

import "time"

// Days count from 1970-01-01 in the proleptic Gregorian calendar, wall times in
// seconds from its midnight, weekdays from Monday as 0.
const (
	secondsPerHour = 3600
	secondsPerDay  = 86400
	minYear        = 1
	maxYear        = 9999
)

var (
	maxDay  = dayOf(maxYear, 12, 31)
	maxWall = maxDay*secondsPerDay + secondsPerDay - 1
)

// dayOf returns the day number of a date (H. Hinnant, days_from_civil).
func dayOf(year, month, day int) int64 {
	y := int64(year)
	if month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	m := int64(month)
	if m > 2 {
		m -= 3
	} else {
		m += 9
	}
	dayOfYear := (153*m+2)/5 + int64(day) - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return era*146097 + dayOfEra - 719468
}

// civil returns the date of a day number.
func civil(day int64) (year, month, dayOfMonth int) {
	z := day + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	dayOfMonth = int(doy - (153*mp+2)/5 + 1)
	month = int(mp) + 3
	year = int(yoe + era*400)
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, dayOfMonth
}

func weekdayOf(day int64) int { return int(floorMod(day+3, 7)) }

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysInYear(year int) int {
	if isLeap(year) {
		return 366
	}
	return 365
}

func daysInMonth(year, month int) int {
	switch month {
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// firstWeek returns the first day of week number one of a year: the first week,
// beginning on wkst, with at least four days in that year.
func firstWeek(year, wkst int) int64 {
	jan4 := dayOf(year, 1, 4)
	return jan4 - int64((weekdayOf(jan4)-wkst+7)%7)
}

func weeksInYear(year, wkst int) int {
	return int(firstWeek(year+1, wkst)-firstWeek(year, wkst)) / 7
}

// weekYear returns the year in which a day's week is numbered.
func weekYear(day int64, wkst int) int {
	year, _, _ := civil(day)
	if day >= firstWeek(year+1, wkst) {
		return year + 1
	}
	if day < firstWeek(year, wkst) {
		return year - 1
	}
	return year
}

// wallOf returns what the clock of a time shows, whatever its location.
func wallOf(t time.Time) int64 {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return dayOf(year, int(month), day)*secondsPerDay + int64(hour*secondsPerHour+minute*60+second)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
