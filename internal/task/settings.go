package task

import (
	"context"
	"slices"
)

// DefaultReminderOffsets remind a user who has not said otherwise.
var DefaultReminderOffsets = []int{60}

// SettingsInput changes a user's settings; what is left out stays.
type SettingsInput struct {
	TimeZone        string          `json:"time_zone,omitempty" doc:"IANA name. Tasks keep their moments and the zone they were given in." example:"Europe/Berlin"`
	ReminderOffsets Optional[[]int] `json:"reminder_offsets,omitempty" doc:"Minutes before due at which tasks remind that have none of their own; [] for never, null for 60." maxItems:"10" example:"[1440,60]"`
}

// SettingsChange is what is new in a user's settings; nil stays, so that two
// changes at the same moment do not undo each other.
type SettingsChange struct {
	TimeZone        *string
	ReminderOffsets []int
}

// UpdateSettings changes the user's settings and returns them, with the names
// of those that are new. A new time zone changes how dates are read and shown
// from now on: existing tasks keep their instants, and recurring ones go on in
// the zone in which they were meant. New offsets move the reminders still to
// come of all open tasks that have no offsets of their own.
func (s *Service) UpdateSettings(ctx context.Context, user Settings, in SettingsInput) (Settings, []string, error) {
	after := user
	var change SettingsChange
	if in.TimeZone != "" {
		zone, err := LoadZone("time_zone", in.TimeZone)
		if err != nil {
			return user, nil, err
		}
		if after.TimeZone = zone.String(); after.TimeZone != user.TimeZone {
			change.TimeZone = &after.TimeZone
		}
	}
	if in.ReminderOffsets.Set {
		if err := checkOffsets("reminder_offsets", in.ReminderOffsets.Value); err != nil {
			return user, nil, err
		}
		after.ReminderOffsets = append([]int{}, in.ReminderOffsets.Value...)
		if in.ReminderOffsets.Null {
			after.ReminderOffsets = DefaultReminderOffsets
		}
		if !slices.Equal(user.ReminderOffsets, after.ReminderOffsets) {
			change.ReminderOffsets = after.ReminderOffsets
		}
	}
	var changed []string
	if change.ReminderOffsets != nil {
		changed = append(changed, "reminder_offsets")
	}
	if change.TimeZone != nil {
		changed = append(changed, "time_zone")
	}
	if len(changed) == 0 {
		return user, nil, nil
	}
	err := s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		return tx.SaveSettings(ctx, change, s.clock())
	})
	if err != nil {
		return user, nil, err
	}
	return after, changed, nil
}
