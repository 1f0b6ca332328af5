package transfer

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"tickler/internal/fault"
)

// foreign are files that are recognised and cannot be read, by how they begin.
var foreign = []struct{ begins, why string }{
	{"\x1f\x8b", "it is compressed with gzip; send the file that is in it"},
	{"7z\xbc\xaf\x27\x1c", "it is a 7z archive; send the files that are in it, or a ZIP"},
	{"Rar!", "it is a RAR archive; send the files that are in it, or a ZIP"},
	{"%PDF", "it is a PDF"},
	{"SQLite format 3\x00", "it is a database of SQLite; export from the program that it belongs to"},
	{"\xd0\xcf\x11\xe0", "it is a file of Excel or Outlook; save it as CSV"},
	{"\x00\x00\xfe\xff", "it is text in UTF-32; save it as UTF-8"},
	{"\xff\xfe\x00\x00", "it is text in UTF-32; save it as UTF-8"},
	{"<", "it is HTML or XML"},
}

// refuseForeign says what a file is that cannot be read.
func refuseForeign(begin []byte) error {
	for _, one := range foreign {
		if bytes.HasPrefix(begin, []byte(one.begins)) {
			return fault.Invalid("body", "cannot be imported: %s", one.why)
		}
	}
	return nil
}

// decoded reads a text as UTF-8 without a byte order mark, whatever it is encoded in,
// with lines that end in LF. A file that is no UTF-8 is taken for Windows-1252, in which spreadsheets of Western
// Europe write; c notes what it was taken for.
func decoded(from *bufio.Reader, c *content) io.Reader {
	begin, err := from.Peek(4)
	if err != nil && len(begin) == 0 {
		return from // the reader of its format says so
	}
	var utf16 *unicode.Endianness
	little, big := unicode.LittleEndian, unicode.BigEndian
	switch {
	case bytes.HasPrefix(begin, []byte("\xff\xfe")), len(begin) == 4 && begin[1] == 0 && begin[3] == 0 && begin[0] != 0:
		utf16 = &little
	case bytes.HasPrefix(begin, []byte("\xfe\xff")), len(begin) == 4 && begin[0] == 0 && begin[2] == 0 && begin[1] != 0:
		utf16 = &big
	}
	if utf16 != nil {
		c.note("the file is in UTF-16, and was read as such")
		return transform.NewReader(from, transform.Chain(unicode.UTF16(*utf16, unicode.UseBOM).NewDecoder(), &newlines{}))
	}
	if bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")) {
		_, _ = from.Discard(3)
	}
	return transform.NewReader(from, transform.Chain(&unsure{content: c}, &newlines{}))
}

// newlines ends lines in LF. Some programs end them in CR LF, old ones of Apple in CR,
// and a file that went through several may have CR CR LF.
type newlines struct{ returns int } // CRs that were read, and what follows not yet

func (n *newlines) Reset() { n.returns = 0 }

func (n *newlines) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for {
		ends := nSrc == len(src)
		switch {
		case !ends && src[nSrc] == '\r':
			n.returns, nSrc = n.returns+1, nSrc+1
			continue
		case !ends && src[nSrc] == '\n':
			n.returns = 0
		case ends && !atEOF:
			return nDst, nSrc, nil
		}
		for ; n.returns > 0; n.returns-- {
			if nDst == len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			dst[nDst], nDst = '\n', nDst+1
		}
		if ends {
			return nDst, nSrc, nil
		}
		if nDst == len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		dst[nDst], nDst, nSrc = src[nSrc], nDst+1, nSrc+1
	}
}

// unsure passes UTF-8 on. From the first byte on that is none, it reads Windows-1252,
// unless letters in UTF-8 came before: then those bytes are damaged.
type unsure struct {
	transform.NopResetter
	content *content
	letters bool // of UTF-8, beyond ASCII
	other   bool // it is Windows-1252
}

func (u *unsure) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst+utf8.UTFMax > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		switch {
		case c < utf8.RuneSelf:
			dst[nDst] = c
			nDst, nSrc = nDst+1, nSrc+1
			continue
		case !u.other && !atEOF && !utf8.FullRune(src[nSrc:]):
			return nDst, nSrc, transform.ErrShortSrc
		}
		r, size := utf8.DecodeRune(src[nSrc:])
		switch {
		case u.other || r == utf8.RuneError && size == 1 && !u.letters:
			u.other = true
			u.content.note("the file is not in UTF-8, and was read as Windows-1252; where letters are wrong, save it as UTF-8")
			r, size = charmap.Windows1252.DecodeByte(c), 1
		case r == utf8.RuneError && size == 1:
			u.content.note("the file holds bytes that are no UTF-8; each became \uFFFD")
		default:
			u.letters = true
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += size
	}
	return nDst, nSrc, nil
}
