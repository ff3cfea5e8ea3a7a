# SPDX-License-Identifier: MIT
"""A libvirtd of our own, in a Lab: the whole of it (system mode), started, stopped, killed and frozen at will."""
import glob
import os
import signal
import subprocess
import tempfile

from .lab import stop_process, wait_until

_LIBVIRTD_CONF = """\
unix_sock_ro_perms = "0777"
unix_sock_rw_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "2:file:{log}"
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
"""

# No virtlogd, no security driver, no control groups, no namespaces of QEMU's own: a bare host.
QEMU_CONF = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
seccomp_sandbox = 0
"""

_ACCOUNT = "libvirt-qemu"  # Debian makes it in libvirt-daemon-system, which is not needed here

SOCKET = "/run/libvirt/libvirt-sock"

# What libvirt learns about QEMU by asking it takes seconds: asked once, and shared by all Labs.
_capabilities = None


def _shared_capabilities():
    global _capabilities
    if _capabilities is None:
        _capabilities = tempfile.TemporaryDirectory(prefix="hypervive-capabilities-")
    return _capabilities.name


class Libvirtd:
    def __init__(self, lab):
        self.lab = lab
        self.log = os.path.join(lab.dir, "libvirtd.log")
        self.process = None
        lab.write("/etc/libvirt/libvirtd.conf", _LIBVIRTD_CONF.format(log=self.log))
        lab.write("/etc/libvirt/qemu.conf", QEMU_CONF)
        self._add_account("/etc/passwd", f"{_ACCOUNT}:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n")
        self._add_account("/etc/group", f"{_ACCOUNT}:x:64055:\n")
        for folder in ("qemu/nwfilter", "nwfilter"):
            os.makedirs(lab.path(f"/etc/libvirt/{folder}"), exist_ok=True)
        cache = "/var/cache/libvirt/qemu/capabilities"
        os.makedirs(lab.path(cache))
        lab.run("mount", "--bind", _shared_capabilities(), cache)
        self.start()

    def _add_account(self, path, line):
        """The account that Debian's libvirtd looks up at start, whether or not its settings name another."""
        with open(path, encoding="utf-8") as file:
            accounts = file.read()
        if f"{_ACCOUNT}:" in accounts:
            return
        copy = os.path.join(self.lab.dir, os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as file:
            file.write(accounts + line)
        self.lab.run("mount", "--bind", copy, path)

    @property
    def uri(self):
        """For use outside of the Lab (inside it is plain qemu:///system)."""
        return f"qemu+unix:///system?socket={self.lab.path(SOCKET)}"

    def test_uri(self, path="default"):
        """libvirt's test driver within this daemon: unlike test:///default, all clients share its machines."""
        return f"test+unix:///{path}?socket={SOCKET}"

    def start(self):
        assert self.process is None
        self.process = self.lab.popen(["libvirtd", "--listen"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, 30, self._tail)

    def _answers(self):
        assert self.process.poll() is None, f"libvirtd ended: {self._tail()}"
        if not os.path.exists(self.lab.path(SOCKET)):
            return False
        return self.lab.run("virsh", "-c", "qemu:///system", "list", check=False).returncode == 0

    def _tail(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return "libvirtd's log ends with:\n" + "".join(file.readlines()[-15:])
        except OSError:
            return "libvirtd wrote no log"

    def stop(self, signal_number=signal.SIGTERM):
        """Ends the daemon; machines go on. SIGKILL is a crash."""
        process, self.process = self.process, None
        stop_process(process, signal_number)

    def kill(self):
        self.stop(signal.SIGKILL)

    def restart(self):
        self.stop()
        self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def virsh(self, *arguments, check=True, input=None):
        return self.lab.run("virsh", "-q", "-c", "qemu:///system", *arguments, check=check, input=input).stdout.strip()

    def qemu_pids(self):
        """Numbers inside of the Lab, by machine name."""
        pids = {}
        for path in glob.glob(self.lab.path("/run/libvirt/qemu/*.pid")):
            with open(path, encoding="ascii") as file:
                pids[os.path.basename(path)[:-len(".pid")]] = int(file.read())
        return pids
