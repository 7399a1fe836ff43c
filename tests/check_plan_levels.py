# SPDX-License-Identifier: Apache-2.0
"""What a plan costs, counted anew, against what it says of itself (tests/check-plan).

The levels are those of bmslice(1). That a bound is true cannot be seen from one plan: for small ones
tests/unit/test_place.c tries everything. What can be seen is a value that is not the plan's, one that
beats its bound, "optimal" beside a gap, and a slice that is refused and yet fits beside the others.
"""
import itertools


class LevelChecker:
    """@checker: of tests/check-plan, for its readings of host, spec and plan."""

    def __init__(self, checker, plan_host):
        self.c, self.plan_host = checker, plan_host
        self.slices = plan_host["slices"]
        self.ids = [node["id"] for node in checker.host["nodes"]]
        rows = {n["id"]: n["distances"] or [] for n in checker.host["nodes"]}
        self.far = {(a, b): rows[a][i] - 10 for a in rows
                    for i, b in enumerate(self.ids[:len(rows[a])])}
        self.farthest = max(list(self.far.values()) + [0])

    def breach(self, text):
        self.c.breach("bounds", text)

    # what each level counts

    def distance(self, a, b):
        if a == b and a is not None:
            return 0
        return max(self.far.get((a, b), self.farthest), 0)

    def remote(self):
        """Devices on none of their slice's nodes: locality, and how far."""
        for s in self.slices:
            entry = self.c.instances[s["name"]][1]
            wanted = list(entry.get("nics") or [])
            wanted += [d for d in entry.get("devices") or [] for _ in range(d.get("count", 1))]
            for want, device in zip(wanted, s["devices"]):
                if len(self.ids) > 1 and device["node"] not in s["nodes"]:
                    yield want.get("locality", "required"), min(
                        self.distance(n, device["node"]) for n in s["nodes"])

    def l3_shared(self):
        users = {}
        for s in self.slices:
            for vcpu in s["vcpus"]:
                core = self.c.cores[self.c.core_of[vcpu["cpu"]]][0]
                users.setdefault((core["node"], core["l3"]), set()).add(s["name"])
        return sum(len(names) - 1 for names in users.values())

    def nic_nodes(self):
        with_nic = {f["node"] for f in self.c.pci.values()
                    if (f.get("class") or "").startswith("02") and self.c.can_be_given(f)}
        return sum(node in with_nic for s in self.slices if not s["devices"] for node in s["nodes"])

    def free_cores(self):
        """By node: indices of cores that nobody has."""
        taken = self.c.cpus(self.plan_host["reserved_cpus"])
        taken |= self.c.cpus(self.plan_host["isolated_cpus"])
        return {node: {i for i, (core, its) in enumerate(self.c.cores)
                       if core["node"] == node and its and not its & taken} for node in self.ids}

    def cores_of(self, entry):
        """vCPU cores on each node, and service cores of its own."""
        nodes = (entry.get("numa") or {}).get("nodes", 1)
        pairs = entry.get("smt", "pairs") == "pairs"
        service = entry.get("service") or {}
        own = service.get("cores", 1) if service.get("scope", "node") == "slice" else 0
        return nodes, entry["vcpus"] // nodes // (self.c.width if pairs else 1), own

    def refused_cores(self):
        total = 0
        for unplaced in self.c.plan["unplaced"]:
            nodes, cores, own = self.cores_of(self.c.instances[unplaced["name"]][1])
            total += nodes * cores + own
        return total

    def count(self):
        """(level, priority) -> value; "moved" needs to know what runs."""
        refused = {}
        for name, (_, entry) in self.c.instances.items():
            priority = entry.get("priority", 0)
            gone = any(u["name"] == name for u in self.c.plan["unplaced"])
            refused[priority] = refused.get(priority, 0) + gone
        remote = list(self.remote())
        pairs = sum(self.distance(b, a) for s in self.slices
                    for a, b in itertools.combinations(s["nodes"], 2))
        counts = {("refused", priority): refused[priority] for priority in refused}
        counts.update({
            ("refused-cores", None): self.refused_cores(),
            ("over-nodes", None): sum(len(s["nodes"]) > 1 for s in self.slices),
            ("remote-devices", None): sum(locality == "preferred" for locality, _ in remote),
            ("distance", None): pairs + sum(far for _, far in remote),
            ("l3-shared", None): self.l3_shared(),
            ("nic-nodes", None): self.nic_nodes(),
            ("room", None): max([len(free) for free in self.free_cores().values()] + [0]),
        })
        return counts

    # what the plan says

    def check_order(self, levels):
        found = [(level["level"], level.get("priority")) for level in levels]
        priorities = sorted({e.get("priority", 0) for _, e in self.c.instances.values()}, reverse=True)
        wanted = [("moved", None)] + [("refused", p) for p in priorities]
        wanted += [("refused-cores", None)]
        if self.c.entry.get("repack"):
            wanted = wanted[1:] + wanted[:1]
        wanted += [(name, None) for name in ("over-nodes", "remote-devices", "distance",
                                             "l3-shared", "nic-nodes", "room")]
        if found != wanted:
            self.breach(f"its levels are {found}, not {wanted}")

    def check_level(self, level, counts):
        name, value, bound = level["level"], level["value"], level["bound"]
        key = (name, level.get("priority"))
        if key in counts and value != counts[key]:
            self.breach(f"{name} is {value} in the plan, and {counts[key]} counted")
        if name == "moved" and value < 0:
            self.breach(f"{value} slices moved")
        if bound is None:
            if level["gap"] is not None:
                self.breach(f"{name}: a gap of {level['gap']} to a bound that is not known")
            return
        if value > bound if name == "room" else value < bound:
            self.breach(f"{name} is {value}, better than its bound {bound}")
        if level["gap"] != abs(value - bound):
            self.breach(f"{name} is {value} of {bound}, and the gap is said to be {level['gap']}")

    def check_admitted(self, levels):
        bounds = self.c.plan["bounds"]
        refused = [level for level in levels if level["level"] == "refused"]
        n_slices = len(self.c.instances)
        if sum(level["value"] for level in refused) != n_slices - bounds["admitted"]:
            self.breach("slices admitted and refused are not all")
        if len(refused) == 1 and refused[0]["bound"] is not None:
            if n_slices - refused[0]["bound"] != bounds["admitted_bound"]:
                self.breach("the bounds of slices admitted and refused differ")

    def check(self):
        bounds = self.c.plan["bounds"]
        levels = bounds.get("levels") or []
        if not levels:
            return
        counts = self.count()
        self.check_order(levels)
        for level in levels:
            self.check_level(level, counts)
        self.check_admitted(levels)
        if bounds["optimal"] != all(level["gap"] == 0 for level in levels):
            self.breach(f"optimal: {bounds['optimal']}, beside the gaps "
                        f"{[level['gap'] for level in levels]}")
        if all(level["gap"] == 0 for level in levels if level["level"] == "refused"):
            self.check_refused()

    # refused, and said to be proved so

    def check_refused(self):
        free = self.free_cores()
        for unplaced in self.c.plan["unplaced"]:
            cluster, entry = self.c.instances[unplaced["name"]]
            mates = [s for s in self.slices if s["cluster"] == cluster["name"]]
            if mates and cluster.get("spread", "host") == "host":
                continue
            for nodes in self.choices(entry):
                if self.fits(entry, nodes, free):
                    self.breach(f"slice {unplaced['name']} is refused and would fit on {nodes}")

    def choices(self, entry):
        count, _, _ = self.cores_of(entry)
        pin = set((entry.get("numa") or {}).get("pin") or [])
        ids = [n["id"] for n in self.c.host["nodes"] if self.c.cpus(n["cpus"])]
        for nodes in itertools.combinations(ids, count):
            if len(pin & set(nodes)) == min(len(pin), count):
                yield nodes

    def fits(self, entry, nodes, free):
        count, cores, own = self.cores_of(entry)
        pairs = entry.get("smt", "pairs") == "pairs"
        threads = self.c.width if pairs else 1
        if entry["vcpus"] % (count * threads):
            return False
        for i, node in enumerate(nodes):
            service = (own or self.more_service(entry, node)) if i == 0 else 0
            whole = [c for c in free[node] if len(self.c.cores[c][1]) == self.c.width]
            if len(free[node]) < cores + service or (pairs and len(whole) < cores):
                return False
            if self.c.free_memory(self.plan_host, node) < self.c.size(entry["memory"]) / count:
                return False
        page = self.c.page_of(entry)
        share = self.c.size(entry["memory"]) // count
        if self.c.size(entry["memory"]) % count or (page and share % page) or (
                not self.c.has_pages(page)):
            return False
        return self.find_functions(entry, nodes)

    def more_service(self, entry, node):
        """Service cores that the node's slices do not have yet; they share the most of any."""
        service = entry.get("service") or {}
        if service.get("scope", "node") == "slice":
            return 0
        have = [(self.c.instances[s["name"]][1].get("service") or {}) for s in self.slices
                if s["nodes"][0] == node]
        most = max([h.get("cores", 1) for h in have if h.get("scope", "node") == "node"] + [0])
        return max(service.get("cores", 1) - most, 0)

    def find_functions(self, entry, nodes):
        """One function after the other, the first that will do. Only functions that are there, and
        alone in their IOMMU group: what this finds is there, what it misses may be too."""
        devices = [d for s in self.slices for d in s["devices"]]
        whole = {d["address"] for d in devices}
        pfs = {d["pf"] for d in devices if d.get("pf")}
        wanted = list(entry.get("nics") or [])
        wanted += [d for d in entry.get("devices") or [] for _ in range(d.get("count", 1))]
        for want in wanted:
            found = next((f for f in self.c.pci.values()
                          if f["address"] not in whole | pfs and f.get("pf") not in whole
                          and not want.get("bond") and self.serves(want, f, nodes)), None)
            if not found:
                return False
            whole.add(found["address"])
            pfs |= {found["pf"]} if found.get("pf") else set()
        return True

    def serves(self, want, function, nodes):
        local = len(self.ids) == 1 or function["node"] in nodes
        if not (self.c.can_be_given(function) and self.c.is_alone(function)):
            return False
        if want.get("locality", "required") == "required" and not local:
            return False
        if "network" not in want:
            return (want["vendor"], want["device"]) == (function["vendor"], function["device"])
        if want["mode"] == "pf":
            return (not (function.get("sriov") or {}).get("num_vfs") and not function.get("pf")
                    and self.c.is_uplink(function["address"], want["network"]))
        pf = function.get("pf")
        return bool(pf) and self.c.is_uplink(pf, want["network"])
