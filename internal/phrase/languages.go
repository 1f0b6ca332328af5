package phrase

import (
	"strings"
	"sync"
)

// languages lists the words of each language by their folded form. Words of several
// parts are found before their parts.
var languages = map[string]func() map[string]meaning{
	"en": sync.OnceValue(english.index), "de": sync.OnceValue(german.index), "fr": sync.OnceValue(french.index),
	"es": sync.OnceValue(spanish.index), "nl": sync.OnceValue(dutch.index), "pt": sync.OnceValue(portuguese.index),
}

// vocabulary lists the words for each meaning, separated by bars.
type vocabulary map[meaning]string

func (v vocabulary) index() map[string]meaning {
	words := map[string]meaning{}
	for m, list := range v {
		for _, word := range splitWords(list) {
			words[word] = m
		}
	}
	return words
}

func splitWords(list string) []string { return strings.Split(fold(list), "|") }

// Times of day that words stand for, in seconds: those of Todoist.
const (
	morning   = 9 * 3600
	noon      = 12 * 3600
	afternoon = 12 * 3600
	evening   = 19 * 3600
	night     = 22 * 3600
)

var english = vocabulary{
	{every, 0}: "every|each|ev|once a|once an|once every|once per|once each|every single", {other, 0}: "other|second|alternate", {through, 0}: "to|through|thru|-|–",
	{cadence, hours}: "hourly", {cadence, days}: "daily|everyday|once daily", {cadence, weeks}: "weekly", {cadence, fortnights}: "biweekly|bi-weekly|fortnightly",
	{cadence, months}: "monthly", {cadence, quarters}: "quarterly", {cadence, years}: "yearly|annually", {cadence, workdays}: "weekdays|workdays", {cadence, weekends}: "weekends",
	{cadence, halves}: "semiannually|semi-annually|half-yearly|twice a year|twice yearly", {unit, halves}: "half year|half-year|half a year",
	{unit, minutes}: "minute|minutes|min|mins|minutes' time|minutes time", {unit, hours}: "hour|hours|hr|hrs|hour's time|hours' time|hours time", {unit, days}: "day|days|days' time|days time", {unit, weeks}: "week|weeks|wk|wks|week's time|weeks' time|weeks time",
	{unit, fortnights}: "fortnight|fortnights", {unit, months}: "month|months|mo|month's time|months' time|months time", {unit, quarters}: "quarter|quarters", {unit, years}: "year|years|yr|yrs",
	{unit, workdays}: "weekday|workday|working day|work day|business day|working days|work days|business days", {unit, weekends}: "weekend",
	{offset, 0}: "today|tod", {offset, 1}: "tomorrow|tomorow|tommorow|tommorrow|tomorrrow|tom|tmr|tmrw", {offset, 2}: "day after tomorrow|the day after tomorrow|overmorrow", {offset, -1}: "yesterday",
	{weekday, 0}: "sunday|sun", {weekday, 1}: "monday|mon", {weekday, 2}: "tuesday|tuseday|teusday|tue|tues", {weekday, 3}: "wednesday|wendesday|wensday|wednsday|wed|weds",
	{weekday, 4}: "thursday|thrusday|thurday|thu|thur|thurs", {weekday, 5}: "friday|firday|fryday|fri", {weekday, 6}: "saturday|saterday|sat",
	{eachDay, 0}: "sundays", {eachDay, 1}: "mondays", {eachDay, 2}: "tuesdays", {eachDay, 3}: "wednesdays", {eachDay, 4}: "thursdays", {eachDay, 5}: "fridays", {eachDay, 6}: "saturdays",
	{month, 1}: "january|jan", {month, 2}: "february|febuary|feburary|feb", {month, 3}: "march|mar", {month, 4}: "april|apr", {month, 5}: "may", {month, 6}: "june|jun",
	{month, 7}: "july|jul", {month, 8}: "august|aug", {month, 9}: "september|sep|sept", {month, 10}: "october|oct", {month, 11}: "november|nov", {month, 12}: "december|dec",
	{part, morning}: "morning|mornings", {part, noon}: "noon|midday|afternoon|afternoons", {part, evening}: "evening|evenings|tonight", {part, night}: "night|nights", {part, 0}: "midnight",
	{next, 0}: "next|coming", {this, 0}: "this", {last, 0}: "last",
	{ordinal, 1}: "first", {ordinal, 3}: "third", {ordinal, 4}: "fourth", {ordinal, 5}: "fifth",
	{number, 1}: "a|an|one", {number, 2}: "two", {number, 3}: "three", {number, 4}: "four", {number, 5}: "five", {number, 6}: "six", {number, 7}: "seven", {number, 8}: "eight", {number, 9}: "nine", {number, 10}: "ten", {number, 12}: "twelve", {number, 14}: "fourteen", {number, 15}: "fifteen", {number, 20}: "twenty", {number, 30}: "thirty", {number, 45}: "forty-five|forty five",
	{in, 0}: "in", {at, 0}: "at|@", {on, 0}: "on|the|on the|in the|by", {of, 0}: "of|of the|of each|of every", {and, 0}: "and|&",
	{starting, 0}: "starting|starting on|starting from|starts|start|from|beginning", {until, 0}: "until|till|ending|ending on|ends", {during, 0}: "for",
	{meridiem, 0}: "am|a.m.|a.m", {meridiem, 12}: "pm|p.m.|p.m", {oclock, 0}: "o'clock|oclock",
	{endOf, 0}: "end of|end of the|the end of|the end of the", {close, 0}: "eod|end of day|end of the day|the end of the day|cob|close of business|end of business", {except, 0}: "except|except on|but|but not|excluding",
	{ending, weeks}: "eow|week's end", {ending, months}: "eom|month end|month-end", {ending, quarters}: "eoq|quarter end", {ending, years}: "eoy|year end|year-end", {unit, halfHours}: "half an hour|half hour", {beyond, 30}: "and a half", {toward, 30}: "half past", {toward, 15}: "quarter past|a quarter past", {toward, -15}: "quarter to|a quarter to", {number, 11}: "eleven", {elsewhere, 0}: "past",
}

