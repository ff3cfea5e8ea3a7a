# SPDX-License-Identifier: MIT
"""The capture on real interfaces: every packet form, in network namespaces made for it.

A "host" namespace, where capture_probe listens, is joined by a veth wire (v0 there, v1 here) to a
"peer" namespace that sends. No test waits for nothing to happen: it sends a marker behind what
it has to say, and what came before the marker is all there was.
"""
import contextlib
import ctypes
import fcntl
import itertools
import os
import pathlib
import re
import select
import shutil
import socket
import struct
import subprocess
import time

import pytest

scapy = pytest.importorskip("scapy.all", reason="python3-scapy is not installed")
from scapy.all import (  # noqa: E402
    ARP, DNS, DNSQR, IP, LLC, STP, TCP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6EchoRequest,
    IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, Raw, raw)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HYPERVIVE_BUILD", ROOT / "build"))
CLONE_NEWNET = 0x40000000
TIMEOUT = 10 * float(os.environ.get("HYPERVIVE_TEST_SLOW", "1"))

TARGET = "52:54:00:aa:bb:01"
SENDER = "02:00:5e:10:20:30"
BROADCAST = "ff:ff:ff:ff:ff:ff"
STREAM = b"\xff" * 6

numbers = itertools.count(1)


def why_not():
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not shutil.which("ip"):
        return "the program ip is not installed"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        return "network namespaces cannot be made here"
    return None


pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


def probe_program():
    found = [path for path in BUILD.rglob("capture_probe") if path.is_file()]
    assert found, f"no capture_probe in {BUILD}; set HYPERVIVE_BUILD"
    return str(found[0])


def magic(mac=TARGET):
    return STREAM + bytes.fromhex(mac.replace(":", "")) * 16


class Network:
    """A network namespace under a name that nobody else has."""

    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, role):
        self.name = f"hypervive-{role}-{os.getpid()}-{next(numbers)}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def ip(self, *words):
        subprocess.run(["ip", "-n", self.name, *words], check=True)

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *words]

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace; a socket made here stays in it."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            assert self.libc.setns(there.fileno(), CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert self.libc.setns(home.fileno(), CLONE_NEWNET) == 0

    def send(self, interface, *frames):
        with self.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind((interface, 0))
            for frame in frames:
                sender.send(raw(frame))

    def veth(self, name, other, other_name, mtu=1500):
        self.ip("link", "add", name, "mtu", str(mtu), "type", "veth",
                "peer", "name", other_name, "mtu", str(mtu), "netns", other.name)
        other.ip("link", "set", other_name, "up")
        self.ip("link", "set", name, "up")


class Probe:
    """capture_probe at work in a namespace."""

    def __init__(self, network, *words, wrapper=()):
        self.network = network
        self.process = subprocess.Popen(
            network.command(*wrapper, probe_program(), *words),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""
        self.lines = []
        self.wait_for("ready")

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(TIMEOUT) == 0
        self.process.stdout.close()

    def line(self):
        end = time.monotonic() + TIMEOUT
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            assert ready, f"capture_probe is silent; lately: {self.lines[-5:]}"
            got = os.read(self.process.stdout.fileno(), 65536)
            assert got, f"capture_probe ended; lately: {self.lines[-5:]}"
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def wait_for(self, *words):
        """The lines up to the one that has all the words in it, without that."""
        self.lines = []
        while True:
            line = self.line()
            if all(word in line for word in words):
                return self.lines
            self.lines.append(line)

    def tell(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        return self.wait_for(f"done {word}")

    def counters(self):
        line = self.tell("counters")[-1]
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}

    def heard(self, at_least=0):
        """
        All frames up to now, as dictionaries. The marker goes over the host's own loopback; where
        many frames may still wait, at_least says how many to read first, so that it finds room.
        """
        first = [self.line() for _ in range(at_least)]
        marker = "02:aa:00:00:%02x:%02x" % divmod(next(numbers), 256)
        frame = Ether(dst=BROADCAST, src=SENDER, type=0x0842) / Raw(magic(marker))
        self.network.send("lo", frame)
        lines = first + self.wait_for("interface=lo", f"mac={marker}")
        lines = [line for line in lines if line.startswith("frame ")]
        self.wait_for(f"mac={marker}")  # sent and received: the marker is heard twice
        return [dict(re.findall(r'(\w+)=("[^"]*"|\S*)', line)) for line in lines]

    def status(self, key):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(rf"^{key}:\s+(\d+)", status.read(), re.M).group(1))


