# SPDX-License-Identifier: MIT
"""Settings as registry values beside DebugMode: what they allow, how changes take effect, what bad ones do."""
import os
import struct
import time

import pytest

from harness import SLOW
from harness.lab import wait_until
from harness.packets import SENDER_IP, SENDER_MAC, udp4, udp6
from harness.wire import BRIDGE
from winehost.wine import windows_path

REG_EXPAND_SZ, REG_BINARY, REG_MULTI_SZ, REG_QWORD = 2, 3, 7, 11


def texts(*values):
    return REG_MULTI_SZ, "".join(value + "\0" for value in (*values, "")).encode("utf-16-le")


def read_again(host, since):
    """Waits until the service has read its settings anew (in debug mode it says so)."""
    host.service.wait_event(9000, since=since, reason="the settings were read again")


def change(host, **values):
    since = host.service.mark()
    host.set_values(**values)
    read_again(host, since)


def accepted(host, frame_of=udp4):
    target = host.take()
    host.send(frame_of(target.mac))
    host.service.wait_event(3000, mac=target.mac, vm_id=target.id)


def refused(host, reason, frame_of=udp4):
    target, since = host.take(), host.service.mark()
    host.send(frame_of(target.mac))
    event = host.service.wait_event(2001, since=since, mac=target.mac)
    assert event["severity"] == "warning" and event["fields"]["reason"] == reason, event
    assert event["fields"]["vm_name"] == target.name and event["fields"]["vm_id"] == target.id
    assert not host.service.events(2000, 3000, 3001, since=since, mac=target.mac)
    return event


def from_source(source):
    return lambda mac: (udp6 if ":" in source else udp4)(mac, source=source)


def test_allow_sender_network(host_with):
    host = host_with(settings={"allow-sender-network": "192.0.2.0/25, 198.51.100.9, 2001:db8::/48"})
    for source in ("192.0.2.2", "192.0.2.127", "2001:db8:0:ffff::1"):
        accepted(host, from_source(source))
    for source in ("192.0.2.128", "2001:db8:1::1"):
        assert refused(host, "sender", from_source(source))["fields"]["source"] == source


def test_allow_sender_mac(host_with):
    """UDP sockets do not tell the sender's MAC address. Windows' neighbour table may know it; Wine 8 has no
    GetIpNetEntry2(), so nobody vouches for a sender, and all are refused."""
    host = host_with(settings={"allow-sender-mac": SENDER_MAC})
    host.lab.run("ip", "neighbour", "replace", SENDER_IP, "lladdr", SENDER_MAC, "dev", BRIDGE)
    refused(host, "sender")
    refused(host, "sender", from_source("192.0.2.77"))
    change(host, allow_sender_mac=None)
    accepted(host)


def test_allow_interface(host_with):
    host = host_with(settings={"allow-interface": "other*"})
    refused(host, "interface")
    change(host, allow_interface=f"other* {BRIDGE}")
    accepted(host)


def test_allow_vlan(host_with):
    """What sockets hear has no VLAN."""
    host = host_with(settings={"allow-vlan": "10"})
    refused(host, "vlan")
    change(host, allow_vlan="10, untagged")
    accepted(host)


def test_rate_limits(host_with):
    host = host_with(settings={"rate-limit-sender": "3/min"})
    for _ in range(3):
        accepted(host, from_source("192.0.2.50"))
    refused(host, "rate", from_source("192.0.2.50"))
    accepted(host, from_source("192.0.2.51"))
    change(host, rate_limit_sender=None, rate_limit_total="1/2s")
    time.sleep(2.1)
    accepted(host)
    refused(host, "rate")
    time.sleep(2.1)
    accepted(host)


def test_dry_run(host_with):
    host = host_with(settings={"dry-run": 1})
    target = host.take()
    end = host.wake(target)
    assert end["id"] == 2001 and end["fields"]["reason"] == "dry-run" and end["fields"]["action"] == "start"
    assert host.sim.starts(target.id) == 0
    change(host, dry_run=0)
    accepted(host)


def test_every_type_of_value(host_with):
    host = host_with(settings={"allow-sender-network": texts("192.0.2.0/25", "2001:db8::/48")})
    accepted(host)
    refused(host, "sender", from_source("192.0.2.200"))
    change(host, allow_sender_network="", dry_run=(REG_QWORD, struct.pack("<Q", 1)))
    target = host.take()
    assert host.wake(target)["fields"]["reason"] == "dry-run"
    change(host, dry_run="no")
    accepted(host, from_source("192.0.2.200"))


