#include "runtime/hdf5_writer.h"

#include <hdf5.h>

#include <cstdint>

namespace lamina::runtime {

namespace {

/// An HDF5 identifier, closed at the end of its scope; a negative one is an Error.
template <herr_t (*Close)(hid_t)> class Handle {
public:
  Handle(hid_t id) : id_(id) {
    if (id < 0)
      throw Error("the HDF5 library cannot write the weights");
  }
  ~Handle() { Close(id_); }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  operator hid_t() const { return id_; }

private:
  hid_t id_;
};

using File = Handle<H5Fclose>;
using Properties = Handle<H5Pclose>;
using Type = Handle<H5Tclose>;
using Space = Handle<H5Sclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;

void check(herr_t status) {
  if (status < 0)
    throw Error("the HDF5 library cannot write the weights");
}

hid_t type_of(DType dtype) {
  switch (dtype) {
  case DType::Bool: {
    hid_t type = H5Tenum_create(H5T_STD_I8LE);
    for (auto [name, value] : {std::pair("FALSE", std::int8_t(0)), std::pair("TRUE", std::int8_t(1))})
      check(H5Tenum_insert(type, name, &value));
    return type;
  }
  case DType::BFloat16: {
    hid_t type = H5Tcreate(H5T_OPAQUE, 2);
    check(H5Tset_tag(type, ""));
    return type;
  }
  case DType::Float16: {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    check(H5Tset_fields(type, 15, 10, 5, 0, 10));
    check(H5Tset_size(type, 2));
    check(H5Tset_ebias(type, 15));
    return type;
  }
  case DType::Int8: return H5Tcopy(H5T_STD_I8LE);
  case DType::UInt8: return H5Tcopy(H5T_STD_U8LE);
  case DType::Int16: return H5Tcopy(H5T_STD_I16LE);
  case DType::Int32: return H5Tcopy(H5T_STD_I32LE);
  case DType::Int64: return H5Tcopy(H5T_STD_I64LE);
  case DType::UInt32: return H5Tcopy(H5T_STD_U32LE);
  case DType::UInt64: return H5Tcopy(H5T_STD_U64LE);
  case DType::Float64: return H5Tcopy(H5T_IEEE_F64LE);
  default: return H5Tcopy(H5T_IEEE_F32LE);
  }
}

void write_text_attribute(hid_t object, const char *name, const char *text) {
  Type type(H5Tcopy(H5T_C_S1));
  check(H5Tset_size(type, H5T_VARIABLE));
  check(H5Tset_cset(type, H5T_CSET_UTF8));
  Space space(H5Screate(H5S_SCALAR));
  Attribute attribute(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  check(H5Awrite(attribute, type, &text));
}

void write_array(hid_t file, hid_t with_groups, const std::string &path, const Tensor &tensor) {
  Type type(type_of(tensor.dtype()));
  std::vector<hsize_t> dims(tensor.shape().begin(), tensor.shape().end());
  Space space(dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
  Dataset dataset(H5Dcreate2(file, path.c_str(), type, space, with_groups, H5P_DEFAULT, H5P_DEFAULT));
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.raw()));
  if (tensor.dtype() == DType::BFloat16)
    write_text_attribute(dataset, "dtype", "bfloat16");
}

} // namespace

std::string write_hdf5(const NamedTensors &arrays) {
  check(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr));
  std::size_t bytes = 0;
  for (const auto &[path, tensor] : arrays)
    bytes += tensor.nbytes();
  Properties in_memory(H5Pcreate(H5P_FILE_ACCESS));
  constexpr std::size_t least_growth = 1 << 16;
  check(H5Pset_fapl_core(in_memory, std::max(least_growth, bytes / 4), false));
  Properties with_groups(H5Pcreate(H5P_LINK_CREATE));
  check(H5Pset_create_intermediate_group(with_groups, 1));
  File file(H5Fcreate("weights", H5F_ACC_TRUNC, H5P_DEFAULT, in_memory));
  for (const auto &[path, tensor] : arrays)
    write_array(file, with_groups, path, tensor);
  check(H5Fflush(file, H5F_SCOPE_LOCAL));
  ssize_t size = H5Fget_file_image(file, nullptr, 0);
  check(size < 0 ? -1 : 0);
  std::string image(static_cast<std::size_t>(size), '\0');
  check(H5Fget_file_image(file, image.data(), image.size()) < 0 ? -1 : 0);
  return image;
}

} // namespace lamina::runtime
