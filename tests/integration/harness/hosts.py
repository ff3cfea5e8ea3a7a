# SPDX-License-Identifier: MIT
"""Whole hosts for tests: QuickHost (libvirt's test driver) and RealHost (a private libvirtd with QEMU)."""
import itertools
import os
from collections import namedtuple

from . import machines, packets
from .hypervive import Hypervive, command
from .lab import Lab, wait_until
from .libvirtd import Libvirtd
from .wire import Wire

Machine = namedtuple("Machine", "name mac id")


def machine(name, mac):
    return Machine(name, mac, machines.uuid_of(name))


class Host:
    """A Lab with a wire; the base of both kinds."""

    def __init__(self, label):
        self.lab = Lab(label)
        os.chmod(self.lab.dir, 0o755)
        self.service = None
        self._macs = itertools.count(1)
        try:
            self.wire = Wire(self.lab)
        except BaseException:
            self.lab.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.service:
                self.service.__exit__(kind)
        finally:
            self.wire.close()
            self.lab.close()

    def fresh_mac(self, group=0xF0):
        """A MAC address that no other machine of this host has."""
        return machines.mac_of(next(self._macs), group)

    def send(self, *frames, **where):
        for frame in frames:
            self.wire.send(frame, **where)

    def command(self, *arguments, **options):
        return command(self.lab, *arguments, **options)


class Pool:
    """What a host adds that has a pool of machines (_pool), each good for one wake."""

    def take(self):
        """A machine that is off and was never spoken of."""
        return next(self._pool)

    def flush(self):
        """When this returns, every frame sent before has been judged and every machine that it wakes was asked to run."""
        last = self.take()
        self.send(packets.udp4(last.mac))
        self.service.wait_event(3000, mac=last.mac)

    def assert_woken(self, target, since=0, **fields):
        """Exactly one 2000 with these fields and one 3000."""
        accepted = self.service.wait_event(2000, mac=target.mac, since=since)
        started = self.service.wait_event(3000, mac=target.mac, vm_id=target.id, since=since)
        self.flush()
        assert len(self.service.events(2000, mac=target.mac, since=since)) == 1, self.service.story(since)
        assert len(self.service.events(3000, 3001, vm_id=target.id, since=since)) == 1, self.service.story(since)
        assert started["fields"]["vm_name"] == target.name
        assert started["fields"]["action"] == "start"
        for key, value in fields.items():
            for event in (accepted, *([started] if key in ("source", ) else [])):
                if value is None:
                    assert key not in event["fields"], event
                else:
                    assert event["fields"].get(key) == value, event

    def assert_not_woken(self, target, since=0):
        """Nothing but debug events about this address or machine. The frame was sent before."""
        self.flush()
        for event in self.service.all_events()[since:]:
            if event["severity"] != "debug":
                assert event["fields"].get("mac") != target.mac and event["fields"].get("vm_id") != target.id, event


class QuickHost(Pool, Host):
    """Machines of libvirt's test driver, a fresh one for each packet that shall wake."""

    def __init__(self, *domains, pool=48, debug=True, run=True, arguments=(), **options):
        super().__init__("quick")
        try:
            self._pool = iter([machine(f"quick-{number:03}", machines.mac_of(number, 0xA0)) for number in range(pool)])
            all_domains = [machines.test_machine_xml(f"quick-{number:03}", [machines.mac_of(number, 0xA0)])
                           for number in range(pool)]
            self.file = os.path.join(self.lab.dir, "host.xml")
            with open(self.file, "w", encoding="utf-8") as file:
                file.write(machines.test_driver_xml(*domains, *all_domains))
            self.uri = f"test://{self.file}"
            if run:
                if debug:
                    arguments = ("--debug", *arguments)
                self.service = Hypervive(self.lab, *arguments, connect=self.uri, **options)
        except BaseException:
            self.__exit__(Exception)
            raise


class RealHost(Host):
    """QEMU machines under a private libvirtd."""

    def __init__(self):
        super().__init__("real")
        try:
            self.libvirtd = Libvirtd(self.lab)
        except BaseException:
            self.__exit__(Exception)
            raise
        self.uri = "qemu:///system"

    def run(self, *arguments, debug=True, **options):
        """Starts the service (the one before must have ended)."""
        if debug:
            arguments = ("--debug", *arguments)
        options.setdefault("connect", self.uri)
        self.service = Hypervive(self.lab, *arguments, **options)
        return self.service

    def virsh(self, *arguments, **options):
        return self.libvirtd.virsh(*arguments, **options)

    def define(self, name, macs=None, boot=None, **options):
        """Defines a machine that is off; boot says what its boot sector does after its greeting."""
        macs = [self.fresh_mac()] if macs is None else macs
        if boot:
            image = os.path.join(self.lab.dir, f"{name}.img")
            options.update(boot=machines.boot_image(image, then=boot), serial=self.serial_path(name))
        self.define_xml(machines.machine_xml(name, macs, **options))
        return machine(name, macs[0] if macs and not macs[0].startswith("<") else None)

    def wait_known(self, *targets):
        """The running service has heard of these new machines (in debug mode it says so)."""
        for target in targets:
            self.service.wait_event(9004, mac=target.mac, vm_id=target.id, timeout=5)

    def define_xml(self, xml):
        path = os.path.join(self.lab.dir, "definition.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(xml)
        self.virsh("define", path)

    def serial_path(self, name):
        return os.path.join(self.lab.dir, f"{name}.serial")

    def serial(self, target):
        """What the machine has said so far."""
        try:
            with open(self.serial_path(target.name), encoding="ascii", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def state(self, target, reason=False):
        words = ["domstate", target.name] + (["--reason"] if reason else [])
        return self.virsh(*words)

    def wait_state(self, target, state, timeout=15):
        wait_until(lambda: self.state(target, reason="(" in state) == state, timeout,
                   lambda: f"{target.name} is {self.state(target, reason=True)}, not {state}")

    def wait_awake(self, target, times=1):
        """The machine itself has said that it runs."""
        wait_until(lambda: self.serial(target).count(machines.AWAKE) >= times, 20,
                   lambda: f"{target.name} said only {self.serial(target)!r}")

    def remove(self, target):
        self.virsh("destroy", target.name, check=False)
        self.virsh("undefine", target.name, "--managed-save", check=False)

    def flush(self):
        """Every frame sent before has been judged when this returns: see the debug event of an unknown address."""
        last = self.fresh_mac(0xFE)
        self.send(packets.udp4(last))
        self.service.wait_event(9010, mac=last)
