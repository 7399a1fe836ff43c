/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be drawn: who owns each CPU, which device goes to whom, which finding is about what.
 */
#include <string.h>

#include "core/picture_private.h"

#define SLICE_PREFIX "slice "

PictureNode *picture_node(const Picture *picture, guint index)
{
    return g_ptr_array_index(picture->nodes, index);
}

PictureWire *picture_wire(const Picture *picture, guint index)
{
    return &g_array_index(picture->wires, PictureWire, index);
}

const PlanSlice *picture_slice(const Picture *picture, guint index)
{
    return g_ptr_array_index(picture->plan_host->slices, index);
}

static void core_free(PictureCore *core)
{
    g_array_unref(core->cells);
    g_free(core);
}

static void domain_free(PictureDomain *domain)
{
    g_ptr_array_unref(domain->cores);
    g_free(domain);
}

static void chip_free(PictureChip *chip)
{
    g_array_unref(chip->wires);
    g_free(chip);
}

static void card_free(PictureCard *card)
{
    g_array_unref(card->plugs);
    g_free(card);
}

static void node_free(PictureNode *node)
{
    g_ptr_array_unref(node->domains);
    g_ptr_array_unref(node->chips);
    g_ptr_array_unref(node->cards);
    g_free(node);
}

static void row_clear(gpointer row)
{
    g_array_unref(((PictureRow *)row)->tracks);
}

void picture_free(Picture *picture)
{
    if (!picture)
        return;
    g_ptr_array_unref(picture->nodes);
    g_array_unref(picture->wires);
    g_array_unref(picture->notes);
    g_array_unref(picture->columns);
    g_array_unref(picture->rows);
    g_free(picture);
}

static PictureNode *add_node(Picture *picture, const HostNode *host_node)
{
    PictureNode *node = g_new0(PictureNode, 1);

    node->node = host_node;
    node->socket = RECORD_UNSET;
    node->domains = g_ptr_array_new_with_free_func((GDestroyNotify)domain_free);
    node->chips = g_ptr_array_new_with_free_func((GDestroyNotify)chip_free);
    node->cards = g_ptr_array_new_with_free_func((GDestroyNotify)card_free);
    g_ptr_array_add(picture->nodes, node);
    return node;
}

/* Owners by CPU, found once: cells are many. */
static GArray *find_owners(const PlanHost *plan_host, guint n_cpus)
{
    GArray *owners = g_array_sized_new(FALSE, FALSE, sizeof(PictureCell), n_cpus);

    for (guint cpu = 0; cpu < n_cpus; cpu++) {
        PictureCell cell = {.cpu = cpu, .kind = CELL_FREE, .slice = PICTURE_NO_SLICE};

        g_array_append_val(owners, cell);
    }
    for (guint s = 0; s < plan_host->slices->len; s++) {
        const PlanSlice *slice = g_ptr_array_index(plan_host->slices, s);

        for (int cpu = slice->emulator_cpus ? cpuset_next(slice->emulator_cpus, 0) : -1; cpu >= 0;
             cpu = cpuset_next(slice->emulator_cpus, (guint)cpu + 1)) {
            PictureCell *cell = &g_array_index(owners, PictureCell, cpu);

            if ((guint)cpu >= n_cpus)
                break;
            cell->slice = cell->kind == CELL_SERVICE ? PICTURE_NO_SLICE : (int)s;
            cell->kind = CELL_SERVICE;
        }
    }
    for (guint s = 0; s < plan_host->slices->len; s++) {
        const PlanSlice *slice = g_ptr_array_index(plan_host->slices, s);

        for (guint v = 0; v < slice->vcpus->len; v++) {
            const PlanVcpu *vcpu = g_ptr_array_index(slice->vcpus, v);

            if (vcpu->cpu >= 0 && vcpu->cpu < n_cpus)
                g_array_index(owners, PictureCell, vcpu->cpu) = (PictureCell){
                    .cpu = (guint)vcpu->cpu, .kind = CELL_VCPU, .slice = (int)s, .vcpu = vcpu->id};
        }
    }
    for (int cpu = plan_host->reserved_cpus ? cpuset_next(plan_host->reserved_cpus, 0) : -1;
         cpu >= 0 && (guint)cpu < n_cpus;
         cpu = cpuset_next(plan_host->reserved_cpus, (guint)cpu + 1))
        g_array_index(owners, PictureCell, cpu) =
            (PictureCell){.cpu = (guint)cpu, .kind = CELL_HOST, .slice = PICTURE_NO_SLICE};
    return owners;
}

