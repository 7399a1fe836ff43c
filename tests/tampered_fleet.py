#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are all hosts of a fleet checked? Fleets of every kind that bench/fleet-make makes: tests/check-fleet
finds nothing in their plans, and finds each thing that is changed on any one host.

Usage: tampered_fleet.py BMSLICE SOURCE-ROOT
"""
import copy
import importlib.machinery
import importlib.util
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

from tampered_plans import HOST, Case, Skip

CASES = ("easy", "mixed", "affinity", "racks", "uneven")
HOSTS, FLAVOURS = 60, 16


def load_check(root):
    """tests/check-fleet is a program without a suffix."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_fleet", str(root / "tests/check-fleet"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.check


class FleetFiles:
    """A fleet and its plan in a folder, which can be written with one host changed."""

    def __init__(self, bmslice, root, case, folder):
        subprocess.run([root / "bench/fleet-make", case, str(HOSTS), str(FLAVOURS), "1", folder],
                       check=True, stdout=subprocess.DEVNULL)
        self.hosts, self.spec, self.plan = (folder / name for name in
                                            ("hosts.jsonl", "spec.yaml", "plan.json"))
        with open(self.plan, "wb") as out:
            code = subprocess.run([bmslice, "plan", "--json", self.spec, "--inventory", self.hosts],
                                  stdout=out, check=False).returncode
        assert code in (0, 3), f"bmslice plan ended with {code}"
        self.check = load_check(root)
        lines = [json.loads(line) for line in self.hosts.read_text().splitlines()]
        self.all_hosts = {host["hostname"]: host for host in lines}
        self.whole = json.loads(self.plan.read_text())

    def write(self, hosts, whole):
        with open(self.hosts, "w", encoding="utf-8") as out:
            out.writelines(json.dumps(host) + "\n" for host in hosts)
        rest = {key: value for key, value in whole.items() if key not in ("version", "hosts")}
        with open(self.plan, "w", encoding="utf-8") as out:
            out.write('{"version":1,"hosts":[\n')
            out.write(",\n".join(json.dumps(host) for host in whole["hosts"]))
            out.write("\n]," + json.dumps(rest)[1:])

    def breaches(self):
        return self.check(self.hosts, self.spec, self.plan)[0]


# what is wrong with a fleet only: changes the plan's hosts, of which @at is one

def place_twice(whole, at):
    other = whole["hosts"][at - 1]
    other["slices"].append(copy.deepcopy(whole["hosts"][at]["slices"][0]))


def rename(whole, at):
    whole["hosts"][at]["slices"][0]["name"] = "nobody"


def exchange_name(whole, at):
    whole["hosts"][at]["name"] = whole["hosts"][at - 1]["name"]


FLEET = [
    ("a slice on two hosts", place_twice, "placed twice"),
    ("a slice that nobody asked for", rename, "that the spec has not"),
    ("a host twice", exchange_name, "twice in the plan"),
    ("a host that is lost", lambda whole, at: whole["hosts"].pop(at), "are not those of"),
]


def change_host(files, change, rng):
    """The name of a host on which it could be made; None: there is none."""
    for at in rng.sample(range(len(files.whole["hosts"])), len(files.whole["hosts"])):
        ours = files.whole["hosts"][at]
        case = Case(files.all_hosts[ours["name"]], {"hosts": [ours]}, {})
        try:
            change(case)
        except (Skip, StopIteration):
            continue
        hosts = dict(files.all_hosts, **{ours["name"]: case.host})
        files.write(hosts.values(), dict(files.whole, hosts=[
            case.ours if i == at else host for i, host in enumerate(files.whole["hosts"])]))
        return ours["name"]
    return None


def change_fleet(files, change, rng):
    whole = copy.deepcopy(files.whole)
    at = rng.randrange(len(whole["hosts"]))
    change(whole, at)
    files.write(files.all_hosts.values(), whole)
    return ""


def main(bmslice, root):
    rng, tried, missed = random.Random(1), {}, 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            files = FleetFiles(bmslice, root, case, pathlib.Path(folder))
            for breach in files.breaches():
                print(f"{case}: {breach}")
                missed += 1
            for make, changes in ((change_host, HOST), (change_fleet, FLEET)):
                for what, change, words in changes:
                    name = make(files, change, rng)
                    if name is None:
                        continue
                    breaches = files.breaches()
                    tried[what] = tried.get(what, 0) + 1
                    if not any(breach.startswith(name) and re.search(words, breach)
                               for breach in breaches):
                        print(f"{case}: {name}: {what}: not found; {breaches[:5]}")
                        missed += 1
    never = [what for what, *_ in HOST + FLEET if what not in tried]
    print(f"{len(CASES)} fleets, {sum(tried.values())} changes, {missed} missed; "
          f"none of them has what it takes for: {', '.join(never) or 'nothing'}")
    return 1 if missed or len(tried) < len(HOST + FLEET) * 3 // 4 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
