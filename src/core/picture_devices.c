/* SPDX-License-Identifier: Apache-2.0 */
/* NICs and other devices, and the wires to their slices. */
#include "core/picture_private.h"

#define CORNER 7

static char *format_speed(gint64 mbps)
{
    if (mbps <= 0)
        return g_strdup("");
    if (mbps >= 1000 && mbps % 1000 == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " Gb/s", mbps / 1000);
    return g_strdup_printf("%" G_GINT64_FORMAT " Mb/s", mbps);
}

char *picture_device_name(const HostPci *pci)
{
    g_autofree char *ids = NULL;

    for (guint i = 0; i < pci->nets->len; i++) {
        const HostNet *net = g_ptr_array_index(pci->nets, i);

        if (net->name)
            return picture_clean(net->name);
    }
    if (pci->name)
        return picture_clean(pci->name);
    ids =
        g_strdup_printf("%s:%s", pci->vendor ? pci->vendor : "?", pci->device ? pci->device : "?");
    return picture_clean(ids);
}

/* The gravest first: there may be room for one only. */
static char *join_uses(const GPtrArray *uses)
{
    static const char *const gravest[] = {HOST_USE_DEFAULT_ROUTE, HOST_USE_ROOT_STORAGE};
    g_autoptr(GString) first = g_string_new("host: ");
    g_autoptr(GString) rest = g_string_new(NULL);

    for (guint i = 0; i < uses->len; i++) {
        const char *use = g_ptr_array_index(uses, i);
        bool grave = g_str_equal(use, gravest[0]) || g_str_equal(use, gravest[1]);

        g_string_append_printf(grave ? first : rest, "%s, ", use);
    }
    g_string_append(first, rest->str);
    g_string_truncate(first, first->len - 2);
    return picture_clean(first->str);
}

static char *describe_use(const PictureCard *card)
{
    const HostPci *pci = card->pci;
    g_autoptr(GPtrArray) uses = host_pci_uses(pci);

    if (card->plugs->len && g_array_index(card->plugs, PicturePlug, 0).vf == RECORD_UNSET)
        return g_strdup(host_pci_is_nic(pci) ? "whole port" : "whole device");
    if (card->plugs->len)
        return pci->sriov && pci->sriov->total_vfs > 0
                   ? g_strdup_printf("%u of %" G_GINT64_FORMAT " VFs", card->plugs->len,
                                     pci->sriov->total_vfs)
                   : picture_plural(card->plugs->len, "VF");
    if (uses->len)
        return join_uses(uses);
    if (!host_pci_use_is_known(pci))
        return g_strdup("use not known");
    if (pci->sriov && pci->sriov->num_vfs > 0)
        return g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " VFs made",
                               pci->sriov->num_vfs, pci->sriov->total_vfs);
    return pci->sriov && pci->sriov->total_vfs > 0
               ? g_strdup_printf("free \u00b7 up to %" G_GINT64_FORMAT " VFs",
                                 pci->sriov->total_vfs)
               : g_strdup("free");
}

static void draw_plug(const Pen *pen, const PicturePlug *plug)
{
    g_autofree char *class_name = pen_class("plug s", plug->slice);
    g_autofree char *letter = picture_letter((guint)plug->slice);
    g_autofree char *ink = pen_class("num i", plug->slice);
    g_autofree char *sub = pen_class("sub i", plug->slice);
    g_autofree char *words =
        plug->vf == RECORD_UNSET
            ? g_strdup("PF")
            : g_strdup_printf("%s%d", plug->at.w < 36 ? "" : "VF", (int)plug->vf);
    int x = plug->at.x + plug->at.w / 2;

    pen_rect(pen, class_name, plug->at, 4);
    pen_text(pen, ink, x, plug->at.y + 15, 'm', letter);
    pen_text(pen, sub, x, plug->at.y + 28, 'm', words);
}

