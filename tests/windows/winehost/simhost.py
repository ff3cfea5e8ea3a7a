# SPDX-License-Identifier: MIT
"""Hyper-V hosts: worlds of the simulator with the service in them, and packets over a wire."""
import itertools
import os

import wmisim
from harness import machines, packets
from harness.hosts import Machine, Pool, machine
from harness.wire import BRIDGE, Wire

from .program import WineHypervive, command

_KEYS, _KEYS_AT_ONCE = r"SOFTWARE\hypervive-test", 100  # making one takes a quarter of a second
HOST_IP, HOST_IP6 = "192.0.2.1", "2001:db8::1"

OFF, SAVED, PAUSED, RUNNING, STARTING = 3, 6, 9, 2, 10


def give_addresses(lab):
    """UDP sockets hear a broadcast only where the host has an address."""
    lab.run("ip", "address", "add", f"{HOST_IP}/24", "dev", BRIDGE)
    lab.run("ip", "address", "add", f"{HOST_IP6}/64", "dev", BRIDGE, "nodad")


def device_of(name, number=0):
    """The GUID of a machine's adapter."""
    return machines.uuid_of(f"{name} adapter {number}")


def hex_mac(mac):
    """As Hyper-V writes it."""
    return mac.replace(":", "").upper()


def machine_lines(name, macs=(), state="off", notes=None, kind="synthetic", **options):
    """Scenario lines of a machine with its adapters."""
    if notes is not None:
        options["notes"] = notes
    vm = machines.uuid_of(name)
    return [wmisim.machine(vm, name=name, state=state, **options),
            *(wmisim.adapter(vm, device_of(name, number), mac=hex_mac(mac), kind=kind) for number, mac in enumerate(macs))]


class SimHost(Pool):
    """A Hyper-V host with machines off in stock (take()), and a service that knows them.

    lines: of the scenario, besides the stock. settings: values beside DebugMode. The notifications of two
    seconds come after a tenth of one.
    """

    _ports = itertools.count(20001)
    _keys = itertools.count(1)

    def __init__(self, wine, wire, *lines, pool=40, debug=True, run=True, settings=None, arguments=(), env=None):
        self.wine, self.wire, self.lab = wine, wire, wine.lab
        number = next(self._keys)
        self.key = rf"{_KEYS}\{number}"
        self.port = None  # of the world's control connection
        self.debug = debug
        self._control = None
        self._macs = itertools.count(1)
        # No two hosts share an address: while a file's host lives, a test may have one of its own.
        stock = [machine(f"stock-{number}-{i:03}", f"52:{number >> 8:02x}:{number & 255:02x}:00:{i >> 8:02x}:{i & 255:02x}")
                 for i in range(pool)]
        self._pool = iter(stock)
        stock_lines = [line for one in stock for line in machine_lines(one.name, [one.mac])]
        self.scenario = wmisim.write_scenario(
            os.path.join(self.lab.dir, f"scenario-{number}"), "within-factor 0.05", *stock_lines, *lines)
        # Commands have a world of their own each, made from the same file, and no control port.
        self.commands_environment = {
            **wmisim.environment(self.scenario), "HYPERVIVE_REGISTRY_KEY": self.key,
            "HYPERVIVE_PIPE": rf"\\.\pipe\hypervive-test-{number}", **(env or {})}
        if number % _KEYS_AT_ONCE == 1:
            wine.reg_import(*((f"{_KEYS}\\{number + i}", {}) for i in range(_KEYS_AT_ONCE)))
        if settings:
            self.set_values(**settings)
        self.service = None
        self.run(*arguments) if run else None

    def run(self, *arguments, wait=True, env=None, **options):
        """Starts the service (the one before must have ended)."""
        if self.debug:
            arguments = ("--debug", *arguments)
        self.new_port()
        self.service = WineHypervive(self.wine, *arguments, wait=wait, env={**self.environment, **(env or {})}, **options)
        return self.service

    def new_port(self):
        """Each process gets a port of its own: Wine 8's server keeps the socket of one that has ended now and then."""
        self.close_control()
        self.port = next(self._ports)

    @property
    def environment(self):
        """Of a process that plays in the world that `sim` speaks to."""
        return {**self.commands_environment, **wmisim.environment(self.scenario, self.port or 0)}

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.service:
                self.service.__exit__(kind)
        finally:
            self.close_control()

    # The world

    @property
    def sim(self):
        """A control connection to the service's world."""
        if self._control is None:
            with self.lab.inside_network():
                self._control = wmisim.Control(self.port)
        return self._control

    def close_control(self):
        if self._control:
            self._control.close()
            self._control = None

    def add(self, name, macs=None, **options):
        """A new machine in the running world."""
        macs = [self.fresh_mac()] if macs is None else macs
        for line in machine_lines(name, macs, **options):
            self.sim.command(line)
        return Machine(name, macs[0] if macs else None, machines.uuid_of(name))

    def wait_known(self, *targets, timeout=5):
        """The service has heard of these new machines (in debug mode it says so)."""
        for target in targets:
            self.service.wait_event(9004, mac=target.mac, vm_id=target.id, timeout=timeout)

    def assert_nothing_rejected(self):
        """WMI would have refused none of what the service asked."""
        count, text = self.sim.rejections()
        assert count == 0, f"{count} refused, the last: {text}"

    # Settings

    def set_values(self, **values):
        """Writes values beside DebugMode; None deletes. An underscore in a name stands for a hyphen."""
        self.wine.reg_import((self.key, {name.replace("_", "-"): value for name, value in values.items()}))

    def set_debug_mode(self, value):
        self.wine.reg_import((self.key, {"DebugMode": value}))

    # Packets and commands

    def fresh_mac(self, group=0xF0):
        """A MAC address that no other machine of this host has."""
        return machines.mac_of(next(self._macs), group)

    def send(self, *frames, **where):
        for frame in frames:
            self.wire.send(frame, **where)

    def wake(self, target, *ends, frame=packets.udp4):
        """Sends a packet and returns the event that tells its end."""
        since = self.service.mark()
        self.send(frame(target.mac))
        return self.service.wait_event(*(ends or (3000, 3001, 9015, 2001)), since=since, vm_id=target.id)

    def command(self, *arguments, env=None, **options):
        return command(self.wine, *arguments, env={**self.commands_environment, **(env or {})}, **options)


def make_wire(lab):
    wire = Wire(lab)
    give_addresses(lab)
    return wire
