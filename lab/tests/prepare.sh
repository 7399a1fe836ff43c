#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server as it comes: prepared, rebooted, sliced, its power cut, and given back as it was.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/prepare.yaml

undone() { expect 0 '' bmslice prepare --undo && same host-state; }

# killed_undone STEP SECONDS, killed_mended STEP SECONDS: bmslice dies so long after it has announced that
# step of prepare.
killed_undone() { expect 0 '' ./kill-at "$1" "$2" bmslice prepare "$SPEC" && undone; }

killed_mended() {
    expect 0 '' ./kill-at "$1" "$2" bmslice prepare "$SPEC" && expect 0 '' bmslice prepare "$SPEC" &&
        expect 0 'Nothing to do but to reboot' bmslice prepare "$SPEC"
}

# For want of a port both slices are held; status says why, and libvirt will not start them.
held() {
    lab run "echo 'install igb /bin/false' >/etc/modprobe.d/no-igb.conf"
    lab reboot || return
    expect 0 'red-worker1.*is held: .*0000:11:00.0' "bmslice status | tr '\n' ' '" &&
        expect 1 'bmslice: ' virsh start red-worker1
}

# The port is back: the unit's own command, run again, lets them go.
released() {
    lab run 'rm /etc/modprobe.d/no-igb.conf; modprobe igb; udevadm settle'
    expect 0 '' bmslice prepare --boot && expect 0 '' bmslice apply "$SPEC" && verified "$SPEC"
}

# forgotten SECONDS: nobody confirms, and all of it goes back.
forgotten() {
    expect 0 'goes back in' bmslice prepare "--confirm-within=$1" "$SPEC" && sleep "$1" && sleep 20 &&
        same host-state
}

# rebooted PATTERN COMMAND...: the server says that, and comes up again. It may take the connection away
# before the exit code is through.
rebooted() {
    local pattern=$1 boots out
    shift
    boots=$(lab boots)
    out=$(lab run "$@" 2>&1)
    printf '%s\n' "$out"
    grep -qE -- "$pattern" <<<"$out" && lab wait $((boots + 1))
}

pins() {
    # shellcheck disable=SC2016
    lab run 'for s in red-worker1 blue-worker1; do virsh vcpupin $s; virsh emulatorpin $s; done'
}

use_profile grub
lab copy "$LAB/tests/tools/kill-at" /root
lab run 'update-grub 2>/dev/null'
forget red-worker1 blue-worker1
keep host-state
check "a dry run shows the steps" expect 0 'stage kernel arguments.*reboot this host' \
    "bmslice prepare --dry-run $SPEC | tr '\n' ' '"
check "and the file as a diff" \
    expect 0 '^[+]GRUB_CMDLINE_LINUX_DEFAULT=.*isolcpus=managed_irq,domain,' \
    bmslice prepare --dry-run $SPEC
check "it changed nothing" same host-state

# Each kind of step once; of the interrupts, which are many, the first.
readonly STEPS=('send new' 'send interrupt' 'make 1 VF on 0000:11' 'make 1 VF on 0000:41' keep
    'write /etc/modules' 'write /var/lib' 'make folder' 'write /etc/libvirt' 'write /etc/systemd' enable stage)
points=0
for step in "${STEPS[@]}"; do
    for delay in 0 0.05; do
        points=$((points + 1))
        check "killed $delay s after '$step', undone" killed_undone "'$step'" $delay
    done
    points=$((points + 1))
    check "killed at '$step', run again" killed_mended "'$step'" 0
    check "and undone" undone
done
echo "# killed at $points points"

check "not confirmed in time: all goes back" forgotten 20s
check "prepare, to be confirmed" \
    expect 0 'goes back in' bmslice prepare --confirm-within=10min $SPEC
check "confirmed" expect 0 'Confirmed' bmslice prepare --confirm
check "prepare again: nothing to do but to reboot, which it does" \
    rebooted 'Nothing to do but to reboot' bmslice prepare --reboot $SPEC
check "the kernel arguments are in force" \
    expect 0 'isolcpus=managed_irq,domain,' cat /proc/cmdline
check "a page of 1 GiB is on node 1" expect 0 '^1$' \
    cat /sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages
check "and none on node 0" expect 0 '^0$' \
    cat /sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages
check "pages of 2 MiB are on node 0, and VFs are there" expect 0 '^128 1 1$' \
    "cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages \
    /sys/bus/pci/devices/0000:{11,41}:00.0/sriov_numvfs | xargs"
check "prepare has nothing to do" \
    expect 0 'Nothing to do: the host is' bmslice prepare --dry-run $SPEC
check "apply" expect 0 '' bmslice apply $SPEC
check "Red has booted" booted red-worker1
check "Blue has booted" booted blue-worker1
check "verify finds nothing wrong" verified $SPEC
check "nor does it leave out the isolation" expect 0 'PASS.*isolated' bmslice verify $SPEC
check "new interrupts stay away from the slices' CPUs" \
    expect 0 '^0*c3$' cat /proc/irq/default_smp_affinity
check "trust is on for Red's VF" expect 0 'trust on' ip link show
before=$(pins)
words=$(guest_words red-worker1 | grep '^guest: nic')
forget red-worker1 blue-worker1

check "its power is cut; it comes back" lab reboot --hard
check "Red is back" booted red-worker1
check "Blue is back" booted blue-worker1
told red-worker1
told blue-worker1
check "Red has the same MAC" [ "$(guest_words red-worker1 | grep '^guest: nic')" = "$words" ]
check "both have the same pins" [ "$(pins)" = "$before" ]
check "Blue reaches its VLAN" wait_words blue-worker1 '^guest: ping .* vlan 200 .* 3/3'
check "verify finds nothing wrong still" verified $SPEC
check "nothing is undone under them" expect 1 'slices run here' bmslice prepare --undo

check "a boot without its ports: the slices are held" held
check "the ports are back: they run" released

check "destroy" expect 0 '' bmslice destroy --delete-disks $SPEC
check "prepare --undo --reboot" rebooted 'Taken back' bmslice prepare --undo --reboot
check "the server is as it was" same host-state
finish
