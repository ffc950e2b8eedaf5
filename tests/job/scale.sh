# A hundred thousand rows in bounded memory, in each form: tests/peers/scale.py, which does it with any number of rows.
. "$(dirname "$0")/job.sh"
[ -r /proc/self/status ] && grep -q RssAnon /proc/self/status || skip "no /proc with RssAnon"
limits=(--most-anonymous-mb 96 --most-resident-mb 200)
if [ -n "$(nm -D "$TESSERA" 2>/dev/null | grep -m 1 -E '__asan_init')" ]; then
    echo "a sanitizer's memory is its own: no limits"
    limits=()
fi
scale() {
    step "$*"
    "$PYTHON" "$SOURCE_DIR/tests/peers/scale.py" --tessera "$TESSERA" --mpirun "$MPIRUN" --rows 1e5 --ranks 2 \
        --folder "$WORK_DIR/scale" "${limits[@]}" "$@" >out.txt 2>err.txt || fail "scale.py $*"
    expect_output "index: 100000 rows, 0 rejected"
    expect_output "was there"
    expect_output "^ .* units: [1-9]"
    tail -n 3 out.txt
}
scale --kind text
scale --kind text --set index.segment_rows=500 --set index.merge_width=4
scale --kind tsv
scale --kind gzip
scale --kind audio --set index.probe=never
scale --kind audio --set index.probe=auto
