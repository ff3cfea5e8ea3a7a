# SPDX-License-Identifier: MIT
"""The place where the bench measures: namespaces, a private libvirtd, processes.

Theory of operation: enter() starts the script anew in mount, network and PID namespaces of its
own. Tmpfs over libvirt's directories hides the host's libvirt; when the script ends, in whatever
way, the kernel ends all that it started. Inside, Lab makes three wires (veth pairs), each from the
namespace `sender` into one of its own: `ours`, where hypervive listens, `theirs`, where the
baseline does, and `nobody`. A packet socket hears only its own network namespace, so all can live
at the same time, and a flood on one wire costs nothing on another.
"""
import json
import os
import signal
import struct
import subprocess
import sys
import time

INSIDE = "HYPERVIVE_BENCH_INSIDE"
DIRECTORY = "/run/hypervive-bench"  # on the private tmpfs
SENDER, OURS, THEIRS, NOBODY = "sender", "ours", "theirs", "nobody"
# The end at the sender and the end at the listener.
WIRES = {OURS: ("s0", "w0"), THEIRS: ("s1", "w1"), NOBODY: ("s2", "w2")}
URI = "qemu:///system"

MACHINE = """<domain type='qemu'>
  <name>bench-{i:05d}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/bench-{i:05d}.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'>
      <mac address='{mac}'/>
      <source bridge='br0'/>
      <model type='virtio'/>
    </interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='vnc' autoport='yes'/>
  </devices>
</domain>
"""


class BenchError(Exception):
    """The bench itself cannot run; the text says why."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def inside():
    return os.environ.get(INSIDE) == "1"


def enter():
    """Runs the script anew in namespaces of its own. Its exit code."""
    if os.geteuid() != 0:
        raise BenchError("namespaces and packet sockets need root")
    child = subprocess.Popen(["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc",
                              "--kill-child", sys.executable, *sys.argv],
                             env={**os.environ, INSIDE: "1"})
    try:
        return child.wait()
    finally:
        # Ctrl-C reaches the child too, and it ends by itself; a signal to this process does not.
        if child.returncode is None:
            try:
                child.wait(3)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def mac_of(i):
    n = 0x100000 + i
    return f"52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"


def uuid_of(i):
    return f"00000000-0000-4000-8000-{i:012x}"


def command(*arguments):
    result = subprocess.run(arguments, capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchError(f"{' '.join(arguments)}: {result.stderr.strip()}")
    return result.stdout


def cpu_ns(pid):
    """Processor time of all threads of a process: utime + stime, in ns instead of ticks."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # CPUCLOCK_SCHED of the process


