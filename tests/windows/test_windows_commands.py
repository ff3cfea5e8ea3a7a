# SPDX-License-Identifier: MIT
"""The commands on Windows: the same words, shapes and exit codes as on Linux."""
import json
import os
import re
import subprocess

import pytest

from harness import machines
from harness.hosts import QuickHost
from harness.hypervive import PROGRAM as LINUX_PROGRAM
from harness.packets import udp4
from winehost import build
from winehost.simhost import machine_lines
from winehost.wine import windows_path

CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]")
NAMES = {"utf-8": "Büro-東京", "emoji": "🖥 server", "quotes": "it's \"quoted\" \\ %n %s", "right to left": "שרת",
         "combining": "é", "long": "n" * 100, "options": "--json", "markup": "<b>&amp;</b>"}

STATES = {"is-off": "off", "is-running": "running", "is-paused": "paused", "is-saved": "saved"}
MACS = {name: [f"52:54:00:c0:00:{number:02x}"] for number, name in enumerate(STATES, 1)}


@pytest.fixture(scope="module")
def still(wine, wire):
    """A host without a service, with a machine in each state."""
    from winehost.simhost import SimHost
    lines = [line for name, state in STATES.items() for line in machine_lines(name, MACS[name], state=state)]
    lines += machine_lines("has-none", [])
    lines += machine_lines("is-starting", ["52:54:00:c0:01:01"], state="starting")
    lines += machine_lines("locked", ["52:54:00:c0:01:02"], notes="hypervive: secureon=1.2.3.4")
    lines += machine_lines("emulated", ["52:54:00:c0:01:03"], kind="emulated")
    lines += [line for number, name in enumerate(NAMES.values()) for line in machine_lines(name, [machines.mac_of(number, 0xC3)])]
    lines += ["switch 00000000-0000-4000-a000-000000000001 name=\"vSwitch 1\"", "remote OTHER", "remote LOCKED user=u password=p",
              f"adapter {machines.uuid_of('is-off')} {machines.uuid_of('connected')} mac=525400C00201 "
              "switch=00000000-0000-4000-a000-000000000001"]
    with SimHost(wine, wire, *lines, pool=0, run=False) as host:
        yield host


@pytest.fixture(scope="module")
def linux():
    """The same machines on Linux."""
    if not os.access(LINUX_PROGRAM, os.X_OK):
        pytest.fail(f"the Linux build to compare with is not there ({LINUX_PROGRAM})")
    numbers = {"off": machines.SHUTOFF, "running": machines.RUNNING, "paused": machines.PAUSED, "saved": machines.SHUTOFF}
    domains = [machines.test_machine_xml(name, MACS[name], numbers[state], saved=state == "saved", model="virtio")
               for name, state in STATES.items()]
    with QuickHost(*domains, pool=0, run=False) as host:
        yield host


# In general

def test_version_is_the_same(still, linux):
    assert still.command("--version", check=0).stdout == linux.command("--version", check=0).stdout


def test_help(still):
    text = still.command("--help", check=0).stdout
    assert "Usage: hypervive COMMAND" in text and "install" in text and "uninstall" in text and "\r" not in text
    for name in ("run", "vms", "wake", "events", "debug", "install", "uninstall"):
        result = still.command(name, "--help", check=0)
        assert result.stdout and not result.stderr
        assert "libvirt" not in result.stdout and "systemd" not in result.stdout and "socket" not in result.stdout


@pytest.mark.parametrize("arguments", [
    ["no-such-command"], ["vms", "--no-such-option"], ["vms", "too", "many"], ["wake"], ["wake", "a", "b"],
    ["events", "--since", "the day before"], ["events", "--id", "zweitausend"], ["run", "--connect"], ["run", "--debug=yes"],
    ["debug", "loud"], ["wake", "x", "--secureon", "short"], ["\x1b[31mred"], ["日本"],
], ids=repr)
def test_wrong_usage_is_the_same(still, linux, arguments):
    ours, theirs = still.command(*arguments, check=2), linux.command(*arguments, check=2)
    assert ours.stderr == theirs.stderr and not ours.stdout
    assert not CONTROLS.search(ours.stderr), repr(ours.stderr)


def test_nothing_at_all_is_wrong_usage(still):
    result = still.command(check=2)
    assert "Usage" in result.stderr and not result.stdout


@pytest.mark.parametrize("arguments", [["install", "too many"], ["uninstall", "--no-such-option"]])
def test_wrong_usage_of_windows_own_commands(still, arguments):
    assert still.command(*arguments, check=2).stderr


