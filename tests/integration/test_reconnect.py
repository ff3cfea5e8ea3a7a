# SPDX-License-Identifier: MIT
"""Losing libvirtd is a normal state: told once, survived, and nothing is forgotten or done late."""
import os
import signal
import time

import pytest

from harness import SLOW, machines
from harness.hypervive import Hypervive
from harness.lab import wait_until
from harness.libvirtd import QEMU_CONF
from harness.packets import udp4


def wait_lost(service, since=0):
    return service.wait_event(1040, since=since, timeout=20)


def wait_restored(service, since=0):
    return service.wait_event(1041, since=since, timeout=70)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["restart", "crash"])
def test_libvirtd_goes_and_comes_back(real, how):
    known = real.define("known", boot="halt")
    service = real.run()
    real.libvirtd.stop(how)
    lost = wait_lost(service)
    assert lost["severity"] == "warning" and lost["fields"]["connect"] == "qemu:///system"
    assert lost["fields"]["reason"]

    # While it is away: heard, told why not, and not woken later.
    real.send(udp4(known.mac))
    service.wait_event(2000, mac=known.mac)
    refused = service.wait_event(3001, mac=known.mac)
    assert refused["fields"]["reason"] == "host-unreachable" and refused["fields"]["vm_id"] == known.id
    time.sleep(3 * SLOW)
    assert len(service.events(1040)) == 1, service.story()

    real.libvirtd.start()
    meanwhile = real.define("meanwhile")
    restored = wait_restored(service)
    assert restored["severity"] == "information"
    assert len(service.events(1040)) == len(service.events(1041)) == 1
    time.sleep(SLOW)
    assert real.state(known) == "shut off", "woken later, which nobody expects any more"

    real.send(udp4(meanwhile.mac))
    service.wait_event(3000, vm_id=meanwhile.id, timeout=30)
    time.sleep(1)  # the window of the first packet for `known` is over by now
    real.send(udp4(known.mac))
    service.wait_event(3000, vm_id=known.id, timeout=30)
    real.wait_awake(known)


def test_defined_and_undefined_while_nobody_listens(real):
    """What changed during an outage is learned from the new listing."""
    goes, stays = real.define("goes"), real.define("stays")
    service = real.run()
    service.process.send_signal(signal.SIGSTOP)
    real.virsh("undefine", "goes")
    comes = real.define("comes")
    real.libvirtd.restart()
    service.process.send_signal(signal.SIGCONT)
    wait_restored(service)
    real.send(udp4(goes.mac), udp4(comes.mac), udp4(stays.mac))
    service.wait_event(3000, vm_id=comes.id, timeout=30)
    service.wait_event(3000, vm_id=stays.id, timeout=30)
    assert not service.events(2000, mac=goes.mac)


def test_restarts_in_a_row(real):
    target = real.define("steady", boot="halt")
    service = real.run()
    for _ in range(4):
        since = service.mark()
        real.libvirtd.restart()
        wait_lost(service, since)
        wait_restored(service, since)
    assert len(service.events(1040)) == len(service.events(1041)) == 4
    real.send(udp4(target.mac))
    service.wait_event(3000, vm_id=target.id, timeout=30)
    real.wait_awake(target)


def test_start_while_the_host_is_away(real):
    """The service starts, says so once, and is there when libvirtd is."""
    target = real.define("early", boot="halt")
    real.libvirtd.stop()
    service = Hypervive(real.lab, "--debug", connect=real.uri, wait=False)
    real.service = service
    wait_lost(service)
    time.sleep(3 * SLOW)
    assert len(service.events(1040)) == 1
    assert service.process.poll() is None
    real.libvirtd.start()
    wait_restored(service)
    assert len(service.events(1100)) == 1
    real.send(udp4(target.mac))
    service.wait_event(3000, vm_id=target.id, timeout=30)
    real.wait_awake(target)


def test_stop_while_the_host_is_away(real):
    service = real.run()
    real.libvirtd.kill()
    wait_lost(service)
    begin = time.monotonic()
    service.stop()
    assert time.monotonic() - begin < 3 * SLOW


