"""Model names: which served model a request means."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from senryu.core import Conversation, Demands, EngineInfo, Passage, Utterance
from senryu.engine.base import Engine
from senryu.errors import NotFoundError, OverloadedError, StartupError
from senryu.families.base import Family
from senryu.families.registry import family_for
from senryu.messages.cache_control import CacheRules
from senryu.settings import Images, PdfPages

__all__ = ["Catalog", "LoadedModel", "ServedModel"]

_LOADING_RETRY_S = 5
_ASKED = Conversation((Utterance("user", (Passage("hello"),)),))


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A served model whose engine has loaded: everything a turn needs.

    Arguments:
        id: the name that is served, not an alias.
        engine: what generates.
        info: what was loaded.
        family: how its prompts are made and its replies are read.
        cache: its operator's rules for the prompt cache.
        redact_thinking: whether nobody may read its reasoning.
        images: what becomes of images: it is shown them, told the text in them, or neither.
        pdf_pages: what becomes of the pages of PDFs if it is shown images.
    """

    id: str
    engine: Engine
    info: EngineInfo
    family: Family
    cache: CacheRules
    redact_thinking: bool = False
    images: Images = "read"
    pdf_pages: PdfPages = "pictures"

    @property
    def shows_pages(self) -> bool:
        """Whether it is shown the pages of PDFs."""
        return self.images == "native" and self.pdf_pages == "pictures"

    @property
    def max_prompt_tokens(self) -> int:
        """The window without the one token that a reply needs at least."""
        return self.info.window - 1

    @property
    def can_reason(self) -> bool:
        """Whether its family knows sections of reasoning, the model's own or supplied ones."""
        asked = replace(_ASKED, thinking=True)
        guide = self.family.guide(asked, Demands(max_thinking=1))
        return guide is not None and guide.reasoning is not None

    @property
    def can_be_constrained(self) -> bool:
        """Whether its family can hold a reply to a schema."""
        guide = self.family.guide(_ASKED, Demands(schema="{}"))
        return guide is not None and guide.constraint is not None


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of this server, loaded or not."""

    id: str
    display_name: str
    created_at: datetime
    engine: Engine
    cache: CacheRules = CacheRules()
    redact_thinking: bool = False
    images: Images | None = None
    pdf_pages: PdfPages = "pictures"

    def loaded(self) -> LoadedModel:
        """What a turn needs.

        Raises:
            OverloadedError: the model is still loading.
        """
        info = self.engine.info
        if info is None:
            raise OverloadedError(
                f"model {self.id} is loading; try again in a moment", retry_after_s=_LOADING_RETRY_S
            )
        family = family_for(info)
        return LoadedModel(
            self.id,
            self.engine,
            info,
            family,
            self.cache,
            redact_thinking=self.redact_thinking,
            images=_images(self.images, sees=info.sees),
            pdf_pages=self.pdf_pages,
        )


def _images(wanted: Images | None, *, sees: bool) -> Images:
    """What becomes of images, which only a model that sees can be shown."""
    if wanted is None:
        return "native" if sees else "read"
    return "refuse" if wanted == "native" and not sees else wanted


class Catalog:
    """All served models and their aliases.

    Arguments:
        models: at least one, ids unique.
        aliases: other name to served id; a name that ends in ``*`` stands for all that begin so.

    Raises:
        StartupError: two models have one id, or an alias names no model.
    """

    def __init__(self, models: Sequence[ServedModel], aliases: Mapping[str, str]) -> None:
        self._models = {model.id: model for model in models}
        if len(self._models) < len(models):
            raise StartupError("models: two models have the same id; set `id` for one of them")
        for alias, target in aliases.items():
            if target not in self._models:
                known = ", ".join(self._models)
                raise StartupError(f"aliases: {alias} -> {target}: no such model (have: {known})")
        self._names = self._models | {
            alias: self._models[target] for alias, target in aliases.items() if alias[-1:] != "*"
        }
        self._prefixes = {
            alias[:-1]: self._models[target]
            for alias, target in sorted(aliases.items(), key=lambda pair: -len(pair[0]))
            if alias[-1:] == "*"
        }  # longest first

    @property
    def models(self) -> tuple[ServedModel, ...]:
        """The served models, the default one first."""
        return tuple(self._models.values())

    def listed(self) -> Iterator[tuple[str, ServedModel]]:
        """Every name that can be listed: ids, then aliases without ``*``."""
        return iter(self._names.items())

    def resolve(self, name: str) -> ServedModel:
        """The model that a name means: an id, an alias, or the longest ``*`` alias that fits.

        Raises:
            NotFoundError: none; the message is the API's.
        """
        if name in self._names:
            return self._names[name]
        for prefix, model in self._prefixes.items():
            if name.startswith(prefix):
                return model
        raise NotFoundError(f"model: {name}")
