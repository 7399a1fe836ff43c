/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/picture_private.h"

/* Advances of DejaVu Sans from ' ' to '~' in thousandths of the font size: of the fonts that the
 * style names it is the widest. */
static const short GLYPHS[] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838};

static int glyph_w(gunichar c)
{
    if (c >= ' ' && c - ' ' < G_N_ELEMENTS(GLYPHS))
        return GLYPHS[c - ' '];
    if (c == 0xb7) /* middle dot */
        return 318;
    return c > 0x1100 ? 1050 : 840;
}

int picture_text_w(const char *text, int px, bool bold)
{
    int width = 0;

    for (const char *at = text; *at; at = g_utf8_next_char(at))
        width += glyph_w(g_utf8_get_char(at));
    if (bold)
        width += width / 8;
    return (width * px + 999) / 1000;
}

char *picture_fit(const char *text, int w, int px, bool bold)
{
    g_autofree char *whole = g_strdup(text);
    char *end = whole + strlen(whole);

    if (picture_text_w(whole, px, bold) <= w)
        return g_steal_pointer(&whole);
    while (end > whole) {
        g_autofree char *cut = NULL;

        end = g_utf8_find_prev_char(whole, end);
        *end = '\0';
        cut = g_strconcat(whole, "\u2026", NULL);
        if (picture_text_w(cut, px, bold) <= w)
            return g_steal_pointer(&cut);
    }
    return g_strdup("");
}

GPtrArray *picture_wrap(const char *text, int w, int px)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autoptr(GString) line = g_string_new(NULL);

    for (guint i = 0; words[i]; i++) {
        g_autofree char *longer = g_strconcat(line->str, line->len ? " " : "", words[i], NULL);

        if (line->len > 0 && picture_text_w(longer, px, false) > w) {
            g_ptr_array_add(lines, picture_fit(line->str, w, px, false));
            g_string_assign(line, words[i]);
        } else {
            g_string_assign(line, longer);
        }
    }
    g_ptr_array_add(lines, picture_fit(line->str, w, px, false));
    return lines;
}

char *picture_letter(guint slice)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    if (slice < sizeof(letters) - 1)
        return g_strndup(letters + slice, 1);
    return g_strdup_printf("%u", slice + 1);
}
