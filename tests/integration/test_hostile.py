# SPDX-License-Identifier: MIT
"""What must not happen: hostile frames and names, missing rights, sinks that fail."""
import json
import os
import random
import re
import signal
import time

import pytest

from harness import SLOW, machines
from harness.hosts import QuickHost
from harness.hypervive import Hypervive, is_sanitized
from harness.journal import Journald
from harness.lab import wait_until
from harness.packets import mac_bytes, magic, raw, udp4, udp6

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# libvirt itself refuses a slash, a line's end, and what XML cannot hold.
NAMES = {
    "quotes": "it's \"quoted\" `here` $(now) <b>&amp;",
    "tab": "tab\there",
    "utf-8": "büro-サーバー-🖥️",
    "right to left": "abc\u202etxt.exe\u202c",
    "C1 control": "next\u0085line\u009b31m",
    "combining": "e\u0301" * 20,
    "percent": "%s%n%d{}[mac]{mac}",
    "json": "\\\",\"id\":1,\"x\":\"\\u0000",
    "spaces": "  two  spaces  ",
    "long": "x" * 250,
    "longer": "long-" * 400,
    "long utf-8": "ü" * 300,
}


def assert_grown_little(before, after, most):
    """Kilobytes of resident memory."""
    assert is_sanitized() or after <= before + most, f"{before} kB have become {after} kB"


def status(host, key):
    """A number of /proc/PID/status."""
    with open(f"/proc/{host.service.process.pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{key}:\s+(\d+)", file.read(), re.MULTILINE).group(1))


# Names

@pytest.fixture(scope="module")
def named():
    domains = [machines.test_machine_xml(name, [machines.mac_of(number, 0xDD)])
               for number, name in enumerate(NAMES.values())]
    with QuickHost(*domains) as host:
        yield host


@pytest.mark.parametrize("kind", NAMES)
def test_name_of_a_machine(named, kind):
    name, mac = NAMES[kind], machines.mac_of(list(NAMES).index(kind), 0xDD)
    named.send(udp4(mac))
    event = named.service.wait_event(3000, mac=mac)
    shown = event["fields"]["vm_name"]
    if len(name.encode()) < 250:
        assert shown == name
    else:
        assert name.startswith(shown.rstrip("…")) and shown.endswith("…") or shown == name
    with open(named.service.log_file, "rb") as file:
        line = next(line for line in file if mac.encode() in line and b'"id":3000' in line)
    assert not re.search(rb"[\x00-\x1f\x7f]", line.rstrip(b"\n"))
    assert json.loads(line)["fields"]["vm_id"] == machines.uuid_of(name)


def test_names_on_a_terminal(named):
    named.flush()
    with open(named.service.stdout_file, encoding="utf-8") as file:
        text = file.read()
    assert "runs" in text and not CONTROLS.search(text)
    text = named.command("vms", "--connect", named.uri, check=0).stdout
    assert not CONTROLS.search(text) and NAMES["quotes"] in text
    text = named.command("events", "--file", named.service.log_file, check=0).stdout
    assert not CONTROLS.search(text)


def test_names_in_json(named):
    out = named.command("vms", "--json", "--connect", named.uri, check=0).stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out)
    names = {vm["name"] for vm in json.loads(out)["hosts"][0]["vms"]}
    assert set(list(NAMES.values())[:9]) <= names


@pytest.mark.parametrize("kind", ["quotes", "utf-8", "percent", "right to left", "long"])
def test_wake_by_name(named, kind):
    result = named.command("wake", NAMES[kind], "--connect", named.uri, check=0)
    assert not CONTROLS.search(result.stdout)


def test_wake_by_a_name_of_foreign_bytes(named):
    result = named.command("wake", os.fsdecode(b"\xff\xfe\x1b[2J\x80name"), "--connect", named.uri, check=1)
    assert not CONTROLS.search(result.stderr) and "name" in result.stderr
    result.stderr.encode("utf-8")  # raises where it is not valid


# Frames

