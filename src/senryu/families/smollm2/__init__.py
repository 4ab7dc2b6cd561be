"""SmolLM2 Instruct (135M to 1.7B): ChatML, text only."""

from senryu.families.smollm2.profile import PROFILE
from senryu.families.smollm2.render import SmolLM2

__all__ = ["PROFILE", "SmolLM2"]
