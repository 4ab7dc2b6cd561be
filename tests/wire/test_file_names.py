"""Names and types of uploaded files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.wire.file_names import file_name, mime_type, name_problem
from tests.contract.manifest import requirement

TEXT = "text/plain"


@requirement("files.names")
@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("/home/a/report.pdf", "report.pdf"),
        ("C:\\Users\\a\\report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("Grüße 你好.txt", "Grüße 你好.txt"),
        ("a:b?c*.txt", "a_b_c_.txt"),
        ("line\nbreak\x00\x7f.txt", "linebreak.txt"),
        ("", "unnamed.txt"),
        ("folder/", "unnamed.txt"),
        ("..", "unnamed.txt"),
        (" . ", "unnamed.txt"),
        ("name. ", "name"),
        (".env", ".env"),
        ("x" * 300 + ".tar", "x" * 251 + ".tar"),
        ("ü" * 200, "ü" * 127),
    ],
)
def test_a_name_is_what_a_file_system_takes(given_name: str, kept: str) -> None:
    assert file_name(given_name, TEXT) == kept


@requirement("files.names")
@given(st.text())
def test_every_name_is_kept_as_one_that_stays_as_it_is(given_name: str) -> None:
    kept = file_name(given_name, TEXT)
    assert 1 <= len(kept.encode()) <= 255
    assert kept not in {".", ".."}
    assert not set(kept) & set('<>:"|?*\\/\x00\n\r')
    assert file_name(kept, TEXT) == kept
    assert name_problem(kept) is None


@requirement("files.names")
@given(st.text(st.characters(exclude_characters='<>:"|?*', exclude_categories=["C"])))
def test_the_hosted_service_refuses_no_common_name(given_name: str) -> None:
    assert len(given_name) > 255 or name_problem(given_name) is None


@requirement("files.names")
@pytest.mark.parametrize("given_name", ["a<b", "a\tb", "x" * 256])
def test_it_refuses_others(given_name: str) -> None:
    assert name_problem(given_name)


@requirement("files.types")
@pytest.mark.parametrize(
    ("given_type", "name", "kind"),
    [
        ("Text/Markdown; charset=utf-8", "a.pdf", "text/markdown"),
        ("application/vnd.a+json", "", "application/vnd.a+json"),
        (None, "a.pdf", "application/pdf"),
        ("", "a.png", "image/png"),
        ("nonsense", "a.txt", "text/plain"),
        ("text/<b>", "a.unknown-ending", "application/octet-stream"),
        (None, "a.csv.gz", "application/octet-stream"),
        (None, "folder.pdf/a", "application/octet-stream"),
    ],
)
def test_a_type_is_the_senders_or_the_names(given_type: str | None, name: str, kind: str) -> None:
    assert mime_type(given_type, name) == kind


@requirement("files.types")
@given(st.none() | st.text(), st.text())
def test_every_type_is_well_formed(given_type: str | None, name: str) -> None:
    assert mime_type(mime_type(given_type, name), "") == mime_type(given_type, name)