/* A free sibling of a vCPU is idle on purpose. */
static void mark_idle(PictureCore *core)
{
    int owner = PICTURE_NO_SLICE;

    for (guint i = 0; i < core->cells->len; i++) {
        const PictureCell *cell = &g_array_index(core->cells, PictureCell, i);

        if (cell->kind == CELL_VCPU)
            owner = cell->slice;
    }
    for (guint i = 0; owner != PICTURE_NO_SLICE && i < core->cells->len; i++) {
        PictureCell *cell = &g_array_index(core->cells, PictureCell, i);

        if (cell->kind == CELL_FREE) {
            cell->kind = CELL_IDLE;
            cell->slice = owner;
        }
    }
}

static PictureDomain *find_domain(PictureNode *node, gint64 l3)
{
    PictureDomain *domain;

    for (guint i = 0; i < node->domains->len; i++) {
        domain = g_ptr_array_index(node->domains, i);
        if (domain->l3 == l3)
            return domain;
    }
    domain = g_new0(PictureDomain, 1);
    domain->l3 = l3;
    domain->cores = g_ptr_array_new_with_free_func((GDestroyNotify)core_free);
    g_ptr_array_add(node->domains, domain);
    return domain;
}

/* The nodes of the host, then, where needed, one for what has none. */
static PictureNode *find_node(Picture *picture, gint64 id)
{
    for (guint i = 0; i < picture->nodes->len; i++) {
        PictureNode *node = picture_node(picture, i);

        if (node->node ? node->node->id == id : id == RECORD_UNSET)
            return node;
    }
    return id == RECORD_UNSET ? add_node(picture, NULL) : find_node(picture, RECORD_UNSET);
}

static void collect_cores(Picture *picture)
{
    const Host *host = picture->host;
    g_autoptr(GArray) owners = NULL;
    int last = -1;

    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *core = g_ptr_array_index(host->cores, i);

        for (int cpu = cpuset_next(core->cpus, 0); cpu >= 0;
             cpu = cpuset_next(core->cpus, (guint)cpu + 1))
            last = MAX(last, cpu);
    }
    owners = find_owners(picture->plan_host, (guint)(last + 1));
    for (guint i = 0; i < host->cores->len; i++) {
        const HostCore *host_core = g_ptr_array_index(host->cores, i);
        PictureNode *node = find_node(picture, host_core->node);
        PictureDomain *domain = find_domain(node, host_core->l3);
        PictureCore *core = g_new0(PictureCore, 1);
        bool first = node->domains->len == 1 && domain->cores->len == 0;

        core->cells = g_array_new(FALSE, FALSE, sizeof(PictureCell));
        g_ptr_array_add(domain->cores, core);
        for (int cpu = cpuset_next(host_core->cpus, 0); cpu >= 0;
             cpu = cpuset_next(host_core->cpus, (guint)cpu + 1))
            g_array_append_val(core->cells, g_array_index(owners, PictureCell, cpu));
        mark_idle(core);
        picture->threads = MAX(picture->threads, core->cells->len);
        node->socket =
            first || node->socket == host_core->socket ? host_core->socket : RECORD_UNSET;
    }
}

static guint vcpus_on_node(const PlanSlice *slice, const HostNode *node)
{
    guint count = 0;

    for (guint v = 0; v < slice->vcpus->len; v++) {
        const PlanVcpu *vcpu = g_ptr_array_index(slice->vcpus, v);

        count += vcpu->cpu >= 0 && cpuset_has(node->cpus, (guint)vcpu->cpu);
    }
    return count;
}

static bool slice_is_on(const PlanSlice *slice, gint64 node)
{
    for (guint i = 0; i < slice->nodes->len; i++)
        if (g_array_index(slice->nodes, gint64, i) == node)
            return true;
    return false;
}

static void collect_chips(Picture *picture)
{
    for (guint n = 0; n < picture->nodes->len; n++) {
        PictureNode *node = picture_node(picture, n);

        for (guint s = 0; node->node && s < picture->plan_host->slices->len; s++) {
            const PlanSlice *slice = picture_slice(picture, s);
            PictureChip *chip;

            if (!slice_is_on(slice, node->node->id))
                continue;
            chip = g_new0(PictureChip, 1);
            chip->slice = s;
            chip->n_vcpus = vcpus_on_node(slice, node->node);
            chip->wires = g_array_new(FALSE, FALSE, sizeof(guint));
            g_ptr_array_add(node->chips, chip);
        }
    }
}