var german = vocabulary{
	{every, 0}: "jeden|jede|jedes|jeder|jedem|alle|aller|einmal pro|einmal im|einmal in der|einmal am", {through, 0}: "-|–", {other, 0}: "zweiten|zweite|zweites|zweiter|anderen",
	{cadence, hours}: "stündlich", {cadence, days}: "täglich", {cadence, weeks}: "wöchentlich", {cadence, fortnights}: "zweiwöchentlich|vierzehntäglich|14-tägig",
	{cadence, months}: "monatlich", {cadence, quarters}: "vierteljährlich|quartalsweise", {cadence, years}: "jährlich", {cadence, workdays}: "werktags|wochentags|werktäglich", {cadence, halves}: "halbjährlich", {unit, halves}: "halbes jahr|halbe jahr",
	{unit, minutes}: "minute|minuten|min", {unit, hours}: "stunde|stunden|std", {unit, days}: "tag|tage|tagen|tages", {unit, weeks}: "woche|wochen",
	{unit, months}: "monat|monate|monaten|monats", {unit, quarters}: "quartal|quartale|quartalen|vierteljahr", {unit, years}: "jahr|jahre|jahren|jahres",
	{unit, workdays}: "werktag|werktage|wochentag|arbeitstag|arbeitstage", {unit, weekends}: "wochenende|wochenenden",
	{offset, 0}: "heute|heut", {dawn, 0}: "morgen", {offset, 2}: "übermorgen|uebermorgen", {offset, -1}: "gestern",
	{weekday, 0}: "sonntag|so", {weekday, 1}: "montag|mo", {weekday, 2}: "dienstag|di", {weekday, 3}: "mittwoch|mi", {weekday, 4}: "donnerstag|do", {weekday, 5}: "freitag|fr", {weekday, 6}: "samstag|sonnabend|sa",
	{eachDay, 0}: "sonntags", {eachDay, 1}: "montags", {eachDay, 2}: "dienstags", {eachDay, 3}: "mittwochs", {eachDay, 4}: "donnerstags", {eachDay, 5}: "freitags", {eachDay, 6}: "samstags|sonnabends",
	{month, 1}: "januar|jänner|jan", {month, 2}: "februar|feb", {month, 3}: "märz|maerz|mär|mrz", {month, 4}: "april|apr", {month, 5}: "mai", {month, 6}: "juni|jun",
	{month, 7}: "juli|jul", {month, 8}: "august|aug", {month, 9}: "september|sep|sept", {month, 10}: "oktober|okt", {month, 11}: "november|nov", {month, 12}: "dezember|dez",
	{part, morning}: "früh|vormittag|vormittags|morgens|am vormittag|am morgen|in der früh", {part, noon}: "mittag|mittags|nachmittag|nachmittags|am nachmittag|am mittag", {part, evening}: "abend|abends|am abend", {part, night}: "nacht|nachts|in der nacht", {part, 0}: "mitternacht|um mitternacht",
	{next, 0}: "nächste|nächsten|nächster|nächstes|nächstem|kommende|kommenden|kommender|kommendes", {this, 0}: "diese|diesen|dieser|dieses|diesem", {last, 0}: "letzte|letzten|letzter|letztes|letztem",
	{ordinal, 1}: "erste|ersten|erster|erstes", {ordinal, 3}: "dritte|dritten|dritter|drittes", {ordinal, 4}: "vierte|vierten|vierter|viertes", {ordinal, 5}: "fünfte|fünften",
	{number, 1}: "ein|eine|einem|einer|einen", {number, 2}: "zwei", {number, 3}: "drei", {number, 4}: "vier", {number, 5}: "fünf", {number, 6}: "sechs", {number, 7}: "sieben", {number, 8}: "acht", {number, 9}: "neun", {number, 10}: "zehn", {number, 12}: "zwölf", {number, 14}: "vierzehn", {number, 15}: "fünfzehn", {number, 20}: "zwanzig", {number, 30}: "dreißig|dreissig",
	{in, 0}: "in", {at, 0}: "um|gegen", {on, 0}: "am|den|der|dem|an|auf|jeweils am|spätestens|spätestens am|bis spätestens", {of, 0}: "des|im|von|eines", {and, 0}: "und|&",
	{starting, 0}: "ab|ab dem|beginnend|beginnend am|startend", {until, 0}: "bis|bis zum", {during, 0}: "für",
	{oclock, 0}: "uhr", {endOf, 0}: "ende|ende des|ende der", {close, 0}: "feierabend|ende des tages|tagesende", {except, 0}: "außer|ausser|außer am|ausser am",
	{ending, months}: "monatsende", {ending, quarters}: "quartalsende", {ending, years}: "jahresende", {unit, halfHours}: "halbe stunde|halben stunde", {oneAndHalf, 0}: "anderthalb|eineinhalb", {toward, -30}: "halb", {toward, 15}: "viertel nach", {toward, -15}: "viertel vor|dreiviertel", {number, 11}: "elf",
	{elsewhere, 0}: "übernächste|übernächsten|übernächster|übernächstes|vergangenen|vergangene|vorigen|vorige",
}

