package phrase

// clock reads a time of day.
func (r *reader) clock(f *found, i int) int {
	j := r.skip(i, at)
	introduced := j > i
	t, after := r.at(j), r.at(j+1)
	switch {
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
	case t.kind == number && introduced:
		if t.n < 24 {
			f.clock, j = t.n*3600, j+1
		}
	default:
		if k := r.skip(i, in, on, at, this, of); r.at(k).kind == part || r.at(k).kind == dawn && (!f.day.IsZero() || f.freq != "") {
			f.clock = morning
			if r.at(k).kind == part {
				f.clock = r.at(k).n
			}
			return k + 1
		}
	}
	if f.clock == noClock {
		return i
	}
	if k := r.skip(j, in, on, of); r.at(k).kind == part { // 9 in the evening
		if r.at(k).n >= noon && f.clock < noon {
			f.clock += 12 * 3600
		}
		return k + 1
	}
	return j
}

// half is a time of the half of a day.
func half(seconds, from int) (int, bool) {
	if seconds < 3600 || seconds >= 13*3600 {
		return 0, false
	}
	return seconds%(12*3600) + from*3600, true
}
