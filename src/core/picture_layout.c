/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything stands. Cores fill their L3 domain, domains their node, nodes rows and columns;
 * of all ways to break these lines the one is taken that is largest on a screen.
 */
#include "core/picture_private.h"

#define SPACE 6         /* between cores, and between cards */
#define DOMAIN_SPACE 10 /* between L3 domains */
#define DOMAIN_TITLE 22
#define ROW_SPACE 28
#define DOMAINS_Y (PICTURE_MEMORY_Y + PICTURE_MEMORY_H + 12)
#define CHIP_H 42
#define CHIP_MIN_W 56
#define CARD_W 133
#define CARD_BODY_H 58
#define CARD_MOST_W 190 /* for its words */
#define PLUG_W 36
#define PLUG_NARROW_W 28 /* where there are many */
#define PLUGS_WIDE 8
#define NODE_MIN_W 250 /* its title and its memory */
#define GUTTER_W 28
#define LANE_W 10
#define PILL_SPACE 12

/* The screen that a picture has to fit; up to COMFORT_W there is no gain in being narrower. */
#define SCREEN_W 1400
#define SCREEN_H 900
#define COMFORT_W 900

#define MOST_COLUMNS 16

static int columns_w(guint n, int one, int space)
{
    return n ? (int)n * one + (int)(n - 1) * space : 0;
}

static guint rows_of(guint n, guint columns)
{
    return (n + columns - 1) / columns;
}

static PictureColumn *column_at(const Picture *picture, guint index)
{
    return &g_array_index(picture->columns, PictureColumn, index);
}

static PictureRow *row_at(const Picture *picture, guint index)
{
    return &g_array_index(picture->rows, PictureRow, index);
}

static void measure_cores(Picture *picture)
{
    guint across = MIN(picture->threads, 4);
    int last = 0;
    g_autofree char *text = NULL;

    for (guint i = 0; i < picture->host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(picture->host->cores, i);

        for (int cpu = cpuset_next(core->cpus, 0); cpu >= 0;
             cpu = cpuset_next(core->cpus, (guint)cpu + 1))
            last = MAX(last, cpu);
    }
    text = g_strdup_printf("%d", last);
    picture->cell_w = MAX(38, picture_text_w(text, 13, true) + 4);
    picture->core_w = columns_w(across, picture->cell_w, 2) + 6;
    picture->core_h = columns_w(rows_of(picture->threads, across), PICTURE_CELL_H, 2) + 6;
}

static int chip_min_w(const PictureChip *chip)
{
    return MAX(CHIP_MIN_W, 24 + 8 * (int)chip->wires->len);
}

static int chip_best_w(const Picture *picture, const PictureChip *chip)
{
    g_autofree char *name = picture_clean(picture_slice(picture, chip->slice)->name);

    return MAX(chip_min_w(chip), MAX(picture_text_w(name, 13, true), 150) + 50);
}

static int plug_w(const PictureCard *card)
{
    return card->plugs->len > PLUGS_WIDE ? PLUG_NARROW_W : PLUG_W;
}

static int card_w(const PictureCard *card)
{
    g_autofree char *name = picture_device_name(card->pci);
    int words = MIN(picture_text_w(name, 13, true) + 80, CARD_MOST_W); /* with the speed */

    return MAX(MAX(CARD_W, words), columns_w(card->plugs->len, plug_w(card), 4) + 8);
}

static int domain_w(const Picture *picture)
{
    return columns_w(picture->core_columns, picture->core_w, SPACE) + 16;
}

static int domain_h(const Picture *picture, const PictureDomain *domain)
{
    return DOMAIN_TITLE + 8 +
           columns_w(rows_of(domain->cores->len, picture->core_columns), picture->core_h, SPACE);
}

static int node_min_w(const Picture *picture, const PictureNode *node)
{
    int chips = 0, cards = 0;
    int domains = columns_w(MIN(node->domains->len, picture->domain_columns), domain_w(picture),
                            DOMAIN_SPACE);

    for (guint i = 0; i < node->chips->len; i++)
        chips += chip_min_w(g_ptr_array_index(node->chips, i)) + SPACE;
    for (guint i = 0; i < node->n_wired; i++)
        cards += card_w(g_ptr_array_index(node->cards, i)) + SPACE;
    return MAX(NODE_MIN_W, MAX(domains, MAX(chips, cards) - SPACE) + 2 * PICTURE_PAD);
}