var french = vocabulary{
	{every, 0}: "tous les|toutes les|chaque|tout les|ts les|une fois par", {other, 0}: "deuxième|autre",
	{cadence, hours}: "toutes les heures", {cadence, days}: "quotidien|quotidiennement|tous les jours", {cadence, weeks}: "hebdomadaire|toutes les semaines", {cadence, fortnights}: "bimensuel",
	{cadence, months}: "mensuel|mensuellement|tous les mois", {cadence, quarters}: "trimestriel", {cadence, years}: "annuel|annuellement|tous les ans", {cadence, workdays}: "en semaine|du lundi au vendredi", {cadence, halves}: "semestriel|semestriellement", {unit, halves}: "semestre|semestres",
	{unit, minutes}: "minute|minutes|min", {unit, hours}: "heure|heures", {unit, days}: "jour|jours", {unit, weeks}: "semaine|semaines", {unit, fortnights}: "quinzaine",
	{unit, months}: "mois", {unit, quarters}: "trimestre|trimestres", {unit, years}: "an|ans|année|années",
	{unit, workdays}: "jour ouvré|jours ouvrés|jour ouvrable|jours ouvrables|jour de semaine|jours de semaine", {unit, weekends}: "week-end|weekend|week-ends|weekends|fin de semaine",
	{offset, 0}: "aujourd'hui|aujourd’hui|auj", {offset, 1}: "demain|dem", {offset, 2}: "après-demain|après demain", {offset, -1}: "hier",
	{weekday, 0}: "dimanche|dimanches|dim", {weekday, 1}: "lundi|lundis|lun", {weekday, 2}: "mardi|mardis", {weekday, 3}: "mercredi|mercredis|mer", {weekday, 4}: "jeudi|jeudis|jeu", {weekday, 5}: "vendredi|vendredis|ven", {weekday, 6}: "samedi|samedis|sam",
	{month, 1}: "janvier|janv|jan", {month, 2}: "février|fév|févr", {month, 3}: "mars", {month, 4}: "avril|avr", {month, 5}: "mai", {month, 6}: "juin",
	{month, 7}: "juillet|juil", {month, 8}: "août", {month, 9}: "septembre|sept|sep", {month, 10}: "octobre|oct", {month, 11}: "novembre|nov", {month, 12}: "décembre|déc",
	{part, morning}: "matin|matins|du matin|le matin|au matin", {part, noon}: "midi|après-midi|de l'après-midi|l'après-midi|à midi", {part, evening}: "soir|soirs|du soir|le soir|ce soir", {part, night}: "nuit|nuits|la nuit", {part, 0}: "minuit|à minuit",
	{next, 0}: "prochain|prochaine|prochains|prochaines", {this, 0}: "ce|cette|cet", {last, 0}: "dernier|dernière|derniers|dernières",
	{ordinal, 1}: "premier|première|premiers|premières|1er|1re", {ordinal, 3}: "troisième|troisièmes", {ordinal, 4}: "quatrième", {ordinal, 5}: "cinquième",
	{number, 1}: "un|une", {number, 2}: "deux", {number, 3}: "trois", {number, 4}: "quatre", {number, 5}: "cinq", {number, 6}: "six", {number, 8}: "huit", {number, 9}: "neuf", {number, 10}: "dix", {number, 12}: "douze", {number, 14}: "quatorze", {number, 20}: "vingt", {number, 30}: "trente",
	{in, 0}: "dans|d'ici", {at, 0}: "à|a|vers", {on, 0}: "le|la|les|au|pour le", {of, 0}: "de|du|de chaque|de la", {and, 0}: "et|&",
	{starting, 0}: "à partir du|à partir de|à compter du|dès le|dès|commençant", {until, 0}: "jusqu'au|jusqu'à|jusqu’au", {during, 0}: "pendant",
	{oclock, 0}: "h|heures pile", {endOf, 0}: "fin|fin du|la fin du|à la fin du|fin de|fin de la|à la fin de la", {close, 0}: "fin de journée|la fin de la journée|fin de la journée", {except, 0}: "sauf|sauf le|excepté|hormis",
	{unit, halfHours}: "demi-heure|demi heure", {beyond, 30}: "et demie|et demi", {beyond, 15}: "et quart", {beyond, -15}: "moins le quart|moins quart", {number, 11}: "onze", {elsewhere, 0}: "passé|passée|en huit|en quinze|sur deux|sur trois",
}

