/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of plans: some as they were, byte for byte (tests/golden/picture, and docs/red-blue.svg,
 * which README shows; BMSLICE_UPDATE=1 rewrites them), and what holds of every one, on many hosts.
 */
#include "core/picture.h"

#include <gio/gio.h>
#include <string.h>

#include "base/xml.h"
#include "core/picture_private.h"
#include "core/place.h"
#include "plan_check.h"
#include "synthetic.h"

typedef struct {
    const char *picture, *host, *spec;
} Golden;

static const Golden GOLDENS[] = {
    {"docs/red-blue.svg", "seed.json", "examples/red-blue.yaml"},
    {"tests/golden/picture/vfs.svg", "numa:2 core:8 nic:1x8@0 vfs:2@0 nic:1x8@1",
     "tests/golden/plan/vfs/spec.yaml"},
    {"tests/golden/picture/isolate.svg", "core:8 pu:2 off:11",
     "tests/golden/plan/isolate/spec.yaml"},
    {"tests/golden/picture/refuse-cores.svg", "numa:2 core:6 pu:2",
     "tests/golden/plan/refuse-cores/spec.yaml"},
};

static char *source_path(const char *relative)
{
    return g_build_filename(g_getenv("BMSLICE_SOURCE"), relative, NULL);
}

static char *read_text(const char *relative)
{
    g_autofree char *path = source_path(relative);
    char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Host *read_host(const char *name)
{
    g_autofree char *relative = g_strconcat("tests/hosts/", name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Tree) tree = NULL;
    Host *host;

    if (!g_str_has_suffix(name, ".json"))
        return synthetic_host(name);
    text = read_text(relative);
    tree = tree_parse_json(name, text, strlen(text));
    host = host_from_tree(tree, findings);
    g_assert_nonnull(host);
    return host;
}

static Plan *make_plan(const Host *host, const char *yaml)
{
    g_autoptr(Tree) tree = tree_parse_yaml("spec.yaml", yaml, strlen(yaml));
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Spec) spec = spec_from_tree(tree, findings);
    g_autoptr(Plan) plan = NULL;

    for (guint i = 0; i < findings->len; i++)
        g_test_message("%s", ((Finding *)g_ptr_array_index(findings, i))->text);
    g_assert_nonnull(spec);
    plan = place_slices(spec, spec_find_host(spec, host->hostname), host, NULL);
    plan_check(tree, spec, spec_find_host(spec, host->hostname), host, plan);
    return g_steal_pointer(&plan);
}

static void compare_text(const char *relative, const char *text)
{
    g_autofree char *path = source_path(relative);
    g_autofree char *expected = NULL;

    if (g_strcmp0(g_getenv("BMSLICE_UPDATE"), "1") == 0) {
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        return;
    }
    expected = read_text(relative);
    if (!g_str_equal(text, expected)) /* too long to be shown */
        g_error("%s is not what is drawn; BMSLICE_UPDATE=1 rewrites it", relative);
}

static bool overlap(Rect a, Rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static bool inside(Rect a, Rect b)
{
    return a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w && a.y + a.h <= b.y + b.h;
}

static Xml *read_svg(const char *svg)
{
    g_autoptr(GError) error = NULL;
    Xml *xml = xml_read(svg, &error);

    g_assert_no_error(error);
    xml_add_namespace(xml, "s", "http://www.w3.org/2000/svg");
    return xml;
}

static Rect rect_of(Xml *xml, XmlNode node)
{
    return (Rect){(int)xml_int(xml, node, "@x"), (int)xml_int(xml, node, "@y"),
                  (int)xml_int(xml, node, "@width"), (int)xml_int(xml, node, "@height")};
}

/* Rectangles of which a class begins with @word. */
static GArray *rects_of(Xml *xml, const char *word)
{
    g_autofree char *expression =
        g_strdup_printf("//s:rect[starts-with(concat(@class, ' '), '%s ')]", word);
    g_autoptr(GPtrArray) nodes = xml_nodes(xml, NULL, expression);
    GArray *rects = g_array_new(FALSE, FALSE, sizeof(Rect));

    for (guint i = 0; i < nodes->len; i++) {
        Rect at = rect_of(xml, g_ptr_array_index(nodes, i));

        g_array_append_val(rects, at);
    }
    return rects;
}

static Rect view_of(Xml *xml)
{
    return (Rect){0, 0, (int)xml_int(xml, NULL, "/s:svg/@width"),
                  (int)xml_int(xml, NULL, "/s:svg/@height")};
}

/* What is a box of its own stands alone. */
static void check_boxes(Xml *xml)
{
    static const char *const words[] = {"cell", "chip", "plug", "card", "pill", "legend"};
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Rect));

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GArray) rects = rects_of(xml, words[i]);

        g_array_append_vals(all, rects->data, rects->len);
    }
    for (guint i = 0; i < all->len; i++)
        for (guint k = 0; k < i; k++)
            g_assert_false(overlap(g_array_index(all, Rect, i), g_array_index(all, Rect, k)));
}

