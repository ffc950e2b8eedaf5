#!/bin/bash
# run.sh [CTEST-OPTION...]: set up, build, run all tests of the default preset. Ends with CTest's summary and status.
set -euo pipefail
cd "$(dirname "$0")/.."
.ci/setup build test
# The private Slurm of tests/slurm needs root; its tests skip themselves where the packages are missing.
if [ "$(id -u)" -eq 0 ]; then .ci/setup slurm || true; fi
echo "building" >&2
.ci/build
exec ctest --preset default -j "$(nproc)" "$@"
