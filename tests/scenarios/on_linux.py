# SPDX-License-Identifier: MIT
"""A scenario's host on Linux: libvirt's test driver, or QEMU machines where they change."""
import signal
import time

from harness import SLOW, machines
from harness.hosts import QuickHost, RealHost
from harness.wire import NIC

from player import settings_text

_MODELS = {"synthetic": "virtio", "emulated": "e1000"}
_STATES = {"off": machines.SHUTOFF, "running": machines.RUNNING, "paused": machines.PAUSED, "saved": machines.SHUTOFF}


def open_host(scenario):
    """The host with its service running."""
    return (_Real if scenario.get("linux") == "real" else _Quick)(scenario)


def _arguments(scenario):
    return ("--interface", NIC, *scenario.get("arguments", ()))


class _Changeable:
    def interrupt(self):
        """Ctrl-C."""
        self.service.stop(signal.SIGINT)

    def change_settings(self, settings):
        since = self.service.mark()
        self.service.replace_settings(settings_text(settings))
        self.service.wait_event(9000, since=since, reason="the settings were read again")

    def command(self, *arguments, **options):
        return super().command(*arguments, "--connect", self.uri, **options)


class _Quick(_Changeable, QuickHost):
    def __init__(self, scenario):
        domains = []
        for one in scenario["machines"]:
            metadata = machines.wake_metadata(**one["wake"]) if "wake" in one else ""
            state = one.get("state", "off")
            domains.append(machines.test_machine_xml(
                one["name"], one["macs"], _STATES[state], saved=state == "saved", metadata=metadata,
                model=_MODELS[one.get("kind", "synthetic")]))
        super().__init__(*domains, pool=0, arguments=_arguments(scenario), settings=settings_text(scenario.get("settings")))


class _Real(_Changeable, RealHost):
    def __init__(self, scenario):
        super().__init__()
        try:
            for one in scenario["machines"]:
                self.define(one)
                if one.get("state", "off") != "off":
                    self.set_state(one["name"], one["state"])
            self.run(*_arguments(scenario), settings=settings_text(scenario.get("settings")))
        except BaseException:
            self.__exit__(Exception)
            raise

    def define(self, one):
        model = _MODELS[one.get("kind", "synthetic")]
        adapters = [machines.interface_xml(mac, model=model) for mac in one["macs"]]
        metadata = machines.wake_metadata(**one["wake"]) if "wake" in one else ""
        options = {}
        if one.get("fails"):
            options["disks"] = ("<disk type='file' device='disk'><source file='/run/no such disk.img'/>"
                                "<target dev='vda' bus='virtio'/></disk>")
        self.define_xml(machines.machine_xml(one["name"], adapters, metadata=metadata, **options))

    def remove(self, name):
        self.virsh("undefine", name)

    def set_state(self, name, state):
        steps = {"running": ["start"], "paused": ["start", "suspend"], "saved": ["start", "managedsave"], "off": ["destroy"]}
        for step in steps[state]:
            self.virsh(step, name)
        time.sleep(0.3 * SLOW)  # the service is told
