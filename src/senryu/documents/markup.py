"""HTML to Markdown. Runs in the worker; nothing that a page names is ever fetched."""

from html_to_markdown import ConversionOptions, PreprocessingOptions, WarningKind, convert

from senryu.documents.facts import UnreadableError
from senryu.documents.guard import TOO_DEEP, check_length, guarded

__all__ = ["read_html", "to_markdown"]

_OPTIONS = ConversionOptions(
    bullets="-",
    compact_tables=True,
    extract_metadata=False,
    # Left on, it takes out what it holds for navigation.
    preprocessing=PreprocessingOptions(enabled=False),
    inline_data_media="alt_text_only",
)


def read_html(data: bytes) -> str:
    """What a page says, with its headings, lists, tables and links.

    Raises:
        UnreadableError: it is not in UTF-8, nested too deeply, broken, or too long.
    """
    try:
        html = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("the text is not in UTF-8; convert it") from None
    with guarded("mend it, or send its text"):
        text = to_markdown(html)
        check_length(len(text))
        return text


def to_markdown(html: str) -> str:
    """The text of HTML; scripts, style sheets and what is hidden say nothing.

    Raises:
        UnreadableError: it is nested too deeply.
    """
    result = convert(html, _OPTIONS)
    if any(warning.kind == WarningKind.DEPTH_LIMIT_EXCEEDED for warning in result.warnings):
        raise UnreadableError(TOO_DEEP)
    return (result.content or "").strip()
