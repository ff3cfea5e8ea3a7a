# SPDX-License-Identifier: MIT
"""Every form of packet wakes, and nothing else does. Against libvirt's test driver, over a real wire."""
import time

import pytest
from scapy.layers.inet import IP, TCP, UDP, IPOption_Router_Alert, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, LLC, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from harness import machines
from harness.hosts import QuickHost, machine
from harness.packets import (BROADCAST, SENDER_IP, SENDER_IP6, SENDER_MAC, ethernet, mac_bytes, magic, raw, udp4, udp6)
from harness.wire import BRIDGE, NIC




GOOD = {
    # name: (frame of a MAC address, fields that 2000 must hold (None: must not))
    "udp4 port 9": (lambda mac: udp4(mac), {"source": SENDER_IP}),
    "udp4 port 7": (lambda mac: udp4(mac, 7), {"source": SENDER_IP}),
    "udp4 port 0": (lambda mac: udp4(mac, 0), {"source": SENDER_IP}),
    "udp4 any port, stream at the start": (lambda mac: udp4(mac, 40009), {"source": SENDER_IP}),
    "udp4 port 65535": (lambda mac: udp4(mac, 65535), {"source": SENDER_IP}),
    "udp4 port 9, stream behind other bytes": (lambda mac: udp4(mac, 9, b"hello" + magic(mac)), {"source": SENDER_IP}),
    "udp4 port 7, stream behind 1000 bytes": (lambda mac: udp4(mac, 7, b"\0" * 1000 + magic(mac)), {}),
    "udp4 port 0, stream behind a false start":
        (lambda mac: udp4(mac, 0, b"\xff" * 6 + b"\x02\0\0\0\0\1" * 3 + magic(mac)), {}),
    "udp4 port 9, more 0xff before the stream": (lambda mac: udp4(mac, 9, b"\xff" * 5 + magic(mac)), {}),
    "udp4 port 9, bytes behind it": (lambda mac: udp4(mac, 9, magic(mac) + b"and so on"), {}),
    "udp4 any port, bytes behind it": (lambda mac: udp4(mac, 4000, magic(mac) + b"\0" * 900), {}),
    "udp4, SecureOn of 6 bytes": (lambda mac: udp4(mac, 9, magic(mac, b"\1\2\3\4\5\6")), {}),
    "udp4, SecureOn of 4 bytes": (lambda mac: udp4(mac, 9, magic(mac, b"\1\2\3\4")), {}),
    "udp4 to the machine's own MAC": (lambda mac: udp4(mac, to=mac), {"source": SENDER_IP}),
    "udp4 to a group": (lambda mac: udp4(mac, to="01:00:5e:00:00:01"), {}),
    "udp4 to somebody else": (lambda mac: udp4(mac, to="02:00:00:00:00:99"), {}),
    "udp4, wrong UDP checksum": (lambda mac: udp4(mac, udp={"chksum": 0xBAD1}), {}),
    "udp4, no UDP checksum": (lambda mac: udp4(mac, udp={"chksum": 0}), {}),
    "udp4, wrong IP checksum": (lambda mac: udp4(mac, ip={"chksum": 0xBAD1}), {}),
    "udp4, IP options": (lambda mac: udp4(mac, ip={"options": [IPOption_Router_Alert()]}), {"source": SENDER_IP}),
    "udp4, don't fragment": (lambda mac: udp4(mac, ip={"flags": "DF"}), {}),
    "udp4, first fragment that holds all of the packet":
        (lambda mac: udp4(mac, payload=magic(mac) + b"\0" * 26, ip={"flags": "MF"}), {}),
    "udp4, padding behind the datagram": (lambda mac: bytes(udp4(mac)) + b"\0" * 20, {}),
    "udp6 port 9": (lambda mac: udp6(mac), {"source": SENDER_IP6}),
    "udp6 port 7": (lambda mac: udp6(mac, 7), {"source": SENDER_IP6}),
    "udp6 port 0": (lambda mac: udp6(mac, 0), {"source": SENDER_IP6}),
    "udp6 any port, stream at the start": (lambda mac: udp6(mac, 1234), {"source": SENDER_IP6}),
    "udp6 port 9, stream behind other bytes": (lambda mac: udp6(mac, 9, b"x" * 77 + magic(mac)), {}),
    "udp6, wrong checksum": (lambda mac: udp6(mac, udp={"chksum": 0xBAD1}), {}),
    "udp6, extension headers": (lambda mac: ethernet("33:33:00:00:00:01") / IPv6(src=SENDER_IP6, dst="ff02::1") /
                                IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / UDP(dport=9) / Raw(magic(mac)),
                                {"source": SENDER_IP6}),
    "udp6 to the machine's own MAC": (lambda mac: udp6(mac, to=mac), {}),
    "EtherType 0x0842": (lambda mac: raw(mac), {"source": SENDER_MAC}),
    "EtherType 0x0842 to the machine's own MAC": (lambda mac: raw(mac, to=mac), {"source": SENDER_MAC}),
    "EtherType 0x0842, stream behind other bytes": (lambda mac: raw(mac, b"\1\2\3" + magic(mac)), {}),
    "EtherType 0x0842, SecureOn of 6 bytes": (lambda mac: raw(mac, magic(mac, b"\1\2\3\4\5\6")), {}),
    "EtherType 0x0842, bytes behind it": (lambda mac: raw(mac, magic(mac) + b"\0" * 200), {}),
    "802.1Q": (lambda mac: udp4(mac, tags=[10]), {"vlan": 10, "inner_vlan": None}),
    "802.1Q, highest id": (lambda mac: udp4(mac, tags=[4094]), {"vlan": 4094}),
    "802.1Q with a priority": (lambda mac: udp4(mac, tags=[Dot1Q(vlan=11, prio=7, id=1)]), {"vlan": 11}),
    "802.1Q, udp6": (lambda mac: udp6(mac, tags=[12]), {"vlan": 12, "source": SENDER_IP6}),
    "802.1Q, EtherType 0x0842": (lambda mac: raw(mac, tags=[13]), {"vlan": 13, "source": SENDER_MAC}),
    "priority tag": (lambda mac: udp4(mac, tags=[0]), {"vlan": None, "inner_vlan": None}),
    "802.1ad": (lambda mac: udp4(mac, tags=[Dot1AD(vlan=20)]), {"vlan": 20, "inner_vlan": None}),
    "QinQ (802.1ad, 802.1Q)": (lambda mac: udp4(mac, tags=[Dot1AD(vlan=20), Dot1Q(vlan=30)]),
                               {"vlan": 20, "inner_vlan": 30}),
    "QinQ (802.1Q twice)": (lambda mac: udp4(mac, tags=[21, 31]), {"vlan": 21, "inner_vlan": 31}),
    "QinQ, udp6": (lambda mac: udp6(mac, tags=[Dot1AD(vlan=22), 32]), {"vlan": 22, "inner_vlan": 32}),
    "QinQ, EtherType 0x0842": (lambda mac: raw(mac, tags=[Dot1AD(vlan=23), 33]), {"vlan": 23, "inner_vlan": 33}),
}


