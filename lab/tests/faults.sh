#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What can go wrong does. Each time the next apply mends it and destroy cleans up.
# shellcheck disable=SC2317 # functions are called by name
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
readonly SPEC=specs/faults.yaml VOLUMES=/var/lib/libvirt/images/bmslice

# All is gone: domain, disk, and what was changed about the NICs.
clean() {
    expect 0 '^$' "virsh --quiet list --all --name; ls $VOLUMES 2>/dev/null | grep -v '^base-'; true" && same nics
}

mended() { expect 0 '' bmslice apply "$SPEC" && verified "$SPEC"; }

cleaned() { expect 0 '' bmslice destroy --delete-disks "$SPEC" && clean; }

# killed STEP SECONDS: bmslice dies so long after it has announced that step.
killed() {
    expect 0 '' ./kill-at "$1" "$2" bmslice apply "$SPEC" && mended && cleaned
}

# libvirtd_killed STEP: libvirtd dies when that step has begun. systemd starts it again.
libvirtd_killed() {
    lab run "bmslice apply $SPEC 2>&1 | while read -r line; do
        echo \"\$line\"
        case \$line in '$1 '*) systemctl kill --kill-who=main -s KILL libvirtd ;; esac
    done
    until virsh --quiet --readonly list >/dev/null 2>&1; do sleep 1; done"
    mended && cleaned
}

# nic_spec: specs/taken.yaml, a slice with the whole port p1.
nic_spec() {
    sed -e 's/@PF@/0000:12:00.0/' \
        -e 's/@NICS@/{network: wanted, mode: pf, locality: any}/' "$LAB/specs/refused.yaml.in" |
        lab run 'cat >specs/taken.yaml'
}

refused() {
    expect 3 "$1" bmslice apply specs/taken.yaml &&
        expect 0 '^$' virsh --quiet list --all --name
}

# noise: specs/noise.yaml, a slice whose image holds nothing that boots.
noise_spec() {
    lab run "sed -e 's,images/slice.qcow2,images/noise.qcow2,' $SPEC >specs/noise.yaml
        head -c 1M /dev/urandom >noise
        qemu-img convert -O qcow2 noise /var/lib/libvirt/images/noise.qcow2"
}

use_profile sriov
vfs_make
keep nics
lab copy "$LAB/tests/tools/kill-at" /root

points=0
for point in "1 0" "1 0.1" "2 0" "2 0.1" "3 0" "3 0.1" "4 0" "4 0.1" "5 0" "5 0.1" "6 0" "6 0.1" "6 0.3" \
    "6 1"; do
    points=$((points + 1))
    # shellcheck disable=SC2086 # two words
    check "bmslice killed at step ${point% *}, after ${point#* } s" killed $point
done
echo "# $points points"

nic_spec
check "a port for a slice" expect 0 '' bmslice plan specs/taken.yaml
lab run ip address add 192.0.2.1/24 dev ens2f0
check "that has got an address meanwhile: refused" refused 'error:.*(address|use)'
lab run ip address del 192.0.2.1/24 dev ens2f0
check "nothing has changed" clean

noise_spec
check "a guest that does not boot is started" expect 0 '' bmslice apply specs/noise.yaml
check "verify finds nothing wrong about the host" verified specs/noise.yaml
check "destroy removes it" expect 0 '' bmslice destroy --delete-disks specs/noise.yaml
check "nothing is left of it" clean

check "a slice runs" mended
# shellcheck disable=SC2016 # the server's shell expands it
lab run 'kill -KILL "$(cat /run/libvirt/qemu/worker.pid)"
    until [ "$(virsh domstate worker)" = "shut off" ]; do sleep 1; done'
check "QEMU killed: status says that it is off" expect 0 'worker.*(shut|off|stop)' bmslice status
check "QEMU killed: apply starts it" mended
check "QEMU killed: destroy cleans up" cleaned
check "libvirtd killed while the volume is made" libvirtd_killed create
check "libvirtd killed while the domain starts" libvirtd_killed "start domain worker"
finish
