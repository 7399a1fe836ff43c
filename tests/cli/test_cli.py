#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_cli.py BMSLICE SOURCE: the command line's contract, by its exit codes, streams and JSON (TAP).

Nothing here needs libvirtd, and nothing may change a host.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BMSLICE = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2])
RED_BLUE = str(SOURCE / "examples/red-blue.yaml")
SEED = str(SOURCE / "tests/hosts/seed.json")
FINE, FAILED, USAGE, FINDINGS = 0, 1, 2, 3


def run(*words, **options):
    return subprocess.run([BMSLICE, *words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False, **options)


def expect(result, code, *words):
    """The exit code, every word on standard error, one error line, no signs of a crash."""
    assert result.returncode == code, f"exit {result.returncode}: {result.stderr}"
    for word in words:
        assert word in result.stderr, f"no {word!r} in: {result.stderr}"
    assert "GLib" not in result.stderr and "Sanitizer" not in result.stderr, result.stderr


def plan(text, *more, name="spec.yaml"):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return run("plan", str(path), "--inventory", SEED, *more)


def test_help_lists_every_verb():
    result = run("--help")
    expect(result, FINE)
    for verb in ("discover", "capture", "doctor", "plan", "explain", "prepare", "apply", "diff", "status",
                 "verify", "destroy"):
        assert f"\n  {verb}" in result.stdout
        own = run(verb, "--help")
        expect(own, FINE)
        assert f"bmslice {verb}" in own.stdout


def test_version():
    assert run("--version").stdout.startswith("bmslice ")


def test_usage():
    expect(run(), USAGE)
    expect(run("plam", "x"), USAGE, "did you mean 'plan'")
    expect(run("plan"), USAGE, "an argument is missing")
    expect(run("status", "x"), USAGE, "too many")
    expect(run("plan", "--nonsense", "x"), USAGE, "--nonsense")
    expect(run("discover", "--color", "pink"), USAGE, "auto, always or never")


def test_options_before_and_after_the_verb():
    before = run("--json", "plan", RED_BLUE, "--inventory", SEED)
    after = run("plan", RED_BLUE, "--inventory", SEED, "--json")
    expect(before, FINE)
    assert before.stdout == after.stdout


def test_discover_json():
    host = json.loads(run("discover", "--json").stdout)
    assert host["version"] == 1 and host["replayed"] is False
    assert host["cpu"]["threads"] == os.cpu_count()


def test_discover_parts():
    whole = json.loads(run("discover", "--json").stdout)
    for part, members in {"nics": ["pci"], "cpus": ["cpu", "cores"], "memory": ["nodes"]}.items():
        json_part = json.loads(run("discover", part, "--json").stdout)
        assert sorted(json_part) == sorted(members)
        for member in members:
            all_of_it = whole[member]
            if member == "pci":
                all_of_it = [pci for pci in all_of_it if pci["class"].startswith("02")]
            if member != "nodes":  # free memory moves
                assert json_part[member] == all_of_it
        text = run("discover", part).stdout
        assert text.splitlines()[0] == run("discover").stdout.splitlines()[0]
        assert len(text) < len(run("discover").stdout)
    expect(run("discover", "discs"), USAGE, "nics, cpus and memory")


def test_discover_by_libvirt():
    result = run("discover", "--host", "test:///default", "--json")
    expect(result, FINE)
    host = json.loads(result.stdout)
    assert [node["cpus"] for node in host["nodes"]] == ["0-7", "8-15"]
    assert host["replayed"] and host["kernel"]["isolated"] is None and host["cpu"]["model"] is None
    expect(run("discover", "--host", "test:///default", "--root", "/"), USAGE, "--root and --host")
    expect(run("discover", "--host", "nonsense:///"), FAILED, "nonsense:///")


def test_discover_groups():
    """Who stands in the way of handing a port through."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.unpack_archive(SOURCE / "tests/hosts/lab-shared-group.tar.xz", folder)
        text = run("discover", "nics", "--root", folder).stdout
        for words in (r"0000:11:00.0 .* 8 with 0000:11:00.1 ", r"0000:41:00.0 .* 6 the host's ",
                      r"0000:41:00.1 .* 6 with the host's 0000:41:00.0 "):
            assert re.search(words, text), text


def test_discover_root():
    expect(run("discover", "--root", "/nonexistent"), FAILED, "/nonexistent")
    expect(run("discover", "--root", "/etc/passwd"), FAILED, "/etc/passwd")


def test_doctor_of_a_captured_tree():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SOURCE / "tests/hosts/make-seed", folder, "seed"], check=True,
                       capture_output=True)
        tree = pathlib.Path(folder) / "seed"
        expect(run("doctor", "--root", str(tree)), FINE)
        (tree / "sys/kernel/mm/ksm").mkdir(parents=True)
        (tree / "sys/kernel/mm/ksm/run").write_text("1\n")
        result = run("doctor", RED_BLUE, "--root", str(tree), "--inventory", SEED)
        expect(result, FINE)
        assert "see: sys/kernel/mm/ksm/run: 1" in result.stdout and "hint: " in result.stdout
        shutil.rmtree(tree / "sys/kernel/iommu_groups")
        for link in (tree / "sys/bus/pci/devices").glob("*/iommu_group"):
            link.unlink()
        (tree / "sys/kernel/iommu_groups").mkdir()
        (tree / "sys/firmware/acpi/tables").mkdir(parents=True)
        (tree / "sys/firmware/acpi/tables/DMAR").touch()
        result = run("doctor", "--root", str(tree), "--json")
        expect(result, FINDINGS)
        document = json.loads(result.stdout)
        first = document["findings"][0]
        assert (first["code"], first["severity"], first["path"]) == \
            ("iommu-off", "error", "proc/cmdline")
        assert "intel_iommu=on" in first["value"]
        assert {"path": "sys/kernel/mm/ksm/run", "value": "1"} in document["facts"]


def test_doctor_of_a_bad_spec():
    with tempfile.TemporaryDirectory() as folder:
        spec = pathlib.Path(folder) / "spec.yaml"
        spec.write_text("version: 1\nhost: []\n", encoding="utf-8")
        result = run("doctor", str(spec))
        expect(result, FINDINGS)
        assert "unknown key 'host'" in result.stdout
    expect(run("doctor", "/nonexistent.yaml"), FAILED, "/nonexistent.yaml")


def test_plan_of_the_runbook():
    result = run("plan", RED_BLUE, "--inventory", SEED)
    expect(result, FINE, "nic-remote-node", "Blue_k8s_cluster_worker1")
    assert "4,16 6,18 8,20 10,22" in result.stdout
    document = json.loads(run("plan", RED_BLUE, "--inventory", SEED, "--json").stdout)
    host = document["hosts"][0]
    assert (host["reserved_cpus"], host["isolated_cpus"]) == ("0-1,12-13", "2-11,14-23")
    red, blue = host["slices"]
    assert [v["cpu"] for v in red["vcpus"]] == [4, 16, 6, 18, 8, 20, 10, 22]
    assert [v["cpu"] for v in blue["vcpus"]] == [5, 17, 7, 19, 9, 21, 11, 23]
    assert (red["emulator_cpus"], blue["emulator_cpus"]) == ("2,14", "3,15")
    assert [d["address"] for d in red["devices"] + blue["devices"]] == \
        ["0000:01:00.0", "0000:01:00.1"]
    assert [f["code"] for f in document["findings"]] == ["nic-remote-node"]


def test_unknown_use_is_not_free():
    """Rule 1 from an inventory that cannot tell what the host uses its NICs for."""
    text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8").replace("pf: eno1", "pf: eno3")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([SOURCE / "tests/hosts/make-seed", folder], check=True, capture_output=True)
        shutil.rmtree(pathlib.Path(folder) / "seed/proc/net")
        found = run("discover", "--root", f"{folder}/seed", "--json")
        expect(found, FINE, "net-uses-unknown")
        host = json.loads(found.stdout)
        assert all(net["uses"] is None for pci in host["pci"] for net in pci["nets"])
        inventory = pathlib.Path(folder) / "host.json"
        spec = pathlib.Path(folder) / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        inventory.write_text(found.stdout, encoding="utf-8")
        expect(run("plan", str(spec), "--inventory", str(inventory)), FINDINGS, "unplaced-nic",
               "is not known")
        for pci in host["pci"]:
            for net in pci["nets"]:
                del net["uses"]  # absent is unknown too
        inventory.write_text(json.dumps(host), encoding="utf-8")
        expect(run("plan", str(spec), "--inventory", str(inventory)), FINDINGS, "unplaced-nic")


def test_explain():
    words = ("Blue_k8s_cluster_worker1", "--inventory", SEED)
    placed = run("explain", RED_BLUE, *words)
    expect(placed, FINE)
    assert "node 1" in placed.stdout
    text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8").replace("pin: [1]", "pin: [0]")
    with tempfile.TemporaryDirectory() as folder:
        spec = pathlib.Path(folder) / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        expect(run("explain", str(spec), *words), FINDINGS, "unplaced-cores")
        document = json.loads(run("explain", str(spec), *words, "--json").stdout)
    assert (document["placed"], document["resource"]) == (False, "cores")
    assert document["changes"][0] == "without numa.pin it fits on another node"
    expect(run("explain", RED_BLUE, "Blue_k8s_cluster_worker", "--inventory", SEED), USAGE,
           "did you mean 'Blue_k8s_cluster_worker1'?")


def test_plan_writes_xml():
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "xml"
        expect(run("plan", RED_BLUE, "--inventory", SEED, "--xml", str(target)), FINE)
        assert sorted(p.name for p in target.iterdir()) == \
            ["Blue_k8s_cluster_worker1.xml", "Red_k8s_cluster_worker1.xml"]
        assert "<vcpupin vcpu=\"1\" cpuset=\"16\"/>" in \
            (target / "Red_k8s_cluster_worker1.xml").read_text(encoding="utf-8")


def test_plan_draws():
    with tempfile.TemporaryDirectory() as folder:
        svg, html = pathlib.Path(folder) / "a.svg", pathlib.Path(folder) / "a.html"
        svg.write_text("old", encoding="utf-8")
        expect(run("plan", RED_BLUE, "--inventory", SEED, "--svg", str(svg), "--html", str(html)),
               FINE)
        assert svg.read_bytes() == (SOURCE / "docs/red-blue.svg").read_bytes()
        page = html.read_text(encoding="utf-8")
        assert page.startswith("<!DOCTYPE html>") and page.count("<svg") == 1
        assert sorted(p.name for p in pathlib.Path(folder).iterdir()) == ["a.html", "a.svg"]
        # a refused plan is a picture too, a spec with mistakes is none
        text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8")
        expect(plan(text.replace("vcpus: 8", "vcpus: 80"), "--svg", str(svg)), FINDINGS)
        assert "0 of 2 slices placed" in svg.read_text(encoding="utf-8")
        svg.unlink()
        expect(plan(text.replace("vcpus: 8", "vcpu: 8"), "--svg", str(svg)), FINDINGS)
        assert not svg.exists()
        expect(run("plan", RED_BLUE, "--inventory", SEED, "--svg", folder + "/none/a.svg"), FAILED,
               "none/a.svg")


def test_remote_nic_is_refused_when_locality_is_required():
    text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8")
    result = plan(text.replace("locality: preferred", "locality: required"))
    expect(result, FINDINGS, "error: ", "Blue_k8s_cluster_worker1")


def test_every_mistake_has_a_place():
    text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8")
    text = text.replace("vcpus: 8", "vcpu: 8").replace("memory: 8GiB", "memory: lots", 1)
    result = plan(text)
    expect(result, FINDINGS, "spec.yaml:26:9: error:", "did you mean 'vcpus'", "lots", "^")
    assert result.stderr.count("unknown-key") == 2
    codes = [f["code"] for f in json.loads(plan(text, "--json").stdout)["findings"]]
    assert codes.count("unknown-key") == 2


def test_bad_files():
    expect(run("plan", "/nonexistent.yaml"), FAILED, "/nonexistent.yaml")
    expect(run("plan", "/etc"), FAILED, "/etc")
    expect(run("plan", "/dev/zero"), FAILED, "/dev/zero")
    expect(plan(""), FINDINGS, "spec.yaml")
    expect(plan(b"\x00\xff\xfe"), FINDINGS, "spec.yaml")
    expect(plan(b"# " + b"x" * (50 << 20)), FAILED, "spec.yaml", "4MiB")
    expect(run("plan", RED_BLUE, "--inventory", "/nonexistent"), FAILED, "/nonexistent")
    expect(run("plan", RED_BLUE, "--inventory", RED_BLUE), FINDINGS, "red-blue.yaml")


def test_names_that_attack():
    text = pathlib.Path(RED_BLUE).read_text(encoding="utf-8")
    for name in ("../../etc/x", "a'; rm -rf /", "a<b/>", "a\\nb", "x" * 64):
        expect(plan(text.replace("name: Red_k8s_cluster_worker1", f'name: "{name}"')), FINDINGS,
               "bad-text")


def test_no_permission():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "spec.yaml"
        path.write_text("version: 1\n", encoding="utf-8")
        path.chmod(0)
        os.chmod(folder, 0o755)
        # a copy that anybody can reach: the build may lie below a private home
        program = shutil.copy(BMSLICE, folder)
        result = subprocess.run([program, "plan", str(path)], capture_output=True, text=True,
                                check=False, user="nobody" if os.getuid() == 0 else None)
        expect(result, FAILED, "spec.yaml", "ermission")


def test_spec_for_other_hosts():
    """apply and its like work on this host only: server1 is elsewhere."""
    for verb in ("apply", "diff", "verify", "destroy"):
        expect(run(verb, RED_BLUE), FINDINGS, "server1", "host-unknown")
        answer = json.loads(run(verb, RED_BLUE, "--json").stdout)
        assert "host-unknown" in [finding["code"] for finding in answer["findings"]]


def test_libvirtd_not_running():
    expect(run("--connect", "qemu:///system?socket=/nonexistent/sock", "status"), FAILED,
           "/nonexistent/sock", "libvirtd")
    expect(run("--connect", "nonsense://", "status"), FAILED, "nonsense")


def test_a_full_disk_is_a_failure():
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([BMSLICE, "discover", "--json"], stdout=full,
                                stderr=subprocess.PIPE, text=True, check=False)
    expect(result, FAILED, "cannot write")


def main():
    tests = [(name, function) for name, function in globals().items() if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} {name}")
        except Exception as flaw:  # one test's failure must not hide the others'
            failed += 1
            print(f"not ok {number} {name}")
            print("\n".join(f"# {line}" for line in repr(flaw).split("\\n")))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
