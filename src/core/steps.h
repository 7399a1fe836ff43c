/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of steps between what is and what the plan wants: built first, run later, so that a dry
 * run prints exactly what would be done. Pure.
 */
#pragma once

#include "model/facts.h"
#include "model/finding.h"
#include "model/host.h"
#include "model/observed.h"
#include "model/plan.h"

typedef struct {
    bool restart; /* the user allows a running slice to be stopped and started */
} StepsOptions;

/* The small files that decide which settings of a host must change: patterns of paths,
 * NULL-terminated; port/facts.h reads them. */
extern const char *const STEPS_FACTS[];

/* How the step that stages kernel arguments begins. */
#define STEPS_STAGE "stage kernel arguments"

/* Files of ours on a host. */
#define STEPS_BOOT_UNIT_PATH "/etc/systemd/system/bmslice-boot.service"
#define STEPS_BOOT_WANTS "/etc/systemd/system/multi-user.target.wants/bmslice-boot.service"
#define STEPS_BOOT_PLAN "/var/lib/bmslice/plan.json"
#define STEPS_MODULES "/etc/modules-load.d/bmslice.conf"
#define STEPS_HOOK "/etc/libvirt/hooks/qemu.d/bmslice"
#define STEPS_PAGES_MOUNT "/etc/systemd/system/dev-hugepages2M.mount"
#define STEPS_PAGES_WANTS "/etc/systemd/system/sysinit.target.wants/dev-hugepages2M.mount"
/* The unit of who puts guests into slices of systemd for libvirt. */
#define STEPS_MACHINED "/usr/lib/systemd/system/systemd-machined.service"
/* A folder; in it, a file for each slice that is not to start, with the reason. */
#define STEPS_HELD "/run/bmslice/held"

/* What the host still lacks for this plan: kernel arguments, pages, VFs, interrupts, services ...
 * Those that a setting makes have it (Step.setting). @facts: of this host; NULL when it is known
 * from an inventory only: then all that the inventory shows. @program: path of bmslice on the host,
 * for its unit; NULL: no unit. What stands in the way, or would undo it, is in @findings. */
void steps_derive_host(const Host *host, const PlanHost *plan_host, const Facts *facts,
                       const char *program, GPtrArray *steps, GPtrArray *findings);

/* For one slice. What keeps it from being as planned is an error in @findings: then there are no
 * steps for it. @observed NULL: nothing of that name exists. @wanted_xml: domain_write_xml().
 * A change that only a restart can bring, without options->restart, gives the steps that need none,
 * and sets *@ret_needs_restart. */
bool steps_derive_slice(const PlanSlice *slice, const char *wanted_xml, const Observed *observed,
                        const StepsOptions *options, GPtrArray *steps, GPtrArray *findings,
                        bool *ret_needs_restart, GError **error);

/* What its functions of PCI need before it starts: vfio-pci; of VFs, MAC, VLAN and flags. */
void steps_derive_devices(const PlanSlice *slice, GPtrArray *steps);

/* To remove a slice. */
void steps_derive_destroy(const PlanSlice *slice, const Observed *observed, bool delete_disks,
                          GPtrArray *steps);

GPtrArray *steps_new(void);
