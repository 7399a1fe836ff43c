/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of core/picture.h share; nobody else includes this. In this order:
 * picture_collect.c says what is to be drawn, picture_layout.c and picture_wires.c where, and
 * picture_svg.c, picture_devices.c, picture_notes.c, picture_html.c and picture_fleet.c draw it, by
 * picture_pen.c, with the names of picture_names.c.
 */
#pragma once

#include <libxml/xmlwriter.h>
#include <stdbool.h>

#include "core/picture.h"
#include "core/picture_fleet.h"

typedef struct {
    int x, y, w, h;
} Rect;

typedef enum { CELL_VCPU, CELL_SERVICE, CELL_HOST, CELL_IDLE, CELL_FREE, N_CELL_KINDS } CellKind;

#define PICTURE_NO_SLICE (-1)

/* A CPU: one thread of a core. */
typedef struct {
    Rect at;
    guint cpu;
    CellKind kind;
    int slice;   /* index in PlanHost.slices; PICTURE_NO_SLICE: none, or several share it */
    gint64 vcpu; /* CELL_VCPU */
} PictureCell;

typedef struct {
    Rect at;
    GArray *cells; /* PictureCell */
} PictureCore;

typedef struct {
    Rect at;
    gint64 l3;        /* or unset */
    GPtrArray *cores; /* PictureCore * */
} PictureDomain;

/* A slice on a node: where its wires end. */
typedef struct {
    Rect at;
    guint slice;
    guint n_vcpus; /* on this node */
    GArray *wires; /* guint, indexes in Picture.wires, from left to right */
    int n_pins;    /* for them: those of the node itself share one */
} PictureChip;

/* Where a wire leaves a device: the whole function, or one VF. */
typedef struct {
    Rect at;
    int slice;
    gint64 vf; /* unset: the whole function */
} PicturePlug;

/* A PCI function on its node, with the VFs that slices got. */
typedef struct {
    Rect at;
    const HostPci *pci;
    GArray *plugs; /* PicturePlug; empty: no slice has any of it */
} PictureCard;

typedef struct {
    Rect at;
    const HostNode *node; /* NULL: for the devices of which the host does not tell the node */
    GPtrArray *domains;   /* PictureDomain * */
    GPtrArray *chips;     /* PictureChip * */
    GPtrArray *cards;     /* PictureCard *, those with plugs first */
    guint n_wired;        /* cards with plugs */
    guint row, column;
    gint64 socket; /* or unset: of several, or unknown */
} PictureNode;

/* From a plug to a chip. */
typedef struct {
    guint from, to; /* indexes in Picture.nodes */
    guint card, plug, chip;
    int slice;
    int pin;        /* of the chip, from left to right */
    bool remote;    /* the device is not on a node of its slice */
    guint finding;  /* number of the finding about that; 0: none */
    Rect pill;      /* of the words at the crossing; w 0: none */
    guint track[2]; /* in the channel of the row of @from, of @to when that is another */
    int lane;       /* in the gutter left of the column of @to; -1: same row, none needed */
    int points[12]; /* x, y, x, y ... */
    guint n_points;
} PictureWire;

typedef struct {
    int x, w;      /* of its nodes */
    int gutter_x;  /* of the gap left of it, where wires change rows ... */
    guint n_lanes; /* ... on these, */
    int pill_w;    /* and words stand beside them; 0: none */
} PictureColumn;

/* A horizontal line for wires between the chips and the cards of a row. */
typedef struct {
    int end; /* of the last wire on it */
    bool pill;
    int y; /* below the top of the channel */
} PictureTrack;

typedef struct {
    GArray *tracks; /* PictureTrack */
    int channel_y, channel_h;
    bool has_cards; /* then a node without any says so */
} PictureRow;

/* What is said below the machine. */
typedef struct {
    guint number; /* from 1 */
    const Finding *finding;
    int slice;                   /* it is about, or PICTURE_NO_SLICE */
    const PlanUnplaced *refused; /* it is about, or NULL */
} PictureNote;

typedef struct {
    const Host *host;
    const Plan *plan;
    const PlanHost *plan_host;
    const PictureNames *names; /* for the tokens in the plan; NULL: there are none */
    GPtrArray *nodes;          /* PictureNode * */
    GArray *wires;             /* PictureWire */
    GArray *notes;             /* PictureNote */
    bool crowded;              /* so many wires with findings that they are drawn small */
    guint threads;             /* of the largest core */
    int cell_w, core_w, core_h;
    guint core_columns, domain_columns; /* in a domain, in a node */
    guint n_columns;                    /* of nodes */
    GArray *columns;                    /* PictureColumn */
    GArray *rows;                       /* PictureRow */
    int width, bottom;                  /* of the machine with the margins */
} Picture;

/* picture_collect.c */
Picture *picture_collect(const Host *host, const Plan *plan, const PlanHost *plan_host);
void picture_free(Picture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Picture, picture_free)
PictureNode *picture_node(const Picture *picture, guint index);
PictureWire *picture_wire(const Picture *picture, guint index);
const PlanSlice *picture_slice(const Picture *picture, guint index);
/* The words at a crossing. */
char *picture_wire_words(const Picture *picture, const PictureWire *wire);

