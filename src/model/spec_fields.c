/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The field tables of the spec: keys, kinds, limits, defaults and one line of words each. The JSON
 * Schema is printed from them. Defaults that hang on other fields are in spec_defaults.c.
 */
#include "model/spec.h"

#define MIB ((gint64)1 << 20)
#define TIB ((gint64)1 << 40)

/* Text that ends up in a file or a message: one line, no control characters. */
static const TextForm line_form = {
    .pattern = "^[^\\x00-\\x1f\\x7f]+$",
    .words = "text on one line",
};
static const TextForm host_form = {
    .pattern = "^[A-Za-z0-9*?][A-Za-z0-9_.*?-]{0,252}$",
    .words = "a host name, which may hold * and ?: letters, digits, \"_\", \".\" and \"-\"",
};
static const TextForm owner_form = {
    .pattern = "^(irqbalance|tuned|numad)$",
    .words = "irqbalance, tuned or numad",
};
static const TextForm uri_form = {
    .pattern = "^qemu(\\+(ssh|libssh|libssh2|tls|tcp|unix))?://"
               "[A-Za-z0-9_.@:\\[\\]-]*/(system|session)(\\?[A-Za-z0-9_.,:=&/%~-]*)?$",
    .words = "a libvirt URI such as qemu:///system or qemu+ssh://root@server1/system",
};
static const TextForm nic_form = {
    .pattern = "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,31}$",
    .words = "a network interface or a PCI address, such as eno1 or 0000:01:00.1",
};
/* As TEXT_FORM_NAME, with {n} where a character may stand; the length is checked after counting. */
static const TextForm slice_form = {
    .pattern = "^([A-Za-z0-9]|\\{n\\})([A-Za-z0-9_.-]|\\{n\\}){0,62}$",
    .words =
        "a name: letters, digits, \"_\", \".\" and \"-\", at most 63, first a letter or digit, "
        "and {n} for the number where there is a count",
};
static const TextForm user_form = {
    .pattern = "^[a-z_][a-z0-9_-]{0,31}$",
    .words = "a user name: small letters, digits, \"_\" and \"-\"",
};
static const TextForm hash_form = {
    .pattern = "^\\$[0-9a-z]{1,8}\\$[A-Za-z0-9./$=,-]{8,256}$",
    .words = "a password hash as crypt(3) writes it ($6$...), never the password itself",
};

/* Each in the order of its enum in spec.h. */
const char *const SPEC_ISOLATION_WORDS[] = {"boot", "runtime", "none", NULL};
static const char *const smt_words[] = {"pairs", "isolate", NULL};
static const char *const hugepages_words[] = {"1GiB", "2MiB", "none", NULL};
static const char *const scope_words[] = {"slice", "node", NULL};
static const char *const nic_mode_words[] = {"pf", "vf", NULL};
static const char *const locality_words[] = {"required", "preferred", "any", NULL};
static const char *const spread_words[] = {"host", "none", "rack", NULL};
static const char *const bond_mode_words[] = {"active-backup", "802.3ad", "balance-xor", NULL};

#define RECORD(title, type, table)                                                                 \
    {                                                                                              \
        title, sizeof(type), .node_offset = offsetof(type, node), RECORD_FIELDS(table)             \
    }

#define AT(member) offsetof(SpecImage, member)
static const Field image_fields[] = {
    {"name", FIELD_TEXT, AT(name), .form = &TEXT_FORM_NAME, .doc = "name of the image"},
    {"source", FIELD_TEXT, AT(source), FIELD_REQUIRED, .form = &line_form,
     .doc = "absolute path of a qcow2 or raw image on the host"},
    {"sha256", FIELD_TEXT, AT(sha256), .form = &TEXT_FORM_SHA256,
     .doc = "its checksum, compared before use"},
};
static const Record image_record = RECORD("image", SpecImage, image_fields);
#undef AT

#define AT(member) offsetof(SpecUplink, member)
static const Field uplink_fields[] = {
    {"host", FIELD_TEXT, AT(host), FIELD_REQUIRED, .form = &host_form,
     .doc = "name of a host entry, a name that its pattern matches, or a pattern of host names"},
    {"pf", FIELD_TEXT, AT(pf), FIELD_REQUIRED, .form = &nic_form,
     .doc = "network interface or PCI address of the physical function"},
};
static const Record uplink_record = RECORD("uplink", SpecUplink, uplink_fields);
#undef AT

