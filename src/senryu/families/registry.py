"""Which family a loaded model belongs to."""

from functools import lru_cache

from senryu.core import EngineInfo
from senryu.families.base import Family
from senryu.families.generic import Generic
from senryu.families.smollm2 import SmolLM2

__all__ = ["family_for"]


@lru_cache(maxsize=64)
def family_for(info: EngineInfo) -> Family:
    """The family for a model, by its name, else the generic one. Probing happens once a model."""
    if info.architecture == "llama" and "smollm2" in info.name.lower().replace(" ", ""):
        return SmolLM2()
    return Generic(info)
