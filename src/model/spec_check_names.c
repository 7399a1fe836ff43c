/* SPDX-License-Identifier: Apache-2.0 */
/* Names of clusters and slices. The names of images and networks are keys, unique by themselves. */
#include <string.h>

#include "model/spec_check.h"

/* As in TEXT_FORM_NAME, which sees the name before {n} is replaced. */
#define NAME_LIMIT 63
/* More slices than this in one file are a typing error, and would only cost memory. */
#define INSTANCE_LIMIT 1000000

static bool is_numbered(const SpecSlice *slice)
{
    return slice->name && strstr(slice->name, "{n}") != NULL;
}

static void check_numbering(const SpecCheck *check, const SpecSlice *slice, const char *subject)
{
    Finding *finding;

    if (!slice->name)
        return;
    if (slice->count != RECORD_UNSET && !is_numbered(slice)) {
        finding = SPEC_ERROR("count-without-n", slice->node, "name", subject,
                             "with count the name must hold {n}, so that each slice has its own");
        finding_set_hint(finding, "name: \"%s{n}\"", slice->name);
    } else if (slice->count == RECORD_UNSET && is_numbered(slice)) {
        finding = SPEC_ERROR("n-without-count", slice->node, "name", subject,
                             "{n} stands for a number, and there is no count");
        finding_set_hint(finding, "add count, or take {n} out of the name");
    }
}

static void check_clusters(const SpecCheck *check)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < check->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(check->spec->clusters, i);
        const SpecCluster *first;

        if (!cluster->name)
            continue;
        first = g_hash_table_lookup(seen, cluster->name);
        if (first) {
            g_autofree char *subject = g_strdup_printf("cluster %s", cluster->name);
            SPEC_ERROR("duplicate-name", cluster->node, "name", subject,
                       "the cluster on line %u has the same name", first->node->line);
        } else {
            g_hash_table_insert(seen, cluster->name, (void *)cluster);
        }
    }
}

/* @told: the SpecSlices that have been reported; one finding each is enough. */
static void check_instance(const SpecCheck *check, const SpecInstance *instance, GHashTable *seen,
                           GHashTable *told)
{
    const SpecInstance *first = g_hash_table_lookup(seen, instance->name);
    const SpecSlice *slice = instance->slice;
    g_autofree char *subject = NULL;

    if (!first)
        g_hash_table_insert(seen, instance->name, (void *)instance);
    if (g_hash_table_contains(told, slice))
        return;
    subject = g_strdup_printf("slice %s", instance->name);
    if (first) {
        SPEC_ERROR("duplicate-name", slice->node, "name", subject,
                   "the slice on line %u has the same name", first->slice->node->line);
        g_hash_table_add(told, (void *)slice);
    } else if (strlen(instance->name) > NAME_LIMIT) {
        SPEC_ERROR("name-too-long", slice->node, "name", subject,
                   "the name is %zu characters long; at most %d are possible",
                   strlen(instance->name), NAME_LIMIT);
        g_hash_table_add(told, (void *)slice);
    }
}

static void check_instances(const SpecCheck *check)
{
    g_autoptr(GPtrArray) instances = spec_expand(check->spec);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < instances->len; i++) {
        const SpecInstance *instance = g_ptr_array_index(instances, i);

        if (is_numbered(instance->slice) == (instance->slice->count != RECORD_UNSET))
            check_instance(check, instance, seen, told);
    }
}

void spec_check_names(const SpecCheck *check)
{
    gint64 total = 0;

    check_clusters(check);
    for (guint i = 0; i < check->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(check->spec->clusters, i);

        for (guint j = 0; j < cluster->slices->len; j++) {
            const SpecSlice *slice = g_ptr_array_index(cluster->slices, j);
            g_autofree char *subject = spec_check_slice_subject(slice);

            check_numbering(check, slice, subject);
            total += slice->count == RECORD_UNSET ? 1 : slice->count;
        }
    }
    if (total > INSTANCE_LIMIT)
        SPEC_ERROR("too-many-slices", check->tree->root, "clusters", "clusters",
                   "%" G_GINT64_FORMAT " slices; at most %d are possible", total, INSTANCE_LIMIT);
    else
        check_instances(check);
}