/* Each @inner lies in exactly one @outer, and these do not overlap. */
static void check_nesting(Xml *xml, const char *inner, const char *outer)
{
    g_autoptr(GArray) in = rects_of(xml, inner);
    g_autoptr(GArray) out = rects_of(xml, outer);

    for (guint i = 0; i < out->len; i++)
        for (guint k = 0; k < i; k++)
            g_assert_false(overlap(g_array_index(out, Rect, i), g_array_index(out, Rect, k)));
    for (guint i = 0; i < in->len; i++) {
        guint n = 0;

        for (guint k = 0; k < out->len; k++)
            n += inside(g_array_index(in, Rect, i), g_array_index(out, Rect, k));
        g_assert_cmpuint(n, ==, 1);
    }
}

static void check_view(Xml *xml)
{
    Rect view = view_of(xml);
    g_autoptr(GPtrArray) rects = xml_nodes(xml, NULL, "//s:rect");
    g_autoptr(GPtrArray) texts = xml_nodes(xml, NULL, "//s:text");

    g_assert_cmpint(view.w, >, 0);
    for (guint i = 0; i < rects->len; i++)
        g_assert_true(inside(rect_of(xml, g_ptr_array_index(rects, i)), view));
    for (guint i = 0; i < texts->len; i++) {
        XmlNode node = g_ptr_array_index(texts, i);
        g_autofree char *text = xml_text(xml, node, ".");
        g_autofree char *anchor = xml_text(xml, node, "@text-anchor");
        g_autofree char *class_name = xml_text(xml, node, "@class");
        bool large = class_name && g_str_has_prefix(class_name, "t1");
        int w = picture_text_w(text ? text : "", large ? 22 : 11, false);
        int x = (int)xml_int(xml, node, "@x"), y = (int)xml_int(xml, node, "@y");

        if (anchor)
            x -= g_str_equal(anchor, "middle") ? w / 2 : w;
        if (!inside((Rect){x, y - 10, w, 13}, view))
            g_error("'%s' at %d,%d does not fit into %dx%d", text, x, y, view.w, view.h);
    }
}

static void check_cpus(Xml *xml, const Host *host)
{
    g_autoptr(GPtrArray) cells = xml_nodes(xml, NULL, "//s:rect[@data-cpu]");
    g_autoptr(CpuSet) drawn = cpuset_new();

    for (guint i = 0; i < cells->len; i++) {
        gint64 cpu = xml_int(xml, g_ptr_array_index(cells, i), "@data-cpu");

        g_assert_false(cpuset_has(drawn, (guint)cpu));
        cpuset_add(drawn, (guint)cpu);
    }
    g_assert_true(cpuset_equal(drawn, host->cpu.online));
}

static void check_slices(Xml *xml, const PlanHost *plan_host)
{
    g_autoptr(GPtrArray) legend =
        xml_nodes(xml, NULL, "//s:g[s:rect[starts-with(@class,'legend')]]");

    g_assert_cmpuint(legend->len, ==, plan_host->slices->len);
    for (guint i = 0; i < legend->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(plan_host->slices, i);
        g_autofree char *title = xml_text(xml, g_ptr_array_index(legend, i), "s:title");

        g_assert_cmpstr(title, ==, slice->name);
    }
}

static Rect segment_of(const PictureWire *wire, guint i)
{
    const int *p = wire->points + 2 * i;

    return (Rect){MIN(p[0], p[2]), MIN(p[1], p[3]), ABS(p[0] - p[2]), ABS(p[1] - p[3])};
}

