#ifndef LAMINA_LAYERS_PREPROCESSING_RANDOM_ERASING_H
#define LAMINA_LAYERS_PREPROCESSING_RANDOM_ERASING_H

#include <lamina/layers/preprocessing/base_mixing.h>

namespace lamina::layers {

/// Overwrites a random box of some images while training. scale: the box's sides are square roots of two shares from
/// it. fill_value: a number, one for each of 3 channels, or none for noise. Keras: layers.RandomErasing.
class RandomErasing : public AugmentationLayer<RandomErasing> {
public:
  struct Options {
    Factor factor = 1.0;
    Factor scale = Factor(0.02, 0.33);
    Config fill_value = {};
    std::vector<double> value_range = {0, 255};
    std::optional<std::int64_t> seed = {};
    std::string data_format = "channels_last";
    LAMINA_COMMON_OPTIONS;
  };

  RandomErasing() : RandomErasing(Options()) {}
  explicit RandomErasing(const Options &options) : options(options) { start(options); }

  void prepare() {
    options.factor = options.factor.resolved("factor", 0, 1);
    options.scale = options.scale.resolved("scale", 0, 1);
    options.value_range = ordered_range(options.value_range);
    const Config &fill = options.fill_value;
    if (!fill.is_null() && !fill.is_number() && !(fill.is_list() && fill.size() == 3))
      throw Error("fill_value must be a number or a list of three, got " + fill.str());
  }

  Value transform(const Value &images, CallContext &context) const {
    auto share = [&] { return Value(sqrt(draw(images, context, options.scale.range("scale", 0, 1)))); };
    Box box = random_box(images, share(), share(), [&] { return draw(images, context); });
    Value fill;
    if (options.fill_value.is_null())
      fill =
          random_normal(context.seed(), dims_of(images), context.stream(seed), images.dtype()) * options.value_range[1];
    else
      fill = to_dtype(constant(images.graph(), to_numbers(options.fill_value)), images.dtype());
    Value erased = where(box.inside, clip_to(fill, options.value_range), images);
    return where(chosen(images, context, options.factor.range("factor", 0, 1)), erased, images);
  }

  template <typename F> void fields(F &f) {
    f("factor", options.factor);
    f("scale", options.scale);
    f("fill_value", options.fill_value);
    f("value_range", options.value_range);
    f("seed", seed);
    image_fields(f);
  }

  Options options;
};

LAMINA_REGISTER_LAYER(RandomErasing, "keras");

} // namespace lamina::layers

#endif
