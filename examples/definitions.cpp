// What is defined? Word ids of a dictionary definition through an Embedding.
#include "examples/demo.h"

#include <iostream>

using namespace lamina;
using namespace lamina::layers;

demo::Rows demo::definitions() {
  std::cout << "\n== Dictionary definitions: words through an Embedding" << std::endl;
  Split data = load("definitions.npz");
  Sequential model({Input({20}, {.dtype = DType::Int32}), Embedding(6000, 16), Flatten(), Dropout(0.3),
                    Dense(32, {.activation = "relu"}), Dense(6, {.activation = "softmax"})});
  model.compile({.optimizer = Adam(), .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  auto history =
      model.fit(data.x, data.y,
                {.epochs = 6, .batch_size = 64, .validation_x = {data.held_out_x}, .validation_y = {data.held_out_y}});
  model.save(output("definitions.keras"));
  return {{"definitions: right of the held-out fifth", percent(history["val_accuracy"].back())}};
}
