/* SPDX-License-Identifier: Apache-2.0 */
/* KVM, QEMU's user, libvirt, and what confines them. */
#include <stdio.h>
#include <string.h>

#include "core/doctor_checks.h"

#define KVM "dev/kvm"
/* Major and minor version. A slice's XML has <hint-dedicated>, which QEMU knows since 2.12
 * (https://libvirt.org/formatdomain.html#hypervisor-features); newer releases of libvirt ask for
 * more (https://libvirt.org/news.html: 7.4 for 2.11, 12.4 for 7.2) and say so themselves. */
#define LIBVIRT_LEAST 8, 0
#define QEMU_LEAST 2, 12

void doctor_kvm(Doctor *doctor)
{
    const char *words = doctor_value(doctor, "proc/cpuinfo");
    bool amd = doctor_has_word(words, "svm");

    /* A CPU that cannot is told by doctor_virtualization(). */
    if (doctor->host->kernel.kvm != 0 ||
        (doctor_is_x86(doctor) && !amd && !doctor_has_word(words, "vmx")))
        return;
    finding_set_hint(
        doctor_report(doctor, FINDING_ERROR, KVM, "there is no /dev/kvm: slices cannot run"),
        doctor_is_x86(doctor)
            ? "modprobe %s; if it says \"disabled by bios\", switch virtualization on "
              "in the firmware setup"
            : "boot a kernel with %s, at the hypervisor exception level",
        !doctor_is_x86(doctor) ? "CONFIG_KVM"
        : amd                  ? "kvm_amd"
                               : "kvm_intel");
}

/* The line of @text, as in /etc/passwd, that begins with "@name:", split; or NULL. */
static char **find_account(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);

        if (g_strv_length(fields) >= 4 && strcmp(fields[0], name) == 0)
            return g_steal_pointer(&fields);
    }
    return NULL;
}

/* As whom libvirt runs QEMU: `user = "..."` of qemu.conf, where there is one, else the user that
 * the distribution's libvirt was built with. NULL: unknown. */
static char *qemu_user(const Doctor *doctor)
{
    static const char *const built_in[] = {"libvirt-qemu", "qemu"};
    const char *line = doctor_value(doctor, "etc/libvirt/qemu.conf");
    const char *passwd = doctor_value(doctor, "etc/passwd");
    g_auto(GStrv) quoted = g_strsplit(line ? line : "", "\"", -1);

    if (g_strv_length(quoted) >= 3)
        return g_strdup(quoted[1][0] == '+' ? quoted[1] + 1 : quoted[1]);
    for (guint i = 0; i < G_N_ELEMENTS(built_in); i++) {
        g_auto(GStrv) account = find_account(passwd, built_in[i]);

        if (account)
            return g_strdup(built_in[i]);
    }
    return NULL;
}

/* Is @user a member of the group @gid, by /etc/group? */
static bool is_member(const char *group, unsigned gid, const char *user)
{
    g_auto(GStrv) lines = g_strsplit(group ? group : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", -1);

        if (g_strv_length(fields) >= 4 && g_ascii_strtoull(fields[2], NULL, 10) == gid &&
            doctor_has_word(fields[3], user))
            return true;
    }
    return false;
}

static bool may_open(unsigned mode, unsigned uid, unsigned gid, char *const *account,
                     const char *group)
{
    unsigned needed = 06, bits = mode;

    if (g_ascii_strtoull(account[2], NULL, 10) == uid)
        bits = mode >> 6;
    else if (g_ascii_strtoull(account[3], NULL, 10) == gid || is_member(group, gid, account[0]))
        bits = mode >> 3;
    return (bits & needed) == needed;
}

void doctor_kvm_access(Doctor *doctor)
{
    const char *value = doctor_value(doctor, KVM);
    g_autofree char *user = qemu_user(doctor);
    g_auto(GStrv) account = user ? find_account(doctor_value(doctor, "etc/passwd"), user) : NULL;
    unsigned mode, uid, gid;

    if (!account || !value || sscanf(value, "mode=%o uid=%u gid=%u", &mode, &uid, &gid) != 3 ||
        may_open(mode, uid, gid, account, doctor_value(doctor, "etc/group")))
        return;
    finding_set_hint(doctor_report(doctor, FINDING_ERROR, KVM,
                                   "QEMU runs as %s, who may not open /dev/kvm: slices cannot run",
                                   user),
                     "chgrp kvm /dev/kvm && chmod 0660 /dev/kvm && usermod -aG kvm %s; where udev "
                     "runs: udevadm trigger --name-match=kvm does the first two, for good",
                     user);
}

void doctor_nested(Doctor *doctor)
{
    static const char *const modules[] = {"kvm_intel", "kvm_amd"};

    for (guint i = 0; i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *path = g_strdup_printf("sys/module/%s/parameters/nested", modules[i]);
        const char *nested = doctor_value(doctor, path);

        if (!nested || (strcmp(nested, "N") != 0 && strcmp(nested, "0") != 0))
            continue;
        finding_set_hint(
            doctor_report(doctor, FINDING_INFO, path,
                          "a slice cannot run virtual machines itself (Kata, "
                          "KubeVirt)"),
            "if it shall: echo \"options %s nested=1\" > /etc/modprobe.d/kvm.conf, and "
            "load %s anew",
            modules[i], modules[i]);
    }
}

