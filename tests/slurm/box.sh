# A private Slurm on this machine, on the loopback alone: munged, slurmctld and some slurmd, all ours. Source it.
#
#   box_start NODES   as root; sets SLURM_CONF; 1 and a reason on stdout when it cannot be done here
#   box_stop

box_missing() { # what is missing on this machine; nothing when all is there
    local program
    [ "$(id -u)" -eq 0 ] || { echo "needs root"; return; }
    for program in munged slurmctld slurmd srun sbatch scontrol; do
        command -v "$program" >/dev/null || { echo "$program is not installed (.ci/setup slurm)"; return; }
    done
}

box_config() { # box_config NODES PORT
    cat <<CONF
ClusterName=box
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$2
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$BOX/munge.socket,cred_expire=5
SlurmUser=root
SlurmdUser=root
SlurmctldPidFile=$BOX/pid/slurmctld
SlurmdPidFile=$BOX/pid/%n
SlurmctldLogFile=$BOX/log/slurmctld
SlurmdLogFile=$BOX/log/%n
StateSaveLocation=$BOX/state
SlurmdSpoolDir=$BOX/spool/%n
TmpFS=$BOX/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=1000,bf_interval=1
MpiDefault=pmix
ReturnToService=2
SlurmdTimeout=10
KillWait=5
NodeName=n[1-$1] NodeHostname=localhost NodeAddr=127.0.0.1 Port=$(($2 + 1))-$(($2 + $1)) CPUs=2 RealMemory=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

box_start() {
    local nodes=$1 port=$((17000 + $$ % 400 * 20)) i
    BOX=$(mktemp -d /tmp/tessera-slurm.XXXXXX) # a short path: it holds a socket
    chmod 755 "$BOX"
    mkdir "$BOX"/pid "$BOX"/log "$BOX"/state
    for i in $(seq "$nodes"); do mkdir -p "$BOX/spool/n$i" "$BOX/tmp/n$i"; done
    (umask 077 && head -c 1024 /dev/urandom >"$BOX/munge.key")
    export SLURM_CONF=$BOX/slurm.conf
    box_config "$nodes" "$port" >"$SLURM_CONF"
    echo "CgroupPlugin=cgroup/v1" >"$BOX/cgroup.conf" # named outright, nothing is probed: works without cgroups
    # Several slurmd on one host: their ranks must not meet in shared memory under one name.
    export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_pml=ob1
    munged --key-file="$BOX/munge.key" --socket="$BOX/munge.socket" --pid-file="$BOX/pid/munged" \
        --seed-file="$BOX/munge.seed" --log-file="$BOX/log/munged" || { echo "munged does not start"; return 1; }
    slurmctld -c || { echo "slurmctld does not start"; return 1; }
    for i in $(seq "$nodes"); do slurmd -N "n$i" || { echo "slurmd does not start"; return 1; }; done
    for i in $(seq 200); do
        [ "$(sinfo -h -t idle -o %D 2>/dev/null)" != "$nodes" ] || return 0
        sleep 0.05
    done
    echo "the nodes do not come up"
    return 1
}

box_stop() {
    local i file
    [ -n "${BOX:-}" ] || return 0
    scancel -u root 2>/dev/null
    for i in $(seq 100); do
        [ -n "$(squeue -h 2>/dev/null)" ] || break
        sleep 0.1
    done
    for file in "$BOX"/pid/n* "$BOX/pid/slurmctld" "$BOX/pid/munged"; do
        [ ! -f "$file" ] || kill "$(cat "$file")" 2>/dev/null
    done
    for i in $(seq 100); do
        [ -n "$(ls -A "$BOX/pid")" ] || break
        sleep 0.1
    done
    rm -rf "$BOX"
}
