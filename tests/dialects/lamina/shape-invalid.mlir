// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op input of shape (?, 4, 6) cannot be reshaped to (dim 0, 5, -1): the numbers of elements differ}}
  lamina.reshape %x to [dim 0, 5, infer] : tensor<?x4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op input of shape (4, 6) cannot be reshaped to (5, 5): the numbers of elements differ}}
  lamina.reshape %x to [5, 5] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op shape (-1, -1) has more than one dimension to infer}}
  lamina.reshape %x to [infer, infer] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op shape (dim 2, -1) names dimension 2 of an input of shape (4, 6)}}
  lamina.reshape %x to [dim 2, infer] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op input of shape (4, 6) cannot be reshaped to (0, -1): the numbers of elements differ}}
  lamina.reshape %x to [0, infer] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.reshape' op shape (9223372036854775807, 9223372036854775807) has too many elements}}
  lamina.reshape %x to [9223372036854775807, 9223372036854775807] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>, %n: index) {
  // expected-error @+2 {{'lamina.reshape' op shape has 0 dimensions given by operands, but there are 1}}
  // expected-error @+1 {{failed to infer returned types}}
  "lamina.reshape"(%x, %n) {shape = array<i64: 24>} : (tensor<4x6xf32>, index) -> tensor<24xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.broadcast_to' op input of shape (4, 6) does not broadcast to (4, 5)}}
  lamina.broadcast_to %x to [4, 5] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.broadcast_to' op input of shape (4, 6) does not broadcast to (6,)}}
  lamina.broadcast_to %x to [6] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.broadcast_to' op shape (-1, 6) cannot be inferred}}
  lamina.broadcast_to %x to [infer, 6] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.transpose' op permutation has 3 entries for an input of shape (4, 6)}}
  lamina.transpose %x by [0, 1, 2] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.transpose' op axis 0 is listed twice for input of shape (4, 6)}}
  lamina.transpose %x by [0, 0] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4x6xf32>, %y: tensor<?x5x7xf32>) {
  // expected-error @+1 {{'lamina.concatenate' op inputs of shapes (?, 4, 6) and (?, 5, 7) differ beside axis 1}}
  lamina.concatenate %x, %y axis 1 : tensor<?x4x6xf32>, tensor<?x5x7xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xi32>) {
  // expected-error @+1 {{'lamina.concatenate' op operands have different dtypes: float32 and int32}}
  lamina.concatenate %x, %y axis 0 : tensor<4xf32>, tensor<4xi32>
  return
}

// -----

func.func @f() {
  // expected-error @+2 {{'lamina.concatenate' op needs at least one tensor}}
  // expected-error @+1 {{failed to infer returned types}}
  "lamina.concatenate"() {axis = 0 : i64} : () -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.slice' op needs a start, a limit and a stride for each axis of an input of shape (4, 6)}}
  lamina.slice %x from [0] to [end] by [1] : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.slice' op strides must be positive, not -1}}
  lamina.slice %x from [0] to [end] by [-1] : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x6xf32>) {
  // expected-error @+1 {{'lamina.pad' op needs a low and a high padding for each axis of an input of shape (4, 6)}}
  lamina.pad %x low [0] high [0] value 0.0 : tensor<4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.pad' op padding must not be negative or too large, not (-1, 0)}}
  lamina.pad %x low [-1] high [0] value 0.0 : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.reverse' op axis 1 is out of range for input of shape (4,)}}
  lamina.reverse %x axes [1] : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'lamina.gather' op takes a table with rows, not a scalar}}
  lamina.gather %x, %i : tensor<f32>, tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.gather' op takes integer indices, not float32}}
  lamina.gather %x, %x : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<9x2xf32>, %i: tensor<3xi32>, %u: tensor<3x4xf32>) {
  // expected-error @+1 {{'lamina.scatter_add' op updates must have shape (3, 2), not (3, 4)}}
  lamina.scatter_add %x, %i, %u : tensor<9x2xf32>, tensor<3xi32>, tensor<3x4xf32>
  return
}

// -----

func.func @f(%i: tensor<3xi32>) {
  // expected-error @+1 {{'lamina.one_hot' op depth must not be negative, not -1}}
  lamina.one_hot %i depth -1 as f32 : tensor<3xi32>
  return
}

// -----

func.func @f(%n: index) {
  // expected-error @+1 {{'lamina.iota' op axis 1 is out of range for result of shape (?,)}}
  lamina.iota [%n] axis 1 : i32
  return
}

// -----

func.func @f(%n: index) {
  // expected-error @+1 {{'lamina.iota' op takes numbers, not bool}}
  lamina.iota [%n] axis 0 : i1
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'lamina.dim' op axis 0 is out of range for input of shape ()}}
  lamina.dim %x axis 0 : tensor<f32>
  return
}

// -----

func.func @f(%i: tensor<3xi32>) {
  // expected-error @+1 {{'lamina.one_hot' op result of shape (3, 1099511627776000) is too large}}
  lamina.one_hot %i depth 1099511627776000 as f32 : tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<33554432x33554432xf32>) {
  // expected-error @+1 {{'lamina.neg' op operand of shape (33554432, 33554432) is too large}}
  lamina.neg %x : tensor<33554432x33554432xf32>
  return
}
