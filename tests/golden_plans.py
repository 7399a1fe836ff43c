#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every plan of tests/golden/plan against tests/check-plan, and what the program makes of the
same host and spec, with the domain XML beside it.

Usage: golden_plans.py BMSLICE SOURCE-ROOT
"""
import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile


def load_checker(root):
    """tests/check-plan is a program without a suffix."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_plan", str(root / "tests/check-plan"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def cases_of(root):
    """(name, path of the Host JSON, path of the spec, path of the plan)"""
    for line in sorted((root / "tests/golden/plan").glob("*/host")):
        case, text = line.parent, line.read_text().strip()
        host = root / "tests/hosts" / text if text.endswith(".json") else case / "host.json"
        spec = case / "spec.yaml"
        if not spec.exists():
            spec = root / "examples" / (case.name + ".yaml")
        yield case.name, host, spec, case / "plan.json"


def plan_anew(bmslice, checker, host, spec):
    """The plan that the program prints, and its domain XML by slice."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([bmslice, "plan", spec, "--inventory", host, "--json", "--xml",
                                 folder], stdout=subprocess.PIPE, check=False)
        return json.loads(result.stdout), checker.read_xml(folder)


def main(bmslice, root):
    checker = load_checker(root)
    count = bad = n_domains = 0
    for name, host, spec, golden in cases_of(root):
        plan, texts = plan_anew(bmslice, checker, host, spec)
        golden_plan, text = json.loads(golden.read_text()), spec.read_text()
        breaches = checker.breaches_of(json.loads(host.read_text()), text, golden_plan)
        breaches += checker.breaches_of(json.loads(host.read_text()), text, plan, texts)
        if plan["hosts"][0]["slices"] != golden_plan["hosts"][0]["slices"]:
            breaches.append("the program places its slices in another way than the golden plan")
        count, bad, n_domains = count + 1, bad + bool(breaches), n_domains + len(texts)
        for breach in breaches:
            print(f"{name}: {breach}")
    print(f"{count} plans and {n_domains} domains, {bad} plans with breaches")
    return 1 if bad or not n_domains else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2])))
