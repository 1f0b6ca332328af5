package transfer

import (
	"fmt"
	"time"

	"tickler/internal/fault"
)

// zone finds the zone that a TZID names, and its rules if it is not in the tz
// database. What is wrong with it is noted.
func (r *calendarFile) zone(i *item, name string) (*time.Location, *zoneRules) {
	found, known := r.named[name]
	if !known {
		if found = r.find(name); len(r.named) < maxNamed {
			r.named[name] = found
		}
	}
	if found.note != "" {
		i.note("%s", found.note)
	}
	return found.zone, found.rules
}

// find finds a zone by the name in the tz database, whole or behind a vendor's path; by
// the name that the file gives beside; by the name that Windows has for it; by its rules
// in the file. Where no zone of the tz database has those rules, times are converted by
// them into the person's zone.
func (r *calendarFile) find(name string) namedRules {
	if name == "" {
		return namedRules{zone: r.user.Zone()}
	}
	if zone, known := tzZone(name); known {
		return namedRules{zone: zone}
	}
	rules := r.zones[name]
	if rules != nil {
		if zone, known := tzZone(rules.location); known {
			return namedRules{zone: zone}
		}
	}
	if zone, known := windowsZone(name); known {
		return namedRules{zone: zone}
	}
	if rules != nil && len(rules.observances) > 0 && (rules.workedOut || r.workedOut < maxWorkedOut) {
		if !rules.workedOut {
			rules.workOut(r.now)
			r.workedOut++
		}
		if rules.agreeing != nil {
			return namedRules{zone: rules.agreeing}
		}
		note := fmt.Sprintf("the zone %q has rules of its own; its times were converted to %s, in which a series repeats", fault.Clip(name), r.user.TimeZone)
		return namedRules{r.user.Zone(), rules, note}
	}
	if zone, known := offsetZone(name); known {
		return namedRules{zone: zone}
	}
	return namedRules{zone: r.user.Zone(), note: fmt.Sprintf("the zone %q is not known; times were read in %s", fault.Clip(name), r.user.TimeZone)}
}
