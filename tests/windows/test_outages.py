# SPDX-License-Identifier: MIT
"""Losing vmms or WMI is a normal state: told once, survived, and nothing is forgotten or done late."""
import time

import pytest

from harness import SLOW
from harness.packets import udp4


def wait_lost(service, since=0):
    return service.wait_event(1040, since=since, timeout=20)


def wait_restored(service, since=0):
    return service.wait_event(1041, since=since, timeout=70)


@pytest.mark.parametrize("down, up", [
    ("vmms down", "vmms up"), ("vmms down empty", "vmms up"),
    ("winmgmt down", "winmgmt up"), ("winmgmt down call=0x800706BE connect=0x800706BA", "winmgmt up"),
])
def test_management_goes_and_comes_back(host, down, up):
    known, later = host.take(), host.take()
    host.sim.command(down)
    lost = wait_lost(host.service)
    assert lost["severity"] == "warning" and lost["fields"]["connect"] and lost["fields"]["reason"], lost

    # While it is away: heard, told why not, and not woken later.
    host.send(udp4(known.mac))
    host.service.wait_event(2000, mac=known.mac)
    refused = host.service.wait_event(3001, mac=known.mac)
    assert refused["fields"]["reason"] == "host-unreachable" and refused["fields"]["vm_id"] == known.id
    time.sleep(1.2 * SLOW)  # more than one attempt
    assert len(host.service.events(1040)) == 1, host.service.story()

    host.sim.command(up)
    meanwhile = host.add("meanwhile")
    restored = wait_restored(host.service)
    assert restored["severity"] == "information" and restored["fields"]["count"] >= 40
    assert len(host.service.events(1040)) == len(host.service.events(1041)) == 1, host.service.story()
    host.send(udp4(later.mac))
    host.service.wait_event(3000, vm_id=later.id)
    assert host.sim.starts(known.id) == 0, "woken later, which nobody expects any more"
    host.service.wait_event(9004, vm_id=meanwhile.id, timeout=10)
    host.send(udp4(meanwhile.mac))
    host.service.wait_event(3000, vm_id=meanwhile.id)


@pytest.mark.parametrize("code", ["0x80041032", "0x8004100A", "0x800706BA"])
def test_notifications_that_break(host, code):
    """The subscriptions end with an error: everything is read anew, whatever it was."""
    host.sim.command(f"break notifications code={code}")
    wait_lost(host.service)
    wait_restored(host.service)
    target = host.add("afterwards")
    host.wait_known(target)
    host.send(udp4(target.mac))
    host.service.wait_event(3000, vm_id=target.id)
    assert host.sim.stats()["subscriptions"] <= 6, "the old subscriptions were let go"


def test_outages_in_a_row(host):
    for _ in range(3):
        since = host.service.mark()
        host.sim.command("winmgmt down")
        wait_lost(host.service, since)
        host.sim.command("winmgmt up")
        wait_restored(host.service, since)
    assert len(host.service.events(1040)) == len(host.service.events(1041)) == 3
    target = host.take()
    host.send(udp4(target.mac))
    host.service.wait_event(3000, vm_id=target.id)


@pytest.mark.parametrize("trouble, cure", [("vmms down", "vmms up"), ("winmgmt down", "winmgmt up"),
                                           ("refuse access", "allow access")])
def test_start_while_the_host_is_away(host_with, trouble, cure):
    """The service starts, says so once, and is there when the host is."""
    host = host_with(trouble, run=False)
    service = host.run()
    lost = wait_lost(service)
    assert len(service.events(1100)) == 1 and lost["fields"]["reason"]
    time.sleep(1.5 * SLOW)
    assert len(service.events(1040)) == 1
    host.sim.command(cure)
    wait_restored(service)
    target = host.take()
    host.send(udp4(target.mac))
    service.wait_event(3000, vm_id=target.id)
    assert len(service.events(1100)) == 1


@pytest.mark.parametrize("code", ["0x80041003", "0x80070005"])
def test_access_denied_is_told_in_words(host_with, code):
    host = host_with(f"refuse access code={code}", run=False)
    service = host.run()
    assert "denied" in wait_lost(service)["fields"]["reason"].lower()
    result = host.command("vms", check=3)
    assert "denied" in result.stderr.lower() and not result.stdout


def test_machines_that_this_account_may_not_see(host_with):
    """A user without rights gets an empty list without an error: not an outage, and the commands do not invent one."""
    host = host_with("hide machines on")
    assert host.service.wait_event(1100)["fields"]["count"] == 0


def test_stop_while_the_host_is_away(host):
    host.sim.command("winmgmt down")
    wait_lost(host.service)
    begin = time.monotonic()
    host.service.stop()
    assert time.monotonic() - begin < 6 * SLOW


def test_hanging_host_blocks_nothing(host):
    """WMI that hangs: packets are still judged, the service still answers, and it ends when told."""
    target = host.take()
    host.sim.command("hang 40")
    host.send(udp4(target.mac))
    host.service.wait_event(2000, mac=target.mac)
    unknown = host.fresh_mac()
    host.send(udp4(unknown))
    host.service.wait_event(9010, mac=unknown)
    assert "on" in host.command("debug", check=0, timeout=5).stdout
    begin = time.monotonic()
    host.service.stop(timeout=20)
    assert time.monotonic() - begin < 14 * SLOW


def test_hang_that_ends(host):
    """The packet that came meanwhile is answered, one way or the other, exactly once."""
    target = host.take()
    host.sim.command("hang 2")
    host.send(udp4(target.mac))
    host.service.wait_event(2000, mac=target.mac)
    host.service.wait_event(3000, 3001, vm_id=target.id, timeout=30)
    host.flush()
    assert len(host.service.events(3000, 3001, vm_id=target.id)) == 1


def test_queries_refused_for_one_class(host):
    """The list of adapters cannot be read: an outage, told once, until it can."""
    host.sim.command("refuse query Msvm_SyntheticEthernetPortSettingData code=0x80041001")
    host.sim.command("break notifications")
    wait_lost(host.service)
    time.sleep(1.5 * SLOW)
    assert len(host.service.events(1040)) == 1, host.service.story()
    host.sim.command("allow query")
    wait_restored(host.service)
    target = host.take()
    host.send(udp4(target.mac))
    host.service.wait_event(3000, vm_id=target.id)
