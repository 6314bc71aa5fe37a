"""Work on files in a process of its own: it holds up nobody, and what goes wrong there ends there."""

import os
import subprocess
import sys

from app.settings import ROOT


class GaveUp(Exception):
    """The process took too long, or ended without an answer."""


def run_apart(module: str, argument: str, data: bytes, *, seconds: float, package: str = "app.services.files") -> bytes:
    """What the module of the package answers to `data`; blocks the calling thread. Raises `GaveUp`."""
    command = [sys.executable, "-m", f"{package}.{module}", argument]
    # No key or address of ours is in reach of what reads a stranger's file.
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, cwd=ROOT, env=environment)
    except subprocess.TimeoutExpired as error:
        raise GaveUp(f"no answer in {seconds} seconds") from error
    if done.returncode != 0:
        raise GaveUp(f"ended with {done.returncode}")
    return done.stdout
