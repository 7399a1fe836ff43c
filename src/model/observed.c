/* SPDX-License-Identifier: Apache-2.0 */
#include "model/observed.h"

Observed *observed_new(void)
{
    Observed *observed = g_new0(Observed, 1);

    observed->vcpu_pins = g_ptr_array_new_with_free_func((GDestroyNotify)cpuset_free);
    observed->iothread_pins = g_ptr_array_new_with_free_func((GDestroyNotify)cpuset_free);
    observed->threads = g_ptr_array_new_with_free_func((GDestroyNotify)observed_thread_free);
    observed->memory = g_ptr_array_new_with_free_func(g_free);
    observed->devices = g_ptr_array_new_with_free_func((GDestroyNotify)observed_device_free);
    observed->memory_page_bytes = -1;
    observed->disk_capacity_bytes = -1;
    return observed;
}

void observed_free(Observed *observed)
{
    if (!observed)
        return;
    g_free(observed->name);
    g_free(observed->uuid);
    g_free(observed->state);
    g_free(observed->xml);
    g_free(observed->config_xml);
    g_free(observed->held);
    g_ptr_array_unref(observed->vcpu_pins);
    cpuset_free(observed->emulator_pin);
    g_ptr_array_unref(observed->iothread_pins);
    g_ptr_array_unref(observed->threads);
    g_ptr_array_unref(observed->memory);
    g_ptr_array_unref(observed->devices);
    g_free(observed);
}

void observed_thread_free(ObservedThread *thread)
{
    if (!thread)
        return;
    g_free(thread->name);
    cpuset_free(thread->allowed);
    g_free(thread);
}

void observed_device_free(ObservedDevice *device)
{
    if (!device)
        return;
    g_free(device->address);
    g_free(device->driver);
    g_free(device);
}
