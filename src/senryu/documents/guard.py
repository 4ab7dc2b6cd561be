"""What reading a document is held to. Runs in the worker."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from senryu.documents.facts import UnreadableError

__all__ = ["TOO_DEEP", "bounded", "check_length", "guarded"]

TOO_DEEP: Final = "the file is nested too deeply; make it flatter"

_MAX_CHARACTERS: Final = 10_000_000  # of a whole document: far beyond any window


def bounded(texts: Iterable[str]) -> Iterator[str]:
    """The parts of a document's text, as long as they are not too long together.

    Raises:
        UnreadableError: they are.
    """
    total = 0
    for text in texts:
        total += len(text)
        check_length(total)
        yield text


def check_length(characters: int) -> None:
    """Whether a document may have so many characters.

    Raises:
        UnreadableError: it may not.
    """
    if characters > _MAX_CHARACTERS:
        raise UnreadableError(f"the file has more than {_MAX_CHARACTERS} characters; split it")


@contextmanager
def guarded(remedy: str) -> Generator[None]:
    """Reading with libraries that fail at broken files in ways of their own.

    Arguments:
        remedy: what a client can do about such a file.

    Raises:
        UnreadableError: it could not be read.
    """
    try:
        yield
    except (UnreadableError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except RecursionError:
        raise UnreadableError(TOO_DEEP) from None
    except BaseException:  # noqa: BLE001 a panic in Rust is no Exception
        raise UnreadableError(f"the file is broken, or of a kind not read; {remedy}") from None