static PictureCard *find_card(Picture *picture, const HostPci *pci)
{
    PictureNode *node = find_node(picture, pci->node);
    PictureCard *card;

    for (guint i = 0; i < node->cards->len; i++) {
        card = g_ptr_array_index(node->cards, i);
        if (card->pci == pci)
            return card;
    }
    card = g_new0(PictureCard, 1);
    card->pci = pci;
    card->plugs = g_array_new(FALSE, FALSE, sizeof(PicturePlug));
    g_ptr_array_add(node->cards, card);
    return card;
}

/* The function that has the port: of a VF its PF. */
static const HostPci *find_port(const Host *host, const PlanDevice *device)
{
    const char *address = device->kind == PLAN_DEVICE_VF ? device->pf : device->address;

    return address ? host_find_pci(host, address) : NULL;
}

static void collect_cards(Picture *picture)
{
    const Host *host = picture->host;

    for (guint i = 0; i < host->pci->len; i++) {
        const HostPci *pci = g_ptr_array_index(host->pci, i);

        if (host_pci_is_nic(pci) && !pci->pf)
            find_card(picture, pci);
    }
    for (guint s = 0; s < picture->plan_host->slices->len; s++) {
        const PlanSlice *slice = picture_slice(picture, s);

        for (guint d = 0; d < slice->devices->len; d++) {
            const PlanDevice *device = g_ptr_array_index(slice->devices, d);
            const HostPci *port = find_port(host, device);
            PicturePlug plug = {.slice = (int)s, .vf = RECORD_UNSET};

            if (!port)
                continue;
            if (device->kind == PLAN_DEVICE_VF)
                plug.vf = device->vf;
            g_array_append_val(find_card(picture, port)->plugs, plug);
        }
    }
}

static int compare_plugs(gconstpointer a, gconstpointer b)
{
    const PicturePlug *x = a, *y = b;

    if (x->vf != y->vf)
        return x->vf < y->vf ? -1 : 1;
    return x->slice - y->slice;
}

/* Those with plugs first, in the order of the slices they lead to, so that wires cross little. */
static int compare_cards(gconstpointer a, gconstpointer b)
{
    const PictureCard *x = *(PictureCard *const *)a, *y = *(PictureCard *const *)b;

    if (!x->plugs->len != !y->plugs->len)
        return x->plugs->len ? -1 : 1;
    if (x->plugs->len) {
        int slice_x = g_array_index(x->plugs, PicturePlug, 0).slice;
        int slice_y = g_array_index(y->plugs, PicturePlug, 0).slice;

        if (slice_x != slice_y)
            return slice_x - slice_y;
    }
    return strcmp(x->pci->address, y->pci->address);
}

static void sort_cards(Picture *picture)
{
    for (guint n = 0; n < picture->nodes->len; n++) {
        PictureNode *node = picture_node(picture, n);

        for (guint c = 0; c < node->cards->len; c++) {
            PictureCard *card = g_ptr_array_index(node->cards, c);

            g_array_sort(card->plugs, compare_plugs);
            node->n_wired += card->plugs->len > 0;
        }
        g_ptr_array_sort(node->cards, compare_cards);
    }
}

/* Findings name a device by its address, a VF by its index and its PF. */
static guint find_remote_finding(const Picture *picture, int slice, const PictureCard *card,
                                 gint64 vf)
{
    g_autofree char *mark = vf == RECORD_UNSET ? g_strdup(card->pci->address)
                                               : g_strdup_printf("VF %" G_GINT64_FORMAT " of %s",
                                                                 vf, card->pci->address);

    for (guint i = 0; i < picture->notes->len; i++) {
        const PictureNote *note = &g_array_index(picture->notes, PictureNote, i);

        if (note->slice == slice && g_str_has_suffix(note->finding->code, "-remote-node") &&
            strstr(note->finding->text, mark))
            return note->number;
    }
    return 0;
}

