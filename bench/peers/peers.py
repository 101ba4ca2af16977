"""Runs every engine on every table and writes the table of results.

Every engine is scored by the code below, on pairs (edges) and on clusters, at its default
cut and at the cut that the labels would have chosen afterwards. CPU is user and system time
of the process and its children, from the operating system; peak is its resident memory.
Times are the median of several runs, with the least and the most; results do not differ
between runs of an engine with one seed.
"""

import argparse
import csv
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

import sets

CUTS = [-4, -2, 0, 2, 4, 6, 8, 10, 12, 14]  # in bits

ap = argparse.ArgumentParser()
for f in ["amparo", "data", "work", "out"]:
    ap.add_argument("--" + f, required=True)
ap.add_argument("--large", type=int, required=True)
ap.add_argument("--sets", default="", help="only these, by name, comma between")
ap.add_argument("--limit", type=int, default=900, help="seconds an engine may take")
ap.add_argument("--runs", type=int, default=5, help="runs of amparo")
ap.add_argument("--peer-runs", type=int, default=3, help="runs of a peer that takes less than half a minute; others run once")
a = ap.parse_args()
here = os.path.dirname(os.path.abspath(__file__))


def high_water(pid):
    """Peak resident memory of a running process in MB. (rusage would count what this
    process had when it forked.)"""
    try:
        with open(f"/proc/{pid}/status") as f:
            return next((int(l.split()[1]) / 1024 for l in f if l.startswith("VmHWM")), 0)
    except OSError:
        return 0


