"""A conversation with a model through the official SDK: history, one streamed turn, its figures.

It prints nothing and knows no terminal.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass

from anthropic import Anthropic, omit
from anthropic.types import MessageParam

__all__ = ["Conversation", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is known of a reply when it is complete.

    Arguments:
        input_tokens: tokens of the prompt, all of it.
        output_tokens: tokens of the reply.
        first_s: seconds until its first text.
        rest_s: seconds from then to its end.
        stop_reason: the API's word for why it ended.
    """

    input_tokens: int
    output_tokens: int
    first_s: float
    rest_s: float
    stop_reason: str

    def readout(self) -> str:
        """One line of figures."""
        speed = (self.output_tokens - 1) / self.rest_s if self.rest_s > 0 else 0.0
        parts = [
            f"{self.input_tokens} tokens in",
            f"{self.output_tokens} out",
            f"first after {self.first_s:.2f} s",
        ]
        if speed > 0:
            parts.append(f"{speed:.1f} tokens/s")
        if self.stop_reason != "end_turn":
            parts.append(self.stop_reason)
        return ", ".join(parts)


class Conversation:
    """The history with one model.

    Arguments:
        client: the server.
        model: the model's name.
        max_tokens: the most tokens a reply may have.
        system: the system prompt, or None.
    """

    def __init__(
        self, client: Anthropic, model: str, *, max_tokens: int, system: str | None
    ) -> None:
        self.client = client
        self.system = system
        self._model = model
        self._max_tokens = max_tokens
        self._messages: list[MessageParam] = []

    def clear(self) -> None:
        """Forget all turns; the system prompt stays."""
        self._messages.clear()

    def send(self, text: str) -> Generator[str, None, Reply]:
        """One turn: yields the reply's text as it arrives and returns its figures.

        A turn that is closed half-way stays in the history with what had arrived; one that failed
        before any text leaves no trace.
        """
        messages: list[MessageParam] = [*self._messages, {"role": "user", "content": text}]
        received: list[str] = []
        began = first = time.perf_counter()
        try:
            with self.client.messages.stream(
                model=self._model,
                max_tokens=self._max_tokens,
                messages=messages,
                system=self.system or omit,
            ) as stream:
                for piece in stream.text_stream:
                    if not received:
                        first = time.perf_counter()
                    received.append(piece)
                    yield piece
                final = stream.get_final_message()
        finally:
            if "".join(received).strip():
                answer: MessageParam = {"role": "assistant", "content": "".join(received)}
                self._messages = [*messages, answer]
        usage = final.usage
        cached = (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        return Reply(
            input_tokens=usage.input_tokens + cached,
            output_tokens=usage.output_tokens,
            first_s=first - began,
            rest_s=time.perf_counter() - first,
            stop_reason=final.stop_reason or "unknown",
        )
