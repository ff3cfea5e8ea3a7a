# SPDX-License-Identifier: MIT
"""A Wine prefix in a Lab: programs, the registry, the service manager.

Theory of operation. The prefix lives in the Lab's folder and all of its processes in the Lab's namespaces, so
the end of the Lab is the end of them; nobody's own Wine is touched. One process (an idle cmd.exe) keeps
the prefix alive: without it each command would boot it again, and start its automatic services.
The output of programs goes to files, not to pipes: a program may leave others behind that
inherit its output, and a pipe would then never end.
"""
import json
import os
import re
import subprocess
import tempfile

from harness import SLOW
from harness.lab import CommandFailed, wait_until

from . import build

_BOOT_SECONDS = 120


def windows_path(path):
    """A Unix path as Wine's drive Z: has it."""
    return "Z:" + os.path.abspath(path).replace("/", "\\")


class Wine:
    """A prefix. Its end comes with the Lab's, or with close()."""

    def __init__(self, lab):
        self.lab = lab
        self.prefix = os.path.join(lab.dir, "prefix")
        # C.UTF-8: arguments and file names are UTF-8 on the Unix side. No display, no debugger, no Mono.
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": lab.dir, "LC_ALL": "C.UTF-8", "WINEPREFIX": self.prefix, "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winedbg.exe=d"}
        # The first program makes the prefix. wineboot followed by another would boot twice, and for a while two
        # service managers would answer, each with services of its own; two at the same time get in each other's way.
        self._keeper = self.popen("cmd.exe", "/q", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(os.path.join(self.prefix, ".update-timestamp")), _BOOT_SECONDS,
                   "Wine made no prefix")
        self.run("cmd.exe", "/c", "ver", timeout=_BOOT_SECONDS)

    def close(self):
        """Ends every process of the prefix."""
        self.run("wineserver", "-k", check=False, wine=False)
        self._keeper.wait(30)

    # Programs

    def popen(self, *argv, env=None, wine=True, **options):
        """Starts a Windows program (or, with wine=False, one of Wine's own tools)."""
        words = ["wine", *argv] if wine else list(argv)
        return self.lab.popen(words, env={**self.environment, **(env or {})}, **options)

    def run(self, *argv, check=True, **options):
        """Runs a program to its end; its output as text. Raises CommandFailed unless check is False."""
        result = self._run(*argv, **options)
        if result.returncode == 1 and not result.stdout and not result.stderr:
            # About one start in a thousand fails in Wine itself, on a machine with much to do. Whatever a
            # program of ours has to say, it does not end with 1 without a word.
            result = self._run(*argv, **options)
        if check and result.returncode != 0:
            raise CommandFailed(f"{' '.join(argv)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def _run(self, *argv, timeout=30, env=None, wine=True, input=None):
        with tempfile.TemporaryFile(dir=self.lab.dir) as out, tempfile.TemporaryFile(dir=self.lab.dir) as err:
            process = self.popen(*argv, env=env, wine=wine, stdout=out, stderr=err,
                                 stdin=subprocess.DEVNULL if input is None else subprocess.PIPE)
            try:
                if input is not None:
                    process.stdin.write(input)
                    process.stdin.close()
                process.wait(timeout * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise CommandFailed(f"{' '.join(argv)}: not done within {timeout * SLOW} s\n{_text(out)}{_text(err)}") from None
            finally:
                self.lab.forget(process)
            return subprocess.CompletedProcess(argv, process.returncode, _text(out), _text(err))

    def probe(self, *words):
        """What tests/windows/win_probe.c finds out from inside."""
        return json.loads(self.run(build.PROBE, *words).stdout)

    # The registry

    def reg_import(self, *keys):
        """Writes to HKLM in one go. Each key: (name, {value name: text | number | (type, data) | None to delete it} or
        None to delete the key). Data of a (type, data) are bytes, written as hex(type)."""
        lines = ["Windows Registry Editor Version 5.00", ""]
        for name, values in keys:
            lines.append(f"[{'-' if values is None else ''}HKEY_LOCAL_MACHINE\\{name}]")
            lines += [f"{_reg_quote(key) if key else '@'}={_reg_data(value)}" for key, value in (values or {}).items()]
            lines.append("")
        with tempfile.NamedTemporaryFile(dir=self.lab.dir, suffix=".reg") as file:
            file.write(b"\xff\xfe" + "\r\n".join(lines).encode("utf-16-le"))
            file.flush()
            self.run("reg", "import", windows_path(file.name))

    def reg_query(self, key):
        """The values of a key of HKLM: {name: (type, data as text)}; None when there is no such key."""
        result = self.run("reg", "query", f"HKLM\\{key}", check=False)
        if result.returncode != 0:
            return None
        rows = re.findall(r"^    (.*?)    (REG_\w+)(?:    (.*?))?\r?$", result.stdout, re.MULTILINE)
        return {name: (kind, data) for name, kind, data in rows}

    def register_simulator(self):
        """Puts the simulator in the place of CLSID_WbemLocator."""
        import wmisim
        self.reg_import((wmisim.KEY.removeprefix("HKLM\\"),
                         {"": windows_path(build.SIMULATOR), "ThreadingModel": "Both"}))


def _text(file):
    file.seek(0)
    return file.read().decode("utf-8", errors="surrogateescape")


def _reg_quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reg_data(value):
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"dword:{value:08x}"
    if isinstance(value, str):
        return _reg_quote(value)
    kind, data = value
    return f"hex({kind:x}):" + ",".join(f"{byte:02x}" for byte in data)