def test_output_that_cannot_be_written(still):
    """A closed pipe is no error, a full device is one."""
    reader, writer = os.pipe()
    os.close(reader)
    process = still.wine.popen(build.PROGRAM, "vms", stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True,
                               env=still.commands_environment)
    os.close(writer)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0 and not err
    with open("/dev/full", "wb") as full:
        process = still.wine.popen(build.PROGRAM, "vms", stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                                   env=still.commands_environment)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1 and err


# vms

def shape(value):
    """The structure of a JSON document: keys and types."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def vms(host, *arguments):
    return json.loads(host.command("vms", "--json", *arguments, check=0).stdout)


def test_vms_json_is_the_same(still, linux):
    """Byte for byte but for what differs by nature: connect, the host's name, tools, and the switch."""
    ours, theirs = vms(still), vms(linux, "--connect", linux.uri)
    assert list(ours) == list(theirs) and ours["format"] == theirs["format"] == "hypervive.vms/1"
    [our_host], [their_host] = ours["hosts"], theirs["hosts"]
    assert list(our_host) == list(their_host)
    ours_by_name = {vm["name"]: vm for vm in our_host["vms"]}
    for one in their_host["vms"]:
        mine = ours_by_name[one["name"]]
        assert list(mine) == list(one)
        assert (mine["id"], mine["state"]) == (one["id"], one["state"])
        assert [list(adapter) for adapter in mine["adapters"][:1]] == [list(adapter) for adapter in one["adapters"]]
        assert [(a["mac"], a["kind"]) for a in mine["adapters"][:1]] == [(a["mac"], a["kind"]) for a in one["adapters"]]
        assert shape(mine["guest_tools"]) == shape(one["guest_tools"])


def test_vms_json(still):
    [host] = vms(still)["hosts"]
    found = {vm["name"]: vm for vm in host["vms"]}
    assert {name: found[name]["state"] for name in STATES} == STATES
    assert found["is-starting"]["state"] == "starting" and found["has-none"]["adapters"] == []
    assert found["emulated"]["adapters"][0]["kind"] == "emulated"
    assert {adapter["switch"] for adapter in found["is-off"]["adapters"]} == {None, "vSwitch 1"}
    assert found["is-off"]["id"] == machines.uuid_of("is-off")
    assert set(NAMES.values()) <= set(found)
    assert host["name"] == "HVHOST"


def test_vms_text(still):
    text = still.command("vms", check=0).stdout
    assert not CONTROLS.search(text) and "\r" not in text
    line = next(line for line in text.splitlines() if "is-paused" in line)
    assert "paused" in line and MACS["is-paused"][0] in line and machines.uuid_of("is-paused") in line
    for name in NAMES.values():
        assert name in text


def test_vms_of_several_hosts(still):
    hosts = vms(still, "--connect", "OTHER", "--connect", "localhost")["hosts"]
    assert [host["connect"] for host in hosts][0] == "OTHER" and len(hosts) == 2


def test_guest_tools(still):
    """Of a running machine with the integration services' KVP exchange."""
    [host] = vms(still)["hosts"]
    running = next(vm for vm in host["vms"] if vm["name"] == "is-running")
    assert set(running["guest_tools"]) == {"state", "version"}


def test_empty_host(host_with):
    host = host_with(pool=0, run=False)
    assert vms(host)["hosts"][0]["vms"] == []
    assert host.command("vms", check=0).stdout.strip()


def test_many_machines(host_with):
    host = host_with("fill 1000 2", pool=0, run=False)
    assert len(vms(host)["hosts"][0]["vms"]) == 1000


# --connect

@pytest.mark.parametrize("arguments", [["vms"], ["vms", "--json"], ["wake", "is-off"]])
def test_unknown_host_is_exit_3(still, arguments):
    result = still.command(*arguments, "--connect", "NOSUCHHOST", check=3)
    assert "NOSUCHHOST" in result.stderr and "reached" in result.stderr or "NOSUCHHOST" in result.stderr
    assert not CONTROLS.search(result.stderr)


def test_one_of_two_hosts_is_unknown(still):
    result = still.command("vms", "--json", "--connect", "NOSUCHHOST", "--connect", "OTHER")
    assert "NOSUCHHOST" in result.stderr
    assert result.returncode in (1, 3)


def test_host_that_wants_other_credentials(still):
    result = still.command("vms", "--connect", "LOCKED", check=3)
    assert "denied" in result.stderr.lower()


@pytest.mark.parametrize("uri", ["qemu:///system", "qemu+ssh://host/system", "test:///default", "http://host/", "two words", "a\\b"])
def test_what_is_no_host_name_is_wrong_usage(still, uri):
    for command in (["vms"], ["run"], ["wake", "is-off"]):
        result = still.command(*command, "--connect", uri, check=2)
        assert uri in result.stderr and not result.stdout


