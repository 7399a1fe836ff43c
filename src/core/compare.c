/* SPDX-License-Identifier: Apache-2.0 */
#include "core/compare.h"

#include <string.h>

#include "base/cpuset.h"
#include "base/text.h"
#include "base/xml.h"
#include "core/domain.h"
#include "model/record.h"

/* How a value is read, and so when two of them are equal. */
typedef enum {
    VALUE_TEXT,
    VALUE_CPUS,  /* a CPU or node list: "0,1,2" is "0-2" */
    VALUE_BYTES, /* a number with its unit in @unit */
    VALUE_MAC,   /* the case of its letters does not count */
} ValueKind;

/* What names one of several elements. */
typedef enum {
    KEY_NONE,
    KEY_TEXT,
    KEY_PCI, /* source/address as "0000:01:00.0" */
} KeyKind;

typedef struct {
    const char *name;  /* with %s for the key */
    const char *items; /* XPath: the elements */
    const char *key;   /* XPath at an element; KEY_TEXT */
    const char *value; /* XPath at an element; an empty value is no setting */
    KeyKind key_kind;
    ValueKind value_kind;
    bool live;
} DomainSetting;

#define HOSTDEVS "/domain/devices/hostdev | /domain/devices/interface[@type='hostdev']"
#define OTHER_NICS "/domain/devices/interface[not(@type='hostdev')]"
#define CELLS "/domain/cpu/numa/cell"
#define DISKS "/domain/devices/disk"
#define CLUSTER                                                                                    \
    "/domain/metadata/" DOMAIN_METADATA_PREFIX ":slice/" DOMAIN_METADATA_PREFIX ":cluster"
#define TOPOLOGY "concat('sockets ', @sockets, ', cores ', @cores, ', threads ', @threads)"

#define ONE(name, items, value, kind)                                                              \
    {                                                                                              \
        name, items, NULL, value, KEY_NONE, kind, false                                            \
    }
#define ONE_LIVE(name, items, value, kind)                                                         \
    {                                                                                              \
        name, items, NULL, value, KEY_NONE, kind, true                                             \
    }
#define EACH(name, items, key, value, kind)                                                        \
    {                                                                                              \
        name, items, key, value, KEY_TEXT, kind, false                                             \
    }
#define EACH_LIVE(name, items, key, value, kind)                                                   \
    {                                                                                              \
        name, items, key, value, KEY_TEXT, kind, true                                              \
    }
#define DEVICE(name, value, kind)                                                                  \
    {                                                                                              \
        name, HOSTDEVS, NULL, value, KEY_PCI, kind, false                                          \
    }

