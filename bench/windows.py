#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench/windows.py: how small and how fast the Windows build is, under Wine against the Hyper-V simulator.

Prints one table, as bench/run does: figure, ours, baseline, ratio, goal, verdict. A missed goal is a line in the
table; the exit code is 1 only when the bench could not be run.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(_HERE)
for _folder in ("windows", "integration", "wmisim"):
    sys.path.insert(0, os.path.join(_ROOT, "tests", _folder))
sys.path.insert(0, _HERE)

TRIPLE = "x86_64-w64-mingw32"
MACHINES, ADAPTERS = 1000, 2
# What Windows Server 2012 R2 and later bring with them.
OWN_LIBRARIES = {name.upper() for name in (
    "ADVAPI32.dll", "KERNEL32.dll", "msvcrt.dll", "ole32.dll", "OLEAUT32.dll", "WS2_32.dll", "IPHLPAPI.DLL", "SHELL32.dll",
    "Secur32.dll", "wevtapi.dll", "USER32.dll", "ntdll.dll", "RPCRT4.dll", "bcrypt.dll", "tdh.dll")}
WAKES, CHANGES = 10000, 1000
GROWTH_MACHINES, GROWTH_ADAPTERS = 500, 3    # two adapters are woken by turns, the third changes
WINDOW = 5.3                                 # seconds until an address is listened to again
# The second half may add what an allocator keeps for itself, and a part of the ring of exclusion windows, whose
# 65,536 places of 24 bytes are used one after the other.
GROWTH_KIB = 256
LOCK_HANDLES = 4                             # a lock gets its event when it is first contended, and keeps it


class BenchError(Exception):
    """The bench itself cannot run; the text says why."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def spread(values):
    return f"{min(values):.0f} to {max(values):.0f}"


def others_busy():
    """Processors that are busy now, over half a second: without it no time can be judged."""
    def state():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
        return time.monotonic(), (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    (begun, before), _ = state(), time.sleep(0.5)
    now, after = state()
    return (after - before) / (now - begun)


# The file

def file_figures(table, program):
    table.section("The executable, with its message table")
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "hypervive.exe")
        shutil.copy(program, stripped)
        subprocess.run([f"{TRIPLE}-strip", stripped], check=True)
        size = os.path.getsize(stripped)
        tables = subprocess.run([f"{TRIPLE}-objdump", "-p", stripped], capture_output=True, text=True, check=True).stdout
        with open(stripped, "rb") as file:
            holds_messages = "Wake-on-LAN".encode("utf-16-le") in file.read() or has_message_table(stripped)
    table.add("stripped, bytes", f"{size:,}", goal="< 1 MB", met=size < 1_000_000 and holds_messages)
    if not holds_messages:
        table.add("  its message table", "is missing")
    libraries = sorted(set(re.findall(r"DLL Name: (\S+)", tables)), key=str.lower)
    foreign = [name for name in libraries if name.upper() not in OWN_LIBRARIES]
    table.add("libraries that it needs", f"{len(libraries)}: {' '.join(libraries)}", goal="Windows' own",
              met=not foreign)
    if foreign:
        table.add("  not Windows' own", " ".join(foreign))


def has_message_table(path):
    """Whether the resources hold an RT_MESSAGETABLE (type 11)."""
    text = subprocess.run([f"{TRIPLE}-objdump", "-p", path], capture_output=True, text=True, check=True).stdout
    return bool(re.search(r"Entry: ID: 0x0*b\b", text))


# Running

class Bench:
    """A prefix in a Lab, with the simulator."""

    def __init__(self, build_folder):
        from harness.lab import Lab
        from winehost import build
        from winehost.simhost import make_wire
        from winehost.wine import Wine
        self.build = build
        self.bare = os.path.join(build_folder, "bench", "bare_wmi.exe")
        if not os.path.exists(self.bare):
            self.bare = os.path.join(build_folder, "tests", "bare_wmi.exe")
        missing = [path for path in (*build.missing(), self.bare) if not os.path.exists(path)]
        if missing:
            raise BenchError(f"not built: {', '.join(missing)}")
        self.lab = Lab("bench")
        self.wine = Wine(self.lab)
        self.wine.register_simulator()
        self.wire = make_wire(self.lab)

    def close(self):
        self.wine.close()
        self.lab.close()

    def host(self, *lines, **options):
        from winehost.simhost import SimHost
        return SimHost(self.wine, self.wire, *lines, pool=0, debug=False, **options)

    def process(self, name="hypervive.exe"):
        """What the inside tells of the one process of that name."""
        [found] = self.wine.probe("processes", name)
        return found


def smaps_private_kib(pid):
    """Memory that is this process's alone and was written to: the nearest to Windows' private bytes."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if re.match(r"(Private_Dirty|Swap):", line))


