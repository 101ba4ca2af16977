#!/usr/bin/env bash
# Measures amparo link against Splink, recordlinkage and dedupe: the same tables, the same
# pairs, the same machine, one run. The peers come from PyPI into a throw-away environment.
#
#   bench/peers/run.sh DATA OUT.md [MILLION]
#
# DATA is the folder with febrl/ and fake_1000.csv; OUT.md receives the table; MILLION is how
# many invented persons the large table has (1000000; 0 leaves it out). Set PEERS to a folder
# to keep the environment for another run, SETS to names of tables, with commas, to measure
# only these.
set -euo pipefail
data=$(realpath "${1:?folder with the labelled data}")
out=$(realpath -m "${2:?file for the table}")
million=${3:-1000000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
peers=${PEERS:-$work/peers}
if [ ! -x "$peers/bin/python" ]; then
	python3 -m venv "$peers"
	"$peers/bin/pip" install -q splink
	# dedupe 3.0.3 fails with the newer BTrees its index asks for
	for p in recordlinkage "dedupe BTrees==5.2"; do
		# shellcheck disable=SC2086
		"$peers/bin/pip" install -q $p || echo "$p does not install here: left out" >&2
	done
fi
cd "$here/../.."
go build -trimpath -o "$work/amparo" ./cmd/amparo
for n in 10000 100000 "$million"; do
	if [ "$n" != 0 ]; then go run ./bench/people -records "$n" -seed 1 -out "$work/people_$n.csv"; fi
done
"$peers/bin/python" "$here/peers.py" --amparo "$work/amparo" --data "$data" --work "$work" --large "$million" --sets "${SETS:-}" --out "$out"