var spanish = vocabulary{
	{every, 0}: "cada|todos los|todas las|todo|toda|una vez al|una vez a la|una vez por", {other, 0}: "segundo|otro|otra",
	{cadence, hours}: "cada hora", {cadence, days}: "diariamente|diario|a diario", {cadence, weeks}: "semanalmente|semanal", {cadence, fortnights}: "quincenal|quincenalmente",
	{cadence, months}: "mensualmente|mensual", {cadence, quarters}: "trimestralmente|trimestral", {cadence, years}: "anualmente|anual", {cadence, workdays}: "entre semana|de lunes a viernes|lunes a viernes", {cadence, halves}: "semestral|semestralmente", {unit, halves}: "semestre|semestres",
	{unit, minutes}: "minuto|minutos|min", {unit, hours}: "hora|horas", {unit, days}: "día|días", {unit, weeks}: "semana|semanas", {unit, fortnights}: "quincena|quincenas",
	{unit, months}: "mes|meses", {unit, quarters}: "trimestre|trimestres", {unit, years}: "año|años",
	{unit, workdays}: "día laborable|días laborables|día hábil|días hábiles|día laboral|días de semana", {unit, weekends}: "fin de semana|fines de semana|finde",
	{offset, 0}: "hoy", {dawn, 0}: "mañana|mañanas", {offset, 2}: "pasado mañana", {offset, -1}: "ayer",
	{weekday, 0}: "domingo|domingos|dom", {weekday, 1}: "lunes|lun", {weekday, 2}: "martes", {weekday, 3}: "miércoles|mié", {weekday, 4}: "jueves|jue", {weekday, 5}: "viernes|vie", {weekday, 6}: "sábado|sábados|sáb",
	{month, 1}: "enero|ene", {month, 2}: "febrero|feb", {month, 3}: "marzo", {month, 4}: "abril|abr", {month, 5}: "mayo|may", {month, 6}: "junio|jun",
	{month, 7}: "julio|jul", {month, 8}: "agosto|ago", {month, 9}: "septiembre|setiembre|sep|sept", {month, 10}: "octubre|oct", {month, 11}: "noviembre|nov", {month, 12}: "diciembre|dic",
	{part, morning}: "de la mañana|por la mañana|en la mañana", {part, noon}: "mediodía|al mediodía|tarde|tardes|de la tarde|por la tarde", {part, evening}: "noche|noches|de la noche|por la noche|esta noche", {part, 0}: "medianoche|a medianoche",
	{next, 0}: "próximo|próxima|próximos|próximas|que viene|siguiente", {this, 0}: "este|esta|estos", {last, 0}: "último|última|últimos|últimas",
	{ordinal, 1}: "primero|primer|primera|1ro", {ordinal, 3}: "tercero|tercer|tercera", {ordinal, 4}: "cuarto|cuarta", {ordinal, 5}: "quinto|quinta",
	{number, 1}: "un|una", {number, 2}: "dos", {number, 3}: "tres", {number, 4}: "cuatro", {number, 5}: "cinco", {number, 6}: "seis", {number, 7}: "siete", {number, 8}: "ocho", {number, 9}: "nueve", {number, 10}: "diez", {number, 12}: "doce", {number, 14}: "catorce", {number, 20}: "veinte", {number, 30}: "treinta",
	{in, 0}: "en|dentro de", {at, 0}: "a las|a la|a", {on, 0}: "el|los|la|las|en el|en la|el día|para el", {of, 0}: "de|del|de cada", {and, 0}: "y|e|&",
	{starting, 0}: "a partir del|a partir de|desde|desde el|empezando|empezando el|comenzando el", {until, 0}: "hasta|hasta el", {during, 0}: "durante|por",
	{oclock, 0}: "h|hs|en punto", {meridiem, 0}: "am|a.m.|a.m", {meridiem, 12}: "pm|p.m.|p.m", {endOf, 0}: "fin|fin de|final de|a final de|a fin de|fines de|finales de|a finales de", {close, 0}: "fin del día|final del día", {except, 0}: "excepto|excepto el|salvo|menos",
	{unit, halfHours}: "media hora", {beyond, 30}: "y media", {beyond, 15}: "y cuarto", {beyond, -15}: "menos cuarto", {number, 11}: "once", {elsewhere, 0}: "pasado|pasada",
}

