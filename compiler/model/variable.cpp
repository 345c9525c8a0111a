#include "lamina/variable.h"

#include "lamina/error.h"

#include <atomic>

namespace lamina {
namespace {

std::atomic<std::uint64_t> global_seed{0x6C616D696E61};
std::atomic<std::uint64_t> draws{0};

std::uint64_t next_seed() { return global_seed * 0x9E3779B97F4A7C15u + ++draws; }

} // namespace

void set_random_seed(std::uint64_t seed) {
  global_seed = seed;
  draws = 0;
}

struct Variable::State {
  std::string name;
  Shape shape;
  Options options;
  Tensor value;
  std::uint64_t seed;
  std::uint64_t version = 0;
  std::function<Tensor(const Shape &, DType, std::uint64_t)> initial = {};

  Tensor draw() const {
    return initial ? initial(shape, options.dtype, seed) : options.initializer(shape, options.dtype, seed);
  }
};

Variable::Variable(const std::string &name, const Shape &shape, const Options &options) {
  if (!shape.is_static())
    throw Error("weight '" + name + "' needs a known shape, got " + shape.str());
  state_ = std::make_shared<State>(State{name, shape, options, {}, next_seed()});
  if (options.path.empty())
    state_->options.path = name;
}

const std::string &Variable::name() const { return state_->name; }
const std::string &Variable::path() const { return state_->options.path; }
const Shape &Variable::shape() const { return state_->shape; }
DType Variable::dtype() const { return state_->options.dtype; }
bool Variable::trainable() const { return state_->options.trainable; }
bool Variable::autocast() const { return state_->options.autocast; }
const Regularizer &Variable::regularizer() const { return state_->options.regularizer; }
const Constraint &Variable::constraint() const { return state_->options.constraint; }
std::uint64_t Variable::version() const { return state_->version; }

void Variable::mark_changed() const { ++state_->version; }

const Tensor &Variable::value() const {
  if (!state_->value.defined())
    state_->value = state_->draw();
  return state_->value;
}

void Variable::assign(const Tensor &value) const {
  if (value.shape() != state_->shape)
    throw Error("weight '" + state_->name + "' has shape " + state_->shape.str() + ", got " + value.shape().str());
  Tensor converted = value.astype(state_->options.dtype);
  if (state_->value.defined())
    state_->value.copy_from(converted);
  else
    state_->value = converted.raw() == value.raw() ? converted.clone() : converted;
  ++state_->version;
}

void Variable::reset() const {
  state_->seed = next_seed();
  assign(state_->draw());
}

void Variable::set_initial(std::function<Tensor(const Shape &, DType, std::uint64_t)> initial) const {
  state_->initial = std::move(initial);
}

} // namespace lamina
