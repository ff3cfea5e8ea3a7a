# SPDX-License-Identifier: MIT
"""The service under Wine's service manager, as `hypervive install` sets it up."""
import os

import wmisim
from harness import SLOW
from harness.hypervive import Recorded
from harness.lab import wait_until

from . import build
from .program import command
from .wine import windows_path

SERVICE = "HyperVive"
SERVICE_KEY = rf"SYSTEM\CurrentControlSet\Services\{SERVICE}"
SOURCE_KEY = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SERVICE}"

STOPPED, START_PENDING, STOP_PENDING, STATE_RUNNING = 1, 2, 3, 4
PARAMCHANGE, INTERROGATE, STOP = 6, 4, 1


class Installed(Recorded):
    """The service; its events come by the setting log-file. Simulated world: scenario lines and a control port."""

    def __init__(self, wine, *lines, port, debug=True):
        self.wine, self.lab, self.port = wine, wine.lab, port
        path = os.path.join(wine.lab.dir, f"service-{port}")
        super().__init__(f"{path}.jsonl", os.devnull)
        scenario = wmisim.write_scenario(f"{path}.scenario", "within-factor 0.05", *lines)
        command(wine, "install", check=0)
        wine.reg_import(
            (wmisim.SETTINGS_KEY.removeprefix("HKLM\\"), {"Scenario": scenario, "Control": str(port)}),
            (SERVICE_KEY, {"log-file": windows_path(self.log_path), "DebugMode": int(debug)}))

    def facts(self):
        return self.wine.probe("service", SERVICE)

    def state(self):
        return self.facts().get("state")

    def ended(self):
        return None if self.facts().get("state") != STOPPED else f"it is stopped: {self.facts()}"

    def wait_state(self, state, timeout=20):
        wait_until(lambda: self.state() == state, timeout, lambda: f"the state is {self.facts()}\n{self.story()}")

    def start(self):
        since = self.mark()
        self.wine.run("net", "start", SERVICE, timeout=30 * SLOW)
        self.wait_state(STATE_RUNNING)
        self.wait_event(1100, since=since)

    def stop(self):
        self.wine.run("net", "stop", SERVICE, timeout=30 * SLOW)
        self.wait_state(STOPPED)

    def control(self, code):
        return self.wine.probe("control", SERVICE, str(code))["error"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing of it stays in the prefix."""
        command(self.wine, "uninstall", timeout=60)
        self.wine.reg_import((wmisim.SETTINGS_KEY.removeprefix("HKLM\\"), None))
        assert self.facts()["error"] != 0, "it is still there"


def firewall_line(result):
    """Wine has no firewall rules: install and uninstall may say so on stderr, and nothing else."""
    return [line for line in result.stderr.splitlines() if "warning" not in line]


PROGRAM_LINE = f'"{windows_path(build.PROGRAM)}" run'
