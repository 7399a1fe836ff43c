/* SPDX-License-Identifier: Apache-2.0 */
#include "port/virt_load.h"

#include <dlfcn.h>

#include "base/error.h"

/* The name under which all versions of it are installed: its interface only grows. */
#define LIBRARY "libvirt.so.0"

/* Loaded again it is only found again; it stays until the program ends. */
static void *load(void)
{
    return dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
}

bool virt_load(GError **error)
{
    if (load())
        return true;
    g_set_error(error, BMS_ERROR, BMS_ERROR_FAILED, "libvirt is not installed: %s", dlerror());
    return false;
}

void *virt_symbol(const char *name)
{
    static gsize library;
    void *symbol;

    if (g_once_init_enter(&library))
        g_once_init_leave(&library, (gsize)load());
    symbol = dlsym((void *)library, name);
    if (!symbol)
        g_error("%s has no %s", LIBRARY, name);
    return symbol;
}
