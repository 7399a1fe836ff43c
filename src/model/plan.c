/* SPDX-License-Identifier: Apache-2.0 */
#include "model/plan.h"

#include "base/json.h"
#include "model/document.h"
#include "model/spec.h"

static const char *const device_kinds[] = {"pf", "vf", "pci", NULL};

/* In the order of StepKind. */
static const char *const step_kinds[] = {"kernel-args",
                                         "hugepages",
                                         "vfs",
                                         "port",
                                         "interrupt",
                                         "tuning",
                                         "service",
                                         "partition",
                                         "boot-unit",
                                         "boot-plan",
                                         "reboot",
                                         "driver",
                                         "vf",
                                         "volume-create",
                                         "volume-grow",
                                         "domain-define",
                                         "domain-repin",
                                         "domain-stop",
                                         "domain-start",
                                         "domain-resume",
                                         "domain-autostart",
                                         "domain-undefine",
                                         "volume-delete",
                                         NULL};

#define AT(member) offsetof(PlanVcpu, member)
static const Field vcpu_fields[] = {
    {"id", FIELD_INT, AT(id), FIELD_REQUIRED, .doc = "vCPU, from 0"},
    {"cpu", FIELD_INT, AT(cpu), FIELD_REQUIRED, .max = CPUSET_LIMIT - 1, .doc = "host CPU"},
};
static const Record vcpu_record = {"vcpu", sizeof(PlanVcpu), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(vcpu_fields)};
#undef AT

#define AT(member) offsetof(PlanIothread, member)
static const Field iothread_fields[] = {
    {"id", FIELD_INT, AT(id), FIELD_REQUIRED, .min = 1, .doc = "IOThread, from 1"},
    {"cpus", FIELD_CPUS, AT(cpus), FIELD_REQUIRED, .doc = "host CPUs"},
};
static const Record iothread_record = {"iothread", sizeof(PlanIothread), .node_offset = -1,
                                       .open = true, RECORD_FIELDS(iothread_fields)};
#undef AT

#define AT(member) offsetof(PlanDevice, member)
static const Field device_fields[] = {
    {"address", FIELD_TEXT, AT(address), .doc = "PCI address; null: a VF still to be made"},
    {"kind", FIELD_ENUM, AT(kind), FIELD_REQUIRED, .words = device_kinds, .doc = "what it is"},
    {"network", FIELD_TEXT, AT(network), .doc = "network of the spec"},
    {"node", FIELD_INT, AT(node), .doc = "NUMA node of the device"},
    {"vendor", FIELD_TEXT, AT(vendor), .doc = "PCI vendor id"},
    {"device", FIELD_TEXT, AT(device), .doc = "PCI device id"},
    {"pf", FIELD_TEXT, AT(pf), FIELD_OMIT_UNSET, .doc = "of a VF: address of its PF"},
    {"vf", FIELD_INT, AT(vf), FIELD_OMIT_UNSET, .doc = "of a VF: its index, from 0"},
    {"pf_vendor", FIELD_TEXT, AT(pf_vendor), FIELD_OMIT_UNSET, .doc = "PCI vendor id of its PF"},
    {"pf_device", FIELD_TEXT, AT(pf_device), FIELD_OMIT_UNSET, .doc = "PCI device id of its PF"},
    {"pf_mac", FIELD_TEXT, AT(pf_mac), FIELD_OMIT_UNSET, .doc = "permanent MAC address of its PF"},
    {"mac", FIELD_TEXT, AT(mac), FIELD_OMIT_UNSET, .form = &TEXT_FORM_MAC,
     .doc = "of a VF: MAC address"},
    {"vlan", FIELD_INT, AT(vlan), FIELD_OMIT_UNSET, .min = 1, .max = 4094, .doc = "of a VF: VLAN"},
    {"trust", FIELD_FLAG, AT(trust), FIELD_OMIT_UNSET, .doc = "of a VF: may change its MAC"},
    {"spoofchk", FIELD_FLAG, AT(spoofchk), FIELD_OMIT_UNSET, .doc = "of a VF: spoof check"},
    {"max_rate_mbps", FIELD_INT, AT(max_rate_mbps), FIELD_OMIT_UNSET,
     .doc = "of a VF: the most it may send"},
    {"mtu", FIELD_INT, AT(mtu), FIELD_OMIT_UNSET, .doc = "of a VF: MTU of its port"},
};
static const Record device_record = {"device", sizeof(PlanDevice), .node_offset = -1, .open = true,
                                     RECORD_FIELDS(device_fields)};
#undef AT

