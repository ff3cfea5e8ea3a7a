# SPDX-License-Identifier: MIT
"""A laboratory: namespaces in which a host and a sender live, and which vanish without a trace.

Theory of operation. A Lab is one small init process in mount, network, PID, IPC and UTS namespaces
of its own. The places where libvirt, systemd and hypervive keep things (/run, /var/lib/libvirt, /etc/libvirt …)
are empty tmpfs there, and the network has nothing but what a test puts in. Every program of a test
is started inside by setns(2), so the developer's machine is never touched.

The end needs no bookkeeping: the init process ends when its standard input closes (also when pytest is
killed), and the kernel then kills every process of the PID namespace and drops the rest: daemons,
QEMU machines, interfaces, mounts.
"""
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import SLOW

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)

# Places that are the Lab's own. /run/netns is among them, so `ip netns` names are private too.
PRIVATE = (
    "/run", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/etc/libvirt",
    "/etc/hypervive", "/var/lib/hypervive", "/var/log/journal",
)

_INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab_init.py")


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


# What may end the program that made a Lab.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _undisturbed():
    """No signal comes between a child's birth and its registration; yields what the child must set again."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield before
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _setns(descriptor, kind):
    _check(_libc.setns(descriptor, kind), "setns")


def why_not():
    """None when a Lab can be made here, else the reason as a sentence."""
    if os.geteuid() != 0:
        return "the integration tests need root (namespaces, packet sockets)"
    if not os.path.exists("/dev/net/tun"):
        return "/dev/net/tun does not exist"
    for program in ("ip", "mount"):
        if not shutil.which(program):
            return f"the program {program} is missing: run scripts/install-dependencies test"
    probe = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        return f"namespaces cannot be made here: {probe.stderr.strip()}"
    return None


class CommandFailed(Exception):
    """A program that a test needs ended badly; holds what it said."""


class Lab:
    """One host in namespaces of its own. Use as a context manager or call close()."""

    def __init__(self, label="lab"):
        self.dir = tempfile.mkdtemp(prefix=f"hypervive-{label}-")
        self._descriptors = []
        self._processes = []
        self._init = None
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        own_pid_namespace = self._open("/proc/self/ns/pid")

        def leave():
            _check(_libc.unshare(_CLONE_NEWNS | _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS), "unshare")

        with _undisturbed():
            # The next child only is the first process of the new PID namespace; then back at once.
            _check(_libc.unshare(_CLONE_NEWPID), "unshare")
            try:
                self._init = subprocess.Popen(
                    [sys.executable, "-I", "-S", _INIT, *PRIVATE],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=leave)
            finally:
                _setns(own_pid_namespace, _CLONE_NEWPID)
        if self._init.stdout.readline() != "ready\n":
            raise CommandFailed(f"the laboratory cannot be set up: {self._init.stderr.read().strip()}")
        self.pid = self._init.pid
        self._own_pid = own_pid_namespace
        self._pid_namespace = self._open(f"/proc/{self.pid}/ns/pid")
        self._mounts = self._open(f"/proc/{self.pid}/ns/mnt")
        self._others = [(self._open(f"/proc/{self.pid}/ns/{name}"), kind)
                        for name, kind in (("ipc", _CLONE_NEWIPC), ("uts", _CLONE_NEWUTS))]
        self._net = self._open(f"/proc/{self.pid}/ns/net")

    def _open(self, path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._descriptors.append(descriptor)
        return descriptor

    def path(self, inside):
        """The way from outside to a file inside: also good for sockets."""
        return f"/proc/{self.pid}/root{inside}"

    def net_descriptor(self, netns=None):
        """An open network namespace: the host's, or a named one's. The caller closes the latter."""
        return os.dup(self._net) if netns is None else os.open(self.path(f"/run/netns/{netns}"), os.O_RDONLY)

    def popen(self, argv, netns=None, **options):
        """Starts a program inside; .pid is its number outside, so it can be signalled."""
        net = self.net_descriptor(netns)

        def enter():
            for descriptor, kind in self._others:
                _setns(descriptor, kind)
            _setns(net, _CLONE_NEWNET)
            _setns(self._mounts, _CLONE_NEWNS)
            os.chdir("/")
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        with _undisturbed() as mask:
            _setns(self._pid_namespace, _CLONE_NEWPID)
            try:
                process = subprocess.Popen(argv, preexec_fn=enter, **options)
                self._processes.append(process)
            finally:
                _setns(self._own_pid, _CLONE_NEWPID)
                os.close(net)
        return process

    def run(self, *argv, netns=None, check=True, timeout=30, input=None, env=None):
        """Runs a program to its end; text in and out. Raises CommandFailed unless check is False."""
        process = self.popen(argv, netns=netns, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
                             text=True, errors="surrogateescape")
        try:
            out, err = process.communicate(input, timeout=timeout * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise CommandFailed(f"{' '.join(argv)}: not done within {timeout * SLOW} s\n{out}{err}") from None
        self.forget(process)
        if check and process.returncode != 0:
            raise CommandFailed(f"{' '.join(argv)}: exit {process.returncode}\n{out}{err}")
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def forget(self, process):
        """A process of popen() that has ended: close() need not end it."""
        self._processes.remove(process)

    @contextlib.contextmanager
    def inside_network(self, netns=None):
        """This thread's own network namespace is the Lab's meanwhile: for opening sockets."""
        net = self.net_descriptor(netns)
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _setns(net, _CLONE_NEWNET)
            yield
        finally:
            _setns(own, _CLONE_NEWNET)
            os.close(own)
            os.close(net)

    def write(self, inside, text, mode=0o644):
        """Writes a file inside (its directory is made)."""
        path = self.path(inside)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.chmod(path, mode)

    def close(self):
        """Ends everything inside. Also after a start that failed half way."""
        with _undisturbed():
            self._end()

    def _end(self):
        if self._init:
            self._init.stdin.close()
            # The kernel lets the init go only when we have reaped our own children inside.
            for process in self._processes:
                process.kill()
                process.wait()
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream:
                        stream.close()
            self._processes.clear()
            self._init.wait()
            self._init.stdout.close()
            self._init.stderr.close()
            self._init = None
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        shutil.rmtree(self.dir, ignore_errors=True)


def wait_until(condition, timeout, what):
    """Polls until condition() is true; returns its value. AssertionError with `what` when it never is."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout * SLOW} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def stop_process(process, signal_number=signal.SIGTERM, timeout=10):
    """Ends a process of ours; returns its exit code."""
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(timeout * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{process.args[0]} did not end within {timeout * SLOW} s "
                                 f"of signal {signal_number}") from None
    return process.returncode
