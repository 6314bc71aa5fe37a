"""Identifiers of rows: version 7 UUIDs, which sort by the moment they were made. No other naming lives here."""

import os
import threading
import time
import uuid

_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_RANDOM_BITS = (1 << 62) - 1
_SUBMILLISECOND_STEPS = 4096

_lock = threading.Lock()
_last_tick = 0


def new_id() -> uuid.UUID:
    """A UUID that is greater than every one this process made before (RFC 9562, method 3: the twelve bits
    after the millisecond hold its fraction), so that rows and index entries are appended, not scattered."""
    global _last_tick
    tick = time.time_ns() * _SUBMILLISECOND_STEPS // 1_000_000
    with _lock:
        if tick <= _last_tick:
            tick = _last_tick + 1
        _last_tick = tick
    milliseconds, fraction = divmod(tick, _SUBMILLISECOND_STEPS)
    random_part = int.from_bytes(os.urandom(8)) & _RANDOM_BITS
    return uuid.UUID(int=(milliseconds << 80) | _VERSION_AND_VARIANT | (fraction << 64) | random_part)
