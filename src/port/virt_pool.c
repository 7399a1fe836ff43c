/* SPDX-License-Identifier: Apache-2.0 */
/* Directory pools (https://libvirt.org/storage.html): one of the user's that lies on the folder is
 * used as it is; else one of ours is made, and taken away again with its last volume. */
#include "port/virt_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/xml.h"

#define OWN_POOL "bmslice"

static bool is_own_pool(virStoragePoolPtr pool)
{
    return g_regex_match_simple("^" OWN_POOL "(-[0-9]+)?$", virStoragePoolGetName(pool), 0, 0);
}

static bool lies_on(virStoragePoolPtr pool, const char *folder)
{
    char *text = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(Xml) document = text ? xml_read(text, NULL) : NULL;
    g_autofree char *target = document ? xml_text(document, NULL, "/pool/target/path") : NULL;

    free(text); /* libvirt's own allocation */
    return g_strcmp0(target, folder) == 0;
}

/* A stopped pool whose folder is gone is built anew. */
static bool start_pool(virStoragePoolPtr pool, GError **error)
{
    if (virStoragePoolIsActive(pool) == 1 || virStoragePoolCreate(pool, 0) == 0 ||
        (virStoragePoolBuild(pool, VIR_STORAGE_POOL_BUILD_NEW) == 0 &&
         virStoragePoolCreate(pool, 0) == 0))
        return true;
    return virt_set_error(error, "starting storage pool %s", virStoragePoolGetName(pool));
}

bool virt_find_pool(Virt *virt, const char *folder, virStoragePoolPtr *ret_pool, GError **error)
{
    g_autoptr(virStoragePool) found = NULL;
    virStoragePoolPtr *pools = NULL;
    int count = virConnectListAllStoragePools(virt->connection, &pools, 0);

    *ret_pool = NULL;
    if (count < 0)
        return virt_set_error(error, "listing storage pools");
    for (int i = 0; i < count; i++) {
        if (!found && lies_on(pools[i], folder))
            found = pools[i];
        else
            virStoragePoolFree(pools[i]);
    }
    free(pools); /* libvirt's own allocation */
    if (!found)
        return true;
    if (!start_pool(found, error))
        return false;
    /* files may have come and gone behind libvirt's back */
    if (virStoragePoolRefresh(found, 0) < 0)
        return virt_set_error(error, "refreshing storage pool %s", virStoragePoolGetName(found));
    *ret_pool = g_steal_pointer(&found);
    return true;
}

/* "bmslice", or the first free "bmslice-2", "bmslice-3" ... when that lies elsewhere. */
static char *choose_name(Virt *virt)
{
    for (guint i = 1;; i++) {
        g_autofree char *name = i == 1 ? g_strdup(OWN_POOL) : g_strdup_printf(OWN_POOL "-%u", i);
        g_autoptr(virStoragePool) taken = virStoragePoolLookupByName(virt->connection, name);

        if (!taken)
            return g_steal_pointer(&name);
    }
}

virStoragePoolPtr virt_open_pool(Virt *virt, const char *folder, GError **error)
{
    g_autoptr(virStoragePool) pool = NULL;
    g_autofree char *name = NULL, *xml = NULL;

    if (!virt_find_pool(virt, folder, &pool, error))
        return NULL;
    if (pool)
        return g_steal_pointer(&pool);
    name = choose_name(virt);
    xml = g_markup_printf_escaped("<pool type='dir'><name>%s</name>"
                                  "<target><path>%s</path></target></pool>",
                                  name, folder);
    pool = virStoragePoolDefineXML(virt->connection, xml, 0);
    if (!pool || virStoragePoolBuild(pool, VIR_STORAGE_POOL_BUILD_NEW) < 0 ||
        virStoragePoolCreate(pool, 0) < 0 || virStoragePoolSetAutostart(pool, 1) < 0) {
        virt_set_error(error, "making storage pool %s on %s", name, folder);
        if (pool) {
            virStoragePoolDestroy(pool);
            virStoragePoolUndefine(pool);
        }
        return NULL;
    }
    return g_steal_pointer(&pool);
}

bool virt_find_volume(virStoragePoolPtr pool, const char *name, virStorageVolPtr *ret_volume,
                      GError **error)
{
    *ret_volume = virStorageVolLookupByName(pool, name);
    return *ret_volume || virt_last_error_is(VIR_ERR_NO_STORAGE_VOL) ||
           virt_set_error(error, "looking for volume %s", name);
}

char *virt_read_backing(virStorageVolPtr volume, GError **error)
{
    char *text = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(Xml) document = text ? xml_read(text, NULL) : NULL;
    char *path;

    if (!text)
        virt_set_error(error, "reading volume %s", virStorageVolGetName(volume));
    free(text); /* libvirt's own allocation */
    if (!document)
        return NULL;
    path = xml_text(document, NULL, "/volume/backingStore/path");
    return path ? path : g_strdup("");
}

/* Names of the base images that a volume of the pool rests on; NULL with @error. */
static GHashTable *read_used_bases(virStorageVolPtr *volumes, int count, GError **error)
{
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int i = 0; i < count; i++) {
        g_autofree char *backing = virt_read_backing(volumes[i], error);

        if (!backing)
            return NULL;
        g_hash_table_add(used, g_path_get_basename(backing));
    }
    return g_steal_pointer(&used);
}

/* Returns how many volumes are left, or -1 with @error. */
static int delete_unused_bases(virStoragePoolPtr pool, GError **error)
{
    virStorageVolPtr *volumes = NULL;
    int count = virStoragePoolListAllVolumes(pool, &volumes, 0), left = count;
    g_autoptr(GHashTable) used = NULL;

    if (count < 0) {
        virt_set_error(error, "listing the volumes of pool %s", virStoragePoolGetName(pool));
        return -1;
    }
    used = read_used_bases(volumes, count, error);
    if (!used)
        left = -1;
    for (int i = 0; i < count; i++) {
        const char *name = virStorageVolGetName(volumes[i]);

        if (left >= 0 && virt_is_base_name(name) && !g_hash_table_contains(used, name)) {
            left--;
            if (virStorageVolDelete(volumes[i], 0) < 0) {
                virt_set_error(error, "deleting volume %s", name);
                left = -1;
            }
        }
        virStorageVolFree(volumes[i]);
    }
    free(volumes); /* libvirt's own allocation */
    return left;
}

bool virt_clean_pool(virStoragePoolPtr pool, GError **error)
{
    int left = delete_unused_bases(pool, error);

    if (left != 0 || !is_own_pool(pool))
        return left >= 0;
    if (virStoragePoolDestroy(pool) < 0)
        return virt_set_error(error, "stopping storage pool %s", virStoragePoolGetName(pool));
    /* takes the folder away; one that still holds something stays */
    virStoragePoolDelete(pool, 0);
    return virStoragePoolUndefine(pool) == 0 ||
           virt_set_error(error, "undefining storage pool %s", virStoragePoolGetName(pool));
}
