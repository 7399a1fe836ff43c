/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints man/bmslice-spec.5 from the spec's field tables, so that page and program cannot drift.
 * tests/generated.py compares the committed page with it.
 */
#include <stdio.h>
#include <string.h>

#include "model/spec.h"

static const char *const KIND_WORDS[] = {
    [FIELD_FLAG] = "true or false",
    [FIELD_INT] = "number",
    [FIELD_SIZE] = "size such as 8GiB",
    [FIELD_TEXT] = "text",
    [FIELD_ENUM] = "one of",
    [FIELD_CPUS] = "CPU list such as 0-3,8",
    [FIELD_INTS] = "list of numbers",
    [FIELD_TEXTS] = "list of texts",
    [FIELD_STRUCT] = "object",
    [FIELD_POINTER] = "object",
    [FIELD_LIST] = "list of objects",
    [FIELD_MAP] = "objects by name",
};

/* A backslash and a leading dot mean something to roff. */
static void print_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void print_kind(const Field *field)
{
    print_text(field->kind == FIELD_TEXT && field->form ? field->form->words
                                                        : KIND_WORDS[field->kind]);
    if (field->kind == FIELD_STRUCT && field->record->short_form)
        printf(", or only its %s", field->record->fields[0].name);
    for (guint i = 0; field->kind == FIELD_ENUM && field->words[i]; i++) {
        fputs(i ? ", " : " ", stdout);
        print_text(field->words[i]);
    }
    if (field->kind == FIELD_INT && field->max)
        printf(" from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, field->min, field->max);
    if (field->flags & FIELD_REQUIRED)
        fputs("; required", stdout);
    if (field->fallback) {
        fputs("; default ", stdout);
        print_text(field->fallback);
    }
}

static void print_record(const Record *record, const char *path);

static void print_field(const Field *field, const char *path)
{
    bool many = field->kind == FIELD_LIST;
    bool named = field->kind == FIELD_MAP;
    g_autofree char *own = g_strconcat(path, field->name, many ? "[]" : named ? ".NAME" : "", NULL);
    g_autofree char *inner = g_strconcat(own, ".", NULL);

    fputs(".TP\n\\fB", stdout);
    print_text(own);
    fputs("\\fR (", stdout);
    print_kind(field);
    fputs(")\n", stdout);
    print_text(field->doc);
    putchar('\n');
    if (field->record)
        print_record(field->record, inner);
}

static void print_record(const Record *record, const char *path)
{
    /* the first field of a map's member is its key, which the path shows as NAME */
    guint first = g_str_has_suffix(path, ".NAME.") ? 1 : 0;

    for (guint i = first; i < record->n_fields; i++)
        print_field(&record->fields[i], path);
}

int main(void)
{
    fputs(".TH BMSLICE\\-SPEC 5 \"\" \"bmslice\" \"File Formats\"\n"
          ".SH NAME\nbmslice\\-spec \\- what a spec of bmslice says, version 1\n"
          ".SH DESCRIPTION\nA spec is one YAML file. Unknown and duplicate keys are errors; so are "
          "anchors, aliases and tags. Sizes take B, K, M, G, T (binary) and KiB, MiB, GiB, TiB.\n"
          ".SH KEYS\n",
          stdout);
    print_record(&SPEC_RECORD, "");
    fputs(".SH SEE ALSO\n.BR bmslice (1)\n", stdout);
    return 0;
}
