# SPDX-License-Identifier: MIT
"""Every form of packet that UDP sockets hear wakes, and nothing else does."""
import time

import pytest
from scapy.layers.l2 import Dot1Q

from harness.packets import SENDER_IP, SENDER_IP6, mac_bytes, magic, raw, udp4, udp6
from harness.wire import BRIDGE

GOOD = {
    "udp4 port 9": (lambda mac: udp4(mac), SENDER_IP),
    "udp4 port 7": (lambda mac: udp4(mac, 7), SENDER_IP),
    "udp6 port 9": (lambda mac: udp6(mac), SENDER_IP6),
    "udp6 port 7": (lambda mac: udp6(mac, 7), SENDER_IP6),
    "udp4 port 9, stream behind other bytes": (lambda mac: udp4(mac, 9, b"hello" + magic(mac)), SENDER_IP),
    "udp4 port 7, stream behind 1000 bytes": (lambda mac: udp4(mac, 7, b"\0" * 1000 + magic(mac)), SENDER_IP),
    "udp6 port 9, stream behind other bytes": (lambda mac: udp6(mac, 9, b"x" * 77 + magic(mac)), SENDER_IP6),
    "udp4, SecureOn of 6 bytes": (lambda mac: udp4(mac, 9, magic(mac, b"\1\2\3\4\5\6")), SENDER_IP),
    "udp4, SecureOn of 4 bytes": (lambda mac: udp4(mac, 9, magic(mac, b"\1\2\3\4")), SENDER_IP),
    "udp4, bytes behind it": (lambda mac: udp4(mac, 9, magic(mac) + b"and so on"), SENDER_IP),
    "udp4 of 1400 bytes": (lambda mac: udp4(mac, 9, magic(mac) + b"\0" * 1298), SENDER_IP),
    "udp4 to this host's own address": (lambda mac: unicast(mac), SENDER_IP),
}


def unicast(mac):
    frame = udp4(mac)
    frame["IP"].dst = "192.0.2.1"
    return frame


@pytest.mark.parametrize("form", GOOD)
def test_packet_wakes(shared, form):
    build, source = GOOD[form]
    target = shared.take()
    shared.send(build(target.mac))
    shared.assert_woken(target, source=source, interface=BRIDGE, vlan=None)
    assert shared.sim.starts(target.id) == 1


# The simulated host's network is a bridge, and Wine's raw sockets are Linux's: they hear every port too.
@pytest.mark.parametrize("port", [0, 1, 4000, 40009, 65535])
@pytest.mark.parametrize("form", [udp4, udp6], ids=["udp4", "udp6"])
def test_other_ports(shared, form, port):
    """Where the raw sockets could be opened (1102 tells) any port will do when the stream comes first."""
    reach = shared.service.wait_event(1102, 1103)["fields"]
    target = shared.take()
    shared.send(form(target.mac, port))
    assert "any other port" in reach["heard"], reach
    shared.assert_woken(target)


BAD = {
    "fifteen repetitions": (lambda mac: udp4(mac, payload=b"\xff" * 6 + mac_bytes(mac) * 15), True),
    "the last repetition differs":
        (lambda mac: udp4(mac, payload=b"\xff" * 6 + mac_bytes(mac) * 15 + b"\2\0\0\0\0\1"), True),
    "five bytes 0xff only": (lambda mac: udp4(mac, payload=b"\0" + b"\xff" * 5 + mac_bytes(mac) * 16), False),
    "no stream": (lambda mac: udp4(mac, payload=mac_bytes(mac) * 17), False),
    "empty": (lambda mac: udp4(mac, payload=b""), False),
    "one byte": (lambda mac: udp6(mac, payload=b"\xff"), False),
    "six bytes 0xff": (lambda mac: udp4(mac, payload=b"\xff" * 6), True),
    "any port, stream not at the start": (lambda mac: udp4(mac, 4000, b"\0" + magic(mac)), False),
    "udp6, fifteen repetitions": (lambda mac: udp6(mac, payload=b"\xff" * 6 + mac_bytes(mac) * 15), True),
}


@pytest.mark.parametrize("form", BAD)
def test_packet_does_not_wake(shared, form):
    """It starts nothing, and it opens no exclusion window: a good packet right behind it wakes."""
    build, told = BAD[form]
    target, since = shared.take(), shared.service.mark()
    shared.send(build(target.mac))
    shared.assert_not_woken(target, since)
    if told:
        assert len(shared.service.events(9009, since=since)) == 1, shared.service.story(since)
    shared.send(udp4(target.mac))
    shared.assert_woken(target)


@pytest.mark.parametrize("mac", ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01"])
def test_group_address_is_malformed(shared, mac):
    since = shared.service.mark()
    shared.send(udp4(mac))
    shared.flush()
    assert len(shared.service.events(9009, since=since)) == 1, shared.service.story(since)
    assert not shared.service.events(2000, 2001, 3000, 3001, mac=mac)


def test_ethertype_0842_is_not_heard_and_that_is_told(shared):
    """Wine has neither PktMon nor the NDIS capture provider: sockets do not hear it, and one event says so."""
    target, since = shared.take(), shared.service.mark()
    shared.send(raw(target.mac))
    shared.assert_not_woken(target, since)
    reach = shared.service.events(1102, 1103)
    assert len(reach) == 1, shared.service.story()
    assert "0842" in reach[0]["fields"]["unheard"] and reach[0]["fields"]["heard"]


def test_priority_tag_is_untagged(shared):
    target = shared.take()
    shared.send(udp4(target.mac, tags=[Dot1Q(vlan=0)]))
    shared.assert_woken(target, vlan=None)


def test_unknown_address_is_told_in_debug_mode_only(shared):
    mac, since = shared.fresh_mac(), shared.service.mark()
    shared.send(udp4(mac))
    event = shared.service.wait_event(9010, mac=mac)
    assert event["severity"] == "debug" and event["fields"]["source"] == SENDER_IP
    shared.flush()
    assert not shared.service.events(2000, 2001, since=since, mac=mac)


def test_one_datagram_is_heard_once(shared):
    """A UDP socket and a raw socket both hear port 9; what comes twice is one packet, not a packet and its copy."""
    target = shared.take()
    shared.send(udp4(target.mac))
    shared.assert_woken(target)
    assert not shared.service.events(9013, mac=target.mac), shared.service.story()


def test_many_machines_at_once(shared):
    targets = [shared.take() for _ in range(25)]
    shared.send(*(udp4(target.mac) for target in targets))
    for target in targets:
        shared.service.wait_event(3000, vm_id=target.id)
    for target in targets:
        assert len(shared.service.events(2000, mac=target.mac)) == 1
        assert shared.sim.starts(target.id) == 1


def test_flood_of_copies_is_one_wake(shared):
    target = shared.take()
    frame = bytes(udp4(target.mac))
    for _ in range(300):
        shared.wire.send(frame)
    shared.assert_woken(target)
    assert shared.sim.starts(target.id) == 1


def test_adapter_that_comes_later_is_heard(shared):
    run = shared.lab.run
    run("ip", "link", "add", "later0", "type", "veth", "peer", "name", "far0", "netns", "sender")
    run("ip", "address", "add", "198.51.100.1/24", "dev", "later0")
    run("ip", "link", "set", "later0", "up")
    run("ip", "link", "set", "far0", "up", netns="sender")
    try:
        time.sleep(0.5)
        target = shared.take()
        shared.send(udp4(target.mac, source="198.51.100.7"), interface="far0")
        shared.assert_woken(target, interface="later0", source="198.51.100.7")
    finally:
        shared.wire.forget("far0")
        run("ip", "link", "del", "later0")