#define AT(member) offsetof(PlanDisk, member)
static const Field disk_fields[] = {
    {"image", FIELD_TEXT, AT(image), FIELD_REQUIRED, .doc = "image of the spec"},
    {"source", FIELD_TEXT, AT(source), FIELD_REQUIRED, .doc = "path of the base image"},
    {"sha256", FIELD_TEXT, AT(sha256), .doc = "of the base image"},
    {"path", FIELD_TEXT, AT(path), FIELD_REQUIRED, .doc = "the slice's own disk"},
    {"size_bytes", FIELD_INT, AT(size_bytes), FIELD_REQUIRED, .doc = "capacity"},
};
static const Record disk_record = {"disk", sizeof(PlanDisk), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(disk_fields)};
#undef AT

#define AT(member) offsetof(PlanSlice, member)
static const Field slice_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .form = &TEXT_FORM_NAME, .doc = "slice"},
    {"cluster", FIELD_TEXT, AT(cluster), .doc = "cluster of the spec"},
    {"nodes", FIELD_INTS, AT(nodes), .doc = "host NUMA node of each guest node"},
    {"vcpus", FIELD_LIST, AT(vcpus), .record = &vcpu_record, .doc = "pins"},
    {"threads", FIELD_INT, AT(threads), .doc = "guest SMT threads a core"},
    {"emulator_cpus", FIELD_CPUS, AT(emulator_cpus), .doc = "CPUs of the emulator threads"},
    {"iothreads", FIELD_LIST, AT(iothreads), .record = &iothread_record, .doc = "IOThreads"},
    {"memory_bytes", FIELD_INT, AT(memory_bytes), .doc = "guest memory"},
    {"hugepage_bytes", FIELD_INT, AT(hugepage_bytes), .doc = "page size; null: ordinary pages"},
    {"devices", FIELD_LIST, AT(devices), .record = &device_record, .doc = "PCI functions"},
    {"disk", FIELD_POINTER, AT(disk), .record = &disk_record, .doc = "its disk"},
};
const Record PLAN_SLICE_RECORD = {"slice", sizeof(PlanSlice), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(slice_fields)};
#undef AT

#define AT(member) offsetof(Step, member)
static const Field step_fields[] = {
    {"kind", FIELD_ENUM, AT(kind), FIELD_REQUIRED, .words = step_kinds, .doc = "what is done"},
    {"subject", FIELD_TEXT, AT(subject), .doc = "slice, device or node"},
    {"text", FIELD_TEXT, AT(text), .doc = "what is done, in words"},
    {"why", FIELD_TEXT, AT(why), .doc = "reason"},
    {"undo", FIELD_TEXT, AT(undo), .doc = "what takes it back"},
    {"reboot", FIELD_FLAG, AT(reboot), .doc = "takes effect at the next boot"},
    {"by_hand", FIELD_FLAG, AT(by_hand), .doc = "left to the user"},
    {"setting", FIELD_POINTER, AT(setting), FIELD_OMIT_UNSET, .record = &SETTING_RECORD,
     .doc = "of a host: what it makes"},
};
const Record STEP_RECORD = {"step", sizeof(Step), .node_offset = -1, .open = true,
                            RECORD_FIELDS(step_fields)};
#undef AT

#define AT(member) offsetof(PlanHost, member)
static const Field host_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .doc = "host"},
    {"uri", FIELD_TEXT, AT(uri), .doc = "libvirt URI"},
    {"kvm", FIELD_FLAG, AT(kvm), .doc = "false: the slices run under emulation"},
    {"reserved_cpus", FIELD_CPUS, AT(reserved_cpus), .doc = "CPUs of the host OS"},
    {"isolated_cpus", FIELD_CPUS, AT(isolated_cpus), .doc = "CPUs the host scheduler must leave"},
    {"isolation", FIELD_ENUM, AT(isolation), .words = SPEC_ISOLATION_WORDS,
     .doc = "how CPUs are kept from the host's scheduler"},
    {"take_over", FIELD_TEXTS, AT(take_over), FIELD_OMIT_UNSET,
     .doc = "services that are stopped for the slices"},
    {"kernel_args", FIELD_TEXTS, AT(kernel_args), .doc = "kernel arguments the plan needs"},
    {"slices", FIELD_LIST, AT(slices), .record = &PLAN_SLICE_RECORD, .doc = "its slices"},
    {"steps", FIELD_LIST, AT(steps), .record = &STEP_RECORD, .doc = "what apply would do"},
};
const Record PLAN_HOST_RECORD = {"host", sizeof(PlanHost), .node_offset = -1, .open = true,
                                 RECORD_FIELDS(host_fields)};
