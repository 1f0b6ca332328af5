package account

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/api/problem"
	"tickler/api/web"
	"tickler/api/web/signin"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// settingsData is what the page of the settings shows.
type settingsData struct {
	Form     web.Form
	Name     string // of the person
	Now      string
	Zones    []string
	Channels []channel
	Messages []message
	Feed     bool
	Passkeys []passkey
	// PasskeysHere is whether browsers take passkeys under the name by which the page
	// was opened.
	PasskeysHere bool
	Browsers     []browser
	Secret       *secret
}

// secret is what is shown once.
type secret struct{ Title, Text, Value string }

// deliveriesShown is how many of the last messages the page shows.
const deliveriesShown = 8

// settings shows the page.
func (s *server) settings(c *gin.Context, user person.Settings) error {
	return s.showSettings(c, http.StatusOK, user, settingsData{})
}

// showSettings shows the page as it is, with what a form left in data.
func (s *server) showSettings(c *gin.Context, status int, user person.Settings, data settingsData) error {
	ctx := c.Request.Context()
	now, err := s.setting(ctx, user, map[string]any{"deliveries": deliveriesShown})
	if err != nil {
		return err
	}
	if data.Name, err = s.Store.PersonName(ctx, user.UserID); err != nil {
		return err
	}
	user.TimeZone = now.TimeZone // it may be new
	if data.Form.Values == nil {
		data.Form.Values = stored(now)
	}
	data.Form.As = map[string]string{"quiet_hours": "quiet_from", "bring_tasks_from": "time_zone"}
	data.Zones, data.Feed = person.Zones(), now.CalendarFeed
	data.Now = s.Now().In(user.Zone()).Format("15:04")
	if data.Channels, err = s.channels(ctx, user, now); err != nil {
		return err
	}
	data.Messages = s.messages(user, now)
	data.PasskeysHere = signin.PasskeysAt(c)
	if data.Passkeys, err = s.passkeys(ctx, user); err != nil {
		return err
	}
	if data.Browsers, err = s.browsers(ctx, user); err != nil {
		return err
	}
	s.Pages.Show(c, status, "settings", web.Page{Title: "Settings", Current: "/settings", Scripts: []string{"passkey.js"}, Back: "/settings", Data: data})
	return nil
}

// failed shows the page again, with what was typed and what is wrong with it. What is
// not about the form is an error of the page.
func (s *server) failed(c *gin.Context, user person.Settings, form web.Form, err error) error {
	e := invalid(err)
	if e == nil {
		return err
	}
	if form.Error = e; form.Values.Get("time_zone") == "" { // a form of another section
		now, err := s.setting(c.Request.Context(), user, map[string]any{})
		if err != nil {
			return err
		}
		for name, values := range stored(now) {
			if _, there := form.Values[name]; !there {
				form.Values[name] = values
			}
		}
	}
	return s.showSettings(c, problem.StatusOf(e.Code), user, settingsData{Form: form})
}

// stored are the settings as the form has them.
func stored(now operation.SettingsAnswer) url.Values {
	values := url.Values{
		"time_zone": {now.TimeZone}, "all_day_time": {now.AllDayTime}, "reminder_offsets": {web.OffsetWords(now.ReminderOffsets)},
	}
	if hours, except, _ := strings.Cut(now.QuietHours, " "); hours != "" {
		from, to, _ := strings.Cut(hours, "-")
		values["quiet_from"], values["quiet_to"] = []string{from}, []string{to}
		if except != "" {
			values["except_urgent"] = []string{"yes"}
		}
	}
	return values
}

// saveSettings saves zone, reminders and quiet hours.
func (s *server) saveSettings(c *gin.Context, user person.Settings) error {
	form := web.Form{Values: web.Posted(c)}
	arguments := map[string]any{"time_zone": strings.TrimSpace(form.Value("time_zone")), "all_day_time": form.Value("all_day_time")}
	offsets, err := web.ReadOffsets("reminder_offsets", form.Value("reminder_offsets"))
	if err != nil {
		return s.failed(c, user, form, err)
	}
	arguments["reminder_offsets"] = offsets
	switch from, to := form.Value("quiet_from"), form.Value("quiet_to"); {
	case from == "" && to == "":
		arguments["quiet_hours"] = nil
	case from == "" || to == "":
		return s.failed(c, user, form, fault.Invalid("quiet_hours", "needs a beginning and an end, or neither; for example 22:00 and 07:00"))
	default:
		hours := from + "-" + to
		if form.Is("except_urgent", "yes") {
			hours += " except urgent"
		}
		arguments["quiet_hours"] = hours
	}
	if form.Is("bring", "yes") && arguments["time_zone"] != user.TimeZone {
		arguments["bring_tasks_from"] = user.TimeZone
	}
	answer, err := s.setting(c.Request.Context(), user, arguments)
	if err != nil {
		return s.failed(c, user, form, err)
	}
	said := web.Said{Text: "Saved"}
	if arguments["bring_tasks_from"] == nil && arguments["time_zone"] != user.TimeZone && answer.Note != "" {
		said.Detail = "Open tasks keep their moments and the zone they were given in."
	}
	s.Pages.Say(c, "/settings", said)
	return nil
}
