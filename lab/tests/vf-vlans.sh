#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two slices share one PF: a VF each, each in its own VLAN, and neither hears the other.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/sriov-vf.yaml PF=/sys/bus/pci/devices/0000:11:00.0

use_profile sriov
lab run "[ \$(cat $PF/sriov_numvfs) != 0 ] || echo 2 >$PF/sriov_numvfs"
check "apply starts both" expect 0 '' bmslice apply $SPEC
check "the PF knows Red's MAC and VLAN" expect 0 '52:54:00:aa:00:11.*vlan 100' \
    ip link show ens1f0
check "the PF knows Blue's MAC and VLAN" expect 0 '52:54:00:aa:00:22.*vlan 200' \
    ip link show ens1f0
check "Red has booted" wait_words red-worker1 '^guest: done'
check "Blue has booted" wait_words blue-worker1 '^guest: done'
check "Red has a VF" wait_words red-worker1 '^guest: nic 52:54:00:aa:00:11 up igbvf'
check "Red reaches VLAN 100" wait_words red-worker1 '^guest: ping 52:54:00:aa:00:11 vlan 100 .* 3/3'
check "Blue reaches VLAN 200" wait_words blue-worker1 '^guest: ping 52:54:00:aa:00:22 vlan 200 .* 3/3'
check "the switch has Red's MAC on p0, VLAN 100" switch_has p0 100 52:54:00:aa:00:11
check "the switch has Blue's MAC on p0, VLAN 200" switch_has p0 200 52:54:00:aa:00:22
check "verify finds nothing wrong" verified $SPEC
check "a second apply changes nothing" expect 0 '' bmslice apply $SPEC
check "destroy removes both" expect 0 '' bmslice destroy --delete-disks $SPEC
check "nothing is left" expect 0 '^$' virsh --quiet list --all --name
finish
