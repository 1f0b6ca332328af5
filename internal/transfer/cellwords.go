package transfer

import (
	"regexp"
	"strings"

	"tickler/internal/task"
)

// cellWords gives words of cells their meaning, by their heading form.
func cellWords[T any](lists map[string]T) map[string]T {
	words := map[string]T{}
	for list, meaning := range lists {
		for word := range strings.SplitSeq(list, "|") {
			words[heading(word)] = meaning
		}
	}
	return words
}

// empties are what cells hold that are empty in other words.
var empties = cellWords(map[string]bool{"null|nan|n/a|none|no date|(none)|undefined|keine|aucun|aucune|ninguno|ninguna": true})

// emptyCell tells that a cell holds nothing, also where it says so.
func emptyCell(text string) bool {
	return strings.Trim(text, "-–—[]() \t") == "" && text != "[ ]" || empties[heading(text)]
}

// flags are the words of cells that hold yes or no.
var flags = cellWords(map[string]bool{
	"1|true|yes|y|x|✓|✔|[x]|on|ja|j|wahr|ein|oui|o|vrai|si|s|verdadero|sim|verdadeiro|waar|checked|done|completed|complete|100|100%|100 %|100.0|1.0|erledigt|fertig|abgeschlossen|fait|termine|hecho|completado": true,
	"0|false|no|n|[ ]|off|nein|falsch|aus|non|faux|falso|nao|nee|onwaar|unchecked|0%|0 %|0.0|open|offen|not done|incomplete|pending":                                                                             false,
})

// marks are those of check boxes, which heading leaves out.
var marks = strings.NewReplacer("✅", "x", "☑️", "x", "☑", "x", "✔️", "x", "✔", "x", "✓", "x", "❌", "no", "⬜", "no", "☐", "no")

// flag reads yes or no; known is false for anything else.
func flag(text string) (set, known bool) {
	set, known = flags[heading(marks.Replace(text))]
	return set, known
}

// Statuses of tasks in others' words.
type status int

const (
	unknownStatus status = iota
	openStatus
	doneStatus
	droppedStatus
)

var statuses = cellWords(map[string]status{
	"to do|todo|to-do|open|opened|new|not started|backlog|active|available|next|inbox|pending|needs action|incomplete|unstarted|triage|selected for development|remaining|offen|neu|zu erledigen|nicht begonnen|nicht gestartet|ausstehend|a faire|ouvert|ouverte|non commence|non commencee|pas commence|pendiente|por hacer|abierto|abierta|sin empezar|no iniciada|no iniciado|te doen|a fazer|aberto": openStatus,
	"done|complete|completed|closed|resolved|finished|erledigt|abgeschlossen|fertig|geschlossen|beendet|fait|faite|termine|terminee|acheve|achevee|ferme|fermee|hecho|hecha|completado|completada|terminado|terminada|cerrado|cerrada|finalizado|finalizada|voltooid|gereed|klaar|afgerond|concluido|concluida|feito":                                                                                     doneStatus,
	"canceled|cancelled|dropped|wont do|won t do|wont fix|won t fix|duplicate|rejected|abgebrochen|verworfen|storniert|annule|annulee|abandonne|cancelado|cancelada|descartado|geannuleerd":                                                                                                                                                                                                               droppedStatus,
})

var priorities = cellWords(map[string]task.Priority{
	"urgent|critical|highest|blocker|asap|very high|p0|p1|dringend|kritisch|hochste|sehr hoch|eilig|urgente|critique|tres haute|tres elevee|critico|critica|muy alta|muy alto|kritiek": task.Urgent,
	"high|important|major|p2|a|hoch|hohe|wichtig|haute|haut|elevee|eleve|forte|importante|alta|alto|hoog":                                                                              task.High,
	"medium|normal|moderate|mid|none|no priority|not set|unprioritized|p3|b|mittel|mittlere|normale|moyenne|moyen|media|medio|normaal|gemiddeld|sin prioridad|keine":                   task.Medium,
	"low|lowest|minor|trivial|very low|p4|p5|c|niedrig|gering|niedrigste|sehr niedrig|unwichtig|basse|bas|faible|baja|bajo|baixa|laag":                                                 task.Low,
})

// inFigures are priorities in figures. Whether 1 is the highest or the lowest a file does
// not tell; the highest is usual, and is noted.
var inFigures = map[string]task.Priority{"1": task.Urgent, "2": task.High, "3": task.Medium, "4": task.Low}

var wordsOfCell = regexp.MustCompile(`[^\p{L}\p{N}]+`)

// priority reads a priority: the cell as a whole, or the one word of it that is one, as
// in 1 - High.
func priority(text string) (p task.Priority, known, figure bool) {
	name := heading(text)
	if p, known = priorities[name]; known {
		return p, true, false
	}
	if p, known = inFigures[name]; known {
		return p, true, true
	}
	for _, word := range wordsOfCell.Split(name, -1) {
		one, there := priorities[word]
		switch {
		case !there || len(word) < 2:
		case known && one != p:
			return "", false, false
		default:
			p, known = one, true
		}
	}
	return p, known, false
}
