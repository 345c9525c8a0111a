#include "check_layer.h"

using namespace lamina;
using namespace lamina::layers;
using namespace lamina::test;

namespace {

void expect_integers(const Tensor &tensor, const std::vector<std::int64_t> &expected) {
  Tensor found = tensor.astype(DType::Int64);
  ASSERT_EQ(found.numel(), static_cast<std::int64_t>(expected.size())) << tensor;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(found.values<std::int64_t>()[i], expected[i]) << "element " << i;
}

void expect_error(const std::function<void()> &action, const std::string &message) {
  try {
    action();
    FAIL() << "expected: " << message;
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(), message.c_str());
  }
}

} // namespace

TEST(Normalization, Checks) {
  check_layer(Normalization(), {.input_shape = {3}, .expected_shape = {3}});
  check_layer(Normalization({.axis = {1, 2}}), {.input_shape = {3, 4}, .expected_shape = {3, 4}});
  check_layer(Normalization({.axis = {}, .mean = 1.5, .variance = 0.3}),
              {.input_shape = {none, 2}, .expected_shape = {none, 2}});
  check_layer(Normalization({.mean = std::vector{1., 2.}, .variance = std::vector{3., 4.}, .invert = true}),
              {.input_shape = {3, 2}, .expected_shape = {3, 2}});
}

TEST(Normalization, Adapts) {
  Normalization layer;
  Tensor data{{1., 2., 5.}, {3., 2., 4.}};
  layer.adapt(data);
  expect_values(layer(data), {-1, 0, 1, 1, 0, -1});
  ASSERT_EQ(layer.get_weights().size(), 3u);
  expect_values(layer.get_weights()[0], {2, 2, 4.5f});
  expect_values(layer.get_weights()[1], {1, 0, 0.25f});
  EXPECT_EQ(layer.get_weights()[2].dtype(), DType::Int32);
  EXPECT_TRUE(layer.trainable_weights().empty());

  Normalization whole({.axis = Axes()});
  whole.adapt(Tensor{{1., 2.}, {3., 6.}});
  expect_values(whole(Tensor{{3., 5.}}), {0, 1.0690449f});
}

TEST(Normalization, Refuses) {
  expect_error([] { Normalization({.mean = 1.0, .name = "n"})(Input({3})); },
               "layer 'n': mean and variance must both be given, got mean 1.0 and variance null");
  expect_error([] { Normalization({.name = "n"})(Input({none})); },
               "layer 'n': axis 1 must have a known size, got shape (None, None)");
  Normalization layer({.name = "n"});
  layer.adapt(Tensor{{1., 2.}});
  expect_error([&] { layer.adapt(Tensor{{1., 2., 3.}}); },
               "layer 'n': cannot adapt to data of shape (1, 3), its axes have sizes (2,)");
}

TEST(CategoryEncoding, Checks) {
  LayerCheck check{.input_shape = {4}, .input_dtype = DType::Int32, .expected_shape = {5}};
  check_layer(CategoryEncoding(5), check);
  check_layer(CategoryEncoding(5, {.output_mode = "count"}), check);
  check.input_shape = {none};
  check_layer(CategoryEncoding(5), check);
  check.input_shape = {4};
  check.expected_shape = {4, 5};
  check_layer(CategoryEncoding(5, {.output_mode = "one_hot"}), check);
}

TEST(CategoryEncoding, Values) {
  Tensor x{{0, 2, 2}, {1, 7, -1}};
  expect_values(CategoryEncoding(3)(x), {1, 0, 1, 0, 1, 0});
  expect_values(CategoryEncoding(3, {.output_mode = "count"})(x), {1, 0, 2, 0, 1, 0});
  KerasTensor open = Input({none}, {.dtype = DType::Int32});
  expect_values(Model(open, CategoryEncoding(3)(open)).predict(x), {1, 0, 1, 0, 1, 0});
  KerasTensor indices = Input({3}, {.dtype = DType::Int32}), weights = Input({3});
  Model model({indices, weights}, CategoryEncoding(3, {.output_mode = "count"})(std::vector{indices, weights}));
  expect_values(model.predict({x, Tensor{{1., 2., 3.}, {4., 5., 6.}}})[0], {1, 0, 5, 0, 4, 0});
  expect_error([] { CategoryEncoding(0, {.name = "c"})(Input({3})); },
               "layer 'c': num_tokens must be a positive integer, got 0");
}

