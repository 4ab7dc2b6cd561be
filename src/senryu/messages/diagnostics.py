"""Why the prompt cache could not reuse an earlier request's prefix: what differs between the two.

Of a request that asks for diagnostics only digests and token positions are kept, by its reply's id
and within its workspace, for a while. What is compared is what was asked, not whether the cache
hit (API: cache diagnostics). The first difference in the prompt's order is told: model, tools,
system, other parameters, messages.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from senryu.bounded import Bounded
from senryu.core import Call, Conversation, Part, Passage, Picture, Result, Role, Thought
from senryu.messages.conversation import count_system_passages
from senryu.wire.diagnostics import CacheDiagnostics, ChangedPart, PrefixChanged, PrefixUnknown
from senryu.wire.requests import CountTokensRequest

__all__ = ["Fingerprint", "Fingerprints", "fingerprint"]

_MAX_PARTS = 50_000  # per workspace: about 5 MB
_ENTRY_COST = 8  # in parts: what a fingerprint takes besides them
_DIGEST_BYTES = 16
_OTHER_PARAMETERS = {
    "thinking",
    "tool_choice",
    "output_config",
    "output_format",
    "context_management",
    "mcp_servers",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies a request's prompt, without any of its content.

    Arguments:
        model: digest of the served model and its speed.
        tools: digest of the tools that are told first; the order of keys in them does not matter.
        parameters: digest of the other parameters that can shape a prompt.
        parts: digest of each part of the conversation with its speaker; a reply's given beginning,
            which the next request holds as part of the whole reply, is left out, and so is what
            only says of a parameter.
        num_system: how many of the parts are the system prompt's.
        tools_end: the prompt's tokens up to the end of the tools.
        ends: for each part the prompt's tokens up to its end; empty if they are not known.
    """

    model: bytes
    tools: bytes
    parameters: bytes
    parts: tuple[bytes, ...]
    num_system: int
    tools_end: int
    ends: tuple[int, ...]


def fingerprint(
    request: CountTokensRequest,
    conversation: Conversation,
    block_ends: tuple[int, ...],
    *,
    model: str,
    has_form: bool,
) -> Fingerprint:
    """A request's fingerprint.

    Arguments:
        request: where parameters come from.
        conversation: its parts.
        block_ends: where its blocks end in the prompt, if the family could tell.
        model: the id of the served model.
        has_form: whether the form of the answer is told behind the system prompt.
    """
    said = conversation.utterances[:-1] if conversation.continue_last else conversation.utterances
    parts = [
        _digest_of_part(utterance.role, part) for utterance in said for part in utterance.parts
    ]
    if len(block_ends) != len(conversation.blocks):
        block_ends = ()
    num_tools = len(conversation.tools)
    ends = list(block_ends[num_tools : num_tools + len(parts)])
    num_system = count_system_passages(request)
    if has_form:  # it says only of a parameter
        del parts[num_system], ends[num_system : num_system + 1]
    return Fingerprint(
        model=_digest([model, request.speed or "standard"]),
        tools=_digest([[t.name, t.description, t.schema, t.examples] for t in conversation.tools]),
        parameters=_digest(_parameters(request)),
        parts=tuple(parts),
        num_system=num_system,
        tools_end=max(block_ends[:num_tools], default=0),
        ends=tuple(ends),
    )


def _parameters(request: CountTokensRequest) -> dict[str, Any]:
    given = request.model_dump(mode="json", include=_OTHER_PARAMETERS)
    if given["thinking"]:
        given["thinking"].pop("display", None)  # of what is shown, not of what is asked
    return given


def _digest_of_part(role: Role, part: Part) -> bytes:
    """What a part says; not the ids of calls, which no prompt depends on."""
    match part:
        case Passage(text=text):
            return _digest([role, text])
        case Picture(image=image):
            return _digest(["picture", image.digest])
        case Thought(text=text):
            return _digest(["thought", text])
        case Call(name=name, arguments=arguments):
            return _digest(["call", name, arguments])
        case Result(text=text, is_error=is_error):
            return _digest(["result", text, is_error])


class Fingerprints:
    """The fingerprints of recent requests.

    Arguments:
        max_parts: how many parts are kept for one workspace, over all requests.
    """

    def __init__(self, max_parts: int = _MAX_PARTS) -> None:
        self._kept: Bounded[str, Fingerprint] = Bounded(max_parts)

    def keep(self, message_id: str, made: Fingerprint, *, workspace: str) -> None:
        """Keep a request's fingerprint under the id of its reply."""
        self._kept.keep(workspace, message_id, made, cost=len(made.parts) + _ENTRY_COST)

    def compare(
        self, previous_message_id: str, made: Fingerprint, *, workspace: str
    ) -> CacheDiagnostics | None:
        """What differs from the request of an earlier reply.

        Returns:
            None if this request only goes on where that one ended. A reply of another workspace is
            not found.
        """
        previous = self._kept.get(workspace, previous_message_id)
        if previous is None:
            reason = PrefixUnknown(type="previous_message_not_found")
        elif (found := _difference(previous, made)) is None:
            return None
        else:
            reason = found
        return CacheDiagnostics(cache_miss_reason=reason)


def _difference(old: Fingerprint, new: Fingerprint) -> PrefixChanged | PrefixUnknown | None:
    if old.model != new.model:
        return _changed("model_changed", old, num_kept=None)
    if old.tools != new.tools:
        return _changed("tools_changed", old, num_kept=None)
    if old.parts[: old.num_system] != new.parts[: new.num_system]:
        return _changed("system_changed", old, num_kept=_num_common(old, new))
    if old.parameters != new.parameters:
        return PrefixUnknown(type="unavailable")
    num_common = _num_common(old, new)
    if num_common < len(old.parts):
        return _changed("messages_changed", old, num_kept=num_common)
    return None


def _changed(
    part: ChangedPart, old: Fingerprint, *, num_kept: int | None
) -> PrefixChanged | PrefixUnknown:
    """The old prompt's tokens that the new one cannot read.

    Arguments:
        part: what changed.
        old: the earlier request.
        num_kept: how many of its first parts stayed as they were; None if not even the tools did.
    """
    if not old.ends:
        return PrefixUnknown(type="unavailable")
    kept = 0
    if num_kept is not None and old.ends[num_kept] > old.tools_end:  # else it precedes the tools
        kept = old.ends[num_kept - 1] if num_kept else old.tools_end
    return PrefixChanged(type=part, cache_missed_input_tokens=old.ends[-1] - kept)


def _num_common(old: Fingerprint, new: Fingerprint) -> int:
    pairs = enumerate(zip(old.parts, new.parts, strict=False))
    shorter = min(len(old.parts), len(new.parts))
    return next((index for index, (a, b) in pairs if a != b), shorter)


def _digest(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()
