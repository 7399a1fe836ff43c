/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts, images, networks. */
#include <string.h>

#include "model/spec_check.h"

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?") != NULL;
}

static void check_host_name(const SpecCheck *check, guint index, const char *subject)
{
    const SpecHost *host = g_ptr_array_index(check->spec->hosts, index);

    for (guint i = 0; i < index; i++) {
        const SpecHost *earlier = g_ptr_array_index(check->spec->hosts, i);

        if (!earlier->name)
            continue;
        if (strcmp(earlier->name, host->name) == 0) {
            SPEC_ERROR("duplicate-name", host->node, "name", subject,
                       "the host entry on line %u has the same name", earlier->node->line);
            return;
        }
        if (is_pattern(earlier->name) && !is_pattern(host->name) &&
            g_pattern_match_simple(earlier->name, host->name)) {
            Finding *finding = SPEC_WARNING("host-shadowed", host->node, "name", subject,
                                            "never used: '%s' on line %u matches it first",
                                            earlier->name, earlier->node->line);
            finding_set_hint(finding, "put this entry before '%s'", earlier->name);
            return;
        }
    }
}

static void check_reserve(const SpecCheck *check, const SpecReserve *reserve, const char *subject)
{
    if (!reserve->cpus)
        return;
    if (cpuset_is_empty(reserve->cpus))
        SPEC_ERROR("reserve-empty", reserve->node, "cpus", subject,
                   "the host OS needs at least one CPU");
    if (reserve->cores_per_node != RECORD_UNSET)
        SPEC_ERROR("reserve-twice", reserve->node, "cores_per_node", subject,
                   "cpus and cores_per_node both say what the host OS keeps; give one of them");
}

/* No "." or ".." or empty component: the path is compared as text later. */
static bool is_clean_path(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (guint i = 1; parts[i]; i++) {
        if (!*parts[i] || strcmp(parts[i], ".") == 0 || strcmp(parts[i], "..") == 0)
            return false;
    }
    return true;
}

static void check_disk_dir(const SpecCheck *check, const SpecHost *host, const char *subject)
{
    if (!host->disk_dir)
        return;
    if (*host->disk_dir != '/')
        SPEC_ERROR("path-relative", host->node, "disk_dir", subject,
                   "disk_dir must be an absolute path");
    else if (!is_clean_path(host->disk_dir))
        SPEC_ERROR("path-unclean", host->node, "disk_dir", subject,
                   "disk_dir must not hold \".\", \"..\" or empty parts, nor end in \"/\"");
}

/* Who does not know where a host stands cannot keep slices apart. */
static void check_rack_spread(const SpecCheck *check, const SpecCluster *cluster)
{
    for (guint i = 0; i < check->spec->hosts->len; i++) {
        const SpecHost *host = g_ptr_array_index(check->spec->hosts, i);
        g_autofree char *subject = g_strdup_printf("cluster %s", cluster->name);

        if (host->rack || tree_find(host->node, "rack")) /* or a wrong one, told of already */
            continue;
        finding_set_hint(SPEC_ERROR("rack-unknown", cluster->node, "spread", subject,
                                    "its slices keep to different racks, and host entry %s does "
                                    "not say which rack it is",
                                    host->name ? host->name : "?"),
                         "give each host entry its rack: {name: \"r1-*\", rack: r1}");
        return;
    }
}

static void check_image(const SpecCheck *check, const SpecImage *image)
{
    g_autofree char *subject = g_strdup_printf("image %s", image->name ? image->name : "?");
    Finding *finding;

    if (!image->source || *image->source == '/')
        return;
    if (strstr(image->source, "://")) {
        finding = SPEC_ERROR("image-remote", image->node, "source", subject,
                             "this version takes images from local files only");
        finding_set_hint(finding, "download it to the host, and give its path");
    } else {
        SPEC_ERROR("path-relative", image->node, "source", subject,
                   "source must be an absolute path");
    }
}

static bool has_host(const Spec *spec, const char *name)
{
    for (guint i = 0; i < spec->hosts->len; i++) {
        const SpecHost *host = g_ptr_array_index(spec->hosts, i);

        if (host->name &&
            (strcmp(host->name, name) == 0 || g_pattern_match_simple(name, host->name)))
            return true; /* "rack*" means the hosts of "rack1-*", too */
    }
    return spec_find_host(spec, name) != NULL;
}

static void check_uplink(const SpecCheck *check, const SpecNetwork *network, guint index,
                         const char *subject)
{
    const SpecUplink *uplink = g_ptr_array_index(network->uplinks, index);

    if (!uplink->host || !uplink->pf)
        return;
    if (check->spec->hosts->len > 0 && !has_host(check->spec, uplink->host)) {
        Finding *finding = SPEC_ERROR("unknown-host", uplink->node, "host", subject,
                                      "no host entry is named '%s' or matches it", uplink->host);
        spec_check_hint_names(finding, uplink->host, check->spec->hosts);
    }
    for (guint i = 0; i < index; i++) {
        const SpecUplink *earlier = g_ptr_array_index(network->uplinks, i);

        if (g_strcmp0(earlier->host, uplink->host) == 0 &&
            g_strcmp0(earlier->pf, uplink->pf) == 0) {
            SPEC_ERROR("duplicate-uplink", uplink->node, "pf", subject,
                       "port %s of host %s is listed twice", uplink->pf, uplink->host);
            return;
        }
    }
}

void spec_check_hosts(const SpecCheck *check)
{
    const Spec *spec = check->spec;

    for (guint i = 0; i < spec->images->len; i++)
        check_image(check, g_ptr_array_index(spec->images, i));
    for (guint i = 0; i < spec->networks->len; i++) {
        const SpecNetwork *network = g_ptr_array_index(spec->networks, i);
        g_autofree char *subject =
            g_strdup_printf("network %s", network->name ? network->name : "?");

        for (guint j = 0; j < network->uplinks->len; j++)
            check_uplink(check, network, j, subject);
    }
    for (guint i = 0; i < spec->hosts->len; i++) {
        const SpecHost *host = g_ptr_array_index(spec->hosts, i);
        g_autofree char *subject =
            host->name ? g_strdup_printf("host %s", host->name) : g_strdup_printf("hosts[%u]", i);

        if (host->name)
            check_host_name(check, i, subject);
        check_reserve(check, &host->reserve, subject);
        check_disk_dir(check, host, subject);
    }
    for (guint i = 0; i < spec->clusters->len; i++) {
        const SpecCluster *cluster = g_ptr_array_index(spec->clusters, i);

        if (cluster->name && cluster->spread == SPEC_SPREAD_RACK)
            check_rack_spread(check, cluster);
    }
}
