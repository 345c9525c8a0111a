// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// CHECK-LABEL: func.func @dense(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.dot_general %[[A2]], %[[A1]] contracting [1] x [1]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.dot_general %[[A0]], %[[A2]] contracting [0] x [0]
// CHECK: return %[[V0]], %[[V1]]
func.func @dense(%x: tensor<?x4xf32>, %w: tensor<4x3xf32>, %g: tensor<?x3xf32>) -> (tensor<?x4xf32>, tensor<4x3xf32>) {
  %y = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x4xf32>, tensor<4x3xf32>
  %dx, %dw = lamina.gradient of (%y : tensor<?x3xf32>) cotangents (%g : tensor<?x3xf32>) wrt (%x, %w : tensor<?x4xf32>, tensor<4x3xf32>)
  return %dx, %dw : tensor<?x4xf32>, tensor<4x3xf32>
}

// The operands change places where that saves a transpose.
// CHECK-LABEL: func.func @transposed(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.dot_general %[[A2]], %[[A0]] contracting [0] x [0]
// CHECK: return %[[V0]]
func.func @transposed(%x: tensor<?x4xf32>, %w: tensor<3x4xf32>, %g: tensor<?x3xf32>) -> tensor<3x4xf32> {
  %y = lamina.dot_general %x, %w contracting [1] x [1] : tensor<?x4xf32>, tensor<3x4xf32>
  %dw = lamina.gradient of (%y : tensor<?x3xf32>) cotangents (%g : tensor<?x3xf32>) wrt (%w : tensor<3x4xf32>)
  return %dw : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @attention(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.dot_general %[[A2]], %[[A1]] batching [0, 1] x [0, 2] contracting [3] x [1]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.transpose %[[V0]] by [0, 2, 1, 3]
// CHECK: return %[[V1]]
func.func @attention(%q: tensor<?x?x2x4xf32>, %k: tensor<?x?x2x4xf32>, %g: tensor<?x2x?x?xf32>) -> tensor<?x?x2x4xf32> {
  %y = lamina.dot_general %q, %k batching [0, 2] x [0, 2] contracting [3] x [3] : tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>
  %dq = lamina.gradient of (%y : tensor<?x2x?x?xf32>) cotangents (%g : tensor<?x2x?x?xf32>) wrt (%q : tensor<?x?x2x4xf32>)
  return %dq : tensor<?x?x2x4xf32>
}

// The values of an attention: what is last in them is last in the product.
// CHECK-LABEL: func.func @values(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.dot_general %[[A0]], %[[A2]] batching [0, 1] x [0, 1] contracting [2] x [2]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.transpose %[[V0]] by [0, 2, 1, 3]
// CHECK: return %[[V1]]
func.func @values(%p: tensor<?x2x?x?xf32>, %v: tensor<?x?x2x4xf32>, %g: tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32> {
  %y = lamina.dot_general %p, %v batching [0, 1] x [0, 2] contracting [3] x [1] : tensor<?x2x?x?xf32>, tensor<?x?x2x4xf32>
  %dv = lamina.gradient of (%y : tensor<?x2x?x4xf32>) cotangents (%g : tensor<?x2x?x4xf32>) wrt (%v : tensor<?x?x2x4xf32>)
  return %dv : tensor<?x?x2x4xf32>
}