/* Wires run across no box and along no other wire but those of their own net. */
static void check_wire(const Picture *picture, Xml *xml, guint index)
{
    static const char *const words[] = {"domain", "chip", "plug", "card"};
    const PictureWire *wire = picture_wire(picture, index);

    for (guint s = 0; s + 1 < wire->n_points; s++) {
        Rect at = segment_of(wire, s);
        Rect wide = {at.x - 1, at.y + (at.h ? 1 : -1), at.w + 2, at.h ? at.h - 2 : 2};

        g_assert_true(at.w == 0 || at.h == 0);
        for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
            g_autoptr(GArray) rects = rects_of(xml, words[i]);

            for (guint k = 0; k < rects->len; k++)
                g_assert_false(overlap(wide, g_array_index(rects, Rect, k)));
        }
        for (guint o = 0; o < index; o++) {
            const PictureWire *other = picture_wire(picture, o);
            bool net = !wire->remote && !other->remote && wire->slice == other->slice;

            for (guint k = 0; !net && k + 1 < other->n_points; k++) {
                Rect there = segment_of(other, k);

                if ((at.h == 0) != (there.h == 0))
                    continue; /* they cross */
                g_assert_false(overlap((Rect){at.x, at.y, at.w + 1, at.h + 1},
                                       (Rect){there.x, there.y, there.w + 1, there.h + 1}));
            }
        }
    }
}

static void check_wires(const Host *host, const Plan *plan, const PlanHost *plan_host, Xml *xml)
{
    g_autoptr(Picture) picture = picture_collect(host, plan, plan_host);
    g_autoptr(GPtrArray) drawn = xml_nodes(xml, NULL, "//s:path[starts-with(@class,'wire')]");
    guint devices = 0;

    for (guint i = 0; i < plan_host->slices->len; i++)
        devices += ((PlanSlice *)g_ptr_array_index(plan_host->slices, i))->devices->len;
    g_assert_cmpuint(picture->wires->len, ==, devices);
    g_assert_cmpuint(drawn->len, ==, devices);
    picture_layout(picture, 88);
    for (guint i = 0; i < picture->wires->len; i++)
        check_wire(picture, xml, i);
}

/* Every remote finding of the planner is at its wire, each finding has its sign. */
static void check_findings(Xml *xml, const Plan *plan)
{
    g_autoptr(GArray) pills = rects_of(xml, "pill");
    guint remote = 0;

    for (guint i = 0; i < plan->findings->len; i++) {
        const Finding *finding = g_ptr_array_index(plan->findings, i);
        g_autofree char *expression =
            g_strdup_printf("//s:text[starts-with(@class,'in-')][.='%u']", i + 1);
        g_autoptr(GPtrArray) signs = xml_nodes(xml, NULL, expression);

        g_assert_cmpuint(signs->len, >, 0);
        remote += g_str_has_suffix(finding->code, "-remote-node");
    }
    g_assert_cmpuint(pills->len, ==, remote);
}

static void check_picture(const Host *host, const Plan *plan)
{
    const PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    g_autofree char *svg = picture_write_svg(host, plan, plan_host);
    g_autofree char *again = picture_write_svg(host, plan, plan_host);
    g_autoptr(Xml) xml = read_svg(svg);

    g_assert_cmpstr(svg, ==, again);
    check_boxes(xml);
    check_nesting(xml, "core", "domain");
    check_nesting(xml, "domain", "node");
    check_nesting(xml, "chip", "node");
    check_nesting(xml, "card", "node");
    check_view(xml);
    check_cpus(xml, host);
    check_slices(xml, plan_host);
    check_wires(host, plan, plan_host, xml);
    check_findings(xml, plan);
}

static void test_golden(gconstpointer data)
{
    const Golden *golden = data;
    g_autoptr(Host) host = read_host(golden->host);
    g_autofree char *yaml = read_text(golden->spec);
    g_autoptr(Plan) plan = make_plan(host, yaml);
    g_autofree char *svg = picture_write_svg(host, plan, g_ptr_array_index(plan->hosts, 0));

    check_picture(host, plan);
    compare_text(golden->picture, svg);
}

