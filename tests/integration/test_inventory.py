# SPDX-License-Identifier: MIT
"""What the service knows of machines, adapters and interfaces follows the host within a second."""
import time

import pytest

from harness import SLOW, machines
from harness.hosts import machine
from harness.lab import wait_until
from harness.packets import udp4

WITHIN = 1.0  # seconds, as the specification promises
UNTOLD_WITHIN = 10  # where libvirt itself says nothing


def settle():
    time.sleep(WITHIN * SLOW)


def assert_known(host, mac, **fields):
    """A packet for this address is accepted. Returns how it ended."""
    since = host.service.mark()
    host.send(udp4(mac))
    host.service.wait_event(2000, since=since, mac=mac)
    return host.service.wait_event(3000, 3001, 9015, since=since, mac=mac, timeout=30, **fields)


def assert_unknown(host, mac):
    since = host.service.mark()
    host.send(udp4(mac))
    host.service.wait_event(9010, since=since, mac=mac)
    host.flush()
    assert not host.service.events(2000, 2001, since=since, mac=mac), host.service.story(since)


def test_defined_while_the_service_runs(real_shared):
    host = real_shared
    target = host.define("new")
    settle()
    assert assert_known(host, target.mac)["fields"]["vm_id"] == target.id
    added = host.service.wait_event(9004, mac=target.mac)
    assert added["fields"]["vm_name"] == "new"


def test_undefined_while_the_service_runs(real_shared):
    host = real_shared
    target = host.define("going")
    settle()
    host.virsh("undefine", target.name)
    settle()
    assert_unknown(host, target.mac)
    host.service.wait_event(9007, mac=target.mac)


def test_address_changed(real_shared):
    host = real_shared
    before = host.define("changing")
    settle()
    after = host.define("changing")
    assert after.mac != before.mac and after.id == before.id
    settle()
    assert_unknown(host, before.mac)
    assert assert_known(host, after.mac)["fields"]["vm_id"] == after.id


def test_renamed(real_shared):
    host = real_shared
    target = host.define("name-before")
    settle()
    host.virsh("domrename", "name-before", "name-after")
    settle()
    assert assert_known(host, target.mac)["fields"]["vm_name"] == "name-after"


def test_adapter_of_a_machine_that_is_off(real_shared):
    """libvirt 9 tells nobody of these changes; the service finds them by itself, within a few seconds."""
    host = real_shared
    target, mac = host.define("grows"), host.fresh_mac()
    settle()
    host.virsh("attach-interface", target.name, "bridge", "br0", "--mac", mac, "--config")
    host.service.wait_event(9004, mac=mac, timeout=UNTOLD_WITHIN)
    assert assert_known(host, mac)["fields"]["vm_id"] == target.id
    host.virsh("destroy", target.name)
    host.virsh("detach-interface", target.name, "bridge", "--mac", mac, "--config")
    host.service.wait_event(9007, mac=mac, timeout=UNTOLD_WITHIN)
    time.sleep(5.1)  # the window of the packet above
    assert_unknown(host, mac)


def test_adapter_of_a_running_machine(real_shared):
    """Plugged, and unplugged by a guest that plays its part."""
    host = real_shared
    target, mac = host.define("hot", boot="eject"), host.fresh_mac()
    host.virsh("start", target.name)
    host.wait_awake(target)
    host.virsh("attach-interface", target.name, "bridge", "br0", "--mac", mac, "--model", "virtio", "--live")
    settle()
    assert assert_known(host, mac)["id"] == 9015
    mac = host.fresh_mac()
    host.virsh("attach-interface", target.name, "bridge", "br0", "--mac", mac, "--model", "virtio", "--live")
    settle()
    host.virsh("detach-interface", target.name, "bridge", "--mac", mac, "--live")
    wait_until(lambda: mac not in host.virsh("dumpxml", target.name), 10, "the guest did not let go of the adapter")
    settle()
    assert_unknown(host, mac)
    host.remove(target)


def test_plugged_only_until_it_is_off(real_shared):
    """An adapter that was plugged into the running machine only is gone when the machine is."""
    host = real_shared
    target, mac = host.define("until-off"), host.fresh_mac()
    host.virsh("start", target.name)
    host.virsh("attach-interface", target.name, "bridge", "br0", "--mac", mac, "--model", "virtio", "--live")
    settle()
    host.virsh("destroy", target.name)
    settle()
    assert_unknown(host, mac)
    assert assert_known(host, target.mac)["id"] == 3000


def test_changed_for_the_next_start(real_shared):
    """A running machine whose definition gets another address: the old one until it is off, both meanwhile."""
    host = real_shared
    before = host.define("next-start", boot="halt")
    host.virsh("start", before.name)
    after = host.define("next-start", boot="halt")
    settle()
    assert assert_known(host, before.mac)["id"] == 9015
    host.virsh("destroy", before.name)
    settle()
    assert assert_known(host, after.mac)["id"] == 3000
    host.remove(after)


