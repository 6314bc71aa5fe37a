"""Traces: where the time of a request went, as spans in the sense of OpenTelemetry (trace context as W3C has it).

A request begins a trace (`Tracer.request`); what goes on inside it adds spans (`span`) by the context it runs in, and costs
next to nothing where no trace was begun. Names and attributes hold routes, names of functions, models, ids and counts;
never draft text, prompts, keys, or an address with a secret in it. Sending them is `services/trace_export.py`.
"""

import random
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_SAMPLED = 1

Value = str | int | float | bool


class Kind(IntEnum):
    """The protocol's numbers."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


@dataclass(slots=True)
class Span:
    """A stretch of work. `ended_ns` (since 1970) is 0 while it goes on; `error` is the class or code of what ended it."""

    trace_id: str
    id: str
    parent_id: str
    name: str
    kind: Kind
    sampled: bool
    finish: Callable[["Span"], None]
    started_ns: int = field(default_factory=time.time_ns)
    ended_ns: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)
    error: str = ""

    def set(self, **attributes: Value | None) -> None:
        """Adds attributes, `a__b` for `a.b`; None leaves one out."""
        for name, value in attributes.items():
            if value is not None:
                self.attributes[name.replace("__", ".")] = value


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def current_span() -> Span | None:
    return _current.get()


def open_span() -> Span | None:
    """The span this runs in, if it still goes on: a task that outlives its request is no part of it."""
    span = _current.get()
    return span if span is not None and not span.ended_ns else None


class Tracer:
    """Begins traces, and hands spans that ended to `export`. Of requests that bring no trace `share` (0 to 1) are sampled."""

    def __init__(self, export: Callable[[Span], None], *, share: float = 1.0) -> None:
        self._export = export
        self._share = share

    @contextmanager
    def request(self, name: str, parent: str = "") -> Iterator[Span]:
        """The span of a request. `parent` is its `traceparent` header; one that cannot be read begins a trace of its own."""
        found = _PARENT.fullmatch(parent.strip())
        trace_id, parent_id, sampled = secrets.token_hex(16), "", random.random() < self._share  # noqa: S311 - a sample
        if found is not None and found[1] != "ff" and found[2].strip("0") and found[3].strip("0"):
            trace_id, parent_id, sampled = found[2], found[3], bool(int(found[4], 16) & _SAMPLED)
        with _entered(
            Span(trace_id, secrets.token_hex(8), parent_id, name, Kind.SERVER, sampled, self._export)
        ) as span:
            yield span


@contextmanager
def span(name: str, kind: Kind = Kind.INTERNAL) -> Iterator[Span | None]:
    """A span inside the current one; None, and nothing happens, where there is none."""
    parent = _current.get()
    if parent is None:
        yield None
        return
    child = Span(parent.trace_id, secrets.token_hex(8), parent.id, name, kind, parent.sampled, parent.finish)
    with _entered(child):
        yield child


@contextmanager
def _entered(span: Span) -> Iterator[Span]:
    token = _current.set(span)
    begun = time.perf_counter_ns()
    try:
        yield span
    except Exception as error:
        # The class or the stable code: a message may hold what somebody wrote.
        span.error = span.error or str(getattr(error, "code", "") or type(error).__name__)
        raise
    finally:
        _current.reset(token)
        span.ended_ns = span.started_ns + time.perf_counter_ns() - begun
        if span.sampled:
            span.finish(span)


def function_name(function: object) -> str:
    """What a unit is called: `Accounts.create_user` for the `unit` inside of it."""
    name = str(getattr(function, "__qualname__", type(function).__name__))
    return name.replace(".<locals>", "").removesuffix(".unit").removesuffix(".query")
