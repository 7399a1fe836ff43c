/* SPDX-License-Identifier: Apache-2.0 */
#include "model/record.h"

#include <string.h>

#include "base/json.h"
#include "model/finding.h"

/* A model of its own, with every kind of field. */
typedef struct {
    const TreeNode *node;
    char *name;
    gint64 speed;
} Wheel;

typedef struct {
    gint64 doors;
    char *paint;
} Body;

typedef struct {
    const TreeNode *node;
    int fast;
    gint64 seats, load;
    char *plate, *key_code;
    int fuel;
    CpuSet *cpus;
    GArray *gears;
    GPtrArray *owners;
    Body body;
    Wheel *spare;
    GPtrArray *wheels, *riders;
} Car;

enum { FUEL_PETROL, FUEL_DIESEL };

static const char *const fuel_words[] = {"petrol", "diesel", NULL};
static const TextForm plate_form = {"^[A-Z]{2}[0-9]+$", "a plate such as AB12"};

static const Field wheel_fields[] = {
    {"name", FIELD_TEXT, offsetof(Wheel, name), .form = &TEXT_FORM_NAME},
    {"speed", FIELD_INT, offsetof(Wheel, speed), FIELD_REQUIRED, .min = 1, .max = 9},
};
static const Record wheel_record = {"wheel", sizeof(Wheel), offsetof(Wheel, node),
                                    RECORD_FIELDS(wheel_fields)};
static const Field body_fields[] = {
    {"doors", FIELD_INT, offsetof(Body, doors), .fallback = "4"},
    {"paint", FIELD_TEXT, offsetof(Body, paint), FIELD_OMIT_UNSET},
};
static const Record body_record = {"body", sizeof(Body), -1, .open = true,
                                   RECORD_FIELDS(body_fields)};
static const Field car_fields[] = {
    {"fast", FIELD_FLAG, offsetof(Car, fast), .fallback = "true"},
    {"seats", FIELD_INT, offsetof(Car, seats), .min = 2, .doc = "People in it."},
    {"load", FIELD_SIZE, offsetof(Car, load), .min = 1024, .max = 1 << 30, .fallback = "1MiB"},
    {"plate", FIELD_TEXT, offsetof(Car, plate), .form = &plate_form},
    {"key_code", FIELD_TEXT, offsetof(Car, key_code), FIELD_SECRET, .form = &TEXT_FORM_HEX4},
    {"fuel", FIELD_ENUM, offsetof(Car, fuel), .words = fuel_words, .fallback = "diesel"},
    {"cpus", FIELD_CPUS, offsetof(Car, cpus)},
    {"gears", FIELD_INTS, offsetof(Car, gears), FIELD_OMIT_UNSET, .max = 9},
    {"owners", FIELD_TEXTS, offsetof(Car, owners)},
    {"body", FIELD_STRUCT, offsetof(Car, body), .record = &body_record},
    {"spare", FIELD_POINTER, offsetof(Car, spare), .record = &wheel_record},
    {"wheels", FIELD_LIST, offsetof(Car, wheels), FIELD_NON_EMPTY, .record = &wheel_record},
    {"riders", FIELD_MAP, offsetof(Car, riders), .record = &wheel_record},
};
static const Record car_record = {"car", sizeof(Car), offsetof(Car, node),
                                  RECORD_FIELDS(car_fields)};

static Car *decode(const char *text, Tree **ret_tree, GPtrArray *findings)
{
    *ret_tree = tree_parse_yaml("car.yaml", text, strlen(text));
    g_assert_cmpuint((*ret_tree)->problems->len, ==, 0);
    return record_decode(&car_record, *ret_tree, (*ret_tree)->root, findings);
}

