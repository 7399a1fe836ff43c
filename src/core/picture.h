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

/* The picture of one host of @plan as an SVG document; @host is its inventory. Findings and refused
 * slices are in it when the plan has this host alone; of several hosts, the findings about this
 * one. Caller frees. */
char *picture_write_svg(const Host *host, const Plan *plan, const PlanHost *plan_host);

/* One HTML page: an index, a section with its picture for each host of @plan, what is not placed.
 * @hosts: Host *, the inventories, found by hostname; a host that has none is listed without a
 * picture. Caller frees. */
char *picture_write_html(const GPtrArray *hosts, const Plan *plan);
