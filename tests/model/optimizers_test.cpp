#include <gtest/gtest.h>

#include <lamina/lamina.h>

using namespace lamina;
using namespace lamina::layers;

namespace {

struct Case {
  const char *name;
  const char *config;
  std::vector<float> weights;
};

// Weights after four steps of Keras 3.15 with the same optimizer.
const std::vector<Case>
    cases{
        {"sgd_ema",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": true, "ema_momentum": 0.5, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.067874f, -0.457413f, 0.775607f, 0.453705f}},
        {"sgd_ema_overwrite",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": true, "ema_momentum": 0.5, "ema_overwrite_frequency": 2, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.078441f, -0.493323f, 0.866529f, 0.446570f}},
        {"adam_accumulation",
         R"json({"module": "keras.optimizers", "class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": 2, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false}, "registered_name": null})json",
         {0.300698f, -0.800720f, 1.800212f, 0.447823f}},
        {"adam_loss_scale",
         R"json({"module": "keras.optimizers", "class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": 128.0, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false}, "registered_name": null})json",
         {0.107033f, -0.607228f, 1.601918f, 0.623455f}},
        {"rmsprop_everything",
         R"json({"module": "keras.optimizers", "class_name": "RMSprop", "config": {"name": "rm_sprop", "learning_rate": 0.05000000074505806, "weight_decay": 0.1, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "rho": 0.8, "momentum": 0.5, "epsilon": 1e-07, "centered": true}, "registered_name": null})json",
         {-0.062561f, -0.423774f, 1.334031f, 0.650354f}},
        {"adadelta",
         R"json({"module": "keras.optimizers", "class_name": "Adadelta", "config": {"name": "adadelta", "learning_rate": 1.0, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "rho": 0.9, "epsilon": 1e-07}, "registered_name": null})json",
         {0.495878f, -0.995878f, 1.995875f, 0.254117f}},
        {"adagrad",
         R"json({"module": "keras.optimizers", "class_name": "Adagrad", "config": {"name": "adagrad", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "initial_accumulator_value": 0.5, "epsilon": 1e-07}, "registered_name": null})json",
         {0.249045f, -0.748534f, 1.731277f, 0.458271f}},
        {"adamax",
         R"json({"module": "keras.optimizers", "class_name": "Adamax", "config": {"name": "adamax", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}, "registered_name": null})json",
         {0.144321f, -0.644578f, 1.618486f, 0.564475f}},
        {"nadam",
         R"json({"module": "keras.optimizers", "class_name": "Nadam", "config": {"name": "nadam", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}, "registered_name": null})json",
         {0.200329f, -0.700238f, 1.684546f, 0.516061f}},
        {"ftrl",
         R"json({"module": "keras.optimizers", "class_name": "Ftrl", "config": {"name": "ftrl", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02, "l2_shrinkage_regularization_strength": 0.03, "beta": 0.1}, "registered_name": null})json",
         {0.187501f, -0.604574f, 1.584761f, 0.381225f}},
        {"lion",
         R"json({"module": "keras.optimizers", "class_name": "Lion", "config": {"name": "lion", "learning_rate": 0.05000000074505806, "weight_decay": 0.1, "clipnorm": 1.0, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.99}, "registered_name": null})json",
         {0.291570f, -0.781644f, 1.761794f, 0.443542f}},
        {"lamb",
         R"json({"module": "keras.optimizers", "class_name": "Lamb", "config": {"name": "lamb", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}, "registered_name": null})json",
         {0.077135f, -0.577370f, 1.570648f, 0.646749f}},
        {"adafactor",
         R"json({"module": "keras.optimizers", "class_name": "Adafactor", "config": {"name": "adafactor", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_2_decay": -0.8, "epsilon_1": 1e-30, "epsilon_2": 0.001, "clip_threshold": 1.0, "relative_step": true}, "registered_name": null})json",
         {0.212009f, -0.414565f, 1.592924f, 0.398555f}},
        {"muon",
         R"json({"module": "keras.optimizers", "class_name": "Muon", "config": {"name": "muon", "learning_rate": 0.10000000149011612, "weight_decay": 0.004, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "adam_beta_1": 0.9, "adam_beta_2": 0.999, "epsilon": 1e-07, "exclude_layers": [], "muon_a": 3.4445, "muon_b": -4.775, "muon_c": 2.0315, "adam_lr_ratio": 1, "momentum": 0.95, "ns_steps": 5, "nesterov": true, "exclude_embeddings": false, "adam_weight_decay": 0.004, "rms_rate": 0.2}, "registered_name": null})json",
         {0.483209f, -0.918918f, 1.915102f, 0.236468f}},
        {"schedule_free_adamw",
         R"json({"module": "keras.optimizers", "class_name": "ScheduleFreeAdamW", "config": {"name": "schedule_free_adam_w", "learning_rate": 0.10000000149011612, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-08, "warmup_steps": 2}, "registered_name": null})json",
         {0.296646f, -0.796753f, 1.789647f, 0.440138f}},
        {"adamw_global_clipnorm",
         R"json({"module": "keras.optimizers", "class_name": "AdamW", "config": {"name": "adam_w", "learning_rate": 0.10000000149011612, "weight_decay": 0.004, "clipnorm": null, "global_clipnorm": 0.5, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": true}, "registered_name": null})json",
         {0.101850f, -0.601191f, 1.596405f, 0.629236f}},
        {"exponential",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.2, "decay_steps": 2, "decay_rate": 0.5, "staircase": true, "name": "ExponentialDecay"}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.048890f, -0.232868f, 0.181261f, 0.481752f}},
        {"inverse_time",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "config": {"initial_learning_rate": 0.2, "decay_steps": 2, "decay_rate": 0.5, "staircase": false, "name": "InverseTimeDecay"}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.055441f, -0.235027f, 0.183485f, 0.479241f}},
        {"piecewise",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "PiecewiseConstantDecay", "config": {"boundaries": [1, 2], "values": [0.2, 0.1, 0.05], "name": "PiecewiseConstant"}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.026097f, -0.247486f, 0.233130f, 0.488383f}},
        {"polynomial",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "PolynomialDecay", "config": {"initial_learning_rate": 0.2, "decay_steps": 2, "end_learning_rate": 0.01, "power": 2.0, "cycle": true, "name": "PolynomialDecay"}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {-0.028148f, -0.407688f, 0.694332f, 0.492230f}},
        {"cosine",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "CosineDecay", "config": {"initial_learning_rate": 0.05, "decay_steps": 3, "alpha": 0.1, "name": "CosineDecay", "warmup_target": 0.2, "warmup_steps": 2}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.023741f, -0.261797f, 0.272963f, 0.487850f}},
        {"cosine_restarts",
         R"json({"module": "keras.optimizers", "class_name": "SGD", "config": {"name": "sgd", "learning_rate": {"module": "keras.optimizers.schedules", "class_name": "CosineDecayRestarts", "config": {"initial_learning_rate": 0.2, "first_decay_steps": 2, "t_mul": 1.5, "m_mul": 0.5, "alpha": 0.0, "name": "SGDRDecay"}, "registered_name": null}, "weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false, "ema_momentum": 0.99, "ema_overwrite_frequency": null, "loss_scale_factor": null, "gradient_accumulation_steps": null, "momentum": 0.0, "nesterov": false}, "registered_name": null})json",
         {0.008673f, -0.291921f, 0.362357f, 0.490286f}}};

