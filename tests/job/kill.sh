# kill -9 at every named point, of one rank and of all; each death is followed by a launch with another number of ranks.
# In the end the dataset must equal one that was never disturbed.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

prefetch() { [ $(($1 % 2)) -eq 0 ] && echo true || echo false; }

step "which points a run passes"
TESSERA_FAULT_LOG=$PWD/passed.log faulty "" 2 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
# once each, in the order of the run; .write is for errors (space.sh)
grep -v '\.write$' passed.log | awk '!seen[$0]++' >passed.txt
for what in index units feature checkpoint codebook part rejects shard sequence dataset; do
    for where in before-fsync before-rename after-rename; do
        grep -qx "$what.$where" passed.txt || fail "a run never passes $what.$where"
    done
done
grep -qx shard.mid-gather passed.txt || fail "a run never passes shard.mid-gather"

# Kill at one point after the other in one dataset: each launch goes on where the one before it died.
# chain HOW PATTERN RANKS...: the points that match, and the numbers of ranks in turn (0: without mpirun)
chain() {
    local how=$1 pattern=$2 i=0 n point
    shift 2
    local ranks=("$@")
    grep -E "$pattern" passed.txt >chain.txt
    step "$how at each of $(wc -l <chain.txt) points"
    rm -rf dataset
    while read -r point; do
        n=${ranks[i++ % ${#ranks[@]}]}
        rm -f killed.log
        TESSERA_FAULT_LOG=$PWD/killed.log faulty "$how=$point" "$n" run "$CONFIG" --set "run.prefetch=$(prefetch $i)"
        grep -qx "$point" killed.log || fail "the launch that was to die at $point did not come there"
        [ "$RC" -ne 0 ] || fail "the launch that was to die at $point ended well"
        [ "$RC" -ne 124 ] || fail "the launch that was to die at $point hung"
    done <chain.txt
    run 3 run "$CONFIG"
    expect_exit 0
    expect_same_dataset dataset "$REFERENCE/dataset"
    run 0 verify dataset
    expect_exit 0
    expect_no_file dataset/state
    find dataset -name '*.tmp-*' | grep -q . && fail "temporary files are left"
    return 0
}
chain kill . 2 3 2 4
chain killall 'before-rename|after-rename|mid-' 0 2 0 3
