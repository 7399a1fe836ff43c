# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# lab demo: the runbook's scenario from a fresh server to the switch's table, told step by step.

DEMO_SPEC=specs/seed-pf.yaml
DEMO_SLICES="Red_k8s_cluster_worker1 Blue_k8s_cluster_worker1"

demo_show() {
    printf '\n$ %s\n' "$*"
    server_run "$@"
}

# Under emulation a slice boots in one to three minutes.
demo_wait_guests() {
    local slice log begin=$SECONDS
    for slice in $DEMO_SLICES; do
        log=/var/log/libvirt/qemu/$slice-serial.log
        until server_run grep -q "'^guest: done'" "$log"; do
            [ $((SECONDS - begin)) -lt 600 ] || die "$slice did not boot"
            sleep 5
        done
        printf '\n%s says:\n' "$slice"
        server_run grep "'^guest:'" "$log" | tr -d '\r' | sed 's/^/  /'
    done
}

demo_run() {
    demo_show bmslice discover
    demo_show bmslice plan $DEMO_SPEC
    demo_show bmslice apply $DEMO_SPEC || return
    say "waiting for the guests"
    demo_wait_guests
    demo_show bmslice verify $DEMO_SPEC
    printf '\nthe switch has learned:\n'
    rack_run /lab/lib/fabric switch_show
    demo_show bmslice destroy --delete-disks $DEMO_SPEC
}

lab_demo() {
    need_root
    rack_pid >/dev/null || lab_up --profile seed
    [ "$(cat "$STATE/profile")" = seed ] || die "demo wants profile seed; lab down ends this one"
    demo_run
    say "the server is still up: lab ssh, lab down"
}
