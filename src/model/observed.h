/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observed: what runs now, as plain data: a domain of ours as libvirt tells it, and its QEMU
 * process as the kernel tells it. Filled by port/virt.h and port/process.h, judged by
 * core/compare.h and core/verify.h. No I/O here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "base/cpuset.h"

typedef struct {
    int tid;
    char *name;      /* comm: "CPU 0/KVM", "IO iothread1", "qemu-system-x86" */
    CpuSet *allowed; /* Cpus_allowed_list of /proc/PID/task/TID/status */
} ObservedThread;

typedef struct {
    gint64 node;
    gint64 bytes; /* of guest memory on this node now */
} ObservedMemory;

typedef struct {
    char *address;
    char *driver; /* bound now; NULL: none */
} ObservedDevice;

typedef struct {
    char *name, *uuid;
    bool ours; /* carries our metadata element */
    bool active;
    bool autostart;
    bool paused;      /* active, and its vCPUs stand still */
    char *state;      /* "running", "paused", "shut off", ... as virsh words it */
    char *xml;        /* the live XML when active, else the persistent one */
    char *config_xml; /* the persistent XML (VIR_DOMAIN_XML_INACTIVE) */
    /* as libvirt reports them (empty when not active) */
    GPtrArray *vcpu_pins;     /* CpuSet *, index = vCPU */
    CpuSet *emulator_pin;     /* or NULL */
    GPtrArray *iothread_pins; /* CpuSet *, index = IOThread id - 1; NULL members possible */
    /* of the QEMU process (0, empty when not active or not visible from here) */
    int pid;
    GPtrArray *threads;       /* ObservedThread *, ascending tid */
    GPtrArray *memory;        /* ObservedMemory *, ascending node; only the guest's RAM mappings */
    gint64 memory_page_bytes; /* kernel page size of the guest's RAM mapping; -1: unknown */
    GPtrArray *devices;       /* ObservedDevice * for the PCI devices in the XML */
    char *held;               /* why the host does not let it start (STEPS_HELD); NULL: it does */
    gint64 disk_capacity_bytes; /* of the slice's volume; -1: no volume or unknown */
} Observed;

Observed *observed_new(void);
void observed_free(Observed *observed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Observed, observed_free)

void observed_thread_free(ObservedThread *thread);
void observed_device_free(ObservedDevice *device);
