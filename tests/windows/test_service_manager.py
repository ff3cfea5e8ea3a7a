# SPDX-License-Identifier: MIT
"""install, start, stop, uninstall through Wine's service manager: the registry, the state, and what is left behind."""
import os
import re
import time

import pytest

from harness import SLOW
from harness.lab import wait_until
from harness.packets import udp4
from winehost import installed
from winehost.installed import (INTERROGATE, PARAMCHANGE, SERVICE, SERVICE_KEY, SOURCE_KEY, STATE_RUNNING, STOPPED,
                                Installed, firewall_line)
from winehost.program import WineHypervive, command
from winehost.simhost import SimHost, machine_lines
from winehost.wine import windows_path

ERROR_SERVICE_DOES_NOT_EXIST = 1060
ERROR_INVALID_LEVEL = 124
ALL_KEYS = r"SYSTEM\CurrentControlSet\Services"


@pytest.fixture
def clean(wine):
    """Nothing is installed before, and whatever a test leaves is taken away."""
    assert wine.probe("service", SERVICE)["error"] == ERROR_SERVICE_DOES_NOT_EXIST
    yield wine
    command(wine, "uninstall", timeout=60)
    assert wine.reg_query(SERVICE_KEY) is None and wine.reg_query(SOURCE_KEY) is None


def whole_registry_key(wine, key):
    """A key with all below it, as text; without what Wine itself counts up."""
    text = wine.run("reg", "query", f"HKLM\\{key}", "/s", check=False).stdout
    return re.sub(r"(?m)^.*(LastTaskId|Seed).*$", "", text)


def dependencies(wine):
    """From the registry: Wine's service manager does not tell them."""
    return wine.reg_query(SERVICE_KEY)["DependOnService"][1]


def test_install_and_uninstall(clean):
    wine = clean
    before = whole_registry_key(wine, ALL_KEYS)
    result = command(wine, "install", check=0)
    assert SERVICE in result.stdout and not firewall_line(result), result
    facts = wine.probe("service", SERVICE)
    assert facts["state"] == STOPPED
    assert facts["type"] == 0x10, "a process of its own"
    assert facts["start"] == 2, "automatic"
    assert facts["error_control"] == 1
    assert facts["binary"] == installed.PROGRAM_LINE
    assert facts["display_name"] == "HyperVive" and facts["account"] == "LocalSystem"
    assert dependencies(wine) == "Winmgmt", "vmms only where it is there"
    assert "magic packets" in facts["description"]
    assert facts["preshutdown_ms"] in (20000, 180000)  # Wine takes it, and may answer its default

    source = wine.reg_query(SOURCE_KEY)
    path = windows_path(installed.build.PROGRAM)
    assert source["EventMessageFile"] == source["CategoryMessageFile"] == ("REG_EXPAND_SZ", path)
    assert source["CategoryCount"] == ("REG_DWORD", "0x9") and source["TypesSupported"] == ("REG_DWORD", "0x7")

    result = command(wine, "uninstall", check=0)
    assert "removed" in result.stdout and not firewall_line(result), result
    assert wine.probe("service", SERVICE)["error"] == ERROR_SERVICE_DOES_NOT_EXIST
    assert whole_registry_key(wine, ALL_KEYS) == before, "something was left behind"


def test_install_again_changes_nothing_and_repairs(clean):
    """Also over HyperVive 3: its entry is changed, its ParameterMessageFile goes, DebugMode and settings stay."""
    wine = clean
    command(wine, "install", check=0)
    fresh = wine.probe("service", SERVICE), wine.reg_query(SOURCE_KEY)
    command(wine, "install", check=0)
    assert (wine.probe("service", SERVICE), wine.reg_query(SOURCE_KEY)) == fresh
    wine.reg_import((SERVICE_KEY, {"DebugMode": 1, "allow-vlan": "10"}),
                    (SOURCE_KEY, {"CategoryCount": 7, "ParameterMessageFile": "C:\\old.dll", "EventMessageFile": "C:\\old.dll"}))
    wine.run("sc", "description", SERVICE, "old words")
    result = command(wine, "install", check=0)
    assert "changed" in result.stdout
    assert (wine.probe("service", SERVICE), wine.reg_query(SOURCE_KEY)) == fresh
    values = wine.reg_query(SERVICE_KEY)
    assert values["DebugMode"] == ("REG_DWORD", "0x1") and values["allow-vlan"] == ("REG_SZ", "10")