#define HEAD                                                                                       \
    "version: 1\n"                                                                                 \
    "networks:\n"                                                                                  \
    "  a: {uplinks: [{host: server1, pf: nic0}]}\n"                                                \
    "  b: {uplinks: [{host: server1, pf: nic1}]}\n"                                                \
    "hosts: [{name: server1}]\n"                                                                   \
    "clusters:\n"                                                                                  \
    "  - name: c\n"                                                                                \
    "    spread: none\n"                                                                           \
    "    slices:\n"

#define TWO_NICS                                                                                   \
    "nics: [{network: a, mode: vf, locality: preferred}, {network: b, mode: vf, "                  \
    "locality: any}]"

/* Machines of all shapes. */
static void test_shapes(void)
{
    static const char *const cases[][2] = {
        {"core:4 pu:2 mem:?", "{name: s, vcpus: 2, memory: 1GiB, hugepages: none}"},
        {"numa:2 core:64 pu:2 mem:512 nic:1x64@0 nic:1x64@1",
         "{name: \"s{n}\", count: 30, vcpus: 4, memory: 1GiB, " TWO_NICS "}"},
        {"numa:2 l3:8 core:8 pu:2 mem:512 nic:1x64@0 nic:1x64@1",
         "{name: \"s{n}\", count: 7, vcpus: 16, memory: 1GiB, " TWO_NICS "}"},
        {"numa:8 l3:2 core:8 pu:2 nic:1x64@0 nic:1x64@5",
         "{name: \"s{n}\", count: 9, vcpus: 14, memory: 1GiB, " TWO_NICS "}"},
        {"numa:4 core:8 pu:2 nic:1x8@? nic:1x8@3",
         "{name: \"s{n}\", count: 3, vcpus: 8, memory: 2GiB, numa: {nodes: 2}, " TWO_NICS "}"},
        {"numa:3 l3:3 core:5 pu:1 nic:1x8@2 nic:1x8@2 used@0 used@0 used@0 used@0 used@0",
         "{name: \"s{n}\", count: 3, vcpus: 3, memory: 1GiB, " TWO_NICS "}"},
        {"numa:2 core:10 pu:8 nic:1@0 nic:1@1",
         "{name: p, vcpus: 6, smt: isolate, memory: 1GiB, nics: [{network: b, mode: pf, locality: "
         "preferred}, {network: a, mode: pf, locality: preferred}]}"},
        {"numa:2 core:6 pu:2 sib:near dev:2@1",
         "{name: d, vcpus: 6, memory: 1GiB, devices: [{vendor: \"8086\", device: \"0d5c\", count: "
         "2, locality: any}], numa: {nodes: 1, pin: [0]}}"},
        {"numa:8 core:128 pu:2 mem:512 nic:1@0 nic:1@7",
         "{name: \"a-name-that-is-as-long-as-a-name-may-be-in-such-a-spec-00-{n}\", count: 60, "
         "vcpus: 30, memory: 4GiB}"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Host) host = synthetic_host(cases[i][0]);
        g_autofree char *yaml = g_strconcat(HEAD, "      - ", cases[i][1], "\n", NULL);
        g_autoptr(Plan) plan = make_plan(host, yaml);

        g_test_message("%s", cases[i][0]);
        /* where the memory is not known nothing is placed */
        g_assert_true(strstr(cases[i][0], "mem:?") ||
                      ((PlanHost *)g_ptr_array_index(plan->hosts, 0))->slices->len > 0);
        check_picture(host, plan);
    }
}

/* Any machine, any slices, placed or refused. */
static void test_random(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (guint i = 0; i < 60; i++) {
        int nodes = g_rand_int_range(random, 1, 7);
        g_autoptr(GString) line = g_string_new(NULL);
        g_autoptr(GString) yaml = g_string_new(HEAD);
        int n_slices = g_rand_int_range(random, 1, 6);
        g_autoptr(Host) host = NULL;
        g_autoptr(Plan) plan = NULL;

        g_string_printf(line, "numa:%d l3:%d core:%d pu:%d nic:1x16@%d nic:1x16@%d", nodes,
                        g_rand_int_range(random, 1, 4), g_rand_int_range(random, 1, 12),
                        g_rand_int_range(random, 1, 3), g_rand_int_range(random, 0, nodes),
                        g_rand_int_range(random, 0, nodes));
        for (int s = 0; s < n_slices; s++)
            g_string_append_printf(
                yaml, "      - {name: s%d, vcpus: %d, memory: %dGiB, numa: {nodes: %d}%s}\n", s,
                2 * g_rand_int_range(random, 1, 6) * (nodes > 1 ? 2 : 1),
                2 * g_rand_int_range(random, 1, 8), g_rand_int_range(random, 1, MIN(nodes, 2) + 1),
                g_rand_boolean(random) ? ", " TWO_NICS : "");
        g_test_message("%s\n%s", line->str, yaml->str);
        host = synthetic_host(line->str);
        plan = make_plan(host, yaml->str);
        check_picture(host, plan);
    }
}