def status_number(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def event_us(event):
    """The time of an event in microseconds since 1970."""
    from datetime import datetime
    return round(datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1e6)


class BareRun:
    """The baseline: reads all machines, then waits while its memory is looked at."""

    def __init__(self, bench, host):
        host.new_port()
        self.process = bench.wine.popen(bench.bare, "wait", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=host.environment)
        self.facts = json.loads(self.process.stdout.readline())
        if self.facts["result"] != 0 or self.facts["objects"] < MACHINES * (ADAPTERS + 2):
            raise BenchError(f"the baseline could not read the machines: {self.facts}")
        time.sleep(0.3)
        pid = self.process.pid
        self.private_kib = smaps_private_kib(pid) - host.sim.stats()["heap"] / 1024
        self.threads = status_number(pid, "Threads")
        host.close_control()

    def end(self, bench):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        bench.lab.forget(self.process)


def wine_thread_kib(bench):
    """What each thread costs under Wine, whoever makes it: it gets a second stack, which Wine touches."""
    sizes = []
    for count in (0, 10):
        process = bench.wine.popen(bench.build.PROBE, "threads", str(count), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        time.sleep(0.3)
        sizes.append(smaps_private_kib(process.pid))
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
        bench.lab.forget(process)
    return (sizes[1] - sizes[0]) / 10


def readiness(bench, table, runs):
    """Start-up and memory with 1,000 machines, ours and the baseline by turns."""
    ours, bare, wine_start, read_ours, private, heap, private_bare, empty = [], [], [], [], [], [], [], []
    raw, threads, committed = [], [], []
    a_thread = wine_thread_kib(bench)
    for turn in range(runs):
        say(f"start-up {turn + 1} of {runs}")
        wine_start.append(bench.wine.probe("start")["us"] / 1000)
        host = bench.host(f"fill {MACHINES} {ADAPTERS}", run=False)
        one = BareRun(bench, host)
        bare.append(one.facts["us"] / 1000)
        private_bare.append(one.private_kib - one.threads * a_thread)
        one.end(bench)

        host.run()
        ready = host.service.wait_event(1100)
        if ready["fields"]["count"] != MACHINES:
            raise BenchError(f"it knows {ready['fields']['count']} machines, not {MACHINES}")
        created = bench.process()["created_us"]
        ours.append((event_us(ready) - created) / 1000)
        read_ours.append(ours[-1] - wine_start[-1])
        time.sleep(0.7)
        heap.append(host.sim.stats()["heap"] / 1024)
        pid = host.service.process.pid
        raw.append(smaps_private_kib(pid))
        threads.append(status_number(pid, "Threads"))
        private.append(raw[-1] - threads[-1] * a_thread)
        committed.append(bench.process()["committed"] / 1024)
        host.service.stop()
        host.close_control()
        host = bench.host()
        host.service.wait_event(1100)
        time.sleep(0.5)
        pid = host.service.process.pid
        empty.append(smaps_private_kib(pid) - host.sim.stats()["heap"] / 1024 - status_number(pid, "Threads") * a_thread)
        host.service.stop()
        host.close_control()

    median = statistics.median
    table.section(f"Start-up and memory with {MACHINES:,} machines and {MACHINES * ADAPTERS:,} adapters, {runs} runs each by turns, medians "
                  "(baseline: a bare loop over the same instances)")
    table.add("creation of the process to event 1100, ms", f"{median(ours):.0f}", f"{median(bare):.0f}", median(ours) / median(bare),
              "< 100 ms", median(ours) < 100)
    table.add("  least to most, ms", spread(ours), spread(bare))
    table.add("  Wine's part: creation to main() of a program that does nothing, ms", "", f"{median(wine_start):.0f}")
    table.add("  ours without Wine's part, ms", f"{median(read_ours):.0f}",
              f"{median(bare) - median(wine_start):.0f}", median(read_ours) / max(1, median(bare) - median(wine_start)),
              "< 100 ms", median(read_ours) < 100)
    mine = [(whole - simulated) * 1024 / 1e6 for whole, simulated in zip(private, heap)]
    base = [kib * 1024 / 1e6 for kib in private_bare]
    table.add("private memory without the simulator's and Wine's, MB", f"{median(mine):.1f}", f"{median(base):.1f}",
              median(mine) / median(base), "< 12 MB", median(mine) < 12)
    whole = [(kib - simulated) * 1024 / 1e6 for kib, simulated in zip(committed, heap)]
    # Wine commits the whole of every stack, Windows as much as is used: no figure for the goal.
    table.add("  committed, the stacks of all threads in full among it, MB", f"{median(whole):.1f}")
    table.add("  the simulator's own heap, MB", f"{median(heap) * 1024 / 1e6:.1f}")
    table.add(f"  Wine's second stacks: {a_thread:.0f} KiB for each of {median(threads):.0f} threads, MB",
              f"{median(threads) * a_thread * 1024 / 1e6:.1f}")
    table.add("  all of the process, MB", f"{median(raw) * 1024 / 1e6:.1f}")
    table.add("  without the simulator's and Wine's, with no machine at all, MB", f"{median(empty) * 1024 / 1e6:.1f}")


class Growth:
    """One service that is given work, and looked at before, in the middle and after it."""

    def __init__(self, bench):
        self.bench = bench
        self.host = bench.host("events immediate", "job-removal 0",
                               f"fill {GROWTH_MACHINES} {GROWTH_ADAPTERS}")
        self.service, self.sim = self.host.service, self.host.sim
        self.round = 0
        self.ended = [0.0, 0.0]  # when the packets of each turn were sent last
        self.changed = 0

    @staticmethod
    def mac(number):
        text = f"02{number:010x}"
        return ":".join(text[at:at + 2] for at in range(0, 12, 2))

    @staticmethod
    def machine(number):
        return f"00000000-0000-4000-8000-{number:012x}"

    def wake_all(self):
        """One packet for each machine, to an address whose window is over; then all are off again."""
        from harness import packets
        # A quarter with jobs, which take a tenth of a second each; the others without.
        self.sim.command("start *", "job delay=0" if self.round % 4 == 0 else "ok")
        turn = self.round % 2
        time.sleep(max(0.0, self.ended[turn] + WINDOW - time.monotonic()))
        since = self.service.mark()
        for number in range(1, GROWTH_MACHINES + 1):
            adapter = (number - 1) * GROWTH_ADAPTERS + 1 + turn
            self.host.send(packets.udp4(self.mac(adapter)))
            if number % 50 == 0:  # no more than a socket's buffer holds
                self.service.wait_event(3000, since=since, count=number, timeout=60)
        self.round += 1
        self.ended[turn] = time.monotonic()
        failed = self.service.events(3001, since=since)
        if failed:
            raise BenchError(f"{len(failed)} were not woken, the first: {failed[0]}")
        for number in range(1, GROWTH_MACHINES + 1):
            self.sim.command("set machine", self.machine(number), "EnabledState=3")

    def change_adapters(self, count):
        """Addresses that change one after the other; the last one is waited for by a packet to it."""
        from harness import packets
        for _ in range(count):
            self.changed += 1
            device = f"00000000-0000-4000-9000-{(self.changed % 400 + 1) * GROWTH_ADAPTERS:012x}"
            address = f"06{self.changed:010X}"
            self.sim.command("set adapter", device, f'Address="{address}"')
        mac = ":".join(address[at:at + 2] for at in range(0, 12, 2)).lower()
        end = time.monotonic() + 30
        while not self.service.events(3000, 9015, mac=mac):
            if time.monotonic() > end:
                raise BenchError(f"the change to {mac} was not noticed\n{self.service.story()}")
            self.host.send(packets.udp4(mac))
            time.sleep(0.2)
        self.sim.command("set machine", self.machine(self.changed % 400 + 1), "EnabledState=3")

    def look(self):
        """Quiet, windows closed; then what it holds."""
        from harness import packets
        time.sleep(6)
        self.host.send(packets.udp4("52:54:00:fe:00:01"))  # makes it forget windows that are over
        time.sleep(1.5)
        stats, inside = self.sim.stats(), self.bench.process()
        pid = self.service.process.pid
        say(f"handles: {inside['handle_types']}")
        return {"handles": inside["handles"], "threads": status_number(pid, "Threads"),
                "private KiB without the simulator's": smaps_private_kib(pid) - stats["heap"] // 1024,
                "WMI objects open": sum(stats[key] for key in ("objects", "enumerators", "services", "locators", "subscriptions")),
                "calls that WMI would refuse": self.sim.rejections()[0]}


def growth(bench, table):
    work = Growth(bench)
    rounds = WAKES // GROWTH_MACHINES
    say("warming up")
    work.wake_all()
    work.change_adapters(100)
    looks, begun = [work.look()], time.monotonic()
    for half in range(2):
        for turn in range(rounds // 2):
            say(f"wakes, {half * rounds // 2 + turn + 1} of {rounds} times {GROWTH_MACHINES}")
            work.wake_all()
        work.change_adapters(CHANGES // 2)
        looks.append(work.look())
    starts = sum(work.sim.starts().values())
    seconds = time.monotonic() - begun
    work.service.stop()
    table.section(f"After {WAKES:,} wakes and {CHANGES:,} changes of adapters ({starts:,} starts in {seconds:.0f} s): "
                  "after all, against after 500 and 100 of them")
    for key in looks[0]:
        first, middle, last = (look[key] for look in looks)
        if key.startswith("private"):
            met, goal = last - middle <= GROWTH_KIB, f"second half <= {GROWTH_KIB}"
        elif key == "handles":
            met, goal = last - first <= LOCK_HANDLES, f"<= {LOCK_HANDLES} (locks)"
        else:
            met, goal = last <= first, "no growth"
        table.add(key, f"{last:,}", f"{first:,} (half: {middle:,})", goal=goal, met=met)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(_ROOT, "build-windows"), help="where the Windows build is")
    parser.add_argument("--runs", type=int, default=7, help="start-ups of each kind")
    parser.add_argument("--no-growth", action="store_true", help="leave out the long part")
    parser.add_argument("--only-growth", action="store_true", help="nothing but the long part")
    arguments = parser.parse_args()
    os.environ["HYPERVIVE_WINDOWS_BUILD"] = os.path.abspath(arguments.build)
    from winehost import build
    from harness import lab
    reason = lab.why_not() or build.why_not()
    bench = None
    try:
        if reason:
            raise BenchError(reason)
        table = make_table()
        say(f"others keep {others_busy():.2f} processors busy before it begins")
        file_figures(table, build.PROGRAM)
        bench = Bench(os.path.abspath(arguments.build))
        if not arguments.only_growth:
            readiness(bench, table, arguments.runs)
        if not arguments.no_growth:
            growth(bench, table)
        print(f"Wine {bench.wine.probe('differences')['wine']}, {os.cpu_count()} processors")
        table.print()
        return 0
    except (BenchError, AssertionError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        if bench:
            bench.close()


def make_table():
    """The table of bench/run."""
    import importlib.machinery
    import importlib.util
    loader = importlib.machinery.SourceFileLoader("bench_run", os.path.join(_HERE, "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
    loader.exec_module(module)
    return module.Table()


if __name__ == "__main__":
    sys.exit(main())
