"""What the engine promises of models that see."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

REQUIREMENTS = (
    Requirement(
        "vision.projector",
        "A model sees by a projector file beside it, or by one that is named.",
        "own decision",
    ),
    Requirement(
        "vision.arithmetic",
        "A picture's rows, and the logits behind them, are those of its model's formulas.",
        "own decision",
    ),
    Requirement(
        "vision.tokens",
        "What a picture costs in tokens is known beforehand, and is what is computed.",
        "own decision",
    ),
    Requirement(
        "vision.cache",
        "A picture seen before is found in the prompt cache, also after a restart; another is not.",
        "own decision",
    ),
    Requirement(
        "vision.beside",
        "A picture that is looked at holds no other reply up and changes none.",
        "own decision",
    ),
)
