#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The runbook, from one file: Red and Blue on the seed's server, each with a whole port.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/seed-pf.yaml RED=Red_k8s_cluster_worker1 BLUE=Blue_k8s_cluster_worker1

use_profile seed
forget $RED $BLUE
check "discover sees the server" expect 0 '' bmslice discover
check "discover sees 24 CPUs" expect 0 '"threads": 24' bmslice discover --json
check "discover sees node 1" expect 0 '"cpus": "12-23"' bmslice discover --json
check "plan says that Blue's port is on the other node" expect 0 "node" bmslice plan $SPEC
check "plan changes nothing" expect 0 '^$' virsh --quiet list --all --name
check "apply starts both" expect 0 '' bmslice apply $SPEC
check "Red runs" expect 0 running virsh domstate $RED
check "Blue runs" expect 0 running virsh domstate $BLUE
check "Red's vCPUs lie on whole cores" thread_on $RED 'CPU 0/KVM' 4
check "Red's sibling follows" thread_on $RED 'CPU 1/KVM' 5
check "Blue's vCPUs lie on node 1" thread_on $BLUE 'CPU 7/KVM' 23
check "Red's IOThread is on its service core" thread_on $RED 'IO iothread1' 2-3
check "Red has booted" booted $RED
check "Blue has booted" booted $BLUE
told $RED
told $BLUE
check "Red sees 8 CPUs, siblings 0-1" wait_words $RED '^guest: cpus 8, siblings of cpu0: 0[-,]1'
check "Red reaches its VLAN" wait_words $RED '^guest: ping 52:54:00:10:00:01 vlan 100 .* 3/3'
check "Blue reaches its VLAN" wait_words $BLUE '^guest: ping 52:54:00:10:00:02 vlan 200 .* 3/3'
check "the switch has Red's MAC on p0" switch_has p0 100 52:54:00:10:00:01
check "the switch has Blue's MAC on p1" switch_has p1 200 52:54:00:10:00:02
check "verify finds nothing wrong" verified $SPEC
check "diff finds nothing" expect 0 '' bmslice diff $SPEC
check "status shows both" expect 0 $BLUE bmslice status
check "a second apply changes nothing" expect 0 '' bmslice apply $SPEC
check "destroy removes both" expect 0 '' bmslice destroy --delete-disks $SPEC
check "nothing is left" expect 0 '^$' virsh --quiet list --all --name
# shellcheck disable=SC2016 # the server's shell expands it
check "the ports are the server's again" expect 0 '^igb igb$' \
    'for a in 0 1; do basename $(readlink /sys/bus/pci/devices/0000:11:00.$a/driver); done | xargs'
finish
