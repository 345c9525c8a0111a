// mlir-opt with the lamina dialect, the upstream dialects that the pipeline uses, and their passes.
#include "compiler/Passes.h"
#include "compiler/Pipeline.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::lamina::registerPipelineDialects(registry);
  mlir::registerTransformsPasses();
  mlir::affine::registerAffinePasses();
  mlir::arith::registerArithPasses();
  mlir::bufferization::registerBufferizationPasses();
  mlir::registerLinalgPasses();
  mlir::lamina::registerLaminaPasses();
  mlir::lamina::registerPipelines();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "lamina-opt\n", registry));
}