def test_depends_on_vmms_where_it_is(clean):
    wine = clean
    wine.run("sc", "create", "vmms", "binPath=", "C:\\no.exe", "start=", "demand")
    try:
        command(wine, "install", check=0)
        assert dependencies(wine) == r"Winmgmt\0vmms"
    finally:
        wine.run("sc", "delete", "vmms")
    command(wine, "install", check=0)
    assert dependencies(wine) == "Winmgmt"


def test_what_wine_does_not_take_is_a_warning(clean):
    """Wine 8 refuses some details of a service (124, ERROR_INVALID_LEVEL): told, and no failure. Windows takes them."""
    result = command(clean, "install", check=0)
    facts = clean.probe("service", SERVICE)
    assert "warning" in result.stderr and "delay" in result.stderr
    assert facts["delayed"] == {"error": ERROR_INVALID_LEVEL}


def test_parts_can_be_left(clean):
    command(clean, "install", "--no-service", check=0)
    assert clean.probe("service", SERVICE)["error"] == ERROR_SERVICE_DOES_NOT_EXIST and clean.reg_query(SOURCE_KEY)
    command(clean, "install", "--no-event-source", check=0)
    command(clean, "uninstall", "--no-event-source", check=0)
    assert clean.probe("service", SERVICE)["error"] == ERROR_SERVICE_DOES_NOT_EXIST and clean.reg_query(SOURCE_KEY)


def test_uninstall_of_nothing(clean):
    result = command(clean, "uninstall", check=0)
    assert "there was no service" in result.stdout and not firewall_line(result)


@pytest.fixture(scope="module")
def life(wine, wire):
    """The service, installed and running, in debug mode."""
    service = Installed(wine, "fill 30 1", *machine_lines("Büro-東京", ["52:54:00:c0:08:01"]), port=next(SimHost._ports))
    with service:
        service.start()
        service.wire = wire
        yield service


def wake(service, number):
    mac = f"02:00:00:00:00:{number:02x}"
    service.wire.send(udp4(mac))
    return service.wait_event(3000, mac=mac)


def test_it_runs_as_a_service(life):
    facts = life.facts()
    assert facts["state"] == STATE_RUNNING and facts["pid"]
    assert facts["accepted"] & 1 and facts["accepted"] & 0x100 and facts["accepted"] & 8, "stop, pre-shutdown, parameter changes"
    ready = life.wait_event(1100)
    assert ready["fields"]["count"] == 31
    assert len(life.events(1100)) == 1


def test_it_wakes(life):
    assert wake(life, 1)["fields"]["vm_name"] == "vm-00001"
    life.wire.send(udp4("52:54:00:c0:08:01"))
    assert life.wait_event(3000, mac="52:54:00:c0:08:01")["fields"]["vm_name"] == "Büro-東京"


def test_debug_mode_in_its_own_key(life):
    since = life.mark()
    life.wine.reg_import((SERVICE_KEY, {"DebugMode": 0}))
    wait_until(lambda: life.events(9001, since=since, value="False") or not _hears_strangers(life), 5, life.story)
    wake(life, 2)
    assert not _hears_strangers(life)
    life.wine.reg_import((SERVICE_KEY, {"DebugMode": "True"}))
    wait_until(lambda: _hears_strangers(life), 5, life.story)


_strangers = iter(range(1, 200))


def _hears_strangers(service):
    mac = f"52:54:00:fe:01:{next(_strangers):02x}"
    service.wire.send(udp4(mac))
    time.sleep(0.2 * SLOW)
    return bool(service.events(9010, mac=mac))


