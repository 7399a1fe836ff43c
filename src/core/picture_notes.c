/* SPDX-License-Identifier: Apache-2.0 */
/* Below the machine: what the signs mean, the slices in words, what was refused, the findings. */
#include "base/text.h"
#include "core/picture_private.h"

#define KEY_SPACE 26
#define TITLE_H 24
#define SECTION_SPACE 22
#define LINE_H 17
#define SLICE_MIN_W 330
#define SLICE_SPACE 14
#define MOST_DEVICES 4
#define INDENT 28
#define FINDING_MIN_W 640
#define FINDINGS_IN_COLUMN 4

/* The kinds of CPU in the picture, and one of each to show. */
static void find_kinds(const Picture *picture, PictureCell *ret_examples, bool *ret_there)
{
    for (guint n = 0; n < picture->nodes->len; n++) {
        const PictureNode *node = picture_node(picture, n);

        for (guint d = 0; d < node->domains->len; d++) {
            const PictureDomain *domain = g_ptr_array_index(node->domains, d);

            for (guint c = 0; c < domain->cores->len; c++) {
                const PictureCore *core = g_ptr_array_index(domain->cores, c);

                for (guint i = 0; i < core->cells->len; i++) {
                    const PictureCell *cell = &g_array_index(core->cells, PictureCell, i);

                    if (ret_there[cell->kind])
                        continue;
                    ret_there[cell->kind] = true;
                    ret_examples[cell->kind] = *cell;
                }
            }
        }
    }
}

static char *key_words(const PictureCell *cell)
{
    switch (cell->kind) {
    case CELL_VCPU: {
        g_autofree char *letter = picture_letter((guint)cell->slice);

        return g_strdup_printf("CPU %u is vCPU %" G_GINT64_FORMAT " of slice %s", cell->cpu,
                               cell->vcpu, letter);
    }
    case CELL_SERVICE:
        return g_strdup("service: emulator threads, IOThreads");
    case CELL_HOST:
        return g_strdup("the host keeps it");
    case CELL_IDLE:
        return g_strdup("idle sibling of a vCPU");
    default:
        return g_strdup("free");
    }
}

/* Places one entry after the other, and on a new line where there is no room. */
typedef struct {
    int x, y, width;
} Flow;

static Rect flow_next(Flow *flow, int swatch_w, const char *words)
{
    int w = swatch_w + 8 + picture_text_w(words, 12, false);
    Rect at;

    if (flow->x > PICTURE_MARGIN && flow->x + w > flow->width - PICTURE_MARGIN) {
        flow->x = PICTURE_MARGIN;
        flow->y += PICTURE_CELL_H + 8;
    }
    at = (Rect){flow->x, flow->y, swatch_w, PICTURE_CELL_H};
    flow->x += w + KEY_SPACE;
    return at;
}

static void draw_wire_sample(const Pen *pen, Flow *flow, bool found, const char *words)
{
    Rect at = flow_next(flow, 44, words);
    int y = at.y + at.h / 2;
    g_autofree char *path = g_strdup_printf("M%d %dL%d %d", at.x, y, at.x + at.w, y);

    if (found) {
        pen_path(pen, "tape-edge", path);
        pen_path(pen, "tape", path);
        pen_path(pen, "stripes", path);
    } else {
        pen_path(pen, "line far none", path);
    }
    pen_text(pen, NULL, at.x + at.w + 8, y + 4, 's', words);
}

int picture_draw_key(const Pen *pen, int y, int width)
{
    const Picture *picture = pen->picture;
    PictureCell examples[N_CELL_KINDS] = {0};
    bool there[N_CELL_KINDS] = {false}, far = false, found = false;
    Flow flow = {PICTURE_MARGIN, y - 8, width};

    find_kinds(picture, examples, there);
    for (guint k = 0; k < N_CELL_KINDS; k++) {
        g_autofree char *words = there[k] ? key_words(&examples[k]) : NULL;
        Rect at;

        if (!words)
            continue;
        at = flow_next(&flow, picture->cell_w, words);
        examples[k].at = at;
        pen_cell(pen, &examples[k], false);
        pen_text(pen, NULL, at.x + at.w + 8, at.y + 21, 's', words);
    }
    for (guint i = 0; i < picture->wires->len; i++) {
        const PictureWire *wire = picture_wire(picture, i);

        far = far || (wire->remote && !wire->finding);
        found = found || wire->finding;
    }
    if (found)
        draw_wire_sample(pen, &flow, true, "to another node: costs speed");
    if (far)
        draw_wire_sample(pen, &flow, false, "to another node, as the spec lets it");
    return flow.y + PICTURE_CELL_H + SECTION_SPACE;
}

static char *join_nodes(const PlanSlice *slice)
{
    GString *text = g_string_new(slice->nodes->len > 1 ? "nodes " : "node ");

    for (guint i = 0; i < slice->nodes->len; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "",
                               g_array_index(slice->nodes, gint64, i));
    return g_string_free(text, FALSE);
}

