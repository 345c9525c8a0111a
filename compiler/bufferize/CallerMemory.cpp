#include "compiler/bufferize/CallerMemory.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

namespace mlir::lamina {

static Value addressOf(OpBuilder &builder, Location loc, Value array, int64_t index, Type type) {
  return LLVM::GEPOp::create(builder, loc, array.getType(), type, array,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
}

Value loadAt(OpBuilder &builder, Location loc, Value array, int64_t index, Type type) {
  return LLVM::LoadOp::create(builder, loc, type, addressOf(builder, loc, array, index, type));
}

void storeAt(OpBuilder &builder, Location loc, Value value, Value array, int64_t index, Type type) {
  LLVM::StoreOp::create(builder, loc, value, addressOf(builder, loc, array, index, type));
}

static OpFoldResult multiply(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return builder.getIndexAttr(*x * *y);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return arith::MulIOp::create(builder, loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                               getValueOrCreateConstantIndexOp(builder, loc, b))
      .getResult();
}

Value castContiguous(OpBuilder &builder, Location loc, Value buffer, MemRefType type, ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> strides(sizes.size());
  OpFoldResult stride = builder.getIndexAttr(1);
  for (int64_t axis = sizes.size() - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride = multiply(builder, loc, stride, sizes[axis]);
  }
  return memref::ReinterpretCastOp::create(builder, loc, type, buffer, builder.getIndexAttr(0), sizes, strides);
}

SmallVector<OpFoldResult> collapsedSizes(OpBuilder &builder, Location loc, Value buffer,
                                         ArrayRef<ReassociationIndices> groups) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> sizes;
  for (const ReassociationIndices &group : groups) {
    OpFoldResult size = builder.getIndexAttr(1);
    for (int64_t axis : group)
      size =
          multiply(builder, loc, size,
                   type.isDynamicDim(axis) ? OpFoldResult(memref::DimOp::create(builder, loc, buffer, axis).getResult())
                                           : builder.getIndexAttr(type.getDimSize(axis)));
    sizes.push_back(size);
  }
  return sizes;
}

Value bufferFromPointer(OpBuilder &builder, Location loc, Value pointer, MemRefType type, ValueRange open) {
  // A scalar's descriptor holds the pointer; the cast gives it the shape, so that dimensions fold to `open`.
  LLVMTypeConverter converter(builder.getContext());
  auto scalar = MemRefType::get({}, type.getElementType());
  auto descriptor = MemRefDescriptor::fromStaticShape(builder, loc, converter, scalar, pointer);
  Value whole = descriptor;
  Value base = UnrealizedConversionCastOp::create(builder, loc, TypeRange{scalar}, ValueRange{whole}).getResult(0);
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis = 0, next = 0; axis < type.getRank(); ++axis)
    sizes.push_back(type.isDynamicDim(axis) ? OpFoldResult(open[next++]) : builder.getIndexAttr(type.getDimSize(axis)));
  return castContiguous(builder, loc, base, type, sizes);
}

} // namespace mlir::lamina