static char *encode(const Car *car)
{
    json_t *json = record_encode(&car_record, car);
    char *text = json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

static const char full_text[] = "fast: false\n"
                                "seats: 5\n"
                                "load: 2MiB\n"
                                "plate: AB12\n"
                                "key_code: 12ab\n"
                                "fuel: petrol\n"
                                "cpus: 0,1,4\n"
                                "gears: [1, 2]\n"
                                "owners: [ann, 7]\n"
                                "body: {doors: 2, paint: red, newer: 1}\n"
                                "spare: {name: s, speed: 1}\n"
                                "wheels: [{name: a, speed: 2}, {name: b, speed: 3}]\n"
                                "riders: {tom: {speed: 4}}\n";

static void test_decode(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode(full_text, &tree, findings);
    g_autofree char *cpus = cpuset_format(car->cpus);
    const Wheel *wheel = g_ptr_array_index(car->wheels, 1);
    const Wheel *rider = g_ptr_array_index(car->riders, 0);

    g_assert_cmpuint(findings->len, ==, 0);
    g_assert_true(car->node == tree->root);
    g_assert_cmpint(car->fast, ==, 0);
    g_assert_cmpint(car->seats, ==, 5);
    g_assert_cmpint(car->load, ==, 2 << 20);
    g_assert_cmpstr(car->plate, ==, "AB12");
    g_assert_cmpstr(car->key_code, ==, "12ab");
    g_assert_cmpint(car->fuel, ==, FUEL_PETROL);
    g_assert_cmpstr(cpus, ==, "0-1,4");
    g_assert_cmpuint(car->gears->len, ==, 2);
    g_assert_cmpint(g_array_index(car->gears, gint64, 1), ==, 2);
    g_assert_cmpstr(g_ptr_array_index(car->owners, 1), ==, "7");
    g_assert_cmpint(car->body.doors, ==, 2);
    g_assert_cmpstr(car->spare->name, ==, "s");
    g_assert_cmpint(wheel->speed, ==, 3);
    g_assert_cmpuint(wheel->node->line, ==, 12);
    g_assert_cmpstr(rider->name, ==, "tom");
    g_assert_cmpint(rider->speed, ==, 4);
    record_free(&car_record, car);
}

static void test_unset(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode("{fast: null, seats: ~, plate: , fuel: null, wheels: null, spare: ~}", &tree,
                      findings);
    char *text = encode(car);

    g_assert_cmpuint(findings->len, ==, 0);
    g_assert_cmpint(car->seats, ==, RECORD_UNSET);
    g_assert_null(car->spare);
    g_assert_cmpstr(text, ==,
                    "{\"fast\":null,\"seats\":null,\"load\":null,\"plate\":null,\"fuel\":null,"
                    "\"cpus\":null,\"owners\":[],\"body\":{\"doors\":null},\"spare\":null,"
                    "\"wheels\":[],\"riders\":{}}");
    free(text);
    record_free(&car_record, car);
    record_free(&car_record, NULL);
}

static void test_defaults(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode("{fuel: petrol}", &tree, findings);

    record_fill_defaults(&car_record, car);
    g_assert_cmpint(car->fast, ==, 1);
    g_assert_cmpint(car->load, ==, 1 << 20);
    g_assert_cmpint(car->fuel, ==, FUEL_PETROL);
    g_assert_cmpint(car->body.doors, ==, 4);
    g_assert_cmpint(car->seats, ==, RECORD_UNSET);
    g_assert_null(car->spare);
    record_free(&car_record, car);
}

/* What is written is read back the same, but for the secret. */
static void test_round_trip(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode(full_text, &tree, findings);
    char *text = encode(car);
    g_autoptr(Tree) again_tree = tree_parse_json("car.json", text, strlen(text));
    Car *again = record_decode(&car_record, again_tree, again_tree->root, findings);
    char *again_text = encode(again);

    g_assert_cmpuint(findings->len, ==, 0);
    g_assert_cmpstr(text, ==, again_text);
    g_assert_null(strstr(text, "12ab"));
    g_assert_null(again->key_code);
    g_assert_nonnull(strstr(text, "\"riders\":{\"tom\":{\"speed\":4}}"));
    free(text);
    free(again_text);
    record_free(&car_record, car);
    record_free(&car_record, again);
}

static void assert_written_the_same(const Car *car)
{
    json_t *json = record_encode(&car_record, car);
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    g_autoptr(GString) written = g_string_new("x");

    record_write(&car_record, car, written);
    g_assert_cmpstr(written->str + 1, ==, text);
    free(text);
    json_decref(json);
}

static void test_write(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode(full_text, &tree, findings);
    Car *none = record_new(&car_record);

    assert_written_the_same(none);
    assert_written_the_same(car);
    g_free(car->plate);
    car->plate = g_strdup("\"a\\b\"/\b\f\n\r\t\x01\x1f\x7f \xc3\xa9 \xff \xee\x80\x80");
    g_ptr_array_add(car->owners, g_strdup(""));
    g_ptr_array_add(car->owners, g_strdup("\n"));
    assert_written_the_same(car);
    record_free(&car_record, car);
    record_free(&car_record, none);
}

static char *findings_line(const GPtrArray *findings)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const Finding *f = g_ptr_array_index(findings, i);

        g_string_append_printf(text, "%s%u:%u %s %s: %s", i > 0 ? " | " : "", f->line, f->column,
                               f->code, f->subject ? f->subject : "-", f->text);
        if (f->hint)
            g_string_append_printf(text, " (%s)", f->hint);
    }
    return g_string_free(text, FALSE);
}