/* Other people's text, in an inventory or a plan that was edited, stays text. */
static void test_hostile(void)
{
    static const char evil[] = "a<b>&\"']]>\x01\xfc\xff\xef\xbf\xbf<script>alert(1)</script>";
    g_autoptr(Host) host = synthetic_host("core:4 pu:2 nic:1x8@0 nic:1x8@0");
    g_autoptr(Plan) plan =
        make_plan(host, HEAD "      - {name: s, vcpus: 2, memory: 1GiB, " TWO_NICS "}\n");
    PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    PlanSlice *slice = g_ptr_array_index(plan_host->slices, 0);
    HostPci *pci = g_ptr_array_index(host->pci, 0);
    char **const places[] = {&host->hostname,
                             &host->cpu.model,
                             &plan_host->name,
                             &slice->name,
                             &slice->cluster,
                             &pci->vendor,
                             &((HostPci *)g_ptr_array_index(host->pci, 1))->address,
                             &((HostNet *)g_ptr_array_index(pci->nets, 0))->name,
                             &((PlanDevice *)g_ptr_array_index(slice->devices, 0))->network,
                             &((PlanDevice *)g_ptr_array_index(slice->devices, 0))->address};
    g_autofree char *svg = NULL;
    g_autofree char *html = NULL;
    g_autoptr(Xml) xml = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        g_free(*places[i]);
        *places[i] = g_strdup(evil);
    }
    finding_set_hint(findings_add(plan->findings, FINDING_INFO, "x", evil, "%s", evil), "%s", evil);
    svg = picture_write_svg(host, plan, plan_host);
    xml = read_svg(svg);
    check_view(xml);
    html = picture_write_html(host, plan, plan_host);
    g_assert_null(strstr(svg, "<script"));
    g_assert_null(strstr(html, "<script"));
    g_assert_true(g_utf8_validate(html, -1, NULL));
}

/* A page of one way, of which both hosts and all names are evil. */
static char *write_evil_way(char *evil, bool packed)
{
    g_autoptr(Host) host = synthetic_host("numa:2 core:8 pu:2 nic:1x8@0 nic:1x8@1");
    g_autoptr(Plan) plan =
        make_plan(host, HEAD "      - {name: s, vcpus: 2, memory: 1GiB, " TWO_NICS "}\n");
    PlanHost *plan_host = g_ptr_array_index(plan->hosts, 0);
    PlanSlice *slice = g_ptr_array_index(plan_host->slices, 0);
    g_autoptr(GPtrArray) kinds = g_ptr_array_new(), names = g_ptr_array_new();
    PictureNames first = {evil, names, names};
    PictureWay way = {1, 2, 2, kinds, host, plan, &first, packed};
    GString *out = g_string_new(NULL);

    plan->fleet = g_new0(PlanFleet, 1);
    plan->fleet->volumes = g_ptr_array_new();
    g_ptr_array_add(kinds, evil);
    g_ptr_array_add(names, evil);
    g_free(slice->name);
    g_free(slice->cluster);
    g_free(plan_host->name);
    slice->name = picture_token(PICTURE_TOKEN_SLICE, 0);
    slice->cluster = picture_token(PICTURE_TOKEN_CLUSTER, 0);
    plan_host->name = picture_token(PICTURE_TOKEN_HOST, 0);
    finding_set_hint(findings_add(plan->findings, FINDING_INFO, "x", slice->name, "%s %s", evil,
                                  plan_host->name),
                     "%s", evil);
    picture_fleet_open(plan, 1, 1, out);
    picture_way_open(&way, out);
    picture_way_host(&first, out);
    picture_way_host(&first, out);
    picture_way_close(out);
    picture_fleet_close(out);
    return g_string_free(out, FALSE);
}