@pytest.mark.parametrize("form", GOOD)
def test_packet_wakes(quick_shared, form):
    host, (build, fields) = quick_shared, GOOD[form]
    target = host.take()
    host.send(build(target.mac))
    host.assert_woken(target, **{"vlan": None, "interface": NIC, **fields})


def cut(frame, count):
    return bytes(frame)[:-count]


def first_fragment(mac):
    """Of a datagram that holds the whole packet, only in its second half."""
    return fragment(udp4(mac, payload=b"\0" * 64 + magic(mac)), 96)[0]


def later_fragment(mac):
    """A whole magic packet where a later fragment's data stand."""
    frame = udp4(mac)
    frame[IP].frag = 185
    return frame


BAD = {
    # name: (frame of a MAC address, whether a debug event 9009 must come)
    "fifteen repetitions": (lambda mac: udp4(mac, payload=b"\xff" * 6 + mac_bytes(mac) * 15), True),
    "the last repetition differs":
        (lambda mac: udp4(mac, payload=b"\xff" * 6 + mac_bytes(mac) * 15 + b"\2\0\0\0\0\1"), True),
    "one bit of the ninth repetition differs": (lambda mac: udp4(mac, payload=flip(magic(mac), 6 + 8 * 6 + 5)), True),
    "five bytes 0xff only": (lambda mac: udp4(mac, payload=b"\0" + b"\xff" * 5 + mac_bytes(mac) * 16), False),
    "no stream": (lambda mac: udp4(mac, payload=mac_bytes(mac) * 17), False),
    "a gap behind the stream": (lambda mac: udp4(mac, payload=b"\xff" * 6 + b"\0" + mac_bytes(mac) * 16), True),
    "any port, stream not at the start": (lambda mac: udp4(mac, 4000, b"\0" + magic(mac)), False),
    "udp6 any port, stream not at the start": (lambda mac: udp6(mac, 4000, b"\0" + magic(mac)), False),
    "frame cut within the last repetition": (lambda mac: cut(udp4(mac), 1), True),
    "frame cut within the first repetition": (lambda mac: cut(udp4(mac), 16 * 6 - 3), True),
    "frame cut within the UDP header": (lambda mac: bytes(udp4(mac))[:14 + 20 + 5], False),
    "frame cut within the IP header": (lambda mac: bytes(udp4(mac))[:14 + 11], False),
    "frame cut behind the Ethernet header": (lambda mac: bytes(udp4(mac))[:14], False),
    "0x0842 cut": (lambda mac: cut(raw(mac), 1), True),
    "udp6 cut": (lambda mac: cut(udp6(mac), 1), True),
    "UDP length past the frame": (lambda mac: udp4(mac, udp={"len": 111}), True),
    "UDP length before the packet's end": (lambda mac: udp4(mac, udp={"len": 109}), True),
    "UDP length less than its header": (lambda mac: udp4(mac, udp={"len": 7}), True),
    "UDP length 65535": (lambda mac: udp4(mac, udp={"len": 65535}), True),
    "IP length past the frame": (lambda mac: udp4(mac, ip={"len": 131}), True),
    "IP length before the packet's end": (lambda mac: udp4(mac, ip={"len": 129}), True),
    "IP length zero": (lambda mac: udp4(mac, ip={"len": 0}), True),
    "IP length less than its header": (lambda mac: udp4(mac, ip={"len": 19}), True),
    "IP header of 16 bytes": (lambda mac: udp4(mac, ip={"ihl": 4}), False),
    "IP header past the frame": (lambda mac: bytes(udp4(mac, ip={"ihl": 15}))[:60], False),
    "IP version 5": (lambda mac: udp4(mac, ip={"version": 5}), False),
    "IPv6 payload length past the frame": (lambda mac: udp6(mac, ip={"plen": 200}), True),
    "IPv6 version 4": (lambda mac: udp6(mac, ip={"version": 4}), False),
    "later fragment": (later_fragment, False),
    "first fragment that ends before the packet": (first_fragment, True),
    "IPv6 later fragment": (lambda mac: ethernet() / IPv6(src=SENDER_IP6, dst="ff02::1") /
                            IPv6ExtHdrFragment(nh=17, offset=30) / Raw(bytes(UDP(dport=9) / Raw(magic(mac)))), False),
    "TCP port 9": (lambda mac: ethernet() / IP(src=SENDER_IP, dst="192.0.2.9") / TCP(dport=9) / Raw(magic(mac)), False),
    "IP protocol 253": (lambda mac: ethernet() / IP(src=SENDER_IP, dst="192.0.2.9", proto=253) / Raw(magic(mac)), False),
    "IP within IP": (lambda mac: ethernet() / IP(src=SENDER_IP, dst="192.0.2.9") / IP(dst="192.0.2.10") /
                     UDP(dport=9) / Raw(magic(mac)), False),
    "ARP with the packet behind it": (lambda mac: ethernet() / ARP(psrc=SENDER_IP) / Raw(magic(mac)), False),
    "802.3 with LLC": (lambda mac: Ether(src=SENDER_MAC, dst=BROADCAST, type=105) / LLC() / Raw(magic(mac)), False),
    "EtherType 0x0843": (lambda mac: Ether(src=SENDER_MAC, dst=BROADCAST, type=0x0843) / Raw(magic(mac)), False),
    "three tags": (lambda mac: udp4(mac, tags=[Dot1AD(vlan=1), 2, 3]), False),
    "ten tags": (lambda mac: udp4(mac, tags=[Dot1AD(vlan=1)] + [2] * 9), False),
    "tag and nothing": (lambda mac: bytes(ethernet(tags=[5]))[:18], False),
}


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@pytest.mark.parametrize("form", BAD)
def test_packet_does_not_wake(quick_shared, form):
    """It starts nothing, and it opens no exclusion window: a good packet right behind it wakes."""
    host, (build, told) = quick_shared, BAD[form]
    target, since = host.take(), host.service.mark()
    host.send(build(target.mac))
    host.assert_not_woken(target, since)
    if told:
        assert host.service.events(9009, since=since), host.service.story(since)
    host.send(udp4(target.mac))
    host.assert_woken(target)


