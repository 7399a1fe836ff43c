# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# QEMU's command line for a profile, and waiting for what it boots.

# Can a server on this machine's KVM run KVM in its turn?
kvm_nests() {
    [ -w /dev/kvm ] && grep -qswE 'vmx|svm' /proc/cpuinfo &&
        cat /sys/module/kvm_{intel,amd}/parameters/nested 2>/dev/null | grep -q '[1Y]'
}

# Inside the server /dev/kvm must exist. Without one out here QEMU emulates AMD's nested
# virtualization; an Intel IOMMU beside an AMD CPU is odd hardware, and works. TCG says it lacks
# topoext, which tells the kernel of SMT siblings, but only the words of CPUID are needed for it: it
# is forced, and what EPYC has and TCG truly lacks is taken out.
cpu_arguments() {
    if kvm_nests; then
        QEMU+=(-accel kvm -cpu "host,+topoext")
    else
        local lacks=-fxsr-opt,-misalignsse,-osvw,-perfctr-core,-clzero,-ibpb,-nrip-save,-xsavec,-xsaves
        QEMU+=(-accel "tcg,thread=multi" -cpu "EPYC-v4,+svm,+npt,x-force-features=on,+topoext,$lacks")
    fi
}

node_arguments() {
    local node each=$((CORES * THREADS))
    QEMU+=(-smp "$((SOCKETS * each)),sockets=$SOCKETS,cores=$CORES,threads=$THREADS")
    QEMU+=(-m "$(numfmt --from=iec "$NODE_MEMORY" | awk -v n="$SOCKETS" '{print $1 * n / 2^20}')")
    for ((node = 0; node < SOCKETS; node++)); do
        QEMU+=(-object "memory-backend-ram,id=m$node,size=$NODE_MEMORY")
        QEMU+=(-numa "node,nodeid=$node,memdev=m$node,cpus=$((node * each))-$((node * each + each - 1))")
        # A host bridge of its own gives a node's NICs their NUMA node.
        QEMU+=(-device "pxb-pcie,id=pxb$node,bus=pcie.0,bus_nr=$((16 + 48 * node)),numa_node=$node")
    done
    for ((node = 1; node < SOCKETS; node++)); do
        QEMU+=(-numa "dist,src=0,dst=$node,val=21")
    done
}

# One root port a slot: each card gets its own place, and igb ports their own IOMMU groups.
slot_arguments() {
    local node=$1 slot=${2%.*} chassis
    case " $SLOTS_MADE " in *" $node/$slot "*) return ;; esac
    SLOTS_MADE+=" $node/$slot"
    chassis=$((node * 16 + slot))
    QEMU+=(-device "pcie-root-port,id=rp$node-$slot,bus=pxb$node,chassis=$chassis,slot=$chassis,addr=$slot")
}

# card_function MODEL NODE SLOT.FUNCTION: the -device words that put it there.
card_function() {
    local text="$1,bus=rp$2-${3%.*},addr=0.${3#*.},multifunction=on"
    # igb names its next function for ARI; by default function 0 says there is none.
    if [ "$1" = igb ] && [ "${3#*.}" = 0 ]; then
        text+=",x-pcie-ari-nextfn-1=on"
    fi
    printf '%s\n' "$text"
}

nic_arguments() {
    local i node=${MANAGEMENT_SLOT%/*} where=${MANAGEMENT_SLOT#*/}
    slot_arguments "$node" "$where"
    QEMU+=(-netdev "user,id=management,hostfwd=tcp:127.0.0.1:2222-:22")
    QEMU+=(-device "$(card_function e1000e "$node" "$where"),netdev=management,mac=52:54:00:ff:00:01")
    for i in "${!PORTS[@]}"; do
        slot_arguments "${NODES[i]}" "${SLOTS[i]}"
        QEMU+=(-netdev "tap,id=${PORTS[i]},ifname=${PORTS[i]},script=no,downscript=no")
        QEMU+=(-device "$(card_function "${MODELS[i]}" "${NODES[i]}" "${SLOTS[i]}"),netdev=${PORTS[i]},mac=$(port_mac "$i")")
    done
}

disk_arguments() {
    local platform=""
    # Behind an IOMMU the disk must ask for translated addresses, which firmware and GRUB cannot.
    [ "$IOMMU" = off ] || [ "$BOOT" = grub ] || platform=",iommu_platform=on,disable-legacy=on"
    [ "$BOOT" != grub ] || platform=",bootindex=2" # the firmware connects to no others
    QEMU+=(-drive "file=/state/disk.qcow2,if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap")
    QEMU+=(-device "virtio-blk-pci,drive=disk,bus=pcie.0$platform")
}

