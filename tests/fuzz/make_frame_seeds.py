#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the seeds of fuzz_frame.c into tests/fuzz/corpus/frame/ (or the folder named)."""

import pathlib
import struct
import sys

TARGET = bytes.fromhex("525400aabb01")
SENDER = bytes.fromhex("02005e102030")
STREAM = b"\xff" * 6
MAGIC = STREAM + TARGET * 16

RAW_IP, TAG, CUT = 1, 2, 4


def control(flags=0, tag=0, more=0):
    """How the frame came; see fuzz_frame.c."""
    return struct.pack("!BHB", flags, tag, more)


def ethernet(kind, payload, tags=()):
    head = b"\xff" * 6 + SENDER
    for tpid, tag in tags:
        head += struct.pack("!HH", tpid, tag)
    return head + struct.pack("!H", kind) + payload


def udp(payload, port=9, length=None):
    return struct.pack("!HHHH", 40000, port, 8 + len(payload) if length is None else length, 0) + payload


def ipv4(payload, fragment=0, options=b"", total=None, protocol=17):
    total = 20 + len(options) + len(payload) if total is None else total
    return struct.pack(
        "!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, total, 7, fragment, 64, protocol, 0,
        bytes([192, 0, 2, 7]), bytes([192, 0, 2, 255])) + options + payload


def ipv6(payload, following=17, length=None):
    return struct.pack(
        "!IHBB16s16s", 0x60000000, len(payload) if length is None else length, following, 64,
        bytes.fromhex("20010db8") + bytes(11) + b"\x07", bytes.fromhex("ff02") + bytes(13) + b"\x01") + payload


def extension(following, body=bytes(6)):
    return bytes([following, (len(body) + 2) // 8 - 1]) + body


def seeds():
    v4, v6, wol = 0x0800, 0x86DD, 0x0842
    eth = control()
    yield "udp4-port9", eth + ethernet(v4, ipv4(udp(MAGIC)))
    yield "udp4-port7-inside", eth + ethernet(v4, ipv4(udp(b"hello" + MAGIC + b"there", 7)))
    yield "udp4-any-port", eth + ethernet(v4, ipv4(udp(MAGIC + b"\1\2\3\4", 40000)))
    yield "udp4-any-port-inside", eth + ethernet(v4, ipv4(udp(b"x" + MAGIC, 40000)))
    yield "udp4-options", eth + ethernet(v4, ipv4(udp(MAGIC), options=bytes([1] * 8)))
    yield "udp4-fragment-first", eth + ethernet(v4, ipv4(udp(MAGIC, length=2000), fragment=0x2000))
    yield "udp4-fragment-later", eth + ethernet(v4, ipv4(udp(MAGIC), fragment=0x2010))
    yield "udp4-total-too-long", eth + ethernet(v4, ipv4(udp(MAGIC), total=400))
    yield "udp4-total-too-short", eth + ethernet(v4, ipv4(udp(MAGIC), total=21))
    yield "udp4-length-too-long", eth + ethernet(v4, ipv4(udp(MAGIC, length=400)))
    yield "udp4-length-too-short", eth + ethernet(v4, ipv4(udp(MAGIC, length=3)))
    yield "udp4-padding", eth + ethernet(v4, ipv4(udp(b"")) + STREAM * 3)
    yield "tcp4", eth + ethernet(v4, ipv4(udp(MAGIC), protocol=6))
    yield "udp6", eth + ethernet(v6, ipv6(udp(MAGIC)))
    yield "udp6-jumbo", eth + ethernet(v6, ipv6(udp(MAGIC), length=0))
    yield "udp6-extensions", eth + ethernet(v6, ipv6(
        extension(43) + extension(60) + extension(44) + struct.pack("!BBHI", 51, 0, 1, 9) +
        bytes([17, 1]) + bytes(10) + udp(MAGIC), following=0))
    yield "udp6-fragment-later", eth + ethernet(v6, ipv6(
        struct.pack("!BBHI", 17, 0, 0x10, 9) + udp(MAGIC), following=44))
    yield "wol", eth + ethernet(wol, MAGIC)
    yield "wol-inside-password", eth + ethernet(wol, bytes(20) + MAGIC + b"\1\2\3\4\5\6")
    yield "wol-vlan", eth + ethernet(wol, MAGIC, [(0x8100, 10)])
    yield "wol-qinq", eth + ethernet(wol, MAGIC, [(0x88A8, 100), (0x8100, 200)])
    yield "wol-three-tags", eth + ethernet(wol, MAGIC, [(0x8100, 1)] * 3)
    yield "wol-stripped-tag", control(TAG, 0x600A) + ethernet(wol, MAGIC, [(0x8100, 0)])
    yield "wol-stripped-cut", control(TAG | CUT, 5, 9) + ethernet(wol, MAGIC[:90])
    yield "wol-group", eth + ethernet(wol, STREAM + bytes.fromhex("01005e000001") * 16)
    yield "wol-broadcast", eth + ethernet(wol, b"\xff" * 102)
    yield "wol-bad-then-good", eth + ethernet(wol, MAGIC[:80] + b"\0" + MAGIC)
    yield "wol-long-run", eth + ethernet(wol, b"\xff" * 30 + MAGIC)
    yield "wol-zero", eth + ethernet(wol, STREAM + bytes(96))
    yield "raw4", control(RAW_IP) + ipv4(udp(MAGIC))
    yield "raw6", control(RAW_IP) + ipv6(udp(MAGIC))
    yield "arp", eth + ethernet(0x0806, bytes(46))
    yield "empty", eth


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "corpus" / "frame"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
