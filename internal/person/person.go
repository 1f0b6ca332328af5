// Package person holds what belongs to a user rather than to a task: settings,
// channels, quiet hours and the secret of the calendar feed.
package person

import (
	"sync"
	"time"

	"tickler/internal/fault"
)

// Limits on the minutes before a due date at which a task reminds.
const (
	MaxReminderOffsets = 10
	MaxReminderOffset  = 366 * 24 * 60 // minutes
)

// Settings are a user's own: how their dates are read and shown.
type Settings struct {
	UserID          int64
	TimeZone        string // IANA
	ReminderOffsets []int  // default minutes before due
	AllDayTime      int    // minute of the day at which tasks of a day remind
	QuietHours      *QuietHours
}

// DefaultAllDayTime is when tasks of a day remind a user who has not said otherwise.
const DefaultAllDayTime = 9 * 60

// Zone is the user's time zone.
func (s Settings) Zone() *time.Location { return Zone(s.TimeZone) }

// Zone loads a zone that was checked when it was stored. A zone that has since
// left the tz database falls back to UTC rather than losing the task.
func Zone(name string) *time.Location {
	if zone, known := zones.Load(name); known {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, zone)
	return zone
}

// zones caches loaded zones, since loading parses a file. There are some 600.
var zones sync.Map

// CheckOffsets refuses reminder offsets that are too many or out of range.
func CheckOffsets(field string, offsets []int) error {
	if len(offsets) > MaxReminderOffsets {
		return fault.Invalid(field, "has %d values; at most %d are allowed, for example [1440, 60]", len(offsets), MaxReminderOffsets)
	}
	for _, minutes := range offsets {
		if minutes < -MaxReminderOffset || minutes > MaxReminderOffset {
			return fault.Invalid(field, "%d is out of range; allowed are minutes before the due date up to %d, and below zero after it, for example [1440, 60, -30]", minutes, MaxReminderOffset)
		}
	}
	return nil
}
