/* SPDX-License-Identifier: Apache-2.0 */
/* The machine: nodes, L3 domains, cores, chips; and the document around all of it. */
#include <string.h>

#include "base/text.h"
#include "core/domain.h"
#include "core/picture_private.h"

#define HEADER_H 88
#define SECTION_SPACE 26
#define SHORT_NAME_W 64

char *picture_plural(gint64 n, const char *one)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s%s", n, one, n == 1 ? "" : "s");
}

static void append_count(GString *text, gint64 n, const char *one)
{
    g_autofree char *words = n == RECORD_UNSET ? NULL : picture_plural(n, one);

    if (words)
        g_string_append_printf(text, "%s%s", text->len ? " \u00b7 " : "", words);
}

char *picture_describe_host(const Host *host)
{
    g_autofree char *model = picture_clean(host->cpu.model);
    GString *text = g_string_new(model);
    guint threads = 0;
    gint64 memory = 0;

    for (guint i = 0; i < host->cores->len; i++)
        threads += cpuset_count(((const HostCore *)g_ptr_array_index(host->cores, i))->cpus);
    for (guint i = 0; i < host->nodes->len; i++) {
        const HostNode *node = g_ptr_array_index(host->nodes, i);

        memory = memory == RECORD_UNSET || node->memory_bytes == RECORD_UNSET
                     ? RECORD_UNSET
                     : memory + node->memory_bytes;
    }
    append_count(text, host->cpu.sockets, "socket");
    append_count(text, host->nodes->len, "NUMA node");
    append_count(text, host->cores->len, "core");
    append_count(text, threads, "CPU");
    if (memory > 0) {
        g_autofree char *size = text_format_size_short(memory);

        g_string_append_printf(text, " \u00b7 %s", size);
    }
    return g_string_free(text, FALSE);
}

static const char *cpus_or_none(const char *list)
{
    return list && *list ? list : "none";
}

static char *describe_plan(const Picture *picture)
{
    g_autofree char *reserved = cpuset_format(picture->plan_host->reserved_cpus);
    g_autofree char *isolated = cpuset_format(picture->plan_host->isolated_cpus);

    return g_strdup_printf("the host keeps CPUs %s \u00b7 isolated %s", cpus_or_none(reserved),
                           cpus_or_none(isolated));
}

/* "2 slices", "2 of 3 slices placed". */
static char *describe_result(const Picture *picture)
{
    guint placed = picture->plan_host->slices->len, refused = picture->plan->unplaced->len;

    if (refused == 0)
        return picture_plural(placed, "slice");
    return g_strdup_printf("%u of %u slices placed", placed, placed + refused);
}

static void draw_header(const Pen *pen, int width)
{
    const Picture *picture = pen->picture;
    g_autofree char *name = picture_clean(picture->plan_host->name);
    g_autofree char *machine = picture_describe_host(picture->host);
    g_autofree char *plan = describe_plan(picture);
    g_autofree char *result = describe_result(picture);
    int result_w = picture_text_w(result, 14, true), inner = width - 2 * PICTURE_MARGIN;
    int x = width - PICTURE_MARGIN - result_w;

    pen_fit(pen, "t1", PICTURE_MARGIN, 38, inner - result_w - 24, 22, name);
    pen_text(pen, picture->plan->unplaced->len ? "t2 bad" : "t2", width - PICTURE_MARGIN, 38, 'e',
             result);
    for (guint i = picture->notes->len; i > 0; i--) {
        const PictureNote *note = &g_array_index(picture->notes, PictureNote, i - 1);

        if (note->slice != PICTURE_NO_SLICE || note->refused)
            continue;
        x -= PICTURE_SIGN + 6;
        pen_sign(pen, x, 24, note);
    }
    pen_fit(pen, "muted", PICTURE_MARGIN, 59, inner, 12, machine);
    pen_fit(pen, "muted", PICTURE_MARGIN, 76, inner, 12, plan);
}

/* What a node has of the memory of a slice. */
static gint64 memory_on(const PlanSlice *slice, gint64 node)
{
    for (guint i = 0; i < slice->nodes->len; i++)
        if (g_array_index(slice->nodes, gint64, i) == node)
            return domain_node_bytes(slice, i);
    return 0;
}