def status_kib(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise BenchError(f"process {pid} has no {key}")


def wait_for(condition, seconds, what, process=None):
    """Asks every 5 ms. The answer, once it is true."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if process is not None and process.poll() is not None:
            raise BenchError(f"{what}: the program ended with {process.returncode}")
        if time.monotonic() > end:
            raise BenchError(f"{what}: not within {seconds} s")
        time.sleep(0.005)


class Starts:
    """The file that start_shim.c writes: who was started when."""

    RECORD = struct.Struct("=Q16sQ")

    def __init__(self, path, most):
        # No larger than needed: the pages that are mapped count as the program's own memory.
        self.path, self.most = path, most
        with open(path, "wb") as file:
            file.truncate((most + 1) * self.RECORD.size)

    def read(self):
        """All records: [(machine's number, ns)]."""
        with open(self.path, "rb") as file:
            count = min(self.RECORD.unpack(file.read(self.RECORD.size))[0], self.most)
            data = file.read(count * self.RECORD.size)
        records = self.RECORD.iter_unpack(data)
        return [(int.from_bytes(uuid[10:], "big"), ns) for ns, uuid, _ in records if ns]


class Lab:
    """Namespaces, wires, libvirtd with its machines. To be used in a `with`."""

    def __init__(self, build, machines):
        self.build = os.path.abspath(build)
        self.machines = machines
        self.running = []

    def __enter__(self):
        try:
            self.hide_host()
            self.make_wires()
            self.write_machines()
            self.start_libvirtd()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            self.end(process)

    def tool(self, name):
        return os.path.join(self.build, "bench", name)

    @staticmethod
    def path(name):
        return os.path.join(DIRECTORY, name)

    @staticmethod
    def hide_host():
        tmpfs = ("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs")
        command("mount", "--make-rprivate", "/")
        for directory in ("/run", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt",
                          "/etc/libvirt"):
            if not os.path.isdir(directory):
                # Nothing can be made on the host's own disk: hide the folder above instead.
                if directory.startswith("/etc/"):
                    raise BenchError(f"{directory} is missing: is libvirt-clients installed?")
                command(*tmpfs, os.path.dirname(directory))
                os.mkdir(directory)
            command(*tmpfs, directory)
        os.mkdir(DIRECTORY)
        # Debian's QEMU driver wants its user, which another package would make.
        for name, entry in (("passwd", "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/bin/false"),
                            ("group", "libvirt-qemu:x:64055:")):
            with open(f"/etc/{name}", encoding="utf-8", errors="surrogateescape") as file:
                text = file.read()
            if "libvirt-qemu:" not in text:
                own = Lab.path(name)
                with open(own, "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.write(text.rstrip("\n") + "\n" + entry + "\n")
                command("mount", "--bind", own, f"/etc/{name}")

    @staticmethod
    def make_wires():
        command("ip", "link", "set", "lo", "up")
        command("ip", "netns", "add", SENDER)
        for name, (near, far) in WIRES.items():
            command("ip", "netns", "add", name)
            command("ip", "link", "add", near, "netns", SENDER, "type", "veth",
                    "peer", "name", far, "netns", name)
            for namespace, link in ((SENDER, near), (name, far)):
                # No router solicitations: nothing but what the bench sends is on the wire.
                command("ip", "netns", "exec", namespace, "sysctl", "-qw",
                        f"net.ipv6.conf.{link}.disable_ipv6=1")
                command("ip", "-n", namespace, "link", "set", link, "up")

    def write_machines(self):
        os.mkdir("/etc/libvirt/qemu")
        for i in range(self.machines):
            with open(f"/etc/libvirt/qemu/bench-{i:05d}.xml", "w", encoding="ascii") as file:
                file.write(MACHINE.format(i=i, uuid=uuid_of(i), mac=mac_of(i)))

    def start_libvirtd(self):
        with open("/etc/libvirt/libvirtd.conf", "w", encoding="ascii") as file:
            file.write('auth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        with open("/etc/libvirt/qemu.conf", "w", encoding="ascii") as file:
            file.write('user = "root"\ngroup = "root"\nsecurity_driver = "none"\n')
        process = self.start("libvirtd", ["libvirtd", "-f", "/etc/libvirt/libvirtd.conf"])
        wait_for(lambda: os.path.exists("/run/libvirt/libvirt-sock"), 60, "libvirtd", process)
        # The first connection waits until the machines are read.
        found = self.bare_list()["machines"]
        if found != self.machines:
            raise BenchError(f"libvirtd knows {found} machines of {self.machines}")

    def start(self, name, arguments, namespace=None, environment=None):
        if namespace:
            arguments = ["ip", "netns", "exec", namespace, *arguments]
        with open(self.path(name + ".out"), "wb") as out, \
                open(self.path(name + ".err"), "wb") as err:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env={**os.environ, **(environment or {})})
        self.running.append(process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.running:
            self.running.remove(process)

    def told(self, name, lines=5):
        """The last words of a program on stderr."""
        with open(self.path(name + ".err"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:]).strip()

    def bare_list(self, *options):
        return json.loads(command("ip", "netns", "exec", THEIRS, self.tool("bare_list"), URI,
                                  *map(str, options)))

    def flood_arguments(self, to, seconds, *options):
        return ["ip", "netns", "exec", SENDER, self.tool("flood"), "--interface", WIRES[to][0],
                "--seconds", str(seconds), *map(str, options)]

    def flood(self, to, seconds, *options):
        return json.loads(command(*self.flood_arguments(to, seconds, *options)))

    def flood_magic(self, to, seconds, numbers, *options):
        """The same with magic packets for these machines. Also {number: when it was sent}."""
        with open(self.path("macs"), "w", encoding="ascii") as file:
            file.writelines(mac_of(i) + "\n" for i in numbers)
        result = self.flood(to, seconds, "--magic", self.path("macs"), "--sent",
                            self.path("sent"), *options)
        with open(self.path("sent"), encoding="ascii") as file:
            times = [int(line.split()[1]) for line in file]
        return result, dict(zip(numbers, times))


class Service:
    """One `hypervive run` and its log."""

    def __init__(self, lab, name, starts=None):
        self.lab, self.name = lab, name
        self.log = lab.path(name + ".jsonl")
        config = lab.path("hypervive.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write("[service]\njournal = no\n")
        environment = {}
        for kind in ("RUNTIME", "STATE"):
            directory = lab.path(f"{name}-{kind.lower()}")
            os.makedirs(directory, exist_ok=True)
            environment[f"HYPERVIVE_{kind}_DIR"] = directory
        if starts:
            environment |= {"LD_PRELOAD": lab.tool("start_shim.so"),
                            "HYPERVIVE_BENCH_STARTS": starts.path,
                            "HYPERVIVE_BENCH_PRETEND": "1"}
        if os.path.exists(self.log):
            os.unlink(self.log)
        self.begun_us = time.time_ns() // 1000
        self.process = lab.start(
            name, [os.path.join(lab.build, "hypervive"), "run", "--connect", URI,
                   "--config", config, "--log-file", self.log], OURS, environment)

    def events(self, *ids):
        try:
            with open(self.log, encoding="utf-8") as file:
                lines = [line for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [event for event in map(json.loads, lines) if event["id"] in ids]

    def wait_ready(self, seconds=60):
        """Milliseconds from exec to event 1100, by the event's own time."""
        try:
            event = wait_for(lambda: self.events(1100), seconds, "event 1100", self.process)[0]
        except BenchError as error:
            raise BenchError(f"{error}: {self.lab.told(self.name)}") from None
        if event["fields"].get("count") != self.lab.machines:
            say(f"event 1100 tells of {event['fields'].get('count')} machines, "
                f"not {self.lab.machines}")
        return (rfc3339_us(event["time"]) - self.begun_us) / 1000

    def end(self):
        self.lab.end(self.process)


def rfc3339_us(text):
    from datetime import datetime, timezone
    when = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    since = when - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86400 + since.seconds) * 1000000 + since.microseconds