static int domains_h(const Picture *picture, const PictureNode *node)
{
    int height = 0;

    for (guint i = 0; i < node->domains->len; i += picture->domain_columns) {
        int line = 0;

        for (guint k = i; k < MIN(node->domains->len, i + picture->domain_columns); k++)
            line = MAX(line, domain_h(picture, g_ptr_array_index(node->domains, k)));
        height += line + (i ? DOMAIN_SPACE : 0);
    }
    return height;
}

/* Nodes into rows and columns; widths of the columns. */
static void arrange(Picture *picture)
{
    g_array_set_size(picture->columns, 0);
    g_array_set_size(picture->columns, picture->n_columns);
    for (guint i = 0; i < picture->nodes->len; i++) {
        PictureNode *node = picture_node(picture, i);
        PictureColumn *column = column_at(picture, i % picture->n_columns);

        node->row = i / picture->n_columns;
        node->column = i % picture->n_columns;
        column->w = MAX(column->w, node_min_w(picture, node));
    }
}

/* A row of whole sockets, or a part of one socket, reads well; one that begins a socket and leaves
 * the rest to the next does not. Each counts as half a picture more. */
static int count_broken(const Picture *picture)
{
    int broken = 0;

    for (guint i = picture->n_columns; i < picture->nodes->len; i += picture->n_columns) {
        gint64 first = picture_node(picture, i - picture->n_columns)->socket;
        gint64 last = picture_node(picture, i - 1)->socket;

        broken += first != last && last == picture_node(picture, i)->socket;
    }
    return broken;
}

/* How large the picture would be in units of the screen, roughly: the wires are not known yet. */
static int measure(const Picture *picture)
{
    int width = 2 * PICTURE_MARGIN - GUTTER_W, height = 0, size;

    for (guint c = 0; c < picture->n_columns; c++)
        width += column_at(picture, c)->w + GUTTER_W;
    for (guint first = 0; first < picture->nodes->len; first += picture->n_columns) {
        int row = 0;

        for (guint i = first; i < MIN(picture->nodes->len, first + picture->n_columns); i++)
            row = MAX(row, domains_h(picture, picture_node(picture, i)));
        height += row + DOMAINS_Y + CHIP_H + CARD_BODY_H + ROW_SPACE;
    }
    size = MAX(MAX(width, COMFORT_W) * SCREEN_H, height * SCREEN_W);
    return size + size / 2 * count_broken(picture);
}

/* Places in the grid without a core, a domain or a node. */
static guint count_holes(const Picture *picture)
{
    guint holes =
        rows_of(picture->nodes->len, picture->n_columns) * picture->n_columns - picture->nodes->len;

    for (guint i = 0; i < picture->nodes->len; i++) {
        const PictureNode *node = picture_node(picture, i);
        guint n = node->domains->len, most = MIN(n, picture->domain_columns);

        if (n)
            holes += rows_of(n, most) * most - n;
        for (guint d = 0; d < n; d++) {
            const PictureDomain *domain = g_ptr_array_index(node->domains, d);
            guint columns = picture->core_columns;

            holes += rows_of(domain->cores->len, columns) * columns - domain->cores->len;
        }
    }
    return holes;
}

typedef struct {
    guint core_columns, domain_columns, n_columns;
    int size;
    guint holes;
} Shape;

static void try_shape(Picture *picture, Shape *shape)
{
    picture->core_columns = shape->core_columns;
    picture->domain_columns = shape->domain_columns;
    picture->n_columns = shape->n_columns;
    arrange(picture);
    shape->size = measure(picture);
    shape->holes = count_holes(picture);
}

static void choose_shape(Picture *picture)
{
    guint most_cores = 1, most_domains = 1;
    Shape best = {.size = G_MAXINT};

    for (guint i = 0; i < picture->nodes->len; i++) {
        const PictureNode *node = picture_node(picture, i);

        most_domains = MAX(most_domains, node->domains->len);
        for (guint d = 0; d < node->domains->len; d++)
            most_cores =
                MAX(most_cores, ((PictureDomain *)g_ptr_array_index(node->domains, d))->cores->len);
    }
    /* widest first: of equal ones the flattest, and nodes side by side */
    for (guint n = MIN(picture->nodes->len, MOST_COLUMNS); n > 0; n--)
        for (guint d = MIN(most_domains, MOST_COLUMNS); d > 0; d--)
            for (guint c = MIN(most_cores, MOST_COLUMNS); c > 0; c--) {
                Shape shape = {.core_columns = c, .domain_columns = d, .n_columns = n};

                try_shape(picture, &shape);
                if (shape.size < best.size || (shape.size == best.size && shape.holes < best.holes))
                    best = shape;
            }
    try_shape(picture, &best);
}

