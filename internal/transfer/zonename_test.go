package transfer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestZoneOfAnotherProgramIsNamed(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(windowsZones()), 130)
	for name, zone := range windowsZones() {
		found, known := namedZone(name)
		require.True(t, known, name)
		require.NotEqual(t, "", found.String())
		_, err := time.LoadLocation(zone)
		require.NoError(t, err)
		require.NotEmpty(t, tzNames()[lower(zone)], "%s: %s is a name that a task can have", name, zone)
	}
	for name, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "/mozilla.org/20050126_1/Europe/Berlin": "Europe/Berlin", "/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"W. Europe Standard Time": "Europe/Berlin", "tokyo standard time": "Asia/Tokyo", "tzone://Microsoft/Utc": "UTC", `"Asia/Tokyo"`: "Asia/Tokyo",
		"(UTC-05:00) Eastern Time (US & Canada)": "America/New_York", "(GMT-07:00) Arizona": "America/Phoenix", "(UTC-05:00) Elsewhere": "Etc/GMT+5",
		"GMT+0530": "Asia/Kolkata", "UTC+5:45": "Asia/Kathmandu", "(GMT+05.30) Elsewhere": "Asia/Kolkata", "(GMT+05.30) Kolkata": "Asia/Kolkata",
		"(UTC+00:00) Dublin, Edinburgh, Lisbon, London": "Europe/Dublin", "(GMT+01:00) Paris": "Europe/Paris", "UTC+2": "Etc/GMT-2", "+0000": "UTC", "GMT": "GMT",
	} {
		found, known := namedZone(name)
		require.True(t, known, name)
		require.Equal(t, want, found.String(), name)
	}
	for _, name := range []string{"", "Mars", "/", "UTC+25", "UTC+02:30", "(UTC) Nowhere", "localtime", "posixrules"} {
		_, known := namedZone(name)
		require.False(t, known, name)
	}
}

func FuzzZoneName(f *testing.F) {
	f.Add("/vendor/Europe/Berlin")
	f.Add("(UTC+01:00) Amsterdam, Berlin")
	f.Fuzz(func(t *testing.T, name string) {
		if zone, known := namedZone(name); known {
			_, err := time.LoadLocation(zone.String())
			require.NoError(t, err)
		}
	})
}