var dutch = vocabulary{
	{every, 0}: "elke|elk|iedere|ieder|alle|eens per|één keer per", {through, 0}: "-|–|t/m", {other, 0}: "andere|tweede", {alternate, 0}: "om de",
	{cadence, hours}: "elk uur", {cadence, days}: "dagelijks", {cadence, weeks}: "wekelijks", {cadence, fortnights}: "tweewekelijks",
	{cadence, months}: "maandelijks", {cadence, quarters}: "driemaandelijks|per kwartaal", {cadence, years}: "jaarlijks", {cadence, workdays}: "doordeweeks", {cadence, halves}: "halfjaarlijks", {unit, halves}: "half jaar",
	{unit, minutes}: "minuut|minuten|min", {unit, hours}: "uur|uren", {unit, days}: "dag|dagen", {unit, weeks}: "week|weken",
	{unit, months}: "maand|maanden", {unit, quarters}: "kwartaal|kwartalen", {unit, years}: "jaar|jaren",
	{unit, workdays}: "werkdag|werkdagen|weekdag|doordeweekse dag", {unit, weekends}: "weekend|weekends|weekeinde",
	{offset, 0}: "vandaag|vand", {dawn, 0}: "morgen", {offset, 2}: "overmorgen", {offset, -1}: "gisteren",
	{weekday, 0}: "zondag|zo", {weekday, 1}: "maandag|ma", {weekday, 2}: "dinsdag|di", {weekday, 3}: "woensdag|wo", {weekday, 4}: "donderdag|do", {weekday, 5}: "vrijdag|vr", {weekday, 6}: "zaterdag|za",
	{month, 1}: "januari|jan", {month, 2}: "februari|feb", {month, 3}: "maart|mrt", {month, 4}: "april|apr", {month, 5}: "mei", {month, 6}: "juni|jun",
	{month, 7}: "juli|jul", {month, 8}: "augustus|aug", {month, 9}: "september|sep|sept", {month, 10}: "oktober|okt", {month, 11}: "november|nov", {month, 12}: "december|dec",
	{part, morning}: "ochtend|'s ochtends|'s morgens|ochtends", {part, noon}: "middag|'s middags|middags", {part, evening}: "avond|'s avonds|avonds|vanavond", {part, night}: "nacht|'s nachts|vannacht", {part, 0}: "middernacht|om middernacht",
	{next, 0}: "volgende|volgend|aanstaande|komende", {this, 0}: "deze|dit", {last, 0}: "laatste",
	{ordinal, 1}: "eerste", {ordinal, 3}: "derde", {ordinal, 4}: "vierde", {ordinal, 5}: "vijfde",
	{number, 1}: "een|één", {number, 2}: "twee", {number, 3}: "drie", {number, 4}: "vier", {number, 5}: "vijf", {number, 6}: "zes", {number, 7}: "zeven", {number, 8}: "acht", {number, 9}: "negen", {number, 10}: "tien", {number, 12}: "twaalf", {number, 14}: "veertien", {number, 15}: "vijftien", {number, 20}: "twintig", {number, 30}: "dertig",
	{in, 0}: "over|binnen", {at, 0}: "om", {on, 0}: "op|de|het|in de|uiterlijk|uiterlijk op", {of, 0}: "van|van de|van elke", {and, 0}: "en|&",
	{starting, 0}: "vanaf|beginnend|beginnend op|met ingang van", {until, 0}: "tot|tot en met", {during, 0}: "gedurende",
	{endOf, 0}: "eind|einde|eind van de|einde van de|einde van het", {close, 0}: "einde van de dag|eind van de dag", {except, 0}: "behalve|behalve op|uitgezonderd", {unit, halfHours}: "half uur|halfuur", {oneAndHalf, 0}: "anderhalf|anderhalve", {toward, -30}: "half", {toward, 15}: "kwart over", {toward, -15}: "kwart voor", {number, 11}: "elf", {elsewhere, 0}: "afgelopen|vorige",
}

