// Which language is a surname from? An LSTM on letters, sequences of different lengths.
#include "examples/demo.h"

#include <iostream>

using namespace lamina;
using namespace lamina::layers;

demo::Rows demo::names() {
  std::cout << "\n== Surnames: an LSTM on sequences of different lengths" << std::endl;
  Split data = load("names.npz");
  Sequential model({Input({none}, {.dtype = DType::Int32}), Embedding(30, 24, {.mask_zero = true}), LSTM(64),
                    Dense(6, {.activation = "softmax"})});
  model.compile(
      {.optimizer = Adam({.learning_rate = 3e-3}), .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  auto history =
      model.fit(data.x, data.y,
                {.epochs = 10, .batch_size = 64, .validation_x = {data.held_out_x}, .validation_y = {data.held_out_y}});
  model.save(output("names.keras"));
  draw_curve(output("names.svg"), "Surnames: accuracy after each epoch",
             {{"training", history["accuracy"]}, {"held out", history["val_accuracy"]}});
  return {{"names: right of the held-out fifth", percent(history["val_accuracy"].back())}};
}
