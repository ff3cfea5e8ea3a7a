# SPDX-License-Identifier: MIT
"""The host's settings and each machine's own: what they allow, and how changes take effect."""
import json
import os
import re
import time

import pytest
from scapy.layers.l2 import Dot1AD

from harness import SLOW, machines
from harness.hosts import QuickHost, machine
from harness.hypervive import PROGRAM, Hypervive
from harness.lab import stop_process, wait_until
from harness.packets import magic, raw, udp4, udp6

PASSWORD = "01:02:03:04:05:06"


@pytest.fixture
def host_with(request):
    """A QuickHost with the settings of the test's parameter or argument."""
    opened = []

    def make(settings, *domains, **options):
        host = QuickHost(*domains, settings=settings, **options)
        opened.append(host)
        return host
    yield make
    for host in opened:
        host.__exit__(None)


def refused(host, target, reason, frame, mac_only=False):
    """One 2001 with the reason, and nothing else; the copies on the bridge are not told again."""
    since = host.service.mark()
    host.send(frame)
    event = host.service.wait_event(2001, since=since, mac=target.mac)
    time.sleep(0.15)  # a refusal for the interface waits for a copy on another
    assert event["severity"] == "warning" and event["fields"]["reason"] == reason, event
    if not mac_only:
        assert event["fields"]["vm_name"] == target.name and event["fields"]["vm_id"] == target.id
    assert not host.service.events(2000, 3000, 3001, since=since, mac=target.mac)
    assert len(host.service.events(2001, since=since, mac=target.mac)) == 1, host.service.story(since)
    return event


def accepted(host, frame_of):
    target = host.take()
    host.send(frame_of(target.mac))
    host.service.wait_event(2000, mac=target.mac)
    host.service.wait_event(3000, mac=target.mac, vm_id=target.id)


def refusal(host, frame_of, reason):
    target = host.take()
    return refused(host, target, reason, frame_of(target.mac))


def test_allow_vlan(host_with):
    host = host_with("allow-vlan = 10, 20-22, untagged\n")
    for tags in ([10], [20], [22], [], [0], [Dot1AD(vlan=21), 99]):
        accepted(host, lambda mac, tags=tags: udp4(mac, tags=tags))
    for tags in ([11], [23], [19], [Dot1AD(vlan=99), 10]):
        event = refusal(host, lambda mac, tags=tags: udp4(mac, tags=tags), "vlan")
        assert event["fields"]["vlan"] in (11, 23, 19, 99)


def test_allow_vlan_without_untagged(host_with):
    host = host_with("[wake]\nallow-vlan=30\n")
    accepted(host, lambda mac: raw(mac, tags=[30]))
    refusal(host, lambda mac: raw(mac), "vlan")


def test_allow_sender_mac(host_with):
    host = host_with("allow-sender-mac = 02:00:00:00:00:0A 02-00-00-00-00-0b\n")
    for sender in ("02:00:00:00:00:0a", "02:00:00:00:00:0b"):
        accepted(host, lambda mac, sender=sender: udp4(mac, sender=sender))
        accepted(host, lambda mac, sender=sender: raw(mac, sender=sender))
    refusal(host, lambda mac: udp4(mac, sender="02:00:00:00:00:0c"), "sender")


def test_allow_sender_network(host_with):
    host = host_with("allow-sender-network = 192.0.2.0/25, 198.51.100.9, 2001:db8:1::/48\n")
    for source in ("192.0.2.1", "192.0.2.127", "198.51.100.9"):
        accepted(host, lambda mac, source=source: udp4(mac, source=source))
    accepted(host, lambda mac: udp6(mac, source="2001:db8:1:ffff::1"))
    for source in ("192.0.2.128", "198.51.100.8"):
        assert refusal(host, lambda mac, source=source: udp4(mac, source=source), "sender")["fields"]["source"] == source
    refusal(host, lambda mac: udp6(mac, source="2001:db8:2::1"), "sender")
    refusal(host, lambda mac: raw(mac), "sender")  # has no address that could be allowed


def test_allow_interface(host_with):
    host = host_with("allow-interface = trusted*\n")
    host.lab.run("ip", "link", "add", "trusted0", "type", "veth", "peer", "name", "far0", "netns", "sender")
    host.lab.run("ip", "link", "set", "trusted0", "up")
    host.lab.run("ip", "link", "set", "far0", "up", netns="sender")
    time.sleep(SLOW)
    refusal(host, lambda mac: udp4(mac), "interface")
    target = host.take()
    host.send(udp4(target.mac), interface="far0")
    host.service.wait_event(3000, mac=target.mac)


