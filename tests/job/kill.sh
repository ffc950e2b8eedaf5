# kill -9 at every named point, of one rank and of all; each death is followed by a launch with another number of ranks.
# In the end the dataset must equal one that was never disturbed.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

# Points in the order in which a run passes them.
commits="scan segment index feature checkpoint codebook unit part rejects shard sequence dataset"
ranks=(2 3 1 4 2 3)
prefetch() { [ $(($1 % 2)) -eq 0 ] && echo true || echo false; }

step "which points a run passes"
TESSERA_FAULT_LOG=$PWD/passed.log faulty "" 2 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
sort -u passed.log >passed.txt
for what in $commits; do
    for where in before-fsync before-rename after-rename; do
        grep -qx "$what.$where" passed.txt || fail "a run never passes $what.$where"
    done
done
grep -qx shard.mid-gather passed.txt || fail "a run never passes shard.mid-gather"

# Kill at one point after the other in one dataset: each launch goes on where the one before it died.
chain() {
    local how=$1 i=0 n what where
    step "$how at every point"
    rm -rf dataset killed.log
    for what in $commits; do
        for where in before-fsync before-rename after-rename mid-gather; do
            grep -qx "$what.$where" passed.txt || continue
            n=${ranks[i++ % ${#ranks[@]}]}
            TESSERA_FAULT_LOG=$PWD/killed.log faulty "$how=$what.$where" "$n" run "$CONFIG" \
                --set "run.prefetch=$(prefetch $i)"
            grep -qx "$what.$where" killed.log || fail "$what.$where was not passed by the launch that was to die there"
            [ "$RC" -ne 0 ] || fail "the launch that was to die at $what.$where ended well"
            [ "$RC" -ne 124 ] || fail "the launch that was to die at $what.$where hung"
        done
    done
    run 3 run "$CONFIG"
    expect_exit 0
    expect_same_dataset dataset "$REFERENCE/dataset"
    run 0 verify dataset
    expect_exit 0
    find dataset -name '*.tmp-*' | grep -q . && fail "temporary files are left"
}
chain kill
chain killall
