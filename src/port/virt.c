/* SPDX-License-Identifier: Apache-2.0 */
/* The connection, and errors in libvirt's own words. */
#include "port/virt_internal.h"

#include <errno.h>

#include "base/error.h"

/* libvirt prints each error to standard error unless it is given a function that does not. */
static void swallow_error(void *data, virErrorPtr last)
{
}

bool virt_set_error(GError **error, const char *format, ...)
{
    g_autofree char *words = g_strdup(virGetLastErrorMessage());
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "%s: %s", what, words);
    return false;
}

bool virt_last_error_is(int code)
{
    return virGetLastErrorCode() == code;
}

/* The mend for a connection that could not be made, or "". int1 is the errno of a system error
 * (virReportSystemErrorFull() in libvirt's src/util/virerror.c). */
static const char *connection_hint(const char *uri)
{
    const virError *last = virGetLastError();

    if (!last || g_str_has_prefix(uri, "test:"))
        return "";
    if (last->code == VIR_ERR_AUTH_FAILED || last->code == VIR_ERR_AUTH_UNAVAILABLE ||
        last->code == VIR_ERR_AUTH_CANCELLED ||
        (last->code == VIR_ERR_SYSTEM_ERROR && (last->int1 == EACCES || last->int1 == EPERM)))
        return "; run this as root, or as a member of the group libvirt";
    if (last->code == VIR_ERR_SYSTEM_ERROR && (last->int1 == ENOENT || last->int1 == ECONNREFUSED))
        return "; is libvirtd running? (systemctl start libvirtd)";
    return "";
}

Virt *virt_open(const char *uri, GError **error)
{
    g_autoptr(Virt) virt = g_new0(Virt, 1);

    if (!virt_load(error))
        return NULL;
    virSetErrorFunc(NULL, swallow_error);
    virt->uri = g_strdup(uri);
    virt->connection = virConnectOpen(uri);
    if (!virt->connection) {
        g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "cannot connect to libvirt at %s: %s%s",
                    uri, virGetLastErrorMessage(), connection_hint(uri));
        return NULL;
    }
    return g_steal_pointer(&virt);
}

/* 1,000,000 * major + 1,000 * minor + release (virConnectGetVersion). */
static char *version_text(int result, unsigned long version)
{
    if (result < 0 || version == 0)
        return NULL;
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

void virt_read_versions(Virt *virt, char **ret_libvirt, char **ret_hypervisor)
{
    unsigned long libvirt = 0, hypervisor = 0;

    *ret_libvirt = version_text(virConnectGetLibVersion(virt->connection, &libvirt), libvirt);
    *ret_hypervisor = version_text(virConnectGetVersion(virt->connection, &hypervisor), hypervisor);
}

void virt_close(Virt *virt)
{
    if (!virt)
        return;
    if (virt->connection)
        virConnectClose(virt->connection);
    image_free(virt->image);
    g_free(virt->uri);
    g_free(virt);
}
