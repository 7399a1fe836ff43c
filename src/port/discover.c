/* SPDX-License-Identifier: Apache-2.0 */
#include "port/discover.h"

#include <string.h>

#include "port/discover_parts.h"

/* In order: nodes need the online CPUs, PCI functions the nodes, all others the functions. */
static void (*const PARTS[])(Discovery *discovery) = {
    discover_kernel, discover_memory, discover_pci, discover_nets, discover_place, discover_storage,
};

/* More than the paragraph of the first CPU; the kernel takes its time for those of many. */
#define CPUINFO_BYTES 8192

Host *discover_host(const char *root_directory, GPtrArray *findings, GError **error)
{
    g_autoptr(Root) root = root_open(root_directory ? root_directory : "/", error);
    g_autoptr(Asked) asked = NULL;

    if (!root)
        return NULL;
    asked = root_directory ? asked_read(root) : asked_new_live();
    return discover_root(root, root_directory, asked, findings, error);
}

Host *discover_root(Root *root, const char *directory, Asked *asked, GPtrArray *findings,
                    GError **error)
{
    g_autoptr(Host) host = host_new();
    Discovery discovery = {root, directory, host, findings, asked};
    bool found;

    host->replayed = directory != NULL;
    discovery.cpuinfo = root_read_head(root, CPUINFO_BYTES, "proc/cpuinfo");
    found = discover_cpu(&discovery, error);
    for (guint i = 0; found && i < G_N_ELEMENTS(PARTS); i++)
        PARTS[i](&discovery);
    g_free(discovery.cpuinfo);
    return found ? g_steal_pointer(&host) : NULL;
}

/* The text of a file, the names in a folder; NULL: there is neither. */
static char *read_evidence(Root *root, const char *path)
{
    g_autoptr(GPtrArray) names = NULL;
    char *text;

    root_trace_quiet(root, true); /* a capture needs nothing of it */
    text = root_read_text(root, "%s", path);
    if (!text && root_exists(root, "%s", path)) {
        names = root_list(root, "%s", path);
        g_ptr_array_add(names, NULL);
        text =
            names->len > 1 ? g_strjoinv(" ", (char **)names->pdata) : g_strdup("(nothing to read)");
    }
    root_trace_quiet(root, false);
    return text;
}

Finding *discover_warn(Discovery *discovery, const char *code, const char *path, const char *format,
                       ...)
{
    g_autofree char *text = NULL;
    g_autofree char *value = read_evidence(discovery->root, path);
    va_list arguments;
    Finding *finding;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding = findings_add(discovery->findings, FINDING_WARNING, code, "host", "%s", text);
    finding_set_path(finding, path);
    finding_set_evidence(finding, value);
    /* what another tool's capture lacks, the host may have */
    if (!value && !discovery->asked)
        finding_set_hint(finding, "capture the host anew: bmslice capture FILE.tar as root on it");
    else
        finding_set_hint(finding, "%s", host_gap_mend(code));
    return finding;
}

CpuSet *discover_read_cpus(Root *root, const char *list, const char *mask)
{
    CpuSet *set = root_read_cpus(root, "%s", list);
    g_autofree char *text = set ? NULL : root_read_text(root, "%s", mask);

    return text ? cpuset_parse_mask(text) : set;
}

void discover_add_use(GPtrArray *uses, const char *use)
{
    if (!g_ptr_array_find_with_equal_func(uses, use, g_str_equal, NULL))
        g_ptr_array_add(uses, g_strdup(use));
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void discover_sort_uses(GPtrArray *uses)
{
    g_ptr_array_sort(uses, compare_texts);
}

bool discover_is_pci_address(const char *text)
{
    static const char hex[] = "0123456789abcdef";
    gsize domain = strspn(text, hex);
    const char *rest = text + domain;

    return domain >= 4 && domain <= 8 && strlen(rest) == 8 && rest[0] == ':' &&
           strspn(rest + 1, hex) == 2 && rest[3] == ':' && strspn(rest + 4, hex) == 2 &&
           rest[6] == '.' && rest[7] >= '0' && rest[7] <= '7';
}

GPtrArray *discover_path_functions(const char *path)
{
    GPtrArray *functions = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (char **part = parts; *part; part++) {
        if (discover_is_pci_address(*part))
            g_ptr_array_add(functions, g_strdup(*part));
    }
    return functions;
}

gint64 discover_numbered(const char *name, const char *prefix)
{
    const char *digits = name + strlen(prefix);

    if (!g_str_has_prefix(name, prefix) || !*digits || strlen(digits) > 9 ||
        strspn(digits, "0123456789") != strlen(digits) || (digits[0] == '0' && digits[1]))
        return -1;
    return g_ascii_strtoll(digits, NULL, 10);
}
