# SPDX-License-Identifier: MIT
"""The same scenario gives the same events on Linux and on Windows: expected == Linux == Windows, field by field.

The scenarios and what is excepted (with the reasons) are in tests/scenarios/.
"""
import os

import pytest

import on_linux
import on_windows
import player
from harness.hypervive import PROGRAM

SCENARIOS = player.scenarios()


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_events(name, wine, wire):
    if not os.access(PROGRAM, os.X_OK):
        pytest.fail(f"the Linux build to compare with is not there ({PROGRAM})")
    scenario = SCENARIOS[name]
    expected = player.expected(scenario)
    with on_linux.open_host(scenario) as host:
        linux = player.play(scenario, host)
    with on_windows.open_host(scenario, wine, wire) as host:
        windows = player.play(scenario, host)
    for number, (wanted, on_one, on_other) in enumerate(zip(expected, linux.steps, windows.steps, strict=True)):
        assert on_one == wanted, f"Linux, step {number}"
        assert on_other == wanted, f"Windows, step {number}"
    assert windows.stream == linux.stream


def test_every_exception_has_a_reason():
    """The list of what is not compared is short and told; the ids that matter most are never on it."""
    assert all(player.EXCEPTED_FIELDS.values()) and all(player.EXCEPTED_EVENTS.values())
    assert all(part and reason for part, reason in player.DROPPED_FIELDS.values())
    assert not {2000, 2001, 3000, 3001, 9015, 1040, 1041, 1050, 1100, 1101} & set(player.EXCEPTED_EVENTS)
    assert not {"mac", "source", "vm_name", "vm_id", "reason", "action", "kind", "vlan"} & {*player.EXCEPTED_FIELDS, *player.DROPPED_FIELDS}


def test_comparison_can_fail():
    """An event that differs in one field that counts is another event; one that differs by nature is not."""
    event = {"time": "2026-11-22T00:00:00.000001Z", "id": 3001, "severity": "error", "category": "Virtual Machine Starter",
             "message": "web was not woken: no disk (5)",
             "fields": {"vm_name": "web", "mac": "52:54:00:00:00:01", "result_code": 5, "result_text": "no disk"}}

    def changed(**fields):
        return {**event, "message": event["message"].replace("no disk (5)", "kein Platz (7)"),
                "fields": {**event["fields"], **fields}}
    other = changed(result_code=7, result_text="kein Platz")
    other["time"] = "2027-01-01T00:00:00.000000Z"
    assert player.normal(other) == player.normal(event)
    assert player.normal(changed(result_code=7, result_text="kein Platz", mac="52:54:00:00:00:02")) != player.normal(event)
    assert player.normal({**event, "severity": "warning"}) != player.normal(event)
    without = {**event, "fields": {key: value for key, value in event["fields"].items() if key != "result_code"}}
    assert player.normal(without) != player.normal(event)
