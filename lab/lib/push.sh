# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# This tree's bmslice, and something to run in its slices, on the server.

# A build folder stays with the tree it was made for: another tree gets one of its own.
build_folder() { echo "$CACHE/build-$(cksum <<<"$TREE" | cut -d' ' -f1)"; }

bmslice_build() {
    local build
    build=$(build_folder)
    [ -f "$build/build.ninja" ] || meson setup --buildtype=release "$build" "$TREE"
    ninja -C "$build" src/bmslice
}

guest_image_make() { "$LAB/guest-image" --cache "$CACHE" "$CACHE/slice.qcow2"; }

lab_push() {
    need_up
    need_command meson ninja tar
    step "building bmslice" bmslice_build
    if stale slice "$LAB/guest" "$LAB/guest-image" "$CACHE/disk.key"; then
        step "packing the slices' image" guest_image_make
        fresh slice "$LAB/guest" "$LAB/guest-image" "$CACHE/disk.key"
    fi
    step "copying to the server" push_files
}

push_files() {
    server_run 'mkdir -p /root/specs /root/examples'
    tar -C "$(build_folder)/src" -cf - bmslice | server_run 'tar -C /usr/local/bin -xf -'
    tar -C "$TREE" -cf - examples | server_run 'tar -C /root -xf -'
    tar -C "$LAB" -cf - specs | server_run 'tar -C /root -xf -'
    tar -C "$CACHE" -cf - slice.qcow2 | server_run 'tar -C /var/lib/libvirt/images -xf -'
}