@pytest.mark.parametrize("mac", [BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01", "03:00:00:00:00:01"])
def test_group_address_is_malformed(quick_shared, mac):
    host, since = quick_shared, quick_shared.service.mark()
    host.send(udp4(mac), raw(mac))
    host.flush()
    assert len(host.service.events(9009, since=since)) >= 1, host.service.story(since)
    assert not host.service.events(2000, 2001, 3000, 3001, mac=mac)


def test_unknown_address_is_told_in_debug_mode_only(quick_shared):
    host = quick_shared
    stranger = machine("stranger", "52:54:00:ff:ff:01")
    host.send(udp4(stranger.mac))
    host.assert_not_woken(stranger)
    event = host.service.wait_event(9010, mac=stranger.mac)
    assert event["severity"] == "debug" and event["fields"]["source"] == SENDER_IP


def test_without_debug_mode_only_the_two_events_come():
    with QuickHost(debug=False) as host:
        target = host.take()
        host.send(udp4("52:54:00:ff:ff:02"), udp4(target.mac), udp4(target.mac, payload=magic(target.mac)[:50]))
        host.assert_woken(target)
        assert not [event for event in host.service.all_events() if event["severity"] == "debug"]


def test_machines_with_one_address_all_wake():
    mac = "52:54:00:cc:cc:01"
    twins = [machine(f"twin-{number}", mac) for number in range(5)]
    with QuickHost(*(machines.test_machine_xml(twin.name, [mac]) for twin in twins)) as host:
        host.send(udp4(mac))
        for twin in twins:
            host.service.wait_event(3000, vm_id=twin.id, vm_name=twin.name, mac=mac)
        host.flush()
        assert len(host.service.events(2000, mac=mac)) == 1
        assert len(host.service.events(3000, mac=mac)) == len(twins)


def test_every_adapter_of_a_machine_wakes_it_once():
    macs = ["52:54:00:cc:cc:11", "52:54:00:cc:cc:12", "52:54:00:cc:cc:11"]
    with QuickHost(machines.test_machine_xml("many-adapters", macs)) as host:
        host.send(udp4(macs[0]))
        host.service.wait_event(3000, mac=macs[0])
        host.send(udp4(macs[1]))
        host.service.wait_event(9015, mac=macs[1])
        host.flush()
        assert len(host.service.events(3000, vm_name="many-adapters")) == 1
        assert len(host.service.events(2000, mac=macs[0])) == 1


def test_copies_are_one_wake(quick):
    """Two wires into one bridge, and each frame three times on both: twelve copies."""
    run = quick.lab.run
    run("ip", "link", "add", "nic1", "type", "veth", "peer", "name", "wire1", "netns", "sender")
    run("ip", "link", "set", "nic1", "master", BRIDGE)
    run("ip", "link", "set", "nic1", "up")
    run("ip", "link", "set", "wire1", "up", netns="sender")
    for frame in (lambda mac: udp4(mac), lambda mac: udp4(mac, tags=[10]), lambda mac: raw(mac)):
        target = quick.take()
        copies = [frame(target.mac)] * 3
        quick.send(*copies)
        quick.send(*copies, interface="wire1")
        quick.assert_woken(target)
        assert len(quick.service.events(9013, mac=target.mac)) >= 11


def test_copy_on_a_vlan_device_is_no_second_wake(quick):
    """The copy that the VLAN device shows has lost its tag."""
    added = quick.lab.run("ip", "link", "add", "link", BRIDGE, "name", "br0.10", "type", "vlan", "id", "10", check=False)
    if added.returncode != 0:
        pytest.skip(f"this kernel has no VLAN devices ({added.stderr.strip()})")
    quick.lab.run("ip", "link", "set", "br0.10", "up")
    target = quick.take()
    quick.send(udp4(target.mac, tags=[10]))
    quick.assert_woken(target, vlan=10, interface=NIC)
    assert quick.service.events(9013, mac=target.mac, interface="br0.10")


def test_exclusion_window_is_five_seconds_and_fixed(quick):
    target = quick.take()
    begin = time.monotonic()

    def at(seconds):
        time.sleep(max(0, begin + seconds - time.monotonic()))
        quick.send(udp4(target.mac))

    for seconds in (0, 1, 3, 4.6):
        at(seconds)
    assert time.monotonic() - begin < 5, "this machine is too slow to tell"
    quick.flush()
    assert len(quick.service.events(2000, mac=target.mac)) == 1
    assert len(quick.service.events(9013, mac=target.mac)) >= 3
    assert not quick.service.events(9011, mac=target.mac)
    at(5.4)
    assert len(quick.service.wait_event(2000, mac=target.mac, count=2)) == 2
    quick.service.wait_event(9015, mac=target.mac)  # it runs: left alone
    assert quick.service.events(9011, mac=target.mac)
    assert len(quick.service.events(3000, mac=target.mac)) == 1


@pytest.mark.parametrize("allowed", [True, False])
def test_unassigned_address(allowed):
    """00:00:00:00:00:00 wakes all machines with an adapter without an address, unless that is switched off."""
    zero = "00:00:00:00:00:00"
    without = [machine(f"unassigned-{number}", zero) for number in range(2)]
    settings = "" if allowed else "wake-unassigned = no\n"
    with QuickHost(*(machines.test_machine_xml(one.name, [zero]) for one in without), settings=settings) as host:
        host.send(udp4(zero))
        host.flush()
        started = {event["fields"]["vm_name"] for event in host.service.events(3000, mac=zero)}
        assert started == ({one.name for one in without} if allowed else set()), host.service.story()
        assert len(host.service.events(2000, mac=zero)) == (1 if allowed else 0)


def test_many_machines_at_once(quick_shared):
    targets = [quick_shared.take() for _ in range(40)]
    quick_shared.send(*(udp4(target.mac) for target in targets))
    for target in targets:
        quick_shared.service.wait_event(3000, vm_id=target.id)
    for target in targets:
        assert len(quick_shared.service.events(2000, mac=target.mac)) == 1


def test_states_of_the_test_driver():
    """What the test driver can say of states: every action, and a refusal by the host in its own words."""
    names = {"td-off": machines.SHUTOFF, "td-paused": machines.PAUSED, "td-running": machines.RUNNING,
             "td-crashed": machines.CRASHED, "td-asleep": machines.PMSUSPENDED}
    targets = {name: machine(name, machines.mac_of(number, 0xB0)) for number, name in enumerate([*names, "td-saved"])}
    domains = [machines.test_machine_xml(name, [targets[name].mac], state) for name, state in names.items()]
    domains.append(machines.test_machine_xml("td-saved", [targets["td-saved"].mac], saved=True))
    with QuickHost(*domains) as host:
        host.send(*(udp4(target.mac) for target in targets.values()))
        wait = host.service.wait_event
        wait(3000, vm_name="td-off", action="start")
        wait(3000, vm_name="td-saved", action="restore")
        wait(3000, vm_name="td-paused", action="resume")
        wait(9015, vm_name="td-running")
        wait(3001, vm_name="td-crashed", reason="crashed")
        refused = wait(3001, vm_name="td-asleep")["fields"]
        assert "not supported by the connection driver: virDomainPMWakeup" in refused["result_text"]
        assert refused["result_code"] != 0
        host.flush()
        assert len(host.service.events(2000)) == len(targets) + 1
        assert not host.service.events(3000, 3001, vm_name="td-running")
