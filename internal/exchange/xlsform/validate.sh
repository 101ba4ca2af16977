#!/usr/bin/env bash
# Validates the forms this program writes with pyxform, the reference implementation of
# XLSForm, and with ODK Validate, which comes with it and needs java. pyxform goes into
# a throw-away environment.
set -euo pipefail
cd "$(dirname "$0")"
env=$(mktemp -d)
trap 'rm -rf "$env"' EXIT
python3 -m venv "$env"
"$env/bin/pip" install --quiet --disable-pip-version-check 'pyxform==4.5.0'
AMPARO_PYXFORM="$env/bin/python" AMPARO_REQUIRE_PYXFORM=1 go test -count=1 -run TestFormsValidateWithPyxform .