# wake

@pytest.mark.parametrize("kind", NAMES)
def test_wake_by_name(still, kind):
    arguments = ["--", NAMES[kind]] if NAMES[kind].startswith("-") else [NAMES[kind]]
    result = still.command("wake", "--json", *arguments, check=0)
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[-1]["id"] == 3000 and events[-1]["fields"]["vm_name"] == NAMES[kind]


def test_wake_by_every_other_word(still):
    name = "is-off"
    for word in (machines.uuid_of(name), machines.uuid_of(name).upper(), MACS[name][0], MACS[name][0].replace(":", "-").upper(),
                 MACS[name][0].replace(":", "")):
        result = still.command("wake", "--json", word)
        assert result.returncode == 0 and '"id":3000' in result.stdout, (word, result)


def test_wake_of_nobody(still):
    for word in ("no such machine", "52:54:00:c0:99:99", "is*", "?s-off", "%PATH%", ""):
        result = still.command("wake", word, check=1)
        assert f"'{word}'" in result.stderr and not result.stdout


def test_wake_says_what_it_did_in_text(still):
    text = still.command("wake", "Büro-東京", check=0).stdout
    assert "Büro-東京 runs (start)" in text and "\r" not in text and not CONTROLS.search(text)


def test_wake_that_the_host_refuses(host_with):
    host = host_with('start * job delay=60 fail=32773 text="The disk of Büro is gone."', pool=2, run=False)
    result = host.command("wake", "--json", host.take().name, check=1)
    end = json.loads(result.stdout.splitlines()[-1])
    assert end["id"] == 3001 and end["fields"]["result_code"] == 32773
    assert end["fields"]["result_text"] == "The disk of Büro is gone"


def test_wake_writes_the_log_file(still):
    path = os.path.join(still.lab.dir, "Büro 東京.jsonl")
    still.command("wake", "is-saved", "--log-file", windows_path(path), check=0)
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    assert "\r" not in text and [json.loads(line)["id"] for line in text.splitlines()] == [2000, 3000]


# events

@pytest.fixture(scope="module")
def recorded(wine, wire):
    """A log file as a service writes it, with events of long ago and a line that is none."""
    from winehost.simhost import SimHost
    with SimHost(wine, wire, *machine_lines("Büro-東京", ["52:54:00:c0:05:01"])) as host:
        host.send(udp4("52:54:00:c0:05:01"))
        host.service.wait_event(3000, vm_name="Büro-東京")
        host.service.stop()
        with open(host.service.log_file, encoding="utf-8") as file:
            lines = file.readlines()
        assert not any(line.endswith("\r\n") for line in lines)
        path = os.path.join(host.lab.dir, "recorded.jsonl")
        old = json.loads(next(line for line in lines if '"id":2000' in line))
        old["time"] = "2020-02-29T12:00:00.000001Z"
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(old) + "\r\n")
            file.writelines(lines)
            file.write("this is no event\n")
        host.service = None
        return path


def read_events(host, path, *arguments):
    result = host.command("events", "--json", "--file", path, *arguments, check=0)
    return [json.loads(line) for line in result.stdout.splitlines()], result


@pytest.mark.parametrize("arguments", [[], ["--id", "2000,3000-3001"], ["--vm", "Büro-東京"], ["--since", "2026-01-01"],
                                       ["--until", "2020-03-01T00:00:00Z"], ["--id", "9000-9999", "--vm", "Büro-東京"]], ids=str)
def test_events_are_the_same(still, linux, recorded, arguments):
    ours, result = read_events(still, windows_path(recorded), *arguments)
    theirs, _ = read_events(linux, recorded, *arguments)
    assert ours == theirs and ours
    assert "1 line of" in result.stderr


def test_events_as_text(still, recorded):
    text = still.command("events", "--file", windows_path(recorded), check=0).stdout
    assert "Büro-東京 runs (start)" in text and not CONTROLS.search(text)


def test_events_of_a_file_that_does_not_exist(still):
    assert "no such" in still.command("events", "--file", "Z:\\no such.jsonl", check=1).stderr


def test_console_of_the_service(host_with):
    """The foreground service prints its events as text in UTF-8; names cannot disturb a terminal."""
    host = host_with(*machine_lines("Büro-東京", ["52:54:00:c0:06:01"]))
    host.send(udp4("52:54:00:c0:06:01"))
    host.service.wait_event(3000, vm_name="Büro-東京")
    host.service.stop()
    with open(host.service.stdout_file, encoding="utf-8", newline="") as file:
        text = file.read()
    assert "Büro-東京 runs (start)" in text and "\r" not in text and not CONTROLS.search(text)
