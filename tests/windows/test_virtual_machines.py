# SPDX-License-Identifier: MIT
"""Machines and adapters that are created, changed and deleted; copies and templates that are none."""
import time

import pytest

import wmisim
from harness import SLOW, machines
from harness.packets import udp4
from winehost.simhost import device_of, hex_mac, machine_lines

ZERO = "00:00:00:00:00:00"


def packet(host, mac, *ends):
    """Sends a packet and returns what it came to: an event of these ids, or None when nobody has the address (which
    is asked before any exclusion window)."""
    since = host.service.mark()
    host.send(udp4(mac))
    host.service.wait_event(9010, since=since, mac=mac)
    host.flush()
    found = host.service.events(*(ends or (3000, 3001, 9015, 2001)), since=since, mac=mac)
    assert len(found) <= 1, host.service.story(since)
    assert bool(found) == bool(host.service.events(2000, 2001, since=since, mac=mac))
    return found[0] if found else None


def test_created_and_deleted(host):
    target = host.add("comes")
    host.wait_known(target)
    assert packet(host, target.mac)["id"] == 3000
    other = host.add("goes")
    host.wait_known(other)
    host.sim.command("delete machine", other.id)
    gone = host.service.wait_event(9007, mac=other.mac)
    assert gone["fields"]["vm_name"] == "goes" and gone["fields"]["vm_id"] == other.id
    assert packet(host, other.mac) is None
    host.assert_nothing_rejected()


@pytest.mark.parametrize("kind", ["synthetic", "emulated"])
def test_adapter_added_changed_and_removed(host, kind):
    target = host.add("machine", macs=[])
    first, second = host.fresh_mac(), host.fresh_mac()
    device = device_of("machine")
    host.sim.command("adapter", target.id, device, kind=kind, mac=hex_mac(first))
    added = host.service.wait_event(9004, mac=first)
    assert added["fields"]["kind"] == kind and added["fields"]["vm_id"] == target.id
    host.sim.command("set adapter", device, Address=hex_mac(second))
    host.service.wait_event(9005, mac=second, vm_id=target.id)
    assert packet(host, first) is None
    assert packet(host, second)["id"] == 3000
    host.sim.command("delete adapter", device)
    host.service.wait_event(9007, mac=second, vm_id=target.id)
    assert packet(host, second) is None
    host.assert_nothing_rejected()


def test_dynamic_address_becomes_real(host_with):
    """A machine whose adapter gets its address when it starts: woken by zeroes once, by the real address later."""
    name = "dynamic"
    vm = machines.uuid_of(name)
    host = host_with(wmisim.machine(vm, name=name), wmisim.adapter(vm, device_of(name), static=False, mac="0" * 12))
    assert packet(host, ZERO)["id"] == 3000
    real = host.service.wait_event(9005, vm_id=vm)["fields"]["mac"]
    assert real.startswith("00:15:5d:")
    host.sim.command("set machine", vm, EnabledState=3)
    time.sleep(0.5 * SLOW)  # the news of the state
    assert packet(host, ZERO) is None
    assert packet(host, real)["id"] == 3000
    assert host.sim.starts(vm) == 2


def test_unassigned_addresses_of_templates_are_nobodys(host_with):
    """The host's own definitions of adapters have the address 000000000000."""
    host = host_with(*("template",) * 3, "template kind=emulated", "template mac=0200000000AA")
    assert packet(host, ZERO) is None
    assert packet(host, "02:00:00:00:00:aa") is None
    assert not host.service.events(1021), host.service.story()


def test_checkpoint_copies_never_match(host_with):
    """A checkpoint's copy of an adapter keeps the old address, and carries an id that is no machine's."""
    name, old, new = "has checkpoints", "52:54:00:cc:00:01", "52:54:00:cc:00:02"
    vm = machines.uuid_of(name)
    checkpoints = [machines.uuid_of(f"checkpoint {number}") for number in range(3)]
    host = host_with(*machine_lines(name, [old]),
                     *(f'checkpoint {one} of={vm} name="c {number}" type={kind}'
                       for number, (one, kind) in enumerate(zip(checkpoints, ("user", "recovery", "replica")))))
    assert len(host.service.wait_event(9003)["fields"]) and not host.service.events(1021)
    end = packet(host, old)
    assert end["id"] == 3000 and end["fields"]["vm_id"] == vm
    host.sim.command("set adapter", f"{vm}\\{device_of(name)}", Address=hex_mac(new))
    host.service.wait_event(9005, mac=new, vm_id=vm)
    assert packet(host, old) is None, "a checkpoint's copy matched"
    host.sim.command("checkpoint", machines.uuid_of("late"), of_=vm, name="late")
    host.sim.command("delete checkpoint", checkpoints[0])
    time.sleep(0.5 * SLOW)
    assert packet(host, new)["id"] == 9015
    assert not host.service.events(9007, vm_id=vm)
    host.assert_nothing_rejected()


def test_renamed_machine(host):
    target = host.add("old name")
    host.wait_known(target)
    host.sim.command("machine", target.id, name="new name")
    time.sleep(0.7 * SLOW)
    assert packet(host, target.mac)["fields"]["vm_name"] == "new name"


