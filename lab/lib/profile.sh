# shellcheck shell=bash disable=SC2034 # set here, used by the others
# SPDX-License-Identifier: Apache-2.0
# A profile describes one server. It is a small bash file of settings and of calls to nic and group.

profile_list() {
    local file
    for file in "$LAB"/profiles/*.conf; do
        basename "$file" .conf
    done
}

profile_load() {
    local file=$LAB/profiles/$1.conf
    [ -f "$file" ] || die "no profile $1; there are: $(profile_list | paste -sd' ' -)"
    # What a profile does not say:
    SOCKETS=2 CORES=2 THREADS=2
    NODE_MEMORY=2G       # each socket is a NUMA node
    IOMMU=on             # off: a machine with no IOMMU at all
    BOOT=direct          # QEMU loads the kernel; grub: firmware, GRUB, the server's own /etc/default/grub
    KERNEL_ARGS=""
    PORTS=() MODELS=() NODES=() SLOTS=() CABLES=()
    MANAGEMENT_SLOT=0/9.0
    # shellcheck source=/dev/null
    . "$file"
}

# nic PORT MODEL NODE SLOT.FUNCTION CABLE: one port. Ports in one slot are one card; MODEL is igb
# (SR-IOV, an IOMMU group each) or e1000e (no SR-IOV; ports of one card share their IOMMU group).
# CABLE is access:VLAN or trunk:VLAN,VLAN.
nic() {
    PORTS+=("$1") MODELS+=("$2") NODES+=("$3") SLOTS+=("$4") CABLES+=("$5")
}

# management NODE SLOT.FUNCTION: where the port sits that carries the default route and SSH.
management() { MANAGEMENT_SLOT=$1/$2; }

# isolate KEPT ISOLATED: the kernel arguments that bmslice plans for such a server, already in force.
isolate() {
    KERNEL_ARGS+=" isolcpus=managed_irq,domain,$2 nohz_full=$2 rcu_nocbs=$2 irqaffinity=$1"
}

# MAC of the n-th port (from 0).
port_mac() { printf '52:54:00:10:00:%02x\n' $(($1 + 1)); }
