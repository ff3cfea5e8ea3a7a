# SPDX-License-Identifier: MIT
"""The Windows build under test: `hypervive run` as a process, and the commands."""
import itertools
import os
import signal
import subprocess

from harness.hypervive import Recorded
from harness.lab import stop_process

from . import build
from .wine import windows_path

CRASHED = {0xC0000005 & 0xFF, 0xC0000374 & 0xFF}  # what Unix keeps of STATUS_ACCESS_VIOLATION, STATUS_HEAP_CORRUPTION


def command(wine, *arguments, check=None, env=None, timeout=30):
    """Runs `hypervive.exe ARGUMENTS`; check is the exit code that must come (None: any)."""
    result = wine.run(build.PROGRAM, *arguments, check=False, env=env, timeout=timeout)
    assert result.returncode not in CRASHED, f"{' '.join(arguments)} crashed: {result.stderr}"
    if check is not None:
        assert result.returncode == check, \
            f"{' '.join(arguments)}: exit {result.returncode}, not {check}\n{result.stdout}{result.stderr}"
    return result


class WineHypervive(Recorded):
    """`hypervive run` in the foreground. Ready when the constructor returns (unless wait=False)."""

    _count = itertools.count(1)
    _leaving = []  # told to end, not looked at yet

    def __init__(self, wine, *arguments, env=None, log_file=None, wait=True):
        self.check_left(wait=False)
        self.wine = wine
        stem = os.path.join(wine.lab.dir, f"hypervive-{next(self._count)}")
        self.log_file = log_file or f"{stem}.jsonl"
        super().__init__(self.log_file, f"{stem}.stderr")
        self.stdout_file = f"{stem}.stdout"
        with open(self.stdout_file, "wb") as out, open(self.stderr_file, "wb") as err:
            self.process = wine.popen(build.PROGRAM, "run", "--log-file", windows_path(self.log_file), *arguments,
                                      stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        if wait:
            self.wait_ready()

    def ended(self):
        returned = self.process.poll()
        return None if returned is None else f"exit {returned}"

    def stop(self, code=0, timeout=15):
        """Ends the service as Ctrl-C does (Wine makes one of SIGINT), and checks that it went in order."""
        returned = stop_process(self.process, signal.SIGINT, timeout)
        assert returned == code, f"exit {returned}, not {code}\n{self.story()}"
        if code == 0:
            assert self.events(1101), f"no event 1101 at the end\n{self.story()}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def leave(self):
        """Tells it to end. It lets go of its ports at once and of the host within a second: that is looked at later
        (check_left), as a second for each of so many tests would be minutes."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self._leaving.append(self)

    @classmethod
    def check_left(cls, wait=True):
        """Those that were told to end have ended in order."""
        leaving, cls._leaving[:] = list(cls._leaving), []
        for service in leaving:
            if wait or service.process.poll() is not None:
                service.stop()
            else:
                cls._leaving.append(service)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.leave()
        elif self.process.poll() is None:
            self.kill()
