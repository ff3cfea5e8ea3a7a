# SPDX-License-Identifier: MIT
"""The commands: what they print, for people and for programs, and how they end."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import pytest

from harness import SLOW, machines
from harness.hosts import QuickHost
from harness.hypervive import PROGRAM, Hypervive
from harness.lab import wait_until
from harness.packets import udp4

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")


@pytest.fixture(scope="module")
def still():
    """A QuickHost without a service, with a machine in each state."""
    domains = [
        machines.test_machine_xml("is-off", ["52:54:00:c0:00:01", "52:54:00:c0:00:02"]),
        machines.test_machine_xml("is-running", ["52:54:00:C0:00:03"], machines.RUNNING),
        machines.test_machine_xml("is-paused", ["52:54:00:c0:00:04"], machines.PAUSED),
        machines.test_machine_xml("is-saved", ["52:54:00:c0:00:05"], saved=True),
        machines.test_machine_xml("is-asleep", ["52:54:00:c0:00:06"], machines.PMSUSPENDED),
        machines.test_machine_xml("is-crashed", ["52:54:00:c0:00:07"], machines.CRASHED),
        machines.test_machine_xml("has-none", []),
        machines.test_machine_xml("twin-a", ["52:54:00:c0:00:08"]),
        machines.test_machine_xml("twin-b", ["52:54:00:c0:00:08"]),
        machines.test_machine_xml("locked", ["52:54:00:c0:00:09"], metadata=machines.wake_metadata(secureon="1.2.3.4")),
        machines.test_machine_xml("unwilling", ["52:54:00:c0:00:0a"], metadata=machines.wake_metadata(allow="no")),
    ]
    with QuickHost(*domains, pool=0, run=False) as host:
        yield host


@pytest.fixture(scope="module")
def recorded(still):
    """A log file with events, some of them of long ago."""
    path = os.path.join(still.lab.dir, "recorded.jsonl")
    still.service = Hypervive(still.lab, connect=still.uri, log_file=path)
    still.send(udp4("52:54:00:c0:00:01"), udp4("52:54:00:c0:00:05"))
    still.service.wait_event(3000, vm_name="is-off")
    still.service.wait_event(3000, vm_name="is-saved")
    still.service.stop()
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    old = json.loads(next(line for line in lines if '"id":2000' in line))
    old["time"] = "2020-02-29T12:00:00.000001Z"
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(old) + "\n")
        file.writelines(lines)
        file.write("this is no event\n")
    still.service = None
    return path


# In general

def test_help_and_version(still):
    assert "Usage: hypervive COMMAND" in still.command("--help", check=0).stdout
    assert re.match(r"hypervive \d+\.\d+", still.command("--version", check=0).stdout)
    for name in ("run", "vms", "wake", "events", "debug"):
        result = still.command(name, "--help", check=0)
        assert result.stdout and not result.stderr


@pytest.mark.parametrize("arguments", [
    [], ["no-such-command"], ["vms", "--no-such-option"], ["vms", "too", "many"], ["wake"], ["wake", "a", "b"],
    ["events", "--since", "the day before"], ["events", "--id", "zweitausend"], ["run", "--connect"],
    ["run", "--debug=yes"], ["\x1b[31mred"],
], ids=repr)
def test_wrong_usage_is_exit_2(still, arguments):
    result = still.command(*arguments, check=2)
    assert result.stderr and not result.stdout
    assert not CONTROLS.search(result.stderr), repr(result.stderr)


def test_closed_pipe_is_no_error(still, recorded):
    for arguments in (["vms", "--connect", still.uri], ["vms", "--json", "--connect", still.uri],
                      ["events", "--file", recorded], ["events", "--json", "--follow", "--file", recorded]):
        reader, writer = os.pipe()
        os.close(reader)
        process = still.lab.popen([PROGRAM, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0 and "written" not in err and "pipe" not in err, (arguments, err)


def test_full_output_device_is_an_error(still, recorded):
    for arguments in (["vms", "--connect", still.uri], ["vms", "--json", "--connect", still.uri],
                      ["events", "--file", recorded]):
        with open("/dev/full", "wb") as full:
            process = still.lab.popen([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 1 and err, arguments


# vms

def test_vms_json(still):
    document = json.loads(still.command("vms", "--json", "--connect", still.uri, check=0).stdout)
    assert document["format"] == "hypervive.vms/1"
    [host] = document["hosts"]
    assert host["connect"] == still.uri and isinstance(host["name"], str)
    vms = {vm["name"]: vm for vm in host["vms"]}
    assert {name: vms[name]["state"] for name in vms if name.startswith("is-")} == {
        "is-off": "off", "is-running": "running", "is-paused": "paused", "is-saved": "saved",
        "is-asleep": "suspended", "is-crashed": "crashed"}
    assert vms["is-off"]["id"] == machines.uuid_of("is-off")
    assert [adapter["mac"] for adapter in vms["is-off"]["adapters"]] == ["52:54:00:c0:00:01", "52:54:00:c0:00:02"]
    assert vms["is-running"]["adapters"][0]["mac"] == "52:54:00:c0:00:03"  # lower case
    assert vms["has-none"]["adapters"] == []
    for vm in vms.values():
        assert {"name", "id", "state", "adapters", "guest_tools"} <= set(vm)
        assert "state" in vm["guest_tools"]
        for adapter in vm["adapters"]:
            assert {"mac", "kind", "switch"} <= set(adapter)


def test_vms_text(still):
    text = still.command("vms", "--connect", still.uri, check=0).stdout
    assert "\x1b" not in text
    line = next(line for line in text.splitlines() if "is-paused" in line)
    assert "paused" in line and "52:54:00:c0:00:04" in line and machines.uuid_of("is-paused") in line
    assert "has-none" in text
    assert "52:54:00:c0:00:02" in text


def test_vms_of_several_hosts(still):
    other = os.path.join(still.lab.dir, "other-host.xml")
    with open(other, "w", encoding="utf-8") as file:
        file.write(machines.test_driver_xml(machines.test_machine_xml("elsewhere", ["52:54:00:c0:01:01"])))
    uris = ["--connect", still.uri, "--connect", f"test://{other}"]
    hosts = json.loads(still.command("vms", "--json", *uris, check=0).stdout)["hosts"]
    assert [host["connect"] for host in hosts] == [still.uri, f"test://{other}"]
    text = still.command("vms", *uris, check=0).stdout
    assert "elsewhere" in text and "is-off" in text and f"test://{other}" in text


def test_vms_of_an_empty_host():
    with QuickHost(pool=0, run=False) as host:
        assert json.loads(host.command("vms", "--json", "--connect", host.uri, check=0).stdout)["hosts"][0]["vms"] == []
        assert host.command("vms", "--connect", host.uri, check=0).stdout.strip()


def test_vms_of_qemu(real_shared):
    host = real_shared
    channel = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    mac, slow = host.fresh_mac(), host.fresh_mac()
    host.define("shown", [machines.interface_xml(mac), machines.interface_xml(slow, model="e1000")], boot="halt",
                devices=channel)
    host.virsh("start", "shown")
    [answer] = json.loads(host.command("vms", "--json", "--connect", host.uri, check=0).stdout)["hosts"]
    shown = next(vm for vm in answer["vms"] if vm["name"] == "shown")
    assert shown["state"] == "running" and shown["guest_tools"]["state"] == "disconnected"
    kinds = {adapter["mac"]: (adapter["kind"], adapter["switch"]) for adapter in shown["adapters"]}
    assert kinds == {mac: ("synthetic", "br0"), slow: ("emulated", "br0")}


@pytest.mark.parametrize("uri", ["test:///default", "qemu:///system"])
def test_reading_without_root(real_shared, uri):
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--")
    result = real_shared.command("vms", "--json", "--connect", uri, wrap=nobody, check=0, env={"HOME": "/nonexistent"})
    assert json.loads(result.stdout)["hosts"][0]["connect"] == uri
    # What needs more says so, and does not pretend.
    if uri == "qemu:///system":
        result = real_shared.command("wake", "anything", "--connect", uri, wrap=nobody, env={"HOME": "/nonexistent"})
        assert result.returncode in (1, 3) and result.stderr


def test_default_connection(real_shared):
    """Without --connect: the local host, which for root is qemu:///system."""
    document = json.loads(real_shared.command("vms", "--json", check=0).stdout)
    assert document["hosts"][0]["connect"] == "qemu:///system"