def test_log_file_with_a_variable_in_its_path(host_with):
    """No --log-file, but the value log-file; REG_EXPAND_SZ."""
    host = host_with(run=False)
    path = os.path.join(host.lab.dir, "from the registry.jsonl")
    host.set_values(log_file=(REG_EXPAND_SZ, ("%HYPERVIVE_TEST_PLACE%\\from the registry.jsonl\0").encode("utf-16-le")))
    process = host.wine.popen(build_program(), "run", stdin=-3, stdout=-3, stderr=-3,
                              env={**host.environment, "HYPERVIVE_TEST_PLACE": windows_path(host.lab.dir)})
    try:
        wait_until(lambda: os.path.exists(path) and '"id":1100' in open(path, encoding="utf-8").read(), 15, "no 1100")
    finally:
        process.kill()
        process.wait()


def build_program():
    from winehost import build
    return build.PROGRAM


def test_settings_file_in_place_of_the_registry(host_with):
    host = host_with(run=False, settings={"allow-sender-network": "203.0.113.0/24"})
    path = os.path.join(host.lab.dir, "hypervive.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[wake]\r\nallow-sender-network = 192.0.2.0/25\r\n")
    host.run("--config", windows_path(path))
    accepted(host)
    refused(host, "sender", from_source("192.0.2.200"))
    since = host.service.mark()
    with open(path, "w", encoding="utf-8") as file:
        file.write("allow-sender-network = 192.0.2.128/25\n")
    read_again(host, since)
    refused(host, "sender")
    accepted(host, from_source("192.0.2.200"))


def test_settings_file_that_does_not_exist_is_refused(host_with):
    host = host_with(run=False)
    result = host.command("run", "--config", r"C:\no such.conf", timeout=15)
    assert result.returncode in (1, 2) and "no such.conf" in result.stderr


@pytest.mark.parametrize("name, value", [
    ("allow-vlan", "10, 5000"), ("allow-vlan", "ten"), ("allow-sender-network", "192.0.2.0/33"), ("dry-run", "perhaps"),
    ("dry-run", 2), ("rate-limit-total", "fast"), ("no-such-key", "1"), ("allow-vlan", (REG_BINARY, b"\1\2")),
    ("allow-sender-network", (1, b"\x00\xd8\x00\x00")), ("rate-limit-sender", (REG_QWORD, b"\1\0\0\0\0\0\0\0")),
], ids=str)
def test_bad_value_at_start(host_with, name, value):
    """Told once, with its name; a list that cannot be read never means that all are allowed."""
    host = host_with(settings={name: value})
    event = host.service.wait_event(1050)
    assert event["severity"] == "error" and event["fields"]["key"] == name and event["fields"]["reason"], event
    assert host.key in event["fields"]["file"] and "line" not in event["fields"]
    assert name in event["message"]
    host.flush()
    assert len(host.service.events(1050)) == 1, host.service.story()


def test_bad_value_keeps_the_one_in_force(host_with):
    host = host_with(settings={"allow-sender-network": "192.0.2.0/25", "dry-run": "no"})
    for bad in ("nonsense", (REG_BINARY, b"\xff\xff"), texts("192.0.2.0/25", "192.0.2.0/99")):
        since = host.service.mark()
        host.set_values(allow_sender_network=bad)
        assert host.service.wait_event(1050, since=since)["fields"]["key"] == "allow-sender-network"
        accepted(host)
        refused(host, "sender", from_source("192.0.2.200"))
    change(host, allow_sender_network=None)
    accepted(host, from_source("192.0.2.200"))


def test_deleted_value_is_back_at_its_default(host_with):
    host = host_with(settings={"wake-unassigned": "no", "allow-vlan": "10"})
    refused(host, "vlan")
    change(host, allow_vlan=None)
    accepted(host)


def test_values_of_others_are_left_alone(host_with):
    host = host_with(settings={"ImagePath": "C:\\x.exe run", "Start": 2, "DependOnService": texts("Winmgmt"),
                               "Description": "allow-vlan = 10", "Some Other Program's": (REG_BINARY, b"\0" * 3000)})
    accepted(host)
    since = host.service.mark()
    host.set_values(Start=3)
    host.flush()
    time.sleep(0.5 * SLOW)
    assert not host.service.events(1050), host.service.story()
    assert not host.service.events(1001, 1011, 1012, since=since)


def test_many_changes_in_a_row(host_with):
    host = host_with(pool=60, settings={"allow-sender-network": "203.0.113.0/24"})
    for number in range(8):
        host.set_values(allow_sender_network=f"203.0.113.{number}")
    change(host, allow_sender_network="192.0.2.0/25")
    accepted(host)
    refused(host, "sender", from_source("192.0.2.200"))


def test_connect_changed_while_running(host_with):
    """The value `connect` names another host: its machines are known, the old ones are not."""
    host = host_with("remote OTHER")
    known, since = host.take(), host.service.mark()
    change(host, connect="OTHER")
    host.service.wait_event(9003, since=since)
    host.send(udp4(known.mac))
    host.service.wait_event(3000, mac=known.mac)
