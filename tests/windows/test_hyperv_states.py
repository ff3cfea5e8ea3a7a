# SPDX-License-Identifier: MIT
"""Every state that Hyper-V has: what is woken, how, and what is left alone."""
import pytest

from harness.packets import SENDER_IP, udp4

# state as the simulator takes it: the end's id, and fields of it
STATES = {
    "off": (3000, {"action": "start"}),
    "saved": (3000, {"action": "restore"}),
    "paused": (3000, {"action": "resume"}),
    "32769": (3000, {"action": "restore"}),   # saved, as version 1 of the provider says it
    "32768": (3000, {"action": "resume"}),    # paused, likewise
    "running": (9015, {}),
    "starting": (9015, {}),
    "saving": (3001, {"reason": "stopping"}),
    "stopping": (3001, {"reason": "stopping"}),
    "32774": (3001, {"reason": "stopping"}),  # stopping, as version 1 says it
    "5": (3001, {"reason": "state-unknown"}),  # not applicable
    "0": (3001, {"reason": "state-unknown"}),
}


@pytest.mark.parametrize("state", STATES)
def test_state(shared, state):
    ends_with, fields = STATES[state]
    target = shared.add(f"state {state}", state=state)
    shared.wait_known(target)
    since = shared.service.mark()
    end = shared.wake(target)
    shared.flush()
    assert end["id"] == ends_with, shared.service.story(since)
    assert end["fields"]["mac"] == target.mac and end["fields"]["source"] == SENDER_IP
    for key, value in fields.items():
        assert end["fields"].get(key) == value, end
    assert len(shared.service.events(2000, since=since, mac=target.mac)) == 1
    assert len(shared.service.events(3000, 3001, 9015, since=since, vm_id=target.id)) == 1
    assert shared.sim.starts(target.id) == (1 if ends_with == 3000 else 0)
    if ends_with == 3000:
        assert shared.sim.state(target.id) == 2
        assert "result_code" not in end["fields"]


@pytest.mark.parametrize("words, ends_with", [
    ("OperationalStatus=[2,32768]", "paused-"),  # a checkpoint is being made
    ("OperationalStatus=[2,32774]", "paused-"),  # it moves to another host
    ("HealthState=25", "paused-io-error"),       # its storage is gone: paused-critical
    ("HealthState=20", "paused-io-error"),       # a disk of its ran out of room
])
def test_paused_for_another_reason_is_not_resumed(shared, words, ends_with):
    target = shared.add(f"critical {words}", state="paused")
    shared.sim.command("set machine", target.id, words)
    shared.wait_known(target)
    end = shared.wake(target)
    assert end["id"] == 3001 and end["fields"]["reason"].startswith(ends_with), end
    shared.flush()
    assert shared.sim.starts(target.id) == 0 and shared.sim.state(target.id) == 9


def test_state_that_changed_without_a_word(host_with):
    """The service believes that it is off; it runs. It looks before it asks: that is no error, and no start."""
    host = host_with("refuse notifications")
    target = host.take()
    host.wait_known(host.add("tells of a listing"), timeout=12)  # the next one is five seconds away
    host.sim.command("set machine", target.id, "EnabledState=2")
    end = host.wake(target)
    assert end["id"] == 9015, host.service.story()
    assert host.sim.starts(target.id) == 0


def test_machine_that_is_being_woken_is_left_alone(host_with):
    host = host_with("start * job delay=1500")
    target = host.add("two adapters", macs=[host.fresh_mac(), host.fresh_mac()])
    host.wait_known(target)
    host.send(udp4(target.mac))
    host.service.wait_event(9008, vm_id=target.id)
    other = next(event["fields"]["mac"] for event in host.service.events(9004, vm_id=target.id)
                 if event["fields"]["mac"] != target.mac)
    host.send(udp4(other))
    host.service.wait_event(9015, vm_id=target.id, mac=other)
    host.service.wait_event(3000, vm_id=target.id, mac=target.mac)
    assert host.sim.starts(target.id) == 1


def test_all_machines_with_the_address_wake(shared):
    mac = shared.fresh_mac()
    twins = [shared.add(f"twin {number}", macs=[mac], kind=kind) for number, kind in enumerate(["synthetic", "emulated", "synthetic"])]
    shared.wait_known(*twins)
    shared.send(udp4(mac))
    for twin in twins:
        shared.service.wait_event(3000, vm_id=twin.id, mac=mac)
    assert len(shared.service.events(2000, mac=mac)) == 1