# wake

def wake_events(still, *arguments, check):
    out = still.command("wake", *arguments, "--json", "--connect", still.uri, check=check).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_wake_by_name_id_and_mac(still):
    for target in ("is-off", machines.uuid_of("is-off"), machines.uuid_of("is-off").upper(), "52:54:00:c0:00:01",
                   "52-54-00-C0-00-02", "525400c00001"):
        events = {event["id"]: event for event in wake_events(still, target, check=0)}
        assert events[2000]["fields"]["user"] == "root"
        assert events[3000]["fields"]["vm_name"] == "is-off" and events[3000]["fields"]["action"] == "start"


@pytest.mark.parametrize("name, action", [("is-saved", "restore"), ("is-paused", "resume")])
def test_wake_by_state(still, name, action):
    events = wake_events(still, name, check=0)
    assert [event["fields"]["action"] for event in events if event["id"] == 3000] == [action]


def test_wake_what_runs(still):
    events = wake_events(still, "is-running", check=0)
    assert 9015 in [event["id"] for event in events] and 3000 not in [event["id"] for event in events]


def test_wake_what_must_not_be_woken(still):
    [event] = [event for event in wake_events(still, "is-crashed", check=1) if event["id"] == 3001]
    assert event["fields"]["reason"] == "crashed"
    [event] = [event for event in wake_events(still, "unwilling", check=1) if event["id"] == 2001]
    assert event["fields"]["reason"] == "opted-out"


