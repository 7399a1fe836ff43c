/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot entries with the tools that make and read them: systemd's kernel-install (man 8
 * kernel-install) and, where there is one, bootctl (man 1 bootctl). What we stage is what they see,
 * a kernel that is installed later has it too, and afterwards every byte is as before. Skipped
 * where they are not installed.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "app/changes.h"
#include "core/boot_loader.h"
#include "fake_host.h"
#include "port/facts.h"

#define PLUGIN "/usr/lib/kernel/install.d/90-loaderentry.install"
#define MACHINE "0123456789abcdef0123456789abcdef"
#define ENTRY(version) "/boot/loader/entries/" MACHINE "-" version ".conf"
#define WORDS "iommu=pt isolcpus=managed_irq,domain,2-3"

static void run(const char *const *argv, char **ret_output)
{
    g_autoptr(GError) error = NULL;

    HANDS_OF_HOST.run(argv, ret_output, NULL, &error);
    g_assert_no_error(error);
}

static void install_kernel(const FakeHost *fake, const char *version)
{
    g_autofree char *conf = g_strdup_printf("KERNEL_INSTALL_CONF_ROOT=%s/etc/kernel", fake->root);
    g_autofree char *boot = g_strdup_printf("BOOT_ROOT=%s/boot", fake->root);
    g_autofree char *image = g_strdup_printf("%s/vmlinuz", fake->root);
    const char *const argv[] = {"env",
                                conf,
                                boot,
                                "MACHINE_ID=" MACHINE,
                                "KERNEL_INSTALL_PLUGINS=" PLUGIN,
                                "kernel-install",
                                "add",
                                version,
                                image,
                                NULL};

    run(argv, NULL);
}

/* A host that boots by entries, one kernel installed; NULL: not here. */
static FakeHost *new_host(void)
{
    g_autofree char *tool = g_find_program_in_path("kernel-install");
    FakeHost *fake;

    if (!tool || access(PLUGIN, X_OK) != 0) {
        g_test_skip("no kernel-install");
        return NULL;
    }
    fake = fake_host_new();
    fake_host_write(fake, "/etc/kernel/cmdline", "root=UUID=0a1b ro quiet isolcpus=5\n");
    fake_host_write(fake, "/etc/kernel/install.conf", "layout=bls\n");
    fake_host_write(fake, "/boot/" MACHINE "/keep", "");
    fake_host_write(fake, "/boot/EFI/keep", "");
    fake_host_write(fake, "/vmlinuz", "kernel\n");
    install_kernel(fake, "6.1.0-1");
    return fake;
}

/* Not those of the stand-in for Debian's GRUB. */
static const char *const FACTS[] = {"/etc/kernel/cmdline", "/boot/loader/entries/*.conf", NULL};

static Changes *stage(const FakeHost *fake, GPtrArray *findings)
{
    g_autoptr(Facts) facts = facts_read(&fake->hands, FACTS);
    const BootLoader *loader = boot_loader_find(facts);
    g_auto(GStrv) list = g_strsplit(WORDS, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GPtrArray) former = NULL;
    g_autoptr(GPtrArray) settings = NULL;
    g_autoptr(GError) error = NULL;
    Changes *changes = changes_open(&fake->hands, NULL, findings, &error);

    g_assert_no_error(error);
    for (char **word = list; *word; word++)
        g_ptr_array_add(words, *word);
    g_assert_cmpstr(loader->name, ==, "boot entries");
    settings = loader->stage(facts, words, &former);
    g_assert_cmpuint(settings->len, ==, 2);
    for (guint i = 0; i < settings->len; i++) {
        Step step = {.text = (char *)"stage", .setting = settings->pdata[i]};

        changes_make(changes, CHANGES_HOST, &step, NULL, &error);
        g_assert_no_error(error);
    }
    return changes;
}

static void test_entries(void)
{
    g_autoptr(FakeHost) fake = new_host();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autofree char *before = fake ? fake_host_state(fake) : NULL;
    g_autofree char *staged = NULL;
    g_autofree char *after = NULL;
    g_autoptr(Changes) changes = fake ? stage(fake, findings) : NULL;
    g_autoptr(GError) error = NULL;

    if (!fake)
        return;
    staged = fake_host_read(fake, ENTRY("6.1.0-1"));
    g_assert_nonnull(strstr(staged, "options root=UUID=0a1b ro quiet systemd.machine_id=" MACHINE
                                    " " WORDS "\n"));
    changes_undo(changes, CHANGES_ALL, NULL, &error);
    g_assert_no_error(error);
    after = fake_host_state(fake);
    g_assert_cmpstr(after, ==, before);
}

/* What is installed while ours are staged boots with them too. */
static void test_later_kernel(void)
{
    g_autoptr(FakeHost) fake = new_host();
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Changes) changes = fake ? stage(fake, findings) : NULL;
    g_autofree char *entry = NULL;

    if (!fake)
        return;
    g_assert_nonnull(changes);
    install_kernel(fake, "6.1.0-2");
    entry = fake_host_read(fake, ENTRY("6.1.0-2"));
    g_assert_nonnull(strstr(entry, "root=UUID=0a1b ro quiet " WORDS));
    g_assert_null(strstr(entry, "isolcpus=5"));
}

static char *find_bootctl(void)
{
    const char *source = g_getenv("BMSLICE_SOURCE");
    g_autofree char *ours = g_strdup_printf("%s/build/bootctl", source ? source : ".");
    char *path = g_find_program_in_path("bootctl");

    return path || access(ours, X_OK) != 0 ? path : g_steal_pointer(&ours);
}

/* bootctl reads what lies on a mount point of its own only: one in a namespace, a copy. */
static void test_bootctl(void)
{
    static const char script[] = "mount -t tmpfs none \"$1\" && cp -r \"$2\"/. \"$1\" && "
                                 "SYSTEMD_RELAX_ESP_CHECKS=1 \"$0\" list --esp-path=\"$1\" "
                                 "--json=short";
    const char *const try[] = {"unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt", NULL};
    g_autofree char *bootctl = find_bootctl();
    g_autoptr(FakeHost) fake =
        bootctl && HANDS_OF_HOST.run(try, NULL, NULL, NULL) ? new_host() : NULL;
    g_autoptr(GPtrArray) findings = findings_new();
    g_autoptr(Changes) changes = fake ? stage(fake, findings) : NULL;
    g_autofree char *boot = fake ? g_strconcat(fake->root, "/boot", NULL) : NULL;
    g_autofree char *esp = fake ? g_strconcat(fake->root, "/esp", NULL) : NULL;
    g_autofree char *output = NULL;

    if (!fake) {
        g_test_skip("no bootctl, or no mounts for it");
        return;
    }
    g_assert_nonnull(changes);
    g_assert_cmpint(g_mkdir(esp, 0755), ==, 0);
    run((const char *const[]){"unshare", "-m", "sh", "-c", script, bootctl, esp, boot, NULL},
        &output);
    g_assert_nonnull(strstr(output, MACHINE "-6.1.0-1.conf"));
    g_assert_nonnull(
        strstr(output, "root=UUID=0a1b ro quiet systemd.machine_id=" MACHINE " " WORDS "\""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/boot-tools/entries", test_entries);
    g_test_add_func("/boot-tools/later-kernel", test_later_kernel);
    g_test_add_func("/boot-tools/bootctl", test_bootctl);
    return g_test_run();
}
