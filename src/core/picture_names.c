/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens in words: a character of private use before and after, so that no name looks like one. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/picture_private.h"

#define TOKEN_START "\xee\x80\x80"
#define TOKEN_END "\xee\x80\x81"
#define CLEAN_MAX 2000

typedef struct {
    char kind[2];
    guint number;
    gsize length; /* bytes */
} Token;

char *picture_token(char kind, guint number)
{
    return g_strdup_printf(TOKEN_START "%c%u" TOKEN_END, kind, number);
}

static const char *find_token(const char *text, Token *ret_token)
{
    while ((text = strstr(text, TOKEN_START))) {
        int length = 0;

        if (sscanf(text, TOKEN_START "%1[hsc]%4u" TOKEN_END "%n", ret_token->kind,
                   &ret_token->number, &length) == 2 &&
            length > 0) {
            ret_token->length = (gsize)length;
            return text;
        }
        text += strlen(TOKEN_START);
    }
    return NULL;
}

bool picture_has_tokens(const char *text)
{
    Token token;

    return find_token(text, &token) != NULL;
}

char *picture_clean(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *rest = NULL;
    const char *at;
    Token token;

    for (; text && (at = find_token(text, &token)); text = at + token.length) {
        g_autofree char *before = g_strndup(text, (gsize)(at - text));
        g_autofree char *quoted = text_quote(before, CLEAN_MAX);

        g_string_append(out, quoted);
        g_string_append_len(out, at, (gssize)token.length);
    }
    rest = text_quote(text ? text : "", CLEAN_MAX);
    g_string_append(out, rest);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static const char *find_name(const PictureNames *names, const Token *token)
{
    const GPtrArray *of = token->kind[0] == PICTURE_TOKEN_CLUSTER ? names->clusters : names->slices;

    if (token->kind[0] == PICTURE_TOKEN_HOST)
        return names->host;
    return token->number < of->len ? g_ptr_array_index(of, token->number) : NULL;
}

char *picture_name_tokens(const char *text, const PictureNames *names)
{
    GString *out = g_string_new(NULL);
    const char *at;
    Token token;

    for (; names && (at = find_token(text, &token)); text = at + token.length) {
        g_autofree char *name = picture_clean(find_name(names, &token));

        g_string_append_len(out, text, at - text);
        g_string_append(out, name);
    }
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}
