// Handwritten digits: trained, saved for Keras, compiled to an object file, linked into a C program.
#include "examples/demo.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

using namespace lamina;
using namespace lamina::layers;

namespace {

std::string run(const std::string &command) {
  std::string out;
  FILE *pipe = popen(command.c_str(), "r");
  for (char buffer[256]; pipe && std::fgets(buffer, sizeof buffer, pipe);)
    out += buffer;
  if (!pipe || pclose(pipe) != 0)
    throw Error("failed: " + command);
  return out.substr(0, out.find('\n'));
}

void write_floats(const std::string &path, const Tensor &array) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(array.raw()), std::streamsize(array.nbytes()));
}

Tensor read_floats(const std::string &path, const Shape &shape) {
  Tensor array(shape, DType::Float32);
  if (!std::ifstream(path, std::ios::binary)
           .read(reinterpret_cast<char *>(array.raw()), std::streamsize(array.nbytes())))
    throw Error("the C program wrote too few answers into " + path);
  return array;
}

struct Timing {
  double compile_ms = 0, call_us = 0;
};

/// A process of its own loads the model and runs one image, with the object cache in `cache`.
Timing time_process(const std::string &saved, const std::string &cache) {
  Timing timing;
  std::string line =
      run("LAMINA_CACHE='" + cache + "' " LAMINA_DEMO_TOOL " bench '" + saved + "' --threads 1 --cached");
  if (std::sscanf(line.c_str(), "compile %lf ms, call %lf", &timing.compile_ms, &timing.call_us) != 2)
    throw Error("lamina bench printed: " + line);
  return timing;
}

std::string number(const char *format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string kilobytes(const std::string &path) {
  return std::to_string((std::filesystem::file_size(path) + 512) / 1024) + " kB";
}

} // namespace

demo::Rows demo::digits() {
  std::cout << "\n== Handwritten digits: a convolutional classifier" << std::endl;
  Split data = load("digits.npz", true);
  Tensor images = data.x.astype(DType::Float32) / 16.0, held_out = data.held_out_x.astype(DType::Float32) / 16.0;

  auto image = Input({8, 8, 1});
  auto x = Conv2D(32, {3, 3}, {.activation = "relu", .padding = "same"})(image);
  x = MaxPooling2D({2, 2})(x);
  x = Conv2D(64, {3, 3}, {.activation = "relu", .padding = "same"})(x);
  x = MaxPooling2D({2, 2})(x);
  x = Dropout(0.3)(Flatten()(x));
  Model model(image, Dense(10, {.activation = "softmax"})(x), {.name = "digits"});
  model.summary();
  model.compile(
      {.optimizer = Adam({.learning_rate = 2e-3}), .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}});
  auto history = model.fit(
      images, data.y, {.epochs = 15, .batch_size = 32, .validation_x = {held_out}, .validation_y = {data.held_out_y}});
  draw_curve(output("digits.svg"), "Digits: accuracy after each epoch",
             {{"training", history["accuracy"]}, {"held out", history["val_accuracy"]}});
  double accuracy = history["val_accuracy"].back();
  if (accuracy < 0.97)
    throw Error("digits: only " + percent(accuracy) + " of the held-out digits are right, 97 % expected");

  std::string saved = output("digits.keras"), object = output("digits.o"), program = output("digits_main");
  model.save(saved);
  compile_object(model, object, output("digits.h"), {.name = "digits", .batch = 1});
  run("cc -O2 -I '" + output("") + "' " LAMINA_DEMO_SOURCE "/digits_main.c '" + object + "' -lm -o '" + program + "'");
  write_floats(output("images.bin"), held_out);
  std::string microseconds = run("'" + program + "' '" + output("images.bin") + "' '" + output("answers.bin") + "'");
  Tensor jit = model.predict(held_out), c = read_floats(output("answers.bin"), jit.shape());
  Tensor difference = max(abs(jit - c));
  if (!(difference.item<float>() < 1e-5f))
    throw Error("digits: the C program's answers differ from the JIT's by " + std::to_string(difference.item<float>()));

  std::int64_t compilations = model.compilations();
  for (std::int64_t batch : {1, 7, 128})
    model.predict(held_out.slice(0, batch), {.batch_size = batch});
  if (model.compilations() != compilations)
    throw Error("digits: a new batch size was compiled anew");

  std::string cache = output("cache");
  std::filesystem::remove_all(cache);
  Timing cold = time_process(saved, cache), warm = time_process(saved, cache);
  return {{"digits: right of the held-out fifth", percent(accuracy)},
          {"digits: largest difference of the C program to the JIT", number("%.1e", difference.item<float>())},
          {"digits.keras", kilobytes(saved)},
          {"digits.o", kilobytes(object)},
          {"digits_main, the C program", kilobytes(program)},
          {"digits: compile time, cold", number("%.0f ms", cold.compile_ms)},
          {"digits: compile time, from the disk cache", number("%.1f ms", warm.compile_ms)},
          {"digits: functions compiled (train, test, predict), any batch", std::to_string(model.compilations())},
          {"digits: one image with the JIT", number("%.2f us", warm.call_us)},
          {"digits: one image in the C program", microseconds + " us"}};
}