def test_wake_with_a_password(still):
    [event] = [event for event in wake_events(still, "locked", check=1) if event["id"] == 2001]
    assert event["fields"]["reason"] == "secureon"
    assert wake_events(still, "locked", "--secureon", "9.9.9.9", check=1)[0]["id"] == 2001
    assert 3000 in [event["id"] for event in wake_events(still, "locked", "--secureon", "1.2.3.4", check=0)]
    still.command("wake", "locked", "--secureon", "secret", "--connect", still.uri, check=2)


def test_wake_all_with_the_address(still):
    events = wake_events(still, "52:54:00:c0:00:08", check=0)
    assert {event["fields"]["vm_name"] for event in events if event["id"] == 3000} == {"twin-a", "twin-b"}


def test_wake_nobody(still):
    for target in ("no-such-machine", "52:54:00:00:00:99", "00000000-0000-0000-0000-000000000001", ""):
        result = still.command("wake", target, "--connect", still.uri)
        assert result.returncode in (1, 2) and result.stderr and not result.stdout, target


def test_wake_dry_run(still):
    events = wake_events(still, "is-off", "--dry-run", check=0)
    assert [event["fields"]["reason"] for event in events] == ["dry-run"]


def test_wake_by_hand_for_real(real_shared):
    target = real_shared.define("by-hand", boot="halt")
    text = real_shared.command("wake", "by-hand", "--connect", real_shared.uri, check=0).stdout
    assert "by-hand runs" in text
    real_shared.wait_awake(target)
    assert "already runs" in real_shared.command("wake", "by-hand", "--connect", real_shared.uri, check=0).stdout


# events

def read_events(still, path, *arguments):
    out = still.command("events", "--json", "--file", path, *arguments, check=0).stdout
    return [json.loads(line) for line in out.splitlines()]


def test_events_json(still, recorded):
    events = read_events(still, recorded)
    for event in events:
        assert list(event)[:5] == ["time", "id", "severity", "category", "message"]
        assert RFC3339.fullmatch(event["time"]) and isinstance(event["fields"], dict)
    packet = next(event for event in events if event["id"] == 2000)
    assert packet["severity"] == "information" and packet["category"] == "Magic Packet"
    assert packet["fields"]["mac"] in ("52:54:00:c0:00:01", "52:54:00:c0:00:05")
    with open(recorded, encoding="utf-8") as file:
        assert events == [json.loads(line) for line in file if line.startswith("{")]


def test_events_text(still, recorded):
    result = still.command("events", "--file", recorded, check=0)
    line = next(line for line in result.stdout.splitlines() if " 3000 " in line)
    assert "Virtual Machine Starter" in line and "information" in line and "is-" in line
    assert "1 line" in result.stderr  # the one that is no event is told, not hidden


