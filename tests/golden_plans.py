#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every plan of tests/golden/plan against tests/check-plan.

Usage: golden_plans.py SOURCE-ROOT
"""
import importlib.machinery
import importlib.util
import json
import pathlib
import sys

import yaml

ROOT = pathlib.Path(sys.argv[1])


def load_checker():
    """tests/check-plan is a program without a suffix."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_plan", str(ROOT / "tests/check-plan"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.Checker


def breaches_of(checker_class, case):
    line = (case / "host").read_text().strip()
    host = ROOT / "tests/hosts" / line if line.endswith(".json") else case / "host.json"
    spec = case / "spec.yaml"
    if not spec.exists():
        spec = ROOT / "examples" / (case.name + ".yaml")
    checker = checker_class(json.loads(host.read_text()), yaml.safe_load(spec.read_text()),
                            json.loads((case / "plan.json").read_text()))
    checker.check()
    return checker.breaches


def main():
    checker_class = load_checker()
    cases = sorted(path.parent for path in (ROOT / "tests/golden/plan").glob("*/host"))
    bad = 0
    for case in cases:
        breaches = breaches_of(checker_class, case)
        bad += bool(breaches)
        for breach in breaches:
            print(f"{case.name}: {breach}")
    print(f"{len(cases)} plans, {bad} with breaches")
    return 1 if bad or not cases else 0


sys.exit(main())
