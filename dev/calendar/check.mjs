// Reads a calendar with ical.js, which knows nothing of Tickler and takes time
// zones from the file alone, and prints the dates of each entry as JSON:
// node check.mjs FILE N
import { readFileSync } from 'node:fs'
import ICAL from 'ical.js'

const [file, count] = process.argv.slice(2)
const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, 'utf8')))
for (const zone of calendar.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)

const entries = {}
for (const kind of ['vevent', 'vtodo']) {
  for (const component of calendar.getAllSubcomponents(kind)) {
    const start = component.getFirstPropertyValue('dtstart')
    const entry = {
      summary: component.getFirstPropertyValue('summary'),
      due: written(component.getFirstPropertyValue('due') ?? start),
      dates: [],
      alarms: component.getAllSubcomponents('valarm').map((a) => String(a.getFirstPropertyValue('trigger'))),
    }
    if (start) {
      const each = new ICAL.RecurExpansion({ component, dtstart: start })
      for (let date; entry.dates.length < Number(count) && (date = each.next()); ) entry.dates.push(written(date))
    }
    entries[component.getFirstPropertyValue('uid')] = entry
  }
}
console.log(JSON.stringify(entries))

function written(date) {
  return date.isDate ? date.toString() : date.toJSDate().toISOString()
}
