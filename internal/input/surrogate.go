package input

import "strconv"

// HalfSurrogate finds half of a surrogate pair among the escapes of a JSON text,
// such as \ud800 without the other half: no character, which encoding/json
// would quietly replace. It returns the escape, "" for none, and the name of the
// member that it is in, "" when it is in none. The text must be valid JSON.
func HalfSurrogate(text []byte) (escape, member string) {
	last := "" // the last string
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case ':':
			member = last
		case '"':
			begin := i
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] != '\\' {
					continue
				}
				unit, ok := codeUnit(text[i:])
				switch {
				case !ok || unit < 0xd800 || unit > 0xdfff:
					i++ // what is escaped, so that \" ends nothing
				default:
					low, paired := codeUnit(text[i+6:])
					if unit > 0xdbff || !paired || low < 0xdc00 || low > 0xdfff {
						return string(text[i : i+6]), member
					}
					i += 11
				}
			}
			last = string(text[begin+1 : min(i, len(text))])
		}
	}
	return "", ""
}

// codeUnit reads an escape of the form \u1234 that text begins with.
func codeUnit(text []byte) (unit uint64, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return unit, err == nil
}
