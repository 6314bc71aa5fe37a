"""Which functions may run on the event loop, and how one hands itself over to a thread.

On the embedded database a statement that finds a few rows by key takes 3 to 30 µs, less than handing it to a thread and
back (two switches of the interpreter lock, 50 to 100 µs under load). Such functions are marked `@quick`. On
PostgreSQL the mark has no effect.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlmodel import Session

P = ParamSpec("P")
T = TypeVar("T")

ON_LOOP = "on_loop"


class HandOver(Exception):
    """Raised by `expect_slow`; the runner undoes what the function did and starts it again in a thread."""


def quick(function: Callable[P, T]) -> Callable[P, T]:
    """Marks a unit or query that touches few rows, all by key, and computes little."""
    function.quick = True  # type: ignore[attr-defined]
    return function


def is_quick(function: Callable[..., object]) -> bool:
    return getattr(function, "quick", False) is True


def expect_slow(session: Session) -> None:
    """Called by a quick function that finds it has much to do after all: it goes on in a thread, from its start."""
    if session.info.get(ON_LOOP):
        raise HandOver
