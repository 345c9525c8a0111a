#include "compiler/bufferize/CallerMemory.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::lamina {

Value loadAt(OpBuilder &builder, Location loc, Value array, int64_t index, Type type) {
  Value address = LLVM::GEPOp::create(builder, loc, array.getType(), type, array, ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

Value bufferFromPointer(OpBuilder &builder, Location loc, Value pointer, MemRefType type, ValueRange open) {
  LLVMTypeConverter converter(builder.getContext());
  auto descriptor = MemRefDescriptor::poison(builder, loc, converter.convertType(type));
  auto constant = [&](int64_t value) -> Value {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), builder.getI64IntegerAttr(value));
  };
  descriptor.setAllocatedPtr(builder, loc, pointer);
  descriptor.setAlignedPtr(builder, loc, pointer);
  descriptor.setConstantOffset(builder, loc, 0);
  Value stride = constant(1);
  SmallVector<Value> sizes(type.getRank());
  for (unsigned axis = 0, next = 0; axis < type.getRank(); ++axis)
    sizes[axis] = type.isDynamicDim(axis)
                      ? arith::IndexCastOp::create(builder, loc, builder.getI64Type(), open[next++]).getResult()
                      : constant(type.getDimSize(axis));
  for (int64_t axis = type.getRank() - 1; axis >= 0; --axis) {
    descriptor.setSize(builder, loc, axis, sizes[axis]);
    descriptor.setStride(builder, loc, axis, stride);
    if (axis)
      stride = LLVM::MulOp::create(builder, loc, stride, sizes[axis]);
  }
  Value value = descriptor;
  return UnrealizedConversionCastOp::create(builder, loc, TypeRange{type}, ValueRange{value}).getResult(0);
}

} // namespace mlir::lamina
