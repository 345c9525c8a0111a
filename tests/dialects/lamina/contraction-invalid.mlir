// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x784xf32>, %w: tensor<100x10xf32>) {
  // expected-error @+1 {{'lamina.dot_general' op contracting dimensions differ: lhs (?, 784) axis 1 is 784, rhs (100, 10) axis 0 is 100}}
  lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x784xf32>, tensor<100x10xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @+1 {{'lamina.dot_general' op batch dimensions differ: lhs (2, 3) axis 0 is 2, rhs (4, 3) axis 0 is 4}}
  lamina.dot_general %x, %w batching [0] x [0] contracting [1] x [1] : tensor<2x3xf32>, tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @+1 {{'lamina.dot_general' op axis 2 is out of range for rhs of shape (4, 3)}}
  lamina.dot_general %x, %w contracting [1] x [2] : tensor<2x3xf32>, tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @+1 {{'lamina.dot_general' op axis -1 is listed twice for lhs of shape (2, 3)}}
  lamina.dot_general %x, %w contracting [1, -1] x [0, 1] : tensor<2x3xf32>, tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %w: tensor<4x3xf32>) {
  // expected-error @+1 {{'lamina.dot_general' op lists batch and contracting axes in pairs, but lhs has 0 and 1, rhs 0 and 2}}
  lamina.dot_general %x, %w contracting [1] x [0, 1] : tensor<2x3xf32>, tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %w: tensor<3x3xf64>) {
  // expected-error @+1 {{'lamina.dot_general' op operands have different dtypes: float32 and float64}}
  lamina.dot_general %x, %w contracting [1] x [0] : tensor<2x3xf32>, tensor<3x3xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xi1>) {
  // expected-error @+1 {{'lamina.dot_general' op takes numbers, not bool}}
  lamina.dot_general %x, %x contracting [1] x [1] : tensor<2x3xi1>, tensor<2x3xi1>
  return
}
