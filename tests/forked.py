"""The product in a process of its own that has read its program already: of the 2.4 s of computing that a start takes,
reading the program is 2.1.

Run as a program this is the process that has read it. It forks for each order it gets; the fork is given the arguments,
the environment and the outputs that a command would have, and runs the command line. How a process begins that is
started as people do it is for `tests.running.by_command`.
"""

import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from functools import cache
from typing import IO, Any

from app.settings import ROOT


class Forked:
    """What a test needs of `subprocess.Popen`."""

    def __init__(self, pid: int, stdout: IO[bytes], ended: socket.socket) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once the process is gone; minus the signal's number if one ended it. Raises TimeoutError."""
        if self.returncode is None:
            self._ended.settimeout(timeout)
            code = self._ended.recv(16)
            if not code:
                raise RuntimeError("the process that forks is gone")
            self.returncode = int(code)
            self._ended.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None and not select.select([self._ended], [], [], 0)[0]:
            # It may be gone and not have been told of yet.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forking:
    """The process that forks, from outside."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self._one_at_a_time = threading.Lock()

    def fork(self, arguments: list[str], environment: dict[str, str]) -> Forked:
        said, says = os.pipe()
        ended, ends = socket.socketpair()
        order = json.dumps({"arguments": arguments, "environment": environment}).encode() + b"\n"
        with self._one_at_a_time:
            sent = socket.send_fds(self._orders, [order], [says, 2, ends.fileno()])
            self._orders.sendall(order[sent:])
            pid = int(self._orders.recv(16))
        os.close(says)
        ends.close()
        return Forked(pid, os.fdopen(said, "rb"), ended)

    def stop(self) -> None:
        self._orders.close()
        self._process.wait()


@cache
def _forking() -> Forking:
    """One for all tests of this process."""
    forking = Forking()
    atexit.register(forking.stop)
    return forking


def forked(arguments: list[str], environment: dict[str, str]) -> Forked:
    """The command with these arguments in this environment; what it prints can be read from `stdout`."""
    return _forking().fork(arguments, environment)


def _fork_as_ordered(orders: socket.socket) -> list[str]:
    """The arguments, in each fork: who gets them is to run the command. The process that forks does not return; it ends,
    and what it forked, with the process that gives the orders."""
    # Interrupting the tests from a terminal reaches all their processes; this one ends with them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([orders, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_who_ended(running)
        if orders not in ready:
            continue
        order, outputs = _received(orders)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for inherited in (orders.detach(), woken, wake, outputs[2], *running.values()):
                os.close(inherited)
            for number, output in enumerate(outputs[:2], start=1):
                os.dup2(output, number)
                os.close(output)
            os.environ.clear()
            os.environ.update(order["environment"])
            arguments: list[str] = order["arguments"]
            return arguments
        os.close(outputs[0])
        os.close(outputs[1])
        running[pid] = outputs[2]
        orders.sendall(str(pid).encode())


def _received(orders: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """An order with its standard output, its standard error, and where its end is told."""
    received, outputs, _, _ = socket.recv_fds(orders, 65536, 3)
    while received and not received.endswith(b"\n"):
        received += orders.recv(65536)
    if not received:
        sys.exit()
    order: dict[str, Any] = json.loads(received)
    return order, outputs


def _tell_who_ended(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ends = running.pop(pid)
        os.write(ends, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(ends)


if __name__ == "__main__":
    import app.server  # noqa: F401 - what the command reads when it serves
    from app.cli import main

    # The forks share what was read: a collector that walks it copies it, and takes 0.2 s of each start.
    gc.collect()
    gc.freeze()
    sys.argv[1:] = _fork_as_ordered(socket.socket(fileno=int(sys.argv[1])))
    main(prog_name="draftloom")