def test_allow_interface_that_only_a_copy_is_heard_on(host_with):
    """The bridge is allowed, the NIC below it is not: the packet counts, and nothing is refused."""
    host = host_with("allow-interface = br0\n")
    target = host.take()
    host.send(udp4(target.mac))
    host.assert_woken(target, interface="br0")
    host.service.expect_none(2001, within=0.3)


def test_rate_limit_sender(host_with):
    host = host_with("rate-limit-sender = 3/min\n")
    for _ in range(3):
        accepted(host, lambda mac: udp4(mac, source="192.0.2.50"))
    refusal(host, lambda mac: udp4(mac, source="192.0.2.50"), "rate")
    accepted(host, lambda mac: udp4(mac, source="192.0.2.51"))


def test_rate_limit_total(host_with):
    host = host_with("rate-limit-total = 4/min\n")
    for number in range(4):
        accepted(host, lambda mac, number=number: udp4(mac, source=f"192.0.2.{number + 1}"))
    refusal(host, lambda mac: udp4(mac, source="192.0.2.99"), "rate")


def test_rate_limit_ends(host_with):
    host = host_with("rate-limit-total = 1/2s\n")
    accepted(host, lambda mac: udp4(mac))
    refusal(host, lambda mac: udp4(mac), "rate")
    time.sleep(2.2)
    accepted(host, lambda mac: udp4(mac))


@pytest.mark.parametrize("where", ["settings", "option"])
def test_dry_run(host_with, where):
    host = host_with("dry-run = yes\n") if where == "settings" else host_with("", arguments=("--dry-run",))
    target = host.take()
    refused(host, target, "dry-run", udp4(target.mac))
    if where == "settings":
        host.service.replace_settings("")
        host.service.wait_event(9000, reason="the settings were read again")
        time.sleep(5)
        host.send(udp4(target.mac))
        event = host.service.wait_event(3000, mac=target.mac)  # it was not started before
        assert event["fields"]["action"] == "start"


def machines_with_settings():
    """Name, metadata; the MAC address follows from the order."""
    wake = machines.wake_metadata
    definitions = [
        ("open", ""), ("locked-6", wake(secureon=PASSWORD)), ("locked-4", wake(secureon="0a:0b:0c:0d")),
        ("opted-out", wake(allow="no")), ("opted-in", wake(allow="yes")), ("both", wake(allow="no", secureon=PASSWORD)),
        ("misspelt", wake(allow="nein")), ("unreadable", wake(secureon="geheim")),
        ("others-metadata", "<app:wake xmlns:app='http://example.com/app' allow='no'/>"),
        ("quoted", wake(allow="yes") + "<x:y xmlns:x='urn:x'>&lt;hypervive:wake allow='no'/&gt;</x:y>"),
    ]
    targets, domains = {}, []
    for number, (name, metadata) in enumerate(definitions):
        targets[name] = machine(name, machines.mac_of(number, 0xC0))
        domains.append(machines.test_machine_xml(name, [targets[name].mac], metadata=metadata))
    return targets, domains


def test_machines_own_settings(host_with):
    targets, domains = machines_with_settings()
    host = host_with("", *domains)
    six, four = bytes.fromhex(PASSWORD.replace(":", "")), bytes.fromhex("0a0b0c0d")

    def packet(name, password=b"", form=udp4):
        return form(targets[name].mac, payload=magic(targets[name].mac, password))

    for name, password, reason in (
            ("locked-6", b"", "secureon"), ("locked-6", b"\0" * 6, "secureon"), ("locked-6", six[:4], "secureon"),
            ("locked-6", six + b"\0", "secureon"), ("locked-4", six, "secureon"), ("locked-4", b"", "secureon"),
            ("opted-out", b"", "opted-out"), ("both", six, "opted-out"),
            ("misspelt", b"", "opted-out"), ("unreadable", six, "secureon")):
        time.sleep(1.05)  # equal packets within a second are copies
        refused(host, targets[name], reason, packet(name, password))
    for name, password in (("locked-6", six), ("locked-4", four), ("open", six), ("opted-in", b""),
                           ("others-metadata", b""), ("quoted", b"")):
        since = host.service.mark()
        host.send(packet(name, password))
        host.service.wait_event(3000, since=since, vm_name=name)
    trouble = {event["fields"].get("key"): event["fields"] for event in host.service.events(1050)}
    assert "allow" in trouble and "secureon" in trouble, host.service.story()
    assert "geheim" not in json.dumps(host.service.all_events())


def test_secureon_on_other_forms_of_packets(host_with):
    targets, domains = machines_with_settings()
    host = host_with("", *domains)
    six, four = bytes.fromhex(PASSWORD.replace(":", "")), bytes.fromhex("0a0b0c0d")
    mac = targets["locked-6"].mac
    host.send(raw(mac, magic(mac, six)))
    host.service.wait_event(3000, vm_name="locked-6")
    mac = targets["locked-4"].mac
    host.send(udp6(mac, 7, b"offset" + magic(mac, four)))
    host.service.wait_event(3000, vm_name="locked-4")


