# SPDX-License-Identifier: MIT
"""How a start can end on Hyper-V: jobs that succeed, fail in several ways, never end, vanish; refusals by number."""
import time

import pytest

from harness import SLOW
from harness.packets import udp4


def wake_with(host, rule):
    """Wakes a fresh machine under a rule of the simulator; returns it and the fields of the end."""
    target = host.take()
    host.sim.command("start", target.id, rule)
    since = host.service.mark()
    end = host.wake(target)
    host.flush()
    assert len(host.service.events(3000, 3001, 9015, since=since, vm_id=target.id)) == 1, host.service.story(since)
    assert len(host.service.events(2000, since=since, mac=target.mac)) == 1
    return target, end


@pytest.mark.parametrize("rule", ["ok", "job", "job delay=0", "job delay=1200", "job delay=80 warnings", "job delay=50 remove=0"])
def test_start_succeeds(shared, rule):
    target, end = wake_with(shared, rule)
    assert end["id"] == 3000 and end["severity"] == "information", end
    assert not {"result_code", "result_text", "reason"} & set(end["fields"])
    assert shared.sim.state(target.id) == 2 and shared.sim.starts(target.id) == 1


def test_failure_with_error_description(shared):
    text = "'vm' failed to start. Not enough memory in the system to start the virtual machine"
    _, end = wake_with(shared, f'job fail=32778 text="{text}." summary="\'vm\' failed to start."')
    assert end["id"] == 3001 and end["severity"] == "error"
    assert end["fields"]["result_code"] == 32778 and text in end["fields"]["result_text"], end
    assert text in end["message"] and not end["fields"].get("reason")


def test_failure_with_summary_only(shared):
    _, end = wake_with(shared, 'job fail=32773 summary="Der virtuelle Computer wurde nicht gestartet. 東京"')
    assert end["id"] == 3001 and end["fields"]["result_code"] == 32773
    assert "Der virtuelle Computer wurde nicht gestartet. 東京" in end["fields"]["result_text"], end


def test_failure_with_an_error_object(shared):
    """Only GetErrorEx says why, if asked; in any case there is a number and a sentence."""
    _, end = wake_with(shared, 'job fail=32768 errors="The disk is gone."')
    assert end["id"] == 3001 and end["fields"]["result_code"] == 32768 and end["fields"]["result_text"], end


def test_failure_without_a_word(shared):
    _, end = wake_with(shared, "job fail=32768")
    assert end["id"] == 3001 and end["fields"]["result_code"] == 32768 and end["fields"]["result_text"], end


def test_failure_with_hostile_text(shared):
    """What comes from the host is text, whatever is in it."""
    _, end = wake_with(shared, 'job fail=1 text="line\\nline %s %n \x1b[31m"')
    assert end["id"] == 3001 and "%s %n" in end["fields"]["result_text"]
    shared.flush()
    with open(shared.service.stdout_file, "rb") as file:
        assert b"\x1b" not in file.read()


@pytest.mark.parametrize("state", [8, 9, 10, 11])
def test_job_that_ends_badly_without_an_error_code(shared, state):
    """Terminated, killed, exception, service: not a success, though ErrorCode is 0."""
    _, end = wake_with(shared, f"job delay=50 end={state}")
    assert end["id"] == 3001 and end["fields"]["result_text"], end


def test_warnings_with_an_error_code_are_a_failure(shared):
    """CompletedWithWarnings alone is a success; JobState and ErrorCode decide together."""
    _, end = wake_with(shared, 'job fail=5 end=32768 text="half of it failed"')
    assert end["id"] == 3001 and end["fields"]["result_code"] == 5, end
    assert end["fields"]["result_text"] == "half of it failed"


def test_job_that_vanishes_when_the_machine_runs(shared):
    """The job is gone before its end was seen; the machine itself tells."""
    target, end = wake_with(shared, "job delay=200 vanish=100")
    assert end["id"] == 3000, end
    assert shared.sim.starts(target.id) == 1


def test_job_that_vanishes_and_fails(shared):
    _, end = wake_with(shared, "job delay=30000 vanish=50")
    # It may be starting still: that counts as running. Else it is a failure that names the job.
    assert end["id"] in (3000, 3001)
    if end["id"] == 3001:
        assert "vanished" in end["fields"]["result_text"], end


@pytest.mark.parametrize("number, words", [(32769, "denied"), (32775, "state"), (32770, ""), (32778, "memory"), (4711, "")])
def test_refused_by_number(shared, number, words):
    target, end = wake_with(shared, f"return={number}")
    assert end["id"] == 3001, end
    assert end["fields"]["result_code"] == number and words in end["fields"]["result_text"], end
    assert shared.sim.state(target.id) == 3


def test_invalid_state_is_no_error_when_it_runs(shared):
    """Somebody else was faster: the machine runs when we look after the refusal."""
    target = shared.take()
    shared.sim.command("start", target.id, "return=32775")
    shared.sim.command("set machine", target.id, "EnabledState=2")
    since = shared.service.mark()
    shared.send(udp4(target.mac))
    end = shared.service.wait_event(3000, 3001, 9015, since=since, vm_id=target.id)
    assert end["id"] == 9015, end


def test_method_that_fails_as_a_call(host):
    target = host.take()
    host.sim.command("refuse method RequestStateChange code=0x80041003")
    end = host.wake(target)
    assert end["id"] == 3001 and end["fields"]["result_text"], end
    host.sim.command("allow method")
    target = host.take()
    assert host.wake(target)["id"] == 3000
    assert not host.service.events(1040), host.service.story()


def test_job_that_never_ends_blocks_nobody(host):
    """Other machines are woken meanwhile, and the service ends when told; the wake is recorded as not done."""
    stuck = host.take()
    host.sim.command("start", stuck.id, "job never")
    host.send(udp4(stuck.mac))
    host.service.wait_event(9008, vm_id=stuck.id)
    for _ in range(4):
        target = host.take()
        host.send(udp4(target.mac))
        host.service.wait_event(3000, vm_id=target.id)
    begin = time.monotonic()
    host.service.stop()
    assert time.monotonic() - begin < 14 * SLOW


def test_a_job_that_takes_its_time_is_waited_for(host):
    target = host.take()
    host.sim.command("start", target.id, "job delay=2500")
    begin = time.monotonic()
    end = host.wake(target)
    assert end["id"] == 3000 and time.monotonic() - begin > 2
    # It is followed at a pace, not in a tight loop.
    assert host.sim.stats()["calls"] < 500
