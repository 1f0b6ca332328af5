{{range .}}{{.Name}} {{.Version}} {{.LicenseName}}
{{end}}Unicode CLDR, windowsZones (data) Unicode-3.0
