# SPDX-License-Identifier: MIT
"""The registry value DebugMode: at start, switched while running, deleted, garbage; and `hypervive debug`."""
import struct

import pytest

from harness.lab import wait_until
from harness.packets import udp4

REG_SZ, REG_BINARY, REG_MULTI_SZ, REG_QWORD = 1, 3, 7, 11


def text(value, kind=REG_SZ):
    return kind, (value + "\0").encode("utf-16-le")


def is_on(host):
    """Whether a packet for nobody is told of (9010)."""
    mac = host.fresh_mac(0xFD)
    host.send(udp4(mac))
    host.flush()
    return bool(host.service.events(9010, mac=mac))


def switch(host, value, on):
    """Writes the value and waits until the service behaves so."""
    host.set_debug_mode(value)
    wait_until(lambda: is_on(host) == on, 5, lambda: f"DebugMode = {value!r} did not switch\n{host.service.story()}")


@pytest.mark.parametrize("value", [1, "True", "tRUE", "1", (REG_QWORD, struct.pack("<Q", 1 << 40)), "-1"], ids=repr)
def test_on_at_start(host_with, value):
    host = host_with(debug=False, settings={"DebugMode": value})
    assert is_on(host), host.service.story()


@pytest.mark.parametrize("value", [None, 0, "False", "0", (REG_QWORD, bytes(8))], ids=repr)
def test_off_at_start(host_with, value):
    host = host_with(debug=False, settings={"DebugMode": value} if value is not None else {})
    assert not is_on(host), host.service.story()
    assert not host.service.events(1011, 1012)


@pytest.mark.parametrize("value", ["loud", "", (REG_BINARY, b"\1\0\0\0"), text("True\0False\0", REG_MULTI_SZ), text("1" * 300)],
                         ids=["word", "empty", "binary", "several", "long"])
def test_garbage_at_start_is_off_and_told(host_with, value):
    host = host_with(debug=False, settings={"DebugMode": value})
    told = host.service.wait_event(1011)
    assert told["severity"] == "error" and "DebugMode" in told["fields"]["key"] and told["fields"]["reason"]
    assert not is_on(host)


def test_switched_while_running(host_with):
    host = host_with(debug=False, pool=200)
    assert not is_on(host)
    for value, on in ((1, True), (0, False), ("True", True), ("False", False), (2, True)):
        since = host.service.mark()
        switch(host, value, on)
        told = host.service.wait_event(9001, since=since)
        assert told["severity"] == "debug" and told["fields"]["value"] == str(on)
    host.set_debug_mode(3)  # on, as it was
    host.flush()
    assert is_on(host) and len(host.service.events(9001)) == 5, host.service.story()


def test_garbage_while_running_changes_nothing(host_with):
    host = host_with(debug=False, pool=200, settings={"DebugMode": 1})
    for before, garbage in ((True, "loud"), (True, (REG_BINARY, b"")), (False, "maybe"), (False, text("a\0b\0", REG_MULTI_SZ))):
        switch(host, int(before), before)
        since = host.service.mark()
        host.set_debug_mode(garbage)
        assert "DebugMode" in host.service.wait_event(1011, since=since)["fields"]["key"]
        assert is_on(host) == before
        assert len(host.service.events(1011, since=since)) == 1


def test_deleted_keeps_the_mode_until_restart(host_with):
    host = host_with(debug=False, pool=200, settings={"DebugMode": 1})
    assert is_on(host)
    since = host.service.mark()
    host.set_debug_mode(None)
    told = host.service.wait_event(9002, since=since)
    assert "DebugMode" in told["fields"]["key"]
    assert is_on(host), "deleting the value must keep the mode"
    host.service.stop()
    host.run()
    assert not is_on(host), "after a restart there is no value, so debug mode is off"
    switch(host, 1, True)
    assert not host.service.events(1011, 1012)


def test_key_that_comes_and_goes(host_with):
    """No key at start, one that is made later, one that is deleted as a whole and made anew."""
    host = host_with(debug=False, pool=200, run=False)
    host.wine.reg_import((host.key, None))
    host.run()
    assert not is_on(host) and not host.service.events(1012), host.service.story()
    switch(host, 1, True)
    host.wine.reg_import((host.key, None))
    assert is_on(host), "the key is gone, the mode stays"
    switch(host, 0, False)
    switch(host, 1, True)


def test_command_line_comes_first(host_with):
    """--debug is on whatever the registry says at start; a change of the value counts."""
    host = host_with(debug=True, pool=200, settings={"DebugMode": 0})
    assert is_on(host)


def test_debug_command(host_with):
    host = host_with(debug=False, pool=200)
    assert "off" in host.command("debug", check=0).stdout
    assert "on" in host.command("debug", "on", check=0).stdout
    assert is_on(host)
    told = host.service.wait_event(9001, value="True")
    assert told["fields"]["user"], told
    assert host.wine.reg_query(host.key)["DebugMode"] == ("REG_DWORD", "0x1")
    assert "on" in host.command("debug", check=0).stdout
    host.service.stop()
    host.run()
    assert is_on(host), "it survives a restart"
    host.command("debug", "off", check=0)
    assert not is_on(host)
    host.command("debug", "loud", check=2)
    host.command("debug", "on", "off", check=2)


def test_debug_without_a_service(host_with):
    host = host_with(run=False)
    result = host.command("debug", "on", check=1)
    assert "no hypervive service" in result.stderr and not result.stdout


def test_two_services_do_not_share_a_pipe(host_with):
    """The second says so and works on; `debug` speaks to the first."""
    first = host_with(debug=False)
    second = host_with(env={"HYPERVIVE_PIPE": first.environment["HYPERVIVE_PIPE"]})
    assert second.service.wait_event(1001, module="control")["fields"]["reason"]
    assert "off" in first.command("debug", check=0).stdout
