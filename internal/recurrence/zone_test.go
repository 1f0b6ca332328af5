package recurrence_test

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

// everyZone lists the tz database bundled with Go.
func everyZone(t *testing.T) []*time.Location {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("the go command is not here to say where the tz database is")
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("this Go comes without a tz database")
	}
	defer func() { require.NoError(t, archive.Close()) }()
	var zones []*time.Location
	for _, file := range archive.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		zone, err := time.LoadLocation(file.Name)
		require.NoError(t, err)
		zones = append(zones, zone)
	}
	require.Greater(t, len(zones), 400)
	return zones
}

// transitions are the instants from 2000 to 2037 at which the offset changes.
func transitions(zone *time.Location) []time.Time {
	var list []time.Time
	end := time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
	_, before := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).In(zone).Zone()
	for t := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).In(zone); t.Before(end); {
		_, next := t.ZoneBounds()
		if next.IsZero() {
			break
		}
		t = next
		if _, offset := t.Zone(); offset != before {
			list, before = append(list, t), offset
		}
	}
	return list
}

// firstShown resolves a wall time by trial: of all offsets around it, the earliest
// instant whose clock shows it; otherwise the offset before the gap.
func firstShown(shown time.Time, around time.Time, zone *time.Location) time.Time {
	_, before := around.Add(-time.Second).In(zone).Zone()
	_, after := around.In(zone).Zone()
	var best time.Time
	for _, offset := range []int{before, after} {
		instant := shown.Add(-time.Duration(offset) * time.Second)
		if wall(instant.In(zone)).Equal(shown) && (best.IsZero() || instant.Before(best)) {
			best = instant
		}
	}
	if best.IsZero() {
		best = shown.Add(-time.Duration(before) * time.Second)
	}
	return best
}

func TestEveryZoneAroundItsTransitions(t *testing.T) {
	t.Parallel()
	half, err := recurrence.Parse("FREQ=MINUTELY;INTERVAL=30")
	require.NoError(t, err)
	counted, err := recurrence.Parse("FREQ=MINUTELY;INTERVAL=30;COUNT=60")
	require.NoError(t, err)
	daily, err := recurrence.Parse("FREQ=DAILY")
	require.NoError(t, err)
	type change struct{ at, before, after int64 }
	done := map[change]bool{} // zones share most of their changes
	for _, zone := range everyZone(t) {
		for _, at := range transitions(zone) {
			_, before := at.Add(-time.Second).Zone()
			_, after := at.Zone()
			key := change{at.Unix(), int64(before), int64(after)}
			if done[key] {
				continue
			}
			done[key] = true
			name := zone.String() + " " + at.String()
			jump := time.Duration(max(after-before, before-after)) * time.Second
			edge := wall(at.Add(-time.Second)).Add(time.Second) // the wall time of the change
			begin := edge.Add(-jump - 3*time.Hour).Truncate(30 * time.Minute)

			// What each wall time means, and that a series has exactly those
			// instants.
			var want []int64
			for shown := begin; shown.Before(edge.Add(2*jump + 3*time.Hour)); shown = shown.Add(30 * time.Minute) {
				instant := firstShown(shown, at, zone)
				require.True(t, recurrence.Resolve(shown, zone).Equal(instant), "%s: %s", name, shown)
				want = append(want, instant.Unix())
			}
			slices.Sort(want)
			want = slices.Compact(want)
			list := recurrence.Series{Rule: half, Start: begin, Zone: zone}.First(len(want))
			got := make([]int64, len(list))
			for i, o := range list {
				got[i] = o.Time.Unix()
			}
			require.Equal(t, want, got, name)

			// COUNT counts each instant once, whatever the starting point.
			ends := recurrence.Series{Rule: counted, Start: begin, Zone: zone}
			all := ends.First(100)
			require.Len(t, all, 60, name)
			for i := 0; i < len(all)-1; i += 7 {
				require.Equal(t, all[i+1:i+2], ends.After(all[i].Time, 1), name)
				next, ok := ends.Next(all[0], all[i].Time)
				require.True(t, ok)
				require.Equal(t, all[i+1].Time, next.Time, name)
				require.Equal(t, i, ends.Between(all[0].Time, next.Time), name)
			}

			// A daily task keeps its wall time, once a day.
			days := recurrence.Series{Rule: daily, Start: edge.AddDate(0, 0, -2).Add(-time.Minute), Zone: zone}.First(5)
			for i, o := range days {
				require.True(t, i == 0 || o.Time.After(days[i-1].Time), name)
				require.Equal(t, days[0].Wall.Format("15:04"), o.Wall.Format("15:04"), name)
			}
		}
	}
	t.Logf("%d different changes", len(done))
}

