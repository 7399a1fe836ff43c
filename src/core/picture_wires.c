/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wires. Those of a slice on its own node are one net with one track. Each goes up from its plug to
 * a track, along it, and up to its chip; to a node of another row it changes tracks on a lane
 * beside that node's column. Plugs hold wires at multiples of eight pixels and chips half way
 * between, so that no two vertical parts meet.
 */
#include "core/picture_private.h"

#define GRID 8
#define TRACK_H 10
#define PILL_TRACK_H (PICTURE_PILL_H + 4)
#define CHANNEL_PAD 12
#define PILL_PAD 8
#define FEW_FOUND 12 /* of more wires with findings only the numbers stand there */
#define PILL_SIGN_W 20
#define PILL_END 20 /* from the column */

static PictureColumn *column_at(const Picture *picture, guint index)
{
    return &g_array_index(picture->columns, PictureColumn, index);
}

static PictureRow *row_at(const Picture *picture, guint index)
{
    return &g_array_index(picture->rows, PictureRow, index);
}

/* The column with the gutter in which the words of the wire stand. */
static PictureColumn *pill_column(const Picture *picture, const PictureWire *wire)
{
    const PictureNode *from = picture_node(picture, wire->from);
    const PictureNode *to = picture_node(picture, wire->to);

    if (from->row != to->row || to->column < from->column)
        return column_at(picture, from->row != to->row ? to->column : from->column);
    return column_at(picture, from->column + 1);
}

void picture_assign_lanes(Picture *picture)
{
    guint n_found = 0;

    for (guint i = 0; i < picture->wires->len; i++)
        n_found += picture_wire(picture, i)->finding > 0;
    picture->crowded = n_found > FEW_FOUND;
    for (guint i = 0; i < picture->wires->len; i++) {
        PictureWire *wire = picture_wire(picture, i);
        const PictureNode *from = picture_node(picture, wire->from);
        const PictureNode *to = picture_node(picture, wire->to);

        if (from->row != to->row)
            wire->lane = (int)column_at(picture, to->column)->n_lanes++;
        if (wire->finding) {
            g_autofree char *words = picture_wire_words(picture, wire);
            PictureColumn *column = pill_column(picture, wire);

            wire->pill.w = picture->crowded
                               ? PICTURE_PILL_H
                               : picture_text_w(words, 12, true) + PILL_SIGN_W + 2 * PILL_PAD;
            wire->pill.h = PICTURE_PILL_H;
            column->pill_w = MAX(column->pill_w, wire->pill.w);
        }
    }
}

static int plug_x(const Picture *picture, const PictureWire *wire)
{
    const PictureNode *node = picture_node(picture, wire->from);
    const PictureCard *card = g_ptr_array_index(node->cards, wire->card);
    const PicturePlug *plug = &g_array_index(card->plugs, PicturePlug, wire->plug);

    return (plug->at.x + plug->at.w / 2) / GRID * GRID;
}

static PictureChip *chip_of(const Picture *picture, const PictureWire *wire)
{
    return g_ptr_array_index(picture_node(picture, wire->to)->chips, wire->chip);
}

/* The local wires of a slice share a pin, each of the others has its own. */
static int chip_x(const Picture *picture, const PictureWire *wire)
{
    const PictureChip *chip = chip_of(picture, wire);
    int first = chip->at.x + chip->at.w / 2 - chip->n_pins * GRID / 2;

    return (first / GRID + wire->pin) * GRID + GRID / 2;
}

static int lane_x(const Picture *picture, const PictureWire *wire)
{
    const PictureColumn *column = column_at(picture, picture_node(picture, wire->to)->column);

    return column->gutter_x + 10 + wire->lane * 10;
}

static int compare_sources(gconstpointer a, gconstpointer b, gpointer data)
{
    guint x = *(const guint *)a, y = *(const guint *)b;
    int difference = plug_x(data, picture_wire(data, x)) - plug_x(data, picture_wire(data, y));

    return difference ? difference : (x < y ? -1 : x > y);
}

static void assign_pins(Picture *picture)
{
    for (guint n = 0; n < picture->nodes->len; n++) {
        const PictureNode *node = picture_node(picture, n);

        for (guint c = 0; c < node->chips->len; c++) {
            PictureChip *chip = g_ptr_array_index(node->chips, c);
            int local = -1;

            g_array_sort_with_data(chip->wires, compare_sources, picture);
            for (guint w = 0; w < chip->wires->len; w++) {
                PictureWire *wire = picture_wire(picture, g_array_index(chip->wires, guint, w));

                wire->pin = wire->remote || local < 0 ? chip->n_pins++ : local;
                if (!wire->remote)
                    local = wire->pin;
            }
        }
    }
}

/* The wire that stands for the net of a local one. */
static guint net_of(const Picture *picture, const PictureWire *wire)
{
    const PictureChip *chip = chip_of(picture, wire);
    guint w = 0;

    while (picture_wire(picture, g_array_index(chip->wires, guint, w))->remote)
        w++;
    return g_array_index(chip->wires, guint, w);
}

typedef struct {
    guint row, wire, part; /* part: index in PictureWire.track */
    int left, right;
    bool pill;
} Span;

