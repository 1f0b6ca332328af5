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
  const components = calendar.getAllSubcomponents(kind)
  const isException = (c) => c.hasProperty('recurrence-id')
  for (const component of components.filter((c) => !isException(c))) {
    const uid = component.getFirstPropertyValue('uid')
    const exceptions = components.filter((c) => isException(c) && c.getFirstPropertyValue('uid') === uid)
    const start = component.getFirstPropertyValue('dtstart')
    const first = exceptions[0] ?? component
    const entry = {
      summary: component.getFirstPropertyValue('summary'),
      due: written(first.getFirstPropertyValue('due') ?? first.getFirstPropertyValue('dtstart')),
      rule: String(component.getFirstPropertyValue('rrule') ?? ''),
      dates: [],
      alarms: component.getAllSubcomponents('valarm').map((a) => String(a.getFirstPropertyValue('trigger'))),
    }
    if (start) {
      const series = new ICAL.Event(component, { strictExceptions: true, exceptions })
      const each = series.iterator(start)
      for (let date; entry.dates.length < Number(count) && (date = each.next()); ) {
        entry.dates.push(written(series.getOccurrenceDetails(date).startDate))
      }
    }
    entries[uid] = entry
  }
}
console.log(JSON.stringify(entries))

function written(date) {
  return date.isDate ? date.toString() : date.toJSDate().toISOString()
}
