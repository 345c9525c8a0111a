#ifndef LAMINA_RUNTIME_HDF5_WRITER_H
#define LAMINA_RUNTIME_HDF5_WRITER_H

#include <string>

#include "runtime/npy.h"

namespace lamina::runtime {

/// The image of an HDF5 file of these arrays, by path ("layers/dense/vars/0"), as h5py would write them: booleans as
/// its enumeration, bfloat16 as opaque V2 with the attribute dtype. Errors: two arrays at one path, or one inside
/// another.
std::string write_hdf5(const NamedTensors &arrays);

} // namespace lamina::runtime

#endif
