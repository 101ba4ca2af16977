"""The tables of the comparison: where they lie, what is blocked on, how each peer is set.

Splink's comparisons are those of its published demonstrations for each table; the blocks are
theirs too, less the rules that not every engine can express, and all engines get the same.
"""

import csv
import os
import re


def _strip(rows):
    return [[c.strip() for c in r] for r in rows]


def _febrl(name, clean, out):
    """Febrl tables have a space after each comma; the label is in the id."""
    with open(clean, encoding="utf-8") as f:
        rows = _strip(csv.reader(f))
    head = ["unique_id" if c == "rec_id" else c for c in rows[0]]
    with open(out, "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f)
        w.writerow(head + ["cluster"])
        for r in rows[1:]:
            w.writerow(r + [re.match(r"rec-(\d+)", r[0]).group(1)])


# YEAR is how many invented persons the table has of which all born in one year are compared.
YEAR = 100000


class Set:
    """name, tables (one to dedupe, two to link), blocks (lists of columns; sql, where they are
    more than columns, the same for Splink)."""

    def __init__(self, name, tables, blocks, deterministic, recall, u_pairs, em, sql=None):
        self.name, self.tables, self.blocks, self.sql = name, tables, blocks, sql or blocks
        self.deterministic, self.recall, self.u_pairs, self.em = deterministic, recall, u_pairs, em

    @property
    def link(self):
        return len(self.tables) == 2

    def comparisons(self):
        import splink.comparison_library as cl

        kind = self.name.split("_")[0].rstrip("0123456789")
        if kind == "Febrl":
            return [
                cl.NameComparison("given_name"),
                cl.NameComparison("surname"),
                cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
                cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
                cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
                cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
            ]
        both = [
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ]
        if kind == "people":
            both.append(cl.ExactMatch("postcode").configure(term_frequency_adjustments=True))
        return both


def all_sets(data, work, large):
    febrl = lambda n: os.path.join(work, f"febrl_{n}.csv")
    for n in ["3", "4a", "4b"]:
        _febrl(n, os.path.join(data, "febrl", f"dataset{n}.csv"), febrl(n))
    ids = [["soc_sec_id"], ["given_name"], ["surname"], ["date_of_birth"], ["postcode"]]
    sets = [
        Set("fake_1000", [os.path.join(data, "fake_1000.csv")],
            [["city", "first_name"], ["surname"], ["dob"], ["email"]],
            [["first_name", "dob"], ["surname", "dob"], ["email"]], 0.7, 1e6, [["first_name", "surname"], ["dob"]]),
        Set("Febrl3", [febrl("3")], ids,
            [["soc_sec_id"], ["given_name", "surname", "date_of_birth"]], 0.9, 1e6, [["date_of_birth"], ["postcode"]]),
        Set("Febrl4", [febrl("4a"), febrl("4b")],
            [["given_name", "surname"], ["date_of_birth"], ["soc_sec_id"], ["state", "address_1"],
             ["street_number", "address_1"], ["postcode"]],
            [["soc_sec_id"], ["given_name", "surname", "date_of_birth"]], 0.8, 1e6, [["date_of_birth"], ["postcode"]]),
    ]
    path = os.path.join(work, f"people_{YEAR}.csv")
    if os.path.exists(path):  # for the pairs compared a second: 52.7 M of them
        sets.append(Set(f"people_{YEAR}", [path], [["dob:year"]], [["first_name", "surname", "dob"], ["email"]], 0.7, 1e6,
            [["first_name", "surname"], ["dob"]], sql=[["substr(dob, 1, 4)"]]))
    for n in [10000, large]:
        path = os.path.join(work, f"people_{n}.csv")
        if n and os.path.exists(path):
            sets.append(Set(f"people_{n}", [path],
                [["first_name", "surname"], ["surname", "dob"], ["first_name", "dob"], ["email"],
                 ["surname", "postcode"], ["dob", "postcode"]],
                [["first_name", "surname", "dob"], ["email"]], 0.7, 1e7 if n > 100000 else 1e6,
                [["first_name", "surname"], ["dob"]]))
    return sets
