# SPDX-License-Identifier: MIT
"""The first process of a Lab (see lab.py): makes its mounts, reaps orphans, ends with its standard input.

Reaping matters: libvirt watches QEMU with kill(pid, 0), to which a zombie still answers.
"""
import ctypes
import os
import signal
import subprocess
import sys

MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind=None, flags=0, options=None):
    encoded = [text.encode() if text else None for text in (source, target, kind, options)]
    if _libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mounting {target}: {os.strerror(number)}")


def cover(place):
    """Puts an empty file system over a folder."""
    mount("tmpfs", place, "tmpfs", 0, "mode=755")


def make_room(parent):
    """Makes a folder writable without writing to it: a new one in its place, with all of the old one's entries."""
    old = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    behind = f"/proc/self/fd/{old}"
    cover(parent)
    for entry in os.scandir(behind):
        copy = os.path.join(parent, entry.name)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), copy)
        elif entry.is_dir():
            os.mkdir(copy)
            mount(entry.path, copy, None, MS_BIND | MS_REC)
        else:
            os.close(os.open(copy, os.O_WRONLY | os.O_CREAT))
            mount(entry.path, copy, None, MS_BIND)
    os.close(old)


def make_mounts(places):
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc")
    mount("sysfs", "/sys", "sysfs")
    for place in places:
        if not os.path.isdir(place):
            parent = os.path.dirname(place)
            if not os.path.ismount(parent):
                make_room(parent)
            os.mkdir(place)
        cover(place)


def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def main():
    make_mounts(sys.argv[1:])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Ctrl-C reaches the whole terminal; the one who made the Lab decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, reap)
    reap()
    print("ready", flush=True)
    while os.read(0, 4096):
        pass


main()