func TestClockChangesPeopleMeet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, rule, start, want string }{
		{"America/New_York", "FREQ=DAILY", "2026-03-07T02:30", "2026-03-07T02:30:00-05:00 2026-03-08T03:30:00-04:00 2026-03-09T02:30:00-04:00"},
		{"America/New_York", "FREQ=DAILY", "2026-10-31T01:30", "2026-10-31T01:30:00-04:00 2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"},
		{"Europe/Berlin", "FREQ=DAILY", "2026-03-28T09:00", "2026-03-28T09:00:00+01:00 2026-03-29T09:00:00+02:00"},
		{"Europe/Berlin", "FREQ=HOURLY;COUNT=4", "2026-03-29T00:00", "2026-03-29T00:00:00+01:00 2026-03-29T01:00:00+01:00 2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00"},
		{"Europe/Berlin", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", "2026-03-29T00:00", "2026-03-29T03:30:00+02:00 2026-03-30T02:30:00+02:00 2026-03-30T03:30:00+02:00"},
		{"America/Sao_Paulo", "FREQ=DAILY", "2018-11-03T00:00", "2018-11-03T00:00:00-03:00 2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00"},
		{"Pacific/Apia", "FREQ=DAILY", "2011-12-29T09:00", "2011-12-29T09:00:00-10:00 2011-12-31T09:00:00+14:00 2012-01-01T09:00:00+14:00"},
		{"Pacific/Apia", "FREQ=DAILY;COUNT=3", "2011-12-30T09:00", "2011-12-31T09:00:00+14:00 2012-01-01T09:00:00+14:00 2012-01-02T09:00:00+14:00"},
		{"Australia/Lord_Howe", "FREQ=DAILY", "2026-10-03T02:15", "2026-10-03T02:15:00+10:30 2026-10-04T02:45:00+11:00 2026-10-05T02:15:00+11:00"},
		{"Europe/Berlin", "FREQ=DAILY;UNTIL=20260330", "2026-03-29T23:30", "2026-03-29T23:30:00+02:00 2026-03-30T23:30:00+02:00"},
		{"Europe/Berlin", "FREQ=DAILY;UNTIL=20260330T213000Z", "2026-03-29T23:30", "2026-03-29T23:30:00+02:00 2026-03-30T23:30:00+02:00"},
		{"Europe/Berlin", "FREQ=DAILY;UNTIL=20260330T212959Z", "2026-03-29T23:30", "2026-03-29T23:30:00+02:00"},
		{"Europe/Berlin", "FREQ=DAILY;UNTIL=20260330T233000", "2026-03-29T23:30", "2026-03-29T23:30:00+02:00 2026-03-30T23:30:00+02:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		start, err := time.Parse("2006-01-02T15:04", c.start)
		require.NoError(t, err)
		want := strings.Fields(c.want)
		n := len(want)
		if strings.Contains(c.rule, "UNTIL") || strings.Contains(c.rule, "COUNT") {
			n++
		}
		var got []string
		for _, o := range (recurrence.Series{Rule: parse(t, c.rule), Start: start, Zone: zone}).First(n) {
			got = append(got, o.Time.Format(time.RFC3339))
		}
		require.Equal(t, want, got, "%s %s", c.zone, c.rule)
	}
}