var portuguese = vocabulary{
	{every, 0}: "cada|a cada|todo|toda|todos os|todas as|uma vez por", {other, 0}: "outro|outra",
	{cadence, hours}: "a cada hora", {cadence, days}: "diariamente|diário", {cadence, weeks}: "semanalmente|semanal", {cadence, fortnights}: "quinzenalmente|quinzenal",
	{cadence, months}: "mensalmente|mensal", {cadence, quarters}: "trimestralmente|trimestral", {cadence, years}: "anualmente|anual", {cadence, workdays}: "dias úteis|de segunda a sexta|segunda a sexta", {cadence, halves}: "semestral|semestralmente", {unit, halves}: "semestre|semestres",
	{unit, minutes}: "minuto|minutos|min", {unit, hours}: "hora|horas", {unit, days}: "dia|dias", {unit, weeks}: "semana|semanas", {unit, fortnights}: "quinzena",
	{unit, months}: "mês|meses", {unit, quarters}: "trimestre|trimestres", {unit, years}: "ano|anos",
	{unit, workdays}: "dia útil|dia de semana", {unit, weekends}: "fim de semana|final de semana|fins de semana",
	{offset, 0}: "hoje", {offset, 1}: "amanhã", {offset, 2}: "depois de amanhã", {offset, -1}: "ontem",
	{weekday, 0}: "domingo|domingos|dom", {weekday, 1}: "segunda|segunda-feira|segundas|segundas-feiras|seg", {weekday, 2}: "terça|terça-feira|terças|ter", {weekday, 3}: "quarta|quarta-feira|quartas|qua",
	{weekday, 4}: "quinta|quinta-feira|quintas|qui", {weekday, 5}: "sexta|sexta-feira|sextas|sex", {weekday, 6}: "sábado|sábados|sáb",
	{month, 1}: "janeiro|jan", {month, 2}: "fevereiro|fev", {month, 3}: "março", {month, 4}: "abril|abr", {month, 5}: "maio|mai", {month, 6}: "junho|jun",
	{month, 7}: "julho|jul", {month, 8}: "agosto|ago", {month, 9}: "setembro|set", {month, 10}: "outubro|out", {month, 11}: "novembro|nov", {month, 12}: "dezembro|dez",
	{part, morning}: "manhã|manhãs|da manhã|de manhã|pela manhã", {part, noon}: "meio-dia|ao meio-dia|tarde|tardes|da tarde|à tarde", {part, evening}: "noite|noites|da noite|à noite|hoje à noite", {part, 0}: "meia-noite|à meia-noite",
	{next, 0}: "próximo|próxima|próximos|próximas|que vem", {this, 0}: "este|esta|neste|nesta", {last, 0}: "último|última",
	{ordinal, 1}: "primeiro|primeira", {ordinal, 2}: "segundo", {ordinal, 3}: "terceiro|terceira", {ordinal, 4}: "quarto", {ordinal, 5}: "quinto",
	{number, 1}: "um|uma", {number, 2}: "dois|duas", {number, 3}: "três", {number, 4}: "quatro", {number, 5}: "cinco", {number, 6}: "seis", {number, 7}: "sete", {number, 8}: "oito", {number, 9}: "nove", {number, 12}: "doze", {number, 14}: "catorze|quatorze", {number, 20}: "vinte", {number, 30}: "trinta",
	{in, 0}: "em|daqui a|dentro de", {at, 0}: "às|as", {on, 0}: "na|no|o|a|aos|nas|no dia|o dia", {of, 0}: "de|do|da|de cada", {and, 0}: "e|&",
	{starting, 0}: "a partir de|a partir do dia|começando|começando em|desde", {until, 0}: "até|até o dia", {during, 0}: "por|durante",
	{oclock, 0}: "h|em ponto", {endOf, 0}: "fim do|final do|fim da|fim de", {close, 0}: "fim do dia|final do dia", {except, 0}: "exceto|menos|salvo", {unit, halfHours}: "meia hora", {beyond, 30}: "e meia", {number, 11}: "onze", {elsewhere, 0}: "passado|passada",
}
