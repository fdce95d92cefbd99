"""Each format's text and structure."""

from __future__ import annotations

import pytest
from documents.files import chinese_pdf, epub, pdf, word

from kaikou.documents.document import Document
from kaikou.documents.plain import decoded
from kaikou.documents.reading import format_of, read
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

LIMITS = DocumentLimits()
CHINESE = "旧时的渡口已经荒废，船夫搬到了镇上，但每年秋天他仍回来看一看河水。\n他说，水比人记得久。\n"
TRADITIONAL = "舊時的渡口已經荒廢，船夫搬到了鎮上，但每年秋天他仍回來看一看河水。\n他說，水比人記得久。\n"
JAPANESE = (
    "渡し場はもう使われていないが、船頭は毎年秋に川を見に戻ってくる。水は人より長く覚えている、と彼は言った。"
)


def outline(document: Document) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, document.of(block)) for block in document.blocks]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "gb18030"),
        (CHINESE * 300, "gb18030"),
        (CHINESE, "utf-16"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        ("The café was closed, “naturally” — again.\n" * 5, "cp1252"),
    ],
)
def test_encodings_are_found(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


def test_a_damaged_byte_does_not_turn_utf8_into_something_else() -> None:
    data = bytearray((CHINESE * 40).encode())
    data[3000] = 0xFF
    assert decoded(bytes(data)).count("船夫") >= 39


def test_offsets_point_at_each_block_and_none_is_empty() -> None:
    document = read(b"# One\n\ntwo\n\n- three\n", "a.md", LIMITS)
    assert outline(document) == [("heading", 1, "One"), ("paragraph", 0, "two"), ("item", 0, "three")]
    assert document.text == "One\n\ntwo\n\nthree" and document.title == "One"


def test_novel_chapters_are_headings_and_each_line_a_paragraph() -> None:
    text = "第一章 渡口\n　　他来了。\n　　又走了。\n第十二回 归来\n　　水还在。\n"
    document = read(text.encode("gb18030"), "渡口.txt", LIMITS)
    assert outline(document) == [
        ("heading", 1, "第一章 渡口"),
        ("paragraph", 0, "他来了。"),
        ("paragraph", 0, "又走了。"),
        ("heading", 1, "第十二回 归来"),
        ("paragraph", 0, "水还在。"),
    ]


def test_wrapped_lines_are_joined() -> None:
    text = (
        "CHAPTER I. The Ferry\n\nThe ferryman had long since moved to the town, but every\n"
        "autumn he came back to look at the water, which remem-\nbers longer than people do.\n\n"
        "Nobody asked him why he came, and he would hardly have\nknown what to answer them.\n"
    )
    document = read(text.encode(), "ferry.txt", LIMITS)
    assert [kind for kind, _, _ in outline(document)] == ["heading", "paragraph", "paragraph"]
    assert "every autumn he came" in document.text and "which remembers longer" in document.text


def test_markdown_keeps_words_and_leaves_out_marks() -> None:
    text = (
        "---\ntitle: 水壶说明\n---\n## Care\nUse *white* [vinegar](http://x.example) ![a picture](p.png).\n\n"
        "1. Fill\n2. Boil\n\n| part | price |\n|---|---|\n| lid | 3 |\n\n```\ncode here\n```\n"
    )
    document = read(text.encode(), "kettle.md", LIMITS)
    assert document.title == "水壶说明"
    assert outline(document) == [
        ("heading", 2, "Care"),
        ("paragraph", 0, "Use white vinegar a picture."),
        ("item", 0, "Fill"),
        ("item", 0, "Boil"),
        ("row", 0, "part | price"),
        ("row", 0, "lid | 3"),
        ("code", 0, "code here"),
    ]


def test_html_is_what_a_person_reads() -> None:
    page = (
        "<html><head><title>The  Ferry</title><style>p{}</style></head><body><nav>Home</nav>"
        "<h1>Times</h1><p>Every <b>two</b>\n hours<br>in summer.</p><!-- no --> loose <script>x()</script>"
        "text<ul><li>adult<li>child</ul><table><tr><td>one<td>two</table><pre>a\n  b</pre>"
        "<p hidden>not seen</p><footer>imprint</footer></body></html>"
    )
    document = read(page.encode(), "x.html", LIMITS)
    assert document.title == "The Ferry"
    assert outline(document) == [
        ("heading", 1, "Times"),
        ("paragraph", 0, "Every two hours\nin summer."),
        ("paragraph", 0, "loose text"),
        ("item", 0, "adult"),
        ("item", 0, "child"),
        ("row", 0, "one | two"),
        ("code", 0, "a\n  b"),
    ]


def test_html_in_the_encoding_it_names() -> None:
    page = f'<meta charset="gb2312"><p>{CHINESE}</p>'.encode("gb18030")
    assert "船夫搬到了镇上" in read(page, "x.htm", LIMITS).text


def test_epub_is_read_in_the_order_of_its_spine() -> None:
    document = read(
        epub(["<h1>Second</h1><p>two</p>", "<h1>First</h1><p>one &amp; only</p>"]), "b.epub", LIMITS
    )
    assert document.title == "The Ferry" and document.format == "epub"
    assert document.text.split("\n\n") == ["First", "one & only", "Second", "two"]
    assert [block.page for block in document.blocks] == [1, 1, 2, 2]


NAV = (
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
    '<nav epub:type="landmarks"><ol><li><a href="text/c%201.xhtml">Cover</a></li></ol></nav>'
    '<nav epub:type="toc"><ol><li><a href="text/c%202.xhtml">Part One</a><ol>'
    '<li><a href="text/c%201.xhtml">第一章 <i>渡口</i></a></li>'
    '<li><a href="text/c%200.xhtml#middle">Somewhere inside</a></li></ol></li></ol></nav></body></html>'
)
NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Part One</text>'
    '</navLabel><content src="text/c%202.xhtml"/><navPoint><navLabel><text>第一章 渡口</text></navLabel>'
    '<content src="text/c%201.xhtml"/></navPoint></navPoint></navMap></ncx>'
)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (NAV, 'properties="nav" media-type="application/xhtml+xml"'),
        (NCX, 'media-type="application/x-dtbncx+xml"'),
    ],
    ids=["nav", "ncx"],
)
def test_parts_of_an_epub_without_headings_have_those_of_its_nested_contents(table: str, told: str) -> None:
    chapters = ["<h2>Own</h2><p>c</p>", "<p>b</p>", "<p>a</p>"]
    made = epub(chapters, items=f'<item id="toc" href="toc.xml" {told}/>', **{"OEBPS/toc.xml": table})
    assert outline(read(made, "b.epub", LIMITS)) == [
        ("heading", 1, "Part One"),
        ("paragraph", 0, "a"),
        ("heading", 2, "第一章 渡口"),
        ("paragraph", 0, "b"),
        ("heading", 2, "Own"),
        ("paragraph", 0, "c"),
    ]


