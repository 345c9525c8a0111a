#ifndef LAMINA_RUNTIME_NATIVE_EXECUTABLE_H
#define LAMINA_RUNTIME_NATIVE_EXECUTABLE_H

#include <memory>
#include <mutex>

#include "runtime/abi.h"
#include "runtime/executable.h"

namespace lamina::runtime {

/// Machine code as the compiler hands it over.
struct NativeCode {
  Signature signature;
  lamina_entry entry = nullptr;
  lamina_entry_workspace workspace = nullptr; ///< null: none is needed
  lamina_entry_shapes shapes = nullptr;       ///< null: no result has open dimensions
  lamina_entry_check check = nullptr;         ///< null: every size is taken
  lamina_prepare prepare = nullptr;           ///< null: nothing depends on weights alone
  std::vector<std::int64_t> prepared_bytes;   ///< of each buffer that prepare fills
  std::vector<std::string> messages;          ///< by status
  std::vector<KernelProfile> sites;           ///< what `mark` is called with, counts 0; empty: it is not called
  std::shared_ptr<const void> code;           ///< keeps the functions alive
};

/// Machine code behind tensors: checks arguments, allocates results, owns the workspace and the prepared weights.
class NativeExecutable final : public Executable {
public:
  explicit NativeExecutable(NativeCode code);
  ~NativeExecutable() override;

  const Signature &signature() const override { return code_.signature; }
  void run(std::span<const Tensor> arguments, std::span<Tensor> results, const RunOptions &options) override;
  void weights_changed() override;

private:
  struct Frame;
  struct Prepared;

  std::unique_ptr<Frame> take_frame();
  std::shared_ptr<const Prepared> prepared_for(std::span<const Tensor> arguments, std::span<void *const> buffers,
                                               const lamina_context *context);
  void allocate_results(std::span<Tensor> results, std::span<const std::int64_t> open) const;
  std::string message(std::int32_t status) const;
  void check_status(std::int32_t status) const;
  void check_dims(std::span<const Tensor> arguments, std::int32_t status) const;

  NativeCode code_;
  std::size_t new_results_ = 0;
  std::size_t open_results_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Frame>> frames_;
  std::shared_ptr<const Prepared> prepared_;
};

} // namespace lamina::runtime

#endif