static void place_core(const Picture *picture, PictureCore *core, int x, int y)
{
    guint across = MIN(picture->threads, 4);

    core->at = (Rect){x, y, picture->core_w, picture->core_h};
    for (guint i = 0; i < core->cells->len; i++)
        g_array_index(core->cells, PictureCell, i).at = (Rect){
            x + 3 + (int)(i % across) * (picture->cell_w + 2),
            y + 3 + (int)(i / across) * (PICTURE_CELL_H + 2), picture->cell_w, PICTURE_CELL_H};
}

static void place_domains(const Picture *picture, PictureNode *node, int y)
{
    guint across = MAX(MIN(node->domains->len, picture->domain_columns), 1);
    int inner = node->at.w - 2 * PICTURE_PAD;
    int w = (inner - (int)(across - 1) * DOMAIN_SPACE) / (int)across;
    int line_h = 0;

    for (guint i = 0; i < node->domains->len; i++) {
        PictureDomain *domain = g_ptr_array_index(node->domains, i);
        int x = node->at.x + PICTURE_PAD + (int)(i % across) * (w + DOMAIN_SPACE);
        int left = x + (w - columns_w(picture->core_columns, picture->core_w, SPACE)) / 2;

        if (i > 0 && i % across == 0) {
            y += line_h + DOMAIN_SPACE;
            line_h = 0;
        }
        domain->at = (Rect){x, y, w, domain_h(picture, domain)};
        line_h = MAX(line_h, domain->at.h);
        for (guint c = 0; c < domain->cores->len; c++)
            place_core(picture, g_ptr_array_index(domain->cores, c),
                       left + (int)(c % picture->core_columns) * (picture->core_w + SPACE),
                       y + DOMAIN_TITLE +
                           (int)(c / picture->core_columns) * (picture->core_h + SPACE));
    }
}

/* In one line: as wide as their names want, and narrower alike where there is no room. */
static void place_chips(const Picture *picture, PictureNode *node)
{
    int room = node->at.w - 2 * PICTURE_PAD, least = 0, best = 0;
    int x = node->at.x + PICTURE_PAD;

    for (guint i = 0; i < node->chips->len; i++) {
        const PictureChip *chip = g_ptr_array_index(node->chips, i);

        room -= i ? SPACE : 0;
        least += chip_min_w(chip);
        best += chip_best_w(picture, chip);
    }
    for (guint i = 0; i < node->chips->len; i++) {
        PictureChip *chip = g_ptr_array_index(node->chips, i);
        int min = chip_min_w(chip), wish = chip_best_w(picture, chip) - min;

        chip->at.x = x;
        chip->at.w =
            min + (best <= room ? wish : (int)((gint64)wish * (room - least) / (best - least)));
        chip->at.h = CHIP_H;
        x += chip->at.w + SPACE;
    }
}

/* Those with plugs stand in the first line, next to the wires. */
static void place_cards(PictureNode *node)
{
    int x = node->at.x + PICTURE_PAD, y = node->n_wired ? PICTURE_CELL_H : 0;
    int end = node->at.x + node->at.w - PICTURE_PAD;
    int across = (end - x + SPACE) / (CARD_W + SPACE);
    int even = (end - x + SPACE) / MAX(across, 1) - SPACE;

    for (guint i = 0; i < node->cards->len; i++)
        if (card_w(g_ptr_array_index(node->cards, i)) > even)
            even = 0; /* each as wide as it has to be */
    for (guint i = 0; i < node->cards->len; i++) {
        PictureCard *card = g_ptr_array_index(node->cards, i);
        int w = MAX(card_w(card), even);

        if (i >= node->n_wired && x > node->at.x + PICTURE_PAD && x + w > end) {
            x = node->at.x + PICTURE_PAD;
            y += CARD_BODY_H + SPACE;
        }
        card->at = (Rect){x, y, w, CARD_BODY_H};
        for (guint p = 0; p < card->plugs->len; p++) {
            PicturePlug *plug = &g_array_index(card->plugs, PicturePlug, p);
            bool whole = plug->vf == RECORD_UNSET;

            plug->at = (Rect){x + (whole ? 0 : 4) + (int)p * (plug_w(card) + 4), 0,
                              whole ? w : plug_w(card), PICTURE_CELL_H};
        }
        x += w + SPACE;
    }
}

