/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot loaders: how kernel arguments are staged for the next boot. Each is one file and one row of
 * the table in boot_loader.c; all of them come down to files with a new content. Pure.
 */
#pragma once

#include "model/facts.h"
#include "model/setting.h"

typedef struct {
    const char *name;
    /* Does this host boot by it? */
    bool (*is_used)(const Facts *facts);
    /* Words that the next boot gets already, but for those in a file of our own; caller frees. */
    char *(*own_words)(const Facts *facts);
    /* What is to be for @words: Setting *, with the file's present content beside it in
     * *@ret_before (char *, NULL members: no such file). */
    GPtrArray *(*stage)(const Facts *facts, const GPtrArray *words, GPtrArray **ret_before);
    /* Words of the same argument are replaced; else both would be given, which is a conflict. */
    bool replaces;
} BootLoader;

/* NULL: none that is known. */
const BootLoader *boot_loader_find(const Facts *facts);

extern const BootLoader BOOT_LOADER_GRUB;    /* Debian, Ubuntu */
extern const BootLoader BOOT_LOADER_ENTRIES; /* RHEL family, systemd-boot */

/* The words of @cmdline, without those that set an argument of @words, then @words. Arguments that
 * are given more than once on purpose (hugepagesz, hugepages) go all together. Caller frees. */
char *boot_words_merge(const char *cmdline, const GPtrArray *words);
/* Those of @words that the loader gives although what was staged has been taken back (a kernel that
 * was installed meanwhile has them in an entry of its own) are a warning. */
void boot_words_tell_left(const Facts *facts, const GPtrArray *words, GPtrArray *findings);
/* Is it the same argument ("isolcpus=2-7" and "isolcpus=2-3"), whatever its value? */
bool boot_words_same(const char *word, const char *other);
