// Package recurrence computes when a repeating task is due.
//
// A rule is the text of RFC 5545 section 3.3.10 (RECUR) with SKIP of RFC 7529, or
// one of the shorthands daily, weekdays, weekly, monthly, yearly. A [Series] is a
// rule with the wall time at which it starts and the zone of that wall time.
//
// Dates are computed as wall times without a zone and converted to instants last, so
// 09:00 stays 09:00 when clocks change. A wall time that a zone skips moves forward
// by the gap; of one that occurs twice, the first counts (RFC 5545, 3.3.5). Two wall
// times with the same instant count once.
//
// The cost of a query does not grow with the age of the series: the engine computes
// the period an instant lies in and searches only around it. Rules that almost never
// match are searched up to the year 9999, within a fixed number of steps.
//
// A rule is held as the option set of rrule-go, which also formats it as text. Its
// iterator is not used: it walks from the start, does not return for some valid
// rules, and is wrong around DST changes. The tests compare with it where it is
// right.
package recurrence
