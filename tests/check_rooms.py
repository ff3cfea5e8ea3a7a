#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks that the includes keep to the rooms of docs/architecture.md, and that no room depends on itself in a circle.

A room is a folder under src/. The table below says which rooms a room may include; platform headers may stand in
platform folders only.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(ROOT, "src")

# room: what it may include besides itself. A name with a file is that file only.
MAY = {
    "base": set(),
    "event": {"base"},
    "output": {"base"},
    "host": {"base"},
    "wake": {"base", "event", "host"},
    "capture": {"base", "wake/frame.h"},
    "service": {"base", "event", "host", "wake", "capture"},
    "commands": {"base", "event", "host", "wake", "service", "output"},
    "main.c": {"commands", "base"},
}
PLATFORM_FOLDERS = ("/linux/", "/libvirt/", "/windows/", "/hyperv/")
PLATFORM_FILES = re.compile(r"_(linux|windows)\.c$")
# What shared code may take from outside: C17's library and POSIX threads.
PORTABLE = {"assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "pthread.h", "stdalign.h", "stdarg.h",
            "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "time.h"}
# Commands are the edge of the program: they may ask for a terminal or the end of a pipe.
EDGE = {"unistd.h", "signal.h", "sys/stat.h", "fcntl.h", "poll.h", "sys/inotify.h"}


def includes(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if found:
                yield number, found.group(1) == '"', found.group(2)


def main():
    problems = []
    for folder, _, files in os.walk(SOURCE):
        for name in sorted(files):
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, SOURCE)
            if not name.endswith((".c", ".h")):
                continue
            room = relative.split("/")[0]
            platform = any(p in "/" + relative for p in PLATFORM_FOLDERS) or PLATFORM_FILES.search(name)
            for number, own, included in includes(path):
                where = f"src/{relative}:{number}"
                target = included.split("/")[0]
                if own and included != "version.h":
                    if "/" not in included:
                        problems.append(f"{where}: name the room of {included}")
                    elif target != room and target not in MAY[room] and included not in MAY[room]:
                        problems.append(f"{where}: {room} must not include {included}")
                    elif any(p in "/" + included for p in PLATFORM_FOLDERS) and not platform and room != "commands":
                        problems.append(f"{where}: shared code must not include {included}")
                elif not own and not platform and included not in PORTABLE:
                    if not (room in ("commands", "main.c") and included in EDGE):
                        problems.append(f"{where}: shared code must not include <{included}>")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
