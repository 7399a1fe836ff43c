/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picture: a planned server as a person would draw it. NUMA nodes side by side, L3 domains in them,
 * cores with their threads in the colour of their slice, NICs on their nodes, wires from them to
 * the slices, findings where they are. Pure: the same input gives the same bytes. Coordinates are
 * whole pixels. What it draws are SVG 1.1 elements with classes; light and dark by
 * prefers-color-scheme, no script, no fonts or files from elsewhere.
 */
#pragma once

#include "model/host.h"
#include "model/plan.h"

/* The plan of one host as an SVG document; @host is its inventory. Caller frees. */
char *picture_write_svg(const Host *host, const Plan *plan, const PlanHost *plan_host);

/* The same as an HTML page; of many hosts: core/picture_fleet.h. Caller frees. */
char *picture_write_html(const Host *host, const Plan *plan, const PlanHost *plan_host);
