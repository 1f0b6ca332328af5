// Package pages runs what the documents show: the blocks of each page in order, in
// a fresh shell, as pasted, and compares what they print with what the page shows.
//
// A page is ordinary Markdown. Every block is fenced and names its language:
//
//   - sh is pasted into one shell that lasts for the page. No command in it may
//     fail, and it may not be answered with an error that the page does not show.
//   - console has lines that begin with "$ ", each with all that it prints.
//   - sql is given to psql, with the page's DATABASE_URL; python is run.
//   - text or json behind one of these, with a paragraph between at most, is what it
//     prints: some lines of it, where … stands for whatever varies, and a line … for
//     any number of lines.
//   - Any other language is shown only.
//
// A comment before a block says what else there is to know:
//
//   - <!-- not run: REASON --> leaves it out; Reasons lists why.
//   - <!-- elsewhere, until: TEXT --> runs it in a terminal of its own, and goes on as
//     soon as it has printed TEXT. A block that ends in make run needs no comment.
//   - <!-- after ^C --> first ends what runs in other terminals.
//   - <!-- fails --> expects the block to fail.
//   - <!-- example --> is for text and json that nothing here prints.
//
// A page that reads .tickler/env has a system that runs, as after make run.
package pages
