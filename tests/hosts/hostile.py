#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captured trees that mean harm: discovery answers in bounded time and memory, with findings.

Usage: hostile.py BMSLICE MAKE_SEED

Prints TAP, and with each case what it took.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

BMSLICE, MAKE_SEED = sys.argv[1:3]
CPU_SECONDS = 60  # of what never ends, not of what is slow: the kernel ends it then
MEMORY_MIB = 512  # with a sanitizer, too
DEVICES = 10_000
NONSENSE = ["-1", "99999999999999999999999", "4294967296", "0x", "nan", "1e99", "\x00\x01\xff", "0-65535",
            "0-4294967295", "7-3", "9" * 5000, "0," * 2000, "%s%n", "../../../../etc/shadow", ""]


def many_devices(tree):
    devices = tree / "sys/bus/pci/devices"
    for number in range(DEVICES):
        address = f"{0x1000 + (number >> 16):04x}:{number >> 8 & 255:02x}:{number >> 3 & 31:02x}.{number & 7}"
        folder = tree / "sys/devices/pci1000:00" / address
        (folder / "net" / f"n{number}").mkdir(parents=True)
        for name, text in (("vendor", "0x8086"), ("device", "0x1572"), ("class", "0x020000"),
                           ("numa_node", "0"), ("sriov_totalvfs", "64"), ("sriov_numvfs", "0")):
            (folder / name).write_text(text + "\n")
        (folder / "net" / f"n{number}" / "address").write_text("02:00:00:00:00:01\n")
        (folder / "iommu_group").symlink_to("../../../../kernel/iommu_groups/7")
        (devices / address).symlink_to(f"../../../devices/pci1000:00/{address}")


def endless_cpuinfo(tree):
    with open(tree / "proc/cpuinfo", "wb") as file:
        file.truncate(1 << 40)


def endless_files(tree):
    for name in ("proc/cmdline", "proc/mounts", "proc/net/route", "sys/bus/pci/slots",
                 "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"):
        path = tree / name
        if path.is_dir() or not path.parent.is_dir():
            continue
        path.unlink(missing_ok=True)
        with open(path, "wb") as file:
            file.truncate(1 << 40)
    for path in sorted((tree / "sys/bus/pci/devices").glob("*/class")):
        path.unlink()
        os.mkfifo(path)
    for path in sorted((tree / "sys/bus/pci/devices").glob("*/vendor")):
        path.unlink()
        path.symlink_to("/dev/zero")
    for path in sorted((tree / "sys/bus/pci/devices").glob("*/numa_node")):
        path.unlink()
        path.symlink_to("../../../../../../../../../../etc/shadow")
    # a link to itself, and a folder that holds itself
    (tree / "sys/class").mkdir(exist_ok=True)
    (tree / "sys/class/loop").symlink_to("loop")
    (tree / "sys/bus/pci/devices/0000:ff:00.0").symlink_to("..")


def endless_topology(tree):
    for path in (tree / "sys/devices/system").rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name in ("online", "cpulist", "meminfo"):
            path.unlink()
            path.symlink_to("/dev/zero")


def nonsense(text):
    def fill(tree):
        for path in tree.rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.write_text(text + "\n", encoding="latin-1")
    fill.__name__ = f"nonsense {text[:16]!r}"
    return fill


def nonsense_of_devices(text):
    def fill(tree):
        for path in (tree / "sys/devices").rglob("*"):
            if path.is_file() and not path.is_symlink() and "system" not in path.parts:
                path.write_text(text + "\n", encoding="latin-1")
    fill.__name__ = f"devices of nonsense {text[:16]!r}"
    return fill


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(tree):
    """Exit code, output, errors, seconds of CPU, MiB at most."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([BMSLICE, "discover", "--json", "--root", str(tree)], stdout=out,
                                   stderr=err, stdin=subprocess.DEVNULL, preexec_fn=limit)
        deadline = time.monotonic() + 240
        pid = 0
        while not pid:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid and time.monotonic() > deadline:
                process.kill()  # it waits for something that never comes
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, err):
            stream.seek(0)
        return (process.returncode, out.read().decode(), err.read().decode(),
                usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def judge(name, tree):
    code, out, err, seconds, mib = run(tree)
    flaws = []
    if code not in (0, 1, 3):
        flaws.append(f"exit {code}")
    if mib > MEMORY_MIB:
        flaws.append("too much memory")
    if "root:" in out or "root:" in err:
        flaws.append("tells of /etc/shadow")
    if code in (0, 3):
        host = json.loads(out)
        if host["replayed"] is not True:
            flaws.append("not replayed")
        if name == "many devices" and len(host["pci"]) < DEVICES:
            flaws.append(f"{len(host['pci'])} functions")
    if code != 0 and not err:
        flaws.append("says nothing")
    if code == 0 and name != "many devices" and "warning: " not in err:
        flaws.append("no finding")
    return flaws, f"exit {code}, {seconds:.2f} s, {mib:.0f} MiB, {err.count(chr(10))} lines of findings"


def main():
    cases = [many_devices, endless_cpuinfo, endless_files, endless_topology, *map(nonsense, NONSENSE),
             *map(nonsense_of_devices, NONSENSE)]
    print(f"1..{len(cases)}")
    failed = False
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, MAKE_SEED, folder, "seed"], check=True,
                           stdout=subprocess.DEVNULL)
            tree = pathlib.Path(folder) / "seed"
            case(tree)
            flaws, took = judge(name, tree)
        failed |= bool(flaws)
        print(f"{'not ok' if flaws else 'ok'} {number} - {ascii(name)[1:-1]}: {took}"
              + "".join(f"; {flaw}" for flaw in flaws), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
