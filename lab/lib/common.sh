# shellcheck shell=bash disable=SC2034 # set here, used by the others
# SPDX-License-Identifier: Apache-2.0
# What all parts of the lab share: where things lie, how they speak, what is running.

# The cache holds what takes long to make and can be deleted at any time; state, below it, is the one
# server that is up (or was: its console stays to be read).
paths_set() {
    CACHE=$1
    STATE=$CACHE/state
    RACK=$CACHE/rack
    DISK=$CACHE/server.raw
    ESP=$CACHE/esp.raw
    GUEST=$CACHE/guest
    KEY=$CACHE/id_ed25519
}

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

need_root() {
    [ "$(id -u)" = 0 ] || die "must be root: the fabric lives in namespaces of its own"
}

need_command() {
    local name
    for name; do
        command -v "$name" >/dev/null || die "$name is missing: run lab/setup"
    done
}

# "name" of a package list, without comments.
package_list() { sed -e '/^#/d' -e '/^$/d' "$LAB/packages/$1"; }

# The same, separated by commas.
package_commas() { package_list "$1" | paste -sd, -; }

# One word for the contents of files and folders: a cache with another word is made anew.
contents_key() {
    find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sed "s,$LAB/,," | sha256sum | cut -c1-16
}

# step TEXT COMMAND...: says what runs and how long it takes. The command's output goes to a log, of
# which the end is shown when it fails. It runs under set -e, so its functions need no checks.
step() {
    local text=$1 log pid begin=$SECONDS
    shift
    mkdir -p "$CACHE/log"
    log=$CACHE/log/$1.log
    say "$text ..."
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null &
    pid=$!
    while [ -t 2 ] && kill -0 "$pid" 2>/dev/null; do
        printf '\rlab: %s s ' $((SECONDS - begin)) >&2
        sleep 1
    done
    [ ! -t 2 ] || printf '\r' >&2
    if ! wait "$pid"; then
        tail -n 30 "$log" >&2
        die "$text: failed after $((SECONDS - begin)) s (the whole log: $log)"
    fi
    say "$text: done in $((SECONDS - begin)) s"
}

# The start time of a process, in clock ticks since boot: with the pid it names one process for good.
process_birth() {
    local -a stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name, in parentheses, may hold spaces.
    read -ra stat <<<"${stat##*) }"
    printf '%s\n' "${stat[19]}"
}

# Pid of the rack's first process, when the one we started still runs.
rack_pid() {
    local pid birth
    { read -r pid birth <"$STATE/rack.pid"; } 2>/dev/null || return 1
    [ "$(process_birth "$pid")" = "$birth" ] || return 1
    printf '%s\n' "$pid"
}

# Runs a command inside the rack: its root, network and processes.
rack_run() {
    local pid
    pid=$(rack_pid) || die "nothing is up; try: lab up"
    nsenter --target "$pid" --mount --net --pid --ipc --uts --root --wd \
        env PATH=/usr/sbin:/usr/bin:/sbin:/bin OVS_RUNDIR=/state/ovs OVS_DBDIR=/state/ovs \
        OVS_LOGDIR=/state/ovs "$@"
}
