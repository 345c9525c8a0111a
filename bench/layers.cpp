#include "bench/layers.h"

#include <lamina/model.h>

#include <map>
#include <memory>

#include "bench/program.h"
#include "compiler/model/model_state.h"
#include "runtime/random.h"
#include "runtime/roofline.h"

namespace lamina::bench {
namespace {

/// Rows are many, and each is compiled and timed for its fastest call.
constexpr double seconds_a_row = 0.1;

struct Row {
  std::string name;
  Inner layer;
  std::vector<Shape> inputs;
  LayerOptions options;
  bool gradient;
};

Tensor random_ids(const Shape &shape, std::int64_t below) {
  Tensor ids(shape, DType::Int32);
  runtime::Philox random(0);
  for (std::int32_t &id : ids.values<std::int32_t>())
    id = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(below)));
  return ids;
}

/// The same code, with and without marks of time, and what it counts.
struct Layer {
  explicit Layer(const Row &row) {
    std::vector<KerasTensor> edges;
    std::vector<Tensor> arrays;
    for (const Shape &shape : row.inputs) {
      edges.push_back(
          Input(shape.subshape(1, shape.rank()), {.dtype = row.options.ids ? DType::Int32 : DType::Float32}));
      arrays.push_back(row.options.ids ? random_ids(shape, row.options.ids)
                                       : random_array(shape, static_cast<unsigned>(edges.size())));
    }
    Model model(edges, edges.size() == 1 ? (*row.layer)(edges[0]) : (*row.layer)(edges));
    if (row.gradient) {
      Shape output = model.outputs()[0].shape();
      output[0] = row.inputs[0].front();
      arrays.push_back(random_array(output, 0));
    }
    auto code = [&](bool profile) {
      const Network &network = *model.network();
      return std::make_unique<Code>(row.gradient ? traced_gradients(network, row.options.training)
                                                 : traced_run(network, row.options.training),
                                    arrays, profile);
    };
    plain = code(false);
    code(true)->run({.threads = 1, .profile = &profile});
    // Code without kernels copies what it is given last to each of its results.
    if (profile.kernels.empty()) {
      KernelProfile &copy = profile.kernels.emplace_back();
      copy.calls = 1;
      copy.bytes = copy.within = (1 + plain->results()) * static_cast<std::int64_t>(arrays.back().nbytes());
    }
  }

  Figures figures(int threads) const {
    static std::map<int, runtime::Roofline> rooflines;
    runtime::Roofline &roofline = rooflines.try_emplace(threads, threads).first->second;
    Figures result;
    for (const KernelProfile &kernel : profile.kernels) {
      result.flops += static_cast<double>(kernel.flops);
      result.bytes += static_cast<double>(kernel.bytes);
      result.least_seconds += 1e-6 * roofline.bound(kernel).microseconds;
    }
    return result;
  }

  std::unique_ptr<Code> plain;
  Profile profile;
};

Subject prepare(const Row &row, int threads) {
  // A row is asked for several times in a row; only its own arrays are kept.
  static std::pair<std::string, std::shared_ptr<Layer>> last;
  if (last.first != row.name) {
    last = {};
    last = {row.name, std::make_shared<Layer>(row)};
  }
  return {last.second->figures(threads), [layer = last.second, threads] { layer->plain->run({.threads = threads}); }};
}

} // namespace

void layer(const std::string &name, const Inner &layer, const std::vector<Shape> &inputs, const LayerOptions &options) {
  for (bool gradient : {false, true}) {
    Row entry{name + (gradient ? "/gradient" : "/forward"), layer, inputs, options, gradient};
    row(entry.name, [entry](int threads) { return prepare(entry, threads); })->MinTime(seconds_a_row);
  }
}

} // namespace lamina::bench
