# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the lab's tests share. A test is a list of checks on the server of one profile, in TAP.
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TESTS=0
FAILURES=0

lab() { "$LAB/lab" "$@"; }

# use_profile NAME: the server that is up, if it is of that profile; else a new one. With LAB_PUSH=no
# the bmslice that is installed there already is tested.
use_profile() {
    if lab status 2>/dev/null | grep -qx "profile: $1"; then
        [ "${LAB_PUSH-yes}" = no ] || lab push || exit 1
    else
        lab down
        lab up --profile "$1" || exit 1
    fi
}

# check TEXT COMMAND...: one line of TAP; what the command said is shown when it fails, its comments
# (lines with "# ") always.
check() {
    local text=$1 out
    shift
    TESTS=$((TESTS + 1))
    if out=$("$@" 2>&1); then
        echo "ok $TESTS - $text"
        sed -n '/^# /p' <<<"$out"
    else
        FAILURES=$((FAILURES + 1))
        echo "not ok $TESTS - $text"
        printf '%s\n' "$out" | tail -n 40 | sed 's/^/# /'
    fi
}

# Ends the test: the plan, and an exit code.
finish() {
    echo "1..$TESTS"
    [ "$FAILURES" = 0 ]
    exit
}

# expect CODE PATTERN COMMAND...: on the server; exit code and (extended) pattern must both be so.
expect() {
    local code=$1 pattern=$2 out got=0
    shift 2
    out=$(lab run "$@" 2>&1) || got=$?
    printf '%s\n(exit %s, wanted %s and: %s)\n' "$out" "$got" "$code" "$pattern"
    [ "$got" = "$code" ] && grep -qiE -- "$pattern" <<<"$out"
}

# The guest's words, without the carriage returns.
guest_words() { lab run "tr -d '\r' </var/log/libvirt/qemu/$1-serial.log"; }

# told SLICE: the guest's own words into the log.
told() { guest_words "$1" | sed -n "s/^guest: /# $1 says: /p"; }

# wait_words SLICE PATTERN: until the guest has said so. Guests in an emulated server are slow.
wait_words() {
    local end=$((SECONDS + 300))
    until guest_words "$1" 2>/dev/null | grep -qE -- "$2"; do
        if [ $SECONDS -gt $end ]; then
            guest_words "$1"
            return 1
        fi
        sleep 2
    done
}

# booted SLICE: until its guest is through with its first words. Its kernel may stall like the server's
# (../lib/server.sh); one such guest is reset.
booted() {
    local end=$((SECONDS + 300)) words resets=0
    until words=$(guest_words "$1" 2>/dev/null) && grep -q '^guest: done' <<<"$words"; do
        if [ $resets = 0 ] && grep -q 'rcu: INFO: .* stalls' <<<"$words"; then
            resets=1
            echo "# $1 lost a timer interrupt, and is reset"
            forget "$1"
            lab run virsh --quiet reset "$1"
            end=$((SECONDS + 300))
        elif [ $SECONDS -gt $end ]; then
            printf '%s\n' "$words"
            return 1
        fi
        sleep 2
    done
}

# guest_do SLICE COMMAND: typed at the console of a slice that has booted; its words come out among the
# guest's. The terminal is held open: QEMU looks once a second whether somebody is there.
guest_do() { lab run "pty=\$(virsh ttyconsole $1) && { echo '$2'; sleep 3; } >\$pty"; }

# guest_says SLICE COMMAND PATTERN: typed there, this comes out.
guest_says() { guest_do "$1" "$2" && wait_words "$1" "$3"; }

# forget SLICE...: what the guests have said so far; the log outlives them. A power cut is not to bring
# it back.
forget() {
    local slice
    for slice; do
        lab run "f=/var/log/libvirt/qemu/$slice-serial.log; : >\$f; sync \$f"
    done
}

# vfs_make: two VFs on p0 that the host has set up in its own way, so that a change left behind shows.
vfs_make() {
    # shellcheck disable=SC2016 # the server's shell expands it
    lab run 'cd /sys/bus/pci/devices/0000:11:00.0 && [ "$(cat sriov_numvfs)" = 2 ] || {
        echo 2 >sriov_numvfs
        udevadm settle
        ip link set ens1f0 vf 0 mac 52:54:00:bb:00:01 vlan 7
        ip link set ens1f0 vf 1 mac 52:54:00:bb:00:02
        for vf in 0000:11:10.0 0000:11:10.2; do
            echo $vf >/sys/bus/pci/drivers/igbvf/unbind
            echo $vf >/sys/bus/pci/drivers/igbvf/bind
        done
        udevadm settle
    }'
}

# keep TOOL: what tests/tools/TOOL shows of the server now; same TOOL: it shows that again, within half a
# minute (the server's own network service brings a port up when its driver is back).
keep() { lab copy "$LAB"/tests/tools/{nics,host-state} /root && lab run "./$1 >$1.before"; }

same() {
    lab run "i=0; until ./$1 >$1.now; cmp -s $1.before $1.now; do
        i=\$((i + 1)); [ \$i -lt 15 ] || { diff $1.before $1.now; exit 1; }; sleep 2; done"
}

# switch_has PORT VLAN MAC: the switch has learned it there.
switch_has() {
    local table
    table=$(lab switch)
    printf '%s\n' "$table"
    awk -v port="$1" -v vlan="$2" -v mac="$3" \
        '$1 == port && $2 == vlan && $3 == mac { found = 1 } END { exit !found }' <<<"$table"
}

switch_lacks() { ! switch_has "$@"; }

# thread_on SLICE THREAD CPUS: a QEMU thread of the slice may run on these CPUs only.
thread_on() {
    # shellcheck disable=SC2016 # the server's shell expands it
    expect 0 "^$3\$" "pid=\$(cat /run/libvirt/qemu/$1.pid)"'
        for t in /proc/$pid/task/*; do
            [ "$(cat "$t/comm")" != "'"$2"'" ] || sed -n "s/^Cpus_allowed_list:\t//p" "$t/status"
        done'
}

# verified SPEC: verify passes; else what failed is shown.
verified() { expect 0 '' "bmslice verify $1 >/tmp/verify; c=\$?; grep -A1 FAIL /tmp/verify; exit \$c"; }