def test_a_broken_table_of_contents_costs_only_itself() -> None:
    items = '<item id="toc" href="toc.xml" media-type="application/x-dtbncx+xml"/>'
    made = epub(["<p>whole</p>"], items=items, **{"OEBPS/toc.xml": "<ncx><navMap>"})
    assert read(made, "b.epub", LIMITS).text == "whole"


@pytest.mark.parametrize("coded", [True, False], ids=["character set", "glyphs"])
def test_pdf_in_chinese(coded: bool) -> None:
    lines = ["热水壶使用说明", "每月用白醋除一次水垢，水硬的地方要更勤。", "不然加热的时间会变长，也更费电。"]
    document = read(chinese_pdf(lines, coded=coded), "水壶.pdf", LIMITS)
    assert document.text == f"{lines[0]}\n\n{lines[1]}{lines[2]}"


def test_word_headings_lists_and_tables() -> None:
    data = word(
        ("Heading 2", "保养"),
        ("Normal", "每月一次。"),
        ("List Bullet", "白醋"),
        table=[["part", "price"], ["lid", "3"]],
    )
    document = read(data, "kettle.docx", LIMITS)
    assert outline(document) == [
        ("heading", 2, "保养"),
        ("paragraph", 0, "每月一次。"),
        ("item", 0, "白醋"),
        ("row", 0, "part | price"),
        ("row", 0, "lid | 3"),
    ]


def test_pdf_pages_paragraphs_and_bookmarks() -> None:
    first = [
        "Care",
        "The kettle should be descaled once a month, and more often",
        "where the water is hard.",
        "Never put it under the tap while it is plugged in, for the",
        "base is not water-",
        "proof.",
        "1",
    ]
    data = pdf([first, ["Warranty", "Two years."]], title="Kettle", bookmarks={"Care": 0, "Warranty": 1})
    document = read(data, "k.pdf", LIMITS)
    assert document.title == "Kettle"
    assert outline(document) == [
        ("heading", 1, "Care"),
        ("paragraph", 0, f"{first[1]} where the water is hard."),
        ("paragraph", 0, f"{first[3]} base is not waterproof."),
        ("heading", 1, "Warranty"),
        ("paragraph", 0, "Two years."),
    ]
    assert [block.page for block in document.blocks] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"%PDF-1.4", "report", "pdf"),
        (epub(["x"]), "unnamed.bin", "epub"),
        (word(("Normal", "x")), "letter.docx", "docx"),
        (b"<!DOCTYPE html><p>x", "page", "html"),
        (b"plain words", "README", "text"),
        (b"plain words", "notes.xyz", "text"),
    ],
)
def test_formats_are_told_by_content_then_name(data: bytes, name: str, expected: str) -> None:
    assert format_of(data, name) == expected


@pytest.mark.parametrize("name", ["a.png", "a.doc", "a.zip", "a.exe"])
def test_what_is_no_document_is_told(name: str) -> None:
    data = {"a.png": b"\x89PNG1", "a.doc": b"\xd0\xcf\x11\xe0", "a.zip": b"PK\x03\x04x", "a.exe": b"MZ\0"}[
        name
    ]
    with pytest.raises(InvalidInput) as told:
        read(data, name, LIMITS)
    assert (told.value.code, told.value.status) == ("unsupported_document", 415)
