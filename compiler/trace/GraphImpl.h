#pragma once

#include "compiler/trace/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::trace {

/// The MLIR side of a graph. A compiler takes `context` and `module` out of a finished one.
struct Graph::Impl {
  std::shared_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  struct Part {
    std::string name;
    bool isLayer;
  };
  std::vector<Part> scopes;

  std::vector<Argument> arguments;
  std::vector<Result> results;
  std::vector<mlir::Value> returned;
  std::unordered_map<const void *, unsigned> bound; ///< variables and tensors → argument
  std::vector<std::pair<Variable, mlir::Value>> updates;
  std::unordered_map<void *, Value> masks;
  bool finished = false;

  Impl();
  mlir::Location location();
  unsigned addArgument(Argument argument);
  mlir::Type tensorType(const Shape &shape, DType dtype);
};

/// A context with the dialects that tracing needs.
std::shared_ptr<mlir::MLIRContext> makeContext();

} // namespace lamina::trace
