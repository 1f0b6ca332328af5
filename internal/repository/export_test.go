package repository

// ClaimRemindersSQL is the scan, for a test that looks at its plan.
const ClaimRemindersSQL = claimReminders

// CalendarTasksSQL is what a calendar feed reads.
const CalendarTasksSQL = calendarTasks

// CheckRole is checkRole, for tests of its own.
var CheckRole = checkRole