static void test_hostile_fleet(void)
{
    static char evil[] = "a<b>&\"'\x01\xfc\xee\x80\x80h0\xee\x80\x81</script><script>alert(1)";
    g_autofree char *html = write_evil_way(evil, false);
    g_autoptr(GError) error = NULL;
    g_autoptr(Xml) xml = xml_read(strchr(html, '\n'), &error);
    g_autoptr(GPtrArray) scripts = xml ? xml_nodes(xml, NULL, "//script") : NULL;
    g_autoptr(GPtrArray) items = xml ? xml_nodes(xml, NULL, "//ul[@class='names']/li/a") : NULL;
    const char *script;

    g_assert_no_error(error);
    g_assert_true(g_utf8_validate(html, -1, NULL));
    g_assert_cmpuint(scripts->len, ==, 1);
    g_assert_cmpuint(items->len, ==, 2);
    script = strstr(html, "<script>");
    g_assert_nonnull(script);
    g_assert_null(strstr(script + 1, "<script>"));
    g_assert_null(strstr(script, "alert"));
    g_assert_true(strstr(script, "</script>") ==
                  strrchr(script, '<') - strlen("</script>\n</body>"));
}

/* What the script of the page needs: tokens where names are, all else as it is drawn. */
static void test_tokens(void)
{
    static char name[] = "worker1";
    g_autofree char *html = write_evil_way(name, false);
    g_autoptr(GError) error = NULL;
    g_autoptr(Xml) xml = xml_read(strchr(html, '\n'), &error);
    g_autoptr(GPtrArray) words = NULL;
    guint fitted = 0;

    g_assert_no_error(error);
    words = xml_nodes(xml, NULL, "//*[@data-t]");
    g_assert_cmpuint(words->len, >, 8);
    for (guint i = 0; i < words->len; i++) {
        XmlNode node = g_ptr_array_index(words, i);
        g_autofree char *text = xml_text(xml, node, ".");
        g_autofree char *with_tokens = xml_text(xml, node, "@data-t");
        g_auto(GStrv) parts = g_regex_split_simple("\ue000[hsc]0\ue001", with_tokens, 0, 0);
        g_autofree char *named = g_strjoinv(name, parts);

        g_assert_cmpuint(g_strv_length(parts), >, 1);
        g_assert_cmpstr(text, ==, named);
        fitted += xml_int(xml, node, "@data-w") > 0;
    }
    g_assert_cmpuint(fitted, ==, 2); /* the host, and the chip */
}

/* A packed drawing is the same drawing. */
static void test_packed(void)
{
    static char name[] = "worker1";
    g_autofree char *plain = write_evil_way(name, false), *page = write_evil_way(name, true);
    g_auto(GStrv) around = g_strsplit(page, " data-z=\"", 2);
    g_auto(GStrv) parts = g_strsplit(around[1], "\"", 2);
    g_autoptr(GZlibDecompressor) unpacker = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    g_autofree char *text = g_malloc0(1 << 20), *again = NULL;
    gsize length, read, written;
    g_autofree guchar *bytes = g_base64_decode(parts[0], &length);

    g_assert_cmpint(g_converter_convert(G_CONVERTER(unpacker), bytes, length, text, 1 << 20,
                                        G_CONVERTER_INPUT_AT_END, &read, &written, NULL),
                    ==, G_CONVERTER_FINISHED);
    g_assert_cmpuint(strlen(parts[0]) * 3, <, written);
    again = g_strconcat(around[0], ">", text, parts[1] + 1, NULL);
    g_assert_cmpstr(again, ==, plain);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(GOLDENS); i++) {
        g_autofree char *name = g_path_get_basename(GOLDENS[i].picture);
        g_autofree char *test = g_strconcat("/picture/golden/", name, NULL);

        g_test_add_data_func(test, &GOLDENS[i], test_golden);
    }
    g_test_add_func("/picture/shapes", test_shapes);
    g_test_add_func("/picture/random", test_random);
    g_test_add_func("/picture/hostile", test_hostile);
    g_test_add_func("/picture/hostile-fleet", test_hostile_fleet);
    g_test_add_func("/picture/tokens", test_tokens);
    g_test_add_func("/picture/packed", test_packed);
    return g_test_run();
}