class Setting:
    def __init__(self, stack):
        self.stack = stack
        self.host, self.peer = self.network("host"), self.network("peer")

    def network(self, role):
        made = Network(role)
        self.stack.callback(made.remove)
        return made

    def probe(self, *words, **more):
        made = Probe(self.host, *words, **more)
        self.stack.callback(made.close)
        return made


@pytest.fixture
def setting():
    with contextlib.ExitStack() as stack:
        made = Setting(stack)
        made.host.veth("v0", made.peer, "v1", mtu=9000)
        yield made


def ether(**more):
    return Ether(dst=BROADCAST, src=SENDER, **more)


def ip4(**more):
    return IP(src="192.0.2.7", dst="192.0.2.255", **more)


def ip6(**more):
    return IPv6(src="2001:db8::7", dst="ff02::1", **more)


def udp(port, payload):
    return UDP(sport=40000, dport=port) / Raw(payload)


# Each form of the packet, and what is to be read out of it.
FORMS = {
    "udp4-9": (ether() / ip4() / udp(9, magic()), {"source": "192.0.2.7", "vlan": "0"}),
    "udp4-7-inside": (ether() / ip4() / udp(7, b"hello" + magic() + b"!"), {}),
    "udp4-0-inside": (ether() / ip4() / udp(0, bytes(700) + magic()), {}),
    "udp4-any-port": (ether() / ip4() / udp(30303, magic()), {}),
    "udp4-unicast": (Ether(dst=TARGET, src=SENDER) / ip4() / udp(9, magic()), {}),
    "udp4-bad-checksums": (ether() / ip4(chksum=1) / UDP(dport=9, chksum=1) / Raw(magic()), {}),
    "udp4-secureon-6": (
        ether() / ip4() / udp(9, magic() + b"\1\2\3\4\5\6"), {"password": "010203040506"}),
    "udp4-secureon-4": (ether() / ip4() / udp(9, magic() + b"\1\2\3\4"), {"password": "01020304"}),
    "udp6-9": (ether() / ip6() / udp(9, magic()), {"source": "2001:db8::7"}),
    "udp6-any-port": (ether() / ip6() / udp(30303, magic()), {}),
    "udp6-extensions": (
        ether() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(m=0) /
        udp(9, magic()), {"source": "2001:db8::7"}),
    "wol": (ether(type=0x0842) / Raw(magic()), {"source": SENDER}),
    "wol-inside": (ether(type=0x0842) / Raw(bytes(1391) + magic() + b"end"), {}),
    "wol-vlan": (ether() / Dot1Q(vlan=10, prio=3, type=0x0842) / Raw(magic()), {"vlan": "10"}),
    "udp4-vlan": (ether() / Dot1Q(vlan=4094) / ip4() / udp(9, magic()), {"vlan": "4094"}),
    "udp6-service-vlan": (ether() / Dot1AD(vlan=20) / ip6() / udp(9, magic()), {"vlan": "20"}),
    "udp4-qinq": (
        ether() / Dot1AD(vlan=100) / Dot1Q(vlan=200) / ip4() / udp(9, magic()),
        {"vlan": "100", "inner": "200"}),
    "udp4-two-8100": (
        ether() / Dot1Q(vlan=100) / Dot1Q(vlan=200) / ip4() / udp(5555, magic()),
        {"vlan": "100", "inner": "200"}),
    "wol-qinq": (
        ether() / Dot1AD(vlan=1) / Dot1Q(vlan=2, type=0x0842) / Raw(magic()),
        {"vlan": "1", "inner": "2"}),
    "priority-tag": (ether() / Dot1Q(vlan=0, prio=7) / ip4() / udp(9, magic()), {"vlan": "0"}),
    "zero-mac": (ether() / ip4() / udp(9, magic("00:00:00:00:00:00")), {"mac": "00:00:00:00:00:00"}),
}

