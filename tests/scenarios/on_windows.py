# SPDX-License-Identifier: MIT
"""A scenario's host on Windows: the simulator's Hyper-V, and the Windows build under Wine."""
import time

from harness import SLOW, machines
from harness.wire import BRIDGE
from winehost.simhost import OFF, PAUSED, RUNNING, SAVED, SimHost, device_of, machine_lines


_NUMBERS = {"off": OFF, "running": RUNNING, "paused": PAUSED, "saved": SAVED}


def notes_of(one):
    """A machine's own settings as they stand in its Notes on Hyper-V."""
    if "wake" not in one:
        return None
    return "made by a test\nhypervive: " + " ".join(f"{key}={value}" for key, value in one["wake"].items())


def _lines(one):
    lines = machine_lines(one["name"], one["macs"], state=one.get("state", "off"), notes=notes_of(one),
                          kind=one.get("kind", "synthetic"))
    if one.get("fails"):
        lines.append(f"start {machines.uuid_of(one['name'])} job delay=60 fail=32773 text=\"'{one['name']}' failed to start.\"")
    return lines


def open_host(scenario, wine, wire):
    """The host with its service running."""
    return _Host(scenario, wine, wire)


class _Host(SimHost):
    def __init__(self, scenario, wine, wire):
        lines = [line for one in scenario["machines"] for line in _lines(one)]
        self._settings = dict(scenario.get("settings") or {})
        self._adapters = {one["name"]: len(one["macs"]) for one in scenario["machines"]}
        super().__init__(wine, wire, *lines, pool=0, settings=self._settings,
                         arguments=("--interface", BRIDGE, *scenario.get("arguments", ())))

    def change_settings(self, settings):
        """All at once, as one import of a .reg file."""
        since = self.service.mark()
        self.set_values(**{key: None for key in self._settings if key not in settings}, **settings)
        self._settings = dict(settings)
        self.service.wait_event(9000, since=since, reason="the settings were read again")

    def interrupt(self):
        """Ctrl-C."""
        self.service.stop()

    def define(self, one):
        if one["name"] in self._adapters:
            for number in range(len(one["macs"]), self._adapters[one["name"]]):
                self.sim.command("delete adapter", device_of(one["name"], number))
        self._adapters[one["name"]] = len(one["macs"])
        for line in _lines(one):
            self.sim.command(line)
        if "wake" not in one:
            self.sim.command("set settings", machines.uuid_of(one["name"]), "Notes=[]")

    def remove(self, name):
        del self._adapters[name]
        self.sim.command("delete machine", machines.uuid_of(name))

    def set_state(self, name, state):
        self.sim.command("set machine", machines.uuid_of(name), EnabledState=_NUMBERS[state])
        time.sleep(0.3 * SLOW)  # the service is told
