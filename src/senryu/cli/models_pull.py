"""``senryu models pull``: download (or prepare) a model now, so that serving it starts at once."""

from typing import Annotated

from cyclopts import App, Parameter

from senryu.cli.output import print_json
from senryu.engine.llama.sources import resolve

__all__ = ["app", "models_pull"]

_MORE = """\
A download that was cut off goes on where it stopped. Gated repositories need `HF_TOKEN`.

Examples:

    senryu models pull hf:ggml-org/gemma-3-4b-it-GGUF
    senryu models pull hf:ggml-org/gemma-3-4b-it-GGUF:Q8_0
    senryu models pull embedded
"""

app = App(name="pull", help_epilogue=_MORE, help_format="markdown")


@app.default
def models_pull(
    source: str, /, *, json: Annotated[bool, Parameter(negative="", show_default=False)] = False
) -> None:
    """Download a model, to serve it later.

    Parameters
    ----------
    source
        `hf:ORG/REPO`, `hf:ORG/REPO:FILE` (a file or a format such as Q8_0), or `embedded`.
    json
        Print `{"source", "path"}` instead of the path.
    """
    path = resolve(source)
    if json:
        print_json({"source": source, "path": str(path)})
    else:
        print(path)
