#include "compiler/model/optimizers/rules.h"

#include <algorithm>
#include <cmath>

#include "compiler/model/optimizers/path_pattern.h"
#include "lamina/error.h"
#include "lamina/ops.h"

namespace lamina {

Value OptimizerStep::constant(double value) const { return lamina::constant(weight.graph(), value, weight.dtype()); }
Value OptimizerStep::power_of_step(double base) const { return power(constant(base), step); }

namespace {

using Step = OptimizerStep;
using Slots = OptimizerRule::Slots;

std::vector<Slots> one_group(std::initializer_list<const char *> names, const Shape &shape) {
  Slots group;
  for (const char *name : names)
    group.push_back({name, shape});
  return {group};
}

/// x + (target - x) · rate
Value approach(const Value &x, const Value &target, double rate) { return x + (target - x) * rate; }

// ---- SGD. w ← w + m,  m ← μ m - η g;  nesterov: w ← w + μ m - η g

std::vector<Slots> sgd_slots(const Config &c, const std::string &, const Shape &shape) {
  return c["momentum"].as_double() == 0.0 ? std::vector<Slots>() : one_group({"momentum"}, shape);
}

Value sgd_update(Step &s) {
  double momentum = s.number("momentum");
  Value change = s.gradient * s.learning_rate;
  if (momentum == 0.0)
    return s.weight - change;
  Value m = s.set("momentum", s.slot("momentum") * momentum - change);
  return s.flag("nesterov") ? Value(s.weight + (m * momentum - change)) : Value(s.weight + m);
}

// ---- Adam (Kingma and Ba, 2014). w ← w - α m / (√v + ε),  α = η √(1 - β₂ᵗ) / (1 - β₁ᵗ)

std::vector<Slots> adam_slots(const Config &c, const std::string &, const Shape &shape) {
  std::vector<Slots> groups = one_group({"momentum", "velocity"}, shape);
  if (c["amsgrad"].as_bool())
    groups.push_back({{"velocity_hat", shape}});
  return groups;
}

Value adam_step(Step &s, double beta_1, double beta_2, const Value &learning_rate, bool amsgrad) {
  Value alpha = learning_rate * sqrt(1.0 - s.power_of_step(beta_2)) / (1.0 - s.power_of_step(beta_1));
  Value m = s.set("momentum", approach(s.slot("momentum"), s.gradient, 1.0 - beta_1));
  Value v = s.set("velocity", approach(s.slot("velocity"), square(s.gradient), 1.0 - beta_2));
  if (amsgrad)
    v = s.set("velocity_hat", maximum(s.slot("velocity_hat"), v));
  return s.weight - (m * alpha) / (sqrt(v) + s.number("epsilon"));
}

Value adam_update(Step &s) {
  return adam_step(s, s.number("beta_1"), s.number("beta_2"), s.learning_rate, s.flag("amsgrad"));
}

// ---- RMSprop. v ← ρ v + (1 - ρ) g²;  w ← w - η g / √(v + ε), centered: v less the square of the mean gradient

std::vector<Slots> rmsprop_slots(const Config &c, const std::string &, const Shape &shape) {
  std::vector<Slots> groups = one_group({"velocity"}, shape);
  if (c["momentum"].as_double() > 0)
    groups.push_back({{"momentum", shape}});
  if (c["centered"].as_bool())
    groups.push_back({{"average_gradient", shape}});
  return groups;
}

Value rmsprop_update(Step &s) {
  double rho = s.number("rho"), momentum = s.number("momentum");
  Value spread = s.set("velocity", rho * s.slot("velocity") + (1.0 - rho) * square(s.gradient));
  if (s.flag("centered")) {
    Value average = s.set("average_gradient", rho * s.slot("average_gradient") + (1.0 - rho) * s.gradient);
    spread = spread - square(average);
  }
  Value increment = s.learning_rate * s.gradient / sqrt(spread + s.number("epsilon"));
  if (momentum > 0)
    increment = s.set("momentum", momentum * s.slot("momentum") + increment);
  return s.weight - increment;
}

// ---- Adagrad (Duchi et al., 2011). a ← a + g²;  w ← w - η g / √(a + ε)

std::vector<Slots> adagrad_slots(const Config &c, const std::string &, const Shape &shape) {
  return {{{"accumulator", shape, c["initial_accumulator_value"].as_double()}}};
}

Value adagrad_update(Step &s) {
  Value a = s.set("accumulator", s.slot("accumulator") + square(s.gradient));
  return s.weight - s.learning_rate * s.gradient / sqrt(a + s.number("epsilon"));
}

// ---- Adadelta (Zeiler, 2012). Δ = -√(d + ε) / √(a + ε) · g, with running means a of g² and d of Δ²

std::vector<Slots> adadelta_slots(const Config &, const std::string &, const Shape &shape) {
  return one_group({"accumulated_grad", "accumulated_delta_var"}, shape);
}

Value adadelta_update(Step &s) {
  double rho = s.number("rho"), epsilon = s.number("epsilon");
  Value a = s.set("accumulated_grad", rho * s.slot("accumulated_grad") + (1.0 - rho) * square(s.gradient));
  const Value &d = s.slot("accumulated_delta_var");
  Value delta = -(sqrt(d + epsilon) * s.gradient / sqrt(a + epsilon));
  s.set("accumulated_delta_var", rho * d + (1.0 - rho) * square(delta));
  return s.weight + s.learning_rate * delta;
}

// ---- Adamax (Kingma and Ba, 2014). u ← max(β₂ u, |g|);  w ← w - η m / ((1 - β₁ᵗ)(u + ε))

std::vector<Slots> adamax_slots(const Config &, const std::string &, const Shape &shape) {
  return one_group({"momentum", "norm"}, shape);
}

Value adamax_update(Step &s) {
  Value m = s.set("momentum", approach(s.slot("momentum"), s.gradient, 1.0 - s.number("beta_1")));
  Value u = s.set("norm", maximum(s.number("beta_2") * s.slot("norm"), abs(s.gradient)));
  return s.weight - (s.learning_rate * m) / ((1.0 - s.power_of_step(s.number("beta_1"))) * (u + s.number("epsilon")));
}

// ---- Nadam (Dozat, 2015). Adam with Nesterov's momentum and β₁ warmed up: uₜ = β₁ (1 - 0.96ᵗ / 2)

std::vector<Slots> nadam_slots(const Config &, const std::string &, const Shape &shape) {
  return one_group({"momentum", "velocity"}, shape);
}

Value nadam_momentum(Step &s, const Value &step) {
  return s.number("beta_1") * (1.0 - 0.5 * power(s.constant(0.96), step));
}

Value nadam_product(Step &s, const Value &before) { return before * nadam_momentum(s, s.step); }

Value nadam_update(Step &s) {
  Value u = nadam_momentum(s, s.step), next = nadam_momentum(s, s.step + 1.0);
  const Value &product = s.common.at("u_product");
  Value m = s.set("momentum", approach(s.slot("momentum"), s.gradient, 1.0 - s.number("beta_1")));
  Value v = s.set("velocity", approach(s.slot("velocity"), square(s.gradient), 1.0 - s.number("beta_2")));
  Value m_hat = next * m / (1.0 - product * next) + (1.0 - u) * s.gradient / (1.0 - product);
  Value v_hat = v / (1.0 - s.power_of_step(s.number("beta_2")));
  return s.weight - m_hat * s.learning_rate / (sqrt(v_hat) + s.number("epsilon"));
}

// ---- Ftrl (McMahan et al., 2013). w minimizes  z w + q w² / 2 + λ₁ |w|

std::vector<Slots> ftrl_slots(const Config &c, const std::string &, const Shape &shape) {
  return {{{"accumulator", shape, c["initial_accumulator_value"].as_double()}, {"linear", shape}}};
}

Value ftrl_update(Step &s) {
  double exponent = -s.number("learning_rate_power"), l1 = s.number("l1_regularization_strength");
  Value l2 = s.number("l2_regularization_strength") + s.number("beta") / (2.0 * s.learning_rate);
  Value gradient = s.gradient + 2.0 * s.number("l2_shrinkage_regularization_strength") * s.weight;
  const Value &old = s.slot("accumulator");
  Value accumulated = s.set("accumulator", old + square(s.gradient));
  auto scaled = [&](const Value &a) { return exponent == 0.5 ? Value(sqrt(a)) : Value(power(a, exponent)); };
  Value root = scaled(accumulated);
  Value z = s.set("linear", s.slot("linear") + (gradient - (root - scaled(old)) / s.learning_rate * s.weight));
  Value q = root / s.learning_rate + 2.0 * l2;
  return (clip(z, -l1, l1) - z) / q;
}

void ftrl_check(const Config &c) {
  for (const char *key : {"initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
                          "l2_shrinkage_regularization_strength"})
    if (c[key].as_double() < 0)
      throw Error(std::string("optimizer ftrl: ") + key + " must not be negative, got " + c[key].str());
  if (c["learning_rate_power"].as_double() > 0)
    throw Error("optimizer ftrl: learning_rate_power must not be positive, got " + c["learning_rate_power"].str());
}

// ---- Lion (Chen et al., 2023). w ← w - η sign(β₁ m + (1 - β₁) g);  m ← β₂ m + (1 - β₂) g

std::vector<Slots> momentum_slots(const Config &, const std::string &, const Shape &shape) {
  return one_group({"momentum"}, shape);
}

Value lion_update(Step &s) {
  double beta_1 = s.number("beta_1"), beta_2 = s.number("beta_2");
  const Value &m = s.slot("momentum");
  s.set("momentum", m * beta_2 + s.gradient * (1.0 - beta_2));
  return s.weight - s.learning_rate * sign(m * beta_1 + s.gradient * (1.0 - beta_1));
}

void lion_check(const Config &c) {
  if (double beta = c["beta_1"].as_double(); beta <= 0 || beta > 1)
    throw Error("optimizer lion: beta_1 must be in (0, 1], got " + c["beta_1"].str());
}

// ---- Lamb (You et al., 2019). Adam's direction u, scaled by |w| / |u|

Value lamb_update(Step &s) {
  Value m = s.set("momentum", approach(s.slot("momentum"), s.gradient, 1.0 - s.number("beta_1")));
  Value v = s.set("velocity", approach(s.slot("velocity"), square(s.gradient), 1.0 - s.number("beta_2")));
  Value u = m / (1.0 - s.power_of_step(s.number("beta_1"))) /
            (sqrt(v / (1.0 - s.power_of_step(s.number("beta_2")))) + s.number("epsilon"));
  Value w_norm = sqrt(sum(square(s.weight))), u_norm = sqrt(sum(square(u)));
  Value ratio = where(logical_and(w_norm > 0.0, u_norm > 0.0), w_norm / u_norm, 1.0);
  return s.weight - ratio * s.learning_rate * u;
}

// ---- Adafactor (Shazeer and Stern, 2018). A matrix's second moments are the product of row and column means

std::vector<Slots> adafactor_slots(const Config &, const std::string &, const Shape &shape) {
  std::vector<std::int64_t> rows, columns;
  if (shape.rank() >= 2) {
    rows.assign(shape.begin(), shape.end() - 1);
    columns.assign(shape.begin(), shape.end() - 2);
    columns.push_back(shape.back());
  }
  return {{{"row", Shape(rows)}, {"column", Shape(columns)}, {"velocity", shape}}};
}

Value adafactor_update(Step &s) {
  Value decayed = 1.0 / sqrt(s.step);
  Value rate = minimum(s.learning_rate, decayed);
  Value alpha = maximum(sqrt(mean(square(s.weight))), s.number("epsilon_2")) * rate;
  Value squares = square(s.gradient) + s.number("epsilon_1");
  Value beta = 1.0 - power(s.step, s.number("beta_2_decay"));
  Value v;
  if (s.weight.rank() >= 2) {
    Value r = s.set("row", beta * s.slot("row") + (1.0 - beta) * mean(squares, -1));
    Value c = s.set("column", beta * s.slot("column") + (1.0 - beta) * mean(squares, -2));
    v = s.set("velocity", expand_dims(r / mean(r, -1, true), -1) * expand_dims(c, -2));
  } else {
    v = s.set("velocity", beta * s.slot("velocity") + (1.0 - beta) * squares);
  }
  Value u = s.gradient / sqrt(v);
  return s.weight - alpha * (u / maximum(sqrt(mean(square(u))) / s.number("clip_threshold"), 1.0));
}

// ---- Muon (Jordan, 2024). The momentum of a matrix, made orthogonal by Newton and Schulz's iteration; others: AdamW

bool muon_uses_adam(const Config &c, const std::string &path, const Shape &shape) {
  if (shape.rank() != 2)
    return true;
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
  if (c["exclude_embeddings"].as_bool() && lower.find("embedding") != std::string::npos)
    return true;
  const Config &excluded = c["exclude_layers"];
  return excluded.is_list() && std::any_of(excluded.as_list().begin(), excluded.as_list().end(),
                                           [&](const Config &e) { return PathPattern(e.as_string()).occurs_in(path); });
}

void muon_check(const Config &c) {
  const Config &excluded = c["exclude_layers"];
  if (!excluded.is_list())
    return;
  for (const Config &expression : excluded.as_list()) {
    if (!expression.is_string())
      throw Error("optimizer Muon: exclude_layers must be a list of regular expressions");
    PathPattern{expression.as_string()};
  }
}

std::vector<Slots> muon_slots(const Config &c, const std::string &weight, const Shape &shape) {
  return muon_uses_adam(c, weight, shape) ? one_group({"momentum", "velocity"}, shape) : one_group({"momentum"}, shape);
}

Value muon_update(Step &s) {
  Shape shape = s.weight.shape();
  if (muon_uses_adam(s.config, s.path, shape))
    return adam_step(s, s.number("adam_beta_1"), s.number("adam_beta_2"), s.learning_rate * s.number("adam_lr_ratio"),
                     false);
  double momentum = s.number("momentum");
  Value m = s.set("momentum", s.slot("momentum") + (s.gradient + s.slot("momentum") * (momentum - 1.0)));
  Value x = s.flag("nesterov") ? Value(s.gradient + momentum * m) : m;
  bool tall = shape[0] > shape[1];
  if (tall)
    x = transpose(x);
  x = x / (sqrt(sum(square(x))) + 1e-7);
  for (int i = 0; i < static_cast<int>(s.config["ns_steps"].as_int()); ++i) {
    Value a = matmul(x, transpose(x));
    x = s.number("muon_a") * x + matmul(s.number("muon_b") * a + s.number("muon_c") * matmul(a, a), x);
  }
  if (tall)
    x = transpose(x);
  Value change = s.learning_rate * x;
  if (const Config &rate = s.config["rms_rate"]; !rate.is_null())
    change = change * (std::sqrt(static_cast<double>(std::max(shape[0], shape[1]))) * rate.as_double());
  return s.weight - change;
}

const char *muon_decay(const Config &c, const std::string &weight, const Shape &shape) {
  return muon_uses_adam(c, weight, shape) ? "adam_weight_decay" : "weight_decay";
}

// ---- ScheduleFreeAdamW (Defazio et al., 2024). Gradients at y = (1 - β₁) z + β₁ x, where x is the mean of all z

std::vector<Slots> schedule_free_slots(const Config &, const std::string &, const Shape &shape) {
  return {{{"momentum", shape, 0.0, true}, {"velocity", shape}}};
}

Value schedule_free_update(Step &s) {
  double beta_1 = s.number("beta_1"), warmup = s.number("warmup_steps");
  Value rate = s.learning_rate;
  if (warmup > 0)
    rate = rate * minimum(s.step / warmup, 1.0);
  Value v = s.set("velocity", approach(s.slot("velocity"), square(s.gradient), 1.0 - s.number("beta_2")));
  Value root = sqrt(v / (1.0 - s.power_of_step(s.number("beta_2")))) + s.number("epsilon");
  const Value &z = s.slot("momentum");
  Value x = (s.weight - (1.0 - beta_1) * z) / beta_1;
  Value z_new = s.set("momentum", z - rate * s.gradient / root);
  Value share = 1.0 / s.step;
  return (1.0 - beta_1) * z_new + beta_1 * ((1.0 - share) * x + share * z_new);
}

} // namespace

const std::vector<OptimizerRule> &optimizer_rules() {
  static const std::vector<OptimizerRule> rules{
      {"SGD", "sgd", {{"learning_rate", 0.01}, {"momentum", 0.0}, {"nesterov", false}}, sgd_slots, sgd_update},
      {"Adam",
       "adam",
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", false}},
       adam_slots,
       adam_update},
      {"AdamW",
       "adamw",
       {{"weight_decay", 0.004}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}, {"amsgrad", false}},
       adam_slots,
       adam_update},
      {"RMSprop",
       "rmsprop",
       {{"rho", 0.9}, {"momentum", 0.0}, {"epsilon", 1e-7}, {"centered", false}},
       rmsprop_slots,
       rmsprop_update},
      {"Adagrad", "adagrad", {{"initial_accumulator_value", 0.1}, {"epsilon", 1e-7}}, adagrad_slots, adagrad_update},
      {"Adadelta", "adadelta", {{"rho", 0.95}, {"epsilon", 1e-7}}, adadelta_slots, adadelta_update},
      {"Adamax", "adamax", {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}, adamax_slots, adamax_update},
      {"Nadam",
       "nadam",
       {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}},
       nadam_slots,
       nadam_update,
       {{"u_product", 1.0}},
       nadam_product},
      {.class_name = "Ftrl",
       .name = "ftrl",
       .arguments = {{"learning_rate_power", -0.5},
                     {"initial_accumulator_value", 0.1},
                     {"l1_regularization_strength", 0.0},
                     {"l2_regularization_strength", 0.0},
                     {"l2_shrinkage_regularization_strength", 0.0},
                     {"beta", 0.0}},
       .slots = ftrl_slots,
       .update = ftrl_update,
       .check = ftrl_check},
      {.class_name = "Lion",
       .name = "lion",
       .arguments = {{"beta_1", 0.9}, {"beta_2", 0.99}},
       .slots = momentum_slots,
       .update = lion_update,
       .check = lion_check},
      {"Lamb", "lamb", {{"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-7}}, nadam_slots, lamb_update},
      {"Adafactor",
       "adafactor",
       {{"beta_2_decay", -0.8},
        {"epsilon_1", 1e-30},
        {"epsilon_2", 0.001},
        {"clip_threshold", 1.0},
        {"relative_step", true}},
       adafactor_slots,
       adafactor_update},
      {.class_name = "Muon",
       .name = "muon",
       .arguments = {{"weight_decay", 0.004},
                     {"adam_beta_1", 0.9},
                     {"adam_beta_2", 0.999},
                     {"adam_weight_decay", 0.004},
                     {"epsilon", 1e-7},
                     {"exclude_layers", Config(Config::List())},
                     {"exclude_embeddings", true},
                     {"muon_a", 3.4445},
                     {"muon_b", -4.775},
                     {"muon_c", 2.0315},
                     {"adam_lr_ratio", 1.0},
                     {"momentum", 0.95},
                     {"ns_steps", 5},
                     {"nesterov", true},
                     {"rms_rate", 0.2}},
       .slots = muon_slots,
       .update = muon_update,
       .decay = muon_decay,
       .check = muon_check},
      {"ScheduleFreeAdamW",
       "schedule_free_adamw",
       {{"learning_rate", 0.0025}, {"beta_1", 0.9}, {"beta_2", 0.999}, {"epsilon", 1e-8}, {"warmup_steps", 0}},
       schedule_free_slots,
       schedule_free_update},
  };
  return rules;
}

} // namespace lamina
