# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # the lists are used where this is sourced
# What ./quickstart and ./check share: packages, build folders, the daemons they start and stop.
# Sourced; needs bash with `set -eu`, and TOP, the source folder.

BUILD_PACKAGES="gcc pkgconf meson ninja-build libglib2.0-dev libjansson-dev libfyaml-dev libxml2-dev
  libvirt-dev libhwloc-dev pci.ids python3"
RUN_PACKAGES="libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-system libvirt-clients
  qemu-system-x86 qemu-utils"
IMAGE_PACKAGES="busybox-static grub-common grub-pc-bin xorriso mtools cpio xz-utils"
TEST_PACKAGES="git clang clang-format libclang-rt-14-dev python3-yaml python3-jsonschema hwloc-nox
  pciutils shellcheck codespell valgrind libc6-dbg"

say() {
    printf '\n== %s\n' "$*" >&2
}

# Installs what is missing of the packages named; asks the registry only when something is.
install_packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" </dev/null >"$TOP/build/apt.log" 2>&1 ||
        { tail -20 "$TOP/build/apt.log" >&2; return 1; }
}

# configure FOLDER [meson option...]: once.
configure() {
    local folder=$1
    shift
    [ ! -f "$folder/build.ninja" ] || return 0
    meson setup "$folder" "$TOP" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
}

# build FOLDER [target...]: quiet unless it fails.
build() {
    local folder=$1
    shift
    ninja -C "$folder" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; return 1; }
}

libvirt_answers() {
    virsh -q -c qemu:///system version >/dev/null 2>&1
}

STARTED_PIDS=()
KVM_OPENED=no

# QEMU's user may open /dev/kvm where udev runs; elsewhere libvirt, which itself may, would ask QEMU
# anew at each call whether KVM works. kvm_close takes it back.
kvm_open() {
    [ "$(stat -c %U:%G:%a /dev/kvm 2>/dev/null)" = root:root:600 ] || return 0
    chgrp kvm /dev/kvm
    chmod 660 /dev/kvm
    KVM_OPENED=yes
}

kvm_close() {
    [ $KVM_OPENED = yes ] || return 0
    chgrp root /dev/kvm
    chmod 600 /dev/kvm
    KVM_OPENED=no
}

# Starts libvirtd (and virtlogd, which keeps the guests' console) when none answers. Under systemd
# they are the system's own; elsewhere they are ours, and stop_libvirt ends them by their pids.
start_libvirt() {
    local name
    libvirt_answers && return 0
    say "starting libvirtd"
    if [ -d /run/systemd/system ]; then
        systemctl start libvirtd
    else
        mkdir -p "$TOP/build/run"
        kvm_open
        for name in virtlogd libvirtd; do
            "$name" -d -p "$TOP/build/run/$name.pid"
            STARTED_PIDS+=("$(cat "$TOP/build/run/$name.pid")")
        done
    fi
    for _ in $(seq 50); do
        libvirt_answers && return 0
        sleep 0.2
    done
    echo "libvirtd does not answer at qemu:///system" >&2
    return 1
}

stop_libvirt() {
    local pid
    for pid in "${STARTED_PIDS[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    STARTED_PIDS=()
    kvm_close
}
