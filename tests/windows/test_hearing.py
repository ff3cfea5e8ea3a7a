# SPDX-License-Identifier: MIT
"""What the receiver costs, and what it does where ports are taken. Each test has the only service."""
import socket

from harness import machines
from harness.packets import magic, udp4
from winehost.program import WineHypervive


def test_flood_of_invented_addresses(host_with):
    """Costs no thread and no growing memory, and good packets get through meanwhile."""
    host = host_with(debug=False, pool=110)
    status = f"/proc/{host.service.process.pid}/status"

    def look(key):
        with open(status, encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))

    def flood(count, group):
        template = bytearray(bytes(udp4("52:54:00:00:00:00")))
        for number in range(count):
            template[-102:] = magic(machines.mac_of(number, group))
            host.wire.send(bytes(template))
            if number % 100 == 99:  # what a socket's buffer holds
                host.flush()
    flood(1000, 0x10)
    threads, memory = look("Threads"), look("RssAnon")
    flood(4000, 0x20)
    assert look("Threads") <= threads
    assert look("RssAnon") <= memory + 1024, f"{memory} kB grew to {look('RssAnon')} kB"


def test_without_debug_mode_only_the_two_events_come(host_with):
    host = host_with(debug=False)
    target = host.take()
    host.send(udp4("52:54:00:ff:ff:02"), udp4(target.mac), udp4(target.mac, payload=magic(target.mac)[:50]))
    host.assert_woken(target)
    assert not [event for event in host.service.all_events() if event["severity"] == "debug"], host.service.story()


def test_port_that_is_taken_is_told(host_with, wine, wire):
    """Another program has UDP port 9 for itself: the service hears what it can, and says so."""
    WineHypervive.check_left()  # those of the tests before have let go of the port
    with wine.lab.inside_network():
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with taken:
        taken.bind(("0.0.0.0", 9))
        host = host_with()
        reach = host.service.wait_event(1102, 1103)["fields"]
        assert "9" in reach["heard"] or "any other port" in reach["heard"] or "9" in reach["unheard"], reach
        for port in (7, 9):  # the raw socket hears what the UDP socket cannot
            target = host.take()
            host.send(udp4(target.mac, port))
            host.assert_woken(target)