static void draw_memory(const Pen *pen, const PictureNode *node)
{
    Rect bar = {node->at.x + PICTURE_PAD, node->at.y + PICTURE_MEMORY_Y,
                node->at.w - 2 * PICTURE_PAD, PICTURE_MEMORY_H};
    gint64 total = node->node->memory_bytes, used = 0;
    int x = bar.x, end = bar.x + bar.w;
    g_autofree char *free_size = NULL;
    g_autofree char *rest = NULL;

    pen_rect(pen, "bar", bar, 3);
    for (guint i = 0; i < node->chips->len; i++) {
        const PictureChip *chip = g_ptr_array_index(node->chips, i);
        const PlanSlice *slice = picture_slice(pen->picture, chip->slice);
        gint64 bytes = memory_on(slice, node->node->id);
        int next = MIN(end, bar.x + (int)((double)(used + bytes) / (double)total * bar.w));
        g_autofree char *class_name = pen_class("memory s", (int)chip->slice);
        g_autofree char *ink = pen_class("sub i", (int)chip->slice);
        g_autofree char *letter = picture_letter(chip->slice);
        g_autofree char *size = text_format_size_short(bytes);
        g_autofree char *words = g_strdup_printf("%s %s", letter, size);

        used += bytes;
        if (next <= x)
            continue;
        pen_rect(pen, class_name, (Rect){x, bar.y, next - x, bar.h}, 2);
        if (picture_text_w(words, 11, false) + 6 <= next - x)
            pen_text(pen, ink, (x + next) / 2, bar.y + 13, 'm', words);
        else if (picture_text_w(letter, 11, false) + 2 <= next - x)
            pen_text(pen, ink, (x + next) / 2, bar.y + 13, 'm', letter);
        x = next;
    }
    free_size = text_format_size_short(MAX(total - used, 0));
    rest = g_strdup_printf("%s not in slices", free_size);
    if (picture_text_w(rest, 11, false) + 8 <= end - x)
        pen_text(pen, "sub muted", end - 6, bar.y + 13, 'e', rest);
}

static void draw_node_title(const Pen *pen, const PictureNode *node)
{
    int y = node->at.y + 26, x = node->at.x + PICTURE_PAD;
    int end = node->at.x + node->at.w - PICTURE_PAD;
    g_autofree char *title = NULL;
    g_autofree char *size = NULL;
    g_autoptr(GString) right = g_string_new(NULL);

    if (!node->node) {
        pen_text(pen, "t2", x, y, 's', "Node unknown");
        return;
    }
    title = g_strdup_printf("NUMA node %" G_GINT64_FORMAT, node->node->id);
    if (node->socket != RECORD_UNSET)
        g_string_printf(right, "socket %" G_GINT64_FORMAT " \u00b7 ", node->socket);
    else if (node->domains->len == 0)
        g_string_printf(right, "no CPUs \u00b7 ");
    if (node->node->memory_bytes == RECORD_UNSET) {
        g_string_append(right, "memory unknown");
    } else {
        size = text_format_size_short(node->node->memory_bytes);
        g_string_append(right, size);
    }
    pen_text(pen, "t2", x, y, 's', title);
    pen_text(pen, "muted", end, y, 'e', right->str);
    if (node->node->memory_bytes > 0)
        draw_memory(pen, node);
}

static void draw_domain(const Pen *pen, const PictureDomain *domain)
{
    g_autofree char *title = domain->l3 == RECORD_UNSET
                                 ? g_strdup("L3 unknown")
                                 : g_strdup_printf("L3 cache %" G_GINT64_FORMAT, domain->l3);

    pen_rect(pen, "domain", domain->at, 5);
    pen_fit(pen, "sub muted", domain->at.x + 8, domain->at.y + 15, domain->at.w - 16, 11, title);
    for (guint i = 0; i < domain->cores->len; i++) {
        const PictureCore *core = g_ptr_array_index(domain->cores, i);

        pen_rect(pen, "core", core->at, 4);
        for (guint c = 0; c < core->cells->len; c++)
            pen_cell(pen, &g_array_index(core->cells, PictureCell, c), true);
    }
}

/* The first finding of a slice that no wire shows. */
static const PictureNote *chip_note(const Picture *picture, guint slice)
{
    for (guint i = 0; i < picture->notes->len; i++) {
        const PictureNote *note = &g_array_index(picture->notes, PictureNote, i);
        bool shown = false;

        for (guint w = 0; w < picture->wires->len; w++)
            shown = shown || picture_wire(picture, w)->finding == note->number;
        if (!shown && note->slice == (int)slice)
            return note;
    }
    return NULL;
}

