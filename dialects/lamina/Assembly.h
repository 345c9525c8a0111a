// Directives of the declarative assembly formats.
#pragma once

#include "mlir/IR/OpImplementation.h"

namespace mlir::lamina {

/// A string attribute, as a bare keyword.
ParseResult parseKeyword(OpAsmParser &parser, StringAttr &keyword);
void printKeyword(OpAsmPrinter &printer, Operation *, StringAttr keyword);

/// A `shape` attribute with its operands: [2, infer, dim 0, %n].
ParseResult parseShape(OpAsmParser &parser, DenseI64ArrayAttr &shape,
                       SmallVectorImpl<OpAsmParser::UnresolvedOperand> &dims);
void printShape(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr shape, OperandRange dims);

/// Limits of a slice: [4, end].
ParseResult parseLimits(OpAsmParser &parser, DenseI64ArrayAttr &limits);
void printLimits(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr limits);

} // namespace mlir::lamina
