package runfile

import (
	"maps"
	"reflect"
)

// over returns s with each setting that it leaves out taken from common. Env is
// merged by name.
func (s Shared) over(common Shared) Shared {
	own, base := reflect.ValueOf(&s).Elem(), reflect.ValueOf(common)
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(base.Field(i))
		}
	}
	env := maps.Clone(common.Env)
	if env == nil {
		env = map[string]string{}
	}
	maps.Copy(env, s.Env)
	s.Env = env
	return s
}
