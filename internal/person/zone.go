package person

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"tickler/internal/fault"
)

// The zones of the tz database that Go embeds (lib/time/zoneinfo.zip), without
// Factory, which is none. Machines know more names: right/… counts leap seconds,
// and localtime is whatever the machine is set to.
//
//go:embed zones.txt
var zoneNames string

var zoneList = sync.OnceValue(func() []string { return strings.Fields(zoneNames) })

// Zones lists the names of the time zones that there are.
func Zones() []string { return zoneList() }

// abbreviations are what people call zones that the database knows by a place.
var abbreviations = map[string]string{
	"pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pacific": "America/Los_Angeles",
	"mdt": "America/Denver", "mountain": "America/Denver",
	"cst": "America/Chicago", "cdt": "America/Chicago", "central": "America/Chicago",
	"edt": "America/New_York", "eastern": "America/New_York", "et": "America/New_York",
	"bst": "Europe/London", "london": "Europe/London", "cest": "Europe/Berlin", "mez": "Europe/Berlin", "mesz": "Europe/Berlin",
	"eest": "Europe/Helsinki", "msk": "Europe/Moscow", "ist": "Asia/Kolkata", "sgt": "Asia/Singapore",
	"jst": "Asia/Tokyo", "kst": "Asia/Seoul", "aest": "Australia/Sydney", "aedt": "Australia/Sydney",
	"acst": "Australia/Adelaide", "awst": "Australia/Perth", "nzst": "Pacific/Auckland", "nzdt": "Pacific/Auckland",
	"z": "UTC", "local": "", "localtime": "", "posixrules": "", "factory": "",
}

// LoadZone checks the name of a time zone of the tz database, as it is spelt
// there. field names the input in errors; the hint says which name was meant.
func LoadZone(field, name string) (*time.Location, error) {
	for _, known := range zoneList() {
		if known == name {
			return time.LoadLocation(name)
		}
	}
	err := fault.Invalid(field, "%q is not a time zone; allowed are IANA names, as the tz database has them, for example \"Europe/Berlin\" or \"UTC\"", fault.Clip(name))
	if meant := meantZone(name); meant != "" {
		err = err.WithHint(fmt.Sprintf("did you mean %q?", meant))
	}
	return nil, err
}

// meantZone is the zone that a name stands for, "" when none comes to mind.
func meantZone(name string) string {
	if len(name) > 64 {
		return ""
	}
	plain := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "_"))
	for _, prefix := range []string{"right/", "posix/"} {
		plain = strings.TrimPrefix(plain, prefix)
	}
	if meant, known := abbreviations[plain]; known {
		return meant
	}
	city := ""
	for _, zone := range zoneList() {
		lower := strings.ToLower(zone)
		if lower == plain {
			return zone
		}
		if city == "" && strings.HasSuffix(lower, "/"+plain) {
			city = zone
		}
	}
	if city != "" {
		return city
	}
	return fault.Nearest(name, zoneList())
}

// ZoneNames lists the names of the tz database, sorted.
func ZoneNames() []string { return zoneList() }
