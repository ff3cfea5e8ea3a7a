# SPDX-License-Identifier: MIT
"""A systemd-journald of our own, in a Lab: it reads no kernel messages and writes to the Lab's memory only."""
import json
import os
import signal
import subprocess

from .lab import stop_process, wait_until

_PROGRAM = "/lib/systemd/systemd-journald"
_CONF = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=\nForwardToSyslog=no\nForwardToWall=no\nRateLimitBurst=0\n"
_SOCKET = "/run/systemd/journal/socket"
# The kernel's audit is the machine's own: out of reach, whatever journald would like to do with it.
_WITHOUT_AUDIT = ("setpriv", "--bounding-set=-audit_control,-audit_read,-audit_write", "--")


class Journald:
    def __init__(self, lab):
        self.lab = lab
        self.process = None
        lab.write("/run/systemd/journald.conf.d/lab.conf", _CONF)
        # The journal's folder is named after the machine; the machine's own number stays out of it.
        machine_id = os.path.join(lab.dir, "machine-id")
        with open(machine_id, "w", encoding="ascii") as file:
            file.write("0123456789abcdef0123456789abcdef\n")
        if os.path.exists("/etc/machine-id"):
            lab.run("mount", "--bind", machine_id, "/etc/machine-id")
        # journald wants to see control groups (to name the units of senders); it only reads there.
        lab.run("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")
        self.start()

    def start(self):
        # The socket of a daemon that was killed stays behind: not that one, a new one that somebody listens at.
        if os.path.exists(self.lab.path(_SOCKET)):
            os.unlink(self.lab.path(_SOCKET))
        self.process = self.lab.popen([*_WITHOUT_AUDIT, _PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        wait_until(self._listens, 10, "journald does not listen")

    def _listens(self):
        assert self.process.poll() is None, "journald ended; see journalctl(1) of this machine, or start it by hand"
        return os.path.exists(self.lab.path(_SOCKET)) and os.path.exists(self.lab.path("/run/log/journal"))

    def kill(self):
        process, self.process = self.process, None
        stop_process(process, signal.SIGKILL)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def entries(self, *matches):
        out = self.lab.run("journalctl", "--quiet", "--no-pager", "-o", "json", *matches, check=False).stdout
        return [json.loads(line) for line in out.splitlines()]