MALFORMED = {
    "group": (ether() / ip4() / udp(9, magic("01:00:5e:00:00:01")), "the address is a group address"),
    "broadcast": (ether() / ip4() / udp(4000, b"\xff" * 102), "the address is a group address"),
    "not-repeated": (
        ether(type=0x0842) / Raw(magic()[:-1] + b"\0"), "the address is not repeated 16 times"),
    "ip-length": (ether() / ip4(len=400) / udp(9, magic()), "the datagram is cut short"),
    "udp-length": (ether() / ip4() / UDP(dport=9, len=400) / Raw(magic()), "the datagram is cut short"),
    "first-fragment": (
        ether() / ip4(flags="MF") / UDP(dport=9, len=400) / Raw(magic()), "the datagram is cut short"),
    "jumbogram": (
        ether() / ip6(plen=0) / udp(9, magic()), "the lengths of its headers contradict each other"),
}

ORDINARY = {
    "arp": ether() / ARP(pdst="192.0.2.1", hwdst=BROADCAST),
    "stp": Ether(dst="01:80:c2:00:00:00", src=SENDER) / LLC() / STP(),
    "lldp": ether(type=0x88CC) / Raw(bytes(40) + b"\xff" * 20),
    "dns": ether() / ip4() / UDP(dport=53) / DNS(qd=DNSQR(qname="example.org")),
    "tcp": ether() / ip4() / TCP(dport=9) / Raw(magic()),
    "icmp6": ether() / ip6() / ICMPv6EchoRequest(data=magic()),
    "port-9-noise": ether() / ip4() / udp(9, bytes(range(255)) * 5),
    "any-port-inside": ether() / ip4() / udp(4000, b"x" + magic()),
    "later-fragment": ether() / ip4(frag=10) / Raw(bytes(8) + magic()),
    "tagged-arp": ether() / Dot1Q(vlan=10) / ARP(hwdst=BROADCAST),
}


def test_every_form(setting):
    probe = setting.probe()
    for name, (frame, wanted) in FORMS.items():
        setting.peer.send("v1", frame)
        heard = probe.heard()
        assert len(heard) == 1, f"{name}: heard {heard}"
        expected = {"interface": "v0", "verdict": "packet", "mac": TARGET, "inner": "0", "password": ""}
        for key, value in {**expected, **wanted}.items():
            assert heard[0][key] == value, f"{name}: {key} in {heard[0]}"


def test_malformed(setting):
    probe = setting.probe()
    for name, (frame, problem) in MALFORMED.items():
        setting.peer.send("v1", frame)
        heard = probe.heard()
        assert [(each["verdict"], each["problem"]) for each in heard] == \
            [("malformed", f'"{problem}"')], name


def test_ordinary_traffic_is_not_heard(setting):
    probe = setting.probe()
    for name, frame in ORDINARY.items():
        setting.peer.send("v1", frame, frame)
        assert probe.heard() == [], name


def test_flood_does_not_wake_the_process(setting):
    probe = setting.probe()
    assert probe.heard() == []
    before = probe.status("voluntary_ctxt_switches")
    frames = [raw(frame) for frame in ORDINARY.values()]
    with setting.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind(("v1", 0))
        for count in range(20000):
            sender.send(frames[count % len(frames)])
    assert probe.status("voluntary_ctxt_switches") == before
    assert probe.heard() == []
    assert probe.counters()["dropped"] == 0


def test_no_frame_slips_in_before_the_filter(setting):
    """The probe is started again and again in a flood; what it hears must be the marker alone."""
    flood = "import socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\n" \
        f"s.bind(('v1', 0))\nf = bytes.fromhex('{raw(ORDINARY['dns']).hex()}')\nwhile True: s.send(f)\n"
    sender = subprocess.Popen(setting.peer.command("/usr/bin/python3", "-c", flood))
    try:
        for _ in range(10):
            probe = Probe(setting.host)
            assert probe.heard() == []
            probe.close()
    finally:
        sender.kill()
        sender.wait()


def test_bridge_shows_copies(setting):
    """NIC, bridge and tap hear one frame; all three are told, each by its name."""
    host = setting.host
    host.ip("link", "add", "br0", "type", "bridge")
    host.ip("tuntap", "add", "tap0", "mode", "tap")
    for port in ("v0", "tap0"):
        host.ip("link", "set", port, "master", "br0")
    for interface in ("br0", "tap0"):
        host.ip("link", "set", interface, "up")
    with opened_tun(host, "tap0", 0x1002):
        probe = setting.probe()
        setting.peer.send("v1", FORMS["udp4-vlan"][0])
        heard = probe.heard()
    assert sorted(each["interface"] for each in heard) == ["br0", "tap0", "v0"]
    assert {(each["mac"], each["vlan"]) for each in heard} == {(TARGET, "4094")}


