/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of port/change.h share; nobody else includes this. */
#pragma once

#include "port/change.h"

#define DEVICES "/sys/bus/pci/devices/"

typedef bool (*ChangeRead)(const Hands *hands, const Setting *setting, char **ret_value,
                           GError **error);
typedef bool (*ChangeMake)(const Hands *hands, const Setting *setting, GError **error);

bool change_read_file(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
bool change_make_file(const Hands *hands, const Setting *setting, GError **error);
bool change_read_link(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
bool change_make_link(const Hands *hands, const Setting *setting, GError **error);
bool change_read_folder(const Hands *hands, const Setting *setting, char **ret_value,
                        GError **error);
bool change_make_folder(const Hands *hands, const Setting *setting, GError **error);
bool change_read_attribute(const Hands *hands, const Setting *setting, char **ret_value,
                           GError **error);
bool change_make_attribute(const Hands *hands, const Setting *setting, GError **error);
bool change_read_vfs(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
bool change_make_vfs(const Hands *hands, const Setting *setting, GError **error);
bool change_read_vf(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
bool change_make_vf(const Hands *hands, const Setting *setting, GError **error);
bool change_read_driver(const Hands *hands, const Setting *setting, char **ret_value,
                        GError **error);
bool change_make_driver(const Hands *hands, const Setting *setting, GError **error);
bool change_read_net(const Hands *hands, const Setting *setting, char **ret_value, GError **error);
bool change_make_net(const Hands *hands, const Setting *setting, GError **error);
bool change_read_service(const Hands *hands, const Setting *setting, char **ret_value,
                         GError **error);
bool change_make_service(const Hands *hands, const Setting *setting, GError **error);
bool change_read_partition(const Hands *hands, const Setting *setting, char **ret_value,
                           GError **error);
bool change_make_partition(const Hands *hands, const Setting *setting, GError **error);

/* A small file as it is, without white space at its end; NULL: not there or not readable. */
char *change_read_text(const Hands *hands, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The driver that has the function of PCI whose folder is @path; NULL: none. Caller frees. */
char *change_bound_driver(const Hands *hands, const char *path);
/* Is the function at setting->target the one that is meant? */
bool change_check_identity(const Hands *hands, const Setting *setting, GError **error);
/* The netdev of the function at setting->target. NULL with @error. */
char *change_find_net(const Hands *hands, const Setting *setting, GError **error);
/* Which of the @count VFs of the PF at setting->target is in use, and by whom, in words; NULL: none
 * is. Caller frees. */
char *change_find_held_vf(const Hands *hands, const Setting *setting, guint count);
/* The permanent MAC address of the netdev. NULL with @error. */
char *change_read_mac(const Hands *hands, const Setting *setting, const char *net, GError **error);
/* Drivers and names come to new functions by udev, a moment later; until then nobody can say what
 * the host uses them for. A host without udev, or with one that is busy for longer, is read as it
 * is. */
void change_await_udev(const Hands *hands);
bool change_fail(const Setting *setting, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
