#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py SOURCE: the JSON Schema takes the examples, and refuses what is wrong in shape."""
import copy
import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

# Golden cases whose mistake is one of shape: an editor can see it.
BAD_CASES = ["list-at-root", "missing-keys", "nothing-in-it", "unknown-words", "wrong-types"]

# One change to examples/red-blue.yaml each: where, and what to put there (None: delete the key).
SLICE = ("clusters", 0, "slices", 0)
BAD_CHANGES = [
    (("version",), None),
    (("hosts",), []),
    (("colour",), "red"),
    (("hosts", 0, "name"), "server1; reboot"),
    (("hosts", 0, "isolation"), "isolcpus"),
    (("hosts", 0, "reserve", "cores_per_node"), 0),
    (("hosts", 0, "reserve", "cpus"), "0..3"),
    (("networks", "red-tenant", "vlan"), 4095),
    (("networks", "red-tenant", "uplinks"), []),
    (("images", "../image"), {"source": "/images/a.qcow2"}),
    ((*SLICE, "name"), "a/b"),
    ((*SLICE, "vcpus"), 0),
    ((*SLICE, "vcpus"), "8"),
    ((*SLICE, "memory"), "plenty"),
    ((*SLICE, "memory"), None),
    ((*SLICE, "hugepages"), "1GB"),
    ((*SLICE, "numa", "pin"), [-1]),
    ((*SLICE, "disk", "image"), None),
    ((*SLICE, "nics", 0, "mode"), "sriov"),
    ((*SLICE, "nics", 0, "mac"), "01:00:5e:00:00:01"),
    ((*SLICE, "nics", 0, "trust"), "yes"),
    ((*SLICE, "login"), {"user": "x", "password_hash": "plain"}),
]
GOOD_CHANGES = [
    ((*SLICE, "memory"), 8589934592),
    ((*SLICE, "name"), "w{n}"),
    (("hosts", 0, "name"), "rack1-*"),
    (("hosts", 0, "uri"), "qemu+ssh://root@server1/system"),
    (("hosts", 0, "reserve"), {"cpus": "0-1,12-13"}),
    ((*SLICE, "login"), {"user": "x", "password_hash": "$6$salt$0123456789abcdef"}),
]


def change(document, path, value):
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def main():
    source = pathlib.Path(sys.argv[1])
    schema = json.loads((source / "share/bmslice-spec-1.schema.json").read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    is_valid = kind(schema).is_valid
    example = load(source / "examples/red-blue.yaml")

    rows = [(True, path.name, load(path)) for path in sorted((source / "examples").glob("*.yaml"))]
    rows += [(False, name, load(source / f"tests/golden/spec/{name}.yaml")) for name in BAD_CASES]
    rows += [(True, str(row), change(example, *row)) for row in GOOD_CHANGES]
    rows += [(False, str(row), change(example, *row)) for row in BAD_CHANGES]
    wrong = [name for good, name, document in rows if is_valid(document) != good]
    for name in wrong:
        print(f"the schema is wrong about {name}")
    print(f"{len(rows)} documents, {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