static const struct {
    const char *text, *finding;
} flaws[] = {
    /* keys */
    {"seat: 5", "1:1 unknown-key seat: unknown key 'seat' in this car (did you mean 'seats'?)"},
    {"spare:\n  speed: 1\n  colour: x", "3:3 unknown-key spare.colour: unknown key 'colour' in "
                                        "this wheel (the keys are: name, speed)"},
    {"riders: {tom: {speed: 1, name: x}}",
     "1:26 unknown-key riders.tom.name: unknown key 'name' in this wheel (the keys are: speed)"},
    {"\"a.b\": 1", "1:1 unknown-key [\"a.b\"]: unknown key 'a.b' in this car"},
    {"wheels: [{speed: 1}, {name: b}]", "1:22 missing-key wheels[1]: the key 'speed' is missing"},
    {"spare: {speed: ~}", "1:8 missing-key spare: the key 'speed' is missing"},
    {"riders: {'a b': {speed: 1}}",
     "1:10 bad-text riders[\"a b\"]: 'a b' is not a name: up to 63 letters, digits, '.', '_' and "
     "'-', the first a letter or digit"},
    /* flags */
    {"fast: yes", "1:7 wrong-type fast: wants true or false, found the text 'yes' (write true)"},
    {"fast: 'true'",
     "1:7 wrong-type fast: wants true or false, found the text 'true' (write true)"},
    {"fast: 0", "1:7 wrong-type fast: wants true or false, found the number 0 (write false)"},
    {"fast: []", "1:7 wrong-type fast: wants true or false, found a list"},
    /* whole numbers */
    {"seats: '5'",
     "1:8 wrong-type seats: wants a whole number, found the text '5' (leave the quotes out)"},
    {"seats: five", "1:8 wrong-type seats: wants a whole number, found the text 'five'"},
    {"seats: 5.0",
     "1:8 wrong-type seats: wants a whole number, found the text '5.0' (write decimal "
     "digits, without unit, point or leading zeros)"},
    {"seats: 0x10", "1:8 wrong-type seats: wants a whole number, found the text '0x10' (write "
                    "decimal digits, without unit, point or leading zeros)"},
    {"seats: 010",
     "1:8 wrong-type seats: wants a whole number, found the number 010 (write decimal "
     "digits, without unit, point or leading zeros)"},
    {"seats: -5", "1:8 out-of-range seats: must be 2 or more, and is -5"},
    {"seats: 1", "1:8 out-of-range seats: must be 2 or more, and is 1"},
    {"seats: 99999999999999999999", "1:8 out-of-range seats: 99999999999999999999 is too large"},
    {"seats: true", "1:8 wrong-type seats: wants a whole number, found true"},
    {"seats: {}", "1:8 wrong-type seats: wants a whole number, found a map"},
    {"spare: {speed: 10}", "1:16 out-of-range spare.speed: must be 1 to 9, and is 10"},
    {"gears: [1, 10, x, ~]",
     "1:12 out-of-range gears[1]: must be 0 to 9, and is 10 | 1:16 wrong-type gears[2]: wants a "
     "whole number, found the text 'x' | 1:19 wrong-type gears[3]: wants a whole number, found "
     "nothing"},
    {"gears: 1",
     "1:8 wrong-type gears: wants a list of whole numbers, found the number 1 (put it in "
     "brackets: [ ])"},
    /* sizes */
    {"load: 8GB",
     "1:7 bad-text load: '8GB' is not a size: a whole number with KiB, MiB, GiB or TiB, "
     "such as 8GiB"},
    {"load: 2GiB", "1:7 out-of-range load: must be 1KiB to 1GiB, and is 2GiB"},
    {"load: 8", "1:7 out-of-range load: must be 1KiB to 1GiB, and is 8 (a number alone counts "
                "bytes; write a unit, such as GiB)"},
    {"load: -8", "1:7 out-of-range load: must be 1KiB to 1GiB, and is -8"},
    {"load: [1GiB]", "1:7 wrong-type load: wants a size such as 8GiB, found a list"},
    /* texts */
    {"plate: ab12", "1:8 bad-text plate: 'ab12' is not a plate such as AB12"},
    {"plate: true", "1:8 wrong-type plate: wants a text, found true (quote it to make it a text)"},
    {"plate: \"AB12\\n\"",
     "1:8 bad-text plate: 'AB12\\n' holds a line break or a control character (write it on one "
     "line; blocks that start with | or > end in a line break)"},
    {"owners: [x, [], ~]",
     "1:13 wrong-type owners[1]: wants a text, found a list | 1:17 wrong-type "
     "owners[2]: wants a text, found nothing"},
    {"key_code: hunter2", "1:11 bad-text key_code: '...' is not a PCI id such as 8086: four hex "
                          "digits, lower case, without 0x"},
    {"key_code: [hunter2]", "1:11 wrong-type key_code: wants a text, found a list"},
    /* words and CPU lists */
    {"fuel: deisel",
     "1:7 unknown-word fuel: 'deisel' is not one of: petrol, diesel (did you mean 'diesel'?)"},
    {"fuel: hay", "1:7 unknown-word fuel: 'hay' is not one of: petrol, diesel"},
    {"cpus: 3-1", "1:7 bad-text cpus: '3-1' is not a CPU list such as 0-3,8 (numbers up to 65535)"},
    {"cpus: [0, 1]", "1:7 wrong-type cpus: wants a CPU list such as \"0-3,8\", found a list (write "
                     "one text, in quotes)"},
    /* structs and lists of them */
    {"[]", "1:1 wrong-type -: wants a map of keys, found a list"},
    {"~", "1:1 wrong-type -: wants a map of keys, found nothing"},
    {"body: x", "1:7 wrong-type body: wants a map of keys, found the text 'x'"},
    {"spare: 5", "1:8 wrong-type spare: wants a map of keys, found the number 5"},
    {"wheels: []", "1:9 empty wheels: must have at least one member"},
    {"wheels: {speed: 1}",
     "1:9 wrong-type wheels: wants a list, found a map (start each member with \"- \")"},
    {"wheels: [x, {speed: 1}]",
     "1:10 wrong-type wheels[0]: wants a map of keys, found the text 'x'"},
    {"riders: [tom]", "1:9 wrong-type riders: wants a map of names, found a list"},
    {"riders: {tom: 1}", "1:15 wrong-type riders.tom: wants a map of keys, found the number 1"},
};

