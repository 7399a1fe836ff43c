/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every hard rule of a plan (design sections 6 and 7), asserted: it aborts the test at the first
 * breach. Between start and end each plan goes to tests/check-plan too, with its domain XML: that
 * is written in another language, and neither shares code with the planner.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"
#include "model/spec.h"

/* @source: the root of the source, with tests/check-plan in it. */
void plan_check_start(const char *source);
/* 1 when tests/check-plan found anything (it says so on stderr); else 0. */
int plan_check_end(void);

/* @tree: the spec as it was read. */
void plan_check(const Tree *tree, const Spec *spec, const SpecHost *spec_host, const Host *host,
                const Plan *plan);
