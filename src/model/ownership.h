/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mark of our own domains: a metadata element of this namespace
 * (https://libvirt.org/formatdomain.html#general-metadata). Written by core/domain.c, asked for by
 * port/virt_domain.c before each change: only domains that carry it are ever touched.
 */
#pragma once

#define DOMAIN_METADATA_URI "urn:bmslice:slice:1"
#define DOMAIN_METADATA_PREFIX "bmslice"

/*
 * With isolation at run time the slices live in a cgroup of their own, below the root one: libvirt
 * makes "bmslice.slice" of this partition (https://libvirt.org/cgroups.html), and other guests of
 * the host, in machine.slice, stay as they are.
 */
#define PARTITION_OF_DOMAINS "/bmslice"
#define PARTITION_UNIT "bmslice.slice"
#define PARTITION_CGROUP "/sys/fs/cgroup/" PARTITION_UNIT
