#pragma once

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {

/// array[index] of a C array of `type`.
Value loadAt(OpBuilder &builder, Location loc, Value array, int64_t index, Type type);

/// array[index] = value.
void storeAt(OpBuilder &builder, Location loc, Value value, Value array, int64_t index, Type type);

/// A memref over memory that the caller owns; `open` has one index for each `?` of the type.
Value bufferFromPointer(OpBuilder &builder, Location loc, Value pointer, MemRefType type, ValueRange open);

/// A contiguous buffer seen with other sizes.
Value castContiguous(OpBuilder &builder, Location loc, Value buffer, MemRefType type, ArrayRef<OpFoldResult> sizes);

/// The sizes of `buffer` with each group of axes merged.
SmallVector<OpFoldResult> collapsedSizes(OpBuilder &builder, Location loc, Value buffer,
                                         ArrayRef<ReassociationIndices> groups);

} // namespace mlir::lamina
