#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same work with OpenStack nova's own placement code, unmodified, for comparison.

Usage: nova.py NOVA-ROOT [SETS.jsonl]     (bench/run --nova unpacks Debian's python3-nova and calls it)

Fit is hardware.numa_fit_instance_to_host, claim is numa_usage_from_instance_numa: what nova-compute
does for one instance on one host. No service, database or message runs. SETS are planted sets as
host-bench --dump writes them. Times are CPU time of the thread, medians.
"""
import json
import statistics
import sys
import time

sys.path.insert(0, sys.argv[1] + "/usr/lib/python3/dist-packages")
# pylint: disable=wrong-import-position
from nova import conf, objects, version
from nova.objects import fields
from nova.pci import stats as pci_stats
from nova.virt import hardware

objects.register_all()
CONF = conf.CONF
CONF([], project="nova", default_config_files=[])
PAGE_KIB = 1 << 20  # 1 GiB pages
SHAPES = [(2, 6), (2, 32), (2, 64), (8, 16)]


def host_of(nodes, cores, gib):
    """nodes x cores x 2 threads, siblings n and n + all; GiB of 1 GiB pages a node."""
    cells = []
    for node in range(nodes):
        siblings = [{node * cores + core, node * cores + core + nodes * cores}
                    for core in range(cores)]
        cpus = set().union(*siblings)
        cells.append(objects.NUMACell(
            id=node, socket=node, cpuset=cpus, pcpuset=set(cpus), memory=gib * 1024, cpu_usage=0,
            memory_usage=0, pinned_cpus=set(), siblings=siblings,
            mempages=[objects.NUMAPagesTopology(size_kb=4, total=0, used=0, reserved=0),
                      objects.NUMAPagesTopology(size_kb=PAGE_KIB, total=gib, used=0, reserved=0)]))
    return objects.NUMATopology(cells=cells)


def instance_of(vcpus, gib, nodes=1, policy="prefer"):
    each = vcpus // nodes
    return objects.InstanceNUMATopology(cells=[objects.InstanceNUMACell(
        id=i, cpuset=set(), pcpuset=set(range(i * each, (i + 1) * each)),
        memory=gib * 1024 // nodes, pagesize=PAGE_KIB,
        cpu_policy=fields.CPUAllocationPolicy.DEDICATED, cpu_thread_policy=policy,
        cpu_topology=None) for i in range(nodes)], emulator_threads_policy=None)


def stats_of(host, vfs):
    return pci_stats.PciDeviceStats(host, stats=objects.PciDevicePoolList(objects=[
        objects.PciDevicePool(product_id="154c", vendor_id="8086", numa_node=cell.id, count=vfs,
                              tags={"dev_type": "type-VF", "physical_network": "fh"})
        for cell in host.cells]))


def requests_of(vfs):
    return [objects.InstancePCIRequest(count=1, spec=[{"dev_type": "type-VF"}],
                                       numa_policy="required", request_id=f"{i:08d}-0000-0000-0000-000000000000")
            for i in range(vfs)]


def median_of(calls, function, make):
    times = []
    for _ in range(calls):
        argument = make()
        start = time.thread_time_ns()
        function(argument)
        times.append((time.thread_time_ns() - start) / 1000)
    return statistics.median(times)


def time_one():
    """One 8-vCPU instance: fit and claim; with a VF fit only, its claim would come on top.

    The thread policy is nova's default, prefer; require, which asks for whole cores, is no slower.
    """
    for nodes, cores in SHAPES:
        host = host_of(nodes, cores, cores * 4)
        kinds = {"pairs": {}, "isolate": {"policy": "isolate"}, "2 nodes": {"nodes": 2}}
        for kind, options in kinds.items():
            fitted = hardware.numa_fit_instance_to_host(host, instance_of(8, 8, **options))
            if fitted is None:
                continue
            took = median_of(
                100, lambda one, h=host: hardware.numa_fit_instance_to_host(h, one),
                lambda o=options: instance_of(8, 8, **o))
            took += median_of(
                100, lambda one, h=host: hardware.numa_usage_from_instance_numa(h, one),
                lambda f=fitted: f)
            print(f"one {nodes}x{cores}x2 {kind.replace(' ', '-')} {took:.2f}", flush=True)
        stats, requests = stats_of(host, 8), requests_of(1)
        took = median_of(
            60, lambda one, h=host, r=requests, s=stats: hardware.numa_fit_instance_to_host(
                h, one, pci_requests=r, pci_stats=s), lambda: instance_of(8, 8))
        print(f"one {nodes}x{cores}x2 1-VF {took:.2f}", flush=True)


def admit(case, slices):
    """One after the other, as they arrive; how many were admitted."""
    host = host_of(case["nodes"], case["cores"], case["memory_gib"])
    stats = stats_of(host, case["vfs"])
    admitted = vcpus = 0
    for cores, gib, vfs in slices:
        requests = requests_of(vfs)
        fitted = hardware.numa_fit_instance_to_host(
            host, instance_of(2 * cores, gib, policy="require"), pci_requests=requests, pci_stats=stats)
        if fitted is None:
            continue
        host = hardware.numa_usage_from_instance_numa(host, fitted)
        if requests:
            stats.apply_requests(requests, fitted.cells)
        admitted += 1
        vcpus += 2 * cores
    return admitted, vcpus


def time_sets(path):
    with open(path, encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    for shape in sorted({(c["shape"], c["sizes"]) for c in cases}):
        chosen = [c for c in cases if (c["shape"], c["sizes"]) == shape]
        for way in ("spread", "pack", "pack-sorted"):
            CONF.set_override("packing_host_numa_cells_allocation_strategy", way != "spread",
                              group="compute")
            whole, got, all_vcpus, times = 0, 0, 0, []
            for case in chosen:
                slices = case["slices"]
                if way == "pack-sorted":
                    slices = sorted(slices, reverse=True)
                start = time.thread_time_ns()
                admitted, vcpus = admit(case, slices)
                times.append((time.thread_time_ns() - start) / 1000)
                whole += admitted == len(slices)
                got += vcpus
                all_vcpus += sum(2 * s[0] for s in slices)
            print(f"set {shape[0]} {shape[1]} {way} {len(chosen)} {100 * whole / len(chosen):.1f} "
                  f"{100 * got / all_vcpus:.1f} {statistics.median(times):.1f}", flush=True)


print(f"nova {version.version_string()} python {sys.version.split()[0]}")
time_one()
if len(sys.argv) > 2:
    time_sets(sys.argv[2])
