#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does tests/check-plan see it? Plans and domain XML that are sound, each with one thing changed.

Usage: tampered_plans.py BMSLICE SOURCE-ROOT

Every change is tried on every golden plan that it can be made to, and has to be found there, in the
words that stand beside it.
"""
import copy
import json
import pathlib
import re
import sys

from golden_plans import cases_of, load_checker, plan_anew


class Skip(Exception):
    """There is nothing of the kind in this plan."""


class Case:
    def __init__(self, host, plan, texts):
        self.host, self.plan, self.texts = (copy.deepcopy(x) for x in (host, plan, texts))
        self.ours = self.plan["hosts"][0]

    def slice(self, wanted=lambda s: True):
        for s in self.ours["slices"]:
            if wanted(s):
                return s
        raise Skip

    def device(self, wanted=lambda d: True):
        for s in self.ours["slices"]:
            for d in s["devices"]:
                if wanted(d):
                    return d
        raise Skip

    def level(self, name):
        for level in self.plan["bounds"]["levels"]:
            if level["level"] == name and level["gap"] == 0:
                return level
        raise Skip

    def edit(self, pattern, text, wanted=lambda s: True):
        """The first match in the XML of the first slice that has one. The changed text differs."""
        for s in self.ours["slices"]:
            before = self.texts[s["name"]]
            after = re.sub(pattern, text, before, count=1, flags=re.S)
            if wanted(s) and after != before:
                self.texts[s["name"]] = after
                return
        raise Skip


def wide(s):
    return len(s["nodes"]) > 1


def set_in(thing, key, value):
    if thing.get(key) == value:
        raise Skip
    thing[key] = value


def swap(things, key):
    if len(things) < 2 or things[0][key] == things[1][key]:
        raise Skip
    things[0][key], things[1][key] = things[1][key], things[0][key]


def share_core(case):
    if len(case.ours["slices"]) < 2:
        raise Skip
    one, other = case.ours["slices"][:2]
    one["vcpus"][0]["cpu"] = other["vcpus"][0]["cpu"]


def take_reserved(case):
    vcpu = case.slice()["vcpus"][0]
    vcpu["cpu"] = int(re.match(r"\d+", case.ours["reserved_cpus"]).group())


def give_memory(case):
    node = case.slice()["nodes"][0]
    next(n for n in case.host["nodes"] if n["id"] == node)["memory_bytes"] = 1


def forget_memory(case):
    node = case.slice()["nodes"][0]
    next(n for n in case.host["nodes"] if n["id"] == node)["memory_bytes"] = None


def forget_pages(case):
    """The kernel knows only another size of pages."""
    case.slice(lambda s: s["hugepage_bytes"])
    for node in case.host["nodes"]:
        node["hugepages"] = [{"size_bytes": 1 << 16, "total": 0, "free": 0}]


def drop_arguments(case):
    """Those that isolate; pages can be had without a reboot, too."""
    if not any(arg.startswith("isolcpus=") for arg in case.ours["kernel_args"]):
        raise Skip
    case.ours["kernel_args"].clear()


def function_of(case, kind):
    device = case.device(lambda d: d["kind"] in kind)
    return next(f for f in case.host["pci"] if f["address"] in (device["address"],
                                                               device.get("pf")))


def worsen_bound(case, name, by):
    level = case.level(name)
    level["bound"] += by
    level["gap"] = abs(level["value"] - level["bound"])


def shift(case, name):
    level = case.level(name)
    level["value"], level["bound"] = level["value"] + 1, level["bound"] + 1


def refuse(case):
    """The last slice, with all counts as they would be."""
    s = case.slice()
    case.ours["slices"].remove(s)
    case.plan["unplaced"].append({"name": s["name"], "cluster": s["cluster"], "resource": "cores",
                                  "reason": "it is said to be so"})


# what is changed on the host, what the checker says to it
HOST = [
    ("a pin moved", lambda c: set_in(c.slice()["vcpus"][-1], "cpu", 9999),
     "is not online|the core is"),
    ("two pins changed over", lambda c: swap(c.slice(lambda s: s["threads"] > 1)["vcpus"], "cpu"), "vCPUs 0.. are on"),
    ("a core in two slices", share_core, "belongs to|two vCPUs on one CPU|are on"),
    ("a core of the host", take_reserved, "belongs to the host|are on"),
    ("a vCPU less", lambda c: c.slice()["vcpus"].pop(), "vCPUs where"),
    ("another node", lambda c: set_in(c.slice(lambda s: len(c.host["nodes"]) > 1), "nodes",
                                      [c.host["nodes"][1 - c.host["nodes"].index(next(
                                          n for n in c.host["nodes"]
                                          if n["id"] == c.slice()["nodes"][0]))]["id"]]),
     "is on node|its nodes are"),
    ("more memory than there is", give_memory, "more are given out"),
    ("memory of unknown size", forget_memory, "of unknown size"),
    ("more memory than asked", lambda c: set_in(c.slice(), "memory_bytes", 1 << 20),
     "not what the spec says"),
    ("pages that the host has not", forget_pages, "the host has no pages of"),
    ("another page size", lambda c: set_in(c.slice(), "hugepage_bytes", 1 << 21), "its page size"),
    ("service on a vCPU's core", lambda c: set_in(c.slice(), "emulator_cpus",
                                                  str(c.slice()["vcpus"][0]["cpu"])),
     "service CPUs|belongs to|not on the host's|service cores"),
    ("an IOThread elsewhere", lambda c: set_in(c.slice(lambda s: s["iothreads"])["iothreads"][0],
                                               "cpus", "0"), "IOThread 1 is not on"),
    ("isolated CPUs", lambda c: c.slice() and set_in(c.ours, "isolated_cpus", "1"),
     "isolated CPUs are not"),
    ("reserved CPUs", lambda c: c.slice() and set_in(c.ours, "reserved_cpus", ""),
     "nothing is reserved"),
    ("no kernel arguments", drop_arguments, "is missing"),
    ("a device that is not there", lambda c: set_in(c.device(lambda d: d["kind"] != "vf"),
                                                    "address", "0000:ff:00.0"), "no PCI function"),
    ("a device on another node", lambda c: set_in(c.device(), "node", 7), "on node"),
    ("a port of the host", lambda c: function_of(c, ("pf", "pci")).update(
        uses=["root-storage"]), "used by the host"),
    ("a port whose use is not known", lambda c: function_of(c, ("pf", "pci")).update(uses=None),
     "used by the host: unknown"),
    ("a VF of a port of the host", lambda c: function_of(c, ("vf",)).update(uses=["bridge"]),
     "which the host uses|used by the host"),
    ("no IOMMU group", lambda c: function_of(c, ("pf", "pci")).update(iommu_group=None),
     "in no IOMMU group"),
    ("a neighbour in the group", lambda c: c.host["pci"].append(dict(
        function_of(c, ("pf",)), address="0000:fe:00.0")), "shares its IOMMU group"),
    ("another VF", lambda c: set_in(c.device(lambda d: d["kind"] == "vf" and not d["vf"]), "vf", 1),
     "is not 0000|'s too|which gives"),
    ("a VF too many", lambda c: set_in(c.device(lambda d: d["kind"] == "vf"), "vf", 999),
     "which gives"),
    ("a multicast MAC", lambda c: set_in(c.device(lambda d: d.get("mac")), "mac",
                                         "01:00:00:00:00:01"), "MAC address"),
    ("a VLAN", lambda c: set_in(c.device(lambda d: d["kind"] == "vf"), "vlan", 4000), "VLAN 4000"),
    ("trust", lambda c: set_in(c.device(lambda d: d["kind"] == "vf"), "trust",
                               not c.device(lambda d: d["kind"] == "vf")["trust"]), "trust is"),
    ("a network", lambda c: set_in(c.device(lambda d: d["network"]), "network", "none"),
     "is not the NIC of"),
]
# in the whole plan
PLAN = HOST + [
    ("a slice that is lost", lambda c: c.ours["slices"].remove(c.slice()), "are not those of"),
    ("a refusal that need not be", refuse, "bounds|isolated CPUs are not|no finding says so"),
    ("fewer can be admitted than are", lambda c: set_in(c.plan["bounds"], "admitted_bound", -1),
     "for .* placed slices"),
    ("more can be admitted than there are", lambda c: set_in(c.plan["bounds"], "admitted_bound",
                                                             99), "of .* slices"),
    ("not optimal without a gap", lambda c: set_in(
        c.plan["bounds"], "optimal", c.level("room") is None), "optimal: False"),
    ("levels out of order", lambda c: c.level("room") and c.plan["bounds"]["levels"].reverse(),
     "its levels are"),
    ("a gap", lambda c: set_in(c.level("room"), "gap", 1), "the gap is said to be 1"),
    ("optimal with a gap", lambda c: worsen_bound(c, "room", 1), "optimal: True"),
    ("room better than its bound", lambda c: worsen_bound(c, "room", -1), "better than its bound"),
]
PLAN += [(f"{name} better than its bound", lambda c, n=name: worsen_bound(c, n, 1),
          "better than its bound") for name in
         ("moved", "refused", "refused-cores", "over-nodes", "remote-devices", "distance",
          "l3-shared", "nic-nodes")]
PLAN += [(f"{name} counted wrong", lambda c, n=name: shift(c, n), f"{name} is .* counted") for name in
         ("refused", "refused-cores", "over-nodes", "remote-devices", "distance", "l3-shared",
          "nic-nodes", "room")]

XML = [
    ("a pin", lambda c: c.edit(r'(<vcpupin vcpu="0" cpuset=)"\d+"', r'\1"0"'), "vcpupin"),
    ("no pin", lambda c: c.edit(r'<vcpupin vcpu="0"[^>]*>', ""), "vcpupin"),
    ("vCPUs", lambda c: c.edit(r'(<vcpu [^>]*>)\d+', r'\g<1>999'), "999 vCPUs"),
    ("the emulator's pin", lambda c: c.edit(r'(<emulatorpin cpuset=)"[^"]+"', r'\1"999"'),
     "emulatorpin"),
    ("an IOThread's pin", lambda c: c.edit(r'(<iothreadpin [^>]*cpuset=)"[^"]+"', r'\1"999"'),
     "iothreadpin"),
    ("threads a core", lambda c: c.edit(r'(<topology .*?threads=)"\d"', r'\1"9"'), "CPU topology"),
    ("sockets", lambda c: c.edit(r'(<topology sockets=)"\d"', r'\1"9"'), "CPU topology"),
    ("the CPU mode", lambda c: c.edit(r'<cpu mode="[^"]*"', '<cpu mode="custom"'), "CPU mode"),
    ("memory", lambda c: c.edit(r'(<memory unit="KiB">)\d+', r'\g<1>1024'), "memory is"),
    ("page size", lambda c: c.edit(r'(<page size=)"\d+"', r'\1"2048"',
                                   lambda s: s["hugepage_bytes"] == 1 << 30), "pages of"),
    ("no hugepages", lambda c: c.edit(r'<hugepages>.*</hugepages>', ""), "pages of"),
    ("a balloon", lambda c: c.edit(r'(<memballoon model=)"none"', r'\1"virtio"'), "balloon"),
    ("the memory's node", lambda c: c.edit(r'(<memory mode="strict" nodeset=)"[^"]+"', r'\1"7"'),
     "not bound to its nodes"),
    ("memory not bound strictly", lambda c: c.edit(r'<memory mode="strict"',
                                                   '<memory mode="preferred"'), "not bound strictly"),
    ("no binding", lambda c: c.edit(r'<numatune>.*</numatune>', ""), "not bound to its nodes"),
    ("a guest node's own binding", lambda c: c.edit(
        r'(<memnode cellid="0" mode="strict" nodeset=)"\d"', r'\1"1"', wide), "are bound to"),
    ("a guest node's memory", lambda c: c.edit(r'(<cell id="0" [^>]*memory=)"\d+"', r'\1"1024"',
                                               wide), "bytes of memory"),
    ("a guest node's vCPUs", lambda c: c.edit(r'(<cell id="0" cpus=)"[^"]+"', r'\1"0"', wide),
     "has vCPUs"),
    ("no guest nodes", lambda c: c.edit(r'<numa>.*</numa>', "", wide), "guest NUMA nodes for"),
    ("a distance", lambda c: c.edit(r'(<sibling id="1" value=)"\d+"', r'\1"99"', wide),
     "distances"),
    ("no distances", lambda c: c.edit(r'<distances>.*?</distances>', "", wide), "distances"),
    ("a whole function's address", lambda c: c.edit(
        r'(<hostdev .*?bus=)"0x..', r'\1"0xfe'), "whole PCI functions"),
    ("one function less", lambda c: c.edit(r'<hostdev .*?</hostdev>', ""), "whole PCI functions"),
    ("a VF's MAC address", lambda c: c.edit(r'(<mac address=)"[^"]+"', r'\1"02:00:00:00:00:99"'),
     "VFs with MAC address"),
    ("a VF's VLAN", lambda c: c.edit(r'(<tag id=)"\d+"', r'\1"4001"'), "VFs with MAC address"),
    ("no VLAN", lambda c: c.edit(r'<vlan>.*?</vlan>', ""), "VFs with MAC address"),
    ("a VF's address", lambda c: c.edit(r'(<interface .*?bus=)"0x..', r'\1"0xfe'),
     "VFs with MAC address"),
    ("not given back", lambda c: c.edit(r'managed="yes"', 'managed="no"'), "does not bind"),
    ("another disk", lambda c: c.edit(r'(<source file=)"[^"]+"', r'\1"/dev/sda"'), "its disks"),
    ("a disk without its IOThread", lambda c: c.edit(r' iothread="1"/>', "/>",
                                                     lambda s: s["disk"]), "serves its disk"),
    ("the cluster", lambda c: c.edit(r'(:cluster>)[^<]+', r'\1x'), "another cluster"),
    ("another domain", lambda c: c.edit(r'<name>[^<]+', '<name>x'), "another domain's"),
    ("emulation", lambda c: c.edit(r'<domain type="kvm"', '<domain type="qemu"'), "of type"),
    ("no XML", lambda c: c.texts.pop(c.slice()["name"]), "no domain XML"),
]


def main(bmslice, root):
    checker = load_checker(root)
    cases = []
    for name, host, spec, _ in cases_of(root):
        plan, texts = plan_anew(bmslice, checker, host, spec)
        cases.append((name, json.loads(host.read_text()), spec.read_text(), plan, texts))
    missed = tried = 0
    for what, change, words, in_xml in [(*c, False) for c in PLAN] + [(*c, True) for c in XML]:
        seen = 0
        for name, host, spec, plan, texts in cases:
            case = Case(host, plan, texts)
            try:
                change(case)
            except (Skip, StopIteration):
                continue
            breaches = checker.breaches_of(case.host, spec, case.plan,
                                           case.texts if in_xml else None)
            seen += 1
            if not any(re.search(words, breach) for breach in breaches):
                print(f"{name}: {what}: not found; {breaches}")
                missed += 1
        tried += seen
        if not seen:
            print(f"{what}: there is no plan to try it on")
            missed += 1
    print(f"{len(PLAN + XML)} kinds of change in {len(cases)} plans, {tried} made, {missed} missed")
    return 1 if missed or not tried else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