def test_transient_machine(real_shared):
    host = real_shared
    mac = host.fresh_mac()
    target = machine("transient", mac)
    host.lab.write("/run/transient.xml", machines.machine_xml(target.name, [mac]))
    host.virsh("create", "/run/transient.xml")
    settle()
    assert assert_known(host, mac)["id"] == 9015
    mac = host.fresh_mac()
    host.lab.write("/run/transient.xml", machines.machine_xml("transient-2", [mac]))
    host.virsh("create", "/run/transient.xml")
    settle()
    host.virsh("destroy", "transient-2")
    settle()
    assert_unknown(host, mac)
    host.virsh("destroy", "transient")


def test_many_definitions_in_a_row(real_shared):
    host = real_shared
    targets = [host.define(f"row-{number:02}") for number in range(30)]
    settle()
    for target in targets:
        host.service.wait_event(9004, mac=target.mac, timeout=1)
    for target in targets:
        host.virsh("undefine", target.name)
    settle()
    for target in targets:
        host.service.wait_event(9007, mac=target.mac, timeout=1)


def test_no_gap_between_the_first_listing_and_the_events(real):
    """Machines are defined all the while the service starts: none is missed."""
    script = "\n".join(f"define /run/gap-{number}.xml" for number in range(60))
    macs = []
    for number in range(60):
        macs.append(real.fresh_mac())
        real.lab.write(f"/run/gap-{number}.xml", machines.machine_xml(f"gap-{number}", [macs[-1]]))
    real.lab.write("/run/gap.script", script)
    with open(real.lab.path("/run/gap.script"), encoding="utf-8") as commands:
        writer = real.lab.popen(["virsh", "-q", "-c", "qemu:///system"], stdin=commands)
    service = real.run()
    assert writer.wait(30) == 0
    settle()
    real.send(*(udp4(mac) for mac in macs[::7]))
    for mac in macs[::7]:
        service.wait_event(2000, mac=mac)


def add_wire(host, name, far):
    host.lab.run("ip", "link", "add", name, "type", "veth", "peer", "name", far, "netns", "sender")
    host.lab.run("ip", "link", "set", name, "up")
    host.lab.run("ip", "link", "set", far, "up", netns="sender")


def test_interfaces_that_come_and_go(quick):
    for _ in range(3):
        add_wire(quick, "later0", "far0")
        settle()
        target = quick.take()
        quick.send(udp4(target.mac), interface="far0")
        quick.assert_woken(target, interface="later0")
        quick.wire.forget("far0")
        quick.lab.run("ip", "link", "del", "later0")
    target = quick.take()
    quick.send(udp4(target.mac))
    quick.assert_woken(target)
    assert not quick.service.events(1031), quick.service.story()


def test_interface_that_is_renamed(quick):
    add_wire(quick, "name-a", "far0")
    quick.lab.run("ip", "link", "set", "name-a", "down")
    quick.lab.run("ip", "link", "set", "name-a", "name", "name-b")
    quick.lab.run("ip", "link", "set", "name-b", "up")
    settle()
    target = quick.take()
    quick.send(udp4(target.mac), interface="far0")
    quick.assert_woken(target, interface="name-b")


@pytest.mark.parametrize("kind", ["bridge", "bond", "team", "macvlan"])
def test_later_interface_of_another_kind(quick, kind):
    """A wire that becomes a port of something new: the packet is heard."""
    add_wire(quick, "later0", "far0")
    options = ["link", "later0"] if kind == "macvlan" else []
    added = quick.lab.run("ip", "link", "add", *options, "name", "new0", "type", kind, check=False)
    if added.returncode != 0:
        pytest.skip(f"this kernel has no {kind} devices ({added.stderr.strip()})")
    if kind != "macvlan":
        quick.lab.run("ip", "link", "set", "later0", "down")
        quick.lab.run("ip", "link", "set", "later0", "master", "new0")
        quick.lab.run("ip", "link", "set", "later0", "up")
    quick.lab.run("ip", "link", "set", "new0", "up")
    settle()
    target = quick.take()
    quick.send(udp4(target.mac), interface="far0")
    quick.assert_woken(target, interface=quick.service.wait_event(2000, mac=target.mac)["fields"]["interface"])


def test_only_the_named_interfaces_are_heard():
    from harness.hosts import QuickHost
    with QuickHost(arguments=("--interface", "only*", "--interface", "other0"), pool=8) as host:
        for name, far in (("only1", "far1"), ("other0", "far2")):
            add_wire(host, name, far)
        settle()
        unheard, first, second = host.take(), host.take(), host.take()
        host.send(udp4(unheard.mac))
        host.send(udp4(first.mac), interface="far1")
        host.send(udp4(second.mac), interface="far2")
        host.service.wait_event(3000, mac=first.mac)
        host.service.wait_event(3000, mac=second.mac)
        host.service.expect_none(2000, 2001, 9010, mac=unheard.mac, within=0.5)
