#include "compiler/target/Jit.h"

#include "compiler/target/Machine.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace lamina::target {

namespace {

class OrcJit final : public Jit {
public:
  explicit OrcJit(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}

  void *find(llvm::StringRef name) override {
    llvm::Expected<llvm::orc::ExecutorAddr> address = jit->lookup(name);
    if (!address) {
      llvm::consumeError(address.takeError());
      return nullptr;
    }
    return address->toPtr<void *>();
  }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace

llvm::Expected<std::unique_ptr<Jit>> link(llvm::ArrayRef<std::string> objects) {
  (void)hostMachine();
  llvm::Expected<std::unique_ptr<llvm::orc::LLJIT>> jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  // Callers report what failed, in one line.
  auto reported = std::make_shared<std::string>();
  (*jit)->getExecutionSession().setErrorReporter([reported](llvm::Error error) {
    std::string text = llvm::toString(std::move(error));
    if (reported->empty())
      *reported = std::move(text);
  });
  for (const std::string &object : objects)
    if (llvm::Error error = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object)))
      return std::move(error);
  // Everything is linked before the caller sees any of it.
  if (llvm::Expected<llvm::orc::ExecutorAddr> entry = (*jit)->lookup("main"); !entry) {
    std::string text = llvm::toString(entry.takeError());
    return llvm::createStringError(reported->empty() ? text : *reported);
  }
  return std::make_unique<OrcJit>(std::move(*jit));
}

} // namespace lamina::target
