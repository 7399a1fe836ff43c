/* SPDX-License-Identifier: Apache-2.0 */
#include "model/condition.h"

#include <string.h>

#define AT(member) offsetof(Fact, member)
static const Field fact_fields[] = {
    {"path", FIELD_TEXT, AT(path), FIELD_REQUIRED, .doc = "the file, or libvirt, or qemu"},
    {"value", FIELD_TEXT, AT(value), FIELD_REQUIRED, .doc = "what stands there"},
    {"cpus", FIELD_CPUS, AT(cpus), FIELD_OMIT_UNSET, .doc = "of which CPUs"},
};
static const Record fact_record = {"fact", sizeof(Fact), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(fact_fields)};
#undef AT

static const Field condition_fields[] = {
    {"facts", FIELD_LIST, offsetof(Condition, facts), FIELD_REQUIRED, .record = &fact_record,
     .doc = "files and what stands in them"},
};
const Record CONDITION_RECORD = {"condition", sizeof(Condition), .node_offset = -1, .open = true,
                                 RECORD_FIELDS(condition_fields)};

Condition *condition_new(void)
{
    return record_new(&CONDITION_RECORD);
}

void condition_free(Condition *condition)
{
    record_free(&CONDITION_RECORD, condition);
}

void condition_add(Condition *condition, const char *path, const char *value, CpuSet *cpus)
{
    Fact *fact = record_new(&fact_record);

    fact->path = g_strdup(path);
    fact->value = g_strdup(value);
    fact->cpus = cpus;
    g_ptr_array_add(condition->facts, fact);
}

const char *condition_value(const Condition *condition, const char *path)
{
    for (guint i = 0; i < condition->facts->len; i++) {
        const Fact *fact = condition->facts->pdata[i];

        if (strcmp(fact->path, path) == 0)
            return fact->value;
    }
    return NULL;
}