@contextlib.contextmanager
def opened_tun(network, name, flags):
    """The far end of a tun or tap device, which gives it its carrier."""
    with network.entered():
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(descriptor, 0x400454CA, struct.pack("16sH22x", name.encode(), flags))  # TUNSETIFF
    try:
        # The carrier appears, and a bridge takes the port, a moment later.
        end = time.monotonic() + TIMEOUT
        while True:
            shown = subprocess.run(["ip", "-n", network.name, "-o", "link", "show", name],
                                   capture_output=True, text=True, check=True).stdout
            if "LOWER_UP" in shown and ("master" not in shown or "state UP" in shown):
                break
            assert time.monotonic() < end, shown
            time.sleep(0.01)
        yield descriptor
    finally:
        os.close(descriptor)


def test_guest_on_a_tap_wakes(setting):
    setting.host.ip("tuntap", "add", "tap7", "mode", "tap")
    setting.host.ip("link", "set", "tap7", "up")
    probe = setting.probe()
    with opened_tun(setting.host, "tap7", 0x1002) as guest:
        os.write(guest, raw(FORMS["wol"][0]))
        heard = probe.heard()
    assert [(each["interface"], each["mac"]) for each in heard] == [("tap7", TARGET)]


@pytest.mark.parametrize("packet, source", [
    (ip4() / udp(9, magic()), "192.0.2.7"), (ip6() / udp(4444, magic()), "2001:db8::7")])
def test_raw_ip(setting, packet, source):
    setting.host.ip("tuntap", "add", "tun7", "mode", "tun")
    setting.host.ip("link", "set", "tun7", "up")
    probe = setting.probe()
    with opened_tun(setting.host, "tun7", 0x1001) as far_end:
        os.write(far_end, raw(packet))
        heard = probe.heard()
    assert [(each["interface"], each["mac"], each["source"]) for each in heard] == \
        [("tun7", TARGET, source)]


def test_the_host_itself_wakes(setting):
    """What the host sends is heard as it leaves: over a wire once, over the loopback twice."""
    setting.host.ip("address", "add", "198.51.100.1/24", "dev", "v0")
    probe = setting.probe()
    with setting.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sender.sendto(magic(), ("198.51.100.255", 9))
        sender.sendto(magic(), ("127.0.0.1", 4242))
    heard = [(each["interface"], each["source"], each["verdict"]) for each in probe.heard()]
    # The host is a receiver of its own broadcast: its copy comes over v0 as well.
    assert set(heard) == {("v0", "198.51.100.1", "packet"), ("lo", "127.0.0.1", "packet")}
    assert heard.count(("lo", "127.0.0.1", "packet")) == 2


def test_interfaces_come_go_and_change_their_names(setting):
    probe = setting.probe()
    setting.host.veth("later0", setting.peer, "later1")
    setting.peer.send("later1", FORMS["wol"][0])
    assert [each["interface"] for each in probe.heard()] == ["later0"]

    setting.host.ip("link", "set", "later0", "down")
    setting.host.ip("link", "set", "later0", "name", "uplink")
    setting.host.ip("link", "set", "uplink", "up")
    setting.peer.send("later1", FORMS["wol"][0])
    assert [each["interface"] for each in probe.heard()] == ["uplink"]

    probe.tell("hold")
    setting.peer.send("later1", FORMS["wol"][0])
    setting.host.ip("link", "del", "uplink")
    probe.tell("read")
    heard = probe.heard()
    assert len(heard) == 1 and re.fullmatch(r"if\d+", heard[0]["interface"]), heard
    assert heard[0]["mac"] == TARGET

    setting.peer.send("v1", FORMS["wol"][0])
    assert [each["interface"] for each in probe.heard()] == ["v0"]