def test_debug_command_reaches_it(life):
    assert "on" in command(life.wine, "debug", "on", check=0).stdout
    assert "on" in command(life.wine, "debug", check=0).stdout
    assert life.wine.reg_query(SERVICE_KEY)["DebugMode"] == ("REG_DWORD", "0x1")


def test_setting_in_its_own_key(life):
    since = life.mark()
    life.wine.reg_import((SERVICE_KEY, {"allow-sender-network": "203.0.113.0/24"}))
    life.wait_event(9000, since=since, reason="the settings were read again")
    life.wire.send(udp4("02:00:00:00:00:03"))
    life.wait_event(2001, mac="02:00:00:00:00:03", reason="sender")
    since = life.mark()
    life.wine.reg_import((SERVICE_KEY, {"allow-sender-network": None}))
    life.wait_event(9000, since=since, reason="the settings were read again")
    wake(life, 4)


def test_controls(life):
    since = life.mark()
    assert life.control(INTERROGATE) == 0
    assert life.control(PARAMCHANGE) == 0
    life.wait_event(9000, since=since, reason="the settings were read again")
    assert life.control(2) != 0, "it cannot be paused"
    assert life.state() == STATE_RUNNING


def test_install_while_it_runs(life):
    result = command(life.wine, "install", check=0)
    assert "counts when it is started again" in result.stdout
    assert life.state() == STATE_RUNNING
    wake(life, 5)


def test_in_the_foreground_beside_the_service(life):
    """The second one works, and says that the pipe is taken; both hear packets."""
    scenario = os.path.join(life.lab.dir, f"service-{life.port}.scenario")
    env = {"WMISIM_SCENARIO": scenario, "WMISIM_CONTROL": "0", "HYPERVIVE_REGISTRY_KEY": r"SOFTWARE\hypervive-test\second"}
    with WineHypervive(life.wine, "--debug", env=env) as second:
        assert second.wait_event(1001, module="control")["fields"]["reason"]
        life.wire.send(udp4("02:00:00:00:00:06"))
        second.wait_event(3000, mac="02:00:00:00:00:06")
        life.wait_event(3000, mac="02:00:00:00:00:06")
    assert life.state() == STATE_RUNNING


def test_stop_and_start_again(life):
    begin = time.monotonic()
    life.stop()
    assert time.monotonic() - begin < 10 * SLOW
    facts = life.facts()
    assert facts["exit_code"] == 0 and facts["own_exit_code"] == 0 and not facts["pid"]
    last = life.all_events()[-1]
    assert last["id"] == 1101 and "reason" not in last["fields"]
    life.start()
    since = life.mark()
    wake(life, 7)
    assert not life.events(1001, 1002, 1040, since=since)


def test_install_with_start_restarts_it(life):
    since = life.mark()
    command(life.wine, "install", "--start", check=0, timeout=60)
    assert life.state() == STATE_RUNNING
    assert life.wait_event(1101, since=since) and life.wait_event(1100, since=since)


def test_start_with_a_setting_that_cannot_be_used(life):
    """A faulty value is no reason not to run."""
    life.stop()
    life.wine.reg_import((SERVICE_KEY, {"dry-run": "perhaps"}))
    since = life.mark()
    life.start()
    assert life.wait_event(1050, since=since)["fields"]["key"] == "dry-run"
    life.wine.reg_import((SERVICE_KEY, {"dry-run": None}))


def test_uninstall_while_it_runs(life):
    """The last test of the file: stopped in order, and gone."""
    since = life.mark()
    result = command(life.wine, "uninstall", check=0, timeout=60)
    assert "removed" in result.stdout
    assert life.events(1101, since=since), life.story()
    assert life.facts()["error"] == ERROR_SERVICE_DOES_NOT_EXIST
    assert life.wine.reg_query(SERVICE_KEY) is None and life.wine.reg_query(SOURCE_KEY) is None
