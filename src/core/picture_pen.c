/* SPDX-License-Identifier: Apache-2.0 */
/* As in domain_write.c, results of the writer are not looked at: it fails only where memory ends.
 */
#include "core/picture_private.h"

#define N_COLOURS 6
#define N_MARKS 4
#define HATCH_STEP 7

void pen_start(const Pen *pen, const char *element, const char *class_name)
{
    (void)xmlTextWriterStartElement(pen->writer, BAD_CAST element);
    if (class_name)
        (void)xmlTextWriterWriteAttribute(pen->writer, BAD_CAST "class", BAD_CAST class_name);
}

void pen_end(const Pen *pen)
{
    (void)xmlTextWriterEndElement(pen->writer);
}

void pen_set(const Pen *pen, const char *name, int value)
{
    (void)xmlTextWriterWriteFormatAttribute(pen->writer, BAD_CAST name, "%d", value);
}

/* Words with tokens, and how they read on the first host of the way. */
static void write_words(const Pen *pen, const char *words, const char *text)
{
    if (pen->picture->names && picture_has_tokens(words))
        (void)xmlTextWriterWriteAttribute(pen->writer, BAD_CAST "data-t", BAD_CAST words);
    (void)xmlTextWriterWriteString(pen->writer, BAD_CAST text);
}

void pen_words(const Pen *pen, const char *words)
{
    g_autofree char *text = picture_name_tokens(words, pen->picture->names);

    write_words(pen, words, text);
}

void pen_title(const Pen *pen, const char *text)
{
    pen_start(pen, "title", NULL);
    pen_words(pen, text);
    pen_end(pen);
}

static void set_box(const Pen *pen, Rect at, int radius)
{
    pen_set(pen, "x", at.x);
    pen_set(pen, "y", at.y);
    pen_set(pen, "width", at.w);
    pen_set(pen, "height", at.h);
    if (radius)
        pen_set(pen, "rx", radius);
}

void pen_rect(const Pen *pen, const char *class_name, Rect at, int radius)
{
    pen_start(pen, "rect", class_name);
    set_box(pen, at, radius);
    pen_end(pen);
}

void pen_path(const Pen *pen, const char *class_name, const char *path)
{
    pen_start(pen, "path", class_name);
    (void)xmlTextWriterWriteAttribute(pen->writer, BAD_CAST "d", BAD_CAST path);
    pen_end(pen);
}

static void start_text(const Pen *pen, const char *class_name, int x, int y, char anchor)
{
    pen_start(pen, "text", class_name);
    pen_set(pen, "x", x);
    pen_set(pen, "y", y);
    if (anchor != 's')
        (void)xmlTextWriterWriteAttribute(pen->writer, BAD_CAST "text-anchor",
                                          BAD_CAST(anchor == 'm' ? "middle" : "end"));
}

void pen_text(const Pen *pen, const char *class_name, int x, int y, char anchor, const char *text)
{
    start_text(pen, class_name, x, y, anchor);
    pen_words(pen, text);
    pen_end(pen);
}

void pen_fit(const Pen *pen, const char *class_name, int x, int y, int w, int px, const char *text)
{
    bool bold = class_name[0] == 't';
    g_autofree char *whole = picture_name_tokens(text, pen->picture->names);
    g_autofree char *fit = picture_fit(whole, w, px, bold);

    start_text(pen, class_name, x, y, 's');
    if (pen->picture->names && picture_has_tokens(text))
        pen_set(pen, "data-w", w);
    write_words(pen, text, fit);
    pen_end(pen);
}

/* Lines and text have a colour, only boxes have marks. */
char *pen_class(const char *base, int slice)
{
    int mark = slice / N_COLOURS % N_MARKS;

    if (slice == PICTURE_NO_SLICE)
        return g_strdup_printf("%s none", base);
    if (mark && g_str_has_suffix(base, "s"))
        return g_strdup_printf("%s%d g%d", base, slice % N_COLOURS, mark);
    return g_strdup_printf("%s%d", base, slice % N_COLOURS);
}

/* Lines at 45 degrees, cut by hand: a pattern would need an id, and pages hold many pictures. */
static void hatch(const Pen *pen, const char *class_name, Rect at, bool backwards)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (int d = HATCH_STEP / 2 + 1; d < at.w + at.h; d += HATCH_STEP) {
        int x1 = MAX(0, d - at.h), y1 = MIN(d, at.h), x2 = MIN(d, at.w), y2 = MAX(0, d - at.w);

        if (x2 - x1 < 3)
            continue;
        g_string_append_printf(path, "M%d %dL%d %d", at.x + (backwards ? at.w - x1 : x1), at.y + y1,
                               at.x + (backwards ? at.w - x2 : x2), at.y + y2);
    }
    pen_path(pen, class_name, path->str);
}

