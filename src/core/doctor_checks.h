/* SPDX-License-Identifier: Apache-2.0 */
/* What the files doctor*.c share; nobody else includes this. */
#pragma once

#include <stdbool.h>

#include "core/doctor.h"

typedef struct {
    const Host *host;
    const Condition *condition;
    const Spec *spec;
    const GPtrArray *fleet;
    GPtrArray *findings;
    const char *code; /* of the check that runs */
} Doctor;

/* A finding of the running check; each needs a hint. @path: the evidence, with its value by the
 * condition; what rests on something else calls finding_set_evidence() too. */
Finding *doctor_report(Doctor *doctor, FindingSeverity severity, const char *path,
                       const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The value of a fact, NULL: unknown. */
const char *doctor_value(const Doctor *doctor, const char *path);
/* Is @word one of the words of @text, as blanks and commas part them? NULL text: no. */
bool doctor_has_word(const char *text, const char *word);
bool doctor_is_x86(const Doctor *doctor);
/* Is this host a virtual machine itself? */
bool doctor_is_guest(const Doctor *doctor);

/* doctor_cpu.c */
void doctor_virtualization(Doctor *doctor);
void doctor_guest(Doctor *doctor);
void doctor_smt(Doctor *doctor);
void doctor_offline(Doctor *doctor);
void doctor_idle(Doctor *doctor);
void doctor_governor(Doctor *doctor);
void doctor_clocksource(Doctor *doctor);

/* doctor_kvm.c */
void doctor_kvm(Doctor *doctor);
void doctor_kvm_access(Doctor *doctor);
void doctor_nested(Doctor *doctor);
void doctor_libvirt(Doctor *doctor);
void doctor_qemu(Doctor *doctor);
void doctor_cgroup(Doctor *doctor);
void doctor_confinement(Doctor *doctor);

/* doctor_device.c */
void doctor_iommu(Doctor *doctor);
void doctor_remapping(Doctor *doctor);
void doctor_vfio(Doctor *doctor);
void doctor_sriov(Doctor *doctor);
void doctor_acs(Doctor *doctor);

/* doctor_memory.c */
void doctor_hugepages(Doctor *doctor);
void doctor_fragmentation(Doctor *doctor);
void doctor_ksm(Doctor *doctor);
void doctor_thp(Doctor *doctor);
void doctor_swap(Doctor *doctor);
void doctor_numa_balancing(Doctor *doctor);
void doctor_daemons(Doctor *doctor);
void doctor_mixed(Doctor *doctor);
