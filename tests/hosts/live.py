#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Discovery on this machine, against lscpu and a plain reading of /sys and /proc.

Usage: live.py PRINT_HOST
"""
import json
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the source may be read-only
from captures import cpu_list  # noqa: E402

DEVICES = pathlib.Path("/sys/bus/pci/devices")


def read(path):
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def link_name(path):
    return os.path.basename(os.readlink(path)) if path.is_symlink() else None


def cpus_of_lscpu():
    """CPU -> (the CPUs of its core, socket, node)"""
    text = subprocess.run(["lscpu", "-p=CPU,CORE,SOCKET,NODE"], capture_output=True, text=True,
                          check=True).stdout
    rows = [[int(word or 0) for word in line.split(",")] for line in text.splitlines()
            if not line.startswith("#")]
    return {cpu: (sorted(r[0] for r in rows if r[1:3] == [core, socket]), node)
            for cpu, core, socket, node in rows}, len({row[2] for row in rows})


def cpus_of_host(host):
    return {cpu: (cpu_list(core["cpus"]), core["node"])
            for core in host["cores"] for cpu in cpu_list(core["cpus"])}, host["cpu"]["sockets"]


def functions_of_sysfs():
    functions = {}
    for path in sorted(DEVICES.iterdir()) if DEVICES.exists() else []:
        group = link_name(path / "iommu_group")
        nets = [net.name for net in path.glob("net/*")] + [
            net.name for net in path.glob("virtio*/net/*")]
        functions[path.name] = [read(path / "vendor")[2:], read(path / "device")[2:],
                                read(path / "class")[2:], link_name(path / "driver"),
                                int(group) if group else None, link_name(path / "physfn"),
                                sorted(nets)]
    return functions


def functions_of_host(host):
    return {p["address"]: [p["vendor"], p["device"], p["class"], p["driver"], p["iommu_group"],
                           p["pf"], sorted(net["name"] for net in p["nets"])]
            for p in host["pci"]}


def default_routes():
    lines = (read(pathlib.Path("/proc/net/route")) or "").splitlines()[1:]
    return {w[0] for w in map(str.split, lines) if w[1] == w[7] == "00000000" and int(w[3], 16) & 1}


def used_for_default_route(host):
    return {net["name"] for p in host["pci"] for net in p["nets"] if "default-route" in net["uses"]}


def has_virtualization():
    """Without the flags, a /dev/kvm is one that no slice can use; Arm has no such flags."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
        flags = re.findall(r"^flags\s*:(.*)$", cpuinfo.read(), re.M)
    return not flags or bool({"vmx", "svm"} & set(flags[0].split()))


def nodes_of_sysfs():
    """Their numbers: memory that a balloon moves differs between two readings."""
    folders = pathlib.Path("/sys/devices/system/node").glob("node[0-9]*")
    return sorted(int(path.name[4:]) for path in folders) or [0]


def main():
    host = json.loads(subprocess.run([sys.argv[1]], capture_output=True, text=True,
                                     check=True).stdout)
    found_cpus, found_functions = cpus_of_host(host), functions_of_host(host)
    on_pci = {net for function in found_functions.values() for net in function[-1]}
    checks = {
        "replayed": (host["replayed"], False),
        "hostname": (host["hostname"], os.uname().nodename),
        "arch": (host["arch"], os.uname().machine),
        "release": (host["kernel"]["release"], os.uname().release),
        "cpus": (found_cpus, cpus_of_lscpu()),
        "functions": (found_functions, functions_of_sysfs()),
        # a route over what stands on a port shows on the port: those only may be more
        "default-route": (default_routes() & on_pci - used_for_default_route(host), set()),
        "kvm": (host["kernel"]["kvm"], os.path.exists("/dev/kvm") and has_virtualization()),
        "nodes": ([node["id"] for node in host["nodes"]], nodes_of_sysfs()),
    }
    wrong = [f"{name}: found {found}, wanted {wanted}"
             for name, (found, wanted) in checks.items() if found != wanted]
    print("\n".join(wrong) or f"{len(checks)} checks, {len(found_functions)} PCI functions, all agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
