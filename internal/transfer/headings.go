package transfer

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// column is what a column of a spreadsheet holds.
type column string

const (
	titleColumn        column = "title"
	descriptionColumn  column = "description"
	dueColumn          column = "due date"
	dueTimeColumn      column = "time"
	startColumn        column = "start"
	doneColumn         column = "done" // yes and no, a percentage, or when
	statusColumn       column = "status"
	priorityColumn     column = "priority"
	starColumn         column = "star"
	categoryColumn     column = "category"
	tagsColumn         column = "tags"
	idColumn           column = "id"
	parentColumn       column = "parent"
	blockersColumn     column = "blockers"
	recurrenceColumn   column = "recurrence"
	estimateColumn     column = "estimate"
	reminderColumn     column = "reminder"
	reminderTimeColumn column = "reminder time"
	remindsColumn      column = "reminds" // whether it does
	createdColumn      column = "created"
	commentColumn      column = "comment"
	cancelledColumn    column = "cancelled"
	uselessColumn      column = "useless" // says again what another column says, or how the program works
	eventColumn        column = "event"   // only calendars and lists of people have these
)

// headings lists the names of columns by what they hold, as programs export them and as
// people write them. The names of one column come in the order in which they are looked
// at: where a row has several of them, the first with a value is taken, and the others
// are kept. They are compared by heading.
var headings = []struct {
	column   column
	language string // "": English, or of no language
	names    string
}{
	{titleColumn, "", "task name|card name|task title|title|task|name|subject|summary|todo|to do|action item|action|item|item name|activity|what"},
	{titleColumn, "de", "aufgabe|aufgabenname|titel|betreff|bezeichnung|vorgang|tatigkeit|was"},
	{titleColumn, "fr", "tache|nom de la tache|titre|objet|intitule|nom|quoi"},
	{titleColumn, "es", "tarea|nombre de la tarea|titulo|asunto|nombre|que"},
	{titleColumn, "nl", "taak|taaknaam|onderwerp|naam"},
	{titleColumn, "pt", "tarefa|nome da tarefa|assunto|nome"},
	{descriptionColumn, "", "description|notes|note|task content|card description|content|body|details|task description|text|remarks"},
	{descriptionColumn, "de", "beschreibung|notizen|notiz|bemerkung|bemerkungen|anmerkung|anmerkungen|inhalt|details"},
	{descriptionColumn, "fr", "remarque|remarques|contenu"},
	{descriptionColumn, "es", "descripcion|notas|nota|observaciones|contenido|detalles"},
	{descriptionColumn, "nl", "beschrijving|notities|notitie|opmerking|opmerkingen"},
	{descriptionColumn, "pt", "descricao|observacoes|anotacoes"},
	{dueColumn, "", "due date|due|due on|due at|due by|deadline|date due|do date|planned date|when|timeline|target date|end date|date"},
	{dueColumn, "de", "fallig am|fallig|falligkeit|falligkeitsdatum|frist|termin|zu erledigen bis|erledigen bis|bis|bis wann|stichtag|abgabe|abgabetermin|enddatum|wann|datum"},
	{dueColumn, "fr", "echeance|date d echeance|date limite|a faire pour|a faire le|pour le|date de fin|quand"},
	{dueColumn, "es", "fecha de vencimiento|vencimiento|vence|fecha limite|fecha de entrega|plazo|fecha de fin|para cuando|cuando|fecha"},
	{dueColumn, "nl", "vervaldatum|einddatum|uiterlijk|wanneer"},
	{dueColumn, "pt", "data de vencimento|prazo|data limite|data"},
	{dueTimeColumn, "", "due time|time"},
	{dueTimeColumn, "de", "uhrzeit|zeit"},
	{dueTimeColumn, "fr", "heure"},
	{dueTimeColumn, "es", "hora"},
	{dueTimeColumn, "nl", "tijd"},
	{startColumn, "", "start date|start|defer date|begin date|begins|starts"},
	{startColumn, "de", "startdatum|beginnt am|beginn|anfang|begonnen am"},
	{startColumn, "fr", "date de debut|debut"},
	{startColumn, "es", "fecha de inicio|inicio"},
	{startColumn, "nl", "begindatum"},
	{startColumn, "pt", "data de inicio"},
	{doneColumn, "", "completed at|completion date|date completed|completed on|date done|date closed|completed|done|due complete|complete|% complete|percent complete|progress|finished|checked|checkbox|resolved|closed"},
	{doneColumn, "de", "erledigt am|abgeschlossen am|erledigt|abgeschlossen|fertig|% erledigt|% abgeschlossen|fortschritt"},
	{doneColumn, "fr", "termine le|acheve le|date d achevement|termine|terminee|fait|faite|% acheve"},
	{doneColumn, "es", "completada el|completado el|fecha de finalizacion|completada|completado|hecho|hecha|terminado|terminada|% completado"},
	{doneColumn, "nl", "voltooid op|voltooid|gereed|klaar|afgerond"},
	{doneColumn, "pt", "concluida em|concluido em|concluida|concluido|feito"},
	{cancelledColumn, "", "canceled|cancelled|archived"},
	{statusColumn, "", "status|state|stage"},
	{statusColumn, "de", "zustand|stand|bearbeitungsstand"},
	{statusColumn, "fr", "statut|etat|avancement"},
	{statusColumn, "es", "estado"},
	{priorityColumn, "", "priority|importance|urgency|prio"},
	{priorityColumn, "de", "prioritat|wichtigkeit|dringlichkeit"},
	{priorityColumn, "fr", "priorite|urgence"},
	{priorityColumn, "es", "prioridad|importancia"},
	{priorityColumn, "nl", "prioriteit"},
	{priorityColumn, "pt", "prioridade"},
	{starColumn, "", "flagged|starred|flag|star|important|urgent"},
	{starColumn, "de", "wichtig|markiert|dringend"},
	{categoryColumn, "", "project|projects|project name|board|board name|category|list name|list|section/column|section|group|area|bucket|folder|folder name|folder name/path|space|space name"},
	{categoryColumn, "de", "projekt|projekte|kategorie|liste|bereich|gruppe|rubrik|ordner"},
	{categoryColumn, "fr", "projet|projets|categorie|liste|domaine|groupe|rubrique"},
	{categoryColumn, "es", "proyecto|proyectos|categoria|lista|area|grupo"},
	{categoryColumn, "nl", "lijst|categorie"},
	{categoryColumn, "pt", "projeto"},
	{tagsColumn, "", "tags|labels|tag|label|categories|context|contexts|keywords|components|component/s"},
	{tagsColumn, "de", "kategorien|schlagworter|schlagwort|stichworter|stichwort|etikett|etiketten|kontext"},
	{tagsColumn, "fr", "etiquettes|etiquette|categories|mots cles|contexte"},
	{tagsColumn, "es", "etiquetas|etiqueta|categorias|contexto"},
	{idColumn, "", "task id|card id|issue key|issue id|id|key|uuid|uid|nr|no|number|#"},
	{parentColumn, "", "parent task|parent id|parent|parent issue|parent key|parent item|subtask of|part of"},
	{parentColumn, "de", "ubergeordnete aufgabe|teil von|hauptaufgabe"},
	{parentColumn, "fr", "tache parente|tache principale|parent"},
	{parentColumn, "es", "tarea principal|tarea padre"},
	{blockersColumn, "", "blocked by|blocked by (dependencies)|depends on|dependencies"},
	{recurrenceColumn, "", "recurrence|repeat|repeats|recurring|repetition|rrule"},
	{recurrenceColumn, "de", "wiederholung|wiederholt sich|wiederkehrend|turnus"},
	{recurrenceColumn, "fr", "recurrence|repetition|frequence"},
	{recurrenceColumn, "es", "repeticion|recurrencia|frecuencia"},
	{estimateColumn, "", "duration|estimate|time estimated text|time estimate|estimated time|total work"},
	{estimateColumn, "de", "dauer|aufwand|gesamtaufwand|geschatzte dauer"},
	{estimateColumn, "fr", "duree|duree estimee"},
	{estimateColumn, "es", "duracion|duracion estimada"},
	{reminderColumn, "", "reminder date|reminder|remind at|remind me|alarm"},
	{reminderColumn, "de", "erinnerung am|erinnerung|erinnern am"},
	{reminderColumn, "fr", "rappel|date du rappel|rappel le"},
	{reminderColumn, "es", "recordatorio|fecha del aviso|aviso"},
	{reminderTimeColumn, "", "reminder time"},
	{reminderTimeColumn, "de", "erinnerung um"},
	{remindsColumn, "", "reminder on/off"},
	{remindsColumn, "de", "erinnerung ein/aus"},
	{createdColumn, "", "created at|created time|created|date created|creation date|created on|date added|added"},
	{createdColumn, "de", "erstellt am|erstellt|angelegt am"},
	{createdColumn, "fr", "cree le|date de creation"},
	{createdColumn, "es", "creado|creado el|fecha de creacion|creada"},
	{commentColumn, "", "comment|comments"},
	{commentColumn, "de", "kommentar|kommentare"},
	{commentColumn, "fr", "commentaire|commentaires"},
	{commentColumn, "es", "comentario|comentarios"},
	{uselessColumn, "", "last modified|updated|last viewed|last activity date|due date text|start date text|date created text|date updated|date updated text|date closed text|date done text|time estimated|time spent text|rolled up time|rolled up time text|list id|board id|project id|project key|project type|project milestone id|space id|folder id|subtask ids|sub-tasks|subtasks|sub-items|checklist item total count|checklist item completed count|attachment count|vote count|votes|comment count|watchers|watchers id|assignee id|reporter id|creator id|parent summary|work ratio|sensitivity|private|schedule+ priority|role|mileage|vertraulichkeit|privat|reisekilometer|schedule+-prioritat|resolution"},
	{eventColumn, "", "all day event|show time as|meeting organizer|first name|last name|given name|family name|phone|email|e-mail|e-mail address|ganztagiges ereignis|vorname|nachname|telefon|e-mail-adresse|prenom|telephone|apellido|telefono|amount|betrag|montant|importe|price|preis"},
}