def test_only_the_interfaces_asked_for(setting):
    setting.host.veth("uplink0", setting.peer, "w1")
    probe = setting.probe("up*", "lo")
    setting.peer.send("v1", FORMS["wol"][0])
    setting.peer.send("w1", FORMS["wol"][0])
    setting.peer.send("v1", FORMS["wol"][0])
    assert [each["interface"] for each in probe.heard()] == ["uplink0"]
    assert probe.counters()["dropped"] == 0


def test_frames_larger_than_a_slot(setting):
    """Jumbo frames come whole, tag and all, and in their order among small ones."""
    large = ether() / ip4() / udp(9, bytes(8000) + magic("52:54:00:00:00:02"))
    tagged = ether() / Dot1Q(vlan=77) / ip4() / udp(9, bytes(8000) + magic("52:54:00:00:00:03"))
    probe = setting.probe()
    setting.peer.send("v1", FORMS["wol"][0], large, FORMS["udp4-vlan"][0], tagged, FORMS["wol"][0])
    heard = probe.heard()
    assert [(each["mac"], each["vlan"]) for each in heard] == [
        (TARGET, "0"), ("52:54:00:00:00:02", "0"), (TARGET, "4094"), ("52:54:00:00:00:03", "77"),
        (TARGET, "0")]
    assert heard[1]["length"] == heard[1]["wire"] == str(len(raw(large)))
    assert {each["interface"] for each in heard} == {"v0"}


def test_largest_datagram_on_the_loopback(setting):
    probe = setting.probe()
    with setting.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(bytes(65507 - 102) + magic(), ("127.0.0.1", 9))
    heard = probe.heard()
    assert heard and {(each["mac"], each["interface"]) for each in heard} == {(TARGET, "lo")}
    assert heard[0]["length"] == str(65507 + 42)


def test_many_large_frames_do_not_stall_it(setting):
    """More than the queue of large frames holds: some are cut, and afterwards all is well."""
    large = ether() / ip4() / udp(9, bytes(8000) + magic("52:54:00:00:00:02"))
    probe = setting.probe()
    for _ in range(3):
        probe.tell("hold")
        setting.peer.send("v1", *[large] * 100)
        probe.tell("read")
        assert len(probe.heard(at_least=100)) == 100
        setting.peer.send("v1", large, FORMS["wol"][0])
        assert [each["mac"] for each in probe.heard()] == ["52:54:00:00:00:02", TARGET]


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_large_frames_find_their_slots(setting, tmp_path):
    """The first of three cannot be fetched in time: it is told cut, the others with their own bytes."""
    macs = ["52:54:00:00:00:02", "52:54:00:00:00:03", "52:54:00:00:00:04"]
    frames = [ether() / ip4() / udp(9, bytes(3000) + magic(mac)) for mac in macs]
    probe = setting.probe(wrapper=[
        "strace", "-E", "ASAN_OPTIONS=detect_leaks=0",  # which does not work under strace
        "-o", str(tmp_path / "trace"), "-e", "trace=recvfrom", "-e", "inject=recvfrom:error=ENOBUFS:when=1"])
    probe.tell("hold")
    setting.peer.send("v1", *frames)
    probe.tell("read")
    heard = probe.heard(at_least=3)
    assert [each["verdict"] for each in heard] == ["none", "packet", "packet"]
    assert int(heard[0]["length"]) < int(heard[0]["wire"]) == len(raw(frames[0]))
    assert [each["mac"] for each in heard[1:]] == macs[1:]
    setting.peer.send("v1", frames[0])
    assert [each["mac"] for each in probe.heard()] == macs[:1]


def test_large_frames_from_two_sides_are_not_confused(setting):
    """Two processors fill the ring at once: each frame is told with the interface it came by."""
    setting.host.veth("w0", setting.peer, "w1", mtu=9000)
    sides = {"v1": "52:54:00:00:00:02", "w1": "52:54:00:00:00:03"}
    send = "import socket, sys, time\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\n" \
        "s.bind((sys.argv[1], 0))\nf = bytes.fromhex(sys.argv[2])\n" \
        "for _ in range(100):\n  for _ in range(10): s.send(f)\n  time.sleep(0.004)\n"
    probe = setting.probe()
    senders = []
    for interface, mac in sides.items():
        frame = raw(ether() / ip4() / udp(9, bytes(3000) + magic(mac))).hex()
        senders.append(subprocess.Popen(
            setting.peer.command("/usr/bin/python3", "-c", send, interface, frame)))
    whole = {("v0", sides["v1"]): 0, ("w0", sides["w1"]): 0}
    for _ in range(2000):
        line = probe.line()
        interface, verdict, mac = re.search(r"interface=(\S+) verdict=(\w+) mac=(\S+)", line).groups()
        if verdict == "packet":
            whole[interface, mac] += 1
    assert [sender.wait() for sender in senders] == [0, 0]
    assert min(whole.values()) > 100, whole
    assert probe.heard() == []


