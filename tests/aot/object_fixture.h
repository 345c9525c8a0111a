#ifndef LAMINA_TESTS_AOT_OBJECT_FIXTURE_H
#define LAMINA_TESTS_AOT_OBJECT_FIXTURE_H

#include <sys/wait.h>

#include <cstring>

#include <gmock/gmock.h>

#include <lamina/lamina.h>

#include "runtime/files.h"
#include "tests/runtime/files_fixture.h"

namespace lamina::aot {

/// A machine to compile for, and what runs its programs here.
struct Machine {
  std::string triple = "x86_64-linux-gnu", cpu = "", emulator = "";
};

/// Compiles models to objects, links program.c with them and runs it.
class ObjectTest : public runtime::Files {
protected:
  struct Outcome {
    int code;
    std::string text;
  };

  /// Runs a command in the test's folder.
  Outcome call(const std::string &command) const {
    int status = std::system(("cd " + folder.string() + " && { " + command + "; } >log.txt 2>&1").c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, runtime::read_file(path("log.txt"), 1 << 24)};
  }
  void works(const std::string &command) const {
    Outcome outcome = call(command);
    ASSERT_EQ(outcome.code, 0) << command << "\n" << outcome.text;
  }

  /// net.o and net.h, the header looked at as C99 and C++ by a strict compiler.
  ObjectResult compile(const Model &model, ObjectOptions options, const Machine &machine = {}) const {
    options.name = "net";
    options.target = machine.triple;
    options.cpu = machine.cpu;
    ObjectResult result = compile_object(model, options);
    write("net.o", result.object);
    write("net.h", result.header);
    std::string strict =
        LAMINA_CC " -ffreestanding -fsyntax-only -Wall -Wextra -pedantic -Werror --target=" + machine.triple + " ";
    works(strict + "-std=c99 -x c net.h");
    works(strict + "-std=c++11 -x c++ net.h");
    return result;
  }

  /// net_run's answers to the inputs, one after the other, by net.o in a program without libc.
  std::vector<Tensor> answers(const std::vector<Tensor> &inputs, const Shape &output, const std::string &defines,
                              const Machine &machine = {}, const std::string &weights = "") const {
    bool wasm = machine.triple.starts_with("wasm");
    auto floats = [](const Shape &shape) { return std::to_string(Tensor::zeros(shape).numel()); };
    works(LAMINA_CC " -std=c11 -O1 -Wall -Wextra -Werror -ffreestanding -nostdlib -I. --target=" + machine.triple +
          (wasm ? " -Wl,--no-entry -Wl,--export=program" : " -static -fuse-ld=lld") +
          " -DINPUT=" + floats(inputs[0].shape()) + " -DOUTPUT=" + floats(output) + " " + defines +
          " " LAMINA_SOURCE_DIR "/tests/aot/program.c net.o -o program");
    return run((machine.emulator.empty() ? "" : machine.emulator + " ") + "./program", inputs, output, weights);
  }

  /// What a program writes that reads weights and inputs.
  std::vector<Tensor> run(const std::string &program, const std::vector<Tensor> &inputs, const Shape &output,
                          const std::string &weights = "") const {
    std::string in = weights;
    for (const Tensor &input : inputs)
      in.append(static_cast<const char *>(input.raw()), static_cast<std::size_t>(input.nbytes()));
    write("in.bin", in);
    works(program + " <in.bin >out.bin");
    std::string out = runtime::read_file(path("out.bin"), 1 << 24);
    std::vector<Tensor> results;
    auto bytes = static_cast<std::size_t>(Tensor::zeros(output).nbytes());
    for (std::size_t at = 0; at + bytes <= out.size(); at += bytes) {
      results.emplace_back(output, DType::Float32);
      std::memcpy(results.back().raw(), out.data() + at, bytes);
    }
    return results;
  }

  static void expect_close(const std::vector<Tensor> &found, const std::vector<Tensor> &expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].shape(), expected[i].shape());
      for (std::int64_t j = 0; j < found[i].numel(); ++j)
        ASSERT_NEAR(found[i].data<float>()[j], expected[i].data<float>()[j], 1e-5) << "answer " << i << ", " << j;
    }
  }

  /// Numbers between -1 and 1 that repeat nowhere.
  static Tensor numbers(const Shape &shape, double start = 0) {
    Tensor result(shape, DType::Float32);
    for (std::int64_t i = 0; i < result.numel(); ++i)
      result.data<float>()[i] = static_cast<float>(std::sin(start + 1.7 * static_cast<double>(i)));
    return result;
  }
};

} // namespace lamina::aot

#endif
