#include <gtest/gtest.h>

#include <algorithm>

#include <lamina/lamina.h>

using namespace lamina;
using namespace lamina::layers;

namespace {

std::string mistake(auto make) {
  try {
    make();
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

Model identity(std::int64_t size) {
  KerasTensor x = Input({size});
  return Model(x, Activation("linear")(x));
}

} // namespace

TEST(Metric, MistakesAreNamed) {
  EXPECT_EQ(mistake([] { Metric("AUC", {{"curves", "ROC"}}); }), "metric 'auc' has no argument 'curves'");
  EXPECT_EQ(mistake([] { Metric("MeanIoU"); }), "metric 'mean_io_u' needs num_classes");
  EXPECT_EQ(mistake([] { Metric("preciseness"); }).substr(0, 30), "unknown metric 'preciseness'; ");
  Model model = identity(2);
  model.compile({.loss = "mse", .metrics = {Metric("AUC", {{"curve", "ROCK"}})}});
  Tensor x{{0.25f, 0.75f}, {0.5f, 0.125f}};
  EXPECT_EQ(mistake([&] { model.evaluate(x, x); }), "metric 'auc': curve must be one of ROC, PR, PRGAIN, got 'ROCK'");
}

// Two batches say what one says; a metric of several thresholds has a number for each.
TEST(Metric, BatchesAddUp) {
  Model model = identity(1);
  model.compile({.loss = "mse",
                 .metrics = {"accuracy", "AUC", Metric("Recall", {{"thresholds", Config::list({0.2, 0.6})}})},
                 .weighted_metrics = {Metric("Precision", {{"name", "heavy"}})}});
  Tensor x{{0.9f}, {0.1f}, {0.7f}, {0.4f}, {0.3f}}, y{{1.f}, {0.f}, {0.f}, {1.f}, {1.f}}, w{1.f, 1.f, 2.f, 1.f, 1.f};
  auto scores = [&](std::int64_t batch) { return model.evaluate(x, y, {.batch_size = batch, .sample_weight = w}); };
  Scores whole = scores(5), parts = scores(2);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    names.push_back(whole[i].first);
    if (names.back() != "loss")
      EXPECT_DOUBLE_EQ(whole[i].second, parts[i].second) << names.back();
  }
  EXPECT_EQ(names, (std::vector<std::string>{"AUC", "accuracy", "heavy", "loss", "recall_0", "recall_1"}));
  auto value = [&](const std::string &name) {
    return std::find_if(whole.begin(), whole.end(), [&](auto &score) { return score.first == name; })->second;
  };
  EXPECT_FLOAT_EQ(value("accuracy"), 0.4f);
  EXPECT_FLOAT_EQ(value("recall_0"), 1.0f);
  EXPECT_FLOAT_EQ(value("recall_1"), 1.0f / 3);
  EXPECT_FLOAT_EQ(value("heavy"), 1.0f / 3);
}

TEST(Metric, EachOutputHasItsOwn) {
  KerasTensor x = Input({1});
  Model model(x, {Activation("linear", {.name = "price"})(x), Activation("linear", {.name = "kind"})(x)});
  Tensor ones{{1.f}, {1.f}}, zeros{{0.f}, {0.f}};
  auto names = [&](const CompileArguments &arguments) {
    model.compile(arguments);
    std::vector<std::string> result;
    for (const auto &[name, value] : model.evaluate({ones}, {zeros, ones}))
      result.push_back(name);
    return result;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({.loss = "mse", .metrics = {"mae", "accuracy"}}),
            (Names{"kind_accuracy", "kind_loss", "loss", "price_loss", "price_mae"}));
  EXPECT_EQ(names({.loss = {"mse", Loss::none()}, .metrics = OutputMetrics::of({{"mae", "mse"}, {}})}),
            (Names{"loss", "price_mae", "price_mse"}));
  EXPECT_EQ(names({.loss = LossList::named({{"kind", "mse"}, {"price", Loss::none()}}),
                   .metrics = OutputMetrics::named({{"kind", {"mae"}}}),
                   .weighted_metrics = OutputMetrics::named({{"kind", {"mae", "mae"}}})}),
            (Names{"kind_mae", "kind_weighted_mae", "kind_weighted_mae_1", "loss"}));
  EXPECT_EQ(model.evaluate({ones}, {zeros, ones})[3].second, 0.0);
  EXPECT_EQ(mistake([&] { model.compile({.loss = "mse", .metrics = {"mae"}}); }),
            "model '" + model.name() +
                "': metrics have 1 entry; the model has the outputs 'price', 'kind': give a list for each, or lists "
                "by name");
  EXPECT_EQ(mistake([&] { model.compile({.loss = "mse", .metrics = OutputMetrics::named({{"sort", {"mae"}}})}); }),
            "model '" + model.name() + "': metrics name an output 'sort'; the model has 'price', 'kind'");
  EXPECT_EQ(mistake([&] { model.compile({.loss = {"mse", "mae"}, .loss_weights = {1.0, 2.0, 3.0}}); }),
            "compile got 2 losses and 3 loss_weights");
}
