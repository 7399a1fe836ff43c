#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Slices with two NICs: a VF and a whole port, in the order of the spec; and a bond of two VFs, each on
# a port of its own.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/two-networks.yaml

# in_order SLICE PATTERN: the guest's NICs, in its own order, as "MAC driver MAC driver".
in_order() {
    local got
    got=$(guest_words "$1" | sed -n 's/^guest: nic \(.*\) up \(.*\)/\1 \2/p' | xargs)
    printf '%s\n(wanted: %s)\n' "$got" "$2"
    [[ $got =~ ^$2$ ]]
}

# Which of the two the plan put on which port is its own choice.
switch_has_both() {
    { switch_has p0 100 "$second" && switch_has p2 100 "$third"; } ||
        { switch_has p0 100 "$third" && switch_has p2 100 "$second"; }
}

# The MACs that the plan derives for the VFs.
derived() {
    lab run "bmslice plan --json $SPEC 2>/dev/null" |
        sed -n 's/^ *"mac": "\(02:[^"]*\)".*/\1/p' | xargs
}

use_profile sriov
vfs_make
# shellcheck disable=SC2016 # the server's shell expands it
lab run 'cd /sys/bus/pci/devices/0000:41:00.0 && [ "$(cat sriov_numvfs)" = 1 ] || echo 1 >sriov_numvfs
    udevadm settle'
keep nics
forget gateway bonded
macs=$(derived)
read -r first second third <<<"$macs"
check "three MACs are derived for the three VFs" [ -n "${third-}" ]
check "apply starts both" expect 0 '' bmslice apply $SPEC
check "the bond's VFs lie on both ports" expect 0 "vf .*($second|$third).*vf .*($second|$third)" \
    "{ ip link show ens1f0; ip link show ens17f0; } | grep -iE '$second|$third' | tr '\n' ' '"
check "each port has one of them" expect 0 '^1$' \
    "ip link show ens17f0 | grep -ciE '$second|$third'"
check "the first slice has booted" booted gateway
check "it has the VF first, then the port" in_order gateway "$first igbvf 52:54:00:10:00:04 e1000e"
check "its VF reaches VLAN 100" wait_words gateway "^guest: ping $first vlan 100 .* 3/3"
check "its port reaches VLAN 200" wait_words gateway '^guest: ping 52:54:00:10:00:04 vlan 200 .* 3/3'
check "the second slice has booted" booted bonded
told gateway
told bonded
check "it has two VFs, in order" in_order bonded "$second igbvf $third igbvf"
check "the first reaches VLAN 100" wait_words bonded "^guest: ping $second vlan 100 .* 3/3"
check "the second too" wait_words bonded "^guest: ping $third vlan 100 .* 3/3"
check "the switch has both, on p0 and p2" switch_has_both
check "verify finds nothing wrong" verified $SPEC
check "the derived MACs are the same again" [ "$(derived)" = "$macs" ]
check "destroy removes both" expect 0 '' bmslice destroy --delete-disks $SPEC
check "nothing is left" expect 0 '^$' virsh --quiet list --all --name
check "the server's NICs are as they were" same nics
finish
