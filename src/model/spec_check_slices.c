/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, each by itself. That vCPUs fit the host's SMT is the planner's business. */
#include "base/text.h"
#include "model/spec_check.h"

/* QEMU rounds guest memory to this where there are no hugepages. */
#define PLAIN_UNIT ((gint64)1 << 20)
#define DISK_UNIT ((gint64)1 << 20)

static void check_pins(const SpecCheck *check, const SpecNuma *numa, const char *subject)
{
    if (numa->pin->len == 0)
        return;
    if (numa->pin->len != numa->nodes)
        SPEC_ERROR("pin-count", numa->node, "pin", subject,
                   "pin names %u NUMA nodes, and nodes says %" G_GINT64_FORMAT, numa->pin->len,
                   numa->nodes);
    for (guint i = 0; i < numa->pin->len; i++) {
        gint64 node = g_array_index(numa->pin, gint64, i);

        for (guint j = 0; j < i; j++) {
            if (g_array_index(numa->pin, gint64, j) == node) {
                SPEC_ERROR("pin-twice", numa->node, "pin", subject,
                           "pin names NUMA node %" G_GINT64_FORMAT " twice", node);
                return;
            }
        }
    }
}

static void check_vcpus(const SpecCheck *check, const SpecSlice *slice, const char *subject)
{
    gint64 cores = slice->smt == SPEC_SMT_PAIRS ? (slice->vcpus + 1) / 2 : slice->vcpus;

    if (slice->vcpus == RECORD_UNSET)
        return;
    if (slice->vcpus % slice->numa.nodes != 0)
        SPEC_ERROR("vcpus-uneven", slice->node, "vcpus", subject,
                   "%" G_GINT64_FORMAT " vCPUs do not divide evenly over %" G_GINT64_FORMAT
                   " NUMA nodes",
                   slice->vcpus, slice->numa.nodes);
    if (slice->service.cores > cores) {
        Finding *finding =
            SPEC_WARNING("service-large", slice->service.node, "cores", subject,
                         "%" G_GINT64_FORMAT " service cores are more than the %" G_GINT64_FORMAT
                         " of its vCPUs",
                         slice->service.cores, cores);
        finding_set_hint(finding, "one is enough for most slices");
    }
}

/* "1GiB pages" */
static char *describe_unit(const SpecSlice *slice, gint64 unit)
{
    g_autofree char *size = text_format_size(unit);

    return slice->hugepages == SPEC_HUGEPAGES_NONE ? g_strdup("MiB")
                                                   : g_strdup_printf("%s pages", size);
}

static void check_memory(const SpecCheck *check, const SpecSlice *slice, const char *subject)
{
    gint64 page = spec_hugepage_bytes(slice->hugepages);
    gint64 unit = page == RECORD_UNSET ? PLAIN_UNIT : page;
    gint64 step = unit * slice->numa.nodes;
    g_autofree char *memory = NULL;
    g_autofree char *pages = NULL;
    g_autofree char *fitting = NULL;
    bool small_pages_fit;
    Finding *finding;

    if (slice->memory == RECORD_UNSET || slice->memory % step == 0)
        return;
    memory = text_format_size(slice->memory);
    pages = describe_unit(slice, unit);
    fitting = text_format_size((slice->memory + step - 1) / step * step);
    finding = SPEC_ERROR("memory-uneven", slice->node, "memory", subject,
                         "memory %s over %" G_GINT64_FORMAT " NUMA node%s gives %sno whole number "
                         "of %s",
                         memory, slice->numa.nodes, slice->numa.nodes == 1 ? "" : "s",
                         slice->numa.nodes == 1 ? "" : "each ", pages);
    small_pages_fit =
        slice->hugepages == SPEC_HUGEPAGES_1GIB &&
        slice->memory % (spec_hugepage_bytes(SPEC_HUGEPAGES_2MIB) * slice->numa.nodes) == 0;
    finding_set_hint(finding, "memory: %s%s", fitting,
                     small_pages_fit ? ", or hugepages: 2MiB" : "");
}

static void check_disk(const SpecCheck *check, const SpecSlice *slice, const char *subject)
{
    const SpecDisk *disk = slice->disk;

    if (!disk) {
        /* a disk that could not be read has been told of */
        if (slice->iothreads > 0 && !tree_get(slice->node, "disk")) {
            Finding *finding = SPEC_ERROR("iothreads-idle", slice->node, "iothreads", subject,
                                          "there is no disk that an IOThread could serve");
            finding_set_hint(finding, "leave iothreads out, or give the slice a disk");
        }
        return;
    }
    if (slice->iothreads > 1)
        SPEC_WARNING("iothreads-idle", slice->node, "iothreads", subject,
                     "the one disk uses one IOThread; the others will be idle");
    if (disk->image && !spec_find_image(check->spec, disk->image)) {
        Finding *finding = SPEC_ERROR("unknown-image", disk->node, "image", subject,
                                      "there is no image '%s'", disk->image);
        spec_check_hint_names(finding, disk->image, check->spec->images);
    }
    if (disk->size != RECORD_UNSET && disk->size % DISK_UNIT != 0)
        SPEC_ERROR("disk-size", disk->node, "size", subject,
                   "the disk is not a whole number of MiB");
}

static void check_slice(const SpecCheck *check, const SpecSlice *slice, const char *subject)
{
    check_pins(check, &slice->numa, subject);
    check_vcpus(check, slice, subject);
    check_memory(check, slice, subject);
    check_disk(check, slice, subject);
    if (slice->login) {
        Finding *finding =
            SPEC_WARNING("login-not-applied", slice->node, "login", subject,
                         "this version does not set up the guest: login has no effect");
        finding_set_hint(finding, "put the user and the keys into the image");
    }
}

void spec_check_slices(const SpecCheck *check)
{
    for (guint i = 0; i < check->spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(check->spec->clusters, i);

        for (guint j = 0; j < cluster->slices->len; j++) {
            const SpecSlice *slice = g_ptr_array_index(cluster->slices, j);
            g_autofree char *subject = spec_check_slice_subject(slice);

            check_slice(check, slice, subject);
        }
    }
}
