#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the layer rule (ARCHITECTURE.md): who may include whom, and which libraries belong where.

Usage: layers.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

# layer -> layers whose headers it may include, besides its own
MAY_INCLUDE = {
    "base": [],
    "model": ["base"],
    "core": ["base", "model"],
    "port": ["base", "model"],
    "app": ["base", "model", "core", "port"],
    "cli": ["base", "model", "core", "app"],
}
# library header -> the files that may include it (path prefixes below src/)
LIBRARIES = {
    r"libvirt/": ["port/virt"],
    r"hwloc": ["port/discover"],
    r"libfyaml": ["base/tree"],
    r"gio/": ["base/pack", "port/"],
    r"libxml/": ["base/xml", "core/domain_write", "core/picture_"],
}
# Calls that touch the world, in layers that must not: files, clocks, the environment, output.
PURE_LAYERS = ["base", "model", "core"]
IMPURE = re.compile(
    r"\b(fopen|open|openat|g_file_get_contents|g_getenv|getenv|time|clock_gettime|"
    r"g_get_real_time|g_get_monotonic_time|printf|puts|fputs|fprintf|g_print|g_printerr|"
    r"system|popen|fork|execv\w*|socket|g_random_\w+|rand|gethostname)\s*\(")


def strip_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def breaches_of(path, name, text):
    layer = name.split("/")[0]
    for number, line in enumerate(strip_comments(text).splitlines(), 1):
        include = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        where = f"{path}:{number}"
        if include:
            header = include.group(1)
            owner = header.split("/")[0]
            if owner in MAY_INCLUDE and owner != layer and owner not in MAY_INCLUDE[layer]:
                yield f"{where}: {layer} must not include {header}"
            for library, places in LIBRARIES.items():
                if re.match(library, header) and not any(name.startswith(p) for p in places):
                    yield f"{where}: {header} belongs into {', '.join(places)}"
            continue
        call = IMPURE.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
        if layer in PURE_LAYERS and call:
            yield f"{where}: {layer} is pure: no {call.group(1)}()"


def main():
    source = pathlib.Path(sys.argv[1]) / "src"
    files = sorted(p for p in source.rglob("*.[ch]"))
    breaches = []
    for path in files:
        name = path.relative_to(source).as_posix()
        breaches += breaches_of(path, name, path.read_text(encoding="utf-8"))
    # the rule must be able to fail: a file that breaks it is found
    probe = '#include "port/virt.h"\n#include <libvirt/libvirt.h>\nint f(void) { return open("x", 0); }\n'
    if len(list(breaches_of("probe", "core/probe.c", probe))) != 3:
        breaches.append("layers.py does not find what it looks for")
    for breach in breaches:
        print(breach)
    print(f"{len(files)} files, {len(breaches)} breaches")
    return 1 if breaches or len(files) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
