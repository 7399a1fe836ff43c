/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mark of our own domains: a metadata element of this namespace
 * (https://libvirt.org/formatdomain.html#general-metadata). Written by core/domain.c, asked for by
 * port/virt_domain.c before each change: only domains that carry it are ever touched.
 */
#pragma once

#define DOMAIN_METADATA_URI "urn:bmslice:slice:1"
#define DOMAIN_METADATA_PREFIX "bmslice"
