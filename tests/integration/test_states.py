# SPDX-License-Identifier: MIT
"""Every state of a real QEMU machine: what is woken, how, and what is left alone."""
import os

import pytest

from harness import machines
from harness.lab import wait_until
from harness.libvirtd import QEMU_CONF
from harness.packets import SENDER_IP, udp4

S3 = "<pm><suspend-to-mem enabled='yes'/></pm>"


def wake(host, target):
    """Sends the packet; returns the fields of the one event that tells the end of it."""
    host.wait_known(target)
    since = host.service.mark()
    host.send(udp4(target.mac))
    end = host.service.wait_event(3000, 3001, 9015, since=since, vm_id=target.id, timeout=30)
    host.flush()
    assert len(host.service.events(2000, since=since, mac=target.mac)) == 1
    assert len(host.service.events(3000, 3001, 9015, since=since, vm_id=target.id)) == 1
    assert end["fields"]["mac"] == target.mac and end["fields"]["source"] == SENDER_IP
    return end


def test_off(real_shared):
    host = real_shared
    target = host.define("off", boot="halt")
    assert host.state(target) == "shut off"
    event = wake(host, target)
    assert event["id"] == 3000 and event["fields"]["action"] == "start"
    assert event["fields"]["vm_name"] == target.name
    host.wait_awake(target)
    assert host.state(target) == "running"


def test_managed_saved(real_shared):
    host = real_shared
    target = host.define("saved", boot="halt")
    host.virsh("start", target.name)
    host.wait_awake(target)
    host.virsh("managedsave", target.name)
    assert host.state(target, reason=True) == "shut off (saved)"
    event = wake(host, target)
    assert event["id"] == 3000 and event["fields"]["action"] == "restore"
    assert host.state(target) == "running"
    assert host.serial(target).count(machines.AWAKE) <= 1, "it was booted, not restored"


def test_paused_by_an_administrator(real_shared):
    host = real_shared
    target = host.define("paused", boot="halt")
    host.virsh("start", target.name)
    host.wait_awake(target)
    host.virsh("suspend", target.name)
    assert host.state(target, reason=True) == "paused (user)"
    event = wake(host, target)
    assert event["id"] == 3000 and event["fields"]["action"] == "resume"
    assert host.state(target) == "running"
    assert host.serial(target).count(machines.AWAKE) == 1, "it was booted, not resumed"


def test_started_paused(real_shared):
    """`virsh start --paused`: also an administrator's pause."""
    host = real_shared
    target = host.define("started-paused", boot="halt")
    host.virsh("start", "--paused", target.name)
    event = wake(host, target)
    assert event["id"] == 3000 and event["fields"]["action"] == "resume"
    host.wait_awake(target)


def test_asleep(real_shared):
    """The guest itself goes to sleep (ACPI S3)."""
    host = real_shared
    target = host.define("asleep", boot="sleep", pm=S3)
    host.virsh("start", target.name)
    host.wait_state(target, "pmsuspended")
    event = wake(host, target)
    assert event["id"] == 3000 and event["fields"]["action"] == "wakeup"
    host.wait_state(target, "running")
    host.wait_awake(target, times=2)  # the BIOS boots it anew, as it left nothing to return to


def test_running_is_left_alone(real_shared):
    host = real_shared
    target = host.define("running", boot="halt")
    host.virsh("start", target.name)
    host.wait_awake(target)
    event = wake(host, target)
    assert event["id"] == 9015 and event["severity"] == "debug"
    assert host.state(target) == "running"
    assert host.serial(target).count(machines.AWAKE) == 1


def full_disk(host, name):
    """A disk that is larger than the file system it lies on: the guest writes until nothing goes any more."""
    folder = f"/run/{name}"
    host.lab.run("mkdir", folder)
    host.lab.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
    with open(host.lab.path(f"{folder}/disk.img"), "wb") as disk:
        disk.write(machines.boot_sector(then="write"))
        disk.truncate(16 << 20)
    return f"""<disk type='file' device='disk'><driver name='qemu' type='raw' error_policy='stop'/>
      <source file='{folder}/disk.img'/><target dev='vda' bus='virtio'/><boot order='1'/></disk>"""


def test_paused_by_an_io_error_is_not_resumed(real_shared):
    host = real_shared
    target = host.define("io-error", disks=full_disk(host, "io-error"))
    host.virsh("start", target.name)
    host.wait_state(target, "paused (I/O error)")
    event = wake(host, target)
    assert event["id"] == 3001 and event["severity"] == "error"
    assert event["fields"]["reason"] == "paused-io-error"
    assert host.state(target, reason=True) == "paused (I/O error)"
    host.remove(target)


def test_crashed_is_not_started(real_shared):
    host = real_shared
    target = host.define("crashed", boot="panic", devices="<panic model='isa'/>", crash="preserve")
    host.virsh("start", target.name)
    host.wait_state(target, "crashed (panicked)")
    event = wake(host, target)
    assert event["id"] == 3001 and event["fields"]["reason"] == "crashed"
    assert host.state(target) == "crashed"
    host.remove(target)