#define AT(member) offsetof(SpecNetwork, member)
static const Field network_fields[] = {
    {"name", FIELD_TEXT, AT(name), .form = &TEXT_FORM_NAME, .doc = "name of the network"},
    {"vlan", FIELD_INT, AT(vlan), .min = 1, .max = 4094,
     .doc = "VLAN the host tags on VFs; absent: untagged"},
    {"mtu", FIELD_INT, AT(mtu), .min = 576, .max = 65535,
     .doc = "of the ports that its VFs lie on, in bytes; absent: what they have"},
    {"uplinks", FIELD_LIST, AT(uplinks), FIELD_REQUIRED | FIELD_NON_EMPTY, .record = &uplink_record,
     .doc = "the ports that are plugged into it"},
};
static const Record network_record = RECORD("network", SpecNetwork, network_fields);
#undef AT

#define AT(member) offsetof(SpecReserve, member)
static const Field reserve_fields[] = {
    {"cores_per_node", FIELD_INT, AT(cores_per_node), .min = 1, .max = 1024,
     .doc = "whole cores of each NUMA node for the host OS; 1 unless cpus is given"},
    {"cpus", FIELD_CPUS, AT(cpus), .doc = "CPUs for the host OS, instead of cores_per_node"},
    {"memory_per_node", FIELD_SIZE, AT(memory_per_node), .max = 64 * TIB, .fallback = "4GiB",
     .doc = "memory of each NUMA node for the host OS"},
};
static const Record reserve_record = RECORD("reserve", SpecReserve, reserve_fields);
#undef AT

#define AT(member) offsetof(SpecIsolate, member)
static const char *const style_words[] = {"full", "isolcpus", NULL};
static const Field isolation_fields[] = {
    {"mode", FIELD_ENUM, AT(mode), .words = SPEC_ISOLATION_WORDS, .fallback = "boot",
     .doc = "boot: by kernel arguments, in force after a reboot; runtime: by a cpuset partition, "
            "without one, and less thoroughly; none: only pins"},
    {"style", FIELD_ENUM, AT(style), .words = style_words, .fallback = "full",
     .doc = "full: isolcpus with managed_irq, nohz_full, rcu_nocbs, irqaffinity; isolcpus: only "
            "intel_iommu=on and a plain isolcpus"},
};
static const Record isolation_record = {"isolation", sizeof(SpecIsolate), .node_offset = -1,
                                        .short_form = true, RECORD_FIELDS(isolation_fields)};
#undef AT

#define AT(member) offsetof(SpecHost, member)
static const Field host_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .form = &host_form,
     .doc = "host name, or a pattern with * and ?; the first entry that matches a host counts"},
    {"uri", FIELD_TEXT, AT(uri), .form = &uri_form, .fallback = "qemu:///system",
     .doc = "libvirt URI"},
    {"rack", FIELD_TEXT, AT(rack), .form = &TEXT_FORM_NAME,
     .doc = "the rack that its hosts stand in, for clusters that spread over racks"},
    {"reserve", FIELD_STRUCT, AT(reserve), .record = &reserve_record,
     .doc = "what the host OS keeps for itself"},
    {"isolation", FIELD_STRUCT, AT(isolation), .record = &isolation_record,
     .doc = "how the slices' CPUs are kept from the host scheduler"},
    {"take_over", FIELD_TEXTS, AT(take_over), .form = &owner_form,
     .doc = "services that bmslice may stop and mask, for they would undo what it sets"},
    {"repack", FIELD_FLAG, AT(repack), .fallback = "false",
     .doc = "may running slices be moved to make room? false: they stay where they are"},
    {"disk_dir", FIELD_TEXT, AT(disk_dir), .form = &line_form,
     .fallback = "/var/lib/libvirt/images/bmslice", .doc = "where the slices' disks lie"},
};
static const Record host_record = RECORD("host", SpecHost, host_fields);
#undef AT

