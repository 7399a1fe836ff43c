/* SPDX-License-Identifier: Apache-2.0 */
#include "model/spec.h"

#include <string.h>

static void instance_free(SpecInstance *instance)
{
    g_free(instance->name);
    g_free(instance);
}

static void add_instance(GPtrArray *instances, const SpecCluster *cluster, const SpecSlice *slice,
                         gint64 number)
{
    SpecInstance *instance = g_new0(SpecInstance, 1);
    GString *name = g_string_new(slice->name);

    if (slice->count != RECORD_UNSET) {
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
        g_string_replace(name, "{n}", text, 0);
    }
    instance->name = g_string_free(name, FALSE);
    instance->cluster = cluster;
    instance->slice = slice;
    g_ptr_array_add(instances, instance);
}

GPtrArray *spec_expand(const Spec *spec)
{
    GPtrArray *instances = g_ptr_array_new_with_free_func((GDestroyNotify)instance_free);

    for (guint i = 0; i < spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(spec->clusters, i);

        for (guint j = 0; j < cluster->slices->len; j++) {
            const SpecSlice *slice = g_ptr_array_index(cluster->slices, j);
            gint64 count = slice->count == RECORD_UNSET ? 1 : slice->count;

            for (gint64 n = 1; slice->name && n <= count; n++)
                add_instance(instances, cluster, slice, n);
        }
    }
    return instances;
}

const SpecImage *spec_find_image(const Spec *spec, const char *name)
{
    for (guint i = 0; i < spec->images->len; i++) {
        const SpecImage *image = g_ptr_array_index(spec->images, i);

        if (g_strcmp0(image->name, name) == 0)
            return image;
    }
    return NULL;
}

const SpecNetwork *spec_find_network(const Spec *spec, const char *name)
{
    for (guint i = 0; i < spec->networks->len; i++) {
        const SpecNetwork *network = g_ptr_array_index(spec->networks, i);

        if (g_strcmp0(network->name, name) == 0)
            return network;
    }
    return NULL;
}

static bool matches(const char *pattern, const char *hostname)
{
    if (!strpbrk(pattern, "*?"))
        return strcmp(pattern, hostname) == 0;
    return strncmp(pattern, hostname, strcspn(pattern, "*?")) == 0 &&
           g_pattern_match_simple(pattern, hostname);
}

const SpecHost *spec_find_host(const Spec *spec, const char *hostname)
{
    for (guint i = 0; hostname && i < spec->hosts->len; i++) {
        const SpecHost *host = g_ptr_array_index(spec->hosts, i);

        if (host->name && matches(host->name, hostname))
            return host;
    }
    return NULL;
}

gint64 spec_hugepage_bytes(SpecHugepages hugepages)
{
    static const gint64 bytes[] = {
        [SPEC_HUGEPAGES_1GIB] = (gint64)1 << 30,
        [SPEC_HUGEPAGES_2MIB] = (gint64)2 << 20,
        [SPEC_HUGEPAGES_NONE] = RECORD_UNSET,
    };

    return (guint)hugepages < G_N_ELEMENTS(bytes) ? bytes[hugepages] : RECORD_UNSET;
}
