// RUN: lamina-opt %s -lamina-differentiate | FileCheck %s

// CHECK-LABEL: func.func @conv(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]{{.*}}%[[A2:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.dim %[[A0]] axis 1
// CHECK: %[[V1:[0-9a-z_]+]] = lamina.conv_transpose %[[A2]], %[[A1]] to [%[[V0]], 28] {padding = "same", strides = array<i64: 2, 2>}
// CHECK: %[[V2:[0-9a-z_]+]] = lamina.conv_kernel_grad %[[A0]], %[[A2]] kernel [3, 3] {padding = "same", strides = array<i64: 2, 2>}
// CHECK: return %[[V1]], %[[V2]]
func.func @conv(%x: tensor<?x?x28x3xf32>, %k: tensor<3x3x3x8xf32>, %g: tensor<?x?x14x8xf32>) -> (tensor<?x?x28x3xf32>, tensor<3x3x3x8xf32>) {
  %y = lamina.conv %x, %k {strides = array<i64: 2, 2>, padding = "same"} : tensor<?x?x28x3xf32>, tensor<3x3x3x8xf32>
  %dx, %dk = lamina.gradient of (%y : tensor<?x?x14x8xf32>) cotangents (%g : tensor<?x?x14x8xf32>) wrt (%x, %k : tensor<?x?x28x3xf32>, tensor<3x3x3x8xf32>)
  return %dx, %dk : tensor<?x?x28x3xf32>, tensor<3x3x3x8xf32>
}

// CHECK-LABEL: func.func @max_pool(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.max_pool_grad %[[A0]], %[[A1]] window [2, 2] {padding = "valid", strides = array<i64: 2, 2>}
// CHECK: return %[[V0]]
func.func @max_pool(%x: tensor<?x28x28x3xf32>, %g: tensor<?x14x14x3xf32>) -> tensor<?x28x28x3xf32> {
  %y = lamina.max_pool %x window [2, 2] {strides = array<i64: 2, 2>, padding = "valid"} : tensor<?x28x28x3xf32>
  %dx = lamina.gradient of (%y : tensor<?x14x14x3xf32>) cotangents (%g : tensor<?x14x14x3xf32>) wrt (%x : tensor<?x28x28x3xf32>)
  return %dx : tensor<?x28x28x3xf32>
}

// CHECK-LABEL: func.func @avg_pool(
// CHECK-SAME: %[[A0:[0-9a-z_]+]]{{.*}}%[[A1:[0-9a-z_]+]]
// CHECK: %[[V0:[0-9a-z_]+]] = lamina.avg_pool_grad %[[A1]] to [28, 28] window [2, 2] {padding = "valid", strides = array<i64: 2, 2>}
// CHECK: return %[[V0]]
func.func @avg_pool(%x: tensor<?x28x28x3xf32>, %g: tensor<?x14x14x3xf32>) -> tensor<?x28x28x3xf32> {
  %y = lamina.avg_pool %x window [2, 2] {strides = array<i64: 2, 2>, padding = "valid"} : tensor<?x28x28x3xf32>
  %dx = lamina.gradient of (%y : tensor<?x14x14x3xf32>) cotangents (%g : tensor<?x14x14x3xf32>) wrt (%x : tensor<?x28x28x3xf32>)
  return %dx : tensor<?x28x28x3xf32>
}