static void test_flaws(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_autoptr(GPtrArray) findings = findings_new();
        g_autoptr(Tree) tree = NULL;
        Car *car = decode(flaws[i].text, &tree, findings);
        g_autofree char *line = findings_line(findings);

        g_assert_cmpstr(line, ==, flaws[i].finding);
        record_free(&car_record, car);
    }
}

static void test_secret_is_not_shown(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode("key_code: hunter2", &tree, findings);
    json_t *json = findings_to_json(findings);
    g_autofree char *text = json_write_text(json);

    g_assert_cmpuint(findings->len, ==, 1);
    g_assert_null(strstr(text, "hunter2"));
    json_decref(json);
    record_free(&car_record, car);
}

static void test_findings_are_bounded(void)
{
    GString *text = g_string_new("{");

    for (guint i = 0; i < 3000; i++)
        g_string_append_printf(text, "k%u: 1, ", i);
    g_string_append_c(text, '}');

    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Car *car = decode(text->str, &tree, findings);
    const Finding *last = g_ptr_array_index(findings, findings->len - 1);

    g_assert_cmpuint(findings->len, ==, 1001);
    g_assert_cmpstr(last->code, ==, "too-many");
    record_free(&car_record, car);
    g_string_free(text, TRUE);
}

static void test_no_node(void)
{
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = tree_parse_yaml("x", "", 0);
    Car *car = record_decode(&car_record, tree, tree->root, findings);

    g_assert_cmpuint(findings->len, ==, 0);
    g_assert_cmpuint(car->wheels->len, ==, 0);
    record_free(&car_record, car);
}

