#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two slices share one PF: a VF each, each in its own VLAN; neither hears the other, nor takes another
# MAC; and the server gets its NICs back as they were.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/sriov-vf.yaml
readonly RED=52:54:00:aa:00:11 BLUE=52:54:00:aa:00:22 FALSE=52:54:00:66:66:66

# heard PEER VLAN TIMES: while the host beside the switch shouts into its VLAN, Red hears that often.
heard() {
    local name=$1 vlan=$2 times=$3
    guest_says red-worker1 "misbehave listen $vlan 15" "^guest: listening to $vlan" || return
    lab peer "$name" ping -b -q -c 5 "10.$vlan.255.255"
    wait_words red-worker1 "^guest: heard $vlan $times times"
}

use_profile sriov
vfs_make
keep nics
forget red-worker1 blue-worker1
check "apply starts both" expect 0 '' bmslice apply $SPEC
check "the PF knows Red's MAC and VLAN" expect 0 "$RED.*vlan 100" ip link show ens1f0
check "the PF knows Blue's MAC and VLAN" expect 0 "$BLUE.*vlan 200" ip link show ens1f0
check "Red has booted" booted red-worker1
check "Blue has booted" booted blue-worker1
told red-worker1
told blue-worker1
check "Red has a VF" wait_words red-worker1 "^guest: nic $RED up igbvf"
check "Red reaches VLAN 100" wait_words red-worker1 "^guest: ping $RED vlan 100 .* 3/3"
check "Blue reaches VLAN 200" wait_words blue-worker1 "^guest: ping $BLUE vlan 200 .* 3/3"
check "the switch has Red's MAC on p0, VLAN 100" switch_has p0 100 $RED
check "the switch has Blue's MAC on p0, VLAN 200" switch_has p0 200 $BLUE
check "Red hears VLAN 100" heard red 100 '[1-9]'
check "Red does not hear VLAN 200" heard blue 200 0
check "Red cannot take another MAC" guest_says red-worker1 "misbehave mac $FALSE" '^guest: mac refused'
# The NIC drops what is sent from another MAC when spoof check is on; QEMU's igb has the switch but
# lets such frames out, so here only the switch's position and the missing answer can be seen.
check "spoof check is on for both" expect 0 'spoof checking on.*spoof checking on' \
    "ip link show ens1f0 | xargs"
check "Red is not answered under another MAC" \
    guest_says red-worker1 "misbehave spoof $FALSE 100" "^guest: spoof $FALSE 0/3"
check "Red's frames with another VLAN's tag do not arrive" \
    guest_says red-worker1 "misbehave hop 200" '^guest: hop 200 0/3'
check "the switch never saw Red in VLAN 200" switch_lacks p0 200 $RED
check "verify finds nothing wrong" verified $SPEC
check "a second apply changes nothing" expect 0 'nothing' bmslice apply $SPEC
check "libvirt's inventory is bmslice's own" "$LAB/../tests/virt/inventory.py" bmslice "$LAB/lab" run
lab run virsh --quiet destroy red-worker1
forget red-worker1
check "apply starts Red again, and only Red" expect 0 'start domain red.*3 steps' \
    "bmslice apply $SPEC 2>&1 | tr '\n' ' '"
check "Red has the same MAC as before" wait_words red-worker1 "^guest: ping $RED vlan 100 .* 3/3"
check "destroy removes both" expect 0 '' bmslice destroy --delete-disks $SPEC
check "nothing is left" expect 0 '^$' virsh --quiet list --all --name
check "the server's NICs are as they were" same nics

# At boot nothing makes the VFs again (that is prepare's): apply does.
check "apply starts both again" expect 0 '' bmslice apply $SPEC
check "the server's power is cut; it comes back" lab reboot --hard
keep nics
forget red-worker1 blue-worker1
check "apply makes the VFs, and starts both" \
    expect 0 'make 2 VFs' "bmslice apply $SPEC 2>&1 | tr '\n' ' '"
check "Red has booted" booted red-worker1
check "Blue has booted" booted blue-worker1
check "Red has the same MAC, in its VLAN" \
    wait_words red-worker1 "^guest: ping $RED vlan 100 .* 3/3"
check "and Blue" wait_words blue-worker1 "^guest: ping $BLUE vlan 200 .* 3/3"
check "verify finds nothing wrong" verified $SPEC
check "destroy removes both" expect 0 '' bmslice destroy --delete-disks $SPEC
check "prepare --undo takes the VFs away" expect 0 '' bmslice prepare --undo
check "the server's NICs are as they were" same nics
finish