/* The words around a small machine need some width: its nodes take it. */
static void widen(Picture *picture)
{
    int width = 2 * PICTURE_MARGIN;

    for (guint c = 0; c < picture->n_columns; c++)
        width += column_at(picture, c)->w + (c ? GUTTER_W : 0);
    for (guint c = 0; width < PICTURE_MIN_W && c < picture->n_columns; c++)
        column_at(picture, c)->w += (PICTURE_MIN_W - width) / (int)picture->n_columns;
}

static void place_x(Picture *picture)
{
    int x = PICTURE_MARGIN;

    widen(picture);
    for (guint c = 0; c < picture->n_columns; c++) {
        PictureColumn *column = column_at(picture, c);

        column->gutter_x = x;
        x += (c || column->n_lanes ? GUTTER_W : 0) + (int)column->n_lanes * LANE_W +
             (column->pill_w ? column->pill_w + PILL_SPACE : 0);
        column->x = x;
        x += column->w;
    }
    picture->width = x + PICTURE_MARGIN;
    for (guint i = 0; i < picture->nodes->len; i++) {
        PictureNode *node = picture_node(picture, i);

        node->at.x = column_at(picture, node->column)->x;
        node->at.w = column_at(picture, node->column)->w;
        place_chips(picture, node);
        place_cards(node);
    }
}

typedef struct {
    int domains_h, cards_h;
    bool chips;
} RowParts;

static RowParts measure_row(const Picture *picture, guint row)
{
    RowParts parts = {0};

    for (guint i = 0; i < picture->nodes->len; i++) {
        const PictureNode *node = picture_node(picture, i);

        if (node->row != row)
            continue;
        parts.domains_h = MAX(parts.domains_h, domains_h(picture, node));
        parts.chips = parts.chips || node->chips->len > 0;
        for (guint c = 0; c < node->cards->len; c++) {
            const PictureCard *card = g_ptr_array_index(node->cards, c);

            parts.cards_h = MAX(parts.cards_h, card->at.y + card->at.h);
        }
    }
    return parts;
}

static void place_node_y(Picture *picture, PictureNode *node, int top, int chips_y, int cards_y)
{
    node->at.y = top;
    place_domains(picture, node, top + DOMAINS_Y);
    for (guint i = 0; i < node->chips->len; i++)
        ((PictureChip *)g_ptr_array_index(node->chips, i))->at.y = chips_y;
    for (guint i = 0; i < node->cards->len; i++) {
        PictureCard *card = g_ptr_array_index(node->cards, i);

        card->at.y += cards_y;
        for (guint p = 0; p < card->plugs->len; p++)
            g_array_index(card->plugs, PicturePlug, p).at.y = cards_y;
    }
}

static void place_y(Picture *picture, int top)
{
    for (guint r = 0; r < picture->rows->len; r++) {
        PictureRow *row = row_at(picture, r);
        RowParts parts = measure_row(picture, r);
        int chips_y = top + DOMAINS_Y + parts.domains_h + (parts.domains_h ? DOMAIN_SPACE : 0);
        int cards_y, bottom;

        row->has_cards = parts.cards_h > 0;
        row->channel_y = chips_y + (parts.chips ? CHIP_H : 0);
        cards_y = row->channel_y + (parts.cards_h ? row->channel_h : 0);
        bottom = cards_y + parts.cards_h + PICTURE_PAD;
        for (guint i = 0; i < picture->nodes->len; i++) {
            PictureNode *node = picture_node(picture, i);

            if (node->row != r)
                continue;
            place_node_y(picture, node, top, chips_y, cards_y);
            node->at.h = bottom - top;
        }
        picture->bottom = bottom;
        top = bottom + ROW_SPACE;
    }
}

void picture_layout(Picture *picture, int top)
{
    measure_cores(picture);
    picture->bottom = top;
    picture->width = 2 * PICTURE_MARGIN;
    if (picture->nodes->len == 0)
        return;
    choose_shape(picture);
    for (guint r = 0; r < rows_of(picture->nodes->len, picture->n_columns); r++) {
        PictureRow row = {.tracks = g_array_new(FALSE, TRUE, sizeof(PictureTrack))};

        g_array_append_val(picture->rows, row);
    }
    picture_assign_lanes(picture);
    place_x(picture);
    picture_assign_tracks(picture);
    place_y(picture, top);
    picture_route(picture);
}