static void test_text_forms(void)
{
    static const struct {
        const TextForm *form;
        const char *text;
        bool good;
    } rows[] = {
        {&TEXT_FORM_NAME, "Red_k8s.worker-1", true},
        {&TEXT_FORM_NAME, "a b", false},
        {&TEXT_FORM_NAME, "-a", false},
        {&TEXT_FORM_NAME, "../a", false},
        {&TEXT_FORM_NAME, "a\n", false},
        {&TEXT_FORM_NAME, "", false},
        {&TEXT_FORM_NAME, "a123456789a123456789a123456789a123456789a123456789a123456789abc", true},
        {&TEXT_FORM_NAME, "a123456789a123456789a123456789a123456789a123456789a123456789abcd",
         false},
        {&TEXT_FORM_MAC, "52:54:00:12:34:56", true},
        {&TEXT_FORM_MAC, "53:54:00:12:34:56", false},
        {&TEXT_FORM_MAC, "52:54:00:12:34", false},
        {&TEXT_FORM_MAC, "52-54-00-12-34-56", false},
        {&TEXT_FORM_HEX4, "0d5c", true},
        {&TEXT_FORM_HEX4, "0x0d5c", false},
        {&TEXT_FORM_HEX4, "0D5C", false},
        {&TEXT_FORM_SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         true},
        {&TEXT_FORM_SHA256, "e3b0", false},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_true(g_regex_match_simple(rows[i].form->pattern, rows[i].text,
                                           G_REGEX_DOLLAR_ENDONLY, 0) == rows[i].good);
    }
}

static void test_schema(void)
{
    json_t *schema = record_schema(&car_record, "https://example.org/car.json", "A car");
    const json_t *defs = json_object_get(schema, "$defs");
    const json_t *properties = json_object_get(schema, "properties");
    const char *text = NULL;
    int number = 0, fallback = 0;

    g_assert_cmpint(json_unpack(schema, "{s:s}", "$schema", &text), ==, 0);
    g_assert_cmpstr(text, ==, "https://json-schema.org/draft/2020-12/schema");
    g_assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
    g_assert_cmpuint(json_object_size(properties), ==, G_N_ELEMENTS(car_fields));
    g_assert_cmpint(json_unpack((json_t *)properties, "{s:{s:s,s:i}}", "seats", "description",
                                &text, "minimum", &number),
                    ==, 0);
    g_assert_cmpstr(text, ==, "People in it.");
    g_assert_cmpint(number, ==, 2);
    g_assert_cmpint(json_unpack((json_t *)properties, "{s:{s:b}}", "fast", "default", &fallback),
                    ==, 0);
    g_assert_cmpint(fallback, ==, 1);
    g_assert_cmpint(json_unpack((json_t *)defs, "{s:{s:[s]}}", "wheel", "required", &text), ==, 0);
    g_assert_cmpstr(text, ==, "speed");

    const json_t *entry = json_object_get(defs, "wheel-entry");

    g_assert_nonnull(entry);
    g_assert_null(json_object_get(json_object_get(entry, "properties"), "name"));
    /* an open record lets unknown keys pass */
    g_assert_null(json_object_get(json_object_get(defs, "body"), "additionalProperties"));
    json_decref(schema);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/decode", test_decode);
    g_test_add_func("/record/unset", test_unset);
    g_test_add_func("/record/defaults", test_defaults);
    g_test_add_func("/record/round-trip", test_round_trip);
    g_test_add_func("/record/write", test_write);
    g_test_add_func("/record/flaws", test_flaws);
    g_test_add_func("/record/secret-is-not-shown", test_secret_is_not_shown);
    g_test_add_func("/record/findings-are-bounded", test_findings_are_bounded);
    g_test_add_func("/record/no-node", test_no_node);
    g_test_add_func("/record/text-forms", test_text_forms);
    g_test_add_func("/record/schema", test_schema);
    return g_test_run();
}
