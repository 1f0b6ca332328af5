package repository

// ClaimRemindersSQL is the scan, for a test that looks at its plan.
const ClaimRemindersSQL = claimReminders

// CalendarTasksSQL is what a calendar feed reads.
const CalendarTasksSQL = calendarTasks

// SchemaVersion is the newest migration that the queries rely on.
const SchemaVersion = schemaVersion

// CheckRole is checkRole, for tests of its own.
var CheckRole = checkRole