static const DomainSetting settings[] = {
    ONE("domain type", "/domain", "@type", VALUE_TEXT),
    ONE("cluster", CLUSTER, ".", VALUE_TEXT),
    ONE("memory", "/domain/memory", ".", VALUE_BYTES),
    ONE("hugepages", "/domain/memoryBacking/hugepages/page", "@size", VALUE_BYTES),
    ONE("page sharing", "/domain/memoryBacking/nosharepages", "'off'", VALUE_TEXT),
    ONE("memory mode", "/domain/numatune/memory", "@mode", VALUE_TEXT),
    ONE("memory nodes", "/domain/numatune/memory", "@nodeset", VALUE_CPUS),
    EACH("guest node %s memory nodes", "/domain/numatune/memnode", "@cellid", "@nodeset",
         VALUE_CPUS),
    EACH("guest node %s vcpus", CELLS, "@id", "@cpus", VALUE_CPUS),
    EACH("guest node %s memory", CELLS, "@id", "@memory", VALUE_BYTES),
    EACH("guest node distance %s", CELLS "/distances/sibling", "concat(../../@id, '-', @id)",
         "@value", VALUE_TEXT),
    ONE(COMPARE_VCPUS, "/domain/vcpu", ".", VALUE_TEXT),
    ONE("cpu mode", "/domain/cpu", "@mode", VALUE_TEXT),
    ONE("cpu migratable", "/domain/cpu[@mode='host-passthrough']", "@migratable", VALUE_TEXT),
    ONE("cpu topology", "/domain/cpu/topology", TOPOLOGY, VALUE_TEXT),
    ONE("cpu cache", "/domain/cpu/cache", "@mode", VALUE_TEXT),
    ONE("cpu topoext", "/domain/cpu/feature[@name='topoext']", "@policy", VALUE_TEXT),
    ONE("dedicated hint", "/domain/features/kvm/hint-dedicated", "@state", VALUE_TEXT),
    ONE("hpet", "/domain/clock/timer[@name='hpet']", "@present", VALUE_TEXT),
    EACH_LIVE("vcpu %s pin", "/domain/cputune/vcpupin", "@vcpu", "@cpuset", VALUE_CPUS),
    ONE_LIVE("emulator pin", "/domain/cputune/emulatorpin", "@cpuset", VALUE_CPUS),
    ONE("cgroup partition", "/domain/resource/partition[. != '/machine']", ".", VALUE_TEXT),
    ONE(COMPARE_IOTHREADS, "/domain/iothreads", ".", VALUE_TEXT),
    EACH_LIVE("iothread %s pin", "/domain/cputune/iothreadpin", "@iothread", "@cpuset", VALUE_CPUS),
    EACH("disk %s source", DISKS, "target/@dev", "source/@file", VALUE_TEXT),
    EACH("disk %s bus", DISKS, "target/@dev", "target/@bus", VALUE_TEXT),
    EACH("disk %s format", DISKS, "target/@dev", "driver/@type", VALUE_TEXT),
    EACH("disk %s cache", DISKS, "target/@dev", "driver/@cache", VALUE_TEXT),
    EACH("disk %s io", DISKS, "target/@dev", "driver/@io", VALUE_TEXT),
    EACH("disk %s discard", DISKS, "target/@dev", "driver/@discard", VALUE_TEXT),
    EACH("disk %s iothread", DISKS, "target/@dev", "driver/@iothread", VALUE_TEXT),
    DEVICE("device %s", "concat(name(), ', managed ', @managed)", VALUE_TEXT),
    DEVICE("device %s mac", "mac/@address", VALUE_MAC),
    DEVICE("device %s vlan", "vlan/tag/@id", VALUE_TEXT),
    EACH("interface %s", OTHER_NICS, "mac/@address", "@type", VALUE_TEXT),
    ONE("memory balloon", "/domain/devices/memballoon", "@model", VALUE_TEXT),
};

/* The value of one setting in one document. */
typedef struct {
    char *name;
    char *text; /* in the one form of its kind: equal values have equal text */
} Entry;

static void entry_free(void *data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry->text);
    g_free(entry);
}

static char *entry_name(Xml *xml, XmlNode item, const DomainSetting *setting)
{
    if (setting->key_kind == KEY_NONE)
        return g_strdup(setting->name);

    g_autofree char *key = setting->key_kind == KEY_PCI
                               ? xml_pci_address(xml, item, "source/address")
                               : xml_text(xml, item, setting->key);
    g_auto(GStrv) parts = g_strsplit(setting->name, "%s", 2);

    return g_strconcat(parts[0], key ? key : "?", parts[1], NULL);
}

/* NULL when it cannot be read as its kind, or is plain text. */
static char *canonical_text(Xml *xml, XmlNode item, const DomainSetting *setting)
{
    if (setting->value_kind == VALUE_BYTES) {
        gint64 bytes = xml_bytes(xml, item, setting->value, "@unit");

        return bytes == RECORD_UNSET ? NULL : text_format_size(bytes);
    }
    if (setting->value_kind == VALUE_CPUS) {
        g_autoptr(CpuSet) cpus = xml_cpus(xml, item, setting->value);

        return cpuset_format(cpus);
    }
    if (setting->value_kind == VALUE_MAC) {
        g_autofree char *text = xml_text(xml, item, setting->value);

        return g_ascii_strdown(text, -1);
    }
    return NULL;
}

