#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generated.py FILE PROGRAM [ARGUMENT...]: FILE must be what PROGRAM prints.

With BMSLICE_UPDATE=1 FILE is written instead.
"""
import difflib
import os
import pathlib
import subprocess
import sys

path = pathlib.Path(sys.argv[1])
wanted = subprocess.run(sys.argv[2:], check=True, capture_output=True, text=True).stdout
if os.environ.get("BMSLICE_UPDATE") == "1":
    path.write_text(wanted, encoding="utf-8")
have = path.read_text(encoding="utf-8") if path.exists() else ""
sys.stdout.writelines(difflib.unified_diff(
    have.splitlines(True), wanted.splitlines(True), str(path), "generated"))
sys.exit(have != wanted)
