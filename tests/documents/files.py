"""Documents made for the tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
import pypdf

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def epub(
    chapters: Sequence[str], *, title: str = "The Ferry", opf: str = "", items: str = "", **more: str
) -> bytes:
    """``items`` are further ones of the manifest, ``more`` further parts."""
    items += "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in reversed(range(len(chapters))))
    opf = opf or (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": opf}
    parts |= {f"OEBPS/text/c {n}.xhtml": chapter for n, chapter in enumerate(chapters)}
    return zipped(parts | more)


def word(*paragraphs: tuple[str, str], table: Sequence[Sequence[str]] = ()) -> bytes:
    """Paragraphs as (style, text)."""
    document = docx.Document()
    for style, text in paragraphs:
        document.add_paragraph(text, style=style)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _written(objects: Sequence[bytes], trailer: bytes) -> bytes:
    """Objects as a PDF file; ``trailer`` names the catalogue and more."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d%s>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (len(objects) + 1, trailer, start)


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(data), more, data)


def pdf(
    pages: Sequence[Sequence[str]], *, title: str = "", bookmarks: Mapping[str, int] | None = None
) -> bytes:
    """Each page a list of lines, in Helvetica; bookmarks name pages counted from 0."""
    objects: list[bytes] = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for lines in pages:
        drawn = "".join(f"({line}) Tj T* " for line in lines)
        stream = f"BT /F1 12 Tf 14 TL 50 780 Td {drawn}ET".encode("latin-1")
        objects.append(_stream(stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
            b"/Contents %d 0 R>>" % len(objects)
        )
    outline = b""
    if bookmarks:
        root = len(objects) + 1
        numbers = range(root + 1, root + 1 + len(bookmarks))
        objects.append(
            b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>"
            % (numbers[0], numbers[-1], len(bookmarks))
        )
        for number, (name, page) in zip(numbers, bookmarks.items(), strict=True):
            following = b"/Next %d 0 R" % (number + 1) if number < numbers[-1] else b""
            objects.append(
                b"<</Title(%s)/Parent %d 0 R/Dest[%d 0 R/Fit]%s>>"
                % (name.encode("latin-1"), root, kids[page], following)
            )
        outline = b"/Outlines %d 0 R" % root
    objects[0] = b"<</Type/Catalog/Pages 2 0 R%s>>" % outline
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (listed, len(kids))
    objects.append(b"<</Title(%s)>>" % title.encode("latin-1"))
    return _written(objects, b"/Root 1 0 R/Info %d 0 R" % len(objects))


def chinese_pdf(lines: Sequence[str], *, coded: bool, table: bool = True) -> bytes:
    """A page as the two kinds of programs write Chinese: with the codes of a known character set, or with
    numbers of glyphs (``coded`` False) and a table of what they mean, or without one (``table`` False)."""
    numbers = [line.encode("utf-16-be") for line in lines]
    if not coded:
        numbers = [b"".join((ord(one) - 0x3000).to_bytes(2, "big") for one in line) for line in lines]
    drawn = "".join(f"<{line.hex()}> Tj T* " for line in numbers)
    letters = sorted(set("".join(lines)))
    meant = [b"<%04x> <%04x>" % (ord(one) - 0x3000, ord(one)) for one in letters]
    meanings = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def "
        b"1 begincodespacerange <0000> <ffff> endcodespacerange "
        b"%d beginbfchar %s endbfchar endcmap end end" % (len(meant), b" ".join(meant))
    )
    encoding = b"/UniGB-UCS2-H" if coded else b"/Identity-H" + b"/ToUnicode 7 0 R" * table
    order = b"GB1" if coded else b"Identity"
    return _written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[5 0 R]/Count 1>>",
            b"<</Type/Font/Subtype/Type0/BaseFont/STSong/Encoding%s/DescendantFonts[4 0 R]>>" % encoding,
            b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)/Supplement 2>>>>" % order,
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 6 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>",
            _stream(f"BT /F1 12 Tf 14 TL 50 780 Td {drawn}ET".encode()),
            _stream(meanings),
        ],
        b"/Root 1 0 R",
    )


def scanned_pdf() -> bytes:
    """A page that is a picture."""
    picture = b"/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8"
    return _written(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R"
            b"/Resources<</XObject<</I 4 0 R>>>>>>",
            _stream(b"\x00\xff\xff\x00", picture),
            _stream(b"595 0 0 842 0 0 cm /I Do"),
        ],
        b"/Root 1 0 R",
    )


def locked(data: bytes, password: str, algorithm: str) -> bytes:
    """The PDF, encrypted; without a password everybody may open it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
