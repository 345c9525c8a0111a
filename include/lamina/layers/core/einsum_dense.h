#ifndef LAMINA_LAYERS_CORE_EINSUM_DENSE_H
#define LAMINA_LAYERS_CORE_EINSUM_DENSE_H

#include <cctype>

#include <lamina/layers/support.h>

namespace lamina::layers {

/// A dense layer whose product is written by index letters.
///
///     y = activation(einsum(equation, x, kernel) + bias)
///
/// equation: "abc,cd->abd"; a leading or trailing "..." stands for the remaining axes of x and y. output_shape: without
/// the batch, null where an axis is x's. bias_axes: the letters of y that the bias has. Errors: an equation that does
/// not fit the shapes. Keras: layers.EinsumDense.
class EinsumDense : public Layer<EinsumDense> {
public:
  struct Options {
    ActivationFunction activation = {};
    std::optional<std::string> bias_axes = {};
    Initializer kernel_initializer = "glorot_uniform";
    Initializer bias_initializer = "zeros";
    Regularizer kernel_regularizer = {};
    Regularizer bias_regularizer = {};
    Regularizer activity_regularizer = {};
    Constraint kernel_constraint = {};
    Constraint bias_constraint = {};
    LAMINA_COMMON_OPTIONS;
  };

  EinsumDense() : EinsumDense("ab,bc->ac", 1) {}
  EinsumDense(const std::string &equation, const Config &output_shape)
      : EinsumDense(equation, output_shape, Options()) {}
  EinsumDense(const std::string &equation, const Config &output_shape, const Options &options)
      : equation(equation), output_shape(output_shape), options(options) {
    init(options.name, options.trainable, options.dtype);
    activity_regularizer = options.activity_regularizer;
  }

  void build(const Shape &input) {
    Letters letters = expand(static_cast<std::int64_t>(input.rank()));
    std::vector<std::int64_t> sizes(letters.y.size(), none);
    std::size_t given = output_shape.is_list() ? output_shape.size() : 1;
    if (given + 1 > sizes.size())
      fail("has fewer axes in its result than output_shape " + output_shape.str());
    // Axes that "..." stands for follow the batch, or the others.
    std::size_t first = letters.left ? sizes.size() - given : 1;
    for (std::size_t i = 0; i < given; ++i) {
      const Config &entry = output_shape.is_list() ? output_shape.at(i) : output_shape;
      sizes[first + i] = entry.is_null() ? none : entry.as_int();
    }
    auto size_of = [&](char letter) {
      std::size_t out = letters.y.find(letter), in = letters.x.find(letter);
      std::int64_t given = out == std::string::npos ? none : sizes[out];
      std::int64_t own = in == std::string::npos ? none : input[static_cast<std::int64_t>(in)];
      if (given != none && own != none && given != own)
        fail(std::string("gives '") + letter + "' " + std::to_string(own) + " elements in the input and " +
             std::to_string(given) + " in output_shape");
      return given != none ? given : own;
    };
    Shape shape, bias_shape;
    for (char letter : letters.kernel) {
      shape.push_back(size_of(letter));
      if (shape.back() == none)
        fail(std::string("leaves the size of '") + letter + "' open; set it in output_shape");
    }
    kernel = add_weight("kernel", shape, kernel_options(options));
    if (!options.bias_axes)
      return;
    for (char letter : letters.y) {
      bool has = options.bias_axes->find(letter) != std::string::npos;
      if (!has && bias_shape.empty())
        continue;
      bias_shape.push_back(has ? size_of(letter) : 1);
      if (bias_shape.back() == none)
        fail(std::string("leaves the size of '") + letter + "' open; set it in output_shape");
    }
    if (bias_shape.empty())
      fail("has no axis of bias_axes '" + *options.bias_axes + "' in its result");
    bias = add_weight("bias", bias_shape, bias_options(options));
  }

  Value call(const Value &input, CallContext &) const {
    Value x = to_dtype(input, dtype());
    Letters letters = expand(x.rank());
    Value y = einsum(letters.x + "," + letters.kernel + "->" + letters.y, x, as_value(x.graph(), kernel));
    if (bias)
      y = y + bias;
    return options.activation(y);
  }

  template <typename F> void fields(F &f) {
    f.required("output_shape", output_shape);
    f.required("equation", equation);
    f("activation", options.activation);
    f("bias_axes", options.bias_axes);
    f.optional("activity_regularizer", activity_regularizer);
    kernel_and_bias_fields(f, options);
  }

  std::string equation;
  Config output_shape;
  Options options;
  Variable kernel, bias;

private:
  struct Letters {
    std::string x, kernel, y;
    bool left = false; ///< "..." comes first
  };

  [[noreturn]] void fail(const std::string &why) const { throw Error("equation '" + equation + "' " + why); }

  /// The equation with letters for "...", for an input of this rank.
  Letters expand(std::int64_t rank) const {
    std::string text;
    for (char c : equation)
      if (c != ' ')
        text += c;
    std::size_t comma = text.find(','), arrow = text.find("->");
    if (comma == std::string::npos || arrow == std::string::npos || arrow < comma)
      fail("must have the form 'ab,bc->ac'");
    Letters result{text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1), text.substr(arrow + 2)};
    bool dots = result.x.find("...") != std::string::npos;
    std::int64_t named = static_cast<std::int64_t>(result.x.size()) - (dots ? 3 : 0);
    if (dots ? rank < named : rank != named)
      fail("does not fit an input of " + std::to_string(rank) + " dimensions");
    if (!dots)
      return result;
    result.left = result.x.starts_with("...");
    std::string rest;
    for (char c = 'A'; static_cast<std::int64_t>(rest.size()) < rank - named && c <= 'z'; ++c)
      if (std::isalpha(static_cast<unsigned char>(c)) && text.find(c) == std::string::npos)
        rest += c;
    for (std::string *part : {&result.x, &result.y}) {
      std::size_t at = part->find("...");
      if (at == std::string::npos)
        fail("must have '...' in the input and in the result");
      part->replace(at, 3, rest);
    }
    return result;
  }
};

LAMINA_REGISTER_LAYER(EinsumDense, "keras");

} // namespace lamina::layers

#endif
