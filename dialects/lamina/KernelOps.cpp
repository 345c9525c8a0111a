#include "dialects/lamina/KernelOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

static mlir::FailureOr<llvm::SmallVector<int64_t>> parseSizes(mlir::AsmParser &parser) {
  llvm::SmallVector<int64_t> sizes;
  auto parseSize = [&] { return parser.parseInteger(sizes.emplace_back()); };
  if (parser.parseCommaSeparatedList(mlir::AsmParser::Delimiter::Square, parseSize))
    return mlir::failure();
  return sizes;
}

#define GET_ATTRDEF_CLASSES
#include "dialects/lamina/KernelAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/lamina/KernelOps.cpp.inc"

namespace mlir::lamina {

LogicalResult CallKernelOp::verify() {
  for (Value work : {getFlops(), getBytes(), getWithin()})
    if (bool(work) != getSite().has_value())
      return emitOpError("needs flops, bytes and within with its site, and no other call has them");
  return success();
}

void LaminaDialect::registerKernels() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/lamina/KernelAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/lamina/KernelOps.cpp.inc"
      >();
}

} // namespace mlir::lamina
