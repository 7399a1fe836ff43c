/* SPDX-License-Identifier: Apache-2.0 */
#include "model/spec.h"

#include <string.h>

#include "model/document.h"
#include "model/finding.h"

void spec_free(Spec *spec)
{
    record_free(&SPEC_RECORD, spec);
}

/* No finding may show a password, whatever it is about: the key may be misspelt, the value no hash,
 * the quotes missing. So the lines of a login, and lines that look like one, are not shown, and
 * what stands in the place of a login is not quoted. */
static void hide_secret(Finding *finding)
{
    const char *login = finding->subject ? strstr(finding->subject, ".login") : NULL;

    if (login || (finding->excerpt &&
                  g_regex_match_simple("pass?w|pwd|hash", finding->excerpt, G_REGEX_CASELESS, 0)))
        g_clear_pointer(&finding->excerpt, g_free);
    if (login && strcmp(login, ".login") == 0 && strcmp(finding->code, "wrong-type") == 0) {
        g_free(finding->text);
        finding->text = g_strdup("wants a map of keys: user, ssh_keys, password_hash");
    }
}

/* As the document goes; what one place has is in the order of the stages. */
static int compare_places(const void *left, const void *right)
{
    const Finding *a = *(Finding *const *)left;
    const Finding *b = *(Finding *const *)right;

    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

Spec *spec_decode(const Tree *tree, GPtrArray *findings)
{
    g_autoptr(GPtrArray) found = findings_new();
    Spec *spec = document_decode(&SPEC_RECORD, tree, found);

    document_check_version("a spec", spec->version, tree, found);
    for (guint i = 0; i < found->len; i++)
        hide_secret(g_ptr_array_index(found, i));
    findings_move(findings, found);
    return spec;
}

/* All errors of all stages at once: a user mends the file in one go. */
Spec *spec_from_tree(const Tree *tree, GPtrArray *findings)
{
    g_autoptr(GPtrArray) found = findings_new();
    g_autoptr(Spec) spec = spec_decode(tree, found);
    bool sound;

    spec_fill_defaults(spec);
    spec_check(spec, tree, found);
    for (guint i = 0; i < found->len; i++)
        hide_secret(g_ptr_array_index(found, i));
    g_ptr_array_sort(found, compare_places);
    sound = !findings_have(found, FINDING_ERROR);
    findings_move(findings, found);
    return sound ? g_steal_pointer(&spec) : NULL;
}
