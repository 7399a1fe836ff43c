/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, expansion and lookups of a good spec. Bad ones: test_spec_golden.c. */
#include "documents.h"
#include "model/spec.h"

#define GIB ((gint64)1 << 30)

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "images: {centos7: {source: /images/centos7.qcow2}}\n"                                         \
    "networks: {red-net: {vlan: 100, uplinks: [{host: server1, pf: eno1}]}}\n"                     \
    "hosts: [{name: server1}, {name: 'rack1-*'}]\n"                                                \
    "clusters:\n"                                                                                  \
    "  - name: red\n"                                                                              \
    "    slices:\n"

static Spec *read_spec(const Tree *tree)
{
    g_autoptr(GPtrArray) findings = findings_new();
    Spec *spec = spec_from_tree(tree, findings);

    assert_no_findings(findings);
    g_assert_nonnull(spec);
    return spec;
}

static const SpecSlice *slice_at(const Spec *spec, guint index)
{
    const SpecCluster *cluster = g_ptr_array_index(spec->clusters, 0);

    return g_ptr_array_index(cluster->slices, index);
}

static void test_defaults(void)
{
    g_autoptr(Tree) tree = yaml(HEAD "      - {name: w1, vcpus: 8, memory: 8GiB}\n");
    g_autoptr(Spec) spec = read_spec(tree);
    const SpecHost *host = g_ptr_array_index(spec->hosts, 0);
    const SpecCluster *cluster = g_ptr_array_index(spec->clusters, 0);
    const SpecSlice *slice = slice_at(spec, 0);

    g_assert_cmpstr(host->uri, ==, "qemu:///system");
    g_assert_cmpint(host->reserve.cores_per_node, ==, 1);
    g_assert_null(host->reserve.cpus);
    g_assert_cmpint(host->reserve.memory_per_node, ==, 4 * GIB);
    g_assert_cmpint(host->isolation.mode, ==, SPEC_ISOLATION_BOOT);
    g_assert_cmpstr(host->disk_dir, ==, "/var/lib/libvirt/images/bmslice");
    g_assert_cmpint(cluster->spread, ==, SPEC_SPREAD_HOST);
    g_assert_cmpint(slice->count, ==, RECORD_UNSET);
    g_assert_cmpint(slice->priority, ==, 0);
    g_assert_cmpint(slice->smt, ==, SPEC_SMT_PAIRS);
    g_assert_cmpint(slice->memory, ==, 8 * GIB);
    g_assert_cmpint(slice->hugepages, ==, SPEC_HUGEPAGES_1GIB);
    g_assert_cmpint(slice->numa.nodes, ==, 1);
    g_assert_cmpuint(slice->numa.pin->len, ==, 0);
    g_assert_cmpint(slice->service.cores, ==, 1);
    g_assert_cmpint(slice->service.scope, ==, SPEC_SCOPE_NODE);
    g_assert_cmpint(slice->iothreads, ==, 0);
    g_assert_null(slice->disk);
    g_assert_null(slice->login);
    g_assert_cmpint(slice->node->line, ==, 8);
}

static void test_defaults_depend(void)
{
    g_autoptr(Tree) tree = yaml("version: 1\n"
                                "images: {centos7: {source: /images/centos7.qcow2}}\n"
                                "hosts: [{name: server1, reserve: {cpus: '0-1,12-13'}}]\n"
                                "clusters:\n"
                                "  - name: red\n"
                                "    slices:\n"
                                "      - name: w1\n"
                                "        vcpus: 8\n"
                                "        memory: 8GiB\n"
                                "        numa: {pin: [0, 1]}\n"
                                "        disk: {image: centos7, size: 10GiB}\n");
    g_autoptr(Spec) spec = read_spec(tree);
    const SpecHost *host = g_ptr_array_index(spec->hosts, 0);
    const SpecSlice *slice = slice_at(spec, 0);

    g_assert_cmpint(host->reserve.cores_per_node, ==, RECORD_UNSET);
    g_assert_cmpuint(cpuset_count(host->reserve.cpus), ==, 4);
    g_assert_cmpint(slice->numa.nodes, ==, 2);
    g_assert_cmpint(slice->iothreads, ==, 1);
}

