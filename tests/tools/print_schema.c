/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the JSON Schema of the spec, which is kept as share/bmslice-spec-1.schema.json. */
#include <stdio.h>

#include "base/json.h"
#include "model/spec.h"

int main(void)
{
    json_t *schema = record_schema(&SPEC_RECORD, "urn:bmslice:spec:1", "bmslice spec, version 1");
    char *text = json_write_text(schema);

    fputs(text, stdout);
    g_free(text);
    json_decref(schema);
    return 0;
}
