#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of a fleet in a real browser: each host's page says what its plan says. Skipped without
chromium.

Usage: page_in_browser.py BMSLICE SOURCE-ROOT [HOSTS [CASE...]]

For fleets of bench/fleet-make, some hosts of which have names that would be code if they were not
text, a script at the end of the page asks for one host after the other (of large fleets for 150:
browsers allow a page no more navigations in a few seconds) and writes down what is there.
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
EVIL = ["rack0-</script><script>document.title = 'x'</script>", "rack0-\"'><img src=x onerror=y()>",
        "rack0-&lt;b&gt; %41 \\u0041 #host=rack0"]
# the words of a host's page; the event is made here, for the browser's comes too late; a drawing
# may have to be unpacked
READER = """
const told = {}, links = Array.from(document.querySelectorAll('.names li a'));
const evil = link => !/^[a-z0-9-]+$/.test(link.textContent), step = Math.ceil(links.length / 150);
const page = document.getElementById('host');
const wait = async () => {
    for (let i = 0; i < 200 && !page.querySelector('.drawing svg'); i++)
        await new Promise(done => setTimeout(done, 10));
};
const read = async link => {
    location.hash = link.hash;
    dispatchEvent(new HashChangeEvent('hashchange'));
    await wait();
    const svg = page.querySelector('.drawing svg');
    const texts = (from, what) => Array.from(from.querySelectorAll(what), e => e.textContent);
    told[link.textContent] = {
        head: svg ? svg.querySelector('title').textContent : null,
        cells: svg ? Array.from(svg.querySelectorAll('[data-cpu]'),
                                e => e.parentNode.querySelector('title').textContent) : [],
        tokens: page.textContent.match(/[\\uE000-\\uE0FF]/) !== null,
        slices: Array.from(page.querySelectorAll('.slices > div'),
                           e => [e.querySelector('b').textContent, ...texts(e, 'p')])};
};
(async () => {
    const packed = document.querySelectorAll('[data-z]').length;
    for (const link of links.filter((link, i) => i % step === 0 || evil(link))) await read(link);
    const result = document.body.appendChild(document.createElement('pre'));
    result.id = 'result';
    result.textContent = JSON.stringify({
        told, packed, hosts: links.length, scripts: document.scripts.length,
        images: document.images.length, title: document.title});
})();
"""


def cpu_list(numbers):
    """"0-3,8", as the kernel and the plan write it."""
    runs = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{a}-{b}" if b > a else f"{a}" for a, b in runs)


def make(bmslice, root, case, n_hosts, folder):
    subprocess.run([root / "bench/fleet-make", case, str(n_hosts), "16", "1", folder], check=True,
                   stdout=subprocess.DEVNULL)
    inventory, page = folder / "hosts.jsonl", folder / "page.html"
    lines = inventory.read_text().splitlines()
    for number, name in enumerate(EVIL):
        lines[number] = json.dumps(dict(json.loads(lines[number]), hostname=name))
    inventory.write_text("\n".join(lines) + "\n")
    plan = subprocess.run([bmslice, "plan", folder / "spec.yaml", "--inventory", inventory, "--json",
                           "--html", page], stdout=subprocess.PIPE, check=False).stdout
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", f"<script>{READER}</script></body>"), encoding="utf-8")
    return json.loads(plan), page


def look(chromium, page):
    with tempfile.TemporaryDirectory() as profile:
        dom = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
             f"--user-data-dir={profile}", "--virtual-time-budget=5000", page.as_uri()],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
    return json.loads(html.unescape(re.search('<pre id="result">(.*?)</pre>', dom, re.S).group(1)))


def check_host(host, told):
    """What is not as the plan says."""
    if told["head"] != host["name"] or told["tokens"]:
        yield f"its page is headed {told['head']!r}, tokens: {told['tokens']}"
    if len(told["slices"]) != len(host["slices"]):
        yield f"{len(told['slices'])} slices"
    for s, words in zip(host["slices"], told["slices"]):
        text = "\n".join(words[1:])
        wanted = [f"cluster {s['cluster']} ", f"{len(s['vcpus'])} vCPUs on CPUs "
                  f"{cpu_list(v['cpu'] for v in s['vcpus'])}\n", f"CPUs {s['emulator_cpus']}"]
        wanted += [f"{d['network'] or ''}" for d in s["devices"]]
        wanted += [d["address"] for d in s["devices"]]
        if words[0] != s["name"]:
            yield f"{words[0]} where {s['name']} is planned"
        for what in wanted:
            if what not in text + "\n":
                yield f"{s['name']}: {what!r} is not in {text!r}"
    wanted = {f"CPU {v['cpu']}: vCPU {v['id']} of {s['name']}"
              for s in host["slices"] for v in s["vcpus"]}
    if wanted != {title for title in told["cells"] if ": vCPU " in title}:
        yield "its CPUs are drawn otherwise than planned"


def main(bmslice, root, n_hosts=300, cases=("racks", "uneven")):
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser",
                                                    "google-chrome"))), None)
    if not chromium:
        print("no chromium")
        return SKIP
    bad = seen = packed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            plan, page = make(bmslice, root, case, n_hosts, pathlib.Path(folder))
            found = look(chromium, page)
        faults = [f"{found['hosts']} hosts of {len(plan['hosts'])} are listed"] * (
            found["hosts"] != len(plan["hosts"]))
        if (found["scripts"], found["images"]) != (2, 0) or found["title"] == "x":
            faults.append(f"a name has become code: {found['scripts']} scripts, {found['images']} "
                          f"images, the title is {found['title']}")
        hosts = {host["name"]: host for host in plan["hosts"]}
        for name, told in found["told"].items():
            faults += [f"{name}: {fault}" for fault in
                       (check_host(hosts[name], told) if name in hosts else ["it is not planned"])]
        for fault in faults[:10]:
            print(f"{case}: {fault}")
        seen, packed, bad = seen + len(found["told"]), packed + found["packed"], bad + len(faults)
    print(f"{seen} hosts looked at, {packed} drawings were packed, {bad} faults")
    return 1 if bad or not seen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], pathlib.Path(sys.argv[2]),
                  *([int(sys.argv[3])] if len(sys.argv) > 3 else []),
                  *([sys.argv[4:]] if len(sys.argv) > 4 else [])))
