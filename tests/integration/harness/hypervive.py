# SPDX-License-Identifier: MIT
"""The program under test: the service as a running process with its events, and the commands."""
import json
import os
import signal
import subprocess
import time

from . import SLOW
from .lab import stop_process, wait_until

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.path.abspath(os.environ.get("HYPERVIVE", os.path.join(_ROOT, "build", "hypervive")))

_SANITIZERS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer", "runtime error:", "ThreadSanitizer")

_ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")


def is_sanitized():
    """Whether the program carries AddressSanitizer, which keeps freed memory for a while: its size says nothing then."""
    with open(PROGRAM, "rb") as file:
        return b"__asan_init" in file.read()


def check_sanitizers(text, whence):
    for word in _SANITIZERS:
        assert word not in text, f"{whence} holds a sanitizer's report:\n{text[-6000:]}"


def command(lab, *arguments, check=None, wrap=(), env=None, timeout=30, **options):
    """Runs `hypervive ARGUMENTS`; check is the exit code that must come (None: any)."""
    result = lab.run(*wrap, PROGRAM, *arguments, check=False, timeout=timeout,
                     env={**_ENVIRONMENT, **(env or {})}, **options)
    check_sanitizers(result.stderr, f"stderr of {' '.join(arguments)}")
    assert result.returncode >= 0, f"{' '.join(arguments)} ended by signal {-result.returncode}: {result.stderr}"
    if check is not None:
        assert result.returncode == check, \
            f"{' '.join(arguments)}: exit {result.returncode}, not {check}\n{result.stdout}{result.stderr}"
    return result


class Recorded:
    """The events of a service that runs or ran, as its log file tells them."""

    def __init__(self, log_path, stderr_file):
        self.log_path, self.stderr_file = log_path, stderr_file
        self._inode, self._read, self._rest, self._events = None, 0, b"", []

    def ended(self):
        """None while the service runs, else how it ended, in words."""
        raise NotImplementedError

    def wait_ready(self, timeout=15):
        self.wait_event(1100, timeout=timeout)

    # Events

    def all_events(self):
        """Every event so far, also over rotations of the file; each line must be JSON, with its line's end."""
        try:
            with open(self.log_path, "rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                if inode != self._inode:
                    self._inode, self._read, self._rest = inode, 0, b""
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return self._events
        self._read += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._events += [json.loads(line.decode("utf-8", errors="strict")) for line in lines]
        return self._events

    def mark(self):
        """A point in the stream, for `since`."""
        return len(self.all_events())

    def events(self, *ids, since=0, **fields):
        return [event for event in self.all_events()[since:]
                if (not ids or event["id"] in ids) and
                all(event["fields"].get(key) == value for key, value in fields.items())]

    def wait_event(self, *ids, timeout=10, since=0, count=1, **fields):
        """The first event that fits; waits for it (or, with count, for so many)."""
        def look():
            # Read the exit before the events: what a process wrote last must not be missed.
            ended = self.ended()
            found = self.events(*ids, since=since, **fields)
            assert len(found) >= count or not ended, f"the service ended ({ended})\n{self.story(since)}"
            return found[:count] if len(found) >= count else None
        found = wait_until(look, timeout, lambda: f"event {ids} {fields}\n{self.story(since)}")
        return found[0] if count == 1 else found

    def expect_none(self, *ids, within=1.0, since=0, **fields):
        """Nothing that fits comes in that time. Slow: better a later packet that must be seen (see Sender.flush)."""
        time.sleep(within * SLOW)
        found = self.events(*ids, since=since, **fields)
        assert not found, f"not wanted: {found}\n{self.story(since)}"
        assert not self.ended(), f"the service ended\n{self.story(since)}"

    def story(self, since=0):
        lines = [json.dumps({"id": event["id"], **event["fields"]}) for event in self.all_events()[since:]]
        with open(self.stderr_file, encoding="utf-8", errors="replace") as file:
            err = file.read()[-4000:]
        return "events:\n" + "\n".join(lines[-40:]) + ("\nstderr:\n" + err if err else "")


class Hypervive(Recorded):
    """`hypervive run` in a Lab. Ready when the constructor returns (unless wait=False)."""

    _count = 0

    def __init__(self, lab, *arguments, connect=None, settings=None, log_file=None, wrap=(), env=None, wait=True):
        Hypervive._count += 1
        self.lab = lab
        stem = os.path.join(lab.dir, f"hypervive-{Hypervive._count}")
        self.log_file = log_file or f"{stem}.jsonl"
        super().__init__(lab.path(self.log_file), f"{stem}.stderr")
        self.stdout_file, self.settings_file = f"{stem}.stdout", f"{stem}.conf"
        if settings is not None:
            self.write_settings(settings)
            arguments += ("--config", self.settings_file)
        if connect:
            arguments += ("--connect", connect)
        with open(self.stdout_file, "wb") as out, open(self.stderr_file, "wb") as err:
            self.process = lab.popen([*wrap, PROGRAM, "run", "--log-file", self.log_file, *arguments],
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                     env={**_ENVIRONMENT, **(env or {})})
        if wait:
            self.wait_ready()

    def ended(self):
        returned = self.process.poll()
        return None if returned is None else f"exit {returned}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()
                self.process.wait()

    # Settings

    def write_settings(self, text):
        """Overwrites the file in place, as an editor may."""
        with open(self.settings_file, "w", encoding="utf-8") as file:
            file.write(text)

    def replace_settings(self, text):
        """Renames a new file over it, as others do."""
        with open(self.settings_file + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.settings_file + ".new", self.settings_file)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    # Life

    def stop(self, signal_number=signal.SIGTERM, code=0, timeout=10):
        """Ends the service as systemd would, and checks that it went in order."""
        returned = stop_process(self.process, signal_number, timeout)
        with open(self.stderr_file, encoding="utf-8", errors="replace") as file:
            check_sanitizers(file.read(), "stderr of hypervive run")
        assert returned == code, f"exit {returned}, not {code}\n{self.story()}"
        if code == 0:
            assert self.events(1101), f"no event 1101 at the end\n{self.story()}"

    def kill(self):
        self.process.kill()
        self.process.wait()
