#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace lamina::target {

/// Object files linked into this process.
class Jit {
public:
  virtual ~Jit() = default;

  /// The address of a function; null if there is none of that name.
  virtual void *find(llvm::StringRef name) = 0;
};

/// Links the objects, which define `main`, with each other and with the C library; fails when a symbol is missing. The
/// code lives as long as the result.
llvm::Expected<std::unique_ptr<Jit>> link(llvm::ArrayRef<std::string> objects);

} // namespace lamina::target