def mutations(mac, count):
    """Good packets with some bytes changed, cut or doubled; the same ones in every run."""
    choose = random.Random(2026)
    forms = [udp4(mac), udp6(mac), raw(mac), udp4(mac, tags=[10]), udp4(mac, tags=[1, 2]), udp4(mac, 7, b"x" * 30 + magic(mac))]
    forms = [bytes(form) for form in forms]
    for _ in range(count):
        frame = bytearray(choose.choice(forms))
        for _ in range(choose.randint(1, 4)):
            at = choose.randrange(len(frame))
            kind = choose.randrange(4)
            if kind == 0:
                frame[at] = choose.choice((0, 0xFF, 0x7F, 0x80, choose.randrange(256)))
            elif kind == 1 and len(frame) > 20:
                del frame[at:at + choose.randint(1, 40)]
            elif kind == 2:
                frame[at:at] = frame[at:at + choose.randint(1, 60)]
            else:
                frame[at:at + 2] = choose.randrange(65536).to_bytes(2, "big")
        yield bytes(frame[:1500]).ljust(14, b"\0")


def test_thousands_of_mutated_frames(quick):
    """They neither end the service nor make it forget its work. (What they may wake is the parser's unit tests' affair.)"""
    target = quick.take()
    for frame in mutations(target.mac, 4000):
        quick.send(frame)
    quick.flush()
    assert quick.service.process.poll() is None
    quick.service.stop()


