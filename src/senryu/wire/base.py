"""What every wire model has in common. Knows no endpoint.

Values are not coerced: a JSON boolean is not an integer and ``"5"`` is not 5, as on the API.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["PlainText", "UnreadModel", "WireModel"]


class WireModel(BaseModel):
    """A JSON object of the API: frozen and strict."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class UnreadModel(WireModel):
    """An object of which only the declared fields are looked at; the others may be anything.

    For members of tagged unions only: finding the tag has shown that the value is an object.
    """

    @model_validator(mode="before")
    @classmethod
    def _keep_declared(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: given[name] for name in cls.model_fields if name in given}


def _refuse_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "text must not contain the NUL character")
    return text


PlainText = Annotated[str, AfterValidator(_refuse_nul)]
