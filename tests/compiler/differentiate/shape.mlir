// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// CHECK-LABEL: func.func @reshape(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.reshape %[[A1]] to [dim 0, 3, 4]
// CHECK: return %[[V0]]
func.func @reshape(%x: tensor<?x3x4xf32>, %g: tensor<?x12xf32>) -> tensor<?x3x4xf32> {
  %y = lamina.reshape %x to [dim 0, infer] : tensor<?x3x4xf32>
  %dx = lamina.gradient of (%y : tensor<?x12xf32>) cotangents (%g : tensor<?x12xf32>) wrt (%x : tensor<?x3x4xf32>)
  return %dx : tensor<?x3x4xf32>
}

// CHECK-LABEL: func.func @concatenate(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.slice %[[A2]] from [0, 0] to [end, 2] by [1, 1]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.slice %[[A2]] from [0, 2] to [end, 5] by [1, 1]
// CHECK: return %[[V0]], %[[V1]]
func.func @concatenate(%a: tensor<?x2xf32>, %b: tensor<?x3xf32>, %g: tensor<?x5xf32>) -> (tensor<?x2xf32>, tensor<?x3xf32>) {
  %y = lamina.concatenate %a, %b axis -1 : tensor<?x2xf32>, tensor<?x3xf32>
  %da, %db = lamina.gradient of (%y : tensor<?x5xf32>) cotangents (%g : tensor<?x5xf32>) wrt (%a, %b : tensor<?x2xf32>, tensor<?x3xf32>)
  return %da, %db : tensor<?x2xf32>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @slice(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.pad %[[A1]] low [0, 2] high [0, 4] value 0.000000e+00
// CHECK: return %[[V0]]
func.func @slice(%x: tensor<?x8xf32>, %g: tensor<?x2xf32>) -> tensor<?x8xf32> {
  %y = lamina.slice %x from [0, 2] to [end, 4] by [1, 1] : tensor<?x8xf32>
  %dx = lamina.gradient of (%y : tensor<?x2xf32>) cotangents (%g : tensor<?x2xf32>) wrt (%x : tensor<?x8xf32>)
  return %dx : tensor<?x8xf32>
}

// The last step of an open axis: zeros as long as what the slice left out.
// CHECK-LABEL: func.func @last_step(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.slice %[[A0]] from [0, 0, 0] to [end, -1, end] by [1, 1, 1]
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.dim %[[A1]] axis 0
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.dim %[[V0]] axis 1
// CHECK: %[[V3:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[V4:[0-9a-z_]+]] = lamina.broadcast_to %[[V3]] to [%[[V1]], %[[V2]], 8]
// CHECK: %[[V5:[0-9a-z_]+]] = lamina.concatenate %[[V4]], %[[A1]] axis 1
// CHECK: return %[[V5]]
func.func @last_step(%x: tensor<?x?x8xf32>, %g: tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  %y = lamina.slice %x from [0, -1, 0] to [end, end, end] by [1, 1, 1] : tensor<?x?x8xf32>
  %dx = lamina.gradient of (%y : tensor<?x?x8xf32>) cotangents (%g : tensor<?x?x8xf32>) wrt (%x : tensor<?x?x8xf32>)
  return %dx : tensor<?x?x8xf32>
}

// CHECK-LABEL: func.func @embedding(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.constant dense<0.000000e+00> : tensor<9x4xf32>
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.scatter_add %[[V0]], %[[A1]], %[[A2]]
// CHECK: return %[[V1]]
func.func @embedding(%t: tensor<9x4xf32>, %i: tensor<?x?xi32>, %g: tensor<?x?x4xf32>) -> tensor<9x4xf32> {
  %y = lamina.gather %t, %i : tensor<9x4xf32>, tensor<?x?xi32>
  %dt = lamina.gradient of (%y : tensor<?x?x4xf32>) cotangents (%g : tensor<?x?x4xf32>) wrt (%t : tensor<9x4xf32>)
  return %dt : tensor<9x4xf32>
}
