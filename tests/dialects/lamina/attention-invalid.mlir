// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%q: tensor<2x8x4xf32>, %k: tensor<8x4xf32>) {
  // expected-error @+1 {{'lamina.attention' op takes query, key and value of one rank, at least 2, got (2, 8, 4), (8, 4) and (8, 4)}}
  lamina.attention %q, %k, %k : tensor<2x8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
  return
}

// -----

func.func @f(%q: tensor<2x8x4xf32>, %k: tensor<3x8x4xf32>) {
  // expected-error @+1 {{'lamina.attention' op takes query, key and value of one batch, got (2, 8, 4), (3, 8, 4) and (3, 8, 4)}}
  lamina.attention %q, %k, %k : tensor<2x8x4xf32>, tensor<3x8x4xf32>, tensor<3x8x4xf32>
  return
}

// -----

func.func @f(%q: tensor<8x4xf32>, %k: tensor<8x5xf32>) {
  // expected-error @+1 {{'lamina.attention' op takes as many keys as values, of the size of queries, got (8, 4), (8, 5) and (8, 5)}}
  lamina.attention %q, %k, %k : tensor<8x4xf32>, tensor<8x5xf32>, tensor<8x5xf32>
  return
}

// -----

func.func @f(%q: tensor<8x4xf32>, %mask: tensor<7x8xi1>) {
  // expected-error @+1 {{'lamina.attention' op takes bias and mask that broadcast to (8, 8), got (7, 8)}}
  lamina.attention %q, %q, %q mask(%mask : tensor<7x8xi1>) : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
  return
}

// -----

func.func @f(%q: tensor<8x4xf32>, %row: tensor<7xf32>) {
  // expected-error @+1 {{'lamina.attention_gradient' op takes a cotangent of shape (8, 4) and three numbers for each query}}
  lamina.attention_gradient %q, %q, %q, %q, %row, %row, %row
    : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<7xf32>, tensor<7xf32>, tensor<7xf32>
  return
}

// -----

func.func @f(%q: tensor<8x4xf32>) {
  // expected-error @+2 {{'lamina.attention' op failed to infer returned types}}
  // expected-error @+1 {{'lamina.attention' op takes 3 operands and perhaps a bias and a mask}}
  "lamina.attention"(%q, %q, %q) {operandSegmentSizes = array<i32: 2, 1, 0, 0, 0>} : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8xf32>, tensor<8xf32>)
  return
}
