/* SPDX-License-Identifier: Apache-2.0 */
#include "port/asked.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/json.h"
#include "base/tree.h"
#include "model/finding.h"

#define AT(member) offsetof(AskedNet, member)
static const Field net_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .doc = "network interface"},
    {"altnames", FIELD_TEXTS, AT(altnames), FIELD_NULLABLE, .doc = "its other names"},
    {"mac", FIELD_TEXT, AT(mac), .doc = "permanent MAC address"},
    {"system", FIELD_TEXT, AT(system), .doc = "the switch at the other end"},
    {"port", FIELD_TEXT, AT(port), .doc = "its port"},
    {"uses", FIELD_TEXTS, AT(uses), .doc = "what the host uses it for, by itself"},
};
static const Record net_record = {"net", sizeof(AskedNet), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(net_fields)};
#undef AT

#define AT(member) offsetof(Asked, member)
static const Field asked_fields[] = {
    {"version", FIELD_INT, AT(version), FIELD_REQUIRED, .doc = "1"},
    {"arch", FIELD_TEXT, AT(arch), .doc = "uname -m"},
    {"kvm", FIELD_TEXT, AT(kvm), .doc = "mode and owner of /dev/kvm"},
    {"routes", FIELD_FLAG, AT(routes), .doc = "could the routes be read?"},
    {"nets", FIELD_LIST, AT(nets), .record = &net_record, .doc = "network interfaces"},
};
static const Record asked_record = {"capture", sizeof(Asked), .node_offset = -1, .open = true,
                                    RECORD_FIELDS(asked_fields)};
#undef AT

static char *ask_kvm(void)
{
    struct stat status;

    if (stat("/dev/kvm", &status) != 0 || !S_ISCHR(status.st_mode))
        return NULL;
    return g_strdup_printf("mode=%04o uid=%u gid=%u", (unsigned)status.st_mode & 07777,
                           (unsigned)status.st_uid, (unsigned)status.st_gid);
}

Asked *asked_new_live(void)
{
    Asked *asked = record_new(&asked_record);
    struct utsname uts;

    asked->version = 1;
    asked->arch = uname(&uts) == 0 ? g_strdup(uts.machine) : NULL;
    asked->kvm = ask_kvm();
    asked_add_names(asked);
    asked_add_lldp(asked);
    return asked;
}

Asked *asked_read(Root *root)
{
    g_autofree char *text = root_read_text(root, ASKED_FILE);
    g_autoptr(Tree) tree = text ? tree_parse_json(ASKED_FILE, text, strlen(text)) : NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Asked) asked = NULL;

    if (!tree || tree->problems->len)
        return NULL;
    asked = record_decode(&asked_record, tree, tree->root, findings);
    return findings->len || asked->version != 1 ? NULL : g_steal_pointer(&asked);
}

char *asked_write(const Asked *asked)
{
    json_t *json = record_encode(&asked_record, asked);
    char *text = json_write_text(json);

    json_decref(json);
    return text;
}

void asked_free(Asked *asked)
{
    record_free(&asked_record, asked);
}

AskedNet *asked_find_net(Asked *asked, const char *name, bool add)
{
    AskedNet *net;

    for (guint i = 0; i < asked->nets->len; i++) {
        net = asked->nets->pdata[i];
        if (g_strcmp0(net->name, name) == 0)
            return net;
    }
    if (!add)
        return NULL;
    net = record_new(&net_record);
    net->name = g_strdup(name);
    g_ptr_array_add(asked->nets, net);
    return net;
}
