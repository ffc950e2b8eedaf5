"""usage: check_read_sequences.py DATASET MATERIALISED...: the sequences that read_sequences.py gives are those of the
materialised files. Prints how many there were."""
import sys

import h5py
import numpy as np
from read_sequences import read_sequences

found = list(read_sequences(sys.argv[1]))
wanted_ids, wanted_mask = [], []
for path in sys.argv[2:]:
    with h5py.File(path) as f:
        wanted_ids.append(f["input_ids"][:])
        wanted_mask.append(f["loss_mask"][:])
np.testing.assert_array_equal(np.array([ids for ids, _ in found]), np.concatenate(wanted_ids))
np.testing.assert_array_equal(np.array([mask for _, mask in found]), np.concatenate(wanted_mask) != 0)
print(len(found), "sequences")