#undef AT

#define AT(member) offsetof(PlanUnplaced, member)
static const Field unplaced_fields[] = {
    {"name", FIELD_TEXT, AT(name), FIELD_REQUIRED, .doc = "slice"},
    {"cluster", FIELD_TEXT, AT(cluster), .doc = "cluster of the spec"},
    {"resource", FIELD_TEXT, AT(resource), .doc = "what is missing"},
    {"reason", FIELD_TEXT, AT(reason), .doc = "in words"},
};
const Record PLAN_UNPLACED_RECORD = {"unplaced", sizeof(PlanUnplaced), .node_offset = -1,
                                     .open = true, RECORD_FIELDS(unplaced_fields)};
#undef AT

#define AT(member) offsetof(PlanLevel, member)
static const Field level_fields[] = {
    {"level", FIELD_TEXT, AT(level), FIELD_REQUIRED, .doc = "what the plan is to be good at"},
    {"priority", FIELD_INT, AT(priority), FIELD_OMIT_UNSET, .doc = "of the refused slices"},
    {"value", FIELD_INT, AT(value), .doc = "of this plan"},
    {"bound", FIELD_INT, AT(bound), .doc = "no plan as good before is better"},
    {"gap", FIELD_INT, AT(gap), .doc = "between the two; 0: proved to be the best"},
};
static const Record level_record = {"level", sizeof(PlanLevel), .node_offset = -1, .open = true,
                                    RECORD_FIELDS(level_fields)};
#undef AT

#define AT(member) offsetof(PlanBounds, member)
static const Field bounds_fields[] = {
    {"admitted", FIELD_INT, AT(admitted), .doc = "slices placed"},
    {"admitted_bound", FIELD_INT, AT(admitted_bound), .doc = "no plan can place more"},
    {"optimal", FIELD_FLAG, AT(optimal), .doc = "is every level proved?"},
    {"levels", FIELD_LIST, AT(levels), .record = &level_record,
     .doc = "what counts, the most important first"},
};
const Record PLAN_BOUNDS_RECORD = {"bounds", sizeof(PlanBounds), .node_offset = -1, .open = true,
                                   RECORD_FIELDS(bounds_fields)};
#undef AT

#define AT(member) offsetof(PlanVolume, member)
static const Field volume_fields[] = {
    {"resource", FIELD_TEXT, AT(resource), FIELD_REQUIRED, .doc = "what is counted"},
    {"hosts", FIELD_INT, AT(hosts), FIELD_REQUIRED, .doc = "hosts it takes at least"},
};
static const Record volume_record = {"volume", sizeof(PlanVolume), .node_offset = -1, .open = true,
                                     RECORD_FIELDS(volume_fields)};
#undef AT

#define AT(member) offsetof(PlanFleet, member)
static const Field fleet_fields[] = {
    {"hosts", FIELD_INT, AT(hosts), .doc = "hosts that the spec is for"},
    {"slices", FIELD_INT, AT(slices), .doc = "slices of the spec"},
    {"classes", FIELD_INT, AT(classes), .doc = "kinds of them"},
    {"flavours", FIELD_INT, AT(flavours), .doc = "kinds of slices"},
    {"patterns", FIELD_INT, AT(patterns), .doc = "ways in which hosts were filled"},
    {"hosts_used", FIELD_INT, AT(hosts_used), .doc = "hosts with slices"},
    {"hosts_bound", FIELD_INT, AT(hosts_bound), .doc = "no plan for these slices uses fewer"},
    {"volumes", FIELD_LIST, AT(volumes), .record = &volume_record, .doc = "the same by resource"},
};
const Record PLAN_FLEET_RECORD = {"fleet", sizeof(PlanFleet), .node_offset = -1, .open = true,
                                  RECORD_FIELDS(fleet_fields)};
#undef AT

#define AT(member) offsetof(Plan, member)
static const Field plan_fields[] = {
    {"version", FIELD_INT, AT(version), FIELD_REQUIRED, .doc = "1"},
    {"hosts", FIELD_LIST, AT(hosts), FIELD_REQUIRED, .record = &PLAN_HOST_RECORD,
     .doc = "who gets what"},
    {"unplaced", FIELD_LIST, AT(unplaced), .record = &PLAN_UNPLACED_RECORD,
     .doc = "refused slices"},
    {"bounds", FIELD_STRUCT, AT(bounds), .record = &PLAN_BOUNDS_RECORD,
     .doc = "how good the plan is"},
    {"fleet", FIELD_POINTER, AT(fleet), FIELD_OMIT_UNSET, .record = &PLAN_FLEET_RECORD,
     .doc = "the same for many hosts"},
};
const Record PLAN_RECORD = {"plan", sizeof(Plan), .node_offset = -1, .open = true,
                            RECORD_FIELDS(plan_fields)};