#define AT(member) offsetof(SpecNuma, member)
static const Field numa_fields[] = {
    {"nodes", FIELD_INT, AT(nodes), .min = 1, .max = 64, .fallback = "1",
     .doc = "NUMA nodes the slice lies on; with pin, as many as it names"},
    {"pin", FIELD_INTS, AT(pin), .max = 1023,
     .doc = "the host's NUMA nodes by number; absent: the planner chooses"},
};
static const Record numa_record = RECORD("numa", SpecNuma, numa_fields);
#undef AT

#define AT(member) offsetof(SpecService, member)
static const Field service_fields[] = {
    {"cores", FIELD_INT, AT(cores), .max = 64, .fallback = "1",
     .doc = "cores for emulator threads and IOThreads; 0: they run on the host's reserved CPUs"},
    {"scope", FIELD_ENUM, AT(scope), .words = scope_words, .fallback = "node",
     .doc = "slice: cores of its own; node: shared by the slices of a NUMA node"},
};
static const Record service_record = RECORD("service", SpecService, service_fields);
#undef AT

#define AT(member) offsetof(SpecDisk, member)
static const Field disk_fields[] = {
    {"image", FIELD_TEXT, AT(image), FIELD_REQUIRED, .form = &TEXT_FORM_NAME,
     .doc = "key of images"},
    {"size", FIELD_SIZE, AT(size), FIELD_REQUIRED, .min = MIB, .max = 1024 * TIB,
     .doc = "size of the disk"},
};
static const Record disk_record = RECORD("disk", SpecDisk, disk_fields);
#undef AT

#define AT(member) offsetof(SpecNic, member)
static const Field nic_fields[] = {
    {"network", FIELD_TEXT, AT(network), FIELD_REQUIRED, .form = &TEXT_FORM_NAME,
     .doc = "key of networks"},
    {"mode", FIELD_ENUM, AT(mode), FIELD_REQUIRED, .words = nic_mode_words,
     .doc = "pf: the whole function; vf: an SR-IOV virtual function of it"},
    {"locality", FIELD_ENUM, AT(locality), .words = locality_words, .fallback = "required",
     .doc = "must the NIC be on the slice's NUMA node?"},
    {"mac", FIELD_TEXT, AT(mac), .form = &TEXT_FORM_MAC,
     .doc = "VF only: MAC address; absent: derived from host, slice and NIC"},
    {"vlan", FIELD_INT, AT(vlan), .min = 1, .max = 4094,
     .doc = "VF only: VLAN; absent: the network's"},
    {"trust", FIELD_FLAG, AT(trust),
     .doc = "VF only: may the guest change its MAC and be promiscuous? false"},
    {"spoofchk", FIELD_FLAG, AT(spoofchk),
     .doc = "VF only: are frames with a foreign source MAC dropped? true"},
    {"max_rate", FIELD_INT, AT(max_rate), .min = 1, .max = 1000000,
     .doc = "VF only: Mbit/s that the guest may send; absent: no limit"},
    {"bond", FIELD_TEXT, AT(bond), .form = &TEXT_FORM_NAME,
     .doc = "VF only: the guest's bond; its members land on different PFs"},
    {"bond_mode", FIELD_ENUM, AT(bond_mode), .words = bond_mode_words,
     .doc = "how the guest bonds them"},
};
static const Record nic_record = RECORD("nic", SpecNic, nic_fields);
#undef AT

#define AT(member) offsetof(SpecDevice, member)
static const Field device_fields[] = {
    {"vendor", FIELD_TEXT, AT(vendor), FIELD_REQUIRED, .form = &TEXT_FORM_HEX4,
     .doc = "PCI vendor id"},
    {"device", FIELD_TEXT, AT(device), FIELD_REQUIRED, .form = &TEXT_FORM_HEX4,
     .doc = "PCI device id"},
    {"count", FIELD_INT, AT(count), .min = 1, .max = 64, .fallback = "1", .doc = "how many"},
    {"locality", FIELD_ENUM, AT(locality), .words = locality_words, .fallback = "required",
     .doc = "must it be on the slice's NUMA node?"},
};
static const Record device_record = RECORD("device", SpecDevice, device_fields);
#undef AT