def test_frames_that_cost_the_parser_most(quick):
    target = quick.take()
    body = 1400
    since = quick.service.mark()
    worst = [b"\xff" * body, (b"\xff" * 6 + b"\0") * (body // 7), (b"\xff" * 6 + mac_bytes(target.mac) * 15) * 14,
             b"\xff" * 12 * 100, (b"\xff\0") * (body // 2)]
    for payload in worst:
        quick.send(raw(target.mac, payload[:1490]), udp4(target.mac, 9, payload[:1460]), udp6(target.mac, 9, payload[:1440]))
    quick.assert_not_woken(target, since)


def test_oversized_frames(quick):
    """Jumbo frames: a packet at their end counts, too large a datagram does no harm."""
    for name, netns in (("wire", "sender"), ("nic0", None), ("br0", None)):
        quick.lab.run("ip", "link", "set", name, "mtu", "9000", netns=netns)
    target = quick.take()
    quick.send(udp4(target.mac, 9, b"\0" * 8000 + b"\xff" * 6 + mac_bytes(target.mac) * 15))
    quick.assert_not_woken(target)
    quick.send(udp4(target.mac, 40000, magic(target.mac) + b"\0" * 8800))
    quick.assert_woken(target)


def test_flood_of_invented_addresses():
    """Costs no thread and no growing memory, and good packets get through meanwhile."""
    with QuickHost(debug=False, pool=400) as host:
        frame = bytearray(bytes(raw("52:54:00:00:00:00")))

        def flood(count, group):
            for number in range(count):
                frame[14:] = magic(machines.mac_of(number, group))
                host.send(bytes(frame))
                if number % 200 == 199:  # what the smallest sensible buffer holds, on two interfaces
                    host.flush()
        flood(5000, 0x10)
        threads, memory = status(host, "Threads"), status(host, "VmRSS")
        flood(65000, 0x20)
        assert status(host, "Threads") <= threads
        assert_grown_little(memory, status(host, "VmRSS"), 2048)
        assert not host.service.events(1031), "frames were lost"
        assert {event["id"] for event in host.service.all_events()} <= {1001, 1100, 1102, 2000, 3000}


def test_flood_in_debug_mode_keeps_its_bounds(quick):
    """Debug mode tells of each of them until the log cannot follow: then it counts, and memory stays."""
    template = bytearray(bytes(raw("52:54:00:20:00:00")))
    memory = []
    for half in (0, 1):
        for number in range(10000):
            template[14:] = magic(machines.mac_of(number + half * 10000, 0x20))
            quick.send(bytes(template))
        time.sleep(SLOW)
        quick.flush()
        memory.append(status(quick, "VmRSS"))
    assert_grown_little(*memory, 4096)
    if len(quick.service.events(9010)) < 20000:
        assert quick.service.events(1001, 1031), "events vanished, and nothing was said"


def test_flood_for_one_machine(quick):
    """A thousand packets in a moment: one wake."""
    target = quick.take()
    frame = bytes(udp4(target.mac))
    for _ in range(1000):
        quick.send(frame)
    quick.assert_woken(target)


def test_flood_of_refusals_is_told_briefly():
    """What is refused again and again does not fill the log; the number is told."""
    with QuickHost(settings="allow-vlan = 10\n", debug=False, pool=200) as host:
        targets = [host.take() for _ in range(190)]
        for target in targets:
            host.send(udp4(target.mac))
        time.sleep(SLOW)
        host.send(udp4(targets[0].mac, 7))
        wait_until(lambda: host.service.events(2001), 5, host.service.story)
        assert 1 <= len(host.service.events(2001)) <= 100


# Rights

def capabilities_of(host):
    with open(f"/proc/{host.service.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"^CapEff:\s+(\w+)", file.read(), re.MULTILINE).group(1), 16)


def nobody(*capabilities):
    names = "".join(f",+{name}" for name in capabilities)
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps=-all{names}",
            f"--ambient-caps=-all{names}", f"--bounding-set=-all{names}", "--no-new-privs", "--")


def own_places(host):
    """Directories that user 65534 may write, and the environment that names them."""
    environment = {"HOME": "/nonexistent"}
    for word in ("RUNTIME", "STATE", "LOGS"):
        path = os.path.join(host.lab.dir, word.lower())
        os.makedirs(path)
        os.chown(path, 65534, 65534)
        environment[f"HYPERVIVE_{word}_DIR"] = path
    return environment


def test_cap_net_raw_is_all_it_needs():
    with QuickHost(run=False, pool=4) as host:
        environment = own_places(host)
        host.service = Hypervive(host.lab, "--debug", connect=host.uri, wrap=nobody("net_raw"), env=environment,
                                 log_file=os.path.join(environment["HYPERVIVE_LOGS_DIR"], "events.jsonl"))
        assert capabilities_of(host) == 1 << 13  # CAP_NET_RAW
        target = host.take()
        host.send(udp4(target.mac))
        host.assert_woken(target)
        assert "on" in host.command("debug", check=0, env=environment, wrap=nobody()).stdout


def test_without_cap_net_raw_it_says_so():
    with QuickHost(run=False, pool=1) as host:
        environment = own_places(host)
        log = os.path.join(environment["HYPERVIVE_LOGS_DIR"], "events.jsonl")
        result = host.command("run", "--connect", host.uri, "--log-file", log, wrap=nobody(), env=environment,
                              check=1, timeout=10)
        assert "CAP_NET_RAW" in result.stderr or "root" in result.stderr
        with open(log, encoding="utf-8") as file:
            assert [json.loads(line)["id"] for line in file].count(1003) == 1


# Sinks

def test_log_file_on_a_full_disk():
    """The service goes on, the other sinks too; what was lost is counted and told when there is room again."""
    with QuickHost(run=False, pool=60) as host:
        host.lab.run("mkdir", "/run/small")
        host.lab.run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", "/run/small")
        host.service = Hypervive(host.lab, connect=host.uri, log_file="/run/small/events.jsonl")
        host.lab.run("sh", "-c", "head -c 100000 /dev/zero > /run/small/filler; true", check=False)

        def console():
            with open(host.service.stdout_file, encoding="utf-8") as file:
                return file.read()
        filled = False
        targets = []
        for _ in range(40):
            targets.append(host.take())
            host.send(udp4(targets[-1].mac))
            wait_until(lambda: f"{targets[-1].name} runs" in console(), 5, console)
            filled = filled or " 1001 " in console()
        assert filled, "the disk was never full"
        assert host.service.process.poll() is None
        assert console().count(" 1001 ") == 1 or "journal" in console()
        host.lab.run("rm", "/run/small/filler")
        host.lab.run("mount", "-o", "remount,size=1m", "/run/small")
        last = host.take()
        host.send(udp4(last.mac))
        told = host.service.wait_event(1001, module="log file")
        assert told["fields"]["count"] > 0
        host.service.wait_event(3000, mac=last.mac)
        # A short event may still find room in between, which ends one outage and begins another.
        lost = sum(event["fields"].get("count", 0) for event in host.service.events(1001))
        written = len(host.service.events(2000, 3000))
        assert written + lost >= 2 * (len(targets) + 1)


def test_log_file_removed_and_opened_anew(quick):
    target = quick.take()
    os.unlink(quick.service.log_file)
    quick.service.reload()
    time.sleep(SLOW)
    quick.send(udp4(target.mac))
    quick.service.wait_event(3000, mac=target.mac)
    assert os.stat(quick.service.log_file).st_mode & 0o777 == 0o640


def test_journal():
    """Structured fields, MESSAGE_ID, and `hypervive events` that reads them back."""
    with QuickHost(run=False, pool=8) as host:
        journald = Journald(host.lab)
        host.service = Hypervive(host.lab, connect=host.uri)
        target = host.take()
        host.send(udp4(target.mac, tags=[10]))
        host.assert_woken(target, vlan=10, interface="nic0")
        entries = wait_until(lambda: journald.entries("SYSLOG_IDENTIFIER=hypervive", "HYPERVIVE_EVENT_ID=3000"), 5, "no entry")
        entry = next(entry for entry in entries if entry["HYPERVIVE_MAC"] == target.mac)
        assert entry["PRIORITY"] == "6" and len(entry["MESSAGE_ID"]) == 32
        assert target.name in entry["MESSAGE"] and entry["HYPERVIVE_VM_ID"] == target.id
        packet = next(entry for entry in journald.entries("HYPERVIVE_EVENT_ID=2000") if entry["HYPERVIVE_MAC"] == target.mac)
        assert packet["HYPERVIVE_VLAN"] == "10" and packet["MESSAGE_ID"] != entry["MESSAGE_ID"]
        out = host.command("events", "--json", "--vm", target.name, check=0).stdout
        [event] = [json.loads(line) for line in out.splitlines()]
        [logged] = host.service.events(3000, mac=target.mac)
        assert event == logged


def test_journald_restarted():
    """Events go on reaching the journal afterwards; what was lost meanwhile is counted and told."""
    with QuickHost(run=False, pool=20) as host:
        journald = Journald(host.lab)
        host.service = Hypervive(host.lab, connect=host.uri)
        journald.kill()
        lost = host.take()
        host.send(udp4(lost.mac))
        host.assert_woken(lost)
        assert host.service.wait_event(1001, module="journal", timeout=5)
        journald.start()
        found = host.take()
        host.send(udp4(found.mac))
        host.assert_woken(found)
        wait_until(lambda: journald.entries(f"HYPERVIVE_MAC={found.mac}"), 5, host.service.story)
        recovered = wait_until(lambda: [event for event in host.service.events(1001, module="journal")
                                        if event["fields"].get("count")], 5, host.service.story)
        assert recovered[0]["fields"]["count"] >= 2
        assert journald.entries("HYPERVIVE_EVENT_ID=1001")


def test_frozen_journald_blocks_nothing():
    with QuickHost(run=False, pool=80) as host:
        journald = Journald(host.lab)
        host.service = Hypervive(host.lab, connect=host.uri)
        journald.freeze()
        for _ in range(60):
            target = host.take()
            host.send(udp4(target.mac))
            host.service.wait_event(3000, mac=target.mac, timeout=3)
        journald.thaw()
        host.service.stop()


# Ends

def test_stop_by_every_signal():
    for number in (signal.SIGTERM, signal.SIGINT):
        with QuickHost(pool=4) as host:
            target = host.take()
            host.send(udp4(target.mac))
            host.assert_woken(target)
            begin = time.monotonic()
            host.service.stop(number)
            assert time.monotonic() - begin < 3 * SLOW
            assert not os.path.exists(host.lab.path("/run/hypervive/control"))


def test_start_after_a_crash(quick):
    """A control socket that was left behind is replaced."""
    quick.service.kill()
    assert os.path.exists(quick.lab.path("/run/hypervive/control"))
    quick.service = Hypervive(quick.lab, connect=quick.uri)
    assert "debug mode is" in quick.command("debug", check=0).stdout
    assert not quick.service.events(1001, module="control")


def test_descriptors_and_threads_do_not_grow(real):
    """Restarts of libvirtd, interfaces and settings come and go; nothing is left open."""
    service = real.run(settings="")
    target = real.define("steady")

    def open_descriptors():
        return len(os.listdir(f"/proc/{service.process.pid}/fd"))

    def turn():
        since = service.mark()
        real.libvirtd.restart()
        service.wait_event(1041, since=since, timeout=70)
        real.lab.run("ip", "link", "add", "brief", "type", "dummy", check=False)
        real.lab.run("ip", "link", "del", "brief", check=False)
        service.replace_settings("")
        real.send(udp4(target.mac))
        real.flush()

    turn()
    turn()
    time.sleep(SLOW)
    before, threads = open_descriptors(), status(real, "Threads")
    for _ in range(4):
        turn()
    wait_until(lambda: open_descriptors() <= before and status(real, "Threads") <= threads, 10,
               lambda: f"{before} -> {open_descriptors()} descriptors, {threads} -> {status(real, 'Threads')} threads")
