"""The models list: what each served model is and can do. Shapes follow the SDK's ``ModelInfo``."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel

__all__ = [
    "Capabilities",
    "ContextManagement",
    "Effort",
    "ModelInfo",
    "ModelPage",
    "ModelsQuery",
    "ServerTools",
    "Support",
    "ThinkingSupport",
    "ThinkingTypes",
]


class Support(WireModel):
    """Whether something works."""

    supported: bool = False


class ContextManagement(Support):
    """Edits of the context that the server makes."""

    supported: bool = True
    clear_thinking_20251015: Support = Support(supported=True)
    clear_tool_uses_20250919: Support = Support(supported=True)
    compact_20260112: Support = Support()


class Effort(Support):
    """Levels of effort that change the reply."""

    low: Support = Support()
    medium: Support = Support()
    high: Support = Support()
    xhigh: Support = Support()
    max: Support = Support()


class ServerTools(Support):
    """Tools that the server runs."""

    code_execution: Support = Support()
    web_search: Support = Support()


class ThinkingTypes(WireModel):
    """Which ``thinking.type`` does what it says; the two that turn thinking off always do."""

    adaptive: Support = Support()
    between_tools: Support = Support(supported=True)
    disabled: Support = Support(supported=True)
    enabled: Support = Support()


class ThinkingSupport(Support):
    """Whether the model reasons before it replies."""

    types: ThinkingTypes = ThinkingTypes()


class Capabilities(WireModel):
    """Everything the API knows to ask for; the defaults are what is built so far."""

    batch: Support = Support()
    citations: Support = Support()
    code_execution: Support = Support()
    context_management: ContextManagement = ContextManagement()
    effort: Effort = Effort()
    image_input: Support = Support()
    pdf_input: Support = Support()
    server_tools: ServerTools = ServerTools()
    structured_outputs: Support = Support()
    thinking: ThinkingSupport = ThinkingSupport()


class ModelInfo(WireModel):
    """One model, or one alias of it. Limits are null until the model is loaded."""

    id: str
    type: Literal["model"] = "model"
    display_name: str
    created_at: datetime
    lifecycle: Literal["active"] = "active"
    line: None = None
    max_input_tokens: int | None
    max_tokens: int | None
    deprecated_at: None = None
    retires_at: None = None
    capabilities: Capabilities = Capabilities()


class ModelPage(WireModel):
    """A page of the list."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None


class ModelsQuery(WireModel):
    """Which page of the list: at most one of the ids is given, and is not on the page itself."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 20
    before_id: str | None = None
    after_id: str | None = None
