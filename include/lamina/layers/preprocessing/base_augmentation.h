#ifndef LAMINA_LAYERS_PREPROCESSING_BASE_AUGMENTATION_H
#define LAMINA_LAYERS_PREPROCESSING_BASE_AUGMENTATION_H

#include <lamina/layers/preprocessing/base_image.h>

namespace lamina::layers {

/// How strong an augmentation is: between two numbers, or one that both ends follow from.
class Factor {
public:
  Factor(double factor = 0.0) : given_(factor) {}
  Factor(int factor) : given_(factor) {}
  Factor(double lower, double upper) : given_(Config::list({lower, upper})) {}

  /// From lower to upper. One number f is from -|f|, but not below least, to |f|.
  /// Errors: a range wholly outside of [least, most], or no range.
  std::pair<double, double> range(const char *what, double least, double most) const {
    Config both = resolved(what, least, most).given_;
    return {both[0].as_double(), both[1].as_double()};
  }
  /// The same with both ends written out, as Keras saves most factors.
  Factor resolved(const char *what, double least, double most) const {
    auto fail = [&] {
      throw Error(std::string(what) + " must be a number, or a list of two, in [" + Config(least).str() + ", " +
                  Config(most).str() + "], got " + given_.str());
    };
    Factor result;
    if (given_.is_list()) {
      if (given_.size() != 2 || !given_[0].is_number() || !given_[1].is_number() || given_[0].as_double() > most ||
          given_[1].as_double() < least)
        fail();
      bool ordered = given_[0].as_double() <= given_[1].as_double();
      result.given_ = Config::list({given_[ordered ? 0 : 1], given_[ordered ? 1 : 0]});
      return result;
    }
    if (!given_.is_number() || given_.as_double() > most || given_.as_double() < least)
      fail();
    if (given_.is_int()) {
      std::int64_t f = std::abs(given_.as_int());
      result.given_ = Config::list({std::max(-f, static_cast<std::int64_t>(least)), f});
    } else {
      double f = std::abs(given_.as_double());
      result.given_ = Config::list({std::max(-f, least), f});
    }
    return result;
  }

  Config get_config() const { return given_; }
  operator Config() const { return given_; }
  static Factor from_config(const Config &config) {
    Factor result;
    result.given_ = config;
    return result;
  }

private:
  Config given_;
};

/// What layers that draw random numbers for each image share.
template <typename D> class AugmentationLayer : public ImageLayer<D> {
public:
  std::optional<std::int64_t> seed = {};

protected:
  template <typename O> void start(const O &options) {
    this->init(options.name, options.trainable, options.dtype);
    this->data_format = options.data_format;
    seed = options.seed;
  }

  /// Uniform in [low, high).
  Value uniform(const Value &images, const CallContext &context, const Dims &dims, double low, double high) const {
    return low + (high - low) * random_uniform(context.seed(), dims, context.stream(seed), images.dtype());
  }
  /// One number for each image, [N, 1, 1, 1].
  Value draw(const Value &images, const CallContext &context, double low = 0.0, double high = 1.0) const {
    return uniform(images, context, {Dim(images, 0), Dim(1), Dim(1), Dim(1)}, low, high);
  }
  Value draw(const Value &images, const CallContext &context, std::pair<double, double> range) const {
    return draw(images, context, range.first, range.second);
  }
  /// Whether each image takes part: with a probability that is drawn from the range.
  Value chosen(const Value &images, const CallContext &context, std::pair<double, double> range) const {
    return less(draw(images, context), draw(images, context, range));
  }
};

/// The lowest and highest value of images, in order. Errors: not two.
inline std::vector<double> ordered_range(std::vector<double> value_range) {
  if (value_range.size() != 2)
    throw Error("value_range must be two numbers, got " + Config(value_range).str());
  std::ranges::sort(value_range);
  return value_range;
}

inline Value clip_to(const Value &images, const std::vector<double> &range) { return clip(images, range[0], range[1]); }

/// Images whose values lie in one range, in another.
inline Value to_range(const Value &images, const std::vector<double> &from, const std::vector<double> &to) {
  if (from == to)
    return images;
  return (images - from[0]) / (from[1] - from[0]) * (to[1] - to[0]) + to[0];
}

inline Value channel(const Value &images, std::int64_t index) { return slice_axis(images, 3, index, index + 1); }

/// [N, H, W, C] filtered by kernel [h, w], each channel for itself, zeros around.
inline Value filter_channels(const Value &images, const Value &kernel, const std::string &padding = "same") {
  Shape size = kernel.shape();
  std::int64_t channels = images.shape()[3];
  if (channels == none)
    throw Error("the number of channels must be known, got images of shape " + images.shape().str());
  Value each = broadcast_to(reshape(kernel, std::vector<std::int64_t>{size[0], size[1], 1, 1}),
                            {Dim(size[0]), Dim(size[1]), Dim(1), Dim(channels)});
  return conv(images, each, {.strides = {1, 1}, .padding = padding, .groups = channels});
}

} // namespace lamina::layers

#endif