void pen_card(const Pen *pen, const PictureCard *card)
{
    int x = card->at.x + 8, y = card->at.y, room = card->at.w - 16;
    g_autoptr(GPtrArray) uses = host_pci_uses(card->pci);
    bool used = uses->len > 0 && card->plugs->len == 0;
    const HostNet *net = card->pci->nets->len ? g_ptr_array_index(card->pci->nets, 0) : NULL;
    g_autofree char *name = picture_device_name(card->pci);
    g_autofree char *speed = format_speed(net ? net->speed_mbps : RECORD_UNSET);
    g_autofree char *use = describe_use(card);
    g_autofree char *address = picture_clean(card->pci->address);
    g_autofree char *full = g_strdup_printf("%s %s: %s", name, address, use);
    int speed_w = picture_text_w(speed, 11, false);

    pen_start(pen, "g", NULL);
    pen_title(pen, full);
    pen_rect(pen, used ? "card used" : "card", card->at, 4);
    pen_fit(pen, "t3", x, y + 17, room - speed_w - 6, 13, name);
    if (*speed)
        pen_text(pen, "sub muted", x + room, y + 17, 'e', speed);
    pen_text(pen, "mono muted", x, y + 33, 's', address);
    pen_fit(pen, "sub", x, y + 49, room, 11, use);
    for (guint i = 0; i < card->plugs->len; i++)
        draw_plug(pen, &g_array_index(card->plugs, PicturePlug, i));
    pen_end(pen);
}

/* Straight parts with round corners. */
static char *wire_path(const PictureWire *wire)
{
    GString *path = g_string_new(NULL);
    const int *p = wire->points;
    guint last = wire->n_points - 1;

    g_string_append_printf(path, "M%d %d", p[0], p[1]);
    for (guint i = 1; i < last; i++) {
        const int *before = p + 2 * (i - 1), *at = p + 2 * i, *after = p + 2 * (i + 1);
        int in = ABS(at[0] - before[0]) + ABS(at[1] - before[1]);
        int out = ABS(after[0] - at[0]) + ABS(after[1] - at[1]);
        int r = MIN(CORNER, MIN(in, out) / 2);
        int dx1 = (at[0] > before[0]) - (at[0] < before[0]);
        int dy1 = (at[1] > before[1]) - (at[1] < before[1]);
        int dx2 = (after[0] > at[0]) - (after[0] < at[0]);
        int dy2 = (after[1] > at[1]) - (after[1] < at[1]);

        g_string_append_printf(path, "L%d %dQ%d %d %d %d", at[0] - dx1 * r, at[1] - dy1 * r, at[0],
                               at[1], at[0] + dx2 * r, at[1] + dy2 * r);
    }
    g_string_append_printf(path, "L%d %d", p[2 * last], p[2 * last + 1]);
    return g_string_free(path, FALSE);
}

void pen_wire(const Pen *pen, const PictureWire *wire)
{
    g_autofree char *path = wire_path(wire);
    g_autofree char *line =
        pen_class(wire->remote ? "wire line far l" : "wire line l", wire->slice);

    if (wire->finding) {
        bool thin = pen->picture->crowded;

        pen_path(pen, thin ? "tape-edge thin-edge" : "tape-edge", path);
        pen_path(pen, thin ? "wire tape thin" : "wire tape", path);
        pen_path(pen, thin ? "stripes thin" : "stripes", path);
        return;
    }
    pen_path(pen, "under", path);
    pen_path(pen, line, path);
}

void pen_pill(const Pen *pen, const PictureWire *wire)
{
    g_autofree char *words = picture_wire_words(pen->picture, wire);
    g_autofree char *text = NULL;
    const PictureNote *note;

    if (!wire->finding)
        return;
    note = &g_array_index(pen->picture->notes, PictureNote, wire->finding - 1);
    text = picture_clean(note->finding->text);
    pen_start(pen, "g", NULL);
    pen_title(pen, text);
    pen_rect(pen, "pill", wire->pill, PICTURE_PILL_H / 2);
    pen_sign(pen, wire->pill.x + 1, wire->pill.y + 1, note);
    if (wire->pill.w > PICTURE_PILL_H)
        pen_text(pen, "on-pill", wire->pill.x + (PICTURE_SIGN + wire->pill.w) / 2,
                 wire->pill.y + 14, 'm', words);
    pen_end(pen);
}
