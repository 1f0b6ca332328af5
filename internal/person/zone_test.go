package person_test

import (
	"archive/zip"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/person"
)

func TestZonesAreThoseOfTheEmbeddedDatabase(t *testing.T) {
	t.Parallel()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	for _, file := range archive.File {
		name := file.Name
		if strings.HasSuffix(name, "/") {
			continue
		}
		_, err := person.LoadZone("time_zone", name)
		require.Equal(t, name == "Factory", err != nil, name)
	}
	for _, name := range []string{"right/Europe/Berlin", "posix/UTC", "right/UTC", "posix/Europe/Berlin", "localtime", "posixrules", "Local", "", "Factory", "../UTC", "berlin", "europe/berlin", "America/New York", "PST"} {
		_, err := person.LoadZone("time_zone", name)
		require.Error(t, err, name)
	}
}

func TestZoneThatIsNoneIsToldTheNameThatWasMeant(t *testing.T) {
	t.Parallel()
	for given, meant := range map[string]string{
		"berlin": "Europe/Berlin", "europe/berlin": "Europe/Berlin", "America/New York": "America/New_York", "PST": "America/Los_Angeles",
		"new york": "America/New_York", "posix/Europe/Berlin": "Europe/Berlin", "america/new york": "America/New_York", " Berlin ": "Europe/Berlin", "pst": "America/Los_Angeles", "right/Asia/Tokyo": "Asia/Tokyo", "Europe/Berlni": "Europe/Berlin", "utc": "UTC", "CEST": "Europe/Berlin",
	} {
		_, err := person.LoadZone("time_zone", given)
		var wrong *fault.Error
		require.True(t, errors.As(err, &wrong), given)
		require.Equal(t, fault.InvalidInput, wrong.Code)
		require.Contains(t, wrong.Hint, `"`+meant+`"`, given)
	}
}

func TestSecondHourOfAutumnNightIsAsQuietAsTheFirst(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	quiet, err := person.ParseQuietHours("quiet_hours", "22:00-02:30")
	require.NoError(t, err)
	first := time.Date(2026, 10, 25, 0, 10, 0, 0, time.UTC) // 02:10 in summer time
	second := first.Add(time.Hour)                          // 02:10 in winter time
	require.Equal(t, first.Add(20*time.Minute), quiet.HeldUntil(first, false, berlin))
	require.Equal(t, second.Add(20*time.Minute), quiet.HeldUntil(second, false, berlin))
}

// A slow oracle: what the clock shows is in the quiet hours, at every minute of
// days on which clocks change, or the hours are those that were skipped.
func TestNothingIsTellableWhileTheClockShowsQuietHours(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		for _, hours := range []string{"22:00-07:00", "01:30-02:30", "02:00-03:00", "23:30-00:30", "09:00-08:59"} {
			quiet, err := person.ParseQuietHours("quiet_hours", hours)
			require.NoError(t, err)
			for _, day := range []time.Time{time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 4, 0, 0, 0, 0, time.UTC)} {
				for minute := range 4 * 24 * 60 {
					at := day.Add(time.Duration(minute)*time.Minute + 17*time.Second)
					until := quiet.HeldUntil(at, false, zone)
					shown := at.In(zone).Format("15:04")
					start, end, _ := strings.Cut(hours, "-")
					within := shown >= start && shown < end
					if end <= start {
						within = shown >= start || shown < end
					}
					if within {
						require.True(t, until.After(at), "%s %s %s", name, hours, at.In(zone))
					}
					require.False(t, until.Before(at))
					require.LessOrEqual(t, until.Sub(at), 25*time.Hour)
				}
			}
		}
	}
}
