/* SPDX-License-Identifier: Apache-2.0 */
#include "synthetic.h"

#include <string.h>

#include "model/finding.h"

typedef struct {
    guint numa, l3, core, pu;
    gint64 mem;
    bool near, iommu, kvm;
    CpuSet *off, *lost;
    GString *pci, *pools;
    const char *root; /* of the devices of this word; NULL: not known */
    guint n_functions, n_nics, n_groups;
} Sketch;

static void add_function(Sketch *sketch, const char *device, const char *class_code, int node,
                         guint group, const char *rest)
{
    guint slot = sketch->n_functions++;

    g_string_append_printf(sketch->pci,
                           "%s{\"address\":\"0000:%02x:00.0\",\"vendor\":\"8086\","
                           "\"device\":\"%s\",\"class\":\"%s\"",
                           sketch->pci->len ? "," : "", slot * 4 + 1, device, class_code);
    if (node >= 0)
        g_string_append_printf(sketch->pci, ",\"node\":%d", node);
    if (sketch->root)
        g_string_append_printf(sketch->pci, ",\"root_complex\":\"pci0000:%s\"", sketch->root);
    if (sketch->iommu)
        g_string_append_printf(sketch->pci, ",\"iommu_group\":%u", group);
    g_string_append_printf(sketch->pci, ",\"uses\":[]%s}", rest);
}

/* VFs of the function added last, as igb numbers them: offset 128, stride 2. */
static void add_made_vfs(Sketch *sketch, guint n_vfs, int node)
{
    guint bus = (sketch->n_functions - 1) * 4 + 1;

    for (guint i = 0; i < n_vfs; i++) {
        guint id = (bus << 8) + 128 + 2 * i;

        g_string_append_printf(sketch->pci,
                               ",{\"address\":\"0000:%02x:%02x.%x\",\"vendor\":\"8086\","
                               "\"device\":\"1520\",\"class\":\"020000\","
                               "\"pf\":\"0000:%02x:00.0\"",
                               id >> 8, (id >> 3) & 31, id & 7, bus);
        if (node >= 0)
            g_string_append_printf(sketch->pci, ",\"node\":%d", node);
        if (sketch->root)
            g_string_append_printf(sketch->pci, ",\"root_complex\":\"pci0000:%s\"", sketch->root);
        if (sketch->iommu)
            g_string_append_printf(sketch->pci, ",\"iommu_group\":%u", sketch->n_groups++);
        g_string_append(sketch->pci, ",\"uses\":[]}");
    }
}

static void add_nic(Sketch *sketch, int node, guint group, guint total_vfs, guint num_vfs,
                    const char *uses)
{
    g_autoptr(GString) rest = g_string_new(NULL);

    if (uses)
        g_string_append_printf(rest, ",\"nets\":[{\"name\":\"nic%u\",\"uses\":[%s]}]",
                               sketch->n_nics++, uses);
    if (total_vfs > 0)
        g_string_append_printf(rest,
                               ",\"sriov\":{\"total_vfs\":%u,\"num_vfs\":%u,\"offset\":128,"
                               "\"stride\":2}",
                               total_vfs, num_vfs);
    add_function(sketch, "1521", "020000", node, group, rest->str);
    add_made_vfs(sketch, num_vfs, node);
}

static void add_devices(Sketch *sketch, const char *key, guint count, guint n_vfs, int node)
{
    if (g_str_equal(key, "pair")) {
        guint group = sketch->n_groups++;

        add_nic(sketch, node, group, 0, 0, "");
        add_nic(sketch, node, group, 0, 0, "");
    } else if (g_str_equal(key, "used")) {
        add_nic(sketch, node, sketch->n_groups++, 8, 0, "\"default-route\"");
    } else if (g_str_equal(key, "bare")) {
        add_nic(sketch, node, sketch->n_groups++, 0, 0, NULL);
    } else if (g_str_equal(key, "vfs")) {
        guint group = sketch->n_groups++;

        add_nic(sketch, node, group, 8, count, "");
    } else {
        for (guint i = 0; i < count; i++)
            if (g_str_equal(key, "dev"))
                add_function(sketch, "0d5c", "120000", node, sketch->n_groups++, "");
            else
                add_nic(sketch, node, sketch->n_groups++, n_vfs, 0, "");
    }
}