#undef AT

Plan *plan_new(void)
{
    Plan *plan = record_new(&PLAN_RECORD);

    plan->version = 1;
    plan->findings = findings_new();
    return plan;
}

void plan_free(Plan *plan)
{
    if (!plan)
        return;
    g_clear_pointer(&plan->findings, g_ptr_array_unref);
    record_free(&PLAN_RECORD, plan);
}

PlanSlice *plan_slice_new(void)
{
    return record_new(&PLAN_SLICE_RECORD);
}

void plan_slice_free(PlanSlice *slice)
{
    record_free(&PLAN_SLICE_RECORD, slice);
}

PlanFleet *plan_fleet_new(void)
{
    return record_new(&PLAN_FLEET_RECORD);
}

void plan_fleet_free(PlanFleet *fleet)
{
    record_free(&PLAN_FLEET_RECORD, fleet);
}

PlanVolume *plan_volume_new(void)
{
    return record_new(&volume_record);
}

json_t *plan_to_json(const Plan *plan)
{
    json_t *json = record_encode(&PLAN_RECORD, plan);
    json_t *bounds = json_incref(json_object_get(json, "bounds"));

    json_object_del(json, "bounds"); /* to come after the findings */
    json_object_set_new(json, "findings", findings_to_json(plan->findings));
    json_object_set_new(json, "bounds", bounds);
    return json;
}

/* The device id of a VF is known only once it is made; its port's is what counts before. */
static void forget_vf_ids(json_t *host)
{
    json_t *slice, *device;
    size_t s, d;

    json_array_foreach(json_object_get(host, "slices"), s, slice)
    {
        json_array_foreach(json_object_get(slice, "devices"), d, device)
        {
            if (g_strcmp0(json_string_value(json_object_get(device, "kind")), "vf") == 0)
                json_object_set_new(device, "device", json_null());
        }
    }
}

char *plan_host_write(const PlanHost *host)
{
    json_t *json = record_encode(&PLAN_HOST_RECORD, host);
    json_t *document;
    char *text;

    json_object_set_new(json, "steps", json_array());
    forget_vf_ids(json);
    document = json_pack("{s:i, s:[o]}", "version", 1, "hosts", json);
    text = json_write_text(document);
    json_decref(document);
    return text;
}

bool step_is_of_host(const Step *step)
{
    return step->kind <= STEP_REBOOT;
}

bool step_is_needed_to_start(const Step *step)
{
    return step->kind == STEP_HUGEPAGES || step->kind == STEP_VFS || step->kind == STEP_PORT ||
           step->kind == STEP_PARTITION;
}

bool step_is_of_apply(const Step *step)
{
    return step_is_needed_to_start(step) || step->kind == STEP_BOOT_PLAN;
}

bool plan_host_isolates(const PlanHost *host)
{
    return host->isolation != RECORD_UNSET && host->isolation != SPEC_ISOLATION_NONE;
}

CpuSet *plan_slice_vcpu_cpus(const PlanSlice *slice)
{
    CpuSet *cpus = cpuset_new();

    for (guint i = 0; i < slice->vcpus->len; i++) {
        const PlanVcpu *vcpu = g_ptr_array_index(slice->vcpus, i);

        if (vcpu->cpu >= 0)
            cpuset_add(cpus, (guint)vcpu->cpu);
    }
    return cpus;
}

CpuSet *plan_slice_all_cpus(const PlanSlice *slice)
{
    CpuSet *cpus = plan_slice_vcpu_cpus(slice);

    if (slice->emulator_cpus)
        cpuset_union(cpus, slice->emulator_cpus);
    for (guint i = 0; i < slice->iothreads->len; i++) {
        const PlanIothread *iothread = g_ptr_array_index(slice->iothreads, i);

        if (iothread->cpus)
            cpuset_union(cpus, iothread->cpus);
    }
    return cpus;
}

const PlanSlice *plan_host_find_slice(const PlanHost *host, const char *name)
{
    for (guint i = 0; i < host->slices->len; i++) {
        const PlanSlice *slice = g_ptr_array_index(host->slices, i);

        if (g_strcmp0(slice->name, name) == 0)
            return slice;
    }
    return NULL;
}
