# SPDX-License-Identifier: Apache-2.0
"""The domain XML of a slice against the plan, the spec and the host (tests/check-plan)."""
import xml.etree.ElementTree as ElementTree

CLUSTER = "{urn:bmslice:slice:1}cluster"
KIB = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "b": 1, "bytes": 1}


def kib(element):
    """What <memory unit='KiB'>N</memory> says, in bytes."""
    return int(element.text) * KIB[element.get("unit", "KiB")]


def address_of(element):
    numbers = (int(element.get(key), 16) for key in ("domain", "bus", "slot", "function"))
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*numbers)


class DomainChecker:
    """@cpus: reads a kernel list. Breaches go to @breach(subject, text)."""

    def __init__(self, host, plan_host, s, breach, cpus):
        self.host, self.plan_host, self.s, self.cpus = host, plan_host, s, cpus
        self.breach = lambda text: breach(s["name"], "XML: " + text)

    def check(self, text):
        domain = ElementTree.fromstring(text)
        if domain.findtext("name") != self.s["name"]:
            self.breach("it is another domain's")
        if domain.get("type") != ("kvm" if self.plan_host["kvm"] else "qemu"):
            self.breach(f"a domain of type {domain.get('type')}")
        if domain.findtext(f"metadata/*/{CLUSTER}") != self.s["cluster"]:
            self.breach("its metadata names another cluster")
        self.check_pins(domain)
        self.check_topology(domain)
        self.check_memory(domain)
        self.check_binding(domain)
        self.check_cells(domain)
        self.check_functions(domain)
        self.check_disk(domain)

    def check_pins(self, domain):
        s = self.s
        pins = {int(p.get("vcpu")): self.cpus(p.get("cpuset")) for p in domain.iter("vcpupin")}
        if domain.findtext("vcpu") != str(len(s["vcpus"])):
            self.breach(f"{domain.findtext('vcpu')} vCPUs")
        if domain.find("vcpu").get("current") or domain.find("vcpu").get("cpuset"):
            self.breach("not all vCPUs are there at once, or they share CPUs")
        if pins != {v["id"]: {v["cpu"]} for v in s["vcpus"]}:
            self.breach("vcpupin differs from the plan")
        emulator = domain.find("cputune/emulatorpin")
        if emulator is None or self.cpus(emulator.get("cpuset")) != self.cpus(s["emulator_cpus"]):
            self.breach("emulatorpin differs from the plan")
        threads = {int(p.get("iothread")): self.cpus(p.get("cpuset"))
                   for p in domain.iter("iothreadpin")}
        if threads != {t["id"]: self.cpus(t["cpus"]) for t in s["iothreads"]}:
            self.breach("iothreadpin differs from the plan")
        if int(domain.findtext("iothreads") or 0) != len(threads):
            self.breach(f"{domain.findtext('iothreads')} IOThreads, {len(threads)} of them pinned")

    def check_topology(self, domain):
        s, topology = self.s, domain.find("cpu/topology")
        wanted = {"sockets": len(s["nodes"]), "dies": 1, "threads": s["threads"],
                  "cores": len(s["vcpus"]) // (len(s["nodes"]) * s["threads"])}
        found = {} if topology is None else {key: int(topology.get(key)) for key in wanted}
        if found != wanted:
            self.breach(f"CPU topology {found}, and {wanted} is wanted")
        if domain.find("cpu").get("mode") != (
                "host-passthrough" if self.plan_host["kvm"] else "maximum"):
            self.breach(f"CPU mode {domain.find('cpu').get('mode')}")

    def check_memory(self, domain):
        s, backing = self.s, domain.find("memoryBacking")
        unit = max(s["hugepage_bytes"] or 0, 1 << 20)
        wanted = -(-s["memory_bytes"] // unit) * unit
        for name in ("memory", "currentMemory"):
            if kib(domain.find(name)) != wanted:
                self.breach(f"{name} is {kib(domain.find(name))} bytes, not {wanted}")
        pages = [int(p.get("size")) * KIB[p.get("unit", "KiB")] for p in backing.iter("page")]
        if pages != ([s["hugepage_bytes"]] if s["hugepage_bytes"] else []):
            self.breach(f"pages of {pages} bytes, the plan says {s['hugepage_bytes']}")
        if any(p.get("nodeset") for p in backing.iter("page")):
            self.breach("pages for some of its nodes only")
        if not s["hugepage_bytes"] and backing.find("nosharepages") is None:
            self.breach("ordinary pages that KSM may merge")
        if domain.find("devices/memballoon").get("model") != "none":
            self.breach("a balloon that takes memory away")

    def check_binding(self, domain):
        nodes = self.s["nodes"]
        memory = domain.find("numatune/memory")
        if memory is None or self.cpus(memory.get("nodeset")) != set(nodes):
            self.breach("memory is not bound to its nodes")
        if any(m.get("mode") != "strict" for m in domain.findall("numatune/*")):
            self.breach("memory is not bound strictly")
        cells = {int(m.get("cellid")): self.cpus(m.get("nodeset"))
                 for m in domain.iterfind("numatune/memnode")}
        wanted = {i: {node} for i, node in enumerate(nodes)} if len(nodes) > 1 else {}
        if cells != wanted:
            self.breach(f"guest nodes are bound to {cells}, not {wanted}")

    def distances(self):
        """Between the slice's nodes as the host has them; None: it does not tell."""
        ids = [node["id"] for node in self.host["nodes"]]
        rows = {node["id"]: node["distances"] for node in self.host["nodes"]}
        if any(len(rows[node] or []) != len(ids) for node in self.s["nodes"]):
            return None
        return [[rows[a][ids.index(b)] for b in self.s["nodes"]] for a in self.s["nodes"]]

    def check_cells(self, domain):
        s, cells = self.s, domain.findall("cpu/numa/cell")
        n, wanted = len(s["nodes"]), self.distances()
        if len(cells) != (n if n > 1 else 0):
            self.breach(f"{len(cells)} guest NUMA nodes for {n} of the host")
            return
        each = len(s["vcpus"]) // n
        for i, cell in enumerate(cells):
            memory = int(cell.get("memory")) * KIB[cell.get("unit", "KiB")]
            if int(cell.get("id")) != i:
                self.breach(f"guest node {i} is called {cell.get('id')}")
            if self.cpus(cell.get("cpus")) != set(range(i * each, (i + 1) * each)):
                self.breach(f"guest node {i} has vCPUs {cell.get('cpus')}")
            if abs(memory - s["memory_bytes"] // n) >= 1 << 20:
                self.breach(f"guest node {i} has {memory} bytes of memory")
            if s["hugepage_bytes"] and memory % s["hugepage_bytes"]:
                self.breach(f"guest node {i} has a part of a page")
            row = {int(d.get("id")): int(d.get("value"))
                   for d in cell.iterfind("distances/sibling")}
            if wanted is not None and row != dict(enumerate(wanted[i])):
                self.breach(f"guest node {i}: distances {row}, the host's are {wanted[i]}")
        if cells and sum(int(c.get("memory")) * KIB[c.get("unit", "KiB")] for c in cells) != kib(
                domain.find("memory")):
            self.breach("its nodes have not all of its memory")

    def check_functions(self, domain):
        """Whole functions and VFs, in the order of the plan: the guest numbers its NICs by it."""
        whole, vfs = [], []
        for hostdev in domain.iterfind("devices/hostdev"):
            whole.append(address_of(hostdev.find("source/address")))
            if (hostdev.get("mode"), hostdev.get("type")) != ("subsystem", "pci"):
                self.breach(f"{whole[-1]} is no PCI hostdev")
        for interface in domain.iterfind("devices/interface"):
            if interface.get("type") != "hostdev":
                self.breach(f"an interface of type {interface.get('type')}")
                continue
            mac, tag = interface.find("mac"), interface.find("vlan/tag")
            vfs.append((address_of(interface.find("source/address")),
                        None if mac is None else mac.get("address"),
                        None if tag is None else int(tag.get("id"))))
        for element in domain.findall("devices/hostdev") + domain.findall("devices/interface"):
            if element.get("managed") != "yes":
                self.breach("a function that libvirt does not bind and give back")
        if whole != [d["address"] for d in self.s["devices"] if d["kind"] != "vf"]:
            self.breach(f"whole PCI functions {whole}")
        wanted = [(d["address"], d["mac"], d.get("vlan"))
                  for d in self.s["devices"] if d["kind"] == "vf"]
        if vfs != wanted:
            self.breach(f"VFs with MAC address and VLAN {vfs}, and {wanted} are wanted")

    def check_disk(self, domain):
        wanted = [self.s["disk"]["path"]] if self.s.get("disk") else []
        if [d.get("file") for d in domain.iterfind("devices/disk/source")] != wanted:
            self.breach(f"its disks are not {wanted}")
        for driver in domain.iterfind("devices/disk/driver"):
            if self.s["iothreads"] and driver.get("iothread") != str(self.s["iothreads"][0]["id"]):
                self.breach("no IOThread serves its disk")
