"""What the server tells its operator: Prometheus metrics and log lines. Never content, never keys.

Knows no HTTP framework and no engine class: engines are watched through a function that returns
their status.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["Access", "Telemetry", "configure_logging"]

_ACCESS_LOG = logging.getLogger("senryu.access")
# Asked every few seconds by load balancers and collectors: not worth a line each.
_PROBES = frozenset({"/health", "/ready", "/metrics"})
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,120}")
_MAX_PASSED_OVER = 256  # clients may send any number of names
_QUEUE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_FIRST_TOKEN_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_BETWEEN_TOKENS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

# Attribute of an engine's status, metric, help. A name in _total is a counter, else a gauge.
_ENGINE_METRICS = (
    ("ready", "senryu_engine_ready", "1 while the model takes jobs"),
    ("num_running", "senryu_engine_running", "jobs with a sequence in memory"),
    ("num_queued", "senryu_engine_queued", "jobs waiting for memory"),
    ("num_cells", "senryu_engine_cells", "tokens of KV memory"),
    ("num_used_cells", "senryu_engine_used_cells", "tokens of KV memory in use"),
    ("num_shared_cells", "senryu_engine_shared_cells", "of these, in use several times at once"),
    ("num_cache_entries", "senryu_engine_cache_entries", "prefixes kept in KV memory"),
    ("num_blocks", "senryu_engine_snapshot_blocks", "blocks of KV memory kept outside it"),
    ("ram_bytes", "senryu_engine_snapshot_ram_bytes", "size of those in memory"),
    ("disk_bytes", "senryu_engine_snapshot_disk_bytes", "size of those on disk"),
    ("num_prompts", "senryu_engine_prompts_total", "prompts begun"),
    ("num_cache_hits", "senryu_engine_cache_hits_total", "prompts begun partly from the cache"),
    ("num_prefilled_tokens", "senryu_engine_prefilled_tokens_total", "prompt tokens computed"),
    ("num_cached_tokens", "senryu_engine_cached_tokens_total", "prompt tokens found in the cache"),
    ("num_generated_tokens", "senryu_engine_generated_tokens_total", "tokens generated"),
    ("num_drafted_tokens", "senryu_engine_drafted_tokens_total", "tokens proposed by speculation"),
    ("num_accepted_tokens", "senryu_engine_accepted_tokens_total", "of these, right ones"),
    ("num_saved_blocks", "senryu_engine_saved_blocks_total", "blocks copied out of KV memory"),
    ("num_loaded_blocks", "senryu_engine_loaded_blocks_total", "blocks copied back into it"),
    ("num_preemptions", "senryu_engine_preemptions_total", "running jobs put back into the queue"),
    ("num_restarts", "senryu_engine_restarts_total", "worker processes started again"),
)


@dataclass(slots=True)
class Access:
    """The facts of one request, filled in as it goes; one log line and a few metrics in the end.

    Arguments:
        request_id: the id that the client was given.
        method: HTTP method.
        route: the route's pattern, never the raw path.
        model: the served model's id.
        status: HTTP status, 499 if the client went away before there was one.
        stream: whether the reply was streamed.
        prompt_tokens: tokens of the prompt.
        cached_tokens: of these, how many needed no prefill.
        cache_read: of these, how many were read from an entry that ``cache_control`` asked for.
        cache_written: prompt tokens written to such an entry.
        output_tokens: tokens generated.
        dropped_fields: unknown request fields that were ignored.
        queue_s: seconds until the reply got its place in memory.
        first_token_s: seconds until the first visible text.
        duration_s: seconds until the reply was complete.
        outcome: ``ok``, or what cut the reply short.
        started: when the request arrived, on the process's own clock; so last_text.
        last_text: when visible text was last sent.
    """

    request_id: str
    method: str
    route: str = "unknown"
    model: str = ""
    status: int = 499
    stream: bool = False
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_read: int = 0
    cache_written: int = 0
    output_tokens: int = 0
    dropped_fields: int = 0
    queue_s: float | None = None
    first_token_s: float | None = None
    duration_s: float = 0.0
    outcome: str = "ok"
    started: float = field(default_factory=perf_counter)
    last_text: float = 0.0

    def public(self) -> dict[str, Any]:
        """The facts as a flat record."""
        facts = asdict(self)
        del facts["started"], facts["last_text"]
        return facts


class Telemetry:
    """The metrics of one app, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._passed_over: set[tuple[str, str]] = set()
        self._engines = _EngineCollector()
        self._registry.register(self._engines)
        self._requests = self._counter("requests", "requests answered", "route", "status")
        self._tokens_in = self._counter("input_tokens", "prompt tokens", "model")
        self._tokens_cached = self._counter(
            "cached_tokens", "prompt tokens from the cache", "model"
        )
        self._tokens_read = self._counter(
            "cache_read_tokens", "prompt tokens read from entries of cache_control", "model"
        )
        self._tokens_written = self._counter(
            "cache_written_tokens", "prompt tokens written to entries of cache_control", "model"
        )
        self._tokens_out = self._counter("output_tokens", "tokens generated", "model")
        self._dropped = self._counter("dropped_fields", "unknown request fields ignored")
        self._uploaded = self._counter("uploaded_bytes", "bytes of files that clients uploaded")
        self._kept = Gauge(
            "senryu_kept_bytes", "bytes of all files that are kept", registry=self._registry
        )
        self._queue = self._histogram(
            "time_in_queue",
            "from the request's arrival to its place in KV memory",
            _QUEUE_BUCKETS,
        )
        self._first_token = self._histogram(
            "time_to_first_token",
            "from the request's arrival to the first visible text",
            _FIRST_TOKEN_BUCKETS,
        )
        self._between_tokens = self._histogram(
            "time_between_tokens",
            "between two pieces of visible text of one reply",
            _BETWEEN_TOKENS_BUCKETS,
        )

    def _histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(
            f"senryu_{name}_seconds", text, ["model"], buckets=buckets, registry=self._registry
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"senryu_{name}", text, labels, registry=self._registry)

    def watch_engine(self, model: str, status: Callable[[], object]) -> None:
        """Report an engine's load whenever metrics are read.

        Arguments:
            model: the served model's id.
            status: returns an ``EngineStatus``, without waiting.
        """
        self._engines.engines[model] = status

    def reply_begun(self, access: Access) -> None:
        """Note that a reply got its place in memory: its ``message_start`` is on its way."""
        access.queue_s = perf_counter() - access.started
        self._queue.labels(access.model).observe(access.queue_s)

    def text_sent(self, access: Access) -> None:
        """Note that visible text of a reply is on its way."""
        now = perf_counter()
        if access.first_token_s is None:
            access.first_token_s = now - access.started
            self._first_token.labels(access.model).observe(access.first_token_s)
        else:
            self._between_tokens.labels(access.model).observe(now - access.last_text)
        access.last_text = now

    def passed_over(self, kind: Literal["field", "beta"], name: str) -> None:
        """Tell, once for each, that something of requests changes nothing here.

        Arguments:
            kind: what it is.
            name: its name or path, which may be anything: places in lists are left out, and what
                does not look like a name is not told.
        """
        short = ".".join(part for part in name.split(".") if not part.isdigit())
        if not _NAME.fullmatch(short) or len(self._passed_over) >= _MAX_PASSED_OVER:
            return
        if (kind, short) not in self._passed_over:
            self._passed_over.add((kind, short))
            _ACCESS_LOG.info("passed over, told once", extra={"facts": {kind: short}})

    def file_uploaded(self, num_bytes: int) -> None:
        """Count a file that a client uploaded."""
        self._uploaded.inc(num_bytes)

    def files_kept(self, num_bytes: int) -> None:
        """Note how much all files take now."""
        self._kept.set(num_bytes)

    def finished(self, access: Access) -> None:
        """Count a request and write its line."""
        access.duration_s = perf_counter() - access.started
        self._requests.labels(access.route, str(access.status)).inc()
        self._dropped.inc(access.dropped_fields)
        if access.model:
            self._tokens_in.labels(access.model).inc(access.prompt_tokens)
            self._tokens_cached.labels(access.model).inc(access.cached_tokens)
            self._tokens_read.labels(access.model).inc(access.cache_read)
            self._tokens_written.labels(access.model).inc(access.cache_written)
            self._tokens_out.labels(access.model).inc(access.output_tokens)
        level = logging.DEBUG if access.route in _PROBES else logging.INFO
        _ACCESS_LOG.log(level, "request", extra={"facts": access.public()})

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class _EngineCollector(Collector):
    """Reads the status of all engines each time metrics are asked for."""

    def __init__(self) -> None:
        self.engines: dict[str, Callable[[], object]] = {}

    def collect(self) -> Iterator[Metric]:
        statuses = {model: status() for model, status in self.engines.items()}
        for attribute, name, text in _ENGINE_METRICS:
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            metric = family(name, text, labels=["model"])
            for model, status in statuses.items():
                metric.add_metric([model], getattr(status, attribute))
            yield metric


def configure_logging(style: Literal["text", "json"], level: str) -> None:
    """Send all log lines to stderr.

    Arguments:
        style: ``text`` for people, ``json`` for one object a line.
        level: the least level that is shown, in lower case.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if style == "json" else _TextFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Time, level, message, and facts as ``name=value`` where there is a value."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        known = ((name, value) for name, value in _facts(record).items() if value)
        facts = " ".join(f"{name}={_short(value)}" for name, value in known)
        line = f"{time} {record.levelname.lower():7} {record.getMessage()} {facts}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "facts", {})


def _short(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