static void test_defaults_nics(void)
{
    g_autoptr(Tree) tree = yaml(HEAD "      - name: w1\n"
                                     "        vcpus: 8\n"
                                     "        memory: 8GiB\n"
                                     "        nics:\n"
                                     "          - {network: red-net, mode: pf}\n"
                                     "          - {network: red-net, mode: vf}\n"
                                     "          - {network: red-net, mode: vf, trust: true,\n"
                                     "             spoofchk: false, locality: any}\n"
                                     "        devices: [{vendor: '8086', device: 0d5c}]\n");
    g_autoptr(Spec) spec = read_spec(tree);
    const SpecSlice *slice = slice_at(spec, 0);
    const SpecNic *pf = g_ptr_array_index(slice->nics, 0);
    const SpecNic *vf = g_ptr_array_index(slice->nics, 1);
    const SpecNic *own = g_ptr_array_index(slice->nics, 2);
    const SpecDevice *device = g_ptr_array_index(slice->devices, 0);

    g_assert_cmpint(pf->locality, ==, SPEC_LOCALITY_REQUIRED);
    g_assert_cmpint(pf->trust, ==, RECORD_UNSET);
    g_assert_cmpint(pf->spoofchk, ==, RECORD_UNSET);
    g_assert_cmpint(vf->trust, ==, false);
    g_assert_cmpint(vf->spoofchk, ==, true);
    g_assert_cmpint(vf->bond_mode, ==, RECORD_UNSET);
    g_assert_cmpint(vf->vlan, ==, RECORD_UNSET);
    g_assert_cmpint(own->trust, ==, true);
    g_assert_cmpint(own->spoofchk, ==, false);
    g_assert_cmpint(own->locality, ==, SPEC_LOCALITY_ANY);
    g_assert_cmpstr(device->device, ==, "0d5c");
    g_assert_cmpint(device->count, ==, 1);
    g_assert_cmpint(device->locality, ==, SPEC_LOCALITY_REQUIRED);
}

/* The words of each enum stand in the order of the enum. */
static void test_words(void)
{
    g_autoptr(Tree) tree =
        yaml(HEAD "      - {name: w1, vcpus: 2, memory: 2MiB, smt: isolate, "
                  "hugepages: 2MiB, service: {scope: slice}}\n"
                  "      - {name: w2, vcpus: 2, memory: 1MiB, hugepages: none}\n"
                  "      - name: w3\n"
                  "        vcpus: 2\n"
                  "        memory: 1GiB\n"
                  "        nics:\n"
                  "          - {network: red-net, mode: vf, locality: preferred,\n"
                  "             bond: b, bond_mode: balance-xor}\n"
                  "          - {network: red-net, mode: vf,\n"
                  "             bond: b, bond_mode: balance-xor}\n"
                  "          - {network: red-net, mode: vf,\n"
                  "             bond: c, bond_mode: active-backup}\n"
                  "          - {network: red-net, mode: vf, bond: c}\n"
                  "    spread: none\n");
    g_autoptr(Spec) spec = read_spec(tree);
    const SpecCluster *cluster = g_ptr_array_index(spec->clusters, 0);
    const SpecNic * xor = g_ptr_array_index(slice_at(spec, 2)->nics, 0);
    const SpecNic *backup = g_ptr_array_index(slice_at(spec, 2)->nics, 2);

    g_assert_cmpint(cluster->spread, ==, SPEC_SPREAD_NONE);
    g_assert_cmpint(slice_at(spec, 0)->smt, ==, SPEC_SMT_ISOLATE);
    g_assert_cmpint(slice_at(spec, 0)->hugepages, ==, SPEC_HUGEPAGES_2MIB);
    g_assert_cmpint(slice_at(spec, 0)->service.scope, ==, SPEC_SCOPE_SLICE);
    g_assert_cmpint(slice_at(spec, 1)->hugepages, ==, SPEC_HUGEPAGES_NONE);
    g_assert_cmpint(xor->mode, ==, SPEC_NIC_VF);
    g_assert_cmpint(xor->locality, ==, SPEC_LOCALITY_PREFERRED);
    g_assert_cmpint(xor->bond_mode, ==, SPEC_BOND_BALANCE_XOR);
    g_assert_cmpint(backup->bond_mode, ==, SPEC_BOND_ACTIVE_BACKUP);
}

