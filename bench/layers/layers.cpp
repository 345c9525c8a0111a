#include "bench/layers.h"

#include <lamina/lamina.h>

#include "bench/measure.h"

namespace lamina::bench {
namespace {

using namespace lamina::layers;

// Names say the layer's own sizes where the input's shape leaves them open.

void core() {
  layer("dense/512x1024x1024", Dense(1024), {{512, 1024}});
  layer("dense/1x1024x1024", Dense(1024), {{1, 1024}});
  layer("embedding/10000x64/32x256", Embedding(10000, 64), {{32, 256}}, {.ids = 10000});
  layer("einsum_dense/16x128x256x256", EinsumDense("abc,cd->abd", Config::list({Config(), 256}), {.bias_axes = "d"}),
        {{16, 128, 256}});
}

void convolutional() {
  layer("conv1d/k3/32x256x64x64", Conv1D(64, 3, {.padding = "same"}), {{32, 256, 64}});
  layer("conv2d/k3/8x56x56x64x64", Conv2D(64, 3, {.padding = "same"}), {{8, 56, 56, 64}});
  layer("conv2d/k1/8x56x56x64x256", Conv2D(256, 1), {{8, 56, 56, 64}});
  layer("conv2d/k3_stride2/8x56x56x64x128", Conv2D(128, 3, {.strides = 2, .padding = "same"}), {{8, 56, 56, 64}});
  layer("conv2d/k7_stride2/4x112x112x3x64", Conv2D(64, 7, {.strides = 2, .padding = "same"}), {{4, 112, 112, 3}});
  layer("conv2d/k3/32x28x28x1x32", Conv2D(32, 3), {{32, 28, 28, 1}});
  layer("conv2d/k5/32x28x28x1x6", Conv2D(6, 5, {.padding = "same"}), {{32, 28, 28, 1}});
  layer("conv2d/k3/8x64x64x3x8", Conv2D(8, 3, {.padding = "same"}), {{8, 64, 64, 3}});
  layer("conv2d/k3_stride2/8x128x128x3x32", Conv2D(32, 3, {.strides = 2, .padding = "same"}), {{8, 128, 128, 3}});
  layer("conv3d/k3/2x16x28x28x32x32", Conv3D(32, 3, {.padding = "same"}), {{2, 16, 28, 28, 32}});
  layer("conv1d_transpose/k4_stride2/16x128x64x64", Conv1DTranspose(64, 4, {.strides = 2, .padding = "same"}),
        {{16, 128, 64}});
  layer("conv2d_transpose/k3_stride2/8x28x28x64x64", Conv2DTranspose(64, 3, {.strides = 2, .padding = "same"}),
        {{8, 28, 28, 64}});
  layer("depthwise_conv1d/k3/32x256x64", DepthwiseConv1D(3, {.padding = "same"}), {{32, 256, 64}});
  layer("depthwise_conv2d/k3/8x56x56x64", DepthwiseConv2D(3, {.padding = "same"}), {{8, 56, 56, 64}});
  layer("separable_conv1d/k3/32x256x64x64", SeparableConv1D(64, 3, {.padding = "same"}), {{32, 256, 64}});
  layer("separable_conv2d/k3/8x56x56x64x64", SeparableConv2D(64, 3, {.padding = "same"}), {{8, 56, 56, 64}});
}

void pooling() {
  layer("max_pooling1d/2/32x256x64", MaxPooling1D(2), {{32, 256, 64}});
  layer("max_pooling2d/2/8x56x56x64", MaxPooling2D(2), {{8, 56, 56, 64}});
  layer("max_pooling2d/k3_stride2/8x56x56x64", MaxPooling2D(3, {.strides = 2, .padding = "same"}), {{8, 56, 56, 64}});
  layer("max_pooling3d/2/2x16x28x28x32", MaxPooling3D(2), {{2, 16, 28, 28, 32}});
  layer("average_pooling2d/2/8x56x56x64", AveragePooling2D(2), {{8, 56, 56, 64}});
  layer("average_pooling2d/2/32x28x28x6", AveragePooling2D(2), {{32, 28, 28, 6}});
  layer("average_pooling2d/k3_same/8x56x56x64", AveragePooling2D(3, {.strides = 1, .padding = "same"}),
        {{8, 56, 56, 64}});
  layer("global_average_pooling2d/8x56x56x64", GlobalAveragePooling2D(), {{8, 56, 56, 64}});
  layer("global_max_pooling2d/8x56x56x64", GlobalMaxPooling2D(), {{8, 56, 56, 64}});
  layer("global_average_pooling1d/32x256x64", GlobalAveragePooling1D(), {{32, 256, 64}});
  layer("global_max_pooling3d/2x16x14x14x32", GlobalMaxPooling3D(), {{2, 16, 14, 14, 32}});
}

void rnn() {
  layer("simple_rnn/32x64x64x128", SimpleRNN(128), {{32, 64, 64}});
  layer("lstm/32x64x64x128", LSTM(128), {{32, 64, 64}});
  layer("lstm/sequences/32x64x128x128", LSTM(128, {.return_sequences = true}), {{32, 64, 128}});
  layer("gru/32x64x64x128", GRU(128), {{32, 64, 64}});
  layer("lstm/1x64x64x128", LSTM(128), {{1, 64, 64}});
  layer("bidirectional_lstm/32x64x64x128", Bidirectional(LSTM(128)), {{32, 64, 64}});
  layer("bidirectional_lstm/sequences/32x100x128x64", Bidirectional(LSTM(64, {.return_sequences = true})),
        {{32, 100, 128}});
}

void normalization() {
  layer("batch_normalization/8x56x56x64", BatchNormalization(), {{8, 56, 56, 64}});
  layer("batch_normalization/training/8x56x56x64", BatchNormalization(), {{8, 56, 56, 64}}, {.training = true});
  layer("batch_normalization/training/512x1024", BatchNormalization(), {{512, 1024}}, {.training = true});
  layer("layer_normalization/16x128x512", LayerNormalization(), {{16, 128, 512}});
  layer("layer_normalization/64x128x64", LayerNormalization(), {{64, 128, 64}});
  layer("group_normalization/8x56x56x64", GroupNormalization(8), {{8, 56, 56, 64}});
  layer("rms_normalization/16x128x512", RMSNormalization(), {{16, 128, 512}});
  layer("unit_normalization/16x128x512", UnitNormalization(), {{16, 128, 512}});
}

void regularization() {
  layer("dropout/training/512x2048", Dropout(0.5), {{512, 2048}}, {.training = true});
  layer("spatial_dropout2d/training/8x56x56x64", SpatialDropout2D(0.5), {{8, 56, 56, 64}}, {.training = true});
  layer("gaussian_noise/training/512x2048", GaussianNoise(0.1), {{512, 2048}}, {.training = true});
  layer("gaussian_dropout/training/512x2048", GaussianDropout(0.5), {{512, 2048}}, {.training = true});
  layer("activity_regularization/512x2048", ActivityRegularization({.l2 = 1e-3}), {{512, 2048}});
}

void attention() {
  layer("attention/8x256x64", Attention(), {{8, 256, 64}, {8, 256, 64}});
  layer("additive_attention/8x64x64", AdditiveAttention(), {{8, 64, 64}, {8, 64, 64}});
  layer("multi_head_attention/4x64/8x128x256", MultiHeadAttention(4, 64), {{8, 128, 256}, {8, 128, 256}});
}

void reshaping() {
  layer("flatten/8x56x56x64", Flatten(), {{8, 56, 56, 64}});
  layer("reshape/8x56x56x64", Reshape({3136, 64}), {{8, 56, 56, 64}});
  layer("permute/32x256x128", Permute({2, 1}), {{32, 256, 128}});
  layer("repeat_vector/64/256x128", RepeatVector(64), {{256, 128}});
  layer("up_sampling1d/2/32x256x64", UpSampling1D(2), {{32, 256, 64}});
  layer("up_sampling2d/2/8x28x28x64", UpSampling2D(2), {{8, 28, 28, 64}});
  layer("up_sampling2d/2_bilinear/8x28x28x64", UpSampling2D(2, {.interpolation = "bilinear"}), {{8, 28, 28, 64}});
  layer("cropping2d/4/8x64x64x3", Cropping2D(4), {{8, 64, 64, 3}});
  layer("zero_padding2d/1/8x64x64x3", ZeroPadding2D(1), {{8, 64, 64, 3}});
  layer("cropping2d/2/8x56x56x64", Cropping2D(2), {{8, 56, 56, 64}});
  layer("zero_padding2d/2/8x56x56x64", ZeroPadding2D(2), {{8, 56, 56, 64}});
}

void merging() {
  std::vector<Shape> two{{512, 2048}, {512, 2048}};
  layer("add/512x2048", Add(), two);
  layer("subtract/512x2048", Subtract(), two);
  layer("multiply/512x2048", Multiply(), two);
  layer("average/512x2048", Average(), two);
  layer("maximum/512x2048", Maximum(), two);
  layer("minimum/512x2048", Minimum(), two);
  layer("concatenate/512x2048", Concatenate(), two);
  layer("dot/32x128x128x128", Dot(Sizes{2, 1}), {{32, 128, 128}, {32, 128, 128}});
}

void activations() {
  for (const char *name : {"relu", "sigmoid", "tanh", "gelu", "silu", "softplus", "elu", "softmax"})
    layer(std::string("activation/") + name + "/512x2048", Activation(name), {{512, 2048}});
  layer("activation/softmax/8192x64", Activation("softmax"), {{8192, 64}});
  layer("activation/softmax/8192x10", Activation("softmax"), {{8192, 10}});
  layer("leaky_relu/512x2048", LeakyReLU(), {{512, 2048}});
  layer("prelu/512x2048", PReLU(), {{512, 2048}});
}

void preprocessing() {
  layer("resizing/112x112/4x224x224x3", Resizing(112, 112), {{4, 224, 224, 3}});
  layer("rescaling/4x224x224x3", Rescaling(1.0 / 255, 0.0), {{4, 224, 224, 3}});
}

} // namespace

void register_layers() {
  core();
  convolutional();
  pooling();
  rnn();
  normalization();
  regularization();
  attention();
  reshaping();
  merging();
  activations();
  preprocessing();
}

} // namespace lamina::bench