def run(cmd):
    """CPU seconds, wall seconds, peak MB, exit code, output of one process."""
    began = time.monotonic()
    with open(os.path.join(a.work, "out.txt"), "w+") as out, open(os.path.join(a.work, "err.txt"), "w+") as err:
        p = subprocess.Popen(cmd, stdout=out, stderr=err, env=os.environ | {"GOMAXPROCS": "2"})
        peak = 0
        while True:
            peak = high_water(p.pid) or peak
            pid, status, used = os.wait4(p.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - began > a.limit:
                p.kill()
            time.sleep(0.005)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if p.returncode:
            print(" ".join(cmd[:3]), err.read()[-800:], file=sys.stderr)
        return used.ru_utime + used.ru_stime, time.monotonic() - began, peak, p.returncode, out.read()


def repeated(cmd, times, patience):
    """Several runs: lists of CPU seconds, wall seconds and peak MB, and the last exit code.
    A run that took longer than patience seconds is not repeated."""
    seen = []
    while len(seen) < times:
        cpu, wall, peak, code, _ = run(cmd)
        seen.append((cpu, wall, peak))
        if code or wall > patience:
            break
    return *(list(x) for x in zip(*seen)), code


def f1(both, found, true):
    p, r = both / max(found, 1), both / max(true, 1)
    return p, r, 2 * p * r / max(p + r, 1e-12)


class Truth:
    def __init__(self, s):
        rows = [pd.read_csv(p, dtype=str, usecols=["unique_id", "cluster"]).assign(source=k) for k, p in enumerate(s.tables)]
        t = pd.concat(rows)
        self.at = pd.Series(np.arange(len(t)), index=t["unique_id"].values)
        self.of = pd.factorize(t["cluster"])[0]
        self.source = t["source"].values
        self.link = s.link
        self.pairs = self.count(self.of)

    def count(self, of):
        """Pairs of one group; across the two tables only, where two are linked."""
        n = np.bincount(of).astype(np.int64)
        all_ = int((n * (n - 1) // 2).sum())
        if not self.link:
            return all_
        for k in (0, 1):
            m = np.bincount(of[self.source == k]).astype(np.int64)
            all_ -= int((m * (m - 1) // 2).sum())
        return all_

    def edges(self, path, cut=0.0):
        """Precision, recall and F1 of the pairs above cut bits; the best F1 of any cut."""
        e = pd.read_csv(path, dtype={0: str, 1: str})
        i, j = self.at[e.iloc[:, 0]].values, self.at[e.iloc[:, 1]].values
        w = e.iloc[:, 2].values.astype(float)
        right = self.of[i] == self.of[j]
        order = np.argsort(-w, kind="stable")
        found, hit = np.arange(1, len(w) + 1), np.cumsum(right[order])
        f = 2 * hit / (found + self.pairs)
        last = np.append(w[order][1:] != w[order][:-1], True)  # a cut takes all pairs of one weight
        best = float(f[last].max()) if len(f) else 0.0
        above = w >= cut
        return f1(int(right[above].sum()), int(above.sum()), self.pairs), best

    def components(self, path):
        """The best pair F1 and B-cubed F1 of connected components over a range of cuts."""
        e = pd.read_csv(path, dtype={0: str, 1: str})
        i, j, w = self.at[e.iloc[:, 0]].values, self.at[e.iloc[:, 1]].values, e.iloc[:, 2].values.astype(float)
        best = [0.0, 0.0]
        for cut in CUTS:
            g = coo_matrix((np.ones((w >= cut).sum()), (i[w >= cut], j[w >= cut])), shape=(len(self.of),) * 2)
            pair, b3 = self.score(connected_components(g, directed=False)[1].astype(np.int64))
            best = [max(best[0], pair[2]), max(best[1], b3[2])]
        return best

    def clusters(self, path):
        c = pd.read_csv(path, dtype=str)
        of = np.empty(len(self.of), dtype=np.int64)
        of[self.at[c.iloc[:, 0]].values] = pd.factorize(c.iloc[:, 1])[0]
        return self.score(of)

    def score(self, of):
        cell = pd.factorize(of * (self.of.max() + 1) + self.of)[0]
        pair = f1(self.count(cell), self.count(of), self.pairs)
        n = np.bincount(cell)[cell]
        bp, br = (n / np.bincount(of)[of]).mean(), (n / np.bincount(self.of)[self.of]).mean()
        return pair, (bp, br, 2 * bp * br / (bp + br))


def model_of(s, name):
    """The model amparo suggests, with the blocks that every engine gets or with its own."""
    cmd = [a.amparo, "link", "--suggest", unlabelled(s.tables[0])]
    for t in s.tables[1:]:
        cmd += ["--in", unlabelled(t)]
    text = subprocess.run(cmd, check=True, capture_output=True, text=True).stdout
    lines = [l for l in text.splitlines() if not l.startswith("threshold:")]
    if name == SAME:
        lines = [l for l in lines if not l.startswith("blocks:")] + ["blocks: " + json.dumps(s.blocks)]
    return "\n".join(lines + ["threshold: 0"]) + "\n"


def unlabelled(table):
    """The table without the answers, which amparo without a model would take for a field."""
    path = os.path.join(a.work, "unlabelled_" + os.path.basename(table))
    if not os.path.exists(path):
        with open(table, encoding="utf-8", newline="") as f, open(path, "w", encoding="utf-8", newline="") as out:
            rows = csv.reader(f)
            head = next(rows)
            at = head.index("cluster")
            csv.writer(out).writerows(r[:at] + r[at + 1 :] for r in [head, *rows])
    return path


def amparo(s, model):
    edges, clusters = os.path.join(a.work, "edges.csv"), os.path.join(a.work, "clusters.csv")
    cmd = [a.amparo, "link", "--json", "--out", clusters, "--edges", edges, "--workers", "2"]
    for t in s.tables:
        cmd += ["--in", unlabelled(t)]
    if model:
        path = os.path.join(a.work, "model.yaml")
        with open(path, "w") as f:
            f.write(model)
        cmd += ["--model", path]
    return edges, clusters, cmd


def hindsight(s, t, model):
    """What the labels would have chosen: the best of a range of thresholds."""
    best = {"edges_best": 0.0, "pair_best": 0.0, "b3_best": 0.0}
    for cut in CUTS if len(t.of) <= 20000 else [-4]:
        edges, clusters, cmd = amparo(s, model.replace("threshold: 0\n", f"threshold: {cut}\n"))
        if run(cmd)[3]:
            continue
        pair, b3 = t.clusters(clusters)
        best["pair_best"], best["b3_best"] = max(best["pair_best"], pair[2]), max(best["b3_best"], b3[2])
        if cut == CUTS[0]:  # has all pairs above it
            best["edges_best"] = t.edges(edges)[1]
    if len(t.of) > 20000:
        del best["pair_best"], best["b3_best"]
    return best


YEAR = f"people_{sets.YEAR}"
SAME, OWN = "amparo, same blocks", "amparo, no settings"


def engines(s):
    yield SAME, amparo(s, model_of(s, SAME))
    if s.name != YEAR:
        yield OWN, amparo(s, None)
    edges, clusters = os.path.join(a.work, "edges.csv"), os.path.join(a.work, "clusters.csv")
    common = ["--data", a.data, "--work", a.work, "--large", str(a.large), "--edges", edges, "--clusters", clusters]
    for name in ["splink", "recordlinkage", "dedupe"]:
        if name != "splink" and (s.name == YEAR or s.name == f"people_{a.large}" and a.large > 100000):
            continue  # hours, or more memory than there is
        if name == "dedupe" and s.name != "fake_1000":
            continue  # taught pair by pair it takes minutes for a thousand rows, and 23 GB for Febrl3
        try:
            v = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        yield f"{name} {v}", (edges, clusters, [sys.executable, os.path.join(here, "engine.py"), name, s.name] + common)


rows = []
want = [n for n in a.sets.split(",") if n]
for s in sets.all_sets(a.data, a.work, a.large):
    if want and s.name not in want:
        continue
    t = Truth(s)
    for name, (edges, clusters, cmd) in engines(s):
        for f in (edges, clusters):
            if os.path.exists(f):
                os.remove(f)
        ours = name.startswith("amparo")
        cpu, wall, peak, code = repeated(cmd, a.runs if ours else a.peer_runs, a.limit if ours else 30)
        row = {"table": s.name, "engine": name, "cpu": cpu, "wall": wall, "peak": peak}
        if code:
            row["failed"] = f"stopped after {wall[-1]:.0f} s (exit {code})"
        else:
            (_, _, row["edges"]), row["edges_best"] = t.edges(edges)
            (_, _, row["pair"]), (_, _, row["b3"]) = t.clusters(clusters)
            if ours:
                row |= hindsight(s, t, model_of(s, name))
            elif len(t.of) <= 20000:
                row["pair_best"], row["b3_best"] = t.components(edges)
        rows.append(row)
        print(json.dumps(row), file=sys.stderr)

idle = run([sys.executable, os.path.join(here, "engine.py"), "nothing", "fake_1000", "--data", a.data, "--work", a.work,
            "--large", str(a.large), "--edges", "-", "--clusters", "-"])


def cell(r, key):
    return f"{r[key]:.4f}" if key in r else ""


def times(seen):
    """The median, with the least and the most where there were several runs."""
    if len(seen) == 1:
        return f"{seen[0]:.2f}"
    return f"{statistics.median(seen):.2f} ({min(seen):.2f} to {max(seen):.2f})"


def line(r):
    if "failed" in r:
        marks = [r["failed"]] + [""] * 5
    else:
        marks = [cell(r, k) for k in ["edges", "edges_best", "pair", "pair_best", "b3", "b3_best"]]
    return "| " + " | ".join([r["table"], r["engine"], *marks, str(len(r["cpu"])), times(r["cpu"]), times(r["wall"]), f"{max(r['peak']):.0f}"]) + " |"


def against(rows, peer="splink"):
    """How many times less CPU each of our rows takes than the peer's on that table."""
    for r in rows:
        if r["engine"].startswith("amparo") and "failed" not in r:
            for p in rows:
                if p["table"] == r["table"] and p["engine"].startswith(peer) and "failed" not in p:
                    yield f"{r['table']}, {r['engine'].removeprefix('amparo, ')}: {statistics.median(p['cpu']) / statistics.median(r['cpu']):.1f}"


with open(a.out, "w") as f:
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as c:
            model = next((l.split(":")[1].strip() for l in c if l.startswith("model name")), "")
    print(f"Measured {datetime.date.today()} on 2 threads ({model or platform.machine()}), Python {platform.python_version()}. "
          f"Starting Python with Splink, and nothing else, takes {idle[0]:.1f} CPU-s and {idle[2]:.0f} MB of what stands below for it.", file=f)
    print("\n| table | engine | pairs F1, default cut | best cut | clusters pair F1, default | best | B-cubed F1, default | best | runs | CPU-s | wall s | peak MB |", file=f)
    print("|---|---|---|---|---|---|---|---|---|---|---|---|", file=f)
    for r in rows:
        print(line(r), file=f)
    print("\nSplink's CPU over Amparo's, medians: " + "; ".join(against(rows)) + ".", file=f)