# With firmware and GRUB the kernel arguments are the server's own business.
boot_arguments() {
    if [ "$BOOT" = direct ]; then
        QEMU+=(-kernel /cache/guest/vmlinuz -initrd /cache/guest/initrd -append "$1 $KERNEL_ARGS")
        return
    fi
    QEMU+=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")
    QEMU+=(-drive "if=pflash,unit=1,format=raw,file=/state/firmware.fd")
    QEMU+=(-drive "file=/cache/esp.raw,if=none,id=esp,format=raw,readonly=on")
    QEMU+=(-device "virtio-blk-pci,drive=esp,bus=pcie.0,bootindex=1")
}

# Fills the array QEMU from the profile. Paths are the rack's.
qemu_arguments() {
    local args
    args="root=LABEL=root rw $(server_own_arguments)"
    SLOTS_MADE=""
    QEMU=(nice -n 5 qemu-system-x86_64 -nodefaults -no-user-config -name server1 -display none)
    if [ "$IOMMU" = on ]; then
        QEMU+=(-machine "q35,kernel-irqchip=split")
        kvm_nests || QEMU[-1]="q35,kernel-irqchip=off"
        QEMU+=(-device "intel-iommu,intremap=on,caching-mode=on,aw-bits=48")
        args+=" intel_iommu=on iommu=pt"
    else
        QEMU+=(-machine q35)
    fi
    cpu_arguments
    node_arguments
    nic_arguments
    disk_arguments
    boot_arguments "$args"
    QEMU+=(-serial file:/state/console.log -monitor "unix:/state/monitor.sock,server,nowait")
    QEMU+=(-daemonize -pidfile /state/qemu.pid)
}

# Everything that can go wrong later shows on the console.
console_end() {
    [ -f "$STATE/console.log" ] || return 0
    say "the console's last lines ($STATE/console.log):"
    tail -n 40 "$STATE/console.log" | tr -d '\r' >&2
}

# shellcheck disable=SC2016 # the rack's shell expands it
server_alive() { rack_run sh -c 'kill -0 "$(cat /state/qemu.pid)"' 2>/dev/null; }

server_reset() {
    rack_run sh -c 'echo system_reset | socat - unix-connect:/state/monitor.sock' >/dev/null
}

# Does a CPU get no timer interrupts? QEMU (10.0, without KVM) may lose the end of the first ones: the
# vector stays in service, and the timer in the mode in which the kernel started it.
server_is_deaf() {
    # shellcheck disable=SC2016 # the rack's shell expands it
    rack_run sh -c '
        ask() { socat -t2 - unix-connect:/state/monitor.sock | tr -d "\r"; }
        cpus=$(echo "info cpus" | ask | grep -c "CPU #")
        seq 0 $((cpus - 1)) | sed "s/^/info lapic /" | ask' |
        awk '/^LVTT\t/ { periodic = /periodic/ } /^ISR/ && periodic && / 236 / { found = 1 } END { exit !found }'
}

# How often the server's kernel has said that it stalls.
server_stalls() { grep -acs 'rcu: INFO: rcu_.* detected stalls' "$STATE/console.log" || true; }

# How often the server has come up since it was started.
server_boots() { grep -acs 'lab: ready' "$STATE/console.log"; }

# server_wait [BOOTS]: until it has come up so often. A busy machine with two cores and no KVM needs
# about two minutes for 24 CPUs.
# A server with a CPU that gets no timer interrupts is reset, up to eight times: its kernel waits for ever, or
# a slice on that CPU does.
server_wait() {
    local begin=$SECONDS limit=1200 shown=0 boots=${1-1} stalls reset=no tries=${2-0}
    stalls=$(server_stalls)
    ! kvm_nests || limit=300
    until [ "$(server_boots)" -ge "$boots" ]; do
        if ! server_alive; then
            console_end
            die "the server has ended"
        fi
        if [ $((SECONDS - begin)) -gt "$limit" ]; then
            console_end
            die "the server was not ready within $limit s"
        fi
        if [ $reset = no ] && [ $(($(server_stalls) - stalls)) -ge 3 ]; then
            say "the server's kernel stalls; it is reset"
            reset=yes
            server_reset
        fi
        if [ $((SECONDS - begin - shown)) -ge 15 ]; then
            shown=$((SECONDS - begin))
            say "$shown s: $(tail -n 1 "$STATE/console.log" | tr -dc '[:print:]' | cut -c1-100)"
        fi
        sleep 1
    done
    say "the server is ready after $((SECONDS - begin)) s"
    if [ "$tries" -lt 8 ] && server_is_deaf; then
        say "one of its CPUs gets no timer interrupts; it is reset"
        server_reset
        server_wait $((boots + 1)) $((tries + 1))
    fi
}