TEST(Discretization, Checks) {
  check_layer(Discretization({-1., 0., 0.5}),
              {.input_shape = {none}, .expected_shape = {none}, .expected_dtype = DType::Int32});
  check_layer(Discretization({.bin_boundaries = {{0.}}, .output_mode = "one_hot"}),
              {.input_shape = {3}, .expected_shape = {3, 2}});
}

TEST(Discretization, Values) {
  expect_integers(Discretization({0., 1., 2.})(Tensor{{-1., 0., 0.5, 2., 9., std::nan("")}}), {0, 1, 1, 3, 3, 3});
  Discretization layer({.num_bins = 4});
  Tensor data({100}, DType::Float32);
  for (std::size_t i = 0; i < 100; ++i)
    data.values<float>()[i] = static_cast<float>(i * i);
  layer.adapt(data);
  expect_integers(layer(Tensor{{0., 575., 577., 2400., 2402., 5475., 5477.}}), {0, 0, 1, 1, 2, 2, 3});
  Config config = serialize_layer(layer)["config"];
  EXPECT_FALSE(config.contains("trainable"));
  EXPECT_NEAR(config["bin_boundaries"][0].as_double(), 575.9991455078125, 1e-2);
}

TEST(Hashing, AsTensorFlow) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  Tensor x(std::vector<std::int64_t>{0,
                                     1,
                                     -1,
                                     5,
                                     42,
                                     -42,
                                     123,
                                     -999,
                                     1234,
                                     -1234,
                                     12345,
                                     1234567,
                                     12345678,
                                     -12345678,
                                     123456789012345,
                                     1234567890123456,
                                     12345678901234567,
                                     -1234567890123456789,
                                     most,
                                     -most - 1,
                                     10,
                                     100,
                                     1000,
                                     10000},
           {6, 4});
  expect_integers(Hashing(1000)(x), {735, 849, 430, 971, 736, 718, 931, 965, 222, 48,  728, 423,
                                     362, 941, 614, 68,  110, 645, 319, 112, 862, 355, 593, 315});
  expect_integers(Hashing(1000, {.salt = Config::list({133, -137})})(x),
                  {457, 139, 605, 379, 426, 858, 357, 839, 355, 415, 943, 378,
                   837, 607, 233, 583, 806, 281, 512, 514, 680, 198, 905, 220});
  KerasTensor a = Input({1}, {.dtype = DType::Int64}), b = Input({1}, {.dtype = DType::Int64});
  Model model({a, b}, HashedCrossing(1000)(std::vector{a, b}));
  Tensor first(std::vector<std::int64_t>{0, 42, 1234, 12345678, 12345678901234567, 10}, {6, 1}),
      second(std::vector<std::int64_t>{1, -42, -1234, -12345678, -1234567890123456789, 100}, {6, 1});
  expect_integers(model.predict({first, second})[0], {963, 470, 91, 608, 821, 797});
}

TEST(Hashing, Checks) {
  check_layer(Hashing(10),
              {.input_shape = {3}, .input_dtype = DType::Int32, .expected_shape = {3}, .expected_dtype = DType::Int64});
  check_layer(Hashing(10, {.mask_value = 1, .output_mode = "multi_hot"}),
              {.input_shape = {3}, .input_dtype = DType::Int32, .expected_shape = {10}});
}

