# SPDX-License-Identifier: MIT
"""Plays a scenario on a host, and makes event streams comparable. README.md tells the format.

What is compared is every event from the first listing of the machines to the service's end: id, severity,
category, message and all fields; but for what is excepted here, with the reason.
"""
import collections
import glob
import json
import os
import time

from harness import SLOW, machines, packets
from harness.lab import wait_until

# Fields whose values differ by nature; that they are there is compared all the same.
EXCEPTED_FIELDS = {
    "interface": "the two hosts' adapters have different names",
    "connect": "each host has its own name",
    "result_code": "the host's own number for a failure",
    "result_text": "the host's own words for a failure",
    "pid": "another process each time",
    "user": "accounts are written differently: root, DOMAIN\\name",
    "count": "only in 1100, 1041 and 9003: numbers of machines and adapters, which are the test's own",
}
# Fields that only one system can give; they are dropped from both, with their part of the message.
DROPPED_FIELDS = {
    "job_id": (", job {}", "only Hyper-V makes a job of a start"),
}
# `count` of these is told by the scenario, so it is compared.
COUNTED = {1100, 1041, 9003}

EXCEPTED_EVENTS = {
    9000: "remarks about parts that only one system has (buffers, the registry)",
    9002: "only the registry has a value that may not exist",
    9012: "only Hyper-V has jobs; its notification comes when it comes",
    1102: "what can be heard depends on the system: a packet socket hears all, UDP sockets do not",
    1103: "the same, with a firewall in the way",
}
# A machine read again without a change worth telling is no event, so 9006 cannot come on either.

_SPARE = "52:54:00:fe:"  # addresses that no machine has: the player's own packets


def scenarios():
    """{name: scenario} of all files."""
    found = {}
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.json"))):
        with open(path, encoding="utf-8") as file:
            found[os.path.splitext(os.path.basename(path))[0]] = json.load(file)
    return found


def settings_text(settings):
    return "".join(f"{key} = {value}\n" for key, value in (settings or {}).items())


def frames_of(packet):
    """The frames of a `send`: one packet or a list of them."""
    if isinstance(packet, list):
        return [frame for one in packet for frame in frames_of(one)]
    mac = packet["mac"]
    payload = packets.magic(mac, bytes.fromhex(packet.get("password", "").replace(":", "")))
    if "repetitions" in packet:
        payload = payload[:6 + 6 * packet["repetitions"]]
    payload = bytes(packet.get("before", 0)) + payload
    build = {"udp4": packets.udp4, "udp6": packets.udp6}[packet.get("form", "udp4")]
    options = {"source": packet["source"]} if "source" in packet else {}
    return [build(mac, packet.get("port", 9), payload, **options)]


def _is_compared(event, tells_windows):
    if event["id"] in EXCEPTED_EVENTS or event["fields"].get("mac", "").startswith(_SPARE):
        return False
    return tells_windows or event["id"] != 9011


def normal(event):
    """An event without what differs by nature."""
    fields, message = {}, event["message"]
    for key, value in event["fields"].items():
        if key == "job_id":  # only Hyper-V makes a job of a start
            message = message.replace(f", job {value}", "")
            continue
        if key in EXCEPTED_FIELDS and not (key == "count" and event["id"] in COUNTED):
            message = message.replace(str(value), f"<{key}>") if str(value) else message
            value = "*"
        fields[key] = value
    return {"id": event["id"], "severity": event["severity"], "category": event["category"], "message": message,
            "fields": fields}


def expected_form(event):
    """An event of the service as a scenario's `expect` writes it."""
    fields = dict(event["fields"])
    for key in ("interface", "connect", "user", "pid", "job_id"):
        fields.pop(key, None)
    for key in ("result_code", "result_text"):
        if key in fields:
            fields[key] = "*"
    name = fields.pop("vm_name", None)
    if name is not None:
        assert fields.pop("vm_id", None) == machines.uuid_of(name), event
        fields["vm"] = name
    fields.pop("version", None)
    return {"id": event["id"], **fields}


def ordered(events):
    return sorted(events, key=lambda event: json.dumps(event, sort_keys=True))


Played = collections.namedtuple("Played", "steps stream")


def play(scenario, host):
    """Plays all steps on a host (on_linux.Host or on_windows.Host) whose service runs. Returns what came of
    each step in the form of `expect`, and the whole stream in normal form."""
    service, tells_windows = host.service, scenario.get("tells_windows", False)
    steps, stream, spare = [], [], 0

    def since(mark):
        return [event for event in service.all_events()[mark:] if _is_compared(event, tells_windows)]

    def take(events, any_order):
        normals = [normal(event) for event in events]
        stream.extend(ordered(normals) if any_order else normals)
        forms = [expected_form(event) for event in events]
        steps.append(ordered(forms) if any_order else forms)

    # Hosts list their machines in an order of their own, and what is told of them at the start follows it.
    stream += ordered([normal(event) for event in since(0)])
    for step in scenario["steps"]:
        mark = service.mark()
        said = _act(host, step)
        if said is not None:  # a command's own events
            take([event for event in said if _is_compared(event, tells_windows)], step.get("any_order"))
            continue
        wait_until(lambda: len(since(mark)) >= len(step["expect"]), 20,
                   lambda: f"{len(step['expect'])} events for {step}\n{service.story(mark)}")
        # Whatever else the frames cause has begun once a later one is judged.
        spare += 1
        mac = f"{_SPARE}{spare >> 8:02x}:{spare & 255:02x}"
        host.send(packets.udp4(mac))
        service.wait_event(9010, mac=mac)
        if step.get("settle"):
            time.sleep(step["settle"] * SLOW)
        take(since(mark), step.get("any_order"))
    mark = service.mark()
    host.interrupt()
    take(since(mark), False)
    return Played(steps, stream)


def _act(host, step):
    if "send" in step:
        host.send(*frames_of(step["send"]))
    elif "wait" in step:
        time.sleep(step["wait"])
    elif "wake" in step:
        result = host.command("wake", "--json", *step["wake"], check=step.get("exit", 0))
        return [json.loads(line) for line in result.stdout.splitlines()]
    elif "settings" in step:
        host.change_settings(step["settings"])
    elif "define" in step:
        host.define(step["define"])
    elif "remove" in step:
        host.remove(step["remove"])
    elif "state" in step:
        host.set_state(step["state"]["name"], step["state"]["state"])
    else:
        raise ValueError(f"a step without an action: {step}")
    return None


def expected(scenario):
    """What the scenario says each step gives; the last is the service's end."""
    given = [ordered(step["expect"]) if step.get("any_order") else step["expect"] for step in scenario["steps"]]
    return given + [[{"id": 1101, "reason": "interrupted"}]]