static void test_expand(void)
{
    g_autoptr(Tree) tree = yaml(HEAD "      - {name: first, vcpus: 2, memory: 1GiB}\n"
                                     "      - {name: 'a{n}-b{n}', count: 11, vcpus: 2, memory: "
                                     "1GiB}\n"
                                     "  - name: blue\n"
                                     "    slices: [{name: '{n}', count: 1, vcpus: 2, memory: "
                                     "1GiB}]\n");
    g_autoptr(Spec) spec = read_spec(tree);
    g_autoptr(GPtrArray) instances = spec_expand(spec);
    const SpecInstance *instance;

    g_assert_cmpuint(instances->len, ==, 13);
    instance = g_ptr_array_index(instances, 0);
    g_assert_cmpstr(instance->name, ==, "first");
    g_assert_true(instance->slice == slice_at(spec, 0));
    instance = g_ptr_array_index(instances, 1);
    g_assert_cmpstr(instance->name, ==, "a1-b1");
    instance = g_ptr_array_index(instances, 11);
    g_assert_cmpstr(instance->name, ==, "a11-b11");
    g_assert_true(instance->slice == slice_at(spec, 1));
    instance = g_ptr_array_index(instances, 12);
    g_assert_cmpstr(instance->name, ==, "1");
    g_assert_cmpstr(instance->cluster->name, ==, "blue");
}

static void test_find(void)
{
    g_autoptr(Tree) tree = yaml(HEAD "      - {name: w1, vcpus: 8, memory: 8GiB}\n");
    g_autoptr(Spec) spec = read_spec(tree);

    g_assert_cmpstr(spec_find_image(spec, "centos7")->source, ==, "/images/centos7.qcow2");
    g_assert_null(spec_find_image(spec, "centos"));
    g_assert_cmpint(spec_find_network(spec, "red-net")->vlan, ==, 100);
    g_assert_null(spec_find_network(spec, NULL));
    g_assert_cmpstr(spec_find_host(spec, "server1")->name, ==, "server1");
    g_assert_cmpstr(spec_find_host(spec, "rack1-17")->name, ==, "rack1-*");
    g_assert_null(spec_find_host(spec, "server10"));
    g_assert_null(spec_find_host(spec, NULL));
    g_assert_cmpint(spec_hugepage_bytes(SPEC_HUGEPAGES_1GIB), ==, GIB);
    g_assert_cmpint(spec_hugepage_bytes(SPEC_HUGEPAGES_2MIB), ==, 2 << 20);
    g_assert_cmpint(spec_hugepage_bytes(SPEC_HUGEPAGES_NONE), ==, RECORD_UNSET);
}

static void test_examples(void)
{
    static const char *const examples[] = {"examples/red-blue.yaml", "examples/one-slice.yaml"};

    for (guint i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autoptr(Tree) tree = load_tree(examples[i]);
        g_autoptr(Spec) spec = read_spec(tree);
        g_autoptr(GPtrArray) instances = spec_expand(spec);

        g_assert_cmpuint(instances->len, >, 0);
    }
}

/* A spec that was written as JSON, with all its defaults, reads back as the same. */
static void test_round_trip(void)
{
    g_autoptr(Tree) tree = load_tree("examples/red-blue.yaml");
    g_autoptr(Spec) spec = read_spec(tree);
    json_t *json = record_encode(&SPEC_RECORD, spec);
    char *text = json_dumps(json, 0);
    g_autoptr(Tree) again = tree_parse_json("spec.json", text, strlen(text));
    g_autoptr(Spec) copy = read_spec(again);
    json_t *copy_json = record_encode(&SPEC_RECORD, copy);

    g_assert_true(json_equal(json, copy_json));
    json_decref(copy_json);
    json_decref(json);
    free(text);
}

static void test_password_is_not_written(void)
{
    g_autoptr(Tree) tree =
        yaml(HEAD "      - {name: w1, vcpus: 8, memory: 8GiB,\n"
                  "         login: {user: someuser, password_hash: '$6$salt$TOPSECRET'}}\n");
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    json_t *json;
    char *text;

    g_assert_nonnull(find_code(findings, "login-not-applied"));
    g_assert_nonnull(spec);
    g_assert_cmpstr(slice_at(spec, 0)->login->password_hash, ==, "$6$salt$TOPSECRET");
    json = record_encode(&SPEC_RECORD, spec);
    text = json_dumps(json, 0);
    g_assert_null(strstr(text, "TOPSECRET"));
    g_assert_nonnull(strstr(text, "someuser"));
    json_decref(json);
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spec/defaults", test_defaults);
    g_test_add_func("/spec/defaults-depend", test_defaults_depend);
    g_test_add_func("/spec/defaults-nics", test_defaults_nics);
    g_test_add_func("/spec/words", test_words);
    g_test_add_func("/spec/expand", test_expand);
    g_test_add_func("/spec/find", test_find);
    g_test_add_func("/spec/examples", test_examples);
    g_test_add_func("/spec/round-trip", test_round_trip);
    g_test_add_func("/spec/password-is-not-written", test_password_is_not_written);
    return g_test_run();
}
