/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting: one thing of a host and the value it has, or is to have, as plain data. What is wanted,
 * what was there before and what the journal keeps are all Settings, so that undoing a change is
 * making the former Setting. Made by core/steps.h, read and made true by port/change.h. No I/O
 * here.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "model/record.h"

typedef enum {
    SETTING_FILE,      /* target: a path; value: the whole content; NULL: no such file */
    SETTING_LINK,      /* target: a path; value: where the symlink leads; NULL: none */
    SETTING_FOLDER,    /* target: a path; value: "there" ("in use" when it holds files); NULL */
    SETTING_ATTRIBUTE, /* target: a file of /sys or /proc that takes a value at run time */
    SETTING_VFS,       /* target: a PF; value: how many VFs it has */
    SETTING_VF,        /* target: a PF; value: words of `ip link set NET vf N ...` */
    SETTING_NET,       /* target: a NIC; value: words of `ip link set NET ...`: up, mtu */
    SETTING_DRIVER,    /* target: a function of PCI; value: "driver NAME override NAME", -: none */
    SETTING_SERVICE,   /* target: a systemd unit; value: "masked" or its state before */
    SETTING_PARTITION, /* target: a slice of systemd; value: "isolated CPUS"; "member" or "member
                        * CPUS": a cgroup like others; NULL: none */
} SettingKind;

/* How an attribute of the kernel words its value; Setting.value has it in one way only. */
typedef enum {
    SETTING_TEXT,   /* as it is */
    SETTING_CPUS,   /* a kernel list */
    SETTING_MASK,   /* value: a kernel list; the file: hex words with commas */
    SETTING_CHOICE, /* value: the word that the file has in brackets */
} SettingForm;

typedef struct {
    int kind; /* SettingKind */
    char *target;
    gint64 vf; /* SETTING_VF: index */
    char *value;
    int form;                    /* SettingForm */
    char *vendor, *device, *mac; /* of a function: its identity, compared before each use */
    gint64 mode;                 /* SETTING_FILE: of a new one; unset: 0644 */
    GPtrArray *command;          /* SETTING_FILE: run after the file has changed, char * */
    char *proof;                 /* the file that the command makes ... */
    GPtrArray *proof_words;      /* ... and what it holds when it has been made, char * */
    int optional;                /* flag: the kernel may refuse it, which is told and no failure */
} Setting;

extern const Record SETTING_RECORD;

Setting *setting_new(SettingKind kind, const char *target, const char *value);
void setting_free(Setting *setting);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Setting, setting_free)

/* Of a function of PCI; each may be NULL: not compared. */
void setting_set_identity(Setting *setting, const char *vendor, const char *device,
                          const char *mac);

/* The same thing with another value (NULL: absent), of which there is no proof. */
Setting *setting_with_value(const Setting *setting, const char *value);
Setting *setting_copy(const Setting *setting);

/* Is it one thing, whatever its value? */
bool setting_is_same(const Setting *a, const Setting *b);
/* Does @value, as it was read, give what @wanted asks for? Of words in pairs ("mac ... vlan ...")
 * only those that are asked for count. */
bool setting_is_met(const Setting *wanted, const char *value);
/* May a change between the two, cut off halfway, have left @value? Only a driver's change leaves
 * something in between: its override goes first, and for a moment none is bound. */
bool setting_is_between(const Setting *a, const Setting *b, const char *value);
/* What @wanted changes of @value, to be put back: of words in pairs, those that @wanted has; a
 * driver may refuse to be told of the others. Caller frees. */
char *setting_touched(const Setting *wanted, const char *value);
/* Does a reboot take it away (the kernel's own state), or does it stay (the disk's)? */
bool setting_is_volatile(const Setting *setting);
/* Has the command done its work, by @made, the text of the proof (NULL: not there)? True without
 * one. */
bool setting_is_proven(const Setting *setting, const char *made);
