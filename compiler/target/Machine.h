#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>

namespace lamina::target {

/// The machine that code is made for.
struct Machine {
  std::string triple;
  std::string cpu;
  std::string features;
  int64_t vectorBytes = 16; ///< one vector register
  int64_t registers = 16;   ///< how many there are

  /// Names everything that changes the code.
  std::string key() const { return triple + "/" + cpu + "/" + features; }
};

/// This machine, with all features of its CPU.
const Machine &hostMachine();

/// A machine by triple and CPU, either empty for the default.
llvm::Expected<Machine> findMachine(llvm::StringRef triple, llvm::StringRef cpu);

/// LLVM's code generator for a machine.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Machine &machine,
                                                                         bool positionIndependent);

} // namespace lamina::target
