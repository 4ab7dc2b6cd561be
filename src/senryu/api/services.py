"""What request handlers work with, and how they get at it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

from senryu.core import TokenUsage
from senryu.documents.reader import Reader
from senryu.messages.caller import Caller
from senryu.messages.fetching import Intake
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog
from senryu.settings import Settings
from senryu.store.files import Files
from senryu.telemetry import Access, Telemetry
from senryu.web.fetch import Web
from senryu.wire.events import ContentBlockDelta, MessageStart, StreamEvent

__all__ = [
    "Services",
    "access_of",
    "caller_of",
    "note_events",
    "note_usage",
    "services_of",
]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the HTTP layer is given."""

    settings: Settings
    catalog: Catalog
    telemetry: Telemetry
    files: Files
    memory: Memory = field(default_factory=Memory)
    reader: Reader = field(default_factory=Reader)
    web: Web | None = None

    @property
    def intake(self) -> Intake:
        """What requests' files go through."""
        return Intake(self.reader, self.files, self.web)


def services_of(request: Request) -> Services:
    """The app's services."""
    return request.app.state.services


def access_of(request: Request) -> Access:
    """The request's own record, made by ``edge.py``."""
    return request.state.access


def note_usage(access: Access, usage: TokenUsage) -> None:
    """Put a reply's counts on the request's record."""
    access.prompt_tokens = usage.prompt
    access.cached_tokens = usage.cached
    access.cache_read = usage.cache_read
    access.cache_written = usage.cache_written_5m + usage.cache_written_1h
    access.output_tokens = usage.output


def note_events(telemetry: Telemetry, access: Access, events: Sequence[StreamEvent]) -> None:
    """Measure a reply by the events that one chunk of it brought."""
    for event in events:
        if isinstance(event, MessageStart):
            telemetry.reply_begun(access)
        elif isinstance(event, ContentBlockDelta):
            telemetry.text_sent(access)
            return


def caller_of(request: Request) -> Caller:
    """Who asks, as ``auth.py`` found out."""
    return request.state.caller
