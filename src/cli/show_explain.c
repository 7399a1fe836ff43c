/* SPDX-License-Identifier: Apache-2.0 */
/* One slice: where it is, or why nowhere; its other choices; what would let it in. */
#include "cli/show.h"

static char *nodes_text(const GArray *nodes)
{
    GString *text = g_string_new(nodes->len > 1 ? "nodes " : "node ");

    for (guint i = 0; i < nodes->len; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "," : "",
                               g_array_index(nodes, gint64, i));
    return g_string_free(text, FALSE);
}

/* For a placed slice, all others are placed anew around each choice. */
static char *choice_text(const Explanation *explanation, const ExplainChoice *choice)
{
    GString *text = g_string_new(NULL);

    if (!explanation->placed)
        return g_strdup(choice->lack
                            ? choice->lack
                            : "nothing by itself is missing, but not all together is there");
    if (!choice->level) {
        g_string_append(text, "as good a plan; of equals the first was taken");
        return g_string_free(text, FALSE);
    }
    g_string_append_printf(text, "worse: %s %" G_GINT64_FORMAT " instead of %" G_GINT64_FORMAT,
                           show_level_words(choice->level), choice->value, choice->best);
    if (choice->lack && g_str_equal(choice->level, "refused"))
        g_string_append_printf(text, "; beside the others %s", choice->lack);
    return g_string_free(text, FALSE);
}

static void show_choices(const Term *term, const Explanation *explanation)
{
    if (explanation->choices->len == 0)
        return;
    term_print(term, TERM_BOLD, "\n%s\n", explanation->placed ? "Elsewhere" : "Node by node");
    for (guint i = 0; i < explanation->choices->len; i++) {
        const ExplainChoice *choice = g_ptr_array_index(explanation->choices, i);
        g_autofree char *nodes = nodes_text(choice->nodes);
        g_autofree char *text = choice_text(explanation, choice);

        show_row(term, nodes, text);
    }
    if (explanation->choices_left > 0)
        term_print(term, TERM_DIM, "      and %" G_GINT64_FORMAT " choices more\n",
                   explanation->choices_left);
}

static void show_changes(const Term *term, const Explanation *explanation)
{
    if (explanation->placed)
        return;
    term_print(term, TERM_BOLD, "\nWhat would let it in\n");
    if (explanation->hint)
        show_row(term, "hint", explanation->hint);
    for (guint i = 0; i < explanation->changes->len; i++) {
        g_autofree char *number = g_strdup_printf("%u", i + 1);

        show_row(term, number, g_ptr_array_index(explanation->changes, i));
    }
    if (explanation->changes->len > 0)
        term_print(term, TERM_DIM, "  each was planned with all the other slices, and works\n");
    else if (!explanation->hint)
        term_print(term, TERM_PLAIN, "  none of the changes that were tried\n");
}

void show_explanation(const Term *term, const Explanation *explanation)
{
    g_autofree char *nodes = nodes_text(explanation->nodes);

    term_print(term, TERM_BOLD, "%s", explanation->slice);
    if (explanation->placed)
        term_print(term, TERM_GREEN, "  %s\n", nodes);
    else
        term_print(term, TERM_RED, "  refused: %s\n", explanation->resource);
    if (explanation->reason)
        show_row(term, "reason", explanation->reason);
    show_choices(term, explanation);
    show_changes(term, explanation);
}
