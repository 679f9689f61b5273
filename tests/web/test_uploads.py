from __future__ import annotations

import io

import pytest
from starlette.datastructures import FormData, UploadFile

from titian.web.forms import Form
from titian.web.i18n import speaking
from titian.web.uploads import FileKind, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04rest", FileKind.EXCEL),
        (b"%PDF-1.7", FileKind.PDF),
        (b"\x89PNG\r\n\x1a\n...", FileKind.PNG),
        (b"\xff\xd8\xff\xe0", FileKind.JPEG),
        (b"PAR1....", FileKind.PARQUET),
        ("客户,金额\n".encode("gb18030"), FileKind.TEXT),
        ("客户,金额\n".encode(), FileKind.TEXT),
        (b"", FileKind.TEXT),
        (b"MZ\x90\x00", None),
        (b"#!/bin/sh\n", None),
        (b"\x7fELF\x02", None),
        (b"a\x00b", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(head: bytes, kind: FileKind | None) -> None:
    assert sniff(head) is kind


def form(name: str, content: bytes) -> Form:
    return Form(FormData([("data", UploadFile(io.BytesIO(content), filename=name))]))


def test_a_program_called_a_table_is_refused() -> None:
    with speaking("en"):
        given = form("loans.csv", b"MZ\x90\x00")
        assert given.file("data") is None
        assert given.errors == {"data": "This kind of file is not taken here."}


def test_only_the_kinds_a_page_names_are_taken() -> None:
    with speaking("en"):
        assert form("a.pdf", b"%PDF-1.7").file("data", kinds=(FileKind.TEXT,)) is None
        taken = form("a.csv", b"a,b").file("data", kinds=(FileKind.TEXT,))
        assert taken is not None
        assert taken.file.read() == b"a,b"


def test_a_missing_file_is_an_error_unless_it_need_not_come() -> None:
    with speaking("en"):
        empty = Form(FormData([]))
        assert empty.file("data", need=False) is None
        assert not empty.wrong
        assert empty.file("data") is None
        assert empty.errors == {"data": "Choose a file."}