def test_overrun_is_counted_and_survived(setting):
    probe = setting.probe()
    probe.tell("hold")
    setting.peer.send("v1", *[FORMS["wol"][0]] * 2500)
    probe.tell("read")
    assert len(probe.heard(at_least=2048)) == 2048
    assert probe.counters() == {"frames": 2048 + 2, "dropped": 2500 - 2048}
    setting.peer.send("v1", *[FORMS["wol"][0]] * 500)
    assert len(probe.heard(at_least=500)) == 500
    assert probe.counters()["dropped"] == 2500 - 2048


def test_a_small_budget_loses_nothing(setting):
    probe = setting.probe("--budget", "1")
    probe.tell("hold")
    setting.peer.send("v1", *[FORMS["wol"][0]] * 300)
    probe.tell("read")
    assert len(probe.heard(at_least=300)) == 300


def setpriv(capabilities):
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs",
            f"--inh-caps=-all{capabilities}", f"--ambient-caps=-all{capabilities}",
            f"--bounding-set=-all{capabilities}"]


@pytest.fixture
def readable_probe(tmp_path_factory, monkeypatch):
    """A copy of the probe where anybody can run it."""
    folder = pathlib.Path("/tmp") / f"hypervive-probe-{os.getpid()}-{next(numbers)}"
    folder.mkdir(mode=0o755)
    shutil.copy(probe_program(), folder / "capture_probe")
    monkeypatch.setitem(globals(), "BUILD", folder)
    yield
    shutil.rmtree(folder)


def test_cap_net_raw_is_enough(setting, readable_probe):
    probe = setting.probe(wrapper=setpriv(",+net_raw"))
    with open(f"/proc/{probe.process.pid}/status") as status:
        assert re.search(r"^CapEff:\s+0*2000$", status.read(), re.M)
    setting.peer.send("v1", FORMS["udp4-vlan"][0])
    assert [(each["interface"], each["vlan"]) for each in probe.heard()] == [("v0", "4094")]


def test_without_it_the_cause_is_told(setting, readable_probe):
    result = subprocess.run(
        setting.host.command(*setpriv(""), probe_program()), capture_output=True, text=True,
        stdin=subprocess.DEVNULL)
    assert result.returncode == 1
    assert result.stderr == "capture_probe: " \
        "listening to the network needs root or the capability CAP_NET_RAW\n"


@pytest.mark.parametrize("limit, reach", [(131072, 1602), (20480, 1100), (8000, 300)])
def test_kernels_with_little_room_for_filters(setting, limit, reach):
    """Kernels before 6.7 allow 20 KiB; a coarser scan must fit there, and still find all."""
    set_limit = setting.host.command("sysctl", "-qw", f"net.core.optmem_max={limit}")
    if subprocess.run(set_limit, capture_output=True).returncode != 0:
        pytest.skip("this kernel has no net.core.optmem_max in a namespace")
    probe = setting.probe()
    for name, (frame, _) in FORMS.items():
        setting.peer.send("v1", frame)
        assert [each["mac"] for each in probe.heard()] == [FORMS[name][1].get("mac", TARGET)], name
    quiet, noisy = (ether() / ip4() / udp(9, bytes(size)) for size in (reach - 10, reach + 10))
    setting.peer.send("v1", quiet)
    assert probe.heard() == []
    setting.peer.send("v1", noisy)
    assert [each["verdict"] for each in probe.heard()] == ["none"]


def test_memory_is_small(setting):
    probe = setting.probe()
    for _ in range(5):
        setting.peer.send("v1", *[FORMS["wol"][0]] * 400)
        probe.heard(at_least=400)
    if "asan" not in subprocess.run(["ldd", probe_program()], capture_output=True, text=True).stdout:
        assert probe.status("VmRSS") < 6 * 1024
