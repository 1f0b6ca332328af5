// Package person holds what belongs to a user rather than to a task: settings,
// channels, quiet hours and the secret of the calendar feed.
package person

import (
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
}

// Zone is the user's time zone.
func (s Settings) Zone() *time.Location { return Zone(s.TimeZone) }

// Zone loads a zone that was checked when it was stored. A zone that has since
// left the tz database falls back to UTC rather than losing the task.
func Zone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// LoadZone checks the name of an IANA time zone. field names the input in errors.
func LoadZone(field, name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault.Invalid(field, "%q is not a time zone; allowed are IANA names, for example \"Europe/Berlin\" or \"UTC\"", fault.Clip(name))
	}
	return zone, nil
}

// CheckOffsets refuses reminder offsets that are too many or out of range.
func CheckOffsets(field string, offsets []int) error {
	if len(offsets) > MaxReminderOffsets {
		return fault.Invalid(field, "has %d values; at most %d are allowed, for example [1440, 60]", len(offsets), MaxReminderOffsets)
	}
	for _, minutes := range offsets {
		if minutes < 0 || minutes > MaxReminderOffset {
			return fault.Invalid(field, "%d is out of range; allowed are minutes before the due date from 0 to %d, for example [1440, 60]", minutes, MaxReminderOffset)
		}
	}
	return nil
}