/* "7.10.0"; what is no version is not judged. */
static bool is_older(const char *version, guint major, guint minor)
{
    guint its_major, its_minor;

    return version && sscanf(version, "%u.%u", &its_major, &its_minor) == 2 &&
           (its_major < major || (its_major == major && its_minor < minor));
}

static void report_old(Doctor *doctor, const char *path, const char *name, guint major, guint minor,
                       const char *mend)
{
    if (is_older(doctor_value(doctor, path), major, minor))
        finding_set_hint(doctor_report(doctor, FINDING_ERROR, path, "%s is older than %u.%u", name,
                                       major, minor),
                         "%s", mend);
}

void doctor_libvirt(Doctor *doctor)
{
    if (doctor_value(doctor, CONDITION_LIBVIRT_ERROR))
        finding_set_hint(
            doctor_report(doctor, FINDING_ERROR, CONDITION_LIBVIRT_ERROR,
                          "libvirt does not answer"),
            "systemctl enable --now libvirtd.socket, or virtqemud.socket where libvirt "
            "is split into daemons");
    report_old(doctor, CONDITION_LIBVIRT, "libvirt", LIBVIRT_LEAST,
               "update libvirt: Debian 12, Ubuntu 22.04, RHEL 8.7 and newer have it");
}

/* libvirt has no version of a hypervisor where it finds no emulator for the host's architecture. */
void doctor_qemu(Doctor *doctor)
{
    if (doctor_value(doctor, CONDITION_LIBVIRT) && !doctor_value(doctor, CONDITION_QEMU))
        finding_set_hint(doctor_report(doctor, FINDING_ERROR, CONDITION_QEMU,
                                       "libvirt finds no QEMU: slices cannot run"),
                         "apt-get install qemu-system, or dnf install qemu-kvm");
    report_old(doctor, CONDITION_QEMU, "QEMU", QEMU_LEAST,
               "update QEMU, and libvirt with it, to those of a current distribution");
}

void doctor_cgroup(Doctor *doctor)
{
    static const char controllers[] = "sys/fs/cgroup/cgroup.controllers";
    const char *names = doctor_value(doctor, "sys/fs/cgroup");
    const char *found = doctor_value(doctor, controllers);

    if (found && !doctor_has_word(found, "cpuset"))
        finding_set_hint(doctor_report(doctor, FINDING_WARNING, controllers,
                                       "the cgroup controller cpuset is missing: libvirt cannot "
                                       "hold a slice's threads on their CPUs"),
                         "boot without cgroup_disable=cpuset, or a kernel with CONFIG_CPUSETS");
    if (!found && doctor_has_word(names, "cpuset"))
        finding_set_hint(
            doctor_report(doctor, FINDING_INFO, "sys/fs/cgroup", "cgroups are version 1"),
            "version 2 comes with the kernel argument "
            "systemd.unified_cgroup_hierarchy=1");
}

/* Folders in which libvirt's own rules let QEMU have disks. */
#define LIBVIRT_FOLDER "/var/lib/libvirt/"

/* A folder for disks that the spec names and libvirt's rules do not. */
static const char *foreign_folder(const Doctor *doctor)
{
    const SpecHost *spec_host = doctor->spec && doctor->host->hostname
                                    ? spec_find_host(doctor->spec, doctor->host->hostname)
                                    : NULL;
    const char *folder = spec_host ? spec_host->disk_dir : NULL;

    return folder && !g_str_has_prefix(folder, LIBVIRT_FOLDER) ? folder : NULL;
}

void doctor_confinement(Doctor *doctor)
{
    static const char selinux[] = "sys/fs/selinux/enforce";
    static const char apparmor[] = "sys/module/apparmor/parameters/enabled";
    const char *enforce = doctor_value(doctor, selinux), *enabled = doctor_value(doctor, apparmor);
    const char *folder = foreign_folder(doctor);

    if (doctor->spec && !folder)
        return; /* all of its files are where libvirt expects them */
    if (enforce && strcmp(enforce, "1") == 0)
        finding_set_hint(doctor_report(doctor, folder ? FINDING_WARNING : FINDING_INFO, selinux,
                                       "SELinux enforces: disks outside " LIBVIRT_FOLDER " are "
                                       "denied until they are labelled"),
                         "semanage fcontext -a -t virt_image_t '%s(/.*)?' && restorecon -R %s; "
                         "denials: ausearch -m avc -c qemu-kvm",
                         folder ? folder : "FOLDER", folder ? folder : "FOLDER");
    if (enabled && strcmp(enabled, "Y") == 0)
        finding_set_hint(doctor_report(doctor, folder ? FINDING_WARNING : FINDING_INFO, apparmor,
                                       "AppArmor is on: images outside " LIBVIRT_FOLDER " whose "
                                       "names do not end as an image's are denied"),
                         "add \"%s/** r,\" to "
                         "/etc/apparmor.d/local/usr.lib.libvirt.virt-aa-helper; denials: "
                         "journalctl -k -g apparmor",
                         folder ? folder : "FOLDER");
}
