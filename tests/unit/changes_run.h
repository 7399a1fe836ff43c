/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a fake host made and taken back, each by a run of its own, whole or killed on the way.
 * Whatever fails aborts the test.
 */
#pragma once

#include "fake_host.h"
#include "model/setting.h"

#define EDITED "/etc/edited"
#define KSM "/sys/kernel/mm/ksm/run"

/* What a run does; its count is its own affair. */
typedef guint (*Work)(FakeHost *fake);

/* All that the slices of machine.h ask of the host; how many steps there were. */
guint make(FakeHost *fake);
/* All of it back; how many findings that gave. */
guint undo(FakeHost *fake);
/* One setting. */
void make_one(FakeHost *fake, SettingKind kind, const char *target, const char *value);

/* The state without the journal and the folder it lies in. Caller frees. */
char *state(const FakeHost *fake);
/* That of a new host after both; NULL: nothing is done. Caller frees. */
char *state_after(Work first, Work second);
/* Line by line, so that a failure tells which. */
void assert_state(const char *state, const char *wanted);

/* @work is killed at every one of its moves, on a new host each after @begin (may be NULL): what
 * @then leaves is always @wanted. At how many. */
guint kill_everywhere(Work begin, Work work, Work then, const char *wanted);
