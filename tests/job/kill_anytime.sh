# kill -9 of all ranks and their launcher at arbitrary moments, one life after the other.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

kill_launch() { # the launcher is stopped first, so that it cannot end its ranks in another way
    kill -STOP "$1" 2>/dev/null || return 0
    # shellcheck disable=SC2046  # a list of pids
    kill -9 $(cat "/proc/$1/task/$1/children") 2>/dev/null
    kill -9 "$1"
}

step "twelve lives"
moment=0.30
for n in 2 3 1 4 2 3 2 1 3 2 4 2; do
    "$MPIRUN" -n "$n" "$TESSERA" run "$CONFIG" >out.txt 2>err.txt </dev/null &
    sleep "$moment"
    kill_launch $!
    wait $! 2>/dev/null
    moment=$(echo "$moment" | awk '{ print $1 + 0.07 }')
done
run 2 run "$CONFIG"
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
find dataset -name '*.tmp-*' | grep -q . && fail "temporary files are left"
run 0 verify dataset
expect_exit 0