def test_frozen_libvirtd_blocks_nothing(real):
    """A libvirtd that hangs: packets are still judged, the service still answers, and it ends when told."""
    target = real.define("frozen")
    service = real.run()
    real.libvirtd.freeze()
    try:
        real.send(udp4(target.mac))
        service.wait_event(2000, mac=target.mac)
        unknown = real.fresh_mac()
        real.send(udp4(unknown))
        service.wait_event(9010, mac=unknown)
        assert "on" in real.command("debug", "on", check=0, timeout=5).stdout
        begin = time.monotonic()
        service.stop(timeout=15)
        assert time.monotonic() - begin < 12 * SLOW
    finally:
        real.libvirtd.thaw()


def test_frozen_libvirtd_that_thaws(real):
    """The packet that came meanwhile is answered, one way or the other, exactly once."""
    target = real.define("thaws", boot="halt")
    service = real.run()
    real.libvirtd.freeze()
    real.send(udp4(target.mac))
    service.wait_event(2000, mac=target.mac)
    time.sleep(SLOW)
    real.libvirtd.thaw()
    service.wait_event(3000, 3001, vm_id=target.id, timeout=30)
    real.flush()
    assert len(service.events(3000, 3001, vm_id=target.id)) == 1


def test_machine_started_by_others_during_the_outage(real):
    target = real.define("others", boot="halt")
    service = real.run()
    real.libvirtd.restart()
    real.virsh("start", target.name)
    wait_restored(service)
    real.send(udp4(target.mac))
    service.wait_event(9015, vm_id=target.id)


def test_trouble_of_libvirts_own_is_no_outage(real):
    """libvirt cannot reach virtlogd: the start fails, but the host is there."""
    root = os.path.join(real.lab.dir, "embed")
    uri = f"qemu:///embed?root={root}"
    os.makedirs(f"{root}/etc")
    with open(f"{root}/etc/qemu.conf", "w", encoding="utf-8") as file:
        file.write(QEMU_CONF.replace('stdio_handler = "file"', 'stdio_handler = "logd"'))
    mac = real.fresh_mac()
    definition = os.path.join(real.lab.dir, "embed.xml")
    with open(definition, "w", encoding="utf-8") as file:
        file.write(machines.machine_xml("no-virtlogd", [mac], serial=os.path.join(real.lab.dir, "serial")))
    real.lab.run("virsh", "-q", "-c", uri, "define", definition)
    service = real.run(connect=uri)
    real.send(udp4(mac))
    failed = service.wait_event(3001, mac=mac, timeout=30)["fields"]
    assert "virtlogd" in failed["result_text"] and failed.get("reason") != "host-unreachable"
    service.expect_none(1040, within=2)


def test_connection_to_the_test_driver_within_libvirtd(real):
    """test+unix: the daemon's test driver, with machines that all its clients share."""
    uri = real.libvirtd.test_uri()
    keeper = real.lab.popen(["virsh", "-q", "-c", uri, "event", "--all", "--loop", "--timeout", "60"], stdout=-1)
    mac = real.fresh_mac()
    service = real.run(connect=uri)
    real.lab.write("/run/shared.xml", machines.test_machine_xml("shared", [mac]))
    real.lab.run("virsh", "-q", "-c", uri, "define", "/run/shared.xml")
    wait_until(lambda: service.events(9004, mac=mac), 5, service.story)
    real.send(udp4(mac))
    service.wait_event(3000, vm_name="shared")
    assert "running" in real.lab.run("virsh", "-q", "-c", uri, "domstate", "shared").stdout
    keeper.kill()


@pytest.mark.parametrize("uri", ["not a uri", "qemu", "qemu//system", "://", "qemu+nonsense:///system", "gopher://host/x",
                                 "qemu:///system\n", "qemu+ssh://[bad/system"])
def test_malformed_uri_is_wrong_usage(real_shared_plain, uri):
    result = real_shared_plain.command("run", "--connect", uri, check=2, timeout=10)
    assert result.stderr.strip() and not result.stdout
    assert real_shared_plain.command("vms", "--connect", uri, check=2, timeout=10).stderr.strip()


def test_unreachable_host_is_exit_3(real_shared_plain):
    for uri in ("qemu+unix:///system?socket=/nonexistent/sock", "qemu+tcp://127.0.0.1:1/system"):
        for command in (["vms"], ["wake", "web01"]):
            result = real_shared_plain.command(*command, "--connect", uri, check=3, timeout=10)
            assert result.stderr.strip()


@pytest.fixture(scope="module")
def real_shared_plain():
    """A RealHost without a service."""
    from harness.hosts import RealHost
    with RealHost() as host:
        yield host
