#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What would break the server is refused, with the reason, and nothing has changed afterwards.
# refusals.sh [shared-group | no-iommu | sriov]: all three by default, a server each.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# spec_with PF MODE [COUNT [MORE]]: a spec of one slice with COUNT such NICs, MORE said of each, made
# from specs/refused.yaml.in.
spec_with() {
    local nic="{network: wanted, mode: $2, locality: any${4:+, $4}}" nics i
    nics=$nic
    for ((i = 1; i < ${3-1}; i++)); do
        nics+=", $nic"
    done
    sed -e "s/@PF@/$1/" -e "s/@NICS@/$nics/" "$LAB/specs/refused.yaml.in" |
        lab run 'cat >specs/refused.yaml'
}

# refuse TEXT PATTERN: plan and apply both say why, and there is no domain.
refuse() {
    check "$1: plan refuses" expect 3 "$2" bmslice plan specs/refused.yaml
    check "$1: apply refuses" expect 3 "$2" bmslice apply specs/refused.yaml
    check "$1: no slice is there" expect 0 '^$' virsh --quiet list --all --name
    check "$1: the server still answers" expect 0 '' true
}

refuse_shared_group() {
    use_profile shared-group
    spec_with 0000:41:00.0 pf
    refuse "the port with the default route" 'error:.*default.route'
    spec_with 0000:41:00.1 pf
    refuse "a port in the group of the default route" 'error:.*(group|default.route)'
    spec_with 0000:11:00.0 pf
    refuse "half of a group" 'error:.*group'
}

refuse_no_iommu() {
    use_profile no-iommu
    spec_with 0000:11:00.0 pf
    refuse "no IOMMU" 'error:.*iommu'
}

refuse_sriov() {
    use_profile sriov
    spec_with 0000:11:00.0 vf 8
    refuse "more VFs than the port has" 'error:.*VF'
    spec_with 0000:12:00.0 vf
    refuse "VFs of a port without SR-IOV" 'error:.*(SR-IOV|VF)'
    spec_with 0000:11:00.0 vf 2 'bond: uplink, bond_mode: 802.3ad'
    refuse "LACP on VFs" 'error:.*(LACP|802.3ad)'
    refuse_taken
}

# A port that another spec's slice has.
refuse_taken() {
    spec_with 0000:12:00.0 pf
    lab run "sed 's/name: worker/name: second/' specs/refused.yaml >specs/second.yaml"
    check "a slice takes a port" expect 0 '' bmslice apply specs/refused.yaml
    check "a second slice that wants it: plan refuses" expect 3 'error:.*worker' \
        bmslice plan specs/second.yaml
    check "a second slice that wants it: apply refuses" expect 3 'error:.*worker' \
        bmslice apply specs/second.yaml
    check "the first slice still runs, alone" expect 0 '^worker$' virsh --quiet list --all --name
    check "it goes" expect 0 '' bmslice destroy --delete-disks specs/refused.yaml
}

[ $# -gt 0 ] || set -- sriov shared-group no-iommu
for profile; do
    case $profile in
    shared-group) refuse_shared_group ;;
    no-iommu) refuse_no_iommu ;;
    sriov) refuse_sriov ;;
    esac
done
finish
