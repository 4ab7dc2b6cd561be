"""What was said, by whom, and with which tools: what a family renders to a prompt."""

from dataclasses import dataclass
from typing import Literal

from senryu.core.image import Image

__all__ = [
    "Call",
    "Conversation",
    "Part",
    "Passage",
    "Picture",
    "Result",
    "Role",
    "Thought",
    "Tool",
    "Utterance",
]

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of one content block, or a run of it, never empty.

    Arguments:
        text: what it says.
        lifetime_s: how long the prompt up to its end should stay in the prompt cache, None where
            the request does not ask for it. It never changes what is rendered.
        tokens: the very tokens it was generated as, None for a text that did not come from the
            model.
        goes_on: whether more parts of the same content block follow, as where there are pictures
            in it; the prompt cache counts blocks.
    """

    text: str
    lifetime_s: int | None = None
    tokens: tuple[int, ...] | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the user shows; only for models that see.

    Arguments:
        image: the picture.
        lifetime_s: see ``Passage``.
        goes_on: see ``Passage``.
    """

    image: Image
    lifetime_s: int | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model reasoned before it went on, never empty.

    Arguments:
        text: the reasoning, without the markers around it.
        tokens: see ``Passage``; with every marker that belongs to the section and was generated.
    """

    text: str
    tokens: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """The model's call of a tool.

    Arguments:
        id: what its result names it by.
        name: the tool's name, as the client knows it.
        arguments: a JSON object as text, in its canonical form.
        lifetime_s: see ``Passage``.
        tokens: see ``Passage``; with the markers around the call.
    """

    id: str
    name: str
    arguments: str
    lifetime_s: int | None = None
    tokens: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to; ``text`` may be empty.

    Pictures that a tool made follow the results as parts of the user's, which every model that sees
    has a form for; the text names them where they belong.

    Arguments:
        call_id: the ``Call.id`` that it answers.
        name: that call's tool.
        text: what the tool said.
        is_error: whether it failed.
        lifetime_s: see ``Passage``.
    """

    call_id: str
    name: str
    text: str
    is_error: bool = False
    lifetime_s: int | None = None


Part = Passage | Picture | Thought | Call | Result


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker's uninterrupted parts in a conversation, at least one.

    Thoughts and calls are the assistant's, results the user's; a result comes before what the user
    says beside it. A model's own parts belong together without a gap; what others write are
    paragraphs.
    """

    role: Role
    parts: tuple[Part, ...]

    @property
    def separator(self) -> str:
        """What stands between two passages."""
        return "" if self.role == "assistant" else "\n\n"

    @property
    def text(self) -> str:
        """All that its passages say."""
        return self.separator.join(p.text for p in self.parts if isinstance(p, Passage))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may call.

    Arguments:
        name: as the client knows it.
        description: what it does; may be empty.
        schema: the JSON schema of its arguments as text, in its canonical form.
        examples: arguments as JSON texts, in their canonical form.
        enforced: what of the schema can be enforced while decoding, None if that is all of it.
        lifetime_s: see ``Passage``.
    """

    name: str
    description: str
    schema: str
    examples: tuple[str, ...] = ()
    enforced: str | None = None
    lifetime_s: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A normalised history: no empty utterance, no two neighbours with the same role.

    Arguments:
        utterances: what was said.
        continue_last: whether the last utterance is the beginning of the model's own reply (an
            assistant prefill), which the model goes on with instead of starting a new turn.
        tools: those that the model is told of.
        thinking: whether the model is to reason before it replies.
        effort: how much, for models that can be told; None leaves it to them.
    """

    utterances: tuple[Utterance, ...]
    continue_last: bool = False
    tools: tuple[Tool, ...] = ()
    thinking: bool = False
    effort: Literal["low", "medium", "high"] | None = None

    @property
    def blocks(self) -> tuple["Tool | Part", ...]:
        """Everything that has an end which the prompt cache can name, in the API's order.

        ``Segment.block`` counts in it.
        """
        return (*self.tools, *(part for said in self.utterances for part in said.parts))

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures that it shows, each once."""
        parts = (part for said in self.utterances for part in said.parts)
        shown = (part.image for part in parts if isinstance(part, Picture))
        return tuple({image.digest: image for image in shown}.values())
