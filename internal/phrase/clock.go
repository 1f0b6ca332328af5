package phrase

import "slices"

// clock reads a time of day.
func (r *reader) clock(f *found, i int) int {
	j := r.skip(i, at)
	introduced := j > i
	t, after := r.at(j), r.at(j+1)
	switch {
	case t.kind == toward && (after.kind == number && after.n < 24 || after.kind == clock):
		hour := after.n
		if after.kind == number {
			hour *= 3600
		}
		f.clock, j = (hour+t.n*60+24*3600)%(24*3600), r.skip(j+2, oclock)
	case t.kind == clock && after.kind == meridiem:
		if n, ok := half(t.n, after.n); ok {
			f.clock, j = n, j+2
		}
	case t.kind == clock, t.kind == dotted && introduced:
		f.clock, j = t.n, r.skip(j+1, oclock)
	case t.kind == dotted && after.kind == oclock:
		f.clock, j = t.n, j+2
	case t.kind == number && after.kind == meridiem:
		if n, ok := half(t.n*3600, after.n); ok {
			f.clock, j = n, j+2
		}
	case t.kind == number && (after.kind == oclock || after.kind == unit && after.n == hours && (introduced || !f.day.IsZero() || f.freq != "")):
		if t.n < 24 {
			f.clock, j = t.n*3600, j+2
			if minute := r.at(j); minute.kind == number && minute.n < 60 && after.kind == oclock {
				f.clock, j = f.clock+minute.n*60, j+1
			}
		}
	case t.kind == number && introduced && len(t.word) == 4 && t.word[0] <= '9' && t.word[:2] != "19" && t.word[:2] != "20": // 0930, and neither year nor nine
		if n, ok := secondsOf(t.word[:2], t.word[2:], "", ""); ok {
			f.clock, j = n, j+1
		}
	case t.kind == number && introduced:
		if t.n < 24 {
			f.clock, j = t.n*3600, j+1
			if minute := r.at(j); minute.kind == number && minute.n >= 10 && minute.n < 60 && minute.word[0] > '9' { // nine thirty
				f.clock, j = f.clock+minute.n*60, j+1
			}
		}
	default:
		if k := r.skip(i, in, on, at, this, of); r.at(k).kind == part || r.at(k).kind == dawn && (!f.day.IsZero() || f.freq != "") {
			f.clock = morning
			if r.at(k).kind == part {
				f.clock = r.at(k).n
			}
			return r.hourOf(f, k+1)
		}
	}
	if f.clock == noClock {
		return i
	}
	if t := r.at(j); t.kind == beyond {
		f.clock, j = (f.clock+t.n*60+24*3600)%(24*3600), j+1
	}
	if k := r.skip(j, in, on, of); r.at(k).kind == part { // 9 in the evening
		if r.at(k).n >= noon && f.clock < noon {
			f.clock += 12 * 3600
		}
		return k + 1
	}
	return j
}

// hourOf reads the hour behind a part of the day, if there is one: evening at 8.
func (r *reader) hourOf(f *found, i int) int {
	exact := found{clock: noClock, freq: f.freq, day: f.day}
	if kind := r.at(i).kind; kind != at && kind != clock && r.at(i+1).kind != meridiem {
		return i
	}
	end := r.clock(&exact, i)
	if end == i || r.at(end-1).kind == part {
		return i
	}
	switch {
	case exact.clock >= noon || f.clock < noon:
		f.clock = exact.clock
	case f.clock >= evening && exact.clock < 5*3600: // 1 at night is of another day
		return i
	default:
		f.clock = exact.clock + 12*3600
	}
	return end
}

// moreHours reads further times of a day at which something recurs: at 9 and 17.
func (r *reader) moreHours(f *found, i int) int {
	if f.freq == "" || f.freq == "HOURLY" {
		return i
	}
	hours := []int{f.clock / 3600}
	for {
		j := r.skip(i, and, at)
		next := found{clock: noClock, freq: f.freq}
		end := r.clock(&next, j)
		if t, after := r.at(j), r.at(j+1).kind; end == j && t.kind == number && t.n < 24 && after != unit && after != month && after != of {
			next.clock, end = t.n*3600, j+1
		}
		if end == j || next.clock%3600 != f.clock%3600 || slices.Contains(hours, next.clock/3600) {
			break
		}
		hours, i = append(hours, next.clock/3600), end
	}
	if len(hours) > 1 {
		slices.Sort(hours)
		f.hours, f.clock = hours, hours[0]*3600+f.clock%3600
	}
	return i
}

// half is a time of the half of a day.
func half(seconds, from int) (int, bool) {
	if seconds < 3600 || seconds >= 13*3600 {
		return 0, false
	}
	return seconds%(12*3600) + from*3600, true
}
