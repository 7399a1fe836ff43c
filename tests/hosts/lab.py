#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Servers of the lab, captured by lab/capture: what discovery says of the captured files is what it
said live on that server.

Usage: lab.py PRINT_HOST LAB-NAME.tar.xz...
"""
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile


def comparable(host):
    """Without what a replay may say otherwise: that it is one, and names, which pci.ids tells."""
    host = {key: value for key, value in host.items() if key != "replayed"}
    host["pci"] = [{k: v for k, v in pci.items() if k != "name"} for pci in host["pci"]]
    return host


def differences(found, wanted, path=""):
    if isinstance(found, dict) and isinstance(wanted, dict):
        for key in sorted(wanted):  # what it did not know yet when it was live is not compared
            yield from differences(found.get(key), wanted.get(key), f"{path}.{key}")
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for i, pair in enumerate(zip(found, wanted)):
            yield from differences(*pair, f"{path}[{i}]")
    elif found != wanted:
        yield f"{path}: replayed {json.dumps(found)}, live {json.dumps(wanted)}"


def replay(print_host, archive):
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            # links of the server, never followed here, only by discovery, which stays in the folder
            tar.extractall(folder, filter="fully_trusted") if hasattr(
                tarfile, "fully_trusted_filter") else tar.extractall(folder)
        run = subprocess.run([print_host, folder], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"{archive}: exit {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)


def main():
    print_host, archives = sys.argv[1], sys.argv[2:]
    failed = 0
    for archive in map(pathlib.Path, archives):
        live = json.loads(archive.with_name(archive.name.replace(".tar.xz", ".json")).read_text())
        host = replay(print_host, archive)
        differing = list(differences(comparable(host), comparable(live)))
        if not host["replayed"] or live["replayed"]:
            differing.append("replayed must be true of the capture, false of the live host")
        print(f"{'DIFFER' if differing else 'ok    '} {archive.name}", *differing, sep="\n       ")
        failed += bool(differing)
    return 1 if failed or not archives else 0


if __name__ == "__main__":
    sys.exit(main())
