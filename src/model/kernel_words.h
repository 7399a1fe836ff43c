/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of the arguments a kernel was started with, those that may be told: what plan, prepare, verify
 * and doctor read, and what else says how CPUs, memory, interrupts and devices are run. The others
 * may hold passwords, addresses or names, and an inventory goes to other people. Pure.
 */
#pragma once

/* Stands for each argument that is left out. */
#define KERNEL_WORD_LEFT_OUT "..."

/* @cmdline: /proc/cmdline -> its words, one blank between them. What it returns it leaves as it is.
 * NULL for NULL. Caller frees. */
char *kernel_words_tell(const char *cmdline);