static char *describe_device(const Picture *picture, const PlanDevice *device)
{
    const HostPci *pci =
        host_find_pci(picture->host, device->kind == PLAN_DEVICE_VF ? device->pf : device->address);
    g_autofree char *name = pci ? picture_device_name(pci) : NULL;
    g_autofree char *network = picture_clean(device->network);
    g_autofree char *address =
        device->address ? picture_clean(device->address) : g_strdup("address not known yet");

    switch (device->kind) {
    case PLAN_DEVICE_PF:
        return g_strdup_printf("%s \u2192 %s, PF %s", network, name ? name : "", address);
    case PLAN_DEVICE_VF:
        return g_strdup_printf("%s \u2192 %s, VF %d, %s", network, name ? name : "",
                               (int)device->vf, address);
    default:
        return g_strdup_printf("%s, %s", name ? name : "device", address);
    }
}

GPtrArray *picture_describe_slice(const Picture *picture, const PlanSlice *slice, guint devices)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *cluster = picture_clean(slice->cluster);
    g_autofree char *nodes = join_nodes(slice);
    g_autofree char *memory = text_format_size_short(slice->memory_bytes);
    g_autofree char *page = slice->hugepage_bytes == RECORD_UNSET
                                ? g_strdup("ordinary")
                                : text_format_size(slice->hugepage_bytes);
    g_autoptr(CpuSet) vcpu_set = plan_slice_vcpu_cpus(slice);
    g_autofree char *cpus = cpuset_format(vcpu_set);
    g_autofree char *service = cpuset_format(slice->emulator_cpus);
    g_autofree char *vcpus = picture_plural(slice->vcpus->len, "vCPU");
    g_autofree char *iothreads = picture_plural(slice->iothreads->len, "IOThread");
    guint shown = slice->devices->len > devices ? devices - 1 : slice->devices->len;

    g_ptr_array_add(lines, g_strdup_printf("cluster %s \u00b7 %s \u00b7 %s in %s pages", cluster,
                                           nodes, memory, page));
    g_ptr_array_add(lines, g_strdup_printf("%s on CPUs %s", vcpus, cpus));
    if (service && *service)
        g_ptr_array_add(lines, g_strdup_printf("service on CPUs %s%s%s", service,
                                               slice->iothreads->len ? ", " : "",
                                               slice->iothreads->len ? iothreads : ""));
    for (guint i = 0; i < shown; i++)
        g_ptr_array_add(lines, describe_device(picture, g_ptr_array_index(slice->devices, i)));
    if (shown < slice->devices->len)
        g_ptr_array_add(lines, g_strdup_printf("and %u devices more", slice->devices->len - shown));
    return lines;
}

/* Returns the y below. */
static int draw_slice(const Pen *pen, guint index, int x, int y, int w)
{
    const Picture *picture = pen->picture;
    const PlanSlice *slice = picture_slice(picture, index);
    g_autoptr(GPtrArray) lines = picture_describe_slice(picture, slice, MOST_DEVICES);
    g_autofree char *box = pen_class("legend s", (int)index);
    g_autofree char *ink = pen_class("t2 i", (int)index);
    g_autofree char *letter = picture_letter(index);
    g_autofree char *name = picture_clean(slice->name);
    int room = w - 42, sign_x;

    pen_start(pen, "g", NULL);
    pen_title(pen, name);
    pen_rect(pen, box, (Rect){x, y, 28, 28}, 6);
    pen_text(pen, ink, x + 14, y + 19, 'm', letter);
    for (guint i = 0; i < picture->notes->len; i++)
        room -= g_array_index(picture->notes, PictureNote, i).slice == (int)index ? PICTURE_SIGN + 4
                                                                                  : 0;
    room = MAX(room, w / 2);
    pen_fit(pen, "t2", x + 38, y + 13, room, 14, name);
    sign_x = x + 46 + MIN(picture_text_w(name, 14, true), room);
    for (guint i = 0; i < picture->notes->len; i++) {
        const PictureNote *note = &g_array_index(picture->notes, PictureNote, i);

        if (note->slice != (int)index || sign_x + PICTURE_SIGN > x + w)
            continue;
        pen_sign(pen, sign_x, y - 1, note);
        sign_x += PICTURE_SIGN + 4;
    }
    for (guint i = 0; i < lines->len; i++)
        pen_fit(pen, "muted", x + 38, y + 31 + (int)i * LINE_H, w - 42, 12,
                g_ptr_array_index(lines, i));
    pen_end(pen);
    return y + 31 + (int)lines->len * LINE_H;
}

