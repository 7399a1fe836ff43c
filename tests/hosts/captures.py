#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Discovery on captures of real machines, against what hwloc's lstopo and lscpu say of them.

Usage: captures.py PRINT_HOST SOURCE_FOLDER
       captures.py --unpack ARCHIVE FOLDER     prints where in FOLDER the tree is

The captures and their oracle.py are not part of the source: BMSLICE_CAPTURES names their folder, else
../shared/hosts beside the source is tried. Exit 77 (skipped) when there are none.
"""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile


def cpu_list(text):
    cpus = []
    for part in (text or "").split(","):
        if part:
            first, _, last = part.partition("-")
            cpus += range(int(first), int(last or first) + 1)
    return sorted(cpus)


def unpack(archive, folder):
    """Unpacks and returns the folders that hold a sys folder."""
    with tarfile.open(archive) as tar:
        # captures hold links of their machine, which may point anywhere and are never followed here
        tar.extractall(folder, filter="fully_trusted") if hasattr(
            tarfile, "fully_trusted_filter") else tar.extractall(folder)
    for path, folders, _ in os.walk(folder):
        if "system" in folders and os.path.basename(path) != "devices":
            # libvirt's trees are /sys/devices/system alone
            os.makedirs(f"{path}/sys/devices")
            os.rename(f"{path}/system", f"{path}/sys/devices/system")
            return [path]
        if "sys" in folders:
            return [path]
    return []


def facts_of_host(host):
    return {
        "cpus": cpu_list(host["cpu"]["online"]),
        "cores": sorted(cpu_list(core["cpus"]) for core in host["cores"]),
        "sockets": host["cpu"]["sockets"],
        "nodes": {node["id"]: cpu_list(node["cpus"]) for node in host["nodes"]},
        "l3": sorted(domains_of(host).values()),
        "nics": {p["address"]: nic_of_host(p) for p in host["pci"]
                 if (p["class"] or "").startswith("02")},
    }


def domains_of(host):
    domains = {}
    for core in host["cores"]:
        if core["l3"] is not None:
            domains[core["l3"]] = sorted(domains.get(core["l3"], []) + cpu_list(core["cpus"]))
    return domains


def nic_of_host(pci):
    return [f"{pci['vendor']}:{pci['device']}", pci["driver"], pci["iommu_group"], pci["pf"],
            (pci["sriov"] or {}).get("total_vfs"), sorted(net["name"] for net in pci["nets"])]


def facts_of_oracle(answer):
    hwloc, lscpu = answer["hwloc"], answer["lscpu"]
    # its own reading sees net/ right below the function; hwloc also what is below a virtio device
    nets = [(net["bdf"], net["name"]) for net in hwloc.get("net", [])]
    facts = {"nics": {n["bdf"]: nic_of_oracle(n, nets) for n in answer["nics"]}}
    if "error" not in hwloc:
        facts.update(cpus=hwloc["pus"], cores=hwloc["cores"], sockets=len(hwloc["packages"]),
                     l3=sorted(domain["cpus"] for domain in hwloc["l3"]))
    if "nodes" in lscpu:  # lscpu's: hwloc gives memory-only nodes their nearest CPUs
        facts["nodes"] = {int(i): cpus for i, cpus in lscpu["nodes"].items() if i != "None"}
    return facts


def nic_of_oracle(nic, nets):
    total = int(nic["totalvfs"] or 0)
    names = set(nic["net"]) | {name for address, name in nets if address == nic["bdf"]}
    return [nic["id"], nic["driver"], int(nic["iommu_group"]) if nic["iommu_group"] else None,
            nic["physfn"], total or None, sorted(names)]


def differences(found, wanted):
    for key, value in wanted.items():
        mine = found[key]
        if key == "nodes":  # lscpu does not tell of nodes without CPUs
            mine = {node: cpus for node, cpus in mine.items() if cpus}
            if len(value) == 0:
                continue
        if mine != value:
            yield f"{key}: found {mine}, wanted {value}"


def memory_folder():
    """Tens of thousands of small files: on a disk they take minutes, in memory seconds."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def try_capture(print_host, oracle, archive):
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        trees = unpack(archive, folder)
        if not trees:
            return None
        run = subprocess.run([print_host, trees[0]], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return [f"exit {run.returncode}: {run.stderr.strip()}"]
        answer = subprocess.run([sys.executable, oracle, trees[0]], capture_output=True, text=True,
                                check=True)
        return list(differences(facts_of_host(json.loads(run.stdout)),
                                facts_of_oracle(json.loads(answer.stdout))))


def main():
    if sys.argv[1] == "--unpack":
        print("".join(unpack(sys.argv[2], sys.argv[3])[:1]))
        return 0
    print_host, source = sys.argv[1], sys.argv[2]
    captures = pathlib.Path(os.environ.get("BMSLICE_CAPTURES") or f"{source}/../shared/hosts")
    oracle = captures / "oracle.py"
    archives = sorted(p for p in captures.glob("*/*") if p.name.endswith(
        (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")))
    if not oracle.exists() or not archives:
        print(f"no captures in {captures}")
        return 77
    agree, tried = 0, 0
    for archive in archives:
        differing = try_capture(print_host, oracle, archive)
        if differing is None:
            continue
        tried += 1
        agree += not differing
        print(f"{'ok    ' if not differing else 'DIFFER'} {archive.parent.name}/{archive.name}")
        for line in differing:
            print(f"       {line}")
    print(f"{agree} of {tried} captures agree")
    return 0 if agree == tried else 1


if __name__ == "__main__":
    sys.exit(main())