static void draw_chip(const Pen *pen, const PictureChip *chip, gint64 node)
{
    const PlanSlice *slice = picture_slice(pen->picture, chip->slice);
    const PictureNote *note = chip_note(pen->picture, chip->slice);
    int x = chip->at.x, y = chip->at.y, room = chip->at.w - 34 - (note ? PICTURE_SIGN + 4 : 0);
    g_autofree char *class_name = pen_class("chip s", (int)chip->slice);
    g_autofree char *name = picture_clean(slice->name);
    g_autofree char *letter = picture_letter(chip->slice);
    g_autofree char *name_class = pen_class("t3 i", (int)chip->slice);
    g_autofree char *letter_class = pen_class("t2 i", (int)chip->slice);
    g_autofree char *sub_class = pen_class("sub i", (int)chip->slice);
    g_autofree char *size = text_format_size_short(memory_on(slice, node));
    g_autofree char *vcpus = picture_plural(chip->n_vcpus, "vCPU");
    g_autofree char *words = g_strdup_printf("%s \u00b7 %s", vcpus, size);
    int name_w = pen->picture->names ? SHORT_NAME_W : picture_text_w(name, 13, true);
    bool narrow = room < MIN(name_w, SHORT_NAME_W); /* the letter must do */

    pen_start(pen, "g", NULL);
    pen_title(pen, name);
    pen_rect(pen, class_name, chip->at, 6);
    pen_text(pen, letter_class, narrow && !note ? x + chip->at.w / 2 : x + 15, y + 26, 'm', letter);
    if (picture_text_w(words, 11, false) > room) { /* then the memory goes, then the vCPUs */
        g_free(words);
        words = picture_text_w(vcpus, 11, false) > room ? NULL : g_steal_pointer(&vcpus);
    }
    if (!narrow)
        pen_fit(pen, name_class, x + 28, y + (words ? 18 : 26), room, 13, name);
    if (!narrow && words)
        pen_text(pen, sub_class, x + 28, y + 33, 's', words);
    if (note)
        pen_sign(pen, x + chip->at.w - PICTURE_SIGN - 6, y + 12, note);
    pen_end(pen);
}

static void draw_node(const Pen *pen, const PictureNode *node)
{
    const PictureRow *row = &g_array_index(pen->picture->rows, PictureRow, node->row);

    pen_rect(pen, "node", node->at, 10);
    draw_node_title(pen, node);
    if (node->cards->len == 0 && row->has_cards)
        pen_text(pen, "muted", node->at.x + node->at.w / 2, node->at.y + node->at.h - 20, 'm',
                 "no NICs on this node");
    for (guint i = 0; i < node->domains->len; i++)
        draw_domain(pen, g_ptr_array_index(node->domains, i));
}

static void draw_machine(const Pen *pen)
{
    const Picture *picture = pen->picture;

    for (guint i = 0; i < picture->nodes->len; i++)
        draw_node(pen, picture_node(picture, i));
    for (guint pass = 0; pass < 2; pass++)
        for (guint i = 0; i < picture->wires->len; i++)
            if (picture_wire(picture, i)->remote == (pass == 1))
                pen_wire(pen, picture_wire(picture, i));
    for (guint i = 0; i < picture->nodes->len; i++) {
        const PictureNode *node = picture_node(picture, i);

        for (guint c = 0; c < node->chips->len; c++)
            draw_chip(pen, g_ptr_array_index(node->chips, c), node->node->id);
        for (guint c = 0; c < node->cards->len; c++)
            pen_card(pen, g_ptr_array_index(node->cards, c));
    }
    for (guint i = 0; i < picture->wires->len; i++)
        pen_pill(pen, picture_wire(picture, i));
}

