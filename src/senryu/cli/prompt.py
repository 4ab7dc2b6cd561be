"""The input line of ``senryu chat``: several lines, with a history that outlives the session.

It knows the terminal and nothing of conversations.
"""

from pathlib import Path

import platformdirs
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

__all__ = ["ask", "make_prompt"]


def make_prompt() -> PromptSession[str]:
    """Enter sends, Alt-Enter (or Esc Enter) begins a new line."""
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return PromptSession(
        "> ",
        multiline=True,
        prompt_continuation="  ",
        key_bindings=bindings,
        history=_history(platformdirs.user_state_path("senryu") / "chat_history"),
    )


def ask(prompt: PromptSession[str]) -> str | None:
    """The next line typed; None when the user leaves. Ctrl-C empties the line."""
    while True:
        try:
            return prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return None


def _history(file: Path) -> History:
    """A history file that only its owner can read; none where it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(file))
