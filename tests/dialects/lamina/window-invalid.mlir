// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x28x28x3xf32>, %k: tensor<3x3x4x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op input of shape (?, 28, 28, 3) has 3 channels, kernel of shape (3, 3, 4, 8) takes 4 in each of 1 groups}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x28x28x3xf32>, tensor<3x3x4x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x28x3xf32>, %k: tensor<3x3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op a window of 3 does not fit into spatial axis 0 of size 2; a smaller window or padding "same" would}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x2x28x3xf32>, tensor<3x3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x2x3xf32>, %k: tensor<5x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op a window of 5 does not fit into spatial axis 0 of size 2 with its padding}}
  lamina.conv %x, %k {padding = array<i64: 1, 1>} : tensor<?x2x3xf32>, tensor<5x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x3xf32>, %k: tensor<3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op input of shape (?, 3) has no spatial axes: it must be (batch, spatial…, channels)}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x3xf32>, tensor<3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op kernel of shape (3, 3, 3, 8) must have rank 3 as the input has}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x9x3xf32>, tensor<3x3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<?x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op kernel of shape (?, 3, 8) must have a known window}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x9x3xf32>, tensor<?x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op strides has 2 entries for 1 spatial axes}}
  lamina.conv %x, %k {padding = "valid", strides = array<i64: 1, 1>} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op strides must be at least 1 and below 2^31, not 0}}
  lamina.conv %x, %k {padding = "valid", strides = array<i64: 0>} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op window of 3 dilated by 2147483647 is too large}}
  lamina.conv %x, %k {padding = "valid", dilations = array<i64: 2147483647>} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op padding has 3 entries, not a (low, high) pair for each of 1 spatial axes}}
  lamina.conv %x, %k {padding = array<i64: 1, 1, 1>} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op attribute 'padding' failed to satisfy constraint: "valid", "same" or one (low, high) pair for each spatial axis}}
  lamina.conv %x, %k {padding = "causal"} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op 8 filters do not divide into 3 groups}}
  lamina.conv %x, %k {padding = "valid", groups = 3} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv' op groups must be at least 1, not 0}}
  lamina.conv %x, %k {padding = "valid", groups = 0} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xi32>, %k: tensor<3x3x8xi32>) {
  // expected-error @+1 {{'lamina.conv' op takes floating point numbers, not int32}}
  lamina.conv %x, %k {padding = "valid"} : tensor<?x9x3xi32>, tensor<3x3x8xi32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv_transpose' op input of shape (?, 9, 3) has 3 channels, kernel of shape (3, 3, 8) has 8 filters}}
  lamina.conv_transpose %x, %k to [11] {padding = "valid"} : tensor<?x9x3xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x8xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv_transpose' op input has spatial shape (9,) but there are (10,) windows}}
  lamina.conv_transpose %x, %k to [12] {padding = "valid"} : tensor<?x9x8xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x8xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv_transpose' op shape has 2 entries for 1 spatial axes}}
  lamina.conv_transpose %x, %k to [11, 11] {padding = "valid"} : tensor<?x9x8xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x8xf32>, %k: tensor<3x3x8xf32>) {
  // expected-error @+1 {{'lamina.conv_transpose' op shape has the negative size -1}}
  lamina.conv_transpose %x, %k to [infer] {padding = "valid"} : tensor<?x9x8xf32>, tensor<3x3x8xf32>
  return
}

// -----

func.func @f(%x: tensor<2x9x3xf32>, %y: tensor<3x7x8xf32>) {
  // expected-error @+1 {{'lamina.conv_kernel_grad' op input of shape (2, 9, 3) does not fit a cotangent of shape (3, 7, 8)}}
  lamina.conv_kernel_grad %x, %y kernel [3] {padding = "valid"} : tensor<2x9x3xf32>, tensor<3x7x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %y: tensor<?x8x8xf32>) {
  // expected-error @+1 {{'lamina.conv_kernel_grad' op cotangent has spatial shape (8,) but there are (7,) windows}}
  lamina.conv_kernel_grad %x, %y kernel [3] {padding = "valid"} : tensor<?x9x3xf32>, tensor<?x8x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>, %y: tensor<?x7x8xf32>) {
  // expected-error @+1 {{'lamina.conv_kernel_grad' op 3 channels do not divide into 2 groups}}
  lamina.conv_kernel_grad %x, %y kernel [3] {padding = "valid", groups = 2} : tensor<?x9x3xf32>, tensor<?x7x8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>) {
  // expected-error @+1 {{'lamina.max_pool' op window has 2 entries for 1 spatial axes}}
  lamina.max_pool %x window [2, 2] {padding = "valid"} : tensor<?x9x3xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>) {
  // expected-error @+1 {{'lamina.avg_pool' op a window of 10 does not fit into spatial axis 0 of size 9; a smaller window or padding "same" would}}
  lamina.avg_pool %x window [10] {padding = "valid"} : tensor<?x9x3xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>) {
  // expected-error @+1 {{'lamina.max_pool_grad' op cotangent has shape (?, 9, 3) but the pooled tensor (?, 8, 3)}}
  lamina.max_pool_grad %x, %x window [2] {padding = "valid"} : tensor<?x9x3xf32>, tensor<?x9x3xf32>
  return
}

// -----

func.func @f(%x: tensor<?x9x3xf32>) {
  // expected-error @+1 {{'lamina.avg_pool_grad' op cotangent has spatial shape (9,) but there are (11,) windows}}
  lamina.avg_pool_grad %x to [12] window [2] {padding = "valid"} : tensor<?x9x3xf32>
  return
}
