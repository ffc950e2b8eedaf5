# Stopping cleanly: exit code 75, and the next launch goes on to the same bytes.
. "$(dirname "$0")/job.sh"
ln -s "$REFERENCE/corpus" corpus

goes_on() {
    run "$1" run "$CONFIG"
    expect_exit 0
    expect_same_dataset dataset "$REFERENCE/dataset"
    rm -rf dataset
}

for point in index.after-rename checkpoint.after-rename feature.after-rename part.after-rename sequence.after-rename; do
    step "SIGUSR1 to one rank at $point"
    faulty "usr1=$point" 3 run "$CONFIG"
    expect_exit 75
    expect_message "stopped \(.*run the same command again"
    goes_on 2
done

step "SIGTERM without a launcher"
faulty "term=part.after-rename:2" 0 run "$CONFIG"
expect_exit 75
expect_message "SIGTERM"
run 0 status dataset
expect_exit 0
expect_output "SIGTERM"
goes_on 0

step "SIGUSR1 to mpirun, which forwards it"
hold part.before-fsync 2 run "$CONFIG"
kill -USR1 "$LAUNCHED"
sleep 0.5
let_go
expect_exit 75
goes_on 4

step "run.time_limit" # held before the first look at the clock, so that a slow machine changes nothing
hold settings.after-rename 0 run "$CONFIG" --set run.time_limit=0.5s
sleep 1
let_go
expect_exit 75
expect_message "time limit"
goes_on 0

step "a second job on the same output is refused and harms nothing"
hold part.before-rename:2 0 run "$CONFIG"
run 0 run "$CONFIG"
expect_exit 2
expect_message "pid $LAUNCHED"
let_go
expect_exit 0
expect_same_dataset dataset "$REFERENCE/dataset"
