#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One slice on a real libvirtd with a real QEMU, from the first apply to the last trace gone.

Usage: test_slices.py BMSLICE IMAGE

IMAGE is the tiny bootable disk of tools/tiny-image, which says "guest: ready" on its console. Prints
TAP. Skips, with the reason, where there is no libvirtd, no second core, or slices of somebody else's.
Runs as root. The tests are one story: each goes on where the one before it stopped.
"""
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

BMSLICE, IMAGE = sys.argv[1:3]
NAME = "bmslice-test-worker1"
MIB = 1024 * 1024
CONSOLE = pathlib.Path(f"/var/log/libvirt/qemu/{NAME}-serial.log")

SPEC = """\
version: 1
images:
  tiny: {{source: {image}{sha256}}}
hosts:
  - name: "*"
    uri: {uri}
    reserve: {{cores_per_node: 1, memory_per_node: 512MiB}}
    isolation: none
    disk_dir: {disk_dir}
clusters:
  - name: test
    slices:
      - name: {name}
        vcpus: 1
        smt: isolate
        memory: {memory}
        hugepages: none
        service: {{cores: 0}}
        disk: {{image: tiny, size: {size}}}
"""

FOREIGN_XML = f"""\
<domain type='qemu'><name>{NAME}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
"""


class Lab:
    """A folder with the image, the spec and the slice's disks; and what libvirt says of them."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bmslice-test-", dir="/var/tmp"))
        self.folder.chmod(0o711)  # QEMU runs as a user of its own
        self.disk_dir = self.folder / "disks"
        self.disk = self.disk_dir / f"{NAME}.qcow2"
        self.spec = self.folder / "spec.yaml"
        self.image = self.folder / "tiny.qcow2"
        shutil.copy(IMAGE, self.image)
        digest = hashlib.sha256(self.image.read_bytes()).hexdigest()
        self.sha256 = digest
        self.base = self.disk_dir / f"base-{digest[:16]}.qcow2"
        self.write_spec()

    def write_spec(self, **changes):
        values = {"image": self.image, "sha256": "", "uri": "qemu:///system", "name": NAME,
                  "disk_dir": self.disk_dir, "memory": "256MiB", "size": "1GiB"} | changes
        self.spec.write_text(SPEC.format(**values))

    def run(self, verb, *options, status=0):
        """Runs the verb on the spec; the exit code must be as said. Returns stdout and stderr."""
        call = [BMSLICE, verb, *options, str(self.spec)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=180, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{verb} {options}: exit {done.returncode}\n{said}"
        return said

    def run_json(self, verb, *options, status=0):
        call = [BMSLICE, verb, "--json", *options, str(self.spec)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == status, f"{verb}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def steps(self, *options, status=0):
        """What apply would do."""
        states = self.run_json("apply", "--dry-run", *options, status=status)["slices"]
        return [step["kind"] for state in states for step in state["steps"]]

    def nothing_left(self):
        assert NAME not in virsh("list", "--all", "--name").split()
        assert not pool_of(self.disk_dir), "the pool is still there"
        assert not self.disk_dir.exists(), list(self.disk_dir.iterdir())

    def clean(self):
        """By other means than the program under test."""
        virsh("destroy", NAME, check=False)
        virsh("undefine", NAME, check=False)
        pool = pool_of(self.disk_dir)
        if pool:
            virsh("pool-destroy", pool, check=False)
            virsh("pool-undefine", pool, check=False)
        if CONSOLE.is_dir():
            CONSOLE.rmdir()
        for log in (CONSOLE, CONSOLE.with_name(f"{NAME}.log")):
            log.unlink(missing_ok=True)
        shutil.rmtree(self.folder)


def virsh(*words, check=True):
    done = subprocess.run(["virsh", "-q", "-c", "qemu:///system", *words], capture_output=True,
                          text=True, timeout=60, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def pool_of(folder):
    for pool in virsh("pool-list", "--all", "--name").split():
        if f"<path>{folder}</path>" in virsh("pool-dumpxml", pool):
            return pool
    return None


def state():
    return virsh("domstate", NAME).strip()


def pid():
    return int(pathlib.Path(f"/run/libvirt/qemu/{NAME}.pid").read_text())


def vcpu_thread():
    for task in pathlib.Path(f"/proc/{pid()}/task").iterdir():
        if (task / "comm").read_text().startswith("CPU 0/"):
            return int(task.name)
    raise AssertionError("no vCPU thread")


def cpuset_file(thread, group):
    """Where to write a thread id, to move it to another of its domain's cpuset groups ("vcpu0",
    "emulator"): the kernel refuses a plain sched_setaffinity() out of the group's CPUs."""
    for line in pathlib.Path(f"/proc/{pid()}/task/{thread}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        domain = os.path.dirname(path)
        if controllers == "cpuset":
            return pathlib.Path(f"/sys/fs/cgroup/cpuset{domain}/{group}/tasks")
        if controllers == "" and os.path.exists(f"/sys/fs/cgroup{path}/cpuset.cpus"):
            return pathlib.Path(f"/sys/fs/cgroup{domain}/{group}/cgroup.threads")
    return None


def move_thread(thread, group, cpus):
    file = cpuset_file(thread, group)
    if file:
        file.write_text(str(thread))
    os.sched_setaffinity(thread, cpus)


def wait_until(what, true, seconds=60):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.2)


def inode(path):
    return path.stat().st_ino


# The tests, in order.

def foreign_domain_is_left_alone(lab):
    xml = lab.folder / "foreign.xml"
    xml.write_text(FOREIGN_XML)
    virsh("define", str(xml))
    before = virsh("dumpxml", NAME)
    assert "not made by bmslice" in lab.run("apply", status=3)
    assert f"! {NAME}" in lab.run("diff", status=3)
    assert NAME in lab.run("destroy", "--delete-disks", status=1)
    assert virsh("dumpxml", NAME) == before
    virsh("undefine", NAME)
    lab.nothing_left()


def wrong_checksum_is_refused(lab):
    lab.write_spec(sha256=f", sha256: {'0' * 64}")
    assert lab.sha256 in lab.run("apply", status=1)
    lab.nothing_left()


def image_on_a_backing_file_is_refused(lab):
    thin = lab.folder / "thin.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", lab.image, thin],
                   check=True)
    lab.write_spec(image=thin)
    assert "qemu-img convert" in lab.run("apply", status=1)
    lab.nothing_left()


def disk_smaller_than_its_image_is_refused(lab):
    lab.write_spec(size="1MiB")
    assert "at least" in lab.run("apply", status=1)
    lab.nothing_left()


def failed_start_leaves_nothing(lab):
    lab.write_spec()
    CONSOLE.mkdir()  # the console's log cannot be opened, so the start fails
    said = lab.run("apply", status=1)
    CONSOLE.rmdir()
    assert "was not applied" in said and "taking back" in said, said
    lab.nothing_left()


def pool_of_the_user_is_kept(lab):
    lab.disk_dir.mkdir()
    virsh("pool-define-as", "bmslice-test-pool", "dir", "--target", str(lab.disk_dir))
    CONSOLE.mkdir()
    lab.run("apply", status=1)
    CONSOLE.rmdir()
    assert pool_of(lab.disk_dir) == "bmslice-test-pool"
    assert list(lab.disk_dir.iterdir()) == []
    virsh("pool-destroy", "bmslice-test-pool")
    virsh("pool-undefine", "bmslice-test-pool")
    lab.disk_dir.rmdir()


def other_hosts_are_refused(lab):
    lab.write_spec(uri="qemu+ssh://root@elsewhere/system")
    assert "another host" in lab.run("apply", status=2)
    lab.nothing_left()


def one_at_a_time(lab):
    lab.write_spec()
    with open("/run/bmslice.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another bmslice" in lab.run("apply", status=1)
    lab.nothing_left()


def dry_run_changes_nothing(lab):
    assert lab.steps() == ["volume-create", "domain-define", "domain-autostart", "domain-start"]
    lab.nothing_left()


def cut_off_upload_is_done_anew(lab):
    lab.disk_dir.mkdir()
    lab.base.write_bytes(lab.image.read_bytes()[:3 * MIB])
    lab.write_spec(sha256=f", sha256: {lab.sha256}")
    lab.run("apply")
    assert hashlib.sha256(lab.base.read_bytes()).hexdigest() == lab.sha256


def slice_runs_as_planned(lab):
    lab.write_spec()
    assert state() == "running"
    assert virsh("dominfo", NAME).split("Autostart:")[1].split()[0] == "enable"
    checks = lab.run_json("verify")
    verdicts = {check["id"]: check["verdict"] for check in checks["checks"]}
    for check in ("vcpu-pin", "emulator-pin", "thread-affinity", "memory-node"):
        assert verdicts[check] == "pass", checks
    assert set(verdicts.values()) <= {"pass", "skip"}, checks
    wait_until("the guest's console", lambda: "guest: ready" in CONSOLE.read_text(errors="replace"))


def second_apply_does_nothing(lab):
    before = pid()
    assert lab.steps() == []
    assert "Nothing to do" in lab.run("apply")
    lab.run("diff")
    assert pid() == before


def moved_thread_is_found(lab):
    thread = vcpu_thread()
    planned = os.sched_getaffinity(thread)
    move_thread(thread, "emulator", {0})
    checks = lab.run_json("verify", status=3)["checks"]
    failed = [check for check in checks if check["verdict"] == "fail"]
    assert any(f"/task/{thread}/" in check["evidence"] for check in failed), failed
    move_thread(thread, "vcpu0", planned)
    lab.run("verify")


def changed_pin_is_mended(lab):
    before = pid()
    virsh("vcpupin", NAME, "0", "0")
    assert "vcpu 0 pin" in lab.run("diff", status=3)
    assert lab.steps() == ["domain-repin"]
    lab.run("apply")
    lab.run("diff")
    lab.run("verify")
    assert pid() == before, "the guest was restarted"


def live_cpus_are_held(lab):
    """What a guest runs with is taken, whatever its configuration says by now."""
    virsh("vcpupin", NAME, "0", "0", "--config")
    lab.write_spec(name="bmslice-test-worker2")
    assert "slice-overlap" in lab.run("apply", status=3)
    assert "bmslice-test-worker2" not in virsh("list", "--all", "--name")
    lab.write_spec()
    assert lab.steps() != []
    virsh("vcpupin", NAME, "0", "1", "--config")
    lab.run("diff")


def paused_guest_is_resumed(lab):
    before = pid()
    virsh("suspend", NAME)
    assert "paused" in lab.run("diff", status=3)
    assert "paused" in lab.run("verify", status=3)
    assert lab.steps() == ["domain-resume"]
    lab.run("apply")
    lab.run("verify")
    assert (state(), pid()) == ("running", before)


def disk_grows_under_the_guest(lab):
    before = pid()
    lab.write_spec(size="2GiB")
    assert lab.steps() == ["volume-grow"]
    lab.run("apply")
    assert str(2048 * MIB) in virsh("domblkinfo", NAME, "vda")
    lab.run("diff")
    lab.write_spec(size="1GiB")
    assert "shrink" in lab.run("apply", status=3)
    assert pid() == before, "the guest was restarted"


def memory_needs_a_restart(lab):
    before = pid()
    lab.write_spec(size="2GiB", memory="320MiB")
    assert "--restart" in lab.run("apply", status=3)
    assert pid() == before
    lab.run("apply", "--restart")
    assert pid() != before
    assert f"<memory unit='KiB'>{320 * 1024}</memory>" in virsh("dumpxml", NAME)
    lab.run("verify")


def killed_guest_is_started_again(lab):
    os.kill(pid(), signal.SIGKILL)
    wait_until("libvirt's notice", lambda: state() == "shut off")
    lab.run("verify", status=3)
    assert lab.steps() == ["domain-start"]
    lab.run("apply")
    lab.run("verify")


def destroy_keeps_the_disk(lab):
    before = inode(lab.disk)
    assert "did you mean" in subprocess.run(
        [BMSLICE, "destroy", str(lab.spec), NAME + "0"], capture_output=True, text=True,
        check=False).stderr
    assert state() == "running"
    lab.run("destroy")
    assert NAME not in virsh("list", "--all", "--name").split()
    assert inode(lab.disk) == before
    lab.run("apply")
    assert inode(lab.disk) == before, "the disk was made anew"
    assert state() == "running"


def destroy_takes_all(lab):
    virsh("destroy", NAME)  # a stopped slice goes too, and without waiting for the guest
    lab.run("destroy", "--delete-disks")
    lab.nothing_left()
    assert "Nothing to do" in lab.run("destroy", "--delete-disks")


TESTS = [
    foreign_domain_is_left_alone,
    wrong_checksum_is_refused,
    image_on_a_backing_file_is_refused,
    disk_smaller_than_its_image_is_refused,
    failed_start_leaves_nothing,
    pool_of_the_user_is_kept,
    other_hosts_are_refused,
    one_at_a_time,
    dry_run_changes_nothing,
    cut_off_upload_is_done_anew,
    slice_runs_as_planned,
    second_apply_does_nothing,
    moved_thread_is_found,
    changed_pin_is_mended,
    live_cpus_are_held,
    paused_guest_is_resumed,
    disk_grows_under_the_guest,
    memory_needs_a_restart,
    killed_guest_is_started_again,
    destroy_keeps_the_disk,
    destroy_takes_all,
]


def reason_to_skip():
    if os.geteuid() != 0:
        return "not root"
    if not os.path.exists(IMAGE):
        return f"no {IMAGE}: tools/tiny-image makes it"
    if not shutil.which("virsh"):
        return "virsh is not installed"
    if subprocess.run(["virsh", "-q", "-c", "qemu:///system", "version"], capture_output=True,
                      check=False).returncode != 0:
        return "no libvirtd at qemu:///system (./check starts one)"
    cores = {path.read_text() for path in
             pathlib.Path("/sys/devices/system/cpu").glob("cpu*/topology/core_cpus_list")}
    if len(cores) < 2:
        return "one core is not enough: the host keeps one"
    status = subprocess.run([BMSLICE, "status", "--json"], capture_output=True, text=True, check=True)
    if json.loads(status.stdout)["slices"]:
        return "there are slices on this host already"
    return None


def main():
    reason = reason_to_skip()
    if reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    print(f"1..{len(TESTS)}")
    failed = False
    lab = Lab()
    try:
        for number, test in enumerate(TESTS, 1):
            name = test.__name__.replace("_", " ")
            if failed:
                print(f"not ok {number} - {name}: not run")
                continue
            try:
                test(lab)
                print(f"ok {number} - {name}", flush=True)
            except Exception:  # in whatever way it fails, what was made must go
                failed = True
                print(f"not ok {number} - {name}", flush=True)
                print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    finally:
        lab.clean()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
