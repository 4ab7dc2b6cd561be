"""``senryu serve``: flags to settings, settings to a running server.

It knows the flags; ``senryu.serve`` knows what to build.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from senryu.errors import StartupError
from senryu.serve import run
from senryu.settings import Calibrate, Mode, load_settings

__all__ = ["app", "serve"]

_MORE = """\
Without `--model` (and without `[[models]]` in the configuration) it serves the embedded
SmolLM2 135M, a tiny model for trying things out. API keys never are flags, where every user of
the machine could read them: set `SENRYU_API_KEY`, or `[[keys]]` in the configuration.

Examples:

    senryu serve
    senryu serve --model ~/models/qwen.gguf --id qwen --alias "claude-haiku-4-5*=qwen"
    senryu serve --model hf:ggml-org/gemma-3-4b-it-GGUF --port 9000
    SENRYU_API_KEY=a-long-secret-value senryu serve --host 0.0.0.0
"""

app = App(name="serve", help_epilogue=_MORE, help_format="markdown")

_Many = Parameter(negative="", show_default=False)


@app.default
def serve(
    *,
    model: Annotated[list[str] | None, _Many] = None,
    id: Annotated[str | None, Parameter()] = None,
    alias: Annotated[list[str] | None, _Many] = None,
    host: str | None = None,
    port: int | None = None,
    mode: Mode | None = None,
    context: Annotated[int | None, Parameter(validator=validators.Number(gte=256))] = None,
    calibrate: Calibrate | None = None,
    config: Path | None = None,
) -> int:
    """Serve models through the Messages API.

    Parameters
    ----------
    model
        `embedded`, the path of a GGUF file, or `hf:ORG/REPO[:FILE]`; may be given several times.
    id
        The name clients use for the model; by default made from the source.
    alias
        `NAME=MODEL`: another name for a model; NAME may end in `*`. May be given several times.
    host
        Address to listen on (default 127.0.0.1); any other than loopback needs an API key.
    port
        Port to listen on (default 8000); 0 takes a free one.
    mode
        `compat` (default) tolerates what it does not know; `strict` refuses it, as the hosted API.
    context
        The window: tokens that one request may use, for all models. Beyond what a model was trained
        for, its positions are scaled by YaRN and replies get worse.
    calibrate
        Whether models are measured on this machine to choose threads, micro-batch and attention:
        `once` (default), `again`, or `off`. For all models, whatever the configuration says.
    config
        Configuration file (default `senryu.toml` in the current folder, if there is one).
    """
    models = [{"source": source} for source in model] if model else None
    if id is not None:
        if models is not None and len(models) > 1:
            raise StartupError("--id names one model; with several, use [[models]] in senryu.toml")
        models = [{**(models or [{"source": "embedded"}])[0], "id": id}]
    settings = load_settings(
        config, models=models, aliases=_aliases(alias), host=host, port=port, mode=mode
    )
    changes = {"calibrate": calibrate, "window": context}
    changes = {name: value for name, value in changes.items() if value is not None}
    chosen = tuple(each.model_copy(update=changes) for each in settings.models)
    return run(settings.model_copy(update={"models": chosen}))


def _aliases(pairs: list[str] | None) -> dict[str, str] | None:
    if not pairs:
        return None
    aliases: dict[str, str] = {}
    for pair in pairs:
        name, equals, target = pair.rpartition("=")
        if not (name and equals and target):
            raise StartupError(f"--alias {pair}: expected NAME=MODEL")
        aliases[name] = target
    return aliases
