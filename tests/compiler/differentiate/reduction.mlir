// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// CHECK-LABEL: func.func @sum(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.reshape %[[A1]] to [dim 0, 1, 4]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.dim %[[A0]] axis 0
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.broadcast_to %[[V0]] to [%[[V1]], 3, 4]
// CHECK: return %[[V2]]
func.func @sum(%x: tensor<?x3x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x3x4xf32> {
  %y = lamina.reduce sum, %x axes [1] : tensor<?x3x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x4xf32>) cotangents (%g : tensor<?x4xf32>) wrt (%x : tensor<?x3x4xf32>)
  return %dx : tensor<?x3x4xf32>
}

// CHECK-LABEL: func.func @max(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.reduce max, %[[A0]] axes [-1] {keepdims = true}
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.compare eq, %[[A0]], %[[V0]]
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.cast %[[V1]] to f32
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.reduce sum, %[[V2]] axes [-1] {keepdims = true}
// CHECK: %[[V4:[0-9a-z_]+]] = lamina.div %[[A1]], %[[V3]]
// CHECK: %[[V5:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V6:[0-9a-z_]+]] = lamina.select %[[V1]], %[[V4]], %[[V5]]
// CHECK: return %[[V6]]
func.func @max(%x: tensor<?x4xf32>, %g: tensor<?x1xf32>) -> tensor<?x4xf32> {
  %y = lamina.reduce max, %x axes [-1] {keepdims = true} : tensor<?x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x1xf32>) cotangents (%g : tensor<?x1xf32>) wrt (%x : tensor<?x4xf32>)
  return %dx : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @cumsum(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.cumsum %[[A1]] axis 1 {exclusive = true, reverse = true}
// CHECK: return %[[V0]]
func.func @cumsum(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = lamina.cumsum %x axis 1 {exclusive = true} : tensor<?x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x4xf32>) cotangents (%g : tensor<?x4xf32>) wrt (%x : tensor<?x4xf32>)
  return %dx : tensor<?x4xf32>
}
