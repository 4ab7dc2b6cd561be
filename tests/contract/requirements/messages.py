"""What ``POST /v1/messages`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: Messages"
SDK = "official Python SDK 2.12 types"
CODE = "observed: Claude Code 2.1"
OWN = "own decision"
VERSION = "API reference: versioning, migration to 2026-10-21"

REQUIREMENTS = (
    Requirement("messages.create.shape", "A reply has every field of a Message.", SDK),
    Requirement("messages.model_echoed", "A reply names the model as the request did.", API),
    Requirement(
        "messages.content.string_is_one_block", "A string is short for one text block.", SDK
    ),
    Requirement(
        "messages.content.cache_control_ignored",
        "Cache marks and string or block form never change the prompt.",
        CODE,
    ),
    Requirement("messages.roles.merged", "Consecutive messages of a role are one turn.", SDK),
    Requirement("messages.compressed", "A request body may be compressed with gzip.", CODE),
    Requirement(
        "api.cross_origin", "Pages of other origins have access only where they are listed.", OWN
    ),
    Requirement("messages.system", "A system prompt is a string or text blocks.", API),
    Requirement(
        "messages.system.in_place",
        "System messages among the messages stay where they are.",
        CODE,
    ),
    Requirement(
        "messages.system.folded",
        "A system text that a template cannot place joins the neighbouring user text.",
        OWN,
    ),
    Requirement(
        "messages.system.billing_header",
        "An agent's accounting line is no part of the prompt.",
        CODE,
    ),
    Requirement(
        "messages.thinking.dropped_from_history", "Thinking of earlier turns is not read.", API
    ),
    Requirement("messages.prefill", "A final assistant message is continued.", API),
    Requirement(
        "messages.markers_cannot_be_forged",
        "No text of a request becomes a marker of the model.",
        OWN,
    ),
    Requirement(
        "messages.stop_sequences.spans_tokens",
        "Stop sequences are found however the text is cut and never shown.",
        API,
    ),
    Requirement("messages.stop_sequence", "The stop sequence that matched is named.", API),
    Requirement("messages.max_tokens", "max_tokens ends a reply.", API),
    Requirement(
        "messages.stop_reason.model_context_window_exceeded",
        "max_tokens beyond the window is clamped, and the reply says that it hit the window.",
        CODE,
    ),
    Requirement(
        "messages.max_tokens.strict",
        "In strict mode max_tokens beyond the window is a 400 in the API's words.",
        API,
    ),
    Requirement(
        "messages.sampling.defaults",
        "Sampling left out is the file's recommendation, else the family's.",
        OWN,
    ),
    Requirement("messages.unknown_fields.compat", "Unknown fields are dropped and counted.", OWN),
    Requirement("messages.unknown_fields.strict", "In strict mode they are a 400.", API),
    Requirement(
        "messages.unbuilt_features", "A feature that is not built is refused by name.", OWN
    ),
    Requirement("messages.harmless_fields", "Fields that change nothing are accepted.", CODE),
    Requirement("messages.validation.texts", "Wrong conversations get the API's words.", API),
    Requirement(
        "messages.version.2026-10-21",
        "The newer version refuses sampling, citations of users and documents of assistants.",
        VERSION,
    ),
    Requirement("messages.strict", "Strict mode refuses what the hosted model refuses.", API),
    Requirement(
        "messages.non_streaming_is_folded_stream", "A whole reply is its stream folded.", OWN
    ),
    Requirement("messages.sent_back", "Whatever a reply says can be sent back.", OWN),
    Requirement("messages.workspace", "A job belongs to its key's workspace.", OWN),
)
