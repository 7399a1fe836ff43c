/* SPDX-License-Identifier: Apache-2.0 */
#include "port/pci_names.h"

#include <string.h>

/* Where distributions keep it; the one that update-pciids fetched is newer than the package's. */
static const char *const PATHS[] = {
    "/var/lib/pciutils/pci.ids",
    "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
    "/usr/share/pci.ids",
};

static int compare_ids(gconstpointer a, gconstpointer b)
{
    const HostPci *first = *(HostPci *const *)a, *second = *(HostPci *const *)b;
    int order = g_strcmp0(first->vendor, second->vendor);

    return order ? order : g_strcmp0(first->device, second->device);
}

/* The line that begins with @start: behind @start, up to its end; or NULL. It is looked for from
 * @text on, and after a newline only. */
static const char *find_line(const char *text, const char *end, const char *start,
                             gsize *ret_length)
{
    const char *line = memmem(text, (gsize)(end - text), start, strlen(start));
    const char *newline;

    if (!line)
        return NULL;
    line += strlen(start);
    newline = memchr(line, '\n', (gsize)(end - line));
    *ret_length = (gsize)((newline ? newline : end) - line);
    return line;
}

/* Behind the lines of the vendor, all of which begin with a tab or are comments. */
static const char *find_end(const char *text, const char *end)
{
    while (text < end && (*text == '\t' || *text == '#' || *text == '\n')) {
        const char *newline = memchr(text, '\n', (gsize)(end - text));

        text = newline ? newline + 1 : end;
    }
    return text;
}

static void name_function(HostPci *pci, const char *vendor, gsize vendor_length, const char *end)
{
    g_autofree char *start = g_strdup_printf("\n\t%s  ", pci->device);
    gsize length;
    const char *device = find_line(vendor + vendor_length, end, start, &length);

    if (!device || !g_utf8_validate(vendor, (gssize)vendor_length, NULL) ||
        !g_utf8_validate(device, (gssize)length, NULL))
        return;
    g_free(pci->name);
    pci->name = g_strdup_printf("%.*s %.*s", (int)vendor_length, vendor, (int)length, device);
}

void pci_names_fill(GPtrArray *functions, const char *text, gsize length)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    const char *end = text + length, *vendor = NULL, *vendor_end = NULL;
    const char *id = NULL; /* whose lines these are */
    gsize vendor_length = 0;

    for (guint i = 0; i < functions->len; i++) {
        HostPci *pci = functions->pdata[i];

        if (pci->vendor && pci->device)
            g_ptr_array_add(sorted, pci);
    }
    g_ptr_array_sort(sorted, compare_ids);
    for (guint i = 0; i < sorted->len; i++) {
        HostPci *pci = sorted->pdata[i];
        const HostPci *before = i ? sorted->pdata[i - 1] : NULL;

        if (g_strcmp0(pci->vendor, id) != 0) {
            g_autofree char *start = g_strdup_printf("\n%s  ", pci->vendor);

            id = pci->vendor;
            vendor = find_line(text, end, start, &vendor_length);
            /* vendors stand in ascending order, as ours do */
            text = vendor ? vendor + vendor_length : text;
            vendor_end = vendor && text < end ? find_end(text + 1, end) : end;
        }
        if (before && g_strcmp0(before->vendor, pci->vendor) == 0 &&
            strcmp(before->device, pci->device) == 0)
            pci->name = g_strdup(before->name); /* VFs come by the hundred */
        else if (vendor)
            name_function(pci, vendor, vendor_length, vendor_end);
    }
}

void pci_names_look_up(GPtrArray *functions)
{
    for (guint i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        GMappedFile *file = g_mapped_file_new(PATHS[i], FALSE, NULL);

        if (!file)
            continue;
        pci_names_fill(functions, g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
        g_mapped_file_unref(file);
        return;
    }
}