TEST(IntegerLookup, Values) {
  Tensor x{{12, 1138, 42}, {42, 1000, 36}, {0, -5, 7}};
  std::vector<std::int64_t> vocabulary{12, 36, 1138, 42};
  expect_integers(IntegerLookup({.vocabulary = vocabulary})(x), {1, 3, 4, 4, 0, 2, 0, 0, 0});
  expect_integers(IntegerLookup({.num_oov_indices = 3, .mask_token = 0, .vocabulary = vocabulary})(x),
                  {4, 6, 7, 7, 2, 5, 0, 2, 2});
  expect_integers(IntegerLookup({.vocabulary = vocabulary, .output_mode = "count"})(x),
                  {0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 3, 0, 0, 0, 0});
  expect_integers(IntegerLookup({.mask_token = 0, .vocabulary = vocabulary, .invert = true})(Tensor{{0, 1, 2, 5, 9}}),
                  {0, -1, 12, 42, -1});
  expect_values(IntegerLookup({.vocabulary = vocabulary,
                               .idf_weights = std::vector<double>{1, 2, 3, 4},
                               .output_mode = "tf_idf"})(x.slice(1, 2)),
                {2.5f, 0, 2, 0, 4});
}

TEST(IntegerLookup, Checks) {
  check_layer(
      IntegerLookup({.vocabulary = {{3, 1}}}),
      {.input_shape = {none}, .input_dtype = DType::Int64, .expected_shape = {none}, .expected_dtype = DType::Int64});
  expect_error([] { IntegerLookup({.name = "i"})(Input({2}, {.dtype = DType::Int64})); },
               "layer 'i': has no vocabulary; give one");
  expect_error([] { IntegerLookup({.vocabulary = {{3, 3}}, .name = "i"})(Input({2}, {.dtype = DType::Int64})); },
               "layer 'i': the vocabulary holds 3 more than once");
}

namespace {

/// One image of 3 rows and 4 columns, 1, 7, 13, …
Tensor ramp() {
  Tensor x({1, 3, 4, 1}, DType::Float32);
  for (std::size_t i = 0; i < 12; ++i)
    x.values<float>()[i] = static_cast<float>(1 + 6 * i);
  return x;
}

} // namespace

TEST(Resizing, Checks) {
  check_layer(Resizing(2, 6), {.input_shape = {4, 3, 2}, .expected_shape = {2, 6, 2}});
  check_layer(Resizing(6, 2, {.interpolation = "lanczos5", .crop_to_aspect_ratio = true, .antialias = true}),
              {.input_shape = {4, 3, 2}, .expected_shape = {6, 2, 2}});
  check_layer(
      Resizing(6, 2, {.interpolation = "nearest", .pad_to_aspect_ratio = true, .data_format = "channels_first"}),
      {.input_shape = {2, 4, 3}, .expected_shape = {2, 6, 2}});
  check_layer(CenterCrop(2, 3), {.input_shape = {4, 6, 2}, .expected_shape = {2, 3, 2}});
  check_layer(CenterCrop(6, 3), {.input_shape = {4, 6, 2}, .expected_shape = {6, 3, 2}});
}

TEST(Resizing, Values) {
  expect_values(Resizing(2, 3)(ramp()), {8, 16, 24, 44, 52, 60}, 1e-4f);
  expect_values(Resizing(2, 3, {.antialias = true})(ramp()), {11.8f, 19, 26.2f, 41.8f, 49, 56.2f}, 1e-4f);
  expect_values(Resizing(4, 3, {.interpolation = "bicubic"})(ramp()),
                {0.3633347f, 8.746269f, 17.1292f, 14.97534f, 23.35828f, 31.74121f, 36.25879f, 44.64172f, 53.02465f,
                 50.8708f, 59.25373f, 67.63667f},
                1e-3f);
  expect_values(Resizing(2, 5, {.interpolation = "nearest"})(ramp()), {7 - 6, 7, 13, 13, 19, 49, 55, 61, 61, 67});
  expect_values(Resizing(2, 2, {.pad_to_aspect_ratio = true})(ramp()), {10, 22, 46, 58}, 1e-4f);
  expect_values(Resizing(2, 2, {.crop_to_aspect_ratio = true})(ramp()), {8.5f, 17.5f, 44.5f, 53.5f}, 1e-4f);
  expect_error([] { Resizing(2, 2, {.name = "r"})(Input({none, 3, 1})); },
               "layer 'r': needs a known height and width, got images of shape (None, None, 3, 1)");
}

