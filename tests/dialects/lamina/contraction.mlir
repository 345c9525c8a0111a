// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt --mlir-print-op-generic %s | lamina-opt | FileCheck %s

// CHECK-LABEL: func.func @dot
func.func @dot(%x: tensor<?x784xf32>, %w: tensor<784x10xf32>, %q: tensor<?x?x4x8xf32>, %k: tensor<?x?x4x8xf32>, %v: tensor<784xf32>) {
// CHECK: lamina.dot_general %{{.*}}, %{{.*}} contracting [1] x [0] : tensor<?x784xf32>, tensor<784x10xf32>
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<?x784xf32>, tensor<784x10xf32>
// CHECK: lamina.dot_general %{{.*}}, %{{.*}} batching [0, 2] x [0, 2] contracting [3] x [3] : tensor<?x?x4x8xf32>, tensor<?x?x4x8xf32>
  %1 = lamina.dot_general %q, %k batching [0, 2] x [0, 2] contracting [3] x [3] : tensor<?x?x4x8xf32>, tensor<?x?x4x8xf32>
// CHECK: lamina.dot_general %{{.*}}, %{{.*}} contracting [] x [] : tensor<784xf32>, tensor<784xf32>
  %2 = lamina.dot_general %v, %v contracting [] x [] : tensor<784xf32>, tensor<784xf32>
// CHECK: lamina.dot_general %{{.*}}, %{{.*}} contracting [-1] x [-2] : tensor<?x784xf32>, tensor<784x10xf32>
  %3 = lamina.dot_general %x, %w contracting [-1] x [-2] : tensor<?x784xf32>, tensor<784x10xf32>
  return
}
