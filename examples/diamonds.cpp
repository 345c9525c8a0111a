// The price of a diamond from its weight, grades and measures.
#include "examples/demo.h"

#include <iostream>

using namespace lamina;
using namespace lamina::layers;

demo::Rows demo::diamonds() {
  std::cout << "\n== Price of diamonds: regression" << std::endl;
  Split data = load("diamonds.npz");
  Tensor center = mean(data.x, 0), scale = rsqrt(variance(data.x, 0));
  Tensor x = (data.x - center) * scale, held_out_x = (data.held_out_x - center) * scale;
  Tensor y = data.y / 1000.0, held_out_y = data.held_out_y / 1000.0;

  Sequential model({Input({9}), Dense(64, {.activation = "relu"}), Dense(64, {.activation = "relu"}), Dense(1)});
  model.compile({.optimizer = Adam({.learning_rate = 2e-3}), .loss = "mean_squared_error", .metrics = {"mae"}});
  auto history =
      model.fit(x, y, {.epochs = 15, .batch_size = 64, .validation_x = {held_out_x}, .validation_y = {held_out_y}});
  model.save(output("diamonds.keras"));
  double dollars = 1000 * history["val_mae"].back();
  return {{"diamonds: mean error of the held-out fifth", std::to_string(std::lround(dollars)) + " dollars"}};
}
