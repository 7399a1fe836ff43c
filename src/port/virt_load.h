/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt's library, loaded when it is first needed: it brings some fifty others along, and loading
 * them takes longer than discovery or a plan, which need none of it and also run where there is no
 * libvirt. virt_internal.h includes this behind libvirt's own header; each function of libvirt that
 * the files virt*.c call has its line here, or the program does not link.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* To be called before any function of libvirt: the error says that it is not installed. */
bool virt_load(GError **error);

/* The address of a function of libvirt, which must have been loaded. */
void *virt_symbol(const char *name);

/* A macro is not expanded in its own expansion, so @name means the function here. */
#define VIRT_CALL(name) ((typeof(&(name)))virt_symbol(#name))

#define virConnectClose VIRT_CALL(virConnectClose)
#define virConnectGetCapabilities VIRT_CALL(virConnectGetCapabilities)
#define virConnectGetHostname VIRT_CALL(virConnectGetHostname)
#define virConnectGetLibVersion VIRT_CALL(virConnectGetLibVersion)
#define virConnectGetVersion VIRT_CALL(virConnectGetVersion)
#define virConnectListAllDomains VIRT_CALL(virConnectListAllDomains)
#define virConnectListAllNodeDevices VIRT_CALL(virConnectListAllNodeDevices)
#define virConnectListAllStoragePools VIRT_CALL(virConnectListAllStoragePools)
#define virConnectOpen VIRT_CALL(virConnectOpen)
#define virDomainBlockResize VIRT_CALL(virDomainBlockResize)
#define virDomainCreate VIRT_CALL(virDomainCreate)
#define virDomainDefineXMLFlags VIRT_CALL(virDomainDefineXMLFlags)
#define virDomainDestroyFlags VIRT_CALL(virDomainDestroyFlags)
#define virDomainFree VIRT_CALL(virDomainFree)
#define virDomainGetAutostart VIRT_CALL(virDomainGetAutostart)
#define virDomainGetBlockInfo VIRT_CALL(virDomainGetBlockInfo)
#define virDomainGetConnect VIRT_CALL(virDomainGetConnect)
#define virDomainGetEmulatorPinInfo VIRT_CALL(virDomainGetEmulatorPinInfo)
#define virDomainGetIOThreadInfo VIRT_CALL(virDomainGetIOThreadInfo)
#define virDomainGetMetadata VIRT_CALL(virDomainGetMetadata)
#define virDomainGetName VIRT_CALL(virDomainGetName)
#define virDomainGetState VIRT_CALL(virDomainGetState)
#define virDomainGetUUIDString VIRT_CALL(virDomainGetUUIDString)
#define virDomainGetVcpuPinInfo VIRT_CALL(virDomainGetVcpuPinInfo)
#define virDomainGetVcpusFlags VIRT_CALL(virDomainGetVcpusFlags)
#define virDomainGetXMLDesc VIRT_CALL(virDomainGetXMLDesc)
#define virDomainIOThreadInfoFree VIRT_CALL(virDomainIOThreadInfoFree)
#define virDomainIsActive VIRT_CALL(virDomainIsActive)
#define virDomainIsPersistent VIRT_CALL(virDomainIsPersistent)
#define virDomainLookupByName VIRT_CALL(virDomainLookupByName)
#define virDomainPinEmulator VIRT_CALL(virDomainPinEmulator)
#define virDomainPinIOThread VIRT_CALL(virDomainPinIOThread)
#define virDomainPinVcpuFlags VIRT_CALL(virDomainPinVcpuFlags)
#define virDomainResume VIRT_CALL(virDomainResume)
#define virDomainSetAutostart VIRT_CALL(virDomainSetAutostart)
#define virDomainShutdown VIRT_CALL(virDomainShutdown)
#define virDomainUndefine VIRT_CALL(virDomainUndefine)
#define virDomainUndefineFlags VIRT_CALL(virDomainUndefineFlags)
#define virGetLastError VIRT_CALL(virGetLastError)
#define virGetLastErrorCode VIRT_CALL(virGetLastErrorCode)
#define virGetLastErrorMessage VIRT_CALL(virGetLastErrorMessage)
#define virNodeDeviceFree VIRT_CALL(virNodeDeviceFree)
#define virNodeDeviceGetName VIRT_CALL(virNodeDeviceGetName)
#define virNodeDeviceGetXMLDesc VIRT_CALL(virNodeDeviceGetXMLDesc)
#define virNodeGetCPUMap VIRT_CALL(virNodeGetCPUMap)
#define virNodeGetFreePages VIRT_CALL(virNodeGetFreePages)
#define virSetErrorFunc VIRT_CALL(virSetErrorFunc)
#define virStoragePoolBuild VIRT_CALL(virStoragePoolBuild)
#define virStoragePoolCreate VIRT_CALL(virStoragePoolCreate)
#define virStoragePoolDefineXML VIRT_CALL(virStoragePoolDefineXML)
#define virStoragePoolDelete VIRT_CALL(virStoragePoolDelete)
#define virStoragePoolDestroy VIRT_CALL(virStoragePoolDestroy)
#define virStoragePoolFree VIRT_CALL(virStoragePoolFree)
#define virStoragePoolGetName VIRT_CALL(virStoragePoolGetName)
#define virStoragePoolGetXMLDesc VIRT_CALL(virStoragePoolGetXMLDesc)
#define virStoragePoolIsActive VIRT_CALL(virStoragePoolIsActive)
#define virStoragePoolListAllVolumes VIRT_CALL(virStoragePoolListAllVolumes)
#define virStoragePoolLookupByName VIRT_CALL(virStoragePoolLookupByName)
#define virStoragePoolRefresh VIRT_CALL(virStoragePoolRefresh)
#define virStoragePoolSetAutostart VIRT_CALL(virStoragePoolSetAutostart)
#define virStoragePoolUndefine VIRT_CALL(virStoragePoolUndefine)
#define virStorageVolCreateXML VIRT_CALL(virStorageVolCreateXML)
#define virStorageVolDelete VIRT_CALL(virStorageVolDelete)
#define virStorageVolFree VIRT_CALL(virStorageVolFree)
#define virStorageVolGetInfo VIRT_CALL(virStorageVolGetInfo)
#define virStorageVolGetInfoFlags VIRT_CALL(virStorageVolGetInfoFlags)
#define virStorageVolGetName VIRT_CALL(virStorageVolGetName)
#define virStorageVolGetPath VIRT_CALL(virStorageVolGetPath)
#define virStorageVolGetXMLDesc VIRT_CALL(virStorageVolGetXMLDesc)
#define virStorageVolLookupByName VIRT_CALL(virStorageVolLookupByName)
#define virStorageVolLookupByPath VIRT_CALL(virStorageVolLookupByPath)
#define virStorageVolResize VIRT_CALL(virStorageVolResize)
#define virStorageVolUpload VIRT_CALL(virStorageVolUpload)
#define virStreamAbort VIRT_CALL(virStreamAbort)
#define virStreamFinish VIRT_CALL(virStreamFinish)
#define virStreamFree VIRT_CALL(virStreamFree)
#define virStreamNew VIRT_CALL(virStreamNew)
#define virStreamSend VIRT_CALL(virStreamSend)
