# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is made once and kept: the rack's tools, the server's disk, the ssh key.

# apt's sources of this machine, as deb lines for another release of Debian.
apt_sources() {
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
        awk -v want="$1" -v keys=/usr/share/keyrings/debian-archive-keyring.gpg '
            $1 == "Debian" && $3 !~ /backports/ && !seen[$0]++ {
                sub(/^[a-z]+/, want, $3)
                printf "deb [signed-by=%s] %s %s main\n", keys, $2, $3
            }'
}

# root_make SUITE PACKAGES DIR OPTION...: a root file system; DIR appears only when it is whole.
root_make() {
    local suite=$1 packages=$2 dir=$3 sources
    shift 3
    sources=$(apt_sources "$suite")
    [ -n "$sources" ] || { echo "apt knows no Debian sources: run apt-get update"; return 1; }
    rm -rf "$dir.part" "$dir"
    mmdebstrap --mode=root --variant=minbase --include="$(package_commas "$packages")" \
        --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt=force-unsafe-io \
        "$@" "$suite" "$dir.part" <<<"$sources"
    mv "$dir.part" "$dir"
}

rack_make() {
    root_make trixie rack "$RACK"
    mkdir -p "$RACK/state" "$RACK/cache" "$RACK/lab"
}

# An initrd of only what finds the root disk is made and booted much faster.
server_root_make() {
    local settings=/usr/share/initramfs-tools
    root_make bookworm server "$CACHE/server-root" \
        --setup-hook="mkdir -p \"\$1$settings/conf.d\" \"\$1$settings/modules.d\"" \
        --setup-hook="cp $LAB/server/initramfs.conf \"\$1$settings/conf.d/lab\"" \
        --setup-hook="cp $LAB/server/initramfs.modules \"\$1$settings/modules.d/lab\""
}

# Units that are of no use here and take long, or change the server behind a test's back.
readonly MASKED=(
    apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer libvirt-guests.service proc-sys-fs-binfmt_misc.automount
    systemd-binfmt.service systemd-networkd-wait-online.service modprobe@{dm_mod,drm,efi_pstore,loop}.service
)

# The server's own settings, put over the packages' files; those of an earlier recipe go first.
server_root_configure() {
    local root=$CACHE/server-root
    [ ! -f "$root.files" ] || (cd "$root" && xargs rm -f <"$root.files")
    (cd "$LAB/server/files" && find . -type f) >"$root.files"
    cp -a --no-preserve=ownership "$LAB/server/files/." "$root/"
    install -d -m 700 "$root/root/.ssh"
    install -m 600 "$KEY.pub" "$root/root/.ssh/authorized_keys"
    # Not a first boot, each time: that takes half a minute.
    echo bmslice-lab | md5sum | cut -d" " -f1 >"$root/etc/machine-id"
    chroot "$root" systemctl enable systemd-networkd ssh libvirtd lab-ready
    chroot "$root" systemctl mask "${MASKED[@]}"
    rm -f "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*_*
}

# Kernel, initrd and what the slices' guest image is packed from.
server_kernel_take() {
    local root=$CACHE/server-root release
    release=$(basename "$root"/lib/modules/*)
    mkdir -p "$GUEST"
    cp -L "$root/boot/vmlinuz-$release" "$GUEST/vmlinuz"
    cp -L "$root/boot/initrd.img-$release" "$GUEST/initrd"
    rm -rf "$GUEST/modules"
    mkdir -p "$GUEST/modules/lib/modules"
    cp -a "$root/lib/modules/$release" "$GUEST/modules/lib/modules/"
    cp -L "$root/bin/busybox" "$GUEST/busybox"
}

# What GRUB reads before the server's own update-grub has run; the root disk is vda.
first_grub_cfg_make() {
    local root=$CACHE/server-root release
    release=$(basename "$root"/lib/modules/*)
    mkdir -p "$root/boot/grub"
    cp -r /usr/lib/grub/x86_64-efi "$root/boot/grub/" # as grub-install does
    printf '%s\n' 'set timeout=0' 'menuentry first {' \
        "  linux /boot/vmlinuz-$release root=LABEL=root rw $(server_own_arguments)" \
        "  initrd /boot/initrd.img-$release" '}' >"$root/boot/grub/grub.cfg"
}

# The server's own kernel arguments, as its /etc/default/grub has them.
server_own_arguments() {
    sed -n 's/^GRUB_CMDLINE_LINUX="\(.*\)"$/\1/p' "$LAB/server/files/etc/default/grub"
}

# A FAT disk with a GRUB that finds the root disk's own configuration.
esp_make() {
    # shellcheck disable=SC2016 # GRUB expands it
    printf '%s\n' 'search --no-floppy --label root --set=root' 'set prefix=($root)/boot/grub' \
        'configfile $prefix/grub.cfg' >"$CACHE/esp.cfg"
    grub-mkstandalone -O x86_64-efi -o "$CACHE/bootx64.efi" "boot/grub/grub.cfg=$CACHE/esp.cfg"
    rm -f "$ESP.part"
    truncate -s 64M "$ESP.part"
    mformat -i "$ESP.part" -F ::
    mmd -i "$ESP.part" ::/EFI ::/EFI/BOOT
    mcopy -i "$ESP.part" "$CACHE/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
    mv "$ESP.part" "$ESP"
}

server_disk_make() {
    server_root_configure
    first_grub_cfg_make
    server_kernel_take
    rm -f "$DISK.part"
    truncate -s 16G "$DISK.part"
    mke2fs -q -t ext4 -L root -E lazy_itable_init=1,nodiscard -d "$CACHE/server-root" "$DISK.part"
    mv "$DISK.part" "$DISK"
}

key_make() {
    [ -f "$KEY" ] || ssh-keygen -q -t ed25519 -N '' -C bmslice-lab -f "$KEY"
}

# stale NAME FILES...: has what NAME is made of changed since it was made?
stale() {
    local name=$1
    shift
    [ "$(cat "$CACHE/$name.key" 2>/dev/null)" != "$(contents_key "$@")" ]
}

fresh() {
    local name=$1
    shift
    contents_key "$@" >"$CACHE/$name.key"
}

# Makes whatever is missing or older than its recipe.
build_all() {
    local root_recipe=("$LAB/packages/server" "$LAB"/server/initramfs.{conf,modules})
    need_command mmdebstrap mke2fs ssh-keygen grub-mkstandalone mformat
    mkdir -p "$CACHE"
    chmod 700 "$CACHE"
    key_make
    if stale rack "$LAB/packages/rack"; then
        step "making the rack (QEMU, Open vSwitch)" rack_make
        fresh rack "$LAB/packages/rack"
    fi
    if stale server-root "${root_recipe[@]}"; then
        step "making the server's root file system" server_root_make
        fresh server-root "${root_recipe[@]}"
        rm -f "$CACHE/disk.key"
    fi
    [ -f "$ESP" ] || step "making the disk that GRUB starts from" esp_make
    if stale disk "$LAB/server"; then
        step "making the server's disk" server_disk_make
        fresh disk "$LAB/server"
    fi
}