@pytest.mark.parametrize("address", ["", "xyz", "0200000000", "02000000000000AA", "GGGGGGGGGGGG", None])
def test_adapter_with_an_unusable_address(host_with, address):
    name = "odd"
    vm, device = machines.uuid_of(name), device_of(name)
    host = host_with(*machine_lines(name, ["52:54:00:cc:00:11", "52:54:00:cc:00:12"]),
                     f"set adapter {device} Address={wmisim.quote(address)}")
    if address:
        told = host.service.wait_event(1021)
        assert told["fields"]["vm_name"] == name and told["fields"]["vm_id"] == vm
    assert packet(host, "52:54:00:cc:00:12")["id"] == 3000, "the machine's other adapter works"


@pytest.mark.parametrize("address", ["525400CCABCD", "525400ccabcd", "52-54-00-CC-AB-CD", "52:54:00:cc:ab:cd"])
def test_address_in_any_writing(host_with, address):
    name = "written"
    host = host_with(*machine_lines(name, ["00:00:00:00:00:00"]), f"set adapter {device_of(name)} Address={wmisim.quote(address)}")
    assert packet(host, "52:54:00:cc:ab:cd")["fields"]["vm_id"] == machines.uuid_of(name)


def test_instances_that_are_no_machines(host_with):
    """The host's own Msvm_ComputerSystem, and things of other classes, are no virtual machines."""
    host = host_with("host HVHOST", pool=3)
    vms = host.command("vms", "--json", check=0).stdout
    assert "HVHOST" not in vms.split('"vms"')[1]
    assert host.service.wait_event(1100)["fields"]["count"] == 3


def test_notes_of_many_lines(host_with):
    """Our line stands among others' text, anywhere, in any case; one that only mentions us is not ours."""
    cases = {"alone": ("hypervive: allow=no", 2001), "between": ("backup: daily\nhypervive: allow=no\nowner: me", 2001),
             "crlf": ("a\r\nhypervive: allow=no\r\n", 2001), "mentioned": ("see hypervive: allow=no in the manual", 3000),
             "other": ("hyperviver: allow=no", 3000), "empty": ("", 3000)}
    lines = [line for number, (name, (notes, _)) in enumerate(cases.items())
             for line in machine_lines(name, [machines.mac_of(number, 0xC7)], notes=notes)]
    host = host_with(*lines)
    for number, (name, (_, end)) in enumerate(cases.items()):
        assert packet(host, machines.mac_of(number, 0xC7))["id"] == end, name


def test_many_changes_in_a_row(host):
    targets = [host.add(f"row {number:02}") for number in range(30)]
    for target in targets:
        host.service.wait_event(9004, mac=target.mac, timeout=5)
    for target in targets:
        host.sim.command("delete machine", target.id)
    for target in targets:
        host.service.wait_event(9007, mac=target.mac, timeout=5)
    assert packet(host, targets[7].mac) is None


def test_no_gap_between_the_first_listing_and_the_notifications(host_with):
    """Machines come all the while the service starts on a slow host: none is missed."""
    host = host_with("slow 30", run=False)
    host.run(wait=False)
    targets = [host.add(f"gap {number}") for number in range(25)]
    host.service.wait_ready(timeout=30)
    for target in targets[::4]:
        host.send(udp4(target.mac))
        host.service.wait_event(3000, 9010, mac=target.mac)
    time.sleep(5.2 * SLOW)  # the pulse at the latest has found all
    for target in targets[1::4]:
        host.send(udp4(target.mac))
        host.service.wait_event(3000, vm_id=target.id)


def test_refused_notifications(host_with):
    """1022 once; the machines are listed at intervals, and changes are found a little later."""
    host = host_with("refuse notifications")
    told = host.service.wait_event(1022)
    assert told["severity"] == "error" and told["fields"]["reason"]
    known = host.take()
    assert packet(host, known.mac)["id"] == 3000
    target = host.add("found later")
    host.service.wait_event(9004, mac=target.mac, timeout=12)
    assert packet(host, target.mac)["id"] == 3000
    assert len(host.service.events(1022)) == 1 and not host.service.events(1040)


def test_some_notifications_refused(host_with):
    """One class only: its changes are found all the same."""
    host = host_with("refuse notifications Msvm_EmulatedEthernetPortSettingData")
    target = host.add("emulated", kind="emulated")
    host.service.wait_event(9004, mac=target.mac, timeout=15)
    assert packet(host, target.mac)["id"] == 3000


def test_a_machine_without_a_name(host_with):
    vm = machines.uuid_of("nameless")
    host = host_with(wmisim.machine(vm, name=""), wmisim.adapter(vm, device_of("nameless"), mac="525400CC0F01"))
    end = packet(host, "52:54:00:cc:0f:01")
    assert end["id"] == 3000 and end["fields"]["vm_id"] == vm


def test_a_machine_that_vanishes_while_it_is_woken(host):
    target = host.take()
    host.sim.command("start", target.id, "job delay=700 vanish=400")
    host.send(udp4(target.mac))
    host.service.wait_event(9008, vm_id=target.id)
    host.sim.command("delete machine", target.id)
    end = host.service.wait_event(3000, 3001, vm_id=target.id)
    assert end["id"] == 3001 and end["fields"]["result_text"], end
    assert not host.service.events(1040)


