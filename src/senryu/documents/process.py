"""The worker process: what it may use, and the way into it. Loads nothing before it is confined."""

import importlib
import os
import resource
from functools import lru_cache
from typing import Any, Final, Literal

from senryu.documents.facts import UnreadableError

__all__ = ["Task", "perform"]

Task = Literal[
    "draw_pdf",
    "examine_image",
    "prepare_image",
    "read_html",
    "read_image",
    "read_office",
    "read_pdf",
]
"""A function of ``tasks.py``, or of the module that ``_MODULES`` names."""

# A module is loaded by the first file of its kind, so images do not pay for Office files.
_MODULES: Final = {"read_html": "markup", "read_office": "office"}

# A dense page of 2,000 pixels a side takes 950 MB, half of them for the libraries and models.
_MAX_MEMORY_BYTES = 1536 << 20
_NICENESS = 5  # the engine comes first


def perform(task: Task, *arguments: Any) -> Any:
    """Do a task in this process, which is the worker.

    Raises:
        UnreadableError: the file cannot be read, or not within the memory that it may take.
    """
    _confine()
    try:
        module = importlib.import_module(f"senryu.documents.{_MODULES.get(task, 'tasks')}")
        return getattr(module, task)(*arguments)
    except MemoryError:
        raise UnreadableError("the file takes too much memory to read; make it smaller") from None


@lru_cache(maxsize=1)
def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    os.nice(_NICENESS)
