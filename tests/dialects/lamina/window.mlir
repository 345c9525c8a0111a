// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @window
func.func @window(%x: tensor<?x28x28x4xf32>, %k: tensor<3x3x4x8xf32>, %d: tensor<3x3x1x8xf32>, %y: tensor<?x14x14x8xf32>, %s: tensor<?x?x4xf32>, %ks: tensor<5x4x4xf32>, %p: tensor<?x14x14x4xf32>, %n: index, %ds: tensor<?x?x4xf32>) {
// CHECK: lamina.conv %{{.*}}, %{{.*}} {padding = "valid"} : tensor<?x28x28x4xf32>, tensor<3x3x4x8xf32>
  %0 = lamina.conv %x, %k {padding = "valid"} : tensor<?x28x28x4xf32>, tensor<3x3x4x8xf32>
// CHECK: lamina.conv %{{.*}}, %{{.*}} {dilations = array<i64: 2, 1>, padding = "same"} : tensor<?x28x28x4xf32>, tensor<3x3x4x8xf32>
  %1 = lamina.conv %x, %k {dilations = array<i64: 2, 1>, padding = "same"} : tensor<?x28x28x4xf32>, tensor<3x3x4x8xf32>
// CHECK: lamina.conv %{{.*}}, %{{.*}} {groups = 4 : i64, padding = array<i64: 1, 0, 0, 1>, strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<3x3x1x8xf32>
  %2 = lamina.conv %x, %d {groups = 4 : i64, padding = array<i64: 1, 0, 0, 1>, strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<3x3x1x8xf32>
// CHECK: lamina.conv %{{.*}}, %{{.*}} {padding = "same"} : tensor<?x?x4xf32>, tensor<5x4x4xf32>
  %3 = lamina.conv %s, %ks {padding = "same"} : tensor<?x?x4xf32>, tensor<5x4x4xf32>
// CHECK: lamina.conv_transpose %{{.*}}, %{{.*}} to [28, 28] {padding = "same", strides = array<i64: 2, 2>} : tensor<?x14x14x8xf32>, tensor<3x3x4x8xf32>
  %4 = lamina.conv_transpose %y, %k to [28, 28] {padding = "same", strides = array<i64: 2, 2>} : tensor<?x14x14x8xf32>, tensor<3x3x4x8xf32>
// CHECK: lamina.conv_transpose %{{.*}}, %{{.*}} to [%{{.*}}] {padding = "valid"} : tensor<?x?x4xf32>, tensor<5x4x4xf32>
  %5 = lamina.conv_transpose %s, %ks to [%n] {padding = "valid"} : tensor<?x?x4xf32>, tensor<5x4x4xf32>
// CHECK: lamina.conv_kernel_grad %{{.*}}, %{{.*}} kernel [3, 3] {padding = "same", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<?x14x14x8xf32>
  %6 = lamina.conv_kernel_grad %x, %y kernel [3, 3] {padding = "same", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<?x14x14x8xf32>
// CHECK: lamina.max_pool %{{.*}} window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>
  %7 = lamina.max_pool %x window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>
// CHECK: lamina.avg_pool %{{.*}} window [3] {padding = "same"} : tensor<?x?x4xf32>
  %8 = lamina.avg_pool %s window [3] {padding = "same"} : tensor<?x?x4xf32>
// CHECK: lamina.max_pool_grad %{{.*}}, %{{.*}} window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<?x14x14x4xf32>
  %9 = lamina.max_pool_grad %x, %p window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x28x28x4xf32>, tensor<?x14x14x4xf32>
// CHECK: lamina.avg_pool_grad %{{.*}} to [28, 28] window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x14x14x4xf32>
  %10 = lamina.avg_pool_grad %p to [28, 28] window [2, 2] {padding = "valid", strides = array<i64: 2, 2>} : tensor<?x14x14x4xf32>
// CHECK: lamina.avg_pool_grad %{{.*}} to [%{{.*}}] window [3] {padding = "same"} : tensor<?x?x4xf32>
  %11 = lamina.avg_pool_grad %ds to [%n] window [3] {padding = "same"} : tensor<?x?x4xf32>
  return
}
