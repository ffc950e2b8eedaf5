/* What every file of this folder does with the result of an MPI call: an error is a bug of the run and ends it. */
#pragma once

#include "par/par.h"

#include <mpi.h>

#define MPI_CHECK(p, call)                                                                                             \
    do {                                                                                                               \
        if ((call) != MPI_SUCCESS) par_abort((p), 1, __FILE__, __LINE__, #call);                                       \
    } while (0)