int picture_draw_slices(const Pen *pen, int y, int width)
{
    guint n = pen->picture->plan_host->slices->len;
    int inner = width - 2 * PICTURE_MARGIN;
    guint columns = (guint)MAX(1, MIN((int)n, (inner + SLICE_SPACE) / (SLICE_MIN_W + SLICE_SPACE)));
    int w = (inner + SLICE_SPACE) / (int)columns - SLICE_SPACE, below = y;

    for (guint i = 0; i < n; i++) {
        int x = PICTURE_MARGIN + (int)(i % columns) * (w + SLICE_SPACE), end;

        if (i % columns == 0)
            y = below + (i ? SLICE_SPACE - 8 : 0);
        end = draw_slice(pen, i, x, y, w);
        below = MAX(below, end);
    }
    return n ? below + SECTION_SPACE - 6 : y;
}

/* Broken lines; returns the y of the next one. */
static int draw_lines(const Pen *pen, const char *class_name, int x, int y, int w, const char *text)
{
    g_autofree char *clean = picture_clean(text);
    g_autoptr(GPtrArray) lines = picture_wrap(clean, w, 12);

    for (guint i = 0; i < lines->len; i++)
        pen_text(pen, class_name, x, y + (int)i * LINE_H, 's', g_ptr_array_index(lines, i));
    return y + (int)lines->len * LINE_H;
}

static const PictureNote *refusal_note(const Picture *picture, const PlanUnplaced *unplaced)
{
    for (guint i = 0; i < picture->notes->len; i++) {
        const PictureNote *note = &g_array_index(picture->notes, PictureNote, i);

        if (note->refused == unplaced)
            return note;
    }
    return NULL;
}

static int draw_hint(const Pen *pen, int x, int y, int w, const char *hint)
{
    g_autofree char *words = hint ? g_strconcat("\u2192 ", hint, NULL) : NULL;

    return words ? draw_lines(pen, "muted", x, y, w, words) : y;
}

int picture_draw_refused(const Pen *pen, int y, int width)
{
    const Plan *plan = pen->picture->plan;
    int x = PICTURE_MARGIN + INDENT, w = width - 2 * PICTURE_MARGIN - INDENT - SLICE_SPACE;

    if (plan->unplaced->len == 0)
        return y;
    pen_text(pen, "t2 bad", PICTURE_MARGIN, y + 8, 's', "Not placed");
    y += TITLE_H;
    for (guint i = 0; i < plan->unplaced->len; i++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(plan->unplaced, i);
        const PictureNote *note = refusal_note(pen->picture, unplaced);
        g_autofree char *name = picture_clean(unplaced->name);
        g_autofree char *title =
            g_strdup_printf("%s \u00b7 %s", name, unplaced->resource ? unplaced->resource : "?");

        if (note)
            pen_sign(pen, PICTURE_MARGIN, y - 4, note);
        pen_fit(pen, "t3", x, y + 9, w, 13, title);
        y = draw_lines(pen, NULL, x, y + 9 + LINE_H, w, unplaced->reason ? unplaced->reason : "");
        y = draw_hint(pen, x, y, w, note ? note->finding->hint : NULL) + 6;
    }
    return y + SECTION_SPACE - 12;
}

static int draw_finding(const Pen *pen, const PictureNote *note, int x, int y, int w)
{
    const Finding *finding = note->finding;
    g_autofree char *text = finding->subject
                                ? g_strdup_printf("%s: %s", finding->subject, finding->text)
                                : g_strdup(finding->text);
    int below;

    pen_sign(pen, x, y - 4, note);
    below = draw_lines(pen, NULL, x + INDENT, y + 9, w - INDENT, text);
    return draw_hint(pen, x + INDENT, below, w - INDENT, finding->hint) + 6;
}

/* One column after the other. */
int picture_draw_findings(const Pen *pen, int y, int width)
{
    const Picture *picture = pen->picture;
    g_autoptr(GPtrArray) notes = g_ptr_array_new();
    int inner = width - 2 * PICTURE_MARGIN, w, top, below;
    guint columns, per_column;

    for (guint i = 0; i < picture->notes->len; i++) {
        PictureNote *note = &g_array_index(picture->notes, PictureNote, i);

        if (!note->refused)
            g_ptr_array_add(notes, note);
    }
    if (notes->len == 0)
        return y;
    pen_text(pen, "t2", PICTURE_MARGIN, y + 8, 's', "Findings");
    top = below = y + TITLE_H;
    columns = notes->len <= FINDINGS_IN_COLUMN ? 1 : (guint)MAX(1, inner / FINDING_MIN_W);
    per_column = (notes->len + columns - 1) / columns;
    w = inner / (int)columns;
    for (guint i = 0; i < notes->len; i++) {
        if (i % per_column == 0)
            y = top;
        y = draw_finding(pen, g_ptr_array_index(notes, i),
                         PICTURE_MARGIN + (int)(i / per_column) * w, y, w - SLICE_SPACE);
        below = MAX(below, y);
    }
    return below + 4;
}
