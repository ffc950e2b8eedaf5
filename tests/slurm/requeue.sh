# slurm/run.sbatch on a real Slurm: stopped by its time limit and by a requeue, it goes on by itself to the same bytes.
# Open MPI 4.1 over TCP on one host has been seen to crash in MPI_Init, about once in fifty launches; the job then
# queues itself again, so the numbers of lives are compared, never fixed.
. "$SOURCE_DIR/tests/job/job.sh"
. "$SOURCE_DIR/tests/slurm/box.sh"
missing=$(box_missing)
[ -z "$missing" ] || skip "private Slurm: $missing"
trap box_stop EXIT
box_start 2 || skip "private Slurm: see above"

# The site of the test: the marked lines of slurm/site.sh, and nothing else, are other ones.
mkdir slurm
sed -e "s|^tessera=.*# SITE|tessera=$TESSERA_FAULTY|" -e '/^launch=/s| --cpu-bind=cores||' \
    "$SOURCE_DIR/slurm/site.sh" >slurm/site.sh
ln -s "$REFERENCE/corpus" corpus
export TESSERA_FAULT=hold=part.before-rename:2 TESSERA_FAULT_HOLD=$PWD/held

state() { scontrol show job "$job" 2>/dev/null | sed -n 's/.*JobState=\([A-Z]*\).*/\1/p'; }
restarts() { scontrol show job "$job" | sed -n 's/.*Restarts=\([0-9]*\).*/\1/p'; }
until_true() { # until_true SECONDS WHAT COMMAND...
    local seconds=$1 what=$2 i
    shift 2
    for i in $(seq $((seconds * 5))); do
        ! "$@" || return 0
        sleep 0.2
    done
    cat log.txt
    scontrol show job "$job"
    tail -n 30 "$BOX"/log/*
    fail "waited $seconds s in vain until $what (the job is $(state))"
}
in_log() { grep -q -- "$1" log.txt; }
is_state() { [ "$(state)" = "$1" ]; }
was_requeued() { [ "$(restarts)" -gt "$1" ]; }
submit() { # submit OPTION...: starts the job and waits until it is held in its work
    rm -rf dataset log.txt held.reached
    : >held
    job=$(sbatch --parsable --nodes=2 --ntasks-per-node=2 --output=log.txt "$@" \
        "$SOURCE_DIR/slurm/run.sbatch" "$CONFIG")
    wait_for held.reached
}
finishes() {
    until_true 30 "the job is in the queue again" was_requeued "$1"
    until_true 90 "the job is done" is_state COMPLETED
    expect_same_dataset dataset "$REFERENCE/dataset"
}

step "SIGUSR1 before the time limit: the job stops, and queues itself again"
submit --time=1 --signal=B:USR1@50
until_true 60 "Slurm sends SIGUSR1" in_log "told the ranks"
sleep 0.5
restarted=$(restarts)
rm held
finishes "$restarted"
in_log "exit code 75" || fail "the first life did not stop cleanly"
in_log "life 2" || fail "no second life"

step "requeued by Slurm, as after preemption: the ranks get SIGTERM"
submit --time=10
restarted=$(restarts)
scontrol requeue "$job"
sleep 0.5
rm held
finishes "$restarted"

step "cancelled: it stays cancelled"
submit --time=10
restarted=$(restarts)
scancel "$job"
rm held
until_true 30 "the job is cancelled" is_state CANCELLED
sleep 1
expect_equal "$(restarts)" "$restarted" "restarts"