// known finds a heading in the table.
type known struct {
	column   column
	language string
	rank     int // among the names of its column
}

var knownHeadings = sync.OnceValue(func() map[string]known {
	all := map[string]known{}
	for n, one := range headings {
		for rank, name := range strings.Split(one.names, "|") {
			if name = heading(name); all[name].column == "" {
				all[name] = known{one.column, one.language, n*1000 + rank}
			}
		}
	}
	return all
})

// heading is a name of a column as it is compared: without case, accents, and marks that
// say nothing.
func heading(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.So, r):
			return -1
		case strings.ContainsRune("_-/'’\n", r):
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
	return strings.Trim(strings.Join(strings.Fields(name), " "), " :.*?\"")
}

// taskColumns are those by one of which a table is one of tasks, where its column of
// titles could be that of other things too.
var taskColumns = []column{dueColumn, doneColumn, statusColumn, priorityColumn, starColumn, parentColumn, recurrenceColumn, startColumn, reminderColumn}

// headOf tells what the columns of a table hold, if this row names them: one of titles,
// and what tasks have. A name of several things alone, such as Name, is not enough.
func headOf(record []string) (found []known, ok bool) {
	found = make([]known, len(record))
	titled, certain := false, false
	others := 0
	for n, name := range record {
		one, there := knownHeadings()[heading(name)]
		if !there {
			continue
		}
		found[n] = one
		switch {
		case one.column == eventColumn:
			return nil, false
		case one.column == titleColumn:
			titled = true
			certain = certain || slices.Contains(certainTitles, heading(name))
		case slices.Contains(taskColumns, one.column):
			certain = true
			others++
		default:
			others++
		}
	}
	return found, titled && certain && (others > 0 || len(record) == 1)
}

// certainTitles name tasks and nothing else.
var certainTitles = []string{"task name", "card name", "task title", "task", "todo", "to do", "action item", "aufgabe", "aufgabenname", "tache", "nom de la tache", "tarea", "nombre de la tarea", "taak", "taaknaam", "tarefa", "nome da tarefa"}

// languageOf is the language of the headings, "" for English.
func languageOf(found []known) string {
	votes := map[string]int{}
	best := ""
	for _, one := range found {
		if one.language == "" {
			continue
		}
		if votes[one.language]++; votes[one.language] > votes[best] {
			best = one.language
		}
	}
	return best
}
