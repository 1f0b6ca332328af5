package recurrence_test

import (
	"fmt"
	"time"

	"tickler/internal/recurrence"
)

func ExampleParse() {
	rule, err := recurrence.Parse("weekdays")
	if err != nil {
		panic(err)
	}
	fmt.Println(rule)
	_, err = recurrence.Parse("FREQ=MONTHLY;BYMONTHDAY=32")
	fmt.Println(err)
	// Output:
	// FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
	// BYMONTHDAY=32 is not allowed: give whole numbers from 1 to 31 or from -31 to -1, separated by commas, for example BYMONTHDAY=1,-1.
}

// A series keeps its time of day when clocks change: on 2026-03-29 Berlin moves from
// UTC+1 to UTC+2.
func ExampleSeries_First() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	rule, err := recurrence.Parse("daily")
	if err != nil {
		panic(err)
	}
	series := recurrence.Series{Rule: rule, Start: time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC), Zone: berlin}
	for _, occurrence := range series.First(3) {
		fmt.Println(occurrence.Index, occurrence.Time.Format(time.RFC3339))
	}
	// Output:
	// 1 2026-03-28T09:00:00+01:00
	// 2 2026-03-29T09:00:00+02:00
	// 3 2026-03-30T09:00:00+02:00
}

// A task completed two weeks late continues with the first date still ahead; missed
// dates are not made up for.
func ExampleSeries_Next() {
	rule, err := recurrence.Parse("FREQ=WEEKLY;BYDAY=MO")
	if err != nil {
		panic(err)
	}
	series := recurrence.Series{Rule: rule, Start: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	first := series.First(1)[0]
	completed := time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC)
	next, ok := series.Next(first, completed)
	fmt.Println(ok, next.Time.Format(time.DateTime))
	// Output:
	// true 2026-03-23 09:00:00
}
