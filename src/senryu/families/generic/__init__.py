"""Any instruction model with a chat template in its file; ChatML where there is none."""

from senryu.families.generic.render import Generic

__all__ = ["Generic"]
