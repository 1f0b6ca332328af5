package person

import (
	"context"
	"slices"
	"strconv"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// DefaultReminderOffsets apply to users who have not set their own: minutes before
// due.
var DefaultReminderOffsets = []int{60}

// DefaultTimeZone applies to users who have not set their own.
const DefaultTimeZone = "UTC"

// MaxDeliveries is how many of the latest deliveries can be requested.
const MaxDeliveries = 50

// SettingsInput changes a user's settings; fields left out stay as they are.
type SettingsInput struct {
	TimeZone        string                 `json:"time_zone,omitempty" doc:"IANA name. Tasks keep their moments; whole days stay that day." example:"Europe/Berlin"`
	BringTasksFrom  string                 `json:"bring_tasks_from,omitempty" doc:"Moves open tasks of this zone to time_zone, same wall time." example:"Europe/Berlin"`
	ReminderOffsets input.Optional[[]int]  `json:"reminder_offsets,omitempty" doc:"Minutes before due, for tasks without their own; [] for never." maxItems:"10" example:"[1440,60]"`
	AllDayTime      string                 `json:"all_day_time,omitempty" doc:"When tasks of a whole day remind. Default 09:00." example:"08:30"`
	QuietHours      input.Optional[string] `json:"quiet_hours,omitempty" doc:"Reminders wait until their end, as in 22:00-07:00 except urgent." example:"22:00-07:00 except urgent"`
	AddChannel      string                 `json:"add_channel,omitempty" doc:"Delivers reminders to a URL: https:, ntfy:, mailto:; sends a test at once." example:"ntfy://ntfy.sh/my-topic"`
	RemoveChannel   int64                  `json:"remove_channel,omitempty" doc:"Its id." minimum:"1"`
	TestChannel     int64                  `json:"test_channel,omitempty" doc:"Its id: switches it on, sends a test." minimum:"1"`
	CalendarFeed    string                 `json:"calendar_feed,omitempty" doc:"new: another secret URL." enum:"new,off"`
	Deliveries      int                    `json:"deliveries,omitempty" doc:"How many of the last to return."`
	Clear           []string               `json:"clear,omitempty" doc:"quiet_hours, or reminder_offsets (60 again)." clears:"true" sample:"[\"quiet_hours\"]"`
}

// SettingsChange is a change of settings; nil fields stay, so that concurrent
// changes do not undo each other.
type SettingsChange struct {
	TimeZone        *string
	ReminderOffsets []int
	QuietHours      *string // "" for none
	AllDayTime      *int    // minute of the day
	BringFrom       string  // zone whose open tasks come along, "" for none
}

// Of applies the change to settings.
func (c SettingsChange) Of(s Settings) Settings {
	if c.TimeZone != nil {
		s.TimeZone = *c.TimeZone
	}
	if c.ReminderOffsets != nil {
		s.ReminderOffsets = c.ReminderOffsets
	}
	if c.AllDayTime != nil {
		s.AllDayTime = *c.AllDayTime
	}
	return s
}

// SettingsEffect is what a change of settings did to tasks.
type SettingsEffect struct {
	Brought int // tasks that came along to the user's zone
	Left    int // open tasks that are still meant in the zone before
}

// SettingsResult is the result of changing settings.
type SettingsResult struct {
	Settings
	SettingsEffect
	LeftIn   string   // the zone before
	Changed  []string // names of the settings that are new
	Delivery DeliverySettings
	// Shown once: only their hashes or sealed forms are stored.
	WebhookSecret  string
	CalendarSecret string
	Tested         int64 // the channel that a test was sent to
	Asked          int64 // the channel that a confirmation mail was sent to
}

// UpdateSettings changes the user's settings and returns them. A new time zone
// changes how dates are read and shown from now on: existing tasks keep their
// instants, and recurring ones continue in the zone they were meant in. New offsets
// move the upcoming reminders of all open tasks without offsets of their own. Adding
// an existing channel switches it on and gives a webhook a new secret. A mail
// address is off until Confirm; adding it again sends another mail.
func (s *Service) UpdateSettings(ctx context.Context, user Settings, in SettingsInput) (SettingsResult, error) {
	result := SettingsResult{Settings: user}
	change, err := result.readSettings(in)
	if err != nil {
		return result, err
	}
	var channel Channel
	if in.AddChannel != "" {
		var token string
		if channel, token, err = s.channels.read(ctx, "add_channel", in.AddChannel); err != nil {
			return result, err
		}
		if result.WebhookSecret, err = s.channels.seal("add_channel", user.UserID, &channel, token); err != nil {
			return result, err
		}
	}
	if in.Deliveries < 0 || in.Deliveries > MaxDeliveries {
		return result, fault.Invalid("deliveries", "%d is out of range; allowed are 0 to %d", in.Deliveries, MaxDeliveries)
	}
	if len(result.Changed) > 0 || in.changesDelivery() {
		changed := result.Changed
		err := s.store.ChangeSettings(ctx, user.UserID, func(tx Tx) error {
			result.Changed = slices.Clone(changed)
			effect, err := tx.SaveSettings(ctx, change, s.clock())
			if result.SettingsEffect = effect; err != nil || !in.changesDelivery() {
				return err
			}
			return s.changeDelivery(ctx, tx, in, channel, &result)
		})
		if err != nil {
			return SettingsResult{Settings: user}, err
		}
	}
	if result.Delivery, err = s.store.DeliverySettings(ctx, user.UserID, in.Deliveries); err != nil {
		return result, err
	}
	return result, nil
}

// Delivery returns how reminders reach the user, without deliveries.
func (s *Service) Delivery(ctx context.Context, user Settings) (DeliverySettings, error) {
	return s.store.DeliverySettings(ctx, user.UserID, 0)
}

// readSettings converts the input to a change, without channels and the calendar
// feed.
func (r *SettingsResult) readSettings(in SettingsInput) (SettingsChange, error) {
	user := r.Settings
	var change SettingsChange
	if in.ReminderOffsets.Set {
		if err := CheckOffsets("reminder_offsets", in.ReminderOffsets.Value); err != nil {
			return change, err
		}
		r.ReminderOffsets = append([]int{}, in.ReminderOffsets.Value...)
		if in.ReminderOffsets.Null {
			r.ReminderOffsets = DefaultReminderOffsets
		}
		if !slices.Equal(user.ReminderOffsets, r.ReminderOffsets) {
			change.ReminderOffsets = r.ReminderOffsets
			r.Changed = append(r.Changed, "reminder_offsets")
		}
	}
	if in.TimeZone != "" {
		zone, err := LoadZone("time_zone", in.TimeZone)
		if err != nil {
			return change, err
		}
		if r.TimeZone = zone.String(); r.TimeZone != user.TimeZone {
			change.TimeZone, r.LeftIn = &r.TimeZone, user.TimeZone
			r.Changed = append(r.Changed, "time_zone")
		}
	}
	if in.BringTasksFrom != "" {
		if _, err := LoadZone("bring_tasks_from", in.BringTasksFrom); err != nil {
			return change, err
		}
		if in.BringTasksFrom == r.TimeZone {
			return change, fault.Invalid("bring_tasks_from", "%q is the user's own zone; allowed is the zone that tasks are still in, for example the one before time_zone was changed", in.BringTasksFrom)
		}
		change.BringFrom = in.BringTasksFrom
		r.Changed = append(r.Changed, "bring_tasks_from")
	}
	if in.AllDayTime != "" {
		at, err := time.Parse("15:04", in.AllDayTime)
		if err != nil {
			return change, fault.Invalid("all_day_time", "%q is not a time of day; allowed are 00:00 to 23:59, for example \"08:30\"", fault.Clip(in.AllDayTime))
		}
		if r.AllDayTime = at.Hour()*60 + at.Minute(); r.AllDayTime != user.AllDayTime {
			change.AllDayTime = &r.AllDayTime
			r.Changed = append(r.Changed, "all_day_time")
		}
	}
	if in.QuietHours.Set {
		text := ""
		r.QuietHours = nil
		if !in.QuietHours.Null {
			hours, err := ParseQuietHours("quiet_hours", in.QuietHours.Value)
			if err != nil {
				return change, err
			}
			text, r.QuietHours = hours.String(), hours
		}
		change.QuietHours = &text
		r.Changed = append(r.Changed, "quiet_hours")
	}
	return change, nil
}

func (in SettingsInput) changesDelivery() bool {
	return in.AddChannel != "" || in.RemoveChannel != 0 || in.TestChannel != 0 || in.CalendarFeed != ""
}

// changeDelivery changes channels and the calendar feed.
func (s *Service) changeDelivery(ctx context.Context, tx Tx, in SettingsInput, added Channel, result *SettingsResult) error {
	known, err := tx.LockChannels(ctx)
	if err != nil {
		return err
	}
	if in.RemoveChannel != 0 {
		if _, err := findChannel(known, "remove_channel", in.RemoveChannel); err != nil {
			return err
		}
		if err := tx.RemoveChannel(ctx, in.RemoveChannel); err != nil {
			return err
		}
		known = slices.DeleteFunc(known, func(c Channel) bool { return c.ID == in.RemoveChannel })
	}
	var test []Channel
	if in.AddChannel != "" {
		there := slices.IndexFunc(known, func(c Channel) bool { return c.Kind == added.Kind && c.Target == added.Target })
		if there < 0 && len(known) >= MaxChannels {
			return &fault.Error{Code: fault.LimitExceeded, Field: "add_channel", Message: "at most " + strconv.Itoa(MaxChannels) + " channels are allowed", Hint: "remove one with remove_channel"}
		}
		if added.ID, err = tx.PutChannel(ctx, added); err != nil {
			return err
		}
		if added.Confirmed || there >= 0 && known[there].Confirmed {
			test = append(test, added)
		} else {
			result.Asked = added.ID
			if err := s.askConfirmation(ctx, tx, added.ID); err != nil {
				return err
			}
		}
	}
	if in.TestChannel != 0 {
		channel, err := findChannel(known, "test_channel", in.TestChannel)
		if err != nil {
			return err
		}
		if !channel.Confirmed {
			return &fault.Error{
				Code: fault.Conflict, Field: "test_channel", Message: channel.Target + " is not confirmed yet, so nothing is sent there",
				Hint: "open the link in the mail that was sent there, or send another with add_channel",
			}
		}
		if _, err := tx.PutChannel(ctx, channel); err != nil { // switches it on
			return err
		}
		test = append(test, channel)
	}
	for _, channel := range test {
		result.Tested = channel.ID
		if err := tx.QueueTest(ctx, channel.ID, s.clock()); err != nil {
			return err
		}
	}
	if in.AddChannel != "" || in.RemoveChannel != 0 {
		result.Changed = append(result.Changed, "channels")
	}
	if in.CalendarFeed != "" {
		result.Changed = append(result.Changed, "calendar_feed")
		return s.changeFeed(ctx, tx, in.CalendarFeed == "new", result)
	}
	return nil
}
