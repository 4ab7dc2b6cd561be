"""SmolLM2's prompt. The same text as its chat template, which cannot mark forged text as text."""

from senryu.core import Conversation, Prompt
from senryu.families.base import Profile
from senryu.families.chatml import MARKERS, render_chatml
from senryu.families.parse import MarkerParser
from senryu.families.smollm2.profile import DEFAULT_SYSTEM, PROFILE

__all__ = ["SmolLM2"]


class SmolLM2:
    """The family; it has no state."""

    profile: Profile = PROFILE

    def render(self, conversation: Conversation) -> Prompt:
        """ChatML with the default system prompt where the conversation begins without one."""
        return render_chatml(conversation, default_system=DEFAULT_SYSTEM)

    def parser(self) -> MarkerParser:
        """A fresh parser for one reply."""
        return MarkerParser(MARKERS)
