// RUN: lamina-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: @identities
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[ONE:.*]]: tensor<1x4xf32>, %[[N:.*]]: index)
func.func @identities(%x: tensor<?x4xf32>, %one: tensor<1x4xf32>, %n: index) -> (tensor<?x4xf32>, tensor<1x4xf32>) {
  // CHECK-NEXT: return %[[X]], %[[ONE]]
  %0 = lamina.reshape %x to [%n, 4] : tensor<?x4xf32>
  %1 = lamina.transpose %0 by [0, 1] : tensor<?x4xf32>
  %2 = lamina.broadcast_to %1 to [dim 0, 4] : tensor<?x4xf32>
  %3 = lamina.slice %2 from [0, 0] to [end, 9] by [1, 1] : tensor<?x4xf32>
  %4 = lamina.pad %3 low [0, 0] high [0, 0] value 1.0 : tensor<?x4xf32>
  %5 = lamina.concatenate %4 axis 0 : tensor<?x4xf32>
  %6 = lamina.reduce sum, %5 axes [] : tensor<?x4xf32>
  %7 = lamina.reverse %one axes [0] : tensor<1x4xf32>
  return %6, %7 : tensor<?x4xf32>, tensor<1x4xf32>
}

// -----

// Two unknown sizes may be split anew.
// CHECK-LABEL: @other_sizes
func.func @other_sizes(%x: tensor<?x?xf32>, %n: index) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: %[[R:.*]] = lamina.reshape
  // CHECK: return %[[R]], %arg0
  %0 = lamina.reshape %x to [%n, infer] : tensor<?x?xf32>
  %1 = lamina.reshape %x to [dim 0, infer] : tensor<?x?xf32>
  return %0, %1 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// CHECK-LABEL: @transposes
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xf32>)
func.func @transposes(%x: tensor<2x3x4xf32>) -> (tensor<4x2x3xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[T:.*]] = lamina.transpose %[[X]] by [2, 0, 1]
  // CHECK-NEXT: return %[[T]], %[[X]]
  %0 = lamina.transpose %x by [1, 2, 0] : tensor<2x3x4xf32>
  %1 = lamina.transpose %0 by [1, 2, 0] : tensor<3x4x2xf32>
  %2 = lamina.transpose %1 by [1, 2, 0] : tensor<4x2x3xf32>
  return %1, %2 : tensor<4x2x3xf32>, tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: @reshapes
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x4x6xf32>)
func.func @reshapes(%x: tensor<?x?x4x6xf32>) -> tensor<?x?x3x8xf32> {
  // CHECK-NEXT: %[[R:.*]] = lamina.reshape %[[X]] to [dim 0, dim 1, 3, 8]
  // CHECK-NEXT: return %[[R]]
  %0 = lamina.reshape %x to [dim 0, dim 1, 24] : tensor<?x?x4x6xf32>
  %1 = lamina.reshape %0 to [dim 0, dim 1, 3, 8] : tensor<?x?x24xf32>
  return %1 : tensor<?x?x3x8xf32>
}

// -----

// `dim 0` of the second reshape was inferred by the first and cannot be told from %x.
// CHECK-LABEL: @inferred_between
func.func @inferred_between(%x: tensor<?x?x6xf32>) -> tensor<?x2x3xf32> {
  // CHECK-COUNT-2: lamina.reshape
  %0 = lamina.reshape %x to [infer, 6] : tensor<?x?x6xf32>
  %1 = lamina.reshape %0 to [dim 0, 2, 3] : tensor<?x6xf32>
  return %1 : tensor<?x2x3xf32>
}

// -----

// CHECK-LABEL: @splats
func.func @splats() -> (tensor<2x3xf32>, tensor<6xf32>, tensor<1x3xf32>, tensor<f32>) {
  // CHECK-DAG: lamina.constant dense<5.000000e-01> : tensor<2x3xf32>
  // CHECK-DAG: lamina.constant dense<5.000000e-01> : tensor<6xf32>
  // CHECK-DAG: lamina.constant dense<5.000000e-01> : tensor<1x3xf32>
  // CHECK-DAG: lamina.constant dense<6.000000e+00> : tensor<f32>
  %half = lamina.constant dense<0.5> : tensor<f32>
  %0 = lamina.broadcast_to %half to [2, 3] : tensor<f32>
  %1 = lamina.reshape %0 to [infer] : tensor<2x3xf32>
  %2 = lamina.slice %0 from [1, 0] to [end, end] by [1, 1] : tensor<2x3xf32>
  %3 = lamina.size %0 axes [0, 1] : tensor<2x3xf32>
  return %0, %1, %2, %3 : tensor<2x3xf32>, tensor<6xf32>, tensor<1x3xf32>, tensor<f32>
}

// -----

// Sizes are read from where they are born.
// CHECK-LABEL: @dims
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x4xf32>, %[[W:.*]]: tensor<4x?xf32>, %[[N:.*]]: index)
func.func @dims(%x: tensor<?x?x4xf32>, %w: tensor<4x?xf32>, %n: index) -> (index, index, index, index, index) {
  // CHECK-DAG: %[[FOUR:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[B:.*]] = lamina.dim %[[X]] axis 0
  // CHECK-DAG: %[[T:.*]] = lamina.dim %[[X]] axis 1
  // CHECK-DAG: %[[F:.*]] = lamina.dim %[[W]] axis 1
  // CHECK: return %[[FOUR]], %[[B]], %[[T]], %[[F]], %[[N]]
  %one = lamina.constant dense<1.0> : tensor<f32>
  %0 = lamina.dot_general %x, %w contracting [2] x [0] : tensor<?x?x4xf32>, tensor<4x?xf32>
  %1 = lamina.add %one, %0 : tensor<f32>, tensor<?x?x?xf32>
  %2 = lamina.transpose %1 by [1, 0, 2] : tensor<?x?x?xf32>
  %3 = lamina.reduce sum, %2 axes [2] : tensor<?x?x?xf32>
  %4 = lamina.broadcast_to %one to [%n] : tensor<f32>
  %d0 = lamina.dim %x axis -1 : tensor<?x?x4xf32>
  %d1 = lamina.dim %3 axis 1 : tensor<?x?xf32>
  %d2 = lamina.dim %3 axis 0 : tensor<?x?xf32>
  %d3 = lamina.dim %2 axis 2 : tensor<?x?x?xf32>
  %d4 = lamina.dim %4 axis 0 : tensor<?xf32>
  return %d0, %d1, %d2, %d3, %d4 : index, index, index, index, index
}

// -----

// CHECK-LABEL: @dim_operands
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x4xf32>)
func.func @dim_operands(%x: tensor<?x?x4xf32>) -> tensor<?x?x2x2xf32> {
  // CHECK-NEXT: lamina.reshape %[[X]] to [dim 0, dim 1, 2, 2]
  %b = lamina.dim %x axis 0 : tensor<?x?x4xf32>
  %t = lamina.dim %x axis 1 : tensor<?x?x4xf32>
  %0 = lamina.reshape %x to [%b, %t, 2, 2] : tensor<?x?x4xf32>
  return %0 : tensor<?x?x2x2xf32>
}