static void add_pool(Sketch *sketch, guint mib, const char *total)
{
    guint64 pages = total ? g_ascii_strtoull(total + 1, NULL, 10) : 0;

    g_string_append_printf(sketch->pools,
                           "%s{\"size_bytes\":%u,\"total\":%" G_GUINT64_FORMAT ",\"free\":0}",
                           sketch->pools->len ? "," : "", mib << 20, pages);
}

static void read_word(Sketch *sketch, const char *word)
{
    static const char *const device_keys[] = {"nic", "vfs", "pair", "used", "bare", "dev", NULL};
    g_auto(GStrv) at = g_strsplit(word, "@", 2);
    g_auto(GStrv) parts = g_strsplit(at[0], ":", 2);
    const char *value = parts[1] ? parts[1] : "1";
    guint number = (guint)g_ascii_strtoull(value, NULL, 10);
    const char *x = strchr(value, 'x'), *root = at[1] ? strchr(at[1], '/') : NULL;

    sketch->root = root ? root + 1 : NULL;
    if (g_strv_contains(device_keys, parts[0]))
        add_devices(sketch, parts[0], number, x ? (guint)g_ascii_strtoull(x + 1, NULL, 10) : 0,
                    g_str_equal(at[1], "?") ? -1 : (int)g_ascii_strtoll(at[1], NULL, 10));
    else if (g_str_equal(parts[0], "numa"))
        sketch->numa = number;
    else if (g_str_equal(parts[0], "l3"))
        sketch->l3 = number;
    else if (g_str_equal(parts[0], "core"))
        sketch->core = number;
    else if (g_str_equal(parts[0], "pu"))
        sketch->pu = number;
    else if (g_str_equal(parts[0], "mem"))
        sketch->mem = g_str_equal(value, "?") ? RECORD_UNSET : (gint64)number << 30;
    else if (g_str_equal(parts[0], "page"))
        add_pool(sketch, number, strchr(value, '/'));
    else if (g_str_equal(parts[0], "off"))
        cpuset_add(sketch->off, number);
    else if (g_str_equal(parts[0], "lost"))
        cpuset_add(sketch->lost, number);
    else if (g_str_equal(parts[0], "sib"))
        sketch->near = true;
    else if (g_str_equal(parts[0], "iommu"))
        sketch->iommu = false;
    else if (g_str_equal(parts[0], "kvm"))
        sketch->kvm = false;
    else
        g_error("synthetic host: what is '%s'?", word);
}

/* The online siblings of a core. */
static CpuSet *core_cpus(const Sketch *sketch, guint core)
{
    guint n_cores = sketch->numa * sketch->l3 * sketch->core;
    CpuSet *cpus = cpuset_new();

    for (guint t = 0; t < sketch->pu; t++)
        cpuset_add(cpus, sketch->near ? core * sketch->pu + t : core + t * n_cores);
    cpuset_subtract(cpus, sketch->off);
    return cpus;
}

static void write_nodes(const Sketch *sketch, GString *text)
{
    guint per_node = sketch->l3 * sketch->core;

    for (guint n = 0; n < sketch->numa; n++) {
        g_autoptr(CpuSet) cpus = cpuset_new();
        g_autofree char *list = NULL;

        for (guint c = n * per_node; c < (n + 1) * per_node; c++) {
            g_autoptr(CpuSet) one = core_cpus(sketch, c);

            cpuset_union(cpus, one);
        }
        list = cpuset_format(cpus);
        g_string_append_printf(text, "%s{\"id\":%u,\"cpus\":\"%s\",\"distances\":[", n ? "," : "",
                               n, list);
        for (guint d = 0; d < sketch->numa; d++)
            g_string_append_printf(text, "%s%d", d ? "," : "", d == n ? 10 : 21);
        g_string_append(text, "],");
        if (sketch->pools->len)
            g_string_append_printf(text, "\"hugepages\":[%s],", sketch->pools->str);
        g_string_append(text, "\"memory_bytes\":");
        if (sketch->mem == RECORD_UNSET)
            g_string_append(text, "null}");
        else
            g_string_append_printf(text, "%" G_GINT64_FORMAT "}", sketch->mem);
    }
}

