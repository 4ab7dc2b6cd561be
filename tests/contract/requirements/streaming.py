"""What a stream promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: streaming"
CODE = "observed: Claude Code 2.1"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("streaming.bytes", "The bytes of a stream are the golden ones.", API),
    Requirement("streaming.headers", "Proxies are told not to buffer or cache.", OWN),
    Requirement("streaming.raw-events", "Events follow the transition table.", API),
    Requirement("streaming.input-tokens-first", "message_start has the real input tokens.", API),
    Requirement("streaming.ping_at_start", "A ping follows message_start at once.", API),
    Requirement("streaming.ping_on_silence", "Silence is filled with pings.", CODE),
    Requirement("streaming.error_event", "A failure after the first byte is an error event.", API),
    Requirement(
        "streaming.disconnect_cancels",
        "A client that goes away cancels its job, in prefill too, streamed or not.",
        OWN,
    ),
    Requirement(
        "streaming.slow_reader", "A client that stops reading is cancelled and cut off.", OWN
    ),
    Requirement("streaming.equals_whole", "A stream and a whole reply say the same.", API),
)
