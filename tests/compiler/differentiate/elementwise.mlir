// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// CHECK-LABEL: func.func @tanh(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.tanh %[[A0]]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.mul %[[V0]], %[[V0]]
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.constant dense<1.000000e+00> : tensor<f32>
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.sub %[[V2]], %[[V1]]
// CHECK: %[[V4:[0-9a-z_]+]] = lamina.mul %[[A1]], %[[V3]]
// CHECK: return %[[V4]]
func.func @tanh(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = lamina.tanh %x : tensor<?x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x4xf32>) cotangents (%g : tensor<?x4xf32>) wrt (%x : tensor<?x4xf32>)
  return %dx : tensor<?x4xf32>
}

// Only what a cotangent needs is left of the forward ops.
// CHECK-LABEL: func.func @softplus(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.sigmoid %[[A0]]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.mul %[[A1]], %[[V0]]
// CHECK: return %[[V1]]
func.func @softplus(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = lamina.softplus %x : tensor<?x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x4xf32>) cotangents (%g : tensor<?x4xf32>) wrt (%x : tensor<?x4xf32>)
  return %dx : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @maximum(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.maximum %[[A0]], %[[A1]]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.compare eq, %[[A0]], %[[A1]]
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.mul %[[A2]], %[[V2]]
// CHECK: %[[V4:[0-9a-z_]+]] = lamina.select %[[V1]], %[[V3]], %[[A2]]
// CHECK: %[[V5:[0-9a-z_]+]] = lamina.compare eq, %[[A0]], %[[V0]]
// CHECK: %[[V6:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V7:[0-9a-z_]+]] = lamina.select %[[V5]], %[[V4]], %[[V6]]
// CHECK: return %[[V7]]
func.func @maximum(%a: tensor<4xf32>, %b: tensor<4xf32>, %g: tensor<4xf32>) -> tensor<4xf32> {
  %y = lamina.maximum %a, %b : tensor<4xf32>, tensor<4xf32>
  %da = lamina.gradient of (%y : tensor<4xf32>) cotangents (%g : tensor<4xf32>) wrt (%a : tensor<4xf32>)
  return %da : tensor<4xf32>
}

// Cotangents are summed over the axes along which an operand was stretched, in one reduction.
// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.reduce sum, %[[A2]] axes [0, 1]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.reshape %[[V0]] to [1, 4]
// CHECK: return %[[A2]], %[[V1]]
func.func @broadcast(%a: tensor<?x3x4xf32>, %b: tensor<1x4xf32>, %g: tensor<?x3x4xf32>) -> (tensor<?x3x4xf32>, tensor<1x4xf32>) {
  %y = lamina.add %a, %b : tensor<?x3x4xf32>, tensor<1x4xf32>
  %da, %db = lamina.gradient of (%y : tensor<?x3x4xf32>) cotangents (%g : tensor<?x3x4xf32>) wrt (%a, %b : tensor<?x3x4xf32>, tensor<1x4xf32>)
  return %da, %db : tensor<?x3x4xf32>, tensor<1x4xf32>
}

// CHECK-LABEL: func.func @no_path(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.dim %[[A0]] axis 0
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.broadcast_to %[[V0]] to [%[[V1]], 4]
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK: return %[[V2]], %[[V3]]
func.func @no_path(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>) {
  %w = lamina.constant dense<1.0> : tensor<4xf32>
  %0 = lamina.stop_gradient %x : tensor<?x4xf32>
  %1 = lamina.mul %0, %w : tensor<?x4xf32>, tensor<4xf32>
  %dx, %dw = lamina.gradient of (%0 : tensor<?x4xf32>) cotangents (%g : tensor<?x4xf32>) wrt (%x, %w : tensor<?x4xf32>, tensor<4xf32>)
  return %dx, %dw : tensor<?x4xf32>, tensor<4xf32>
}
