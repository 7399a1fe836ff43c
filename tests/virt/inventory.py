#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The inventory that libvirt gives of this host, against the one that bmslice reads itself: what
libvirt cannot know is null, all the rest is equal.

Usage: inventory.py BMSLICE [WORD...]

WORD...: what runs a command on another host (lab/lab run). Prints TAP. Skips, with the reason, where there is no libvirtd.
"""
import json
import re
import subprocess
import sys

BMSLICE, *THERE = sys.argv[1:]
URI = "qemu:///system"

# Only the host itself can tell: null by libvirt, whatever it is here.
UNKNOWN = {
    "cpu.model", "kernel.release", "kernel.cmdline", "kernel.isolated", "kernel.nohz_full",
    "kernel.partition", "pci.slot", "pci.uses", "pci.sriov.offset", "pci.sriov.stride",
    "pci.nets.altnames", "pci.nets.representor", "pci.nets.neighbour", "pci.nets.uses",
}


def run(*words):
    return subprocess.run([*THERE, *words], capture_output=True, text=True, check=False)


def discover(*options):
    result = run(BMSLICE, "discover", "--json", *options)
    if result.returncode != 0:
        sys.exit(f"Bail out! {result.returncode}: {result.stderr}")
    return json.loads(result.stdout)


def read(path):
    return run("cat", path).stdout.strip()


def expect_net(net):
    """libvirt has the carrier and speed of what is up, and the MAC address of now."""
    state = read(f"/sys/class/net/{net['name']}/operstate")
    if state not in ("up", "dormant"):
        net["carrier"] = None
    if state != "up":
        net["speed_mbps"] = None
    net["mac"] = read(f"/sys/class/net/{net['name']}/address")  # a bond or udev may have set another


def expect(own, other):
    """The own inventory as libvirt ought to tell it, UNKNOWN apart."""
    own["replayed"] = True
    # a name with its domain where the resolver knows one
    if other["hostname"].startswith(own["hostname"] + "."):
        own["hostname"] = other["hostname"]
    # there is no telling "no" from a libvirt without it; and libvirt takes any /dev/kvm, bmslice only
    # that of a CPU which has what QEMU's KVM needs
    if not own["kernel"]["kvm"]:
        fit = re.search(r"\b(vmx|svm)\b", read("/proc/cpuinfo"))
        own["kernel"]["kvm"] = True if run("test", "-e", "/dev/kvm").returncode == 0 and not fit else None
    for function in own["pci"]:
        for net in function["nets"]:
            expect_net(net)


class Comparison:
    def __init__(self):
        self.equal = self.null = 0
        self.wrong = []

    def compare(self, path, own, other, what=""):
        if path in UNKNOWN:
            self.null += 1
            if other is not None:
                self.wrong.append(f"{what}{path}: libvirt cannot know {other!r}")
        elif isinstance(own, dict) and isinstance(other, dict):
            what = f"{own.get('address') or own.get('name') or what} "
            for key in sorted(own.keys() | other.keys()):
                self.compare(f"{path}.{key}".lstrip("."), own.get(key), other.get(key), what)
        elif isinstance(own, list) and isinstance(other, list) and len(own) == len(other):
            for one, its in zip(own, other):
                self.compare(path, one, its, what)
        elif own == other:
            self.equal += 1
        else:
            self.wrong.append(f"{what}{path}: {str(own)[:200]}, by libvirt {str(other)[:200]}")


def main():
    if run("virsh", "-c", URI, "--quiet", "version").returncode:
        print("1..0 # SKIP no libvirtd at " + URI)
        return 0
    own, other = discover(), discover("--host", URI)
    expect(own, other)
    comparison = Comparison()
    comparison.compare("", own, other)
    good = not comparison.wrong and comparison.equal > 0 and comparison.null > 0
    print("1..1")
    print(f"{'ok' if good else 'not ok'} 1 - {comparison.equal} values are equal, {comparison.null} "
          f"unknown to libvirt, {len(comparison.wrong)} wrong")
    for line in comparison.wrong[:100]:
        print(f"# {line}")
    return 0 if good else 1


sys.exit(main())
