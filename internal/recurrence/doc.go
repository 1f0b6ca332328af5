// Package recurrence says when a repeating task is due.
//
// A rule is the text of RFC 5545 section 3.3.10 (RECUR) with SKIP of RFC 7529,
// or one of the shorthands daily, weekdays, weekly, monthly, yearly. A [Series]
// is a rule with the wall time at which it started and the zone in which that
// wall time is meant.
//
// Dates are computed as wall times without a zone and become instants last, so
// 09:00 stays 09:00 when clocks change. A wall time that a zone skips moves
// forward by the gap; one that it has twice is the first (RFC 5545, 3.3.5). An
// instant that two wall times share counts once.
//
// The work of a question does not grow with the age of the series: the engine
// computes the period that the instant lies in and looks only around it. Rules
// that almost never match are searched up to the year 9999 within a fixed
// number of steps.
//
// Rules are held as the option set of rrule-go, which also writes them back as
// text. Its iterator is not used: it walks from the start, does not return for
// some valid rules and is wrong around DST. The tests compare against it where
// it is right.
package recurrence
