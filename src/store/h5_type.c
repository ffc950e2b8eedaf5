#include "store/h5_parts.h"

static const struct {
    size_t size;
    H5T_class_t class;
    H5T_sign_t sign; /* of integers */
} kinds[] = {
    [H5_U8] = {1, H5T_INTEGER, H5T_SGN_NONE},  [H5_U16] = {2, H5T_INTEGER, H5T_SGN_NONE},
    [H5_U32] = {4, H5T_INTEGER, H5T_SGN_NONE}, [H5_U64] = {8, H5T_INTEGER, H5T_SGN_NONE},
    [H5_I8] = {1, H5T_INTEGER, H5T_SGN_2},     [H5_I16] = {2, H5T_INTEGER, H5T_SGN_2},
    [H5_I32] = {4, H5T_INTEGER, H5T_SGN_2},    [H5_I64] = {8, H5T_INTEGER, H5T_SGN_2},
    [H5_F16] = {2, H5T_FLOAT, H5T_SGN_ERROR},  [H5_F32] = {4, H5T_FLOAT, H5T_SGN_ERROR},
    [H5_F64] = {8, H5T_FLOAT, H5T_SGN_ERROR},
};

size_t h5_type_size(h5_type t) { return kinds[t].size; }

/* IEEE half precision, which HDF5 1.10 has no name for; h5py reads it as float16. */
static hid_t half_type(hid_t base)
{
    hid_t t = H5Tcopy(base);
    if (t < 0) return t;
    if (H5Tset_fields(t, 15, 10, 5, 0, 10) < 0 || H5Tset_size(t, 2) < 0 || H5Tset_ebias(t, 15) < 0) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

hid_t h5_type_open(h5_type type, int in_memory)
{
    switch (type) {
    case H5_U8: return H5Tcopy(in_memory ? H5T_NATIVE_UINT8 : H5T_STD_U8LE);
    case H5_U16: return H5Tcopy(in_memory ? H5T_NATIVE_UINT16 : H5T_STD_U16LE);
    case H5_U32: return H5Tcopy(in_memory ? H5T_NATIVE_UINT32 : H5T_STD_U32LE);
    case H5_U64: return H5Tcopy(in_memory ? H5T_NATIVE_UINT64 : H5T_STD_U64LE);
    case H5_I8: return H5Tcopy(in_memory ? H5T_NATIVE_INT8 : H5T_STD_I8LE);
    case H5_I16: return H5Tcopy(in_memory ? H5T_NATIVE_INT16 : H5T_STD_I16LE);
    case H5_I32: return H5Tcopy(in_memory ? H5T_NATIVE_INT32 : H5T_STD_I32LE);
    case H5_I64: return H5Tcopy(in_memory ? H5T_NATIVE_INT64 : H5T_STD_I64LE);
    case H5_F16: return half_type(in_memory ? H5T_NATIVE_FLOAT : H5T_IEEE_F32LE);
    case H5_F32: return H5Tcopy(in_memory ? H5T_NATIVE_FLOAT : H5T_IEEE_F32LE);
    case H5_F64: return H5Tcopy(in_memory ? H5T_NATIVE_DOUBLE : H5T_IEEE_F64LE);
    }
    return -1;
}

int h5_type_find(hid_t type, h5_type *out)
{
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].class != class || kinds[i].size != size) continue;
        if (class == H5T_INTEGER && kinds[i].sign != H5Tget_sign(type)) continue;
        *out = (h5_type)i;
        return 1;
    }
    return 0;
}