namespace {

/// Outside of training the layer hands its images on, inside it gives the values.
template <typename L> void check_augmentation(L layer, const Tensor &x, const std::vector<float> &expected) {
  SCOPED_TRACE(layer.name());
  expect_values(layer(x), {x.values<float>().begin(), x.values<float>().end()});
  expect_values(layer(x, true), expected, 1e-3f);
  Config config = serialize_layer(layer);
  EXPECT_EQ(serialize_layer(*layer_from_config(Config::parse(config.str()))), config);
}

} // namespace

TEST(Augmentation, Transforms) {
  check_augmentation(RandomRotation(Factor(0.125, 0.125)), ramp(),
                     {7.87868f, 12.12132f, 31.87868f, 51.48528f, 3.636039f, 23.3934f, 44.6066f, 64.36396f, 16.51472f,
                      36.12132f, 55.87868f, 60.12132f});
  check_augmentation(RandomTranslation(Factor(0.25, 0.25), Factor(-0.25, -0.25), {.fill_mode = "wrap"}), ramp(),
                     {43, 49, 55, 37, 13, 19, 25, 7, 37, 43, 49, 31});
  check_augmentation(RandomZoom(Factor(0.5, 0.5), {.fill_mode = "constant", .fill_value = -1}), ramp(),
                     {-0.75f, 2.25f, 6.75f, 1.5f, 5.5f, 29.5f, 38.5f, 10, 5.25f, 26.25f, 30.75f, 7.5f});
}

TEST(Augmentation, Filters) {
  check_augmentation(RandomSharpness(Factor(0.25, 0.25)), ramp(),
                     {3.115385f, 8.961538f, 14.26923f, 16.73077f, 22.80769f, 31, 37, 37.34615f, 38.19231f, 45.88462f,
                      51.19231f, 51.80769f});
  check_augmentation(RandomGaussianBlur({.factor = Factor(1., 1.), .sigma = Factor(0.5, 0.5)}), ramp(),
                     {3.653242f, 8.810631f, 14.17158f, 16.88119f, 22.97635f, 31, 37, 37.78113f, 37.40515f, 46.5859f,
                      51.94685f, 50.6331f});
}

TEST(Augmentation, Colors) {
  Tensor x{{{{10., 20., 30.}, {200., 100., 50.}}}};
  check_augmentation(RandomSaturation(Factor(0.3, 0.3)), x, {21.42857f, 25.71428f, 30, 200, 157.1429f, 135.7143f});
  check_augmentation(RandomColorDegeneration(Factor(0.5, 0.5)), x,
                     {14.0745f, 19.0745f, 24.0745f, 162.09f, 112.09f, 87.09f});
  check_augmentation(RandomPosterization(Factor(3., 3.)), x, {0, 0, 0, 192, 96, 32});
  check_augmentation(RandomGrayscale(1.0), x, {18.149f, 18.149f, 18.149f, 124.18f, 124.18f, 124.18f});
  check_augmentation(Equalization(), x, {0, 0, 0, 255, 255, 255});
  check_augmentation(RandomBrightness(Factor(0.2, 0.2)), x, {61, 71, 81, 251, 151, 101});
  check_augmentation(RandomContrast(Factor(-0.5, 0.5)), x, {0, 0, 25, 247.5f, 120, 55});
  check_augmentation(RandomInvert({.factor = Factor(1., 1.)}), x, {245, 235, 225, 55, 155, 205});
  check_augmentation(Solarization(), x, {245, 235, 225, 55, 155, 205});
  Tensor hue = RandomHue(Factor(0.2, 0.2))(x, true);
  bool forward = hue.values<float>()[0] > 11;
  expect_values(
      hue, forward ? std::vector<float>{12, 10, 30, 200, 190, 50} : std::vector<float>{10, 30, 28, 200, 50, 90}, 1e-3f);
  expect_values(AutoContrast()(x), {0, 0, 0, 255, 255, 255}, 1e-3f);
}

