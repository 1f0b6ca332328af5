package transfer

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"tickler/internal/person"
)

//go:embed windowszones.txt
var windowsText string

// windowsZones are the zones that Windows' names stand for, by the name in lower case.
var windowsZones = sync.OnceValue(func() map[string]string {
	zones := map[string]string{}
	for line := range strings.Lines(windowsText) {
		if name, zone, found := strings.Cut(strings.TrimSpace(line), "\t"); found && !strings.HasPrefix(line, "#") {
			zones[strings.ToLower(name)] = zone
		}
	}
	return zones
})

// tzNames are the names of the tz database by their form in lower case.
var tzNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, name := range person.ZoneNames() {
		names[strings.ToLower(name)] = name
	}
	return names
})

// cities are the zones that are named for a city, by its name in lower case.
var cities = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, name := range person.ZoneNames() {
		area, city, found := strings.Cut(name, "/")
		if city = strings.ToLower(city); found && area != "Etc" && names[city] == "" {
			names[city] = name
		}
	}
	return names
})

var (
	// displayed is a name as Windows shows it: (UTC+01:00) Amsterdam, Berlin, Bern.
	displayed = regexp.MustCompile(`^\((?:UTC|GMT)?([+-]\d{1,2}[:.]?\d{2})?\)\s*(.*)$`)
	fixed     = regexp.MustCompile(`^(?:UTC|GMT)?\s*([+-])(\d{1,2})(?:[:.]?(\d{2}))?$`)
)

// shownZones are those that Windows shows without a city.
var shownZones = map[string]string{
	"eastern time (us & canada)": "America/New_York", "central time (us & canada)": "America/Chicago", "mountain time (us & canada)": "America/Denver",
	"pacific time (us & canada)": "America/Los_Angeles", "atlantic time (canada)": "America/Halifax", "newfoundland": "America/St_Johns", "alaska": "America/Anchorage",
	"hawaii": "Pacific/Honolulu", "arizona": "America/Phoenix", "indiana (east)": "America/Indiana/Indianapolis", "saskatchewan": "America/Regina", "central america": "America/Guatemala",
}

// partialZones are zones that are always so far from UTC, which is no whole hour.
var partialZones = map[string]string{
	"+03:30": "Asia/Tehran", "+04:30": "Asia/Kabul", "+05:30": "Asia/Kolkata", "+05:45": "Asia/Kathmandu", "+06:30": "Asia/Yangon",
	"+08:45": "Australia/Eucla", "+09:30": "Australia/Darwin", "-09:30": "Pacific/Marquesas",
}

// maxZoneName is longer than any name of a zone, in bytes.
const maxZoneName = 200

// namedZone is the zone that a name of another program stands for: a name of the tz
// database, also behind a path of a vendor's or in other letters, a name of Windows,
// or a time from UTC.
func namedZone(name string) (*time.Location, bool) {
	if zone, known := tzZone(name); known {
		return zone, true
	}
	if zone, known := windowsZone(name); known {
		return zone, true
	}
	return offsetZone(name)
}

// tzZone finds a name of the tz database, whole or at the end of a path.
func tzZone(name string) (*time.Location, bool) {
	if len(name) > maxZoneName || name == "" {
		return nil, false
	}
	plain := strings.ToLower(strings.ReplaceAll(strings.Trim(strings.TrimSpace(name), `"/`), " ", "_"))
	for {
		if known := tzNames()[plain]; known != "" {
			return person.Zone(known), true
		}
		_, tail, found := strings.Cut(plain, "/")
		if !found {
			return nil, false
		}
		plain = tail
	}
}

// windowsZone finds a name of Windows, as it is stored or as it is shown.
func windowsZone(name string) (*time.Location, bool) {
	if name = strings.TrimSpace(name); len(name) > maxZoneName {
		return nil, false
	}
	if zone := windowsZones()[strings.ToLower(name)]; zone != "" {
		return person.Zone(zone), true
	}
	m := displayed.FindStringSubmatch(name)
	if m == nil {
		return nil, false
	}
	if zone := shownZones[strings.ToLower(m[2])]; zone != "" {
		return person.Zone(zone), true
	}
	for city := range strings.SplitSeq(m[2], ",") {
		city = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(city), " ", "_"))
		if zone := cities()[city]; zone != "" {
			return person.Zone(zone), true
		}
	}
	return nil, false
}

// offsetZone is a zone some time from UTC, also one that is shown with its offset in
// front. The tz database names whole hours the other way round: Etc/GMT-2 is two hours
// ahead of UTC. For others there is a zone whose clocks never change.
func offsetZone(name string) (*time.Location, bool) {
	name = strings.ToUpper(strings.TrimSpace(name))
	if m := displayed.FindStringSubmatch(name); m != nil {
		name = m[1]
	}
	m := fixed.FindStringSubmatch(name)
	if m == nil {
		return nil, false
	}
	hours, _ := strconv.Atoi(m[2])
	if m[3] != "" && m[3] != "00" {
		zone := partialZones[fmt.Sprintf("%s%02d:%s", m[1], hours, m[3])]
		return person.Zone(zone), zone != ""
	}
	sign := map[string]string{"+": "-", "-": "+"}[m[1]]
	if hours == 0 {
		return time.UTC, true
	}
	zone, err := person.LoadZone("time_zone", fmt.Sprintf("Etc/GMT%s%d", sign, hours))
	return zone, err == nil
}