def test_refused_packet_opens_no_window(host_with):
    targets, domains = machines_with_settings()
    host = host_with("", *domains)
    target = targets["locked-6"]
    refused(host, target, "secureon", udp4(target.mac))
    host.send(udp4(target.mac, payload=magic(target.mac, bytes.fromhex(PASSWORD.replace(":", "")))))
    host.service.wait_event(3000, mac=target.mac)


def test_one_of_two_machines_with_the_address_refuses(host_with):
    mac = "52:54:00:cc:dd:01"
    domains = [machines.test_machine_xml("willing", [mac]),
               machines.test_machine_xml("unwilling", [mac], metadata=machines.wake_metadata(allow="no"))]
    host = host_with("", *domains)
    host.send(udp4(mac))
    host.service.wait_event(3000, vm_name="willing")
    host.service.wait_event(2001, vm_name="unwilling", reason="opted-out")
    host.flush()
    assert len(host.service.events(2000, mac=mac)) == 1
    assert not host.service.events(3000, vm_name="unwilling")


def test_machines_settings_changed_while_running(real):
    """`virsh metadata`: live, and for a machine that is off."""
    service = real.run()
    target = real.define("asked")

    def set_metadata(text):
        real.virsh("metadata", target.name, "urn:hypervive:1", "--key", "hypervive", "--set", text, "--config")
        time.sleep(SLOW)

    set_metadata("<wake allow='no'/>")
    real.send(udp4(target.mac))
    assert service.wait_event(2001, mac=target.mac)["fields"]["reason"] == "opted-out"
    set_metadata(f"<wake secureon='{PASSWORD}'/>")
    real.send(udp4(target.mac, 7))
    service.wait_event(2001, mac=target.mac, reason="secureon")
    real.virsh("metadata", target.name, "urn:hypervive:1", "--remove", "--config")
    time.sleep(SLOW)
    real.send(udp4(target.mac, 0))
    service.wait_event(3000, mac=target.mac, timeout=30)


# The file

@pytest.mark.parametrize("how", ["sighup", "rewritten", "renamed"])
def test_reload(host_with, how):
    host = host_with("allow-vlan = 10\n")
    refusal(host, lambda mac: udp4(mac), "vlan")
    since = host.service.mark()
    if how == "renamed":
        host.service.replace_settings("allow-vlan = untagged\n")
    else:
        host.service.write_settings("allow-vlan = untagged\n")
    if how == "sighup":
        host.service.reload()
    host.service.wait_event(9000, since=since, timeout=3)
    accepted(host, lambda mac: udp4(mac))
    refusal(host, lambda mac: udp4(mac, tags=[10]), "vlan")


def test_reload_many_times(host_with):
    host = host_with("allow-vlan = 10\n")
    for number in range(20):
        host.service.replace_settings(f"allow-vlan = {number + 1}\n")
        host.service.reload()
    time.sleep(SLOW)
    accepted(host, lambda mac: udp4(mac, tags=[20]))
    refusal(host, lambda mac: udp4(mac, tags=[10]), "vlan")


@pytest.mark.parametrize("line, key", [
    ("allow-vlan = 10, 5000", "allow-vlan"), ("allow-vlan = ten", "allow-vlan"), ("allow-vlan = 20-10", "allow-vlan"),
    ("allow-sender-network = 192.0.2.0/33", "allow-sender-network"), ("dry-run = perhaps", "dry-run"),
    ("rate-limit-total = fast", "rate-limit-total"), ("no-such-key = 1", "no-such-key"),
])
def test_bad_line_at_start(host_with, line, key):
    host = host_with(f"# a comment\n[wake]\nallow-vlan = 30\n{line}\n")
    event = host.service.wait_event(1050)
    assert event["severity"] == "error"
    assert event["fields"]["file"] == host.service.settings_file
    assert event["fields"]["line"] == 4 and event["fields"]["key"] == key and event["fields"]["reason"]
    assert re.search(r"line 4\b", event["message"]) and key in event["message"]
    if key != "allow-vlan":
        accepted(host, lambda mac: udp4(mac, tags=[30]))
        refusal(host, lambda mac: udp4(mac), "vlan")


