// RUN: lamina-opt %s --lamina-to-kernels --lamina-to-vectors | FileCheck %s

// Columns of 176 are panels of 16, also for the sum over windows that shares the product's tile: the panels that are
// read in one step lie in one place.
// CHECK-LABEL: @kernel_1
// CHECK: memref<11x64x16xf32>
// CHECK-NOT: linalg.unpack
// CHECK-NOT: vector<32xf32>
// CHECK: vector.store {{.*}}, vector<16xf32>
func.func @main(%x: tensor<1x4x4x64xf32> {lamina.kind = "input"}, %y: tensor<1x6x6x176xf32> {lamina.kind = "input"}, %w: tensor<64x176xf32> {lamina.kind = "weight"}) -> tensor<1x4x4x176xf32> {
  %0 = lamina.dot_general %x, %w contracting [3] x [0] : tensor<1x4x4x64xf32>, tensor<64x176xf32>
  %1 = lamina.avg_pool %y window [3, 3] {padding = "valid", strides = array<i64: 1, 1>} : tensor<1x6x6x176xf32>
  %2 = lamina.add %0, %1 : tensor<1x4x4x176xf32>, tensor<1x4x4x176xf32>
  return %2 : tensor<1x4x4x176xf32>
}
