#include "dialects/lamina/Assembly.h"

#include "dialects/lamina/Inference.h"
#include "mlir/IR/Builders.h"

namespace mlir::lamina {

ParseResult parseKeyword(OpAsmParser &parser, StringAttr &keyword) {
  StringRef text;
  if (parser.parseKeyword(&text))
    return failure();
  keyword = parser.getBuilder().getStringAttr(text);
  return success();
}

void printKeyword(OpAsmPrinter &printer, Operation *, StringAttr keyword) { printer << keyword.getValue(); }

ParseResult parseShape(OpAsmParser &parser, DenseI64ArrayAttr &shape,
                       SmallVectorImpl<OpAsmParser::UnresolvedOperand> &dims) {
  SmallVector<int64_t> sizes;
  auto parseSize = [&]() -> ParseResult {
    OpAsmParser::UnresolvedOperand operand;
    OptionalParseResult parsed = parser.parseOptionalOperand(operand);
    if (parsed.has_value()) {
      if (failed(*parsed))
        return failure();
      dims.push_back(operand);
      sizes.push_back(ShapedType::kDynamic);
      return success();
    }
    if (succeeded(parser.parseOptionalKeyword("infer"))) {
      sizes.push_back(inferredDim);
      return success();
    }
    int64_t size;
    if (succeeded(parser.parseOptionalKeyword("dim"))) {
      if (parser.parseInteger(size))
        return failure();
      sizes.push_back(dimOfInput(size));
      return success();
    }
    if (parser.parseInteger(size))
      return failure();
    sizes.push_back(size);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseSize))
    return failure();
  shape = parser.getBuilder().getDenseI64ArrayAttr(sizes);
  return success();
}

void printShape(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr shape, OperandRange dims) {
  printer << '[';
  auto dim = dims.begin();
  llvm::interleaveComma(shape.asArrayRef(), printer, [&](int64_t size) {
    if (size == ShapedType::kDynamic && dim != dims.end())
      printer << *dim++;
    else if (size == inferredDim)
      printer << "infer";
    else if (isDimOfInput(size))
      printer << "dim " << inputDim(size);
    else
      printer << size;
  });
  printer << ']';
}

ParseResult parseLimits(OpAsmParser &parser, DenseI64ArrayAttr &limits) {
  SmallVector<int64_t> values;
  auto parseLimit = [&]() -> ParseResult {
    if (succeeded(parser.parseOptionalKeyword("end"))) {
      values.push_back(ShapedType::kDynamic);
      return success();
    }
    return parser.parseInteger(values.emplace_back());
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseLimit))
    return failure();
  limits = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}

void printLimits(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr limits) {
  printer << '[';
  llvm::interleaveComma(limits.asArrayRef(), printer, [&](int64_t limit) {
    if (limit == ShapedType::kDynamic)
      printer << "end";
    else
      printer << limit;
  });
  printer << ']';
}

} // namespace mlir::lamina