static void add_span(GArray *spans, guint row, guint wire, guint part, int a, int b, bool pill)
{
    Span span = {row, wire, part, MIN(a, b), MAX(a, b), pill};

    g_array_append_val(spans, span);
}

static void add_net(const Picture *picture, GArray *spans, guint index)
{
    const PictureWire *wire = picture_wire(picture, index);
    const PictureChip *chip = chip_of(picture, wire);
    int left = chip_x(picture, wire), right = left;

    if (net_of(picture, wire) != index)
        return;
    for (guint w = 0; w < chip->wires->len; w++) {
        const PictureWire *other = picture_wire(picture, g_array_index(chip->wires, guint, w));
        int x = plug_x(picture, other);

        if (other->remote)
            continue;
        left = MIN(left, x);
        right = MAX(right, x);
    }
    add_span(spans, picture_node(picture, wire->from)->row, index, 0, left, right, false);
}

static int compare_spans(gconstpointer a, gconstpointer b)
{
    const Span *x = a, *y = b;

    if (x->left != y->left)
        return x->left < y->left ? -1 : 1;
    return x->wire < y->wire ? -1 : x->wire > y->wire;
}

/* The first track that is free from there on. */
static guint take_track(PictureRow *row, const Span *span)
{
    guint t = 0;
    PictureTrack *track;

    while (t < row->tracks->len &&
           g_array_index(row->tracks, PictureTrack, t).end >= span->left - GRID)
        t++;
    if (t == row->tracks->len)
        g_array_set_size(row->tracks, t + 1);
    track = &g_array_index(row->tracks, PictureTrack, t);
    track->end = span->right;
    track->pill = track->pill || span->pill;
    return t;
}

static void stack_tracks(PictureRow *row)
{
    int y = CHANNEL_PAD;

    for (guint t = 0; t < row->tracks->len; t++) {
        PictureTrack *track = &g_array_index(row->tracks, PictureTrack, t);
        int h = track->pill ? PILL_TRACK_H : TRACK_H;

        track->y = y + h / 2;
        y += h;
    }
    row->channel_h = y + CHANNEL_PAD;
}

void picture_assign_tracks(Picture *picture)
{
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(Span));

    assign_pins(picture);
    for (guint i = 0; i < picture->wires->len; i++) {
        const PictureWire *wire = picture_wire(picture, i);
        guint from = picture_node(picture, wire->from)->row;
        guint to = picture_node(picture, wire->to)->row;
        int a = plug_x(picture, wire), b = chip_x(picture, wire);
        bool pill = wire->pill.w > 0;

        if (!wire->remote) {
            add_net(picture, spans, i);
            continue;
        }
        if (from == to) {
            add_span(spans, from, i, 0, a, b, pill);
            continue;
        }
        add_span(spans, from, i, 0, a, lane_x(picture, wire), false);
        add_span(spans, to, i, 1, lane_x(picture, wire), b, pill);
    }
    g_array_sort(spans, compare_spans);
    for (guint i = 0; i < spans->len; i++) {
        const Span *span = &g_array_index(spans, Span, i);

        picture_wire(picture, span->wire)->track[span->part] =
            take_track(row_at(picture, span->row), span);
    }
    for (guint i = 0; i < picture->wires->len; i++) {
        PictureWire *wire = picture_wire(picture, i);

        if (!wire->remote)
            wire->track[0] = picture_wire(picture, net_of(picture, wire))->track[0];
    }
    for (guint r = 0; r < picture->rows->len; r++)
        stack_tracks(row_at(picture, r));
}

static void add_point(PictureWire *wire, int x, int y)
{
    wire->points[2 * wire->n_points] = x;
    wire->points[2 * wire->n_points + 1] = y;
    wire->n_points++;
}

static int track_y(const Picture *picture, guint row, guint track)
{
    const PictureRow *at = row_at(picture, row);

    return at->channel_y + g_array_index(at->tracks, PictureTrack, track).y;
}

void picture_route(Picture *picture)
{
    for (guint i = 0; i < picture->wires->len; i++) {
        PictureWire *wire = picture_wire(picture, i);
        const PictureNode *from = picture_node(picture, wire->from);
        const PictureNode *to = picture_node(picture, wire->to);
        const PictureCard *card = g_ptr_array_index(from->cards, wire->card);
        const PictureChip *chip = chip_of(picture, wire);
        int x = plug_x(picture, wire), end_x = chip_x(picture, wire);
        int y = track_y(picture, from->row, wire->track[0]);

        add_point(wire, x, g_array_index(card->plugs, PicturePlug, wire->plug).at.y);
        add_point(wire, x, y);
        if (from->row != to->row) {
            x = lane_x(picture, wire);
            add_point(wire, x, y);
            y = track_y(picture, to->row, wire->track[1]);
            add_point(wire, x, y);
        }
        add_point(wire, end_x, y);
        add_point(wire, end_x, chip->at.y + chip->at.h);
        if (wire->pill.w) {
            const PictureColumn *column = pill_column(picture, wire);

            wire->pill.x = column->x - PILL_END - (column->pill_w + wire->pill.w) / 2;
            wire->pill.y = y - PICTURE_PILL_H / 2;
        }
    }
}
