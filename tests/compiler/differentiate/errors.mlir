// RUN: lamina-opt %s -lamina-differentiate -verify-diagnostics

func.func @max_pool_twice(%x: tensor<1x4x1xf32>, %g: tensor<1x2x1xf32>, %h: tensor<1x4x1xf32>) -> tensor<1x2x1xf32> {
  // expected-error @+1 {{max pooling can be differentiated once}}
  %dx = lamina.max_pool_grad %x, %g window [2] {strides = array<i64: 2>, padding = "valid"} : tensor<1x4x1xf32>, tensor<1x2x1xf32>
  %dg = lamina.gradient of (%dx : tensor<1x4x1xf32>) cotangents (%h : tensor<1x4x1xf32>) wrt (%g : tensor<1x2x1xf32>)
  return %dg : tensor<1x2x1xf32>
}
