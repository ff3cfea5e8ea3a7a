# SPDX-License-Identifier: MIT
"""Small virtual machines: QEMU without KVM, 16 MB, a boot sector that says that it runs."""
import uuid
from xml.sax.saxutils import escape, quoteattr

# A boot sector in 16-bit x86, assembled by hand. It writes a text to the serial port and then does
# one of these things.
_PRINT = bytes.fromhex(
    "fc"          # cld
    "31c0 8ed8"   # ds = 0
    "be 0000"     # si = text                (patched)
    "ac"          # next: lodsb
    "84c0 7412"   # test al, al; jz done
    "88c3"        # bl = al
    "bafd03"      # dx = line status of COM1
    "ec a820 74fb"  # wait: in al, dx; test al, 20h (transmitter empty); jz wait
    "88d8 baf803 ee"  # out 3f8h, bl
    "ebe9")       # jmp next
_HALT = bytes.fromhex("f4 ebfd")               # hlt for ever
# ACPI sleep S3, once: a mark in memory outlives it, and the BIOS boots anew when the machine is woken.
_SLEEP = bytes.fromhex(
    "803e00805a 740c"  # byte [8000h] = 5ah? then halt
    "c60600805a"       # byte [8000h] = 5ah
    "ba0406 b80024 ef"  # out 604h, SLP_TYP 1 and SLP_EN: PM1a_CNT where SeaBIOS puts it
    ) + _HALT
# Writes 32 KiB to the first disk, again and again one further, until the disk gives way (int 13h, 43h).
_WRITE = bytes.fromhex(
    "be 0000"     # si = address packet      (patched)
    "b443 30c0 b280"  # again: ah = 43h (extended write), al = 0, dl = 80h
    "cd13"
    "ff4408"      # word [si+8] += 1: the next sector
    "ebf3") + _HALT  # jmp again

# Tells the pvpanic device that the guest's kernel has crashed.
_PANIC = bytes.fromhex("ba0505 b001 ee") + _HALT
# What a guest's operating system does when an adapter is unplugged: it ejects it (QEMU's ACPI PCI hot-plug
# registers: bus selector AE10h, what is to go AE04h, eject AE08h).
_EJECT = bytes.fromhex(
    "ba10ae 6631c0 66ef"   # bus 0
    "fb f4"                # again: sti; hlt until the next timer tick
    "ba04ae 66ed 6685c0"   # eax = what is to go
    "74f4"                 # nothing: again
    "ba08ae 66ef ebed")    # eject; again

AWAKE = "hypervive: awake"
_ORIGIN = 0x7C00


def boot_sector(text=AWAKE, then="halt"):
    """512 bytes that print a text on the serial port, then `halt`, `sleep`, `write`, `panic` or `eject` (see above)."""
    tail = {"halt": _HALT, "sleep": _SLEEP, "write": _WRITE, "panic": _PANIC, "eject": _EJECT}[then]
    code = bytearray(_PRINT + tail)
    packet = bytes.fromhex("1000 4000 0000 0000") + (0x40).to_bytes(8, "little")  # 64 sectors from 0:0, to LBA 64
    text_at = _ORIGIN + len(code) + len(packet)
    code[6:8] = text_at.to_bytes(2, "little")
    if then == "write":
        at = len(_PRINT) + 1
        code[at:at + 2] = (_ORIGIN + len(code)).to_bytes(2, "little")
    sector = bytes(code) + packet + text.encode("ascii") + b"\r\n\0"
    assert len(sector) <= 510
    return sector.ljust(510, b"\0") + b"\x55\xaa"


def boot_image(path, **options):
    """A disk with the boot sector; 1 MiB, as the BIOS boots from nothing smaller."""
    with open(path, "wb") as file:
        file.write(boot_sector(**options).ljust(1 << 20, b"\0"))
    return path


def mac_of(number, group=0xA1):
    """A locally administered MAC address; the same number, the same address."""
    return f"52:54:00:{group:02x}:{number >> 8:02x}:{number & 255:02x}"


def uuid_of(name):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def machine_xml(name, adapters=(), boot=None, serial=None, disks="", devices="", metadata="", crash="destroy", pm=""):
    """The definition of a machine. adapters: MAC addresses (on the bridge) or XML of their own."""
    interfaces = "".join(adapter if adapter.startswith("<") else interface_xml(adapter) for adapter in adapters)
    boot_disk = f"""<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file={quoteattr(boot)}/>
      <target dev='vda' bus='virtio'/><readonly/><boot order='1'/></disk>""" if boot else ""
    console = f"<serial type='file'><source path={quoteattr(serial)}/></serial>" if serial else ""
    return f"""<domain type='qemu'>
  <name>{escape(name)}</name><uuid>{uuid_of(name)}</uuid>
  <metadata>{metadata}</metadata>
  <memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/></features>
  {pm}
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>{crash}</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    {boot_disk}{disks}{interfaces}{console}{devices}
    <controller type='usb' model='none'/><memballoon model='none'/>
    <input type='keyboard' bus='ps2'/><video><model type='none'/></video>
  </devices>
</domain>"""


def interface_xml(mac, bridge="br0", model="virtio", extra=""):
    return (f"<interface type='bridge'><mac address='{mac}'/><source bridge='{bridge}'/>"
            f"<model type='{model}'/><rom enabled='no'/>{extra}</interface>")


def wake_metadata(**settings):
    """The machine's own settings, as hypervive reads them."""
    words = " ".join(f"{key}={quoteattr(value)}" for key, value in settings.items())
    return f"<hypervive:wake xmlns:hypervive='urn:hypervive:1' {words}/>"


def test_driver_xml(*domains):
    """A host for test:///FILE: the test driver's machines, each from test_machine_xml()."""
    return f"<?xml version='1.0'?>\n<node>\n{''.join(domains)}</node>\n"


RUNNING, PAUSED, SHUTOFF, CRASHED, PMSUSPENDED = 1, 3, 5, 6, 7


def test_machine_xml(name, macs, state=SHUTOFF, saved=False, metadata="", model=None):
    model = f"<model type='{model}'/>" if model else ""
    interfaces = "".join(f"<interface type='user'><mac address='{mac}'/>{model}</interface>" for mac in macs)
    managed_save = "<test:hasmanagedsave/>" if saved else ""
    return f"""<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
  <name>{escape(name)}</name><uuid>{uuid_of(name)}</uuid><metadata>{metadata}</metadata>
  <memory>65536</memory><os><type>hvm</type></os>
  <devices>{interfaces}</devices>
  <test:runstate>{state}</test:runstate>{managed_save}
</domain>
"""