class Optimizers : public ::testing::TestWithParam<Case> {};

TEST_P(Optimizers, StepAsKeras) {
  const Case &c = GetParam();
  Dense dense(2, {.use_bias = false});
  Sequential model({Input({2}), dense});
  model.weights()[0].assign(Tensor{{0.5f, -1.0f}, {2.0f, 0.25f}});
  Tensor x{{1.0f, 2.0f}, {-1.0f, 0.5f}, {0.25f, -2.0f}, {3.0f, 1.0f}};
  Tensor y{{1.0f, 0.0f}, {0.0f, 1.0f}, {2.0f, -1.0f}, {0.5f, 0.5f}};
  model.compile({.optimizer = Optimizer::from_config(Config::parse(c.config)), .loss = "mean_squared_error"});
  model.fit(x, y, {.epochs = 4, .batch_size = 4, .shuffle = false, .verbose = 0});
  auto weights = model.weights()[0].value().values<float>();
  for (std::size_t i = 0; i < c.weights.size(); ++i)
    EXPECT_NEAR(weights[i], c.weights[i], 2e-5) << i;
}

TEST_P(Optimizers, ConfigComesBack) {
  Config config = Config::parse(GetParam().config);
  Config again = Optimizer::from_config(config).get_config();
  for (const auto &[key, value] : config["config"].as_dict()) {
    ASSERT_TRUE(again.contains(key)) << key;
    if (!value.is_dict())
      EXPECT_EQ(again[key].str(), value.str()) << key;
    else
      for (const auto &[argument, setting] : value["config"].as_dict())
        EXPECT_EQ(again[key]["config"][argument].str(), setting.str()) << argument;
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, Optimizers, ::testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

void expect_error(const std::function<void()> &body, const std::string &part) {
  try {
    body();
    FAIL() << "no error about " << part;
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(OptimizerErrors, NameTheArgument) {
  expect_error([] { make_optimizer("adamm"); }, "adam");
  expect_error([] { make_optimizer("adam", {{"momentum", 0.9}}); }, "no argument 'momentum'");
  expect_error([] { make_optimizer("adam", {{"beta_1", "high"}}); }, "beta_1 must be a number");
  expect_error([] { SGD({.clipnorm = 1.0, .clipvalue = 1.0}); }, "only one of clipnorm");
  expect_error([] { SGD({.gradient_accumulation_steps = 1}); }, "at least 2");
  expect_error([] { SGD({.use_ema = true, .ema_momentum = 2.0}); }, "ema_momentum must be in [0, 1]");
  expect_error([] { make_optimizer("ftrl", {{"beta", nullptr}}); }, "beta must be a number");
  expect_error([] { make_optimizer("lion", {{"beta_1", 0.0}}); }, "(0, 1]");
  expect_error([] { schedules::cosine_decay(0.1, 0); }, "decay_steps must be positive");
  expect_error([] { schedules::piecewise_constant_decay({1}, {0.1}); }, "one value more than boundaries");
  expect_error([] { SGD({.learning_rate = schedules::cosine_decay(0.1, 10)}).set_learning_rate(1); }, "schedule");
}

TEST(OptimizerErrors, OfWrappers) {
  expect_error([] { MultiOptimizer("sgd", {{"a", LossScaleOptimizer("adam")}}); }, "cannot be inside");
  expect_error([] { MultiOptimizer("sgd", {{"a(", "adam"}}); }, "regular expression 'a('");
  expect_error([] { MultiOptimizer("sgd").set_learning_rate(1); }, "no learning rate");
  expect_error([] { make_optimizer("multi_optimizer"); }, "needs optimizer_map");
  expect_error([] { make_optimizer("loss_scale_optimizer", {{"clipnorm", 1.0}, {"inner_optimizer", "sgd"}}); },
               "no argument 'clipnorm'");
  expect_error([] { LossScaleOptimizer("sgd", {.dynamic_growth_steps = 0}); }, "dynamic_growth_steps");
  Sequential model({Input({2}), Dense(1, {.name = "head"})}, {.name = "net"});
  model.compile({.optimizer = MultiOptimizer("sgd", {{"net/.*", "sgd"}, {".*/head/.*", "adam"}}), .loss = "mse"});
  expect_error([&] { model.train_on_batch(Tensor{{1.0f, 2.0f}}, Tensor{{1.0f}}); },
               "weight 'net/head/kernel' matches both 'net/.*' and '.*/head/.*'");
}

// An optimizer that the caller keeps is the one that trains.
TEST(MultiOptimizer, SharesItsOptimizers) {
  Dense body(1, {.use_bias = false, .kernel_initializer = "ones"});
  Dense head(1, {.use_bias = false, .kernel_initializer = "ones", .name = "head"});
  Sequential model({Input({1}), body, head});
  SGD slow({.learning_rate = 0.125});
  model.compile({.optimizer = MultiOptimizer("sgd", {{".*head/kernel", slow}}), .loss = "mse"});
  slow.set_learning_rate(0.0);
  model.train_on_batch(Tensor{{1.0f}}, Tensor{{2.0f}});
  EXPECT_EQ(model.weights()[1].value().item<float>(), 1.0f);
  EXPECT_FLOAT_EQ(model.weights()[0].value().item<float>(), 1.02f);
  EXPECT_EQ(slow.iterations(), 1);
}

TEST(Variable, PathsHoldTheLayers) {
  Sequential inner({Dense(2, {.name = "deep"})}, {.name = "inner"});
  KerasTensor x = Input({3, 4});
  KerasTensor y = Bidirectional(LSTM(2, {.name = "memory"}), {.name = "both"})(x);
  Model model(x, inner(y));
  std::vector<std::string> paths;
  for (const Variable &weight : model.weights())
    paths.push_back(weight.path());
  EXPECT_EQ(paths.front(), "both/forward_memory/lstm_cell/kernel");
  EXPECT_EQ(paths.back(), "inner/deep/bias");
}

} // namespace
