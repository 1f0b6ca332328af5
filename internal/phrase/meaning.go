package phrase

// meaning is what a word stands for. n depends on the kind.
type meaning struct {
	kind kind
	n    int
}

type kind int

const (
	unknown    kind = iota
	number          // n
	ordinal         // n: 3rd, third
	plus            // +n
	clock           // n seconds into the day
	dotted          // 9.30: hours and minutes, n seconds into the day
	date            // dated, at a time of day if n is not -1
	every           // each, all
	other           // every other
	alternate       // om de dag, every other day; om de drie dagen, every three days
	cadence         // daily: n is a unit
	unit            // day: n is a unit
	offset          // today, tomorrow: n days from today
	dawn            // tomorrow or the morning: Morgen, mañana
	weekday         // n as time.Weekday
	eachDay         // montags: every such weekday
	month           // n as time.Month
	part            // morning: n seconds into the day
	next            // next, coming
	this            // this
	last            // last
	in              // in 3 days
	at              // at 9
	on              // on, the: words that introduce a day and mean nothing
	of              // of
	and             // and
	starting        // starting, from
	until           // until, ending
	during          // for 3 weeks
	meridiem        // am 0, pm 12
	oclock          // o'clock, Uhr
	endOf           // the end of
	through         // monday to friday
	close           // the end of the day: of the day that is named, or of today
	ending          // eom: the end of the present unit n
	except          // every day except Sunday
	toward          // half past nine, halb zehn: n minutes from the hour that follows
	beyond          // nueve y media: n minutes from the hour before
	oneAndHalf      // anderthalb
	elsewhere       // past, after next: makes another day of the one beside
)

// Units.
const (
	minutes = iota
	hours
	days
	weeks
	fortnights
	months
	quarters
	years
	workdays
	weekends
	halves // of years
	halfHours
)