def test_events_filters(still, recorded):
    ids = lambda *arguments: [event["id"] for event in read_events(still, recorded, *arguments)]  # noqa: E731
    assert set(ids("--id", "3000")) == {3000} and len(ids("--id", "3000")) == 2
    assert set(ids("--id", "2000,3000-3001")) == {2000, 3000}
    assert set(ids("--id", "1100", "--id", "1101")) == {1100, 1101}
    assert ids("--vm", "is-off") == [3000]
    assert ids("--vm", machines.uuid_of("is-saved")) == [3000]
    assert ids("--until", "2020-12-31") == [2000]
    assert len(ids("--since", "1h", "--id", "2000")) == 2
    assert ids("--since", "2020-01-01T00:00:00Z", "--until", "2020-02-29T12:00:00Z") == []
    assert ids("--since", "2999-01-01") == []


def test_events_of_a_missing_file(still):
    assert still.command("events", "--file", "/run/none.jsonl", check=1).stderr


def test_events_follow(quick):
    """New events come as they happen, also over a rotation of the file."""
    follower = quick.lab.popen([PROGRAM, "events", "--follow", "--json", "--id", "3000", "--file", quick.service.log_file],
                               stdout=subprocess.PIPE)
    os.set_blocking(follower.stdout.fileno(), False)
    seen = b""

    def has(text):
        nonlocal seen
        seen += follower.stdout.read() or b""
        return text.encode() in seen

    first, second = quick.take(), quick.take()
    quick.send(udp4(first.mac))
    wait_until(lambda: has(first.id), 5, lambda: seen)
    os.rename(quick.service.log_file, quick.service.log_file + ".1")
    quick.service.reload()
    time.sleep(SLOW)
    quick.send(udp4(second.mac))
    wait_until(lambda: has(second.id), 5, lambda: seen)
    follower.terminate()
    follower.wait(5)


def test_run_prints_events_on_stdout(quick):
    target = quick.take()
    quick.send(udp4(target.mac))
    quick.assert_woken(target)
    quick.service.stop()
    with open(quick.service.stdout_file, encoding="utf-8") as file:
        text = file.read()
    assert re.search(rf"3000 .*{target.name} runs", text) and " 1100 " in text and " 1101 " in text


def test_run_needs_its_log_file():
    with QuickHost(run=False, pool=1) as host:
        result = host.command("run", "--connect", host.uri, "--log-file", "/nonexistent/x.jsonl", check=1, timeout=10)
        assert "/nonexistent" in result.stderr


def test_a_malformed_mac_is_a_name(still):
    result = still.command("wake", "52:54:00:c0:00:zz", "--connect", still.uri, check=1)
    assert "52:54:00:c0:00:zz" in result.stderr


def test_events_follow_waits_for_a_file_that_cannot_be_opened():
    """A file of somebody else takes the place of the log: the reader waits, it does not spin."""
    line = '{"time":"2026-11-21T20:15:30Z","id":%d,"severity":"information","category":"Service","message":"","fields":{}}\n'
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        log = os.path.join(folder, "events.jsonl")
        with open(log, "w", encoding="ascii") as file:
            file.write(line % 1100)
        program = shutil.copy(PROGRAM, folder)  # the build may stand where only root goes
        follower = subprocess.Popen([program, "events", "--follow", "--json", "--file", log], stdout=subprocess.PIPE,
                                    text=True, user=65534, group=65534, extra_groups=[], cwd="/")
        assert '"id":1100' in follower.stdout.readline()
        other = os.path.join(folder, "other")
        with open(other, "w", encoding="ascii") as file:
            file.write(line % 1101)
        os.chmod(other, 0o600)
        os.rename(other, log)
        time.sleep(1)
        with open(f"/proc/{follower.pid}/stat", encoding="ascii") as file:
            ticks = sum(int(word) for word in file.read().rsplit(")", 1)[1].split()[11:13])
        assert ticks * 1000 / os.sysconf("SC_CLK_TCK") < 300
        os.chmod(log, 0o644)
        assert '"id":1101' in follower.stdout.readline()
        follower.terminate()
        follower.wait(5)