/* picture_layout.c: all places; @top: y of the first row of nodes. */
#define PICTURE_MARGIN 24
#define PICTURE_MIN_W 820
#define PICTURE_PAD 12 /* in boxes */
#define PICTURE_CELL_H 34
#define PICTURE_PILL_H 20
#define PICTURE_MEMORY_Y 40 /* of the bar, in a node */
#define PICTURE_MEMORY_H 18
void picture_layout(Picture *picture, int top);

/* picture_wires.c, in this order: lanes and pills once rows and columns are known, tracks once all
 * x are, points once all y are. */
void picture_assign_lanes(Picture *picture);
void picture_assign_tracks(Picture *picture);
void picture_route(Picture *picture);

/* picture_text.c. Widths are upper bounds for the sans-serif fonts of the usual systems. */
int picture_text_w(const char *text, int px, bool bold);
/* As much as fits into @w pixels, with an ellipsis when that is not all. Caller frees. */
char *picture_fit(const char *text, int w, int px, bool bold);
/* Broken at blanks into lines (char *) of at most @w pixels. */
GPtrArray *picture_wrap(const char *text, int w, int px);
/* "A", as the core map of `plan` has it; numbers once the letters are used up. Caller frees. */
char *picture_letter(guint slice);

/* picture_names.c. Foreign text, fit for XML; tokens stay. NULL gives "". Caller frees. */
char *picture_clean(const char *text);
/* With the names in place of the tokens; without @names as it is. Caller frees. */
char *picture_name_tokens(const char *text, const PictureNames *names);
bool picture_has_tokens(const char *text);

/* picture_pen.c: elements of the drawing. */
typedef struct {
    xmlTextWriterPtr writer;
    const Picture *picture;
} Pen;

void pen_start(const Pen *pen, const char *element, const char *class_name);
void pen_end(const Pen *pen);
void pen_set(const Pen *pen, const char *name, int value);
/* Text, in which there may be tokens (picture_names.c): then with what the script of the page needs
 * to put in other names. */
void pen_words(const Pen *pen, const char *words);
void pen_title(const Pen *pen, const char *text);
void pen_rect(const Pen *pen, const char *class_name, Rect at, int radius);
void pen_path(const Pen *pen, const char *class_name, const char *path);
/* @anchor: 's'tart, 'm'iddle, 'e'nd. */
void pen_text(const Pen *pen, const char *class_name, int x, int y, char anchor, const char *text);
/* The same from @x on, cut to @w pixels; classes that begin with "t" are bold. */
void pen_fit(const Pen *pen, const char *class_name, int x, int y, int w, int px, const char *text);
/* "chip s2 g1" of "chip s": @base with the colour of a slice, and what tells it from others of that
 * colour. */
char *pen_class(const char *base, int slice);
/* A box with the look of a kind of CPU, and its two lines. @real: not an example of the key. */
void pen_cell(const Pen *pen, const PictureCell *cell, bool real);
/* The sign of a finding with its number, PICTURE_SIGN pixels wide and high. */
#define PICTURE_SIGN 18
void pen_sign(const Pen *pen, int x, int y, const PictureNote *note);

/* picture_devices.c */
void pen_card(const Pen *pen, const PictureCard *card);
void pen_wire(const Pen *pen, const PictureWire *wire);
void pen_pill(const Pen *pen, const PictureWire *wire);
/* "eno1", or what else the function is called. Caller frees. */
char *picture_device_name(const HostPci *pci);

/* picture_notes.c: what stands below the machine; they return the y below themselves. */
int picture_draw_key(const Pen *pen, int y, int width);
int picture_draw_slices(const Pen *pen, int y, int width);
int picture_draw_refused(const Pen *pen, int y, int width);
int picture_draw_findings(const Pen *pen, int y, int width);
/* What is said about a slice, line by line (char *), with at most so many of its devices. */
GPtrArray *picture_describe_slice(const Picture *picture, const PlanSlice *slice, guint devices);

/* picture_svg.c: a whole <svg>; @id: prefix of its ids; @style: with its <style>, for a file of its
 * own. Of a way of a fleet (it has names) the machine alone: the rest is said in HTML beside it.
 * Caller frees. */
char *picture_draw(Picture *picture, const char *id, bool style);
/* "Xeon, 2 sockets, 12 cores ...". Caller frees. */
char *picture_describe_host(const Host *host);
/* "2 slices". Caller frees. */
char *picture_plural(gint64 n, const char *one);

/* picture_html.c: the head of a page, up to its <body>. */
void picture_open_page(const char *style, GString *out);
/* picture_script.c */
extern const char PICTURE_FLEET_STYLE[], PICTURE_FLEET_SCRIPT[];

/* picture_style.c */
extern const char PICTURE_STYLE[];