/* The chip of the slice on the device's own node, else its first. */
static bool find_chip(const Picture *picture, guint from, guint slice, guint *ret_to,
                      guint *ret_chip)
{
    bool found = false;

    for (guint n = 0; n < picture->nodes->len; n++) {
        const PictureNode *node = picture_node(picture, n);

        for (guint c = 0; c < node->chips->len; c++) {
            const PictureChip *chip = g_ptr_array_index(node->chips, c);

            if (chip->slice != slice || (found && n != from))
                continue;
            *ret_to = n;
            *ret_chip = c;
            found = true;
        }
    }
    return found;
}

static void collect_wires(Picture *picture)
{
    for (guint n = 0; n < picture->nodes->len; n++) {
        const PictureNode *node = picture_node(picture, n);

        for (guint c = 0; c < node->n_wired; c++) {
            const PictureCard *card = g_ptr_array_index(node->cards, c);

            for (guint p = 0; p < card->plugs->len; p++) {
                const PicturePlug *plug = &g_array_index(card->plugs, PicturePlug, p);
                PictureWire wire = {
                    .from = n, .card = c, .plug = p, .slice = plug->slice, .lane = -1};
                PictureChip *chip;
                guint index = picture->wires->len;

                if (!find_chip(picture, n, (guint)plug->slice, &wire.to, &wire.chip))
                    continue;
                wire.remote = wire.to != n;
                if (wire.remote)
                    wire.finding = find_remote_finding(picture, plug->slice, card, plug->vf);
                chip = g_ptr_array_index(picture_node(picture, wire.to)->chips, wire.chip);
                g_array_append_val(chip->wires, index);
                g_array_append_val(picture->wires, wire);
            }
        }
    }
}

char *picture_wire_words(const Picture *picture, const PictureWire *wire)
{
    const PictureNode *from = picture_node(picture, wire->from);
    const PictureNode *to = picture_node(picture, wire->to);

    if (!from->node)
        return g_strdup("node unknown");
    if (from->socket != RECORD_UNSET && to->socket != RECORD_UNSET && from->socket != to->socket)
        return g_strdup("crosses sockets");
    return g_strdup("crosses nodes");
}

/* Which slice it is about, or which refusal. */
static void find_subject(const Picture *picture, PictureNote *note)
{
    const char *subject = note->finding->subject;
    const Plan *plan = picture->plan;

    for (guint s = 0;
         subject && g_str_has_prefix(subject, SLICE_PREFIX) && s < picture->plan_host->slices->len;
         s++)
        if (g_str_equal(subject + strlen(SLICE_PREFIX), picture_slice(picture, s)->name))
            note->slice = (int)s;
    for (guint i = 0; subject && g_str_has_prefix(subject, SLICE_PREFIX) && i < plan->unplaced->len;
         i++) {
        const PlanUnplaced *unplaced = g_ptr_array_index(plan->unplaced, i);

        if (g_str_equal(subject + strlen(SLICE_PREFIX), unplaced->name) &&
            g_str_has_prefix(note->finding->code, "unplaced-"))
            note->refused = unplaced;
    }
}

static void collect_notes(Picture *picture)
{
    const GPtrArray *findings = picture->plan->findings;

    for (guint i = 0; i < findings->len; i++) {
        PictureNote note = {.number = picture->notes->len + 1,
                            .finding = g_ptr_array_index(findings, i),
                            .slice = PICTURE_NO_SLICE};

        find_subject(picture, &note);
        g_array_append_val(picture->notes, note);
    }
}

Picture *picture_collect(const Host *host, const Plan *plan, const PlanHost *plan_host)
{
    Picture *picture = g_new0(Picture, 1);

    picture->host = host;
    picture->plan = plan;
    picture->plan_host = plan_host;
    picture->nodes = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
    picture->wires = g_array_new(FALSE, FALSE, sizeof(PictureWire));
    picture->notes = g_array_new(FALSE, FALSE, sizeof(PictureNote));
    picture->columns = g_array_new(FALSE, TRUE, sizeof(PictureColumn));
    picture->rows = g_array_new(FALSE, TRUE, sizeof(PictureRow));
    g_array_set_clear_func(picture->rows, row_clear);
    picture->threads = 1;
    for (guint i = 0; i < host->nodes->len; i++)
        add_node(picture, g_ptr_array_index(host->nodes, i));
    collect_notes(picture);
    collect_cores(picture);
    collect_chips(picture);
    collect_cards(picture);
    sort_cards(picture);
    collect_wires(picture);
    return picture;
}