/* Also NULL when the element has no such value. */
static Entry *read_entry(Xml *xml, XmlNode item, const DomainSetting *setting)
{
    g_autofree char *text = xml_text(xml, item, setting->value);

    if (!text)
        return NULL;

    Entry *entry = g_new0(Entry, 1);

    entry->name = entry_name(xml, item, setting);
    entry->text = canonical_text(xml, item, setting);
    if (!entry->text)
        entry->text = g_steal_pointer(&text);
    return entry;
}

static GPtrArray *read_entries(Xml *xml, const DomainSetting *setting)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GPtrArray) items = xml_nodes(xml, NULL, setting->items);

    for (guint i = 0; i < items->len; i++) {
        Entry *entry = read_entry(xml, items->pdata[i], setting);

        if (entry)
            g_ptr_array_add(entries, entry);
    }
    return entries;
}

static const Entry *find_entry(const GPtrArray *entries, const char *name)
{
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];

        if (strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

static void difference_free(void *data)
{
    Difference *difference = data;

    g_free(difference->setting);
    g_free(difference->wanted);
    g_free(difference->running);
    g_free(difference);
}

static void add_difference(GPtrArray *differences, const DomainSetting *setting, const char *name,
                           const Entry *wanted, const Entry *running)
{
    Difference *difference = g_new0(Difference, 1);

    difference->setting = g_strdup(name);
    difference->wanted = wanted ? g_strdup(wanted->text) : NULL;
    difference->running = running ? g_strdup(running->text) : NULL;
    difference->live = setting->live;
    g_ptr_array_add(differences, difference);
}

static void compare_setting(Xml *wanted_xml, Xml *running_xml, const DomainSetting *setting,
                            GPtrArray *differences)
{
    g_autoptr(GPtrArray) wanted = read_entries(wanted_xml, setting);
    g_autoptr(GPtrArray) running = read_entries(running_xml, setting);

    for (guint i = 0; i < wanted->len; i++) {
        const Entry *entry = wanted->pdata[i];
        const Entry *other = find_entry(running, entry->name);

        if (!other || strcmp(entry->text, other->text) != 0)
            add_difference(differences, setting, entry->name, entry, other);
    }
    for (guint i = 0; i < running->len; i++) {
        const Entry *entry = running->pdata[i];

        if (!find_entry(wanted, entry->name))
            add_difference(differences, setting, entry->name, NULL, entry);
    }
}

GPtrArray *compare_domains(const char *wanted_xml, const char *running_xml, GError **error)
{
    g_autoptr(Xml) wanted = xml_read(wanted_xml, error);
    g_autoptr(Xml) running = wanted ? xml_read(running_xml, error) : NULL;

    if (!running)
        return NULL;
    xml_add_namespace(wanted, DOMAIN_METADATA_PREFIX, DOMAIN_METADATA_URI);
    xml_add_namespace(running, DOMAIN_METADATA_PREFIX, DOMAIN_METADATA_URI);

    GPtrArray *differences = g_ptr_array_new_with_free_func(difference_free);

    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++)
        compare_setting(wanted, running, &settings[i], differences);
    return differences;
}

/* Of another disk the size does not count: it goes. */
void compare_disk(gint64 wanted, gint64 now, GPtrArray *differences)
{
    static const DomainSetting size = {.name = "disk vda size", .live = true};
    g_autofree char *wanted_text = text_format_size(wanted);
    g_autofree char *now_text = text_format_size(now);
    const Entry wanted_entry = {(char *)size.name, wanted_text};
    const Entry now_entry = {(char *)size.name, now_text};

    for (guint i = 0; i < differences->len; i++) {
        if (strcmp(((const Difference *)differences->pdata[i])->setting, "disk vda source") == 0)
            return;
    }
    if (wanted != RECORD_UNSET && now != RECORD_UNSET && wanted != now)
        add_difference(differences, &size, size.name, &wanted_entry, &now_entry);
}

json_t *differences_to_json(const GPtrArray *differences)
{
    json_t *array = json_array();

    for (guint i = 0; i < differences->len; i++) {
        const Difference *difference = differences->pdata[i];

        json_array_append_new(array,
                              json_pack("{s:s, s:s?, s:s?, s:b}", "setting", difference->setting,
                                        "wanted", difference->wanted, "running",
                                        difference->running, "live", difference->live));
    }
    return array;
}
