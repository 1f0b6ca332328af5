package history

import (
	"context"
	"encoding/json"
	"slices"

	"tickler/internal/journal"
	"tickler/internal/person"
)

// settings takes back a change of settings. Other settings may have changed since.
// Tasks follow their user's settings: what followed from the change is taken back with
// it, whatever else happened to those tasks.
func (u *undo) settings(ctx context.Context, e journal.Entry, since *trail) error {
	names := fieldsOf(e.After)
	for _, later := range since.live(e.ID, 0) {
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(later.Fields, name) }) {
			return u.block(ctx, e, changedSince, &later)
		}
	}
	var former struct {
		TimeZone        *string `json:"time_zone"`
		ReminderOffsets []int   `json:"reminder_offsets"`
		AllDayTime      *int    `json:"all_day_time"`
		QuietHours      *string `json:"quiet_hours"`
	}
	if err := json.Unmarshal(e.Before, &former); err != nil {
		return err
	}
	change := person.SettingsChange{TimeZone: former.TimeZone, ReminderOffsets: former.ReminderOffsets, AllDayTime: former.AllDayTime, QuietHours: former.QuietHours}
	if slices.Contains(fieldsOf(e.Before), "quiet_hours") && former.QuietHours == nil {
		none := ""
		change.QuietHours = &none
	}
	followed, err := u.tx.Consequences(ctx, e)
	if err != nil {
		return err
	}
	u.tx.TakeBack(e, followed)
	if _, err := u.tx.SaveSettings(ctx, change, u.now); err != nil {
		return err
	}
	u.done(e)
	oldest := u.oldest
	u.forgetAll()
	u.oldest = oldest
	u.user, err = u.tx.Settings(ctx)
	return err
}

func fieldsOf(text json.RawMessage) (names []string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	for name := range fields {
		names = append(names, name)
	}
	return names
}

// channel takes back a change of a channel for reminders. The journal keeps no secrets
// and no whole addresses, so a channel that was removed does not come back.
func (u *undo) channel(ctx context.Context, e journal.Entry, since *trail) error {
	switch {
	case e.Action == journal.Deleted:
		u.lasting(e, "the address and the secret of a removed channel are not kept; user_settings with add_channel adds it again")
		return nil
	case e.Action != journal.Created:
		u.lasting(e, "whether a channel is on is not taken back; user_settings with test_channel switches it on")
		return nil
	}
	if standing := since.newest(e.ID); standing != nil && standing.Action == journal.Deleted {
		return u.block(ctx, e, changedSince, standing)
	}
	known, err := u.tx.LockChannels(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(known, func(c person.Channel) bool { return c.ID == e.ObjectID })
	if i < 0 {
		return u.block(ctx, e, "it is gone", nil)
	}
	u.tx.TakeBack(e, nil)
	if err := u.tx.RemoveChannel(ctx, e.ObjectID); err != nil {
		return err
	}
	u.done(e)
	if known[i].Kind == person.Email {
		u.lasting(e, "the mail that asked for confirmation was sent, and that cannot be taken back")
	}
	return nil
}

// feed takes back the making of a calendar feed: its address ends. An address that
// ended, or that another replaced, does not come back, since only its hash was kept.
func (u *undo) feed(ctx context.Context, e journal.Entry, since *trail) error {
	if e.Action != journal.Created {
		u.lasting(e, "an address of a calendar feed that ended does not come back; user_settings with calendar_feed makes another")
		return nil
	}
	if standing := since.newest(e.ID); standing != nil {
		return u.block(ctx, e, changedSince, standing)
	}
	before, err := u.tx.ActionBefore(ctx, e)
	if err != nil {
		return err
	}
	u.tx.TakeBack(e, nil)
	if err := u.tx.SetCalendarFeed(ctx, nil); err != nil {
		return err
	}
	u.done(e)
	if before == journal.Created {
		u.lasting(e, "the address that this one replaced does not come back")
	}
	return nil
}
