// Compiles @main of a file in the lamina dialect as models are compiled, and runs it on arrays.
#include "compiler/Build.h"
#include "compiler/Pipeline.h"
#include "lamina/error.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "runtime/executable.h"
#include "runtime/npy.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

using namespace lamina;

DType dtypeOf(mlir::Type type) {
  if (type.isF64())
    return DType::Float64;
  if (type.isInteger(1))
    return DType::Bool;
  if (type.isInteger(8))
    return DType::Int8;
  if (type.isInteger(32))
    return DType::Int32;
  if (type.isInteger(64))
    return DType::Int64;
  return DType::Float32;
}

Shape shapeOf(mlir::Type type) {
  std::vector<int64_t> dims;
  for (int64_t extent : mlir::cast<mlir::RankedTensorType>(type).getShape())
    dims.push_back(mlir::ShapedType::isDynamic(extent) ? none : extent);
  return Shape(dims);
}

runtime::Signature signatureOf(const std::string &text) {
  mlir::DialectRegistry registry;
  mlir::lamina::registerPipelineDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  auto main = module ? module->lookupSymbol<mlir::func::FuncOp>("main") : mlir::func::FuncOp();
  if (!main)
    throw Error("the file has no function @main");
  runtime::Signature signature;
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    auto kind = main.getArgAttrOfType<mlir::StringAttr>(i, "lamina.kind");
    llvm::StringRef name = kind ? kind.getValue() : "input";
    signature.arguments.push_back({"arg_" + std::to_string(i), shapeOf(main.getArgumentTypes()[i]),
                                   dtypeOf(mlir::getElementTypeOrSelf(main.getArgumentTypes()[i])),
                                   name == "weight"  ? runtime::ArgumentKind::Weight
                                   : name == "state" ? runtime::ArgumentKind::State
                                   : name == "seed"  ? runtime::ArgumentKind::Seed
                                                     : runtime::ArgumentKind::Input});
  }
  for (unsigned i = 0; i < main.getNumResults(); ++i) {
    auto updates = main.getResultAttrOfType<mlir::IntegerAttr>(i, "lamina.updates");
    signature.results.push_back({"out_" + std::to_string(i), shapeOf(main.getResultTypes()[i]),
                                 dtypeOf(mlir::getElementTypeOrSelf(main.getResultTypes()[i])),
                                 updates ? static_cast<int>(updates.getInt()) : runtime::Result::no_argument});
  }
  return signature;
}

int run(int argc, char **argv) {
  if (argc < 4) {
    std::cerr << "usage: lamina-run FILE.mlir ARGUMENTS.npz RESULTS.npz [THREADS [REPETITIONS]]\n"
                 "Arguments are arg_0, arg_1, …; results out_0, …; states are written back as state_0, ….\n";
    return 2;
  }
  std::stringstream stream;
  stream << std::ifstream(argv[1]).rdbuf();
  std::string text = stream.str();
  runtime::Signature signature = signatureOf(text);
  compiler::BuildReport report;
  compiler::Program program = compiler::build(text, target::hostMachine(), target::ObjectCache("none"), report);
  if (!report.error.empty())
    throw Error(report.error);
  std::unique_ptr<runtime::Executable> executable = compiler::load(program, signature);

  runtime::NpzReader reader(argv[2]);
  std::vector<Tensor> arguments;
  for (const runtime::Argument &argument : signature.arguments)
    arguments.push_back(reader.read(argument.name));
  runtime::RunOptions options{.threads = argc > 4 ? std::atoi(argv[4]) : 1};
  std::vector<Tensor> results = (*executable)(arguments, options);
  runtime::NamedTensors named;
  for (size_t i = 0; i < results.size(); ++i)
    named.emplace_back("out_" + std::to_string(i), results[i]);
  for (size_t i = 0; i < signature.arguments.size(); ++i)
    if (signature.arguments[i].kind == runtime::ArgumentKind::State)
      named.emplace_back("state_" + std::to_string(i), arguments[i]);
  runtime::write_npz(argv[3], named);

  int repetitions = argc > 5 ? std::atoi(argv[5]) : 0;
  double best = 1e30;
  for (int i = 0; i < repetitions; ++i) {
    auto start = std::chrono::steady_clock::now();
    executable->run(arguments, results, options);
    best = std::min(best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  if (repetitions)
    std::printf("%.2f us\n", best);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception &error) {
    std::cerr << "lamina-run: " << error.what() << "\n";
    return 1;
  }
}
