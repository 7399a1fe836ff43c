/* SPDX-License-Identifier: Apache-2.0 */
/* Data as text for people; one file per subject (show_host.c, show_plan.c ...). */
#pragma once

#include <glib.h>

#include "app/ops.h"
#include "cli/term.h"
#include "model/host.h"
#include "model/plan.h"

void show_host(const Term *term, const Host *host);
/* Parts of it: what it is in one line, NUMA nodes, cores and siblings, NICs. */
void show_host_head(const Term *term, const Host *host);
void show_host_memory(const Term *term, const Host *host);
void show_host_cpus(const Term *term, const Host *host);
void show_host_nics(const Term *term, const Host *host);
/* Core map by node (each CPU, who owns it), slices, what is refused, steps. */
void show_plan(const Term *term, const Host *host, const Plan *plan);
/* A fleet's plan: each host's slices by name, the figures. */
void show_fleet(const Term *term, const Job *job);
/* What a level of PlanBounds counts, in words. */
const char *show_level_words(const char *level);
/* "label  words", the words broken at blanks to the width. */
void show_row(const Term *term, const char *label, const char *words);
void show_explanation(const Term *term, const Explanation *explanation);
/* Compiler style: "file:line:column: error: text [code]", source line, caret, hint. Those of @least
 * or worse. */
void show_findings(const Term *term, const GPtrArray *findings, FindingSeverity least);
/* Those of the host that apply makes before the slices. */
void show_steps_of_host(const Term *term, const GPtrArray *steps);
void show_steps(const Term *term, const GPtrArray *steps);
void show_checks(const Term *term, const GPtrArray *checks);
void show_differences(const Term *term, const char *slice, const GPtrArray *differences);
void show_status(const Term *term, const GPtrArray *observed);
