# SPDX-License-Identifier: MIT
"""What reaches the Windows event log. Wine keeps no records, but its debugger's channels show each call of ReportEvent()."""
import collections
import re

import pytest

from harness.lab import wait_until
from harness.machines import uuid_of
from harness.packets import udp4
from winehost.simhost import machine_lines

ERROR, WARNING, INFORMATION = 1, 2, 4
CATEGORIES = {"Application Error": 1, "Module Error": 2, "Debug": 3, "Magic Packet": 4, "Virtual Machine Starter": 5,
              "Checkpoint": 6, "CIM/WMI Error": 7, "Service": 8, "Integration Services": 9}
SEVERITY_BITS = {ERROR: 0xC0000000, WARNING: 0x80000000, INFORMATION: 0x40000000}


Report = collections.namedtuple("Report", "type category id data_length strings")

_CALL = re.compile(r"(\w+):Call advapi32\.ReportEventW\(\w+,(\w+),(\w+),(\w+),\w+,(\w+),(\w+),")
_STRING = re.compile(r'(\w+):\w+:eventlog:ReportEventW L"((?:[^"\\]|\\.)*)"')
_RELAY = r"HKCU\Software\Wine\Debug"


def _plain(text):
    """Wine writes what is not ASCII as a backslash and four digits."""
    return re.sub(r"\\([0-9a-f]{4})|\\(.)", lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def reports(service):
    """Each call of ReportEventW() with the strings that Wine then traced on the same thread."""
    found, last = [], {}
    with open(service.stderr_file, encoding="utf-8", errors="replace") as file:
        for line in file:
            call, string = _CALL.match(line), _STRING.match(line)
            if call:
                kind, category, number, count, length = (int(word, 16) for word in call.groups()[1:])
                found.append(Report(kind, category, number, length, []))
                last[call[1]] = count, found[-1]
            elif string and string[1] in last:
                last[string[1]][1].strings.append(_plain(string[2]))
    for count, report in last.values():
        assert len(report.strings) == count
    return found


@pytest.fixture(scope="module")
def tracing(wine):
    """The environment in which Wine traces this one function."""
    wine.run("reg", "add", _RELAY, "/v", "RelayInclude", "/d", "advapi32.ReportEventW", "/f")
    yield {"WINEDEBUG": "-all,+relay,trace+eventlog,warn+eventlog,err+eventlog"}
    wine.run("reg", "delete", _RELAY, "/f")


@pytest.fixture(scope="module")
def traced(wine, wire, tracing):
    """A service that has seen one packet of each kind, with Wine's trace of its event log calls."""
    from winehost.simhost import SimHost
    lines = [*machine_lines("Büro-東京", ["52:54:00:c0:0a:01"]),
             *machine_lines("unwilling %1 %%2", ["52:54:00:c0:0a:02"], notes="hypervive: allow=no"),
             *machine_lines("broken", ["52:54:00:c0:0a:03"]),
             f'start {uuid_of("broken")} job delay=60 fail=32773 text="no disk"']
    with SimHost(wine, wire, *lines, env=tracing) as host:
        for number, end in ((1, 3000), (2, 2001), (3, 3001)):
            mac = f"52:54:00:c0:0a:{number:02x}"
            host.send(udp4(mac))
            host.service.wait_event(end, mac=mac)
        host.service.stop()
        yield host


def test_every_event_is_reported_once_and_in_order(traced):
    """The same events as in the log file, and each with its JSON as data."""
    logged, reported = traced.service.all_events(), reports(traced.service)
    assert [report.id & 0xFFFF for report in reported] == [event["id"] for event in logged]
    with open(traced.service.log_file, "rb") as file:
        assert [report.data_length for report in reported] == [len(line.rstrip(b"\n")) for line in file]


def test_severity_and_category(traced):
    severities = {"error": ERROR, "warning": WARNING, "information": INFORMATION, "debug": INFORMATION}
    for event, report in zip(traced.service.all_events(), reports(traced.service), strict=True):
        assert report.type == severities[event["severity"]], event
        assert report.id & 0xC0000000 == SEVERITY_BITS[report.type], f"{event}: the whole id is {report.id:#x}"
        assert report.category == CATEGORIES[event["category"]], event


def test_strings_begin_as_the_original_had_them(traced):
    """What reads HyperVive 3's events reads ours: MAC and requester; name, id, MAC, requester (, code, text)."""
    strings = {report.id & 0xFFFF: report.strings for report in reports(traced.service) if report.id & 0xFFFF in (2001, 3000, 3001)}
    assert strings[3000][:4] == ["Büro-東京", uuid_of("Büro-東京"), "52:54:00:c0:0a:01", "192.0.2.7"]
    assert strings[3001][:6] == ["broken", uuid_of("broken"), "52:54:00:c0:0a:03", "192.0.2.7", "32773", "no disk"]
    assert strings[2001][:3] == ["52:54:00:c0:0a:02", "192.0.2.7", "opted-out"]


def test_no_string_is_looked_into_again(traced):
    """Viewers would take %1 in a name for another string's place (the name itself stands in the data)."""
    for report in reports(traced.service):
        for text in report.strings:
            assert not re.search(r"%[\d%{]", text), report


def test_events_cannot_be_read_back_under_wine(traced):
    """EvtQuery() gives nothing, without a reason: said, and no crash. On Windows the events are read."""
    result = traced.command("events", check=1)
    assert "cannot be read on this system" in result.stderr and not result.stdout
    assert traced.command("events", "--follow", check=1).stderr


def test_log_file_says_the_same_as_the_console(traced):
    with open(traced.service.stdout_file, encoding="utf-8") as file:
        console = file.read()
    for event in traced.service.all_events():
        if event["id"] in (2000, 2001, 3000, 3001, 1100, 1101):
            assert event["message"] in console, event


def test_switched_off_by_a_setting(host_with, tracing):
    """`journal = no` keeps events out of the event log."""
    host = host_with(settings={"journal": "no"}, env=tracing)
    host.service.stop()
    wait_until(lambda: host.service.events(1101), 5, host.service.story)
    assert not reports(host.service)
