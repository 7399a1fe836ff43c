#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Isolation without a reboot: a partition of CPUs is made for the slice, keeps the host's own work away,
# is made again at boot, and goes.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/runtime.yaml
readonly CGROUP=/sys/fs/cgroup/bmslice.slice

# Nothing of the slice of systemd is left.
slice_gone() {
    expect 0 '^gone$' "[ ! -e $CGROUP ] && ! ls -d /run/systemd/system.control/bmslice* 2>/dev/null && echo gone"
}

# As many busy loops as the server has CPUs, none of which may end up on the slice's (2-5).
busy_stays_off() {
    # shellcheck disable=SC2016 # the server's shell expands it
    expect 0 '^12 loops on CPUs [01,6-9]*$' 'for i in $(seq 12); do timeout 15 sh -c "while :; do :; done" & done
        sleep 5
        echo "$(pgrep -fc "^sh -c while") loops on CPUs $(ps -eo psr=,args= | sed -n "s/^ *\([0-9]*\) sh -c while.*/\1/p" |
            sed "s/^1[01]\$/9/" | sort -un | paste -sd,)"; wait'
}

use_profile grub
forget red-worker1
keep host-state
check "the plan says what cannot be had without a reboot" \
    expect 0 'runtime-no-nohz-full' bmslice plan $SPEC
check "prepare needs no reboot for it" \
    expect 0 'isolate CPUs .* in a partition' bmslice prepare --dry-run $SPEC
check "prepare" expect 0 'Prepared' bmslice prepare $SPEC
check "the partition is isolated" expect 0 '^isolated$' cat $CGROUP/cpuset.cpus.partition
check "the host's own services are off its CPUs" expect 0 '^0-1,6-11$' \
    cat /sys/fs/cgroup/system.slice/cpuset.cpus.effective
check "and so are busy loops" busy_stays_off
check "again: nothing to do" expect 0 'Nothing to do: the host is' bmslice prepare $SPEC
check "apply" expect 0 '' bmslice apply $SPEC
check "Red has booted" booted red-worker1
# shellcheck disable=SC2016 # the server's shell expands it
check "it is in the partition" expect 0 'bmslice.slice' \
    'cat /proc/$(cat /run/libvirt/qemu/red-worker1.pid)/cgroup'
check "which is still one" expect 0 '^isolated$' cat $CGROUP/cpuset.cpus.partition
check "verify finds nothing wrong" verified $SPEC
check "nor does it leave out the isolation" expect 0 'PASS +isolated' bmslice verify $SPEC
check "diff finds nothing" expect 0 '' bmslice diff $SPEC
check "nothing is taken from under it" expect 1 'slices run here' bmslice prepare --undo
forget red-worker1
check "the server reboots" lab reboot
check "Red is back" booted red-worker1
check "the partition is back" expect 0 '^isolated$' cat $CGROUP/cpuset.cpus.partition
check "verify finds nothing wrong still" verified $SPEC
check "destroy" expect 0 '' bmslice destroy --delete-disks $SPEC
check "prepare --undo" expect 0 'Taken back' bmslice prepare --undo
check "the partition is gone" slice_gone
check "the server is as it was" same host-state
finish