namespace {

/// A batch in which image n is n everywhere.
Tensor numbered(std::int64_t n, std::int64_t size) {
  Tensor x({n, size, size, 1}, DType::Float32);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i / (size * size));
  return x;
}

double average(const Tensor &x) {
  double sum = 0;
  for (float element : x.values<float>())
    sum += static_cast<double>(element);
  return sum / static_cast<double>(x.numel());
}

template <typename L> void check_seed(L layer, const Tensor &x) {
  SCOPED_TRACE(layer.name());
  KerasTensor input = Input({x.shape()[1], x.shape()[2], x.shape()[3]});
  Model model(input, layer(input));
  auto run = [&](std::uint64_t seed, int threads) {
    return model.run({x}, {.training = true, .seed = seed, .threads = threads})[0];
  };
  auto same = [](const Tensor &a, const Tensor &b) {
    return std::equal(a.values<float>().begin(), a.values<float>().end(), b.values<float>().begin());
  };
  Tensor one = run(3, 1);
  EXPECT_TRUE(same(one, run(3, 2)));
  EXPECT_FALSE(same(one, run(4, 1)));
  for (float element : one.values<float>())
    ASSERT_TRUE(std::isfinite(element));
}

} // namespace

TEST(Augmentation, SameBitsFromTheSameSeed) {
  Tensor x({4, 9, 8, 3}, DType::Float32);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>((i * 37) % 256);
  check_seed(RandomFlip("horizontal"), x);
  check_seed(RandomShear({.x_factor = 0.3, .y_factor = 0.2}), x);
  check_seed(RandomCrop(4, 5), x);
  check_seed(RandomColorJitter(
                 {.brightness_factor = 0.2, .contrast_factor = 0.2, .saturation_factor = 0.2, .hue_factor = 0.2}),
             x);
  check_seed(RandomErasing(), x);
  check_seed(RandomElasticTransform(), x);
  check_seed(RandomPerspective(), x);
  check_seed(MixUp(), x);
  check_seed(CutMix(), x);
  check_seed(RandAugment({.num_ops = 1}), x);
  check_seed(AugMix({.num_chains = 2, .chain_depth = 2}), x);
}

TEST(Augmentation, Rates) {
  constexpr std::int64_t n = 2000;
  Tensor x({n, 1, 2, 1}, DType::Float32);
  for (std::size_t i = 0; i < n; ++i)
    x.values<float>()[2 * i + 1] = 1;
  Tensor flipped = RandomFlip("horizontal")(x, true).reshape({n, 2});
  double turned = 0;
  for (std::size_t i = 0; i < n; ++i)
    turned += static_cast<double>(flipped.values<float>()[2 * i]);
  EXPECT_NEAR(turned / n, 0.5, 0.06);
  // Of a chance that is itself uniform up to 0.8.
  EXPECT_NEAR(average(RandomInvert({.factor = 0.8, .value_range = {0, 1}})(Tensor::full({n, 1, 1, 1}, 0.0), true)), 0.4,
              0.06);
  EXPECT_NEAR(average(RandomErasing(
                  {.factor = Factor(1., 1.), .scale = Factor(0.25, 0.25), .fill_value = 1, .value_range = {0, 1}})(
                  Tensor::full({n, 8, 8, 1}, 0.0), true)),
              0.25, 0.01);
}

