"""Values that pass between layers: plain, frozen, and knowing nothing of HTTP, JSON or llama.cpp.

Text enters as a ``Conversation``, a family renders it to a ``Prompt``, an engine turns the prompt
into tokens, runs a ``Job`` over them and answers with ``Chunk``s, and the family's parser turns the
chunks' text into ``Piece``s. Each of those words means exactly the class of that name below.
"""

from senryu.core.conversation import (
    Call,
    Conversation,
    Part,
    Passage,
    Picture,
    Result,
    Role,
    Thought,
    Tool,
    Utterance,
)
from senryu.core.engine_info import (
    EngineInfo,
)
from senryu.core.guide import (
    Constraint,
    Demands,
    Guide,
    Reasoning,
    ToolUse,
)
from senryu.core.image import (
    Image,
)
from senryu.core.job import (
    CachedPrefix,
    CacheUse,
    Chunk,
    FinishReason,
    Job,
    Sampling,
)
from senryu.core.prompt import (
    CachePoint,
    Prompt,
    PromptTokens,
    Segment,
)
from senryu.core.reply import (
    CallEnd,
    CallPiece,
    CallStart,
    Piece,
    TextPiece,
    ThoughtPiece,
    TokenUsage,
    TurnEnd,
)

__all__ = [
    "CachePoint",
    "CacheUse",
    "CachedPrefix",
    "Call",
    "CallEnd",
    "CallPiece",
    "CallStart",
    "Chunk",
    "Constraint",
    "Conversation",
    "Demands",
    "EngineInfo",
    "FinishReason",
    "Guide",
    "Image",
    "Job",
    "Part",
    "Passage",
    "Picture",
    "Piece",
    "Prompt",
    "PromptTokens",
    "Reasoning",
    "Result",
    "Role",
    "Sampling",
    "Segment",
    "TextPiece",
    "Thought",
    "ThoughtPiece",
    "TokenUsage",
    "Tool",
    "ToolUse",
    "TurnEnd",
    "Utterance",
]
