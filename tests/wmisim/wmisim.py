# SPDX-License-Identifier: MIT
"""wmisim.py - the Hyper-V WMI simulator seen from Python: register it, write scenarios, speak to it.

    wmisim.register(wine_environment, "/path/wmisim.dll")
    scenario = wmisim.write_scenario(path, "host HV1", wmisim.machine(GUID, name="web 01", state="off"))
    environment.update(wmisim.environment(scenario, port))
    ... start the program under Wine ...
    with wmisim.Control(port) as sim:
        sim.command("set machine", GUID, EnabledState=2)
        sim.stats()["heap"]
"""

import os
import shlex
import socket
import subprocess
import time

CLSID = "{4590F811-1D3A-11D0-891F-00AA004B2E24}"
KEY = rf"HKLM\Software\Classes\CLSID\{CLSID}\InprocServer32"
SETTINGS_KEY = r"HKLM\Software\wmisim"


class SimulatorError(Exception):
    """The simulator answered `error ...`."""


def quote(value):
    """One value as the scenario language writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(quote(item) for item in value) + "]"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def line(command, *words, **options):
    """One command: `line("machine", GUID, name="web 01")`. The words go in as they are, options are quoted; the
    option `from_` or `of_` (a Python word) may be written with a trailing underscore."""
    parts = [command, *map(str, words)]
    parts += [f"{key.rstrip('_')}={quote(value)}" for key, value in options.items()]
    return " ".join(parts)


def machine(guid, **options):
    return line("machine", guid, **options)


def adapter(vm, device, **options):
    return line("adapter", vm, device, **options)


def write_scenario(path, *lines):
    """Writes a scenario file and returns its path as text."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return str(path)


def environment(scenario=None, port=0, log=None):
    """The variables that a program under Wine needs for this world."""
    result = {"WMISIM_CONTROL": str(port)}
    if scenario:
        result["WMISIM_SCENARIO"] = str(scenario)
    if log:
        result["WMISIM_LOG"] = str(log)
    return result


def free_port():
    """A TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _reg(wine_environment, *arguments):
    subprocess.run(
        ["wine", "reg", *arguments],
        env={**os.environ, **wine_environment},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )


def windows_path(path):
    """A Unix path as Wine's drive Z: has it."""
    return "Z:" + os.path.abspath(path).replace("/", "\\")


def register(wine_environment, dll):
    """Puts the DLL in the place of CLSID_WbemLocator in the prefix that wine_environment names (WINEPREFIX)."""
    _reg(wine_environment, "add", KEY, "/ve", "/t", "REG_SZ", "/d", windows_path(dll), "/f")
    _reg(wine_environment, "add", KEY, "/v", "ThreadingModel", "/t", "REG_SZ", "/d", "Both", "/f")


def unregister(wine_environment):
    """Gives the prefix Wine's own WMI back."""
    _reg(wine_environment, "add", KEY, "/ve", "/t", "REG_SZ", "/d", r"C:\windows\system32\wbem\wbemprox.dll", "/f")


def settings(wine_environment, scenario=None, port=None, log=None):
    """The same as environment(), as registry values: for services, whose environment is not the test's."""
    for name, value in (("Scenario", scenario), ("Control", port), ("Log", log)):
        if value is not None:
            _reg(wine_environment, "add", SETTINGS_KEY, "/v", name, "/t", "REG_SZ", "/d", str(value), "/f")


def _value(text):
    try:
        return int(text)
    except ValueError:
        return text


class Control:
    """A control connection. Waits up to `timeout` seconds for the simulator to listen."""

    def __init__(self, port, timeout=20.0):
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.file = self.socket.makefile("r", encoding="utf-8", newline="\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def command(self, command, *words, **options):
        """Sends one command and returns what follows `ok`; raises SimulatorError on `error`."""
        text = line(command, *words, **options)
        if "\n" in text:
            raise ValueError("a command is one line")
        self.socket.sendall(text.encode("utf-8") + b"\n")
        answer = self.file.readline()
        if not answer:
            raise ConnectionError("the simulator closed the connection")
        word, _, rest = answer.rstrip("\r\n").partition(" ")
        if word != "ok":
            raise SimulatorError(f"{text}: {rest}")
        return rest

    def _pairs(self, text):
        return {key: _value(value) for key, _, value in (word.partition("=") for word in text.split())}

    def stats(self):
        """A dictionary of the counters: heap, objects, enumerators, subscriptions, calls, ExecQuery ..."""
        return self._pairs(self.command("stats"))

    def starts(self, guid=None):
        """How often a start was asked for: a number, or a dictionary for all machines."""
        answer = self.command("starts", *([guid] if guid else []))
        return int(answer) if guid else self._pairs(answer)

    def machines(self):
        """EnabledState by GUID."""
        return self._pairs(self.command("list machines"))

    def adapters(self):
        """MAC by `VM\\DEVICE`."""
        pairs = (word.partition("=") for word in self.command("list adapters").split())
        return {key: value for key, _, value in pairs}

    def jobs(self):
        """JobState by job GUID."""
        return self._pairs(self.command("list jobs"))

    def subscriptions(self):
        """The queries of the subscriptions that are open now."""
        return shlex.split(self.command("list subscriptions"))

    def rejections(self):
        """(number, last text) of what the program asked and WMI would refuse. Should end a test as (0, '')."""
        count, _, text = self.command("rejections").partition(" ")
        return int(count), text.strip('"')

    def get(self, what, key, name):
        """One property, as text, int or None."""
        text = self.command("get", what, key, name)
        if text == "null":
            return None
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\") if text.startswith('"') else _value(text)

    def state(self, guid):
        return self.get("machine", guid, "EnabledState")