/* For those who hear the picture: what is where, in words. */
static char *describe(const Picture *picture)
{
    g_autofree char *machine = picture_describe_host(picture->host);
    GString *text = g_string_new(machine);

    for (guint s = 0; s < picture->plan_host->slices->len; s++) {
        const PlanSlice *slice = picture_slice(picture, s);
        g_autofree char *name = picture_clean(slice->name);
        g_autofree char *vcpus = picture_plural(slice->vcpus->len, "vCPU");
        g_autoptr(CpuSet) set = plan_slice_vcpu_cpus(slice);
        g_autofree char *cpus = cpuset_format(set);

        g_string_append_printf(text, ". Slice %s: %s on CPUs %s", name, vcpus, cpus);
    }
    for (guint i = 0; i < picture->notes->len; i++) {
        const Finding *finding = g_array_index(picture->notes, PictureNote, i).finding;
        g_autofree char *subject = picture_clean(finding->subject);
        g_autofree char *words = picture_clean(finding->text);

        g_string_append_printf(text, ". %s: %s: %s", finding_severity_name(finding->severity),
                               subject, words);
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
} Sheet;

static Sheet sheet_new(void)
{
    Sheet sheet = {.buffer = xmlBufferCreate()};

    sheet.writer = xmlNewTextWriterMemory(sheet.buffer, 0);
    (void)xmlTextWriterSetIndent(sheet.writer, 1);
    (void)xmlTextWriterSetIndentString(sheet.writer, BAD_CAST "");
    return sheet;
}

static char *sheet_finish(Sheet *sheet)
{
    char *text;

    (void)xmlTextWriterFlush(sheet->writer);
    xmlFreeTextWriter(sheet->writer);
    text = g_strdup((const char *)xmlBufferContent(sheet->buffer));
    xmlBufferFree(sheet->buffer);
    return text;
}

/* Drawn first: how high the whole is shows at its end. */
static char *draw_body(const Picture *picture, int width, int *ret_height)
{
    Sheet sheet = sheet_new();
    Pen pen = {sheet.writer, picture};
    int y = picture->bottom + SECTION_SPACE;

    draw_header(&pen, width);
    draw_machine(&pen);
    y = picture_draw_key(&pen, y, width);
    if (!picture->names) {
        y = picture_draw_slices(&pen, y, width);
        y = picture_draw_refused(&pen, y, width);
        y = picture_draw_findings(&pen, y, width);
    }
    *ret_height = y + PICTURE_MARGIN / 2;
    return sheet_finish(&sheet);
}

static void write_id(const Pen *pen, const char *element, const char *id, const char *text)
{
    pen_start(pen, element, NULL);
    (void)xmlTextWriterWriteFormatAttribute(pen->writer, BAD_CAST "id", "%s-%s", id, element);
    pen_words(pen, text);
    pen_end(pen);
}

char *picture_draw(Picture *picture, const char *id, bool style)
{
    g_autofree char *name = picture_clean(picture->plan_host->name);
    g_autofree char *words = describe(picture);
    g_autofree char *body = NULL;
    Sheet sheet = sheet_new();
    Pen pen = {sheet.writer, picture};
    int width, height;

    picture_layout(picture, HEADER_H);
    width = MAX(picture->width, PICTURE_MIN_W);
    body = draw_body(picture, width, &height);
    pen_start(&pen, "svg", NULL);
    (void)xmlTextWriterWriteAttribute(pen.writer, BAD_CAST "xmlns",
                                      BAD_CAST "http://www.w3.org/2000/svg");
    (void)xmlTextWriterWriteFormatAttribute(pen.writer, BAD_CAST "viewBox", "0 0 %d %d", width,
                                            height);
    pen_set(&pen, "width", width);
    pen_set(&pen, "height", height);
    (void)xmlTextWriterWriteAttribute(pen.writer, BAD_CAST "role", BAD_CAST "img");
    (void)xmlTextWriterWriteFormatAttribute(pen.writer, BAD_CAST "aria-labelledby",
                                            "%s-title %s-desc", id, id);
    write_id(&pen, "title", id, name);
    write_id(&pen, "desc", id, words);
    if (style)
        (void)xmlTextWriterWriteElement(pen.writer, BAD_CAST "style", BAD_CAST PICTURE_STYLE);
    pen_rect(&pen, "canvas", (Rect){0, 0, width, height}, 0);
    (void)xmlTextWriterWriteRaw(pen.writer, BAD_CAST body);
    pen_end(&pen);
    return sheet_finish(&sheet);
}

char *picture_write_svg(const Host *host, const Plan *plan, const PlanHost *plan_host)
{
    g_autoptr(Picture) picture = picture_collect(host, plan, plan_host);

    return picture_draw(picture, "picture", true);
}
