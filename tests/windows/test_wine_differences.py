# SPDX-License-Identifier: MIT
"""Where Wine differs from Windows.

For each of these the code path for Windows stays in the program, written as documented, and does not run (or runs to
another end) under Wine. These tests say what Wine does: when one of them fails after an update of Wine, the
path behind it can be tested here, and docs/windows.md ("not yet seen on a real host") should shrink.
"""
import pytest

import wmisim

WBEM_E_FAILED, WBEM_E_INVALID_NAMESPACE = 0x80041001, 0x8004100E
ERROR_ACCESS_DENIED, ERROR_HANDLE_EOF, ERROR_INVALID_LEVEL, WSAEPROTONOSUPPORT = 5, 38, 124, 10043


@pytest.fixture(scope="module")
def found(wine):
    facts = wine.probe("differences")
    if not facts["wine"].startswith("8."):
        pytest.skip(f"this is Wine {facts['wine']}; the facts are about Wine 8")
    return facts


def test_delayed_start_is_refused(found):
    """So `install` warns and goes on; on Windows the service is started some minutes after the computer."""
    assert found["delayed_auto_start"] == ERROR_INVALID_LEVEL


def test_service_sid_is_refused(found):
    assert found["service_sid"] == ERROR_INVALID_LEVEL


def test_event_log_takes_events_and_keeps_none(found):
    """ReportEvent() succeeds; nothing can be read back, by neither interface (so `hypervive events` says so)."""
    assert found["ReportEvent"] == 1
    assert found["GetNumberOfEventLogRecords"] == 0 and found["ReadEventLog"] == ERROR_HANDLE_EOF
    assert found["EvtQuery"] == 0


def test_wmi_has_no_hyper_v_and_no_notifications(found):
    """Why there is a simulator: Wine's own WMI has not the namespace, and refuses notification queries."""
    assert found["wbemprox"] == 1
    assert found["connect_virtualization"] == WBEM_E_INVALID_NAMESPACE
    assert found["ExecNotificationQuery"] == WBEM_E_FAILED


def test_capture_below_ip_is_not_there(found):
    """No PktMon, no trace sessions: EtherType 0x0842 and VLANs are heard on Windows only."""
    assert found["pktmonapi"] == 0 and found["OpenTrace"] == ERROR_ACCESS_DENIED
    assert found["raw_any"] == WSAEPROTONOSUPPORT and found["raw_udp"] == 0


def test_without_the_simulator_there_is_no_hyper_v(host_with, wine):
    """The program on Wine's own WMI: as on a Windows computer without the Hyper-V role."""
    host = host_with(run=False)
    try:
        wine.reg_import((wmisim.KEY.removeprefix("HKLM\\"), {"": r"C:\windows\system32\wbem\wbemprox.dll"}))
        result = host.command("vms", check=3)
        assert "Hyper-V" in result.stderr, result.stderr
        service = host.run()
        lost = service.wait_event(1040)
        assert "Hyper-V" in lost["fields"]["reason"] and len(service.events(1100)) == 1
        service.stop()
    finally:
        wine.register_simulator()