def test_bad_line_keeps_the_value_in_force(host_with):
    host = host_with("allow-vlan = 10\nallow-sender-network = 192.0.2.0/24\n")
    host.service.replace_settings("\nallow-vlan = nonsense\n")
    event = host.service.wait_event(1050, timeout=5)
    assert event["fields"]["line"] == 2 and event["fields"]["key"] == "allow-vlan"
    accepted(host, lambda mac: udp4(mac, tags=[10]))
    refusal(host, lambda mac: udp4(mac), "vlan")
    # The line that is gone is back at its default, though: the file as a whole was read.
    accepted(host, lambda mac: udp4(mac, tags=[10], source="198.51.100.1"))


def test_file_removed_keeps_all(host_with):
    host = host_with("allow-vlan = 10\n")
    os.unlink(host.service.settings_file)
    host.service.reload()
    host.service.wait_event(1050, timeout=5)
    accepted(host, lambda mac: udp4(mac, tags=[10]))
    refusal(host, lambda mac: udp4(mac), "vlan")
    host.service.write_settings("allow-vlan = 11\n")
    time.sleep(SLOW)
    accepted(host, lambda mac: udp4(mac, tags=[11]))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00allow-vlan", b"allow-vlan = \x1b[31m10", b"a" * 100000, b"=\n[\n]\n=x\n" * 9],
                         ids=["foreign bytes", "controls", "one long line", "broken lines"])
def test_file_of_nonsense(host_with, content):
    host = host_with("allow-vlan = 10\n")
    with open(host.service.settings_file, "wb") as file:
        file.write(content)
    host.service.reload()
    host.service.wait_event(1050, timeout=5)
    assert host.service.process.poll() is None
    assert len(host.service.events(1050)) <= 25


def test_file_that_does_not_exist_is_refused():
    with QuickHost(run=False, pool=1) as host:
        result = host.command("run", "--connect", host.uri, "--config", "/run/no-such.conf", timeout=10)
        assert result.returncode in (1, 2) and "/run/no-such.conf" in result.stderr


def test_default_file_and_its_settings():
    with QuickHost(run=False, pool=4) as host:
        host.lab.write("/etc/hypervive/hypervive.conf",
                       f"[service]\nconnect = {host.uri}\nlog-file = {host.lab.dir}/from-settings.jsonl\n")
        process = host.lab.popen([PROGRAM, "run"], stdout=-3, stderr=-3)
        path = f"{host.lab.dir}/from-settings.jsonl"
        wait_until(lambda: os.path.exists(path) and '"id":1100' in open(path, encoding="utf-8").read(), 10, "no 1100")
        target = host.take()
        host.send(udp4(target.mac))
        wait_until(lambda: '"id":3000' in open(path, encoding="utf-8").read(), 10, "no 3000")
        assert stop_process(process) == 0


def test_connect_changed_by_reload(host_with):
    host = host_with("")
    host.service.stop()
    other = os.path.join(host.lab.dir, "other.xml")
    late = machine("only-there", "52:54:00:cc:ee:01")
    with open(other, "w", encoding="utf-8") as file:
        file.write(machines.test_driver_xml(machines.test_machine_xml(late.name, [late.mac])))
    host.service = Hypervive(host.lab, "--debug", settings=f"connect = {host.uri}\n")
    host.service.replace_settings(f"connect = test://{other}\n")
    host.service.wait_event(9004, mac=late.mac, timeout=5)
    host.send(udp4(late.mac))
    host.service.wait_event(3000, vm_name="only-there")


# Debug mode

def test_debug_switches_at_once_and_survives_a_restart():
    with QuickHost(debug=False, pool=12) as host:
        def stranger(number):
            mac = machines.mac_of(number, 0xFD)
            host.send(udp4(mac))
            host.flush()
            return bool(host.service.events(9010, mac=mac))

        def restart():
            host.service.stop()
            host.service = Hypervive(host.lab, connect=host.uri)

        assert not stranger(1)
        assert "off" in host.command("debug", check=0).stdout
        host.command("debug", "on", check=0)
        assert stranger(2)
        event = host.service.wait_event(9001, value="True")
        assert event["severity"] == "debug" and event["fields"]["user"] == "root"
        assert "on" in host.command("debug", check=0).stdout
        restart()
        assert stranger(3)
        host.command("debug", "off", check=0)
        host.service.wait_event(9001, value="False")
        assert not stranger(4)
        restart()
        assert not stranger(5)


def test_debug_without_a_service():
    with QuickHost(run=False, pool=1) as host:
        result = host.command("debug", "on", check=1)
        assert "no hypervive service" in result.stderr
        host.command("debug", "loud", check=2)
        host.command("debug", "on", "off", check=2)


def test_two_services_do_not_share_a_control_socket(quick):
    """The second says so and works on; `debug` speaks to the first."""
    with Hypervive(quick.lab, "--debug", connect=quick.uri) as second:
        assert second.wait_event(1001, module="control")["fields"]["reason"]
    assert "on" in quick.command("debug", check=0).stdout
