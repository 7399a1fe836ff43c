/* SPDX-License-Identifier: Apache-2.0 */
#include "model/setting.h"

#include <string.h>

static const char *const kind_words[] = {"file", "link",   "folder",  "attribute", "vfs", "vf",
                                         "net",  "driver", "service", "partition", NULL};
static const char *const form_words[] = {"text", "cpus", "mask", "choice", NULL};

#define AT(member) offsetof(Setting, member)
static const Field setting_fields[] = {
    {"kind", FIELD_ENUM, AT(kind), FIELD_REQUIRED, .words = kind_words, .doc = "what it is"},
    {"target", FIELD_TEXT, AT(target), FIELD_REQUIRED, .doc = "path, PCI address or unit"},
    {"vf", FIELD_INT, AT(vf), FIELD_OMIT_UNSET, .doc = "index of the VF"},
    {"value", FIELD_TEXT, AT(value), FIELD_RAW, .doc = "null: absent"},
    {"form", FIELD_ENUM, AT(form), .words = form_words, .doc = "how the kernel words it"},
    {"vendor", FIELD_TEXT, AT(vendor), FIELD_OMIT_UNSET, .doc = "PCI vendor id"},
    {"device", FIELD_TEXT, AT(device), FIELD_OMIT_UNSET, .doc = "PCI device id"},
    {"mac", FIELD_TEXT, AT(mac), FIELD_OMIT_UNSET, .doc = "permanent MAC address"},
    {"mode", FIELD_INT, AT(mode), FIELD_OMIT_UNSET, .max = 07777, .doc = "of a new file"},
    {"command", FIELD_TEXTS, AT(command), FIELD_OMIT_UNSET, .doc = "run after a change"},
    {"proof", FIELD_TEXT, AT(proof), FIELD_OMIT_UNSET, .doc = "what the command makes"},
    {"proof_words", FIELD_TEXTS, AT(proof_words), FIELD_OMIT_UNSET, .doc = "what is in it then"},
    {"optional", FIELD_FLAG, AT(optional), FIELD_OMIT_UNSET, .doc = "may be refused"},
};
const Record SETTING_RECORD = {"setting", sizeof(Setting), .node_offset = -1, .open = true,
                               RECORD_FIELDS(setting_fields)};
#undef AT

Setting *setting_new(SettingKind kind, const char *target, const char *value)
{
    Setting *setting = record_new(&SETTING_RECORD);

    setting->kind = kind;
    setting->form = SETTING_TEXT;
    setting->target = g_strdup(target);
    setting->value = g_strdup(value);
    return setting;
}

void setting_free(Setting *setting)
{
    record_free(&SETTING_RECORD, setting);
}

void setting_set_identity(Setting *setting, const char *vendor, const char *device, const char *mac)
{
    setting->vendor = g_strdup(vendor);
    setting->device = g_strdup(device);
    setting->mac = mac ? g_ascii_strdown(mac, -1) : NULL;
}

static void copy_texts(GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

Setting *setting_with_value(const Setting *setting, const char *value)
{
    Setting *other = setting_new(setting->kind, setting->target, value);

    other->vf = setting->vf;
    other->form = setting->form;
    setting_set_identity(other, setting->vendor, setting->device, setting->mac);
    other->mode = setting->mode;
    other->optional = setting->optional;
    copy_texts(other->command, setting->command);
    return other;
}

Setting *setting_copy(const Setting *setting)
{
    Setting *copy = setting_with_value(setting, setting->value);

    copy->proof = g_strdup(setting->proof);
    copy_texts(copy->proof_words, setting->proof_words);
    return copy;
}

bool setting_is_same(const Setting *a, const Setting *b)
{
    return a->kind == b->kind && a->vf == b->vf && strcmp(a->target, b->target) == 0;
}

/* The word after @name in "name word name word", or NULL. */
static const char *find_pair(char **words, const char *name)
{
    for (guint i = 0; words[i] && words[i + 1]; i += 2) {
        if (strcmp(words[i], name) == 0)
            return words[i + 1];
    }
    return NULL;
}

static bool pairs_are_met(const char *wanted, const char *value)
{
    g_auto(GStrv) asked = g_strsplit(wanted, " ", -1);
    g_auto(GStrv) there = g_strsplit(value, " ", -1);

    for (guint i = 0; asked[i] && asked[i + 1]; i += 2) {
        if (g_strcmp0(find_pair(there, asked[i]), asked[i + 1]) != 0)
            return false;
    }
    return true;
}

static bool is_in_pairs(const Setting *setting)
{
    return setting->kind == SETTING_VF || setting->kind == SETTING_NET ||
           setting->kind == SETTING_DRIVER;
}

char *setting_touched(const Setting *wanted, const char *value)
{
    g_auto(GStrv) asked = NULL;
    g_auto(GStrv) there = NULL;
    GString *text;

    if (!is_in_pairs(wanted) || !wanted->value || !value)
        return g_strdup(value);
    asked = g_strsplit(wanted->value, " ", -1);
    there = g_strsplit(value, " ", -1);
    text = g_string_new(NULL);
    for (guint i = 0; asked[i] && asked[i + 1]; i += 2) {
        const char *now = find_pair(there, asked[i]);

        if (now)
            g_string_append_printf(text, "%s%s %s", text->len ? " " : "", asked[i], now);
    }
    return g_string_free(text, FALSE);
}

bool setting_is_met(const Setting *wanted, const char *value)
{
    if (wanted->kind == SETTING_FOLDER)
        return !wanted->value == !value; /* whatever is in it */
    if (wanted->value && value && is_in_pairs(wanted))
        return pairs_are_met(wanted->value, value);
    return g_strcmp0(wanted->value, value) == 0;
}

static bool has_driver(const Setting *setting, const char *driver)
{
    g_auto(GStrv) words = g_strsplit(setting->value ? setting->value : "", " ", -1);

    return g_strcmp0(find_pair(words, "driver"), driver) == 0;
}

bool setting_is_between(const Setting *a, const Setting *b, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value ? value : "", " ", -1);
    const char *driver = a->kind == SETTING_DRIVER ? find_pair(words, "driver") : NULL;

    return driver && (strcmp(driver, "-") == 0 || has_driver(a, driver) || has_driver(b, driver));
}

bool setting_is_volatile(const Setting *setting)
{
    return setting->kind == SETTING_ATTRIBUTE || setting->kind == SETTING_VFS ||
           setting->kind == SETTING_PARTITION || is_in_pairs(setting);
}

bool setting_is_proven(const Setting *setting, const char *made)
{
    if (!setting->proof || !setting->value)
        return true;
    for (guint i = 0; made && i < setting->proof_words->len; i++) {
        if (!strstr(made, setting->proof_words->pdata[i]))
            return false;
    }
    return made != NULL;
}
