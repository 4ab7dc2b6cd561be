"""``senryu models inspect``: what a model is, what it can do here and how much memory it needs.

It reads the file's header only, so it is quick for a model of any size.
"""

from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import App, Parameter

from senryu.cli.output import gigabytes, print_json, print_pairs, short_count
from senryu.core import EngineInfo
from senryu.engine.llama.inspect import ModelFile, inspect_file
from senryu.engine.llama.sources import resolve
from senryu.engine.model_id import default_id
from senryu.families.registry import recognise

__all__ = ["app", "models_inspect"]

_MORE = """\
Examples:

    senryu models inspect
    senryu models inspect ~/models/qwen.gguf --cells 32768
    senryu models inspect hf:ggml-org/gemma-3-4b-it-GGUF --json
"""

app = App(name="inspect", help_epilogue=_MORE, help_format="markdown")


@app.default
def models_inspect(
    source: str = "embedded",
    /,
    *,
    cells: int | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> None:
    """What a model is and needs.

    Parameters
    ----------
    source
        `embedded` (default), the path of a GGUF file, or `hf:ORG/REPO[:FILE]`, which is downloaded
        if it is not here.
    cells
        Tokens of KV memory to reckon with; by default the model's training context.
    json
        Print one JSON object.
    """
    facts = _facts(source, inspect_file(resolve(source)), cells)
    if json:
        print_json(facts)
        return
    print_pairs(
        [
            ("file", facts["path"]),
            ("id", facts["id"]),
            ("name", facts["name"]),
            ("architecture", facts["architecture"]),
            ("parameters", short_count(facts["num_params"])),
            ("format", facts["quantization"]),
            ("published by", facts["organization"] or "not stated"),
            ("licence", facts["licence"] or "not stated"),
            ("languages", ", ".join(facts["languages"]) or "not stated"),
            ("size", gigabytes(facts["size_bytes"])),
            ("training context", f"{facts['training_context']} tokens"),
            ("chat template", "yes" if facts["chat_template"] else "no"),
            ("family", f"{facts['family']} ({facts['recognised_by']})"),
            ("turns laid out by", facts["layout"]),
            *((name.replace("_", " "), how) for name, how in facts["abilities"].items()),
            ("KV memory", f"{facts['kv_bytes_per_token'] / 1e3:.1f} kB a token"),
            ("memory need", f"{gigabytes(facts['memory_bytes'])} with {facts['cells']} cells"),
            *([("note", facts["note"])] if facts["note"] else []),
        ]
    )


def _facts(source: str, file: ModelFile, cells: int | None) -> dict[str, Any]:
    recognised = recognise(_as_info(file))
    profile = recognised.family.profile
    reckoned = file.training_context if cells is None else cells
    return {
        "id": default_id(source),
        "source": source,
        "path": str(file.path),
        "name": file.name,
        "architecture": file.architecture,
        "num_params": file.num_params,
        "size_bytes": file.size_bytes,
        "quantization": file.quantization,
        "organization": file.organization or None,
        "licence": file.licence or None,
        "languages": file.languages,
        "training_context": file.training_context,
        "chat_template": file.chat_template is not None,
        "family": profile.name,
        "recognised_by": recognised.how,
        "layout": recognised.layout,
        "abilities": asdict(recognised.abilities),
        "kv_bytes_per_token": file.kv_bytes_per_token,
        "cells": reckoned,
        "memory_bytes": file.memory_bytes(reckoned),
        "note": profile.note,
    }


def _as_info(file: ModelFile) -> EngineInfo:
    """As much of an EngineInfo as the header tells, enough to choose a family by."""
    return EngineInfo(
        name=file.name,
        architecture=file.architecture,
        num_params=file.num_params,
        file_size=file.size_bytes,
        quantization=file.quantization,
        training_context=file.training_context,
        window=file.training_context,
        chat_template=file.chat_template,
        special_tokens=file.special_tokens,
        bos=file.bos,
        eos=file.eos,
        add_bos=file.add_bos,
    )
