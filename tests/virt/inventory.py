#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The inventory that libvirt gives of this host, against the one that bmslice reads itself: what
libvirt can know is equal, the rest is null.

Usage: inventory.py BMSLICE

Prints TAP. Skips, with the reason, where there is no libvirtd.
"""
import json
import re
import subprocess
import sys

BMSLICE = sys.argv[1]
URI = "qemu:///system"

# In both, and the same where libvirt knows it at all.
FUNCTION = ("vendor", "device", "class", "driver", "node", "iommu_group", "root_complex", "pf")
NET = ("name", "mac")
# Only the host itself can tell.
UNKNOWN = ("slot", "uses")


def discover(*options):
    result = subprocess.run([BMSLICE, "discover", "--json", *options], capture_output=True, text=True,
                            check=False)
    if result.returncode not in (0, 3):
        sys.exit(f"Bail out! {result.stderr}")
    return json.loads(result.stdout)


def check(number, text, wrong):
    print(f"{'not ' if wrong else ''}ok {number} - {text}")
    for line in wrong:
        print(f"# {line}")
    return bool(wrong)


def differences(own, other, keys, what):
    return [f"{what}: {key} is {own[key]!r}, by libvirt {other[key]!r}" for key in keys
            if other[key] is not None and other[key] != own[key]]


def compare_nodes(own, other):
    wrong = []
    for mine, its in zip(own["nodes"], other["nodes"], strict=True):
        what = f"node {mine['id']}"
        wrong += differences(mine, its, ("id", "cpus", "memory_bytes"), what)
        # a firmware without a table gives the kernel's default, which libvirt leaves out
        if its["distances"] and its["distances"] != mine["distances"]:
            wrong.append(f"{what}: distances {mine['distances']}, by libvirt {its['distances']}")
        pools = [(p["size_bytes"], p["total"]) for p in mine["hugepages"]]
        if pools != [(p["size_bytes"], p["total"]) for p in its["hugepages"]]:
            wrong.append(f"{what}: hugepages {pools}, by libvirt {its['hugepages']}")
    return wrong


def compare_cpus(own, other):
    wrong = differences(own["cpu"], other["cpu"], ("sockets", "cores", "threads", "online"), "cpu")
    for mine, its in zip(own["cores"], other["cores"], strict=True):
        wrong += differences(mine, its, ("id", "socket", "node", "l3", "cpus"), f"core {mine['id']}")
    return wrong


def compare_functions(own, other):
    its_functions = {function["address"]: function for function in other["pci"]}
    wrong = []
    for mine in own["pci"]:
        its = its_functions.pop(mine["address"], None)
        if its is None:
            wrong.append(f"{mine['address']}: libvirt has none")
            continue
        wrong += differences(mine, its, FUNCTION, mine["address"])
        for member in ("total_vfs", "num_vfs"):
            if its["sriov"] and its["sriov"][member] != mine["sriov"][member]:
                wrong.append(f"{mine['address']}: {member}")
        nets = {net["name"]: net for net in mine["nets"]}
        for net in its["nets"]:
            wrong += differences(nets[net["name"]], net, NET, f"net {net['name']}")
    return wrong + [f"{address}: only libvirt has it" for address in its_functions]


def unknown(other):
    wrong = [f"{function['address']}: {key} is {function[key]!r}" for function in other["pci"]
             for key in UNKNOWN if function[key] is not None]
    return wrong + [f"kernel: {key}" for key in ("release", "cmdline", "isolated")
                    if other["kernel"][key] is not None]


def main():
    if subprocess.run(["virsh", "-c", URI, "--quiet", "version"], capture_output=True,
                      check=False).returncode:
        print("1..0 # SKIP no libvirtd at " + URI)
        return 0
    own, other = discover(), discover("--host", URI)
    # libvirt says so of any /dev/kvm, bmslice only of a CPU that has what QEMU's KVM needs
    kvm = re.search(r"\b(vmx|svm)\b", open("/proc/cpuinfo", encoding="utf-8").read())
    flags = differences(own["kernel"], other["kernel"], ("iommu", "kvm") if kvm else ("iommu",),
                        "kernel")
    failed = [check(1, f"{len(own['nodes'])} nodes are the same", compare_nodes(own, other)),
              check(2, f"{len(own['cores'])} cores are the same", compare_cpus(own, other)),
              check(3, f"{len(own['pci'])} functions are the same", compare_functions(own, other)),
              check(4, "so are name and flags", flags + differences(
                  own, other, ("hostname", "arch"), "host")),
              check(5, "what libvirt cannot know is null", unknown(other))]
    print("1..5")
    return int(any(failed))


sys.exit(main())
