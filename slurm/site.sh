# Settings of your site, read by slurm/run.sbatch. Look at the lines marked SITE; nothing else needs a change.

# How programs and libraries are found, where they are not in the standard places.
# module load openmpi hdf5                                # SITE

# The program.
tessera=$SLURM_SUBMIT_DIR/build/tessera              # SITE

# The launcher. srun lets SIGTERM (preemption, requeue) reach the ranks, which mpirun does not; it needs an MPI built
# for one of the interfaces of "srun --mpi=list". Otherwise: launch=(mpirun)
launch=(srun --mpi=pmix --kill-on-bad-exit=1 --cpu-bind=cores)   # SITE

# What else the job should see, such as node-local scratch:
# export TMPDIR=/local/$USER                              # SITE
