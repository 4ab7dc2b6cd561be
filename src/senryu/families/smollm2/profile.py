"""SmolLM2 as data."""

from senryu.core import Sampling
from senryu.families.base import Profile

__all__ = ["DEFAULT_SYSTEM", "PROFILE"]

# The system prompt that the model's own chat template puts before a conversation that has none.
DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

PROFILE = Profile(
    name="smollm2",
    sampling=Sampling(temperature=0.2, top_p=0.9),  # SmolLM2-135M-Instruct model card
    note="a small model for trying things out: expect fluent text, not knowledge",
)
