#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`bmslice capture` on this machine: unpacked, discover and doctor say what they say live; nothing
private is in it; --anonymise leaves neither the host's name nor a MAC address of it.

Usage: capture.py BMSLICE
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

BMSLICE = os.path.abspath(sys.argv[1])
ADDRESS = re.compile(rb"(?<![\d.])(?!0\.0\.0\.0|255\.)(\d{1,3}\.){3}\d{1,3}(?![\d.])")


def ask(*words):
    run = subprocess.run([BMSLICE, *words, "--json"], capture_output=True, text=True, check=False)
    assert run.returncode in (0, 3), run.stderr
    return json.loads(run.stdout)


def stable(document):
    """Without what changes by itself, or is asked of libvirt, which a capture cannot be."""
    facts = [f for f in document["facts"]
             if not f["path"].startswith(("libvirt", "qemu")) and f["path"] != "proc/buddyinfo"]
    findings = [f for f in document["findings"] if f["code"] not in ("libvirt", "memory-fragmented")]
    return facts, findings


def comparable(host):
    for node in host["nodes"]:
        node["memory_bytes"] = None  # a balloon may move it
        for pool in node["hugepages"]:
            pool["free"] = None
    return host


def contents(folder):
    for path in sorted(pathlib.Path(folder).rglob("*")):
        text = os.readlink(path).encode() if path.is_symlink() else \
            path.read_bytes() if path.is_file() else b""
        yield str(path.relative_to(folder)), text


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        assert all(m.isdir() or m.isfile() or m.issym() for m in tar)
        tar.extractall(folder)


def check_same(folder):
    live, replayed = ask("discover"), ask("discover", "--root", folder)
    assert (live.pop("replayed"), replayed.pop("replayed")) == (False, True)
    assert comparable(live) == comparable(replayed), f"live {live}, replayed {replayed}"
    assert stable(ask("doctor")) == stable(ask("doctor", "--root", folder))
    return live


def check_private(folder):
    users = {line.split(":")[0] for line in open("/etc/passwd", encoding="utf-8")}
    for path, text in contents(folder):
        assert not ADDRESS.search(text), f"{path} has an IP address"
        assert not re.match(r"proc/\d+/(?!comm$|mountinfo$|mounts$)", path), path
    kept = {line.split(":")[0] for line in (pathlib.Path(folder) / "etc/passwd").open()}
    assert kept <= {"root", "qemu", "libvirt-qemu"} and kept <= users, kept


def check_anonymous(folder, live):
    macs = {net["mac"] for pci in live["pci"] for net in pci["nets"] if net["mac"]}
    name = re.compile(rb"(?<![A-Za-z0-9])" + re.escape(live["hostname"].encode()) + rb"(?![A-Za-z0-9])")
    for path, text in contents(folder):
        whole = path.encode() + b"\0" + text
        assert not name.search(whole), f"{path} has the host's name"
        for mac in macs:
            assert mac.encode() not in whole, f"{path} has {mac}"
    host = ask("discover", "--root", folder)
    assert host["hostname"] == "host1" and len(host["pci"]) == len(live["pci"])
    assert [[n["mac"] is None for n in p["nets"]] for p in host["pci"]] == \
        [[n["mac"] is None for n in p["nets"]] for p in live["pci"]]


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, words in (("plain", []), ("again", []), ("anonymous", ["--anonymise"])):
            subprocess.run([BMSLICE, "capture", f"{folder}/{name}.tar", "--quiet", *words], check=True)
            unpack(f"{folder}/{name}.tar", f"{folder}/{name}")
        piped = subprocess.run([BMSLICE, "capture", "-"], capture_output=True, check=True).stdout
        assert abs(len(piped) - os.path.getsize(f"{folder}/plain.tar")) < 10240
        live = check_same(f"{folder}/plain")
        check_private(f"{folder}/plain")
        assert {p for p, _ in contents(f"{folder}/plain")} == {p for p, _ in contents(f"{folder}/again")}
        check_anonymous(f"{folder}/anonymous", live)
        refused = subprocess.run([BMSLICE, "capture", "/nonexistent/x.tar"], capture_output=True,
                                 text=True, check=False)
        assert refused.returncode == 1 and "/nonexistent/x.tar" in refused.stderr
    print("a capture of this machine says what the machine says")


if __name__ == "__main__":
    main()
