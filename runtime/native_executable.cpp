#include "runtime/native_executable.h"

#include <algorithm>

#include "runtime/parallel_for.h"
#include "runtime/stopwatch.h"

namespace lamina::runtime {

/// What one call under way needs for itself; kept for the next call.
struct NativeExecutable::Frame {
  std::vector<void *> buffers;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> open;
  Tensor workspace;
};

struct NativeExecutable::Prepared {
  std::vector<const void *> weights; ///< data of the weights that it was made from
  std::vector<Tensor> memory;
  std::vector<void *> buffers;
};

NativeExecutable::NativeExecutable(NativeCode code) : code_(std::move(code)) {
  for (const Result &result : code_.signature.results)
    if (result.updates == Result::no_argument) {
      ++new_results_;
      open_results_ += static_cast<std::size_t>(std::count(result.shape.begin(), result.shape.end(), none));
    }
}

NativeExecutable::~NativeExecutable() = default;

std::unique_ptr<NativeExecutable::Frame> NativeExecutable::take_frame() {
  std::lock_guard lock(mutex_);
  if (frames_.empty())
    return std::make_unique<Frame>();
  std::unique_ptr<Frame> frame = std::move(frames_.back());
  frames_.pop_back();
  return frame;
}

void NativeExecutable::weights_changed() {
  std::lock_guard lock(mutex_);
  prepared_.reset();
}

std::string NativeExecutable::message(std::int32_t status) const {
  auto index = static_cast<std::size_t>(status);
  return status > 0 && index < code_.messages.size() ? code_.messages[index]
                                                     : "compiled code returned status " + std::to_string(status);
}

void NativeExecutable::check_status(std::int32_t status) const {
  if (status != 0)
    throw Error(message(status));
}

void NativeExecutable::check_dims(std::span<const Tensor> arguments, std::int32_t status) const {
  if (status == 0)
    return;
  std::string shapes;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Argument &argument = code_.signature.arguments[i];
    if (argument.kind == ArgumentKind::Input)
      shapes += (shapes.empty() ? "; got " : ", ") + ("'" + argument.name + "' ") + arguments[i].shape().str();
  }
  throw Error(message(status) + shapes);
}

std::shared_ptr<const NativeExecutable::Prepared> NativeExecutable::prepared_for(std::span<const Tensor> arguments,
                                                                                 std::span<void *const> buffers,
                                                                                 const lamina_context *context) {
  std::lock_guard lock(mutex_);
  std::size_t weight = 0;
  bool same = prepared_ != nullptr;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (code_.signature.arguments[i].kind == ArgumentKind::Weight)
      same = same && prepared_->weights[weight++] == buffers[i];
  if (same)
    return prepared_;
  auto prepared = std::make_shared<Prepared>();
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (code_.signature.arguments[i].kind == ArgumentKind::Weight)
      prepared->weights.push_back(buffers[i]);
  for (std::int64_t bytes : code_.prepared_bytes) {
    prepared->memory.emplace_back(Shape{bytes}, DType::UInt8, Tensor::Fill::None);
    prepared->buffers.push_back(prepared->memory.back().raw());
  }
  check_status(code_.prepare(buffers.data(), prepared->buffers.data(), context));
  return prepared_ = prepared;
}

void NativeExecutable::allocate_results(std::span<Tensor> results, std::span<const std::int64_t> open) const {
  std::size_t next_result = 0, next_open = 0;
  for (const Result &result : code_.signature.results) {
    if (result.updates != Result::no_argument)
      continue;
    Shape shape = result.shape;
    for (std::int64_t &dim : shape)
      if (dim == none)
        dim = open[next_open++];
    Tensor &tensor = results[next_result++];
    if (!tensor.defined() || !(tensor.shape() == shape) || tensor.dtype() != result.dtype)
      tensor = Tensor(shape, result.dtype, Tensor::Fill::None);
  }
}

void NativeExecutable::run(std::span<const Tensor> arguments, std::span<Tensor> results, const RunOptions &options) {
  check_arguments(code_.signature, arguments);
  if (results.size() != new_results_)
    throw Error("expected room for " + std::to_string(new_results_) + " results, found " +
                std::to_string(results.size()));

  std::unique_ptr<Frame> frame = take_frame();
  std::vector<void *> &buffers = frame->buffers;
  std::vector<std::int64_t> &dims = frame->dims;
  buffers.clear();
  dims.clear();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    buffers.push_back(arguments[i].raw());
    const Shape &expected = code_.signature.arguments[i].shape, &found = arguments[i].shape();
    for (std::size_t axis = 0; axis < expected.rank(); ++axis)
      if (expected.data()[axis] == none)
        dims.push_back(found.data()[axis]);
  }
  if (code_.check)
    check_dims(arguments, code_.check(dims.data()));
  frame->open.resize(open_results_);
  if (open_results_)
    check_status(code_.shapes(dims.data(), frame->open.data()));
  allocate_results(results, frame->open);
  for (Tensor &result : results)
    buffers.push_back(result.raw());

  const lamina_context *context = thread_pool(options.threads).context();
  std::shared_ptr<const Prepared> prepared;
  if (code_.prepare) {
    prepared = prepared_for(arguments, buffers, context);
    buffers.insert(buffers.end(), prepared->buffers.begin(), prepared->buffers.end());
  }
  std::int64_t bytes = code_.workspace ? code_.workspace(dims.data()) : 0;
  if (bytes < 0)
    throw Error("the model needs more memory than can be addressed for these shapes");
  if (!frame->workspace.defined() || frame->workspace.numel() < bytes)
    frame->workspace = Tensor({bytes}, DType::UInt8, Tensor::Fill::None);
  if (code_.sites.empty()) {
    check_status(code_.entry(buffers.data(), dims.data(), frame->workspace.raw(), context));
  } else {
    Profile unasked;
    Profile &profile = options.profile ? *options.profile : unasked;
    profile = {code_.sites, 0};
    Stopwatch stopwatch(*context, profile);
    std::int32_t status = code_.entry(buffers.data(), dims.data(), frame->workspace.raw(), stopwatch.context());
    stopwatch.stop();
    check_status(status);
  }

  std::lock_guard lock(mutex_);
  frames_.push_back(std::move(frame));
}

} // namespace lamina::runtime
