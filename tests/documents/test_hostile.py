"""Files that mean harm, or are broken: each ends in a clear error."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest
from documents.files import CONTAINER, chinese_pdf, epub, locked, pdf, scanned_pdf, word, zipped

from kaikou.documents.isolated import read_isolated
from kaikou.documents.reading import read
from kaikou.errors import InvalidInput
from kaikou.settings.services import DocumentLimits

LIMITS = DocumentLimits()


def refused(data: bytes, name: str, **limits: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as told:
        read(data, name, DocumentLimits(**limits))
    assert told.value.hint
    return told.value


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = epub(["<p>" + "a" * 5_000_000 + "</p>"])
    assert len(bomb) < 20_000
    assert refused(bomb, "b.epub", max_unpacked_bytes=1_000_000).code == "document_too_large"
    assert refused(word(("Normal", "x" * 900_000)), "b.docx", max_unpacked_bytes=500_000).code == (
        "document_too_large"
    )


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    honest = epub(["<p>" + "a" * 100_000 + "</p>"])
    real, claimed = (100_007).to_bytes(4, "little"), (10).to_bytes(4, "little")
    assert honest.count(real) == 2
    assert refused(honest.replace(real, claimed), "b.epub").code == "document_damaged"


def test_names_cannot_leave_the_archive() -> None:
    outside = CONTAINER.replace("OEBPS/book.opf", "../../../../etc/passwd")
    error = refused(zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": outside}), "b.epub")
    assert error.code == "document_damaged" and "etc/passwd" in error.message
    opf = (
        '<package><manifest><item id="a" href="../../etc/hostname" media-type="text/html"/>'
        '<item id="b" href="file:///etc/hostname" media-type="text/html"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    assert refused(epub([], opf=opf), "b.epub").code == "document_empty"


def test_entities_are_not_expanded() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    opf = (
        f"{laughs}<package><metadata><title>&f;&b;</title></metadata><manifest>"
        '<item id="c" href="text/c%200.xhtml" media-type="text/html"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>'
    )
    document = read(epub([f"{laughs}<p>text &b; &f;</p>"], opf=opf), "b.epub", LIMITS)
    assert "haha" not in document.title + document.text
    assert document.title in ("", "b")


def test_protected_books_and_pdfs_are_told() -> None:
    drm = epub(["<p>x</p>"], **{"META-INF/encryption.xml": "<EncryptedKey/>"})
    assert refused(drm, "b.epub").code == "document_encrypted"
    for algorithm in ("RC4-128", "AES-128", "AES-256"):
        assert refused(locked(pdf([["x"]]), "secret", algorithm), "a.pdf").code == "document_encrypted"
        assert read(locked(pdf([["free words"]]), "", algorithm), "a.pdf", LIMITS).text == "free words"


def test_limits_name_their_setting() -> None:
    assert "MAX_BYTES" in refused(b"x" * 100, "a.txt", max_bytes=99).hint
    assert "MAX_CHARACTERS" in refused(b"x" * 100, "a.txt", max_characters=99).hint
    assert "MAX_CHARACTERS" in refused(pdf([["x" * 60], ["y" * 60]]), "a.pdf", max_characters=99).hint
    assert "MAX_PAGES" in refused(pdf([["x"]] * 3), "a.pdf", max_pages=2).hint
    assert "MAX_PAGES" in refused(epub(["x"] * 3), "a.epub", max_pages=2).hint


def test_pictures_of_text_are_told_as_such() -> None:
    scanned = refused(scanned_pdf(), "scan.pdf")
    assert scanned.code == "document_without_text" and "OCR" in scanned.hint
    assert refused(pdf([[]]), "blank.pdf").code == "document_without_text"
    assert refused(b"  \n ", "a.txt").code == "document_empty"
    assert refused(b"plain", "a.pdf").code == "document_damaged"
    assert refused(bytes(range(256)) * 40, "a.txt").code == "document_damaged"


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.epub", "a.docx", "a.pdf", "a"])
def test_an_empty_file_is_told_as_such(name: str) -> None:
    assert refused(b"", name).code == "document_empty"


def test_a_page_of_scripts_alone_has_no_text() -> None:
    assert refused(b"<html><script>document.write('x')</script></html>", "a.html").code == "document_empty"


async def test_the_largest_file_is_read_or_refused_within_bounds() -> None:
    """Fifty megabytes: as one text too many characters, and one byte more is not read at all."""
    lines = "水比人记得久。\n".encode()
    data = lines * (LIMITS.max_bytes // len(lines))
    with pytest.raises(InvalidInput) as told:
        await read_isolated(data, "a.txt", LIMITS)
    assert told.value.code == "document_too_large" and "MAX_CHARACTERS" in told.value.hint
    assert "MAX_BYTES" in refused(bytes(LIMITS.max_bytes + 1), "a.txt").hint


def test_letters_that_a_pdf_does_not_name_are_told_as_such() -> None:
    lines = ["热水壶使用说明", "每月用白醋除一次水垢，水硬的地方要更勤。"]
    told = refused(chinese_pdf(lines, coded=False, table=False), "水壶.pdf")
    assert told.code == "document_letters_unknown" and "OCR" in told.hint


def test_a_broken_pdf_is_told_in_words() -> None:
    broken = refused(b"%PDF-1.4\n" + b"1 0 obj<<" * 40, "a.pdf")
    assert broken.code == "document_damaged"
    assert "Error" not in broken.message


def test_deep_nesting_costs_no_stack() -> None:
    page = b"<div>" * 100_000 + b"deep" + b"</div>" * 100_000
    try:
        assert "deep" in read(page, "a.html", LIMITS).text
    except InvalidInput as error:
        assert error.code in ("document_damaged", "document_empty")
    with pytest.raises(InvalidInput, match="no text"):
        read(b"> " * 5_000 + b"x", "a.md", LIMITS)
    assert read(b"[" * 5_000, "a.md", LIMITS).text == "[" * 5_000


@pytest.mark.parametrize("made", ["epub", "docx", "pdf"])
def test_bytes_changed_anywhere_give_text_or_a_clear_error(made: str) -> None:
    whole = {
        "epub": epub(["<h1>First</h1><p>one</p>"]),
        "docx": word(("Heading 1", "Title"), ("Normal", "text")),
        "pdf": pdf([["Some words", "and more."]], bookmarks={"Some words": 0}),
    }[made]
    chance = random.Random(4)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = chance.choice([len(data), chance.randrange(len(data))])
        with contextlib.suppress(InvalidInput):
            read(bytes(data[:cut]), f"a.{made}", LIMITS)


async def test_a_process_of_its_own_reads_and_refuses_alike() -> None:
    document = await read_isolated("# 渡口\n\n水比人记得久。".encode(), "渡口.md", LIMITS)
    assert document == read("# 渡口\n\n水比人记得久。".encode(), "渡口.md", LIMITS)
    with pytest.raises(InvalidInput) as told:
        await read_isolated(b"x" * 100, "a.txt", DocumentLimits(max_bytes=99))
    assert (told.value.code, told.value.status) == ("document_too_large", 413)


async def test_what_takes_too_long_or_too_much_memory_is_ended() -> None:
    with pytest.raises(InvalidInput) as told:
        await read_isolated(b"words " * 10, "a.txt", DocumentLimits(seconds=0.001))
    assert told.value.code == "document_too_slow"
    with pytest.raises(InvalidInput) as told:
        await read_isolated(b"word\n" * 1_500_000, "a.txt", DocumentLimits(memory_bytes=150_000_000))
    assert told.value.code == "document_damaged"
