package label

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// Categories and tags have names and colors under the same rules.

// UpdateResult is the result of changing a category or tag.
type UpdateResult[T Category | Tag] struct {
	Label   T
	Changed []string // public names of the changed fields
}

// Removal is the result of deleting a category or tag.
type Removal[T Category | Tag] struct {
	Label T
	Tasks int // how many tasks had it
}

var colorForm = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// CheckCategoryRoom refuses a category beyond the number a user can have. field
// names the input in errors.
func CheckCategoryRoom(field, name string, existing int) error {
	return checkRoom(field, "category", name, existing, MaxCategories, "categories")
}

// CheckTagRoom does the same for a tag.
func CheckTagRoom(field, name string, existing int) error {
	return checkRoom(field, "tag", name, existing, MaxTagsPerUser, "tags")
}

func checkRoom(field, kind, name string, existing, most int, plural string) error {
	if existing < most {
		return nil
	}
	return &fault.Error{
		Code: fault.LimitExceeded, Field: field, Message: fmt.Sprintf("%s %q would be one more than the %d %s allowed", kind, fault.Clip(name), most, plural),
		Hint: "use an existing one, rename one, or delete one",
	}
}

// CheckLookalike refuses the name of a new category or tag, its kind, if it looks
// like an existing one in another alphabet. field names the input in errors.
func CheckLookalike(field, kind, name string, names []string) error {
	for _, other := range names {
		if input.LooksLike(name, other) {
			e := &fault.Error{
				Code: fault.Conflict, Field: field, Message: fmt.Sprintf("%s %q would look like another %s of yours, which is written in another alphabet", kind, fault.Clip(name), kind),
				Hint: "choose another name",
			}
			return e.Quoting(fmt.Sprintf(", %q", other), "use that one, or choose another name")
		}
	}
	return nil
}

// checkTaskTags refuses more tags than a task can have.
func checkTaskTags(field string, given int) error {
	if given <= MaxTagsPerTask {
		return nil
	}
	return &fault.Error{Code: fault.LimitExceeded, Field: field, Message: fmt.Sprintf("%d tags are too many; a task can have at most %d", given, MaxTagsPerTask), Hint: "remove_tag_from_task takes one off"}
}

func checkTagNames(names []string) ([]string, error) {
	if err := checkTaskTags("tags", len(names)); err != nil {
		return nil, err
	}
	checked := make([]string, len(names))
	for i, name := range names {
		var err error
		if checked[i], err = input.CheckName("tags", name, MaxTagName, "home"); err != nil {
			return nil, err
		}
	}
	return checked, nil
}

// checkColor allows #RRGGBB, and "" for none.
func checkColor(color string) error {
	if color != "" && !colorForm.MatchString(color) {
		return fault.Invalid("color", "%q is not a color; allowed is #RRGGBB in hexadecimal, for example \"#1E90FF\"", fault.Clip(color))
	}
	return nil
}

// nameTaken is the error for a name that another category or tag has.
func nameTaken(kind, name string, id int64) *fault.Error {
	message := fmt.Sprintf("there is already a %s %q", kind, name)
	if id != 0 {
		message += " (id " + strconv.FormatInt(id, 10) + ")"
	}
	return &fault.Error{
		Code: fault.Conflict, Field: "name", Message: message + "; names are unique, in whatever case and form",
		Hint: "use that one, or choose another name",
	}
}

// oneOf refuses both and neither of a name and an id.
func oneOf(field, name string, id int64) error {
	switch given := strings.TrimSpace(name); {
	case given != "" && id != 0:
		return fault.Invalid(field, "and %s_id were both given; give one of them", field)
	case given == "" && id == 0:
		return fault.Invalid(field, "or %s_id is required; give one of them, for example {%q: \"home\"}", field, field)
	}
	return nil
}

// relabel gives a category or tag a new name and color, unless another of all has
// the name. kind, max and example are for the errors.
func relabel[T Category | Tag](kind string, max int, example string, all []T, before T, name, color input.Optional[string]) (UpdateResult[T], error) {
	old, label := Tag(before), Tag(before)
	var err error
	if name.Set {
		if label.Name, err = input.CheckName("name", name.Value, max, example); err != nil {
			return UpdateResult[T]{}, err
		}
		var names []string
		for _, one := range all {
			if other := Tag(one); other.ID != label.ID && input.NameKey(other.Name) == input.NameKey(label.Name) {
				taken := nameTaken(kind, other.Name, other.ID)
				if kind == "tag" {
					taken.Hint = "choose another name, or give merge_into instead: then the tasks get that tag"
				}
				return UpdateResult[T]{}, taken
			} else if other.ID != label.ID {
				names = append(names, other.Name)
			}
		}
		if err := CheckLookalike("name", kind, label.Name, names); err != nil && label.Name != old.Name {
			return UpdateResult[T]{}, err
		}
	}
	if color.Set {
		if label.Color = color.Value; color.Null {
			label.Color = ""
		}
		if err := checkColor(label.Color); err != nil {
			return UpdateResult[T]{}, err
		}
	}
	result := UpdateResult[T]{Label: T(label)}
	if label.Color != old.Color {
		result.Changed = append(result.Changed, "color")
	}
	if label.Name != old.Name {
		result.Changed = append(result.Changed, "name")
	}
	return result, nil
}
