#include "check_layer.h"

#include <map>

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

TEST(Activation, AllByName) {
  EXPECT_EQ(activations::names().size(), 29u);
  for (const std::string &name : activations::names())
    check_layer(Activation(name),
                {.input_shape = {6}, .expected_shape = {name == "glu" ? 3 : 6}, .gradient = name != "sparsemax"});
}

TEST(Activation, FarFromZero) {
  Tensor x{{-1e4, 1e4}};
  const std::map<std::string, std::vector<float>> expected{{"relu", {0, 1e4f}},
                                                           {"sigmoid", {0, 1}},
                                                           {"tanh", {-1, 1}},
                                                           {"softplus", {0, 1e4f}},
                                                           {"elu", {-1, 1e4f}},
                                                           {"gelu", {0, 1e4f}},
                                                           {"silu", {0, 1e4f}},
                                                           {"softmax", {0, 1}},
                                                           {"log_softmax", {-2e4f, 0}},
                                                           {"mish", {0, 1e4f}},
                                                           {"hard_sigmoid", {0, 1}},
                                                           {"hard_silu", {0, 1e4f}},
                                                           {"relu6", {0, 6}},
                                                           {"log_sigmoid", {-1e4f, 0}},
                                                           {"hard_tanh", {-1, 1}},
                                                           {"sparse_plus", {0, 1e4f}},
                                                           {"sparse_sigmoid", {0, 1}},
                                                           {"leaky_relu", {-2e3f, 1e4f}},
                                                           {"softsign", {-0.9999f, 0.9999f}},
                                                           {"sparsemax", {0, 1}}};
  for (const auto &[name, values] : expected) {
    SCOPED_TRACE(name);
    expect_values(Activation(name)(x), values, 1e-3f);
  }
}

TEST(Activation, UnknownNames) {
  try {
    Dense(3, {.activation = "frobnicate"});
    FAIL();
  } catch (const Error &error) {
    EXPECT_NE(std::string(error.what()).find("unknown activation 'frobnicate'"), std::string::npos);
  }
}