static char *cell_class(const PictureCell *cell)
{
    switch (cell->kind) {
    case CELL_VCPU:
        return pen_class("cell s", cell->slice);
    case CELL_SERVICE:
        return pen_class(cell->slice == PICTURE_NO_SLICE ? "cell service" : "cell service l",
                         cell->slice);
    case CELL_IDLE:
        return pen_class("cell idle l", cell->slice);
    case CELL_HOST:
        return g_strdup("cell host");
    default:
        return g_strdup("cell free");
    }
}

/* The second line. */
static char *cell_words(const PictureCell *cell)
{
    g_autofree char *letter =
        cell->slice == PICTURE_NO_SLICE ? g_strdup("") : picture_letter((guint)cell->slice);

    switch (cell->kind) {
    case CELL_VCPU:
        return g_strdup_printf("%s%s%" G_GINT64_FORMAT, letter, g_ascii_isdigit(*letter) ? ":" : "",
                               cell->vcpu);
    case CELL_SERVICE:
        return g_strdup_printf("%s%ssvc", letter, *letter ? " " : "");
    case CELL_HOST:
        return g_strdup("host");
    case CELL_IDLE:
        return g_strdup("idle");
    default:
        return g_strdup("free");
    }
}

static char *cell_title(const Pen *pen, const PictureCell *cell)
{
    g_autofree char *name =
        cell->slice == PICTURE_NO_SLICE
            ? g_strdup("several slices")
            : picture_clean(picture_slice(pen->picture, (guint)cell->slice)->name);

    switch (cell->kind) {
    case CELL_VCPU:
        return g_strdup_printf("CPU %u: vCPU %" G_GINT64_FORMAT " of %s", cell->cpu, cell->vcpu,
                               name);
    case CELL_SERVICE:
        return g_strdup_printf("CPU %u: emulator threads and IOThreads of %s", cell->cpu, name);
    case CELL_HOST:
        return g_strdup_printf("CPU %u: the host keeps it", cell->cpu);
    case CELL_IDLE:
        return g_strdup_printf("CPU %u: idle sibling of a vCPU of %s", cell->cpu, name);
    default:
        return g_strdup_printf("CPU %u: free", cell->cpu);
    }
}

static void cell_pattern(const Pen *pen, const PictureCell *cell)
{
    Rect inner = {cell->at.x + 1, cell->at.y + 1, cell->at.w - 2, cell->at.h - 2};

    if (cell->kind == CELL_SERVICE) {
        g_autofree char *class_name =
            pen_class(cell->slice == PICTURE_NO_SLICE ? "hatch" : "hatch l", cell->slice);

        hatch(pen, class_name, inner, false);
    } else if (cell->kind == CELL_HOST) {
        hatch(pen, "hatch-host", inner, true);
    }
}

void pen_cell(const Pen *pen, const PictureCell *cell, bool real)
{
    static const char *const halo[] = {[CELL_VCPU] = NULL,
                                       [CELL_SERVICE] = "halo",
                                       [CELL_HOST] = "halo-host",
                                       [CELL_IDLE] = "",
                                       [CELL_FREE] = ""};
    g_autofree char *class_name = cell_class(cell);
    g_autofree char *words = cell_words(cell);
    g_autofree char *title = cell_title(pen, cell);
    g_autofree char *ink =
        cell->kind == CELL_VCPU ? pen_class("i", cell->slice) : g_strdup(halo[cell->kind]);
    g_autofree char *number = g_strdup_printf("%u", cell->cpu);
    g_autofree char *number_class = g_strdup_printf("num %s", ink);
    g_autofree char *words_class =
        g_strdup_printf("sub %s%s", ink, cell->kind == CELL_FREE ? "muted" : "");
    int x = cell->at.x + cell->at.w / 2;

    pen_start(pen, "g", NULL);
    pen_title(pen, title);
    pen_start(pen, "rect", class_name);
    set_box(pen, cell->at, 3);
    if (real)
        pen_set(pen, "data-cpu", (int)cell->cpu);
    pen_end(pen);
    cell_pattern(pen, cell);
    pen_text(pen, g_strchomp(number_class), x, cell->at.y + 15, 'm', number);
    pen_text(pen, g_strchomp(words_class), x, cell->at.y + 28, 'm', words);
    pen_end(pen);
}

void pen_sign(const Pen *pen, int x, int y, const PictureNote *note)
{
    const char *severity = finding_severity_name(note->finding->severity);
    g_autofree char *number = g_strdup_printf("%u", note->number);
    g_autofree char *ink = g_strconcat("in-", severity, NULL);
    g_autofree char *class_name = g_strconcat("sign ", severity, NULL);
    Rect at = {x, y, PICTURE_SIGN, PICTURE_SIGN};

    pen_rect(pen, class_name, at, note->finding->severity == FINDING_ERROR ? 2 : PICTURE_SIGN / 2);
    pen_text(pen, ink, x + PICTURE_SIGN / 2, y + 13, 'm', number);
}