@pytest.mark.parametrize("reason", ["disk", "bridge"])
def test_failed_start_tells_libvirts_own_words(real_shared, reason):
    host = real_shared
    if reason == "disk":
        disk = """<disk type='file' device='disk'><source file='/run/there is no such disk.img'/>
          <target dev='vda' bus='virtio'/></disk>"""
        target = host.define("no-disk", disks=disk)
        words = "there is no such disk.img"
    else:
        mac = host.fresh_mac()
        target = host.define("no-bridge", [machines.interface_xml(mac, bridge="br-none")])._replace(mac=mac)
        words = "br-none"
    event = wake(host, target)
    assert event["id"] == 3001
    assert words in event["fields"]["result_text"]
    assert event["fields"]["result_code"] > 0
    assert "reason" not in event["fields"] or not event["fields"]["reason"]
    assert words in event["message"]
    assert host.state(target) == "shut off"
    # It is put right, and the next packet wakes it, once the window is over.
    assert words in host.command("wake", target.name, "--connect", host.uri, check=1).stdout


def test_machine_that_dies_at_start(real_shared):
    """QEMU itself refuses: its text comes through libvirt into the event."""
    host = real_shared
    missing = """<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{}'/>
      <target dev='vda' bus='virtio'/></disk>"""
    path = os.path.join(host.lab.dir, "no-image.qcow2")
    with open(path, "wb") as file:
        file.write(b"not a qcow2 image" * 100)
    target = host.define("no-image", disks=missing.format(path))
    event = wake(host, target)
    assert event["id"] == 3001 and "qcow2" in event["fields"]["result_text"].lower()


def test_many_at_once_with_copies_on_their_taps(real_shared):
    """Five machines; one of them runs already, so its tap carries a copy of every broadcast."""
    host = real_shared
    bystander = host.define("bystander", boot="halt")
    host.virsh("start", bystander.name)
    host.wait_awake(bystander)
    targets = [host.define(f"crowd-{number}", boot="halt") for number in range(4)]
    host.wait_known(*targets)
    since = host.service.mark()
    host.send(*(udp4(target.mac) for target in targets))
    for target in targets:
        host.service.wait_event(3000, vm_id=target.id, timeout=60)
        host.wait_awake(target)
    host.flush()
    for target in targets:
        assert len(host.service.events(2000, since=since, mac=target.mac)) == 1
        assert len(host.service.events(3000, 3001, since=since, vm_id=target.id)) == 1
        copies = {event["fields"]["interface"] for event in host.service.events(9013, mac=target.mac)}
        assert any(name.startswith("vnet") for name in copies), copies
    for target in [bystander, *targets]:
        host.remove(target)


def test_started_by_two_at_once_runs_once(real_shared):
    """A packet and an administrator: one of them starts it, and the packet's end is no error."""
    host = real_shared
    target = host.define("race", boot="halt")
    host.wait_known(target)
    starter = host.lab.popen(["virsh", "-q", "-c", "qemu:///system", "start", target.name])
    host.send(udp4(target.mac))
    host.service.wait_event(3000, 9015, vm_id=target.id, timeout=30)
    starter.wait(30)
    host.wait_awake(target)
    assert host.state(target) == "running"
    assert not host.service.events(3001, vm_id=target.id), host.service.story()


def user_machine(folder, name, mac):
    """A machine that needs no bridge: its definition's path, its serial port's file."""
    serial = os.path.join(folder, f"{name}.serial")
    image = machines.boot_image(os.path.join(folder, f"{name}.img"))
    adapter = f"<interface type='user'><mac address='{mac}'/><model type='virtio'/><rom enabled='no'/></interface>"
    definition = os.path.join(folder, f"{name}.xml")
    with open(definition, "w", encoding="utf-8") as file:
        file.write(machines.machine_xml(name, [adapter], boot=image, serial=serial))
    return definition, serial


def assert_woken_at(host, uri, name, folder=None, wrap=(), **options):
    """Defines a machine on the host at this URI, and wakes it by a packet."""
    mac = host.fresh_mac()
    definition, serial = user_machine(folder or host.lab.dir, name, mac)
    host.lab.run(*wrap, "virsh", "-q", "-c", uri, "define", definition, env=options.get("env"))
    service = host.run(connect=uri, wrap=wrap, **options)
    host.send(udp4(mac))
    service.wait_event(3000, vm_name=name, mac=mac, timeout=30)

    def awake():
        with open(serial, encoding="ascii") as file:
            return machines.AWAKE in file.read()
    wait_until(awake, 20, "the machine did not say that it runs")


def test_host_over_tcp(real):
    assert_woken_at(real, "qemu+tcp://127.0.0.1/system", "over-tcp")


def test_host_of_one_user(real):
    """`qemu:///session` of a user who has CAP_NET_RAW: libvirt starts a daemon for the user by itself."""
    real.libvirtd.stop()
    home = os.path.join(real.lab.dir, "home")
    os.makedirs(home)
    os.chown(home, 65534, 65534)
    environment = {"PATH": os.environ["PATH"], "HOME": home, "XDG_RUNTIME_DIR": home}
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw",
            "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw", "--")
    assert_woken_at(real, "qemu:///session", "of-one-user", folder=home, wrap=user, env=environment,
                    log_file=os.path.join(home, "events.jsonl"))


def test_host_embedded(real):
    """`qemu:///embed`: QEMU within the service, without a daemon."""
    real.libvirtd.stop()
    root = os.path.join(real.lab.dir, "embed")
    os.makedirs(f"{root}/etc")
    with open(f"{root}/etc/qemu.conf", "w", encoding="utf-8") as file:
        file.write(QEMU_CONF)
    assert_woken_at(real, f"qemu:///embed?root={root}", "embedded")