TEST(Augmentation, MixesImagesOfTheBatch) {
  // Image i has channel i alone: channel i of the result is the weight of the image itself.
  constexpr std::int64_t n = 300;
  Tensor x({n, 1, 1, n}, DType::Float32);
  for (std::size_t i = 0; i < n; ++i)
    x.values<float>()[i * n + i] = 1;
  Tensor y = MixUp(0.2)(x, true);
  double sum = 0, squares = 0;
  std::vector<double> given(n);
  for (std::size_t i = 0; i < n; ++i) {
    double own = static_cast<double>(y.values<float>()[i * n + i]), all = 0;
    for (std::size_t j = 0; j < n; ++j) {
      all += static_cast<double>(y.values<float>()[i * n + j]);
      given[j] += i != j && y.values<float>()[i * n + j] > 0;
    }
    EXPECT_NEAR(all, 1, 1e-5);
    sum += own;
    squares += own * own;
  }
  // Every image is another's partner once. Beta of 0.2 and 0.2 has mean 1/2 and variance 1 / (4 · 1.4).
  EXPECT_LE(*std::ranges::max_element(given), 1);
  EXPECT_NEAR(sum / n, 0.5, 0.1);
  EXPECT_NEAR(squares / n - sum / n * sum / n, 1 / 5.6, 0.03);

  constexpr std::int64_t images = 400, size = 16;
  Tensor cut = CutMix()(numbered(images, size), true);
  int foreign = 0;
  for (std::int64_t i = 0; i < cut.numel(); ++i) {
    float pixel = cut.values<float>()[static_cast<std::size_t>(i)];
    ASSERT_EQ(pixel, std::round(pixel));
    foreign += pixel != static_cast<float>(i / (size * size));
  }
  EXPECT_NEAR(foreign / static_cast<double>(cut.numel()), 0.5, 0.12);
}

TEST(Augmentation, Gradients) {
  KerasTensor input = Input({3, 4, 1});
  Model model(input, RandomTranslation(Factor(0., 0.), Factor(0.25, 0.25), {.fill_mode = "constant"})(input));
  Tensor cotangent = ramp();
  Gradients gradients = model.gradients({ramp()}, {cotangent}, {.training = true});
  // Everything moved to the right by one: gradients move back.
  expect_values(gradients.inputs[0], {7, 13, 19, 0, 31, 37, 43, 0, 55, 61, 67, 0}, 1e-4f);
}

TEST(Augmentation, Refuses) {
  expect_error([] { RandomBrightness(2.0, {.name = "b"})(Input({3, 3, 1})); },
               "layer 'b': factor must be a number, or a list of two, in [-1.0, 1.0], got 2.0");
  expect_error([] { RandomFlip({.mode = "sideways", .name = "f"})(Input({3, 3, 1})); },
               "layer 'f': mode must be horizontal, vertical or horizontal_and_vertical, got 'sideways'");
  expect_error([] { RandomFlip({.name = "f"})(Tensor({2, 3, 3}, DType::Float32), true); },
               "layer 'f': expects an input of 4 dimensions, got shape (None, 3, 3)");
}

TEST(ContrastLimitedAdaptiveHistogramEqualization, Values) {
  using Layer = ContrastLimitedAdaptiveHistogramEqualization;
  Tensor x({1, 4, 5, 1}, DType::Float32);
  for (int i = 0; i < 20; ++i)
    x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i * 37 % 256);
  Layer layer({.tile_grid_size = {2, 2}});
  expect_values(layer(x), {0,         42.17735f, 79.13656f, 115.1897f, 153.6598f, 186.5134f, 224.6285f,
                           6.154696f, 43.21411f, 80.64879f, 116.1883f, 153.9727f, 191.1915f, 227.244f,
                           7.604261f, 42.95296f, 80.47041f, 120.5986f, 155.9208f, 192.0166f},
                1e-3f);
  check_layer(Layer({.value_range = {0, 1}, .data_format = "channels_first"}),
              {.input_shape = {2, 6, 7}, .expected_shape = {2, 6, 7}, .gradient = false});
  expect_error([] { Layer({.tile_grid_size = {2}, .name = "c"})(Input({4, 4, 1})); },
               "layer 'c': tile_grid_size must be two integers, got [2]");
}
