"""One engine on one table, alone in its process so that its CPU and memory are its own.

    engine.py ENGINE SET --edges FILE --clusters FILE   (ENGINE: nothing, splink, recordlinkage, dedupe)

EDGES receives id_l,id_r,weight for every pair above a weight of -6 bits (a probability for
dedupe, as log odds in bits); CLUSTERS id,cluster at the engine's default cut.
"""

import argparse
import csv
import logging
import math

import sets

ap = argparse.ArgumentParser()
ap.add_argument("engine")
ap.add_argument("set")
ap.add_argument("--data", required=True)
ap.add_argument("--work", required=True)
ap.add_argument("--large", type=int, required=True)
ap.add_argument("--edges", required=True)
ap.add_argument("--clusters", required=True)
a = ap.parse_args()
logging.disable(logging.CRITICAL)


def find():
    return next(s for s in sets.all_sets(a.data, a.work, a.large) if s.name == a.set)


def put(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f)
        w.writerow(head)
        w.writerows(rows)


def bits(p):
    p = min(max(p, 1e-12), 1 - 1e-12)
    return math.log2(p / (1 - p))


def components(n, pairs):
    up = list(range(n))

    def root(i):
        while up[i] != i:
            up[i] = up[up[i]]
            i = up[i]
        return i

    for i, j in pairs:
        i, j = root(i), root(j)
        if i != j:
            up[max(i, j)] = min(i, j)
    return [root(i) for i in range(n)]


def splink(s):
    import duckdb
    import pandas as pd
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    con = duckdb.connect()
    con.execute("set threads = 2")
    db = DuckDBAPI(con)
    tables = [pd.read_csv(p, dtype=str) for p in s.tables]
    frames = [db.register(t, dataset_display_name=f"t{i}") for i, t in enumerate(tables)]
    rules = lambda bs: [block_on(*b) for b in bs]
    settings = SettingsCreator(
        link_type="link_only" if s.link else "dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=s.comparisons(),
        blocking_rules_to_generate_predictions=rules(s.sql),
    )
    linker = Linker(frames if s.link else frames[0], settings)
    linker.training.estimate_probability_two_random_records_match(rules(s.deterministic), recall=s.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=s.u_pairs, seed=1)
    for b in s.em:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*b))
    pred = linker.inference.predict(threshold_match_weight=-6)
    got = linker.clustering.cluster_pairwise_predictions_at_threshold(pred, threshold_match_probability=0.5)
    con.register("pairs", pred.as_duckdbpyrelation())
    con.execute(f"copy (select unique_id_l as id_l, unique_id_r as id_r, match_weight as weight from pairs) to '{a.edges}' (header)")
    con.register("clusters", got.as_duckdbpyrelation())
    con.execute(f"copy (select unique_id as id, cluster_id as cluster from clusters) to '{a.clusters}' (header)")


def recordlinkage(s):
    """Expectation-maximisation over agreement (Jaro-Winkler >= 0.85 of texts, else equal)."""
    import pandas as pd
    import recordlinkage as rl

    tables = [pd.read_csv(p, dtype=str).set_index("unique_id") for p in s.tables]
    index = rl.Index()
    for b in s.blocks:
        index.add(rl.index.Block(left_on=b, right_on=b))
    pairs = index.index(*tables)
    compare = rl.Compare()
    exact = {"dob", "date_of_birth", "soc_sec_id", "street_number", "postcode", "state", "city"}
    for c in tables[0].columns:
        if c == "cluster":
            continue
        if c in exact:
            compare.exact(c, c, label=c)
        else:
            compare.string(c, c, method="jarowinkler", threshold=0.85, label=c)
    seen = compare.compute(pairs, *tables)
    ecm = rl.ECMClassifier()
    ecm.fit(seen)
    p = ecm.prob(seen)
    put(a.edges, ["id_l", "id_r", "weight"], ((i, j, bits(v)) for (i, j), v in p.items() if bits(v) > -6))
    ids = [i for t in tables for i in t.index]
    at = {v: k for k, v in enumerate(ids)}
    of = components(len(ids), ((at[i], at[j]) for (i, j), v in p.items() if v >= 0.5))
    put(a.clusters, ["id", "cluster"], zip(ids, of))


def dedupe(s):
    """Taught with 200 pairs of its own choosing, answered from the truth."""
    import random

    import dedupe as dd
    import numpy as np
    import pandas as pd

    random.seed(1)
    np.random.seed(1)
    tables = [pd.read_csv(p, dtype=str) for p in s.tables]
    fields = [c for c in tables[0].columns if c not in ("unique_id", "cluster")]
    data, truth = [], {}
    for t in tables:
        rows = {}
        for r in t.to_dict("records"):
            truth[r["unique_id"]] = r["cluster"]
            rows[r["unique_id"]] = {c: (r[c] if isinstance(r[c], str) else None) for c in fields} | {"id": r["unique_id"]}
        data.append(rows)
    decl = [dd.variables.String(c, has_missing=True) for c in fields]
    engine = (dd.RecordLink if s.link else dd.Dedupe)(decl, num_cores=2)
    engine.prepare_training(*data)
    for _ in range(200):
        pair = engine.uncertain_pairs()[0]
        same = truth[pair[0]["id"]] == truth[pair[1]["id"]]
        engine.mark_pairs({"match": [pair] if same else [], "distinct": [] if same else [pair]})
    engine.train()
    edges, of = [], {i: i for d in data for i in d}
    if s.link:
        for (i, j), p in engine.join(*data, threshold=0.0):
            edges.append((i, j, bits(float(p))))
            if p >= 0.5:
                of[j] = i
    else:
        scored = engine.score(engine.pairs(data[0]))
        edges = [(i, j, bits(float(p))) for (i, j), p in scored]
        for n, (ids, _) in enumerate(engine.cluster(scored, threshold=0.5)):
            for i in ids:
                of[i] = f"c{n}"
    put(a.edges, ["id_l", "id_r", "weight"], (e for e in edges if e[2] > -6))
    put(a.clusters, ["id", "cluster"], of.items())


def nothing(s):
    """What Python and the peers' libraries cost before they begin."""
    import splink  # noqa: F401
    from splink import DuckDBAPI  # noqa: F401


{"splink": splink, "recordlinkage": recordlinkage, "dedupe": dedupe, "nothing": nothing}[a.engine](find())
