# SPDX-License-Identifier: MIT
"""Magic packets, built by scapy: nothing here shares a line with the parser under test."""
import logging

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import Dot1Q, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

BROADCAST = "ff:ff:ff:ff:ff:ff"
SENDER_MAC = "02:00:00:00:00:07"
SENDER_IP, SENDER_IP6 = "192.0.2.7", "2001:db8::7"
ETHERTYPE = 0x0842


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def magic(mac, password=b""):
    """The payload: synchronisation stream, sixteen times the address, the password."""
    return b"\xff" * 6 + mac_bytes(mac) * 16 + password


def ethernet(destination=BROADCAST, source=SENDER_MAC, tags=()):
    """An Ethernet header with VLAN tags: numbers (802.1Q) or ready layers, outermost first."""
    header = Ether(src=source, dst=destination)
    for tag in tags:
        header = header / (Dot1Q(vlan=tag) if isinstance(tag, int) else tag)
    return header


def udp4(mac, port=9, payload=None, source=SENDER_IP, to=BROADCAST, sender=SENDER_MAC, tags=(), ip=None, udp=None):
    payload = magic(mac) if payload is None else payload
    return (ethernet(to, sender, tags) / IP(src=source, dst="255.255.255.255", **(ip or {})) /
            UDP(sport=40000, dport=port, **(udp or {})) / Raw(payload))


def udp6(mac, port=9, payload=None, source=SENDER_IP6, to="33:33:00:00:00:01", sender=SENDER_MAC, tags=(), ip=None, udp=None):
    payload = magic(mac) if payload is None else payload
    return (ethernet(to, sender, tags) / IPv6(src=source, dst="ff02::1", **(ip or {})) /
            UDP(sport=40000, dport=port, **(udp or {})) / Raw(payload))


def raw(mac, payload=None, to=BROADCAST, sender=SENDER_MAC, tags=()):
    """EtherType 0x0842."""
    payload = magic(mac) if payload is None else payload
    frame = ethernet(to, sender, tags)
    frame.lastlayer().type = ETHERTYPE
    return frame / Raw(payload)