#define AT(member) offsetof(SpecLogin, member)
static const Field login_fields[] = {
    {"user", FIELD_TEXT, AT(user), FIELD_REQUIRED, .form = &user_form, .doc = "user of the guest"},
    {"ssh_keys", FIELD_TEXTS, AT(ssh_keys), .form = &line_form, .doc = "public SSH keys"},
    {"password_hash", FIELD_TEXT, AT(password_hash), FIELD_SECRET, .form = &hash_form,
     .doc = "password hash as crypt(3) writes it, in quotes"},
};
static const Record login_record = RECORD("login", SpecLogin, login_fields);
#undef AT

#define AT(member) offsetof(SpecSlice, member)
static const Field slice_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .form = &slice_form,
     .doc = "name of the slice and of its domain; with count it holds {n}"},
    {"count", FIELD_INT, AT(count), .min = 1, .max = 65536, .doc = "how many alike; absent: one"},
    {"priority", FIELD_INT, AT(priority), .max = 1000000, .fallback = "0",
     .doc = "the higher is placed first"},
    {"vcpus", FIELD_INT, AT(vcpus), FIELD_REQUIRED, .min = 1, .max = 4096, .doc = "vCPUs"},
    {"smt", FIELD_ENUM, AT(smt), .words = smt_words, .fallback = "pairs",
     .doc = "pairs: whole cores, the guest sees siblings; isolate: one vCPU a core, sibling idle"},
    {"memory", FIELD_SIZE, AT(memory), FIELD_REQUIRED, .min = MIB, .max = 64 * TIB,
     .doc = "guest memory"},
    {"hugepages", FIELD_ENUM, AT(hugepages), .words = hugepages_words, .fallback = "1GiB",
     .doc = "page size of the guest memory; none: ordinary pages"},
    {"numa", FIELD_STRUCT, AT(numa), .record = &numa_record, .doc = "NUMA nodes"},
    {"service", FIELD_STRUCT, AT(service), .record = &service_record,
     .doc = "cores of the emulator threads and IOThreads"},
    {"iothreads", FIELD_INT, AT(iothreads), .max = 64,
     .doc = "IOThreads; absent: 1 where there is a disk, else 0"},
    {"disk", FIELD_POINTER, AT(disk), .record = &disk_record, .doc = "its disk"},
    {"nics", FIELD_LIST, AT(nics), .record = &nic_record, .doc = "NICs handed through"},
    {"devices", FIELD_LIST, AT(devices), .record = &device_record,
     .doc = "other PCI functions handed through"},
    {"login", FIELD_POINTER, AT(login), .record = &login_record, .doc = "user of the guest"},
};
static const Record slice_record = RECORD("slice", SpecSlice, slice_fields);
#undef AT

#define AT(member) offsetof(SpecCluster, member)
static const Field cluster_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .form = &TEXT_FORM_NAME,
     .doc = "name of the Kubernetes cluster"},
    {"spread", FIELD_ENUM, AT(spread), .words = spread_words, .fallback = "host",
     .doc = "host: no two slices of this cluster on one host; rack: nor in one rack; none: they "
            "may share one"},
    {"slices", FIELD_LIST, AT(slices), FIELD_REQUIRED | FIELD_NON_EMPTY, .record = &slice_record,
     .doc = "its workers"},
};
static const Record cluster_record = RECORD("cluster", SpecCluster, cluster_fields);
#undef AT

#define AT(member) offsetof(Spec, member)
static const Field spec_fields[] = {
    {"version", FIELD_INT, AT(version), FIELD_REQUIRED, .doc = "version of this format: 1"},
    {"images", FIELD_MAP, AT(images), .record = &image_record, .doc = "disk images by name"},
    {"networks", FIELD_MAP, AT(networks), .record = &network_record,
     .doc = "what a NIC has to be plugged into, by name"},
    {"hosts", FIELD_LIST, AT(hosts), FIELD_REQUIRED | FIELD_NON_EMPTY, .record = &host_record,
     .doc = "the servers to slice"},
    {"clusters", FIELD_LIST, AT(clusters), FIELD_REQUIRED | FIELD_NON_EMPTY,
     .record = &cluster_record, .doc = "Kubernetes clusters and their slices"},
};
const Record SPEC_RECORD = {"spec", sizeof(Spec), .node_offset = -1, RECORD_FIELDS(spec_fields)};
#undef AT