/* In the order of their lowest online CPU, as the model wants them. */
static void write_cores(const Sketch *sketch, GString *text, CpuSet *online)
{
    guint per_node = sketch->l3 * sketch->core, n_cores = sketch->numa * per_node;
    guint id = 0;

    for (guint cpu = 0; cpu < n_cores * sketch->pu; cpu++)
        for (guint c = 0; c < n_cores; c++) {
            g_autoptr(CpuSet) cpus = core_cpus(sketch, c);
            g_autofree char *list = cpuset_format(cpus);

            if (cpuset_next(cpus, 0) != (int)cpu)
                continue;
            cpuset_union(online, cpus);
            g_string_append_printf(text, "%s{\"id\":%u,\"socket\":%u,\"l3\":%u,\"cpus\":\"%s\"",
                                   id ? "," : "", id, c / per_node, c / sketch->core, list);
            if (!cpuset_intersects(cpus, sketch->lost))
                g_string_append_printf(text, ",\"node\":%u", c / per_node);
            g_string_append(text, "}");
            id++;
        }
}

static Host *read_host(const char *text)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = tree_parse_json("synthetic", text, strlen(text));
    Host *host = host_from_tree(tree, findings);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);

        g_test_message("%s: %s", finding->subject, finding->text);
    }
    g_assert_nonnull(host);
    return host;
}

Host *synthetic_host(const char *text)
{
    g_autoptr(CpuSet) off = cpuset_new();
    g_autoptr(CpuSet) lost = cpuset_new();
    g_autoptr(CpuSet) online = cpuset_new();
    g_autoptr(GString) pci = g_string_new(NULL);
    g_autoptr(GString) pools = g_string_new(NULL);
    g_autoptr(GString) nodes = g_string_new(NULL);
    g_autoptr(GString) cores = g_string_new(NULL);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autofree char *list = NULL;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    Sketch sketch = {.numa = 1,
                     .l3 = 1,
                     .core = 1,
                     .pu = 1,
                     .mem = G_GINT64_CONSTANT(32) << 30,
                     .iommu = true,
                     .kvm = true,
                     .off = off,
                     .lost = lost,
                     .pci = pci,
                     .pools = pools};

    for (guint i = 0; words[i]; i++)
        if (g_str_has_prefix(words[i], "iommu:"))
            sketch.iommu = false; /* devices are written as they are read */
    for (guint i = 0; words[i]; i++)
        if (*words[i])
            read_word(&sketch, words[i]);
    write_nodes(&sketch, nodes);
    write_cores(&sketch, cores, online);
    list = cpuset_format(online);
    g_string_append_printf(json,
                           "{\"version\":1,\"hostname\":\"server1\",\"arch\":\"x86_64\","
                           "\"cpu\":{\"model\":\"Intel Xeon\",\"online\":\"%s\"},"
                           "\"nodes\":[%s],\"cores\":[%s],\"pci\":[%s],"
                           "\"kernel\":{\"iommu\":%s,\"kvm\":%s}}",
                           list, nodes->str, cores->str, pci->str, sketch.iommu ? "true" : "false",
                           sketch.kvm ? "true" : "false");
    return read_host(json->str);
}

Spec *synthetic_spec(const char *yaml, Tree **ret_tree)
{
    g_autoptr(GPtrArray) findings = findings_new();
    Spec *spec;

    *ret_tree = tree_parse_yaml("spec.yaml", yaml, strlen(yaml));
    spec = spec_from_tree(*ret_tree, findings);
    for (guint i = 0; i < findings->len && !spec; i++)
        g_error("%s: %s\n%s", ((const Finding *)findings->pdata[i])->subject,
                ((const Finding *)findings->pdata[i])->text, yaml);
    return spec;
}
