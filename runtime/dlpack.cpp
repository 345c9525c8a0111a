#include <lamina/tensor.h>

#include <dlpack/dlpack.h>

namespace lamina {

namespace {

DLDataType to_dlpack_type(DType dtype) {
  auto bits = static_cast<std::uint8_t>(8 * size_of(dtype));
  switch (dtype) {
  case DType::Bool: // DLPack 0.6 has no bool: it travels as bytes
  case DType::UInt8:
  case DType::UInt32:
  case DType::UInt64: return {kDLUInt, bits, 1};
  case DType::BFloat16: return {kDLBfloat, bits, 1};
  case DType::Float16:
  case DType::Float32:
  case DType::Float64: return {kDLFloat, bits, 1};
  default: return {kDLInt, bits, 1};
  }
}

DType from_dlpack_type(DLDataType type) {
  constexpr std::uint8_t boolean = 6; // kDLBool of later versions
  for (DType each : {DType::UInt8, DType::Int8, DType::Int16, DType::Int32, DType::Int64, DType::UInt32, DType::UInt64,
                     DType::Float16, DType::BFloat16, DType::Float32, DType::Float64}) {
    DLDataType known = to_dlpack_type(each);
    if (type.lanes == 1 && type.code == known.code && type.bits == known.bits)
      return each;
  }
  if (type.lanes == 1 && type.code == boolean && type.bits == 8)
    return DType::Bool;
  throw Error("DLPack element type (code " + std::to_string(type.code) + ", " + std::to_string(type.bits) + " bits, " +
              std::to_string(type.lanes) + " lanes) is not supported");
}

struct Exported {
  Tensor tensor;
  DLManagedTensor managed{};
};

} // namespace

DLManagedTensor *Tensor::to_dlpack() const {
  auto *exported = new Exported{*this};
  DLTensor &view = exported->managed.dl_tensor;
  view.data = raw();
  view.device = {kDLCPU, 0};
  view.ndim = static_cast<std::int32_t>(rank());
  view.dtype = to_dlpack_type(dtype_);
  view.shape = exported->tensor.shape_.begin();
  view.strides = nullptr;
  view.byte_offset = 0;
  exported->managed.manager_ctx = exported;
  exported->managed.deleter = [](DLManagedTensor *self) { delete static_cast<Exported *>(self->manager_ctx); };
  return &exported->managed;
}

Tensor Tensor::from_dlpack(DLManagedTensor *managed) {
  std::shared_ptr<DLManagedTensor> owner(managed, [](DLManagedTensor *self) {
    if (self && self->deleter)
      self->deleter(self);
  });
  const DLTensor &view = managed->dl_tensor;
  if (view.device.device_type != kDLCPU && view.device.device_type != kDLCUDAHost)
    throw Error("from_dlpack: the array is not in host memory");
  if (view.ndim < 0)
    throw Error("from_dlpack: negative rank");
  DType dtype = from_dlpack_type(view.dtype);
  Shape shape(std::span<const std::int64_t>(view.shape, static_cast<std::size_t>(view.ndim)));
  std::int64_t step = 1;
  if (view.strides && shape.num_elements() > 0)
    for (std::int32_t i = view.ndim - 1; i >= 0; --i) {
      if (view.shape[i] != 1 && view.strides[i] != step)
        throw Error("from_dlpack: the array of shape " + shape.str() + " is not contiguous in row-major order");
      step *= view.shape[i];
    }
  if (!view.data)
    return Tensor(shape, dtype);
  return wrap(static_cast<char *>(view.data) + view.byte_offset, shape, dtype, [owner] {});
}

} // namespace lamina
