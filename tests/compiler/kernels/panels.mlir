// RUN: lamina-opt %s --lamina-to-kernels --lamina-to-vectors | FileCheck %s

// A product that reads its weights in panels does not share a tile with a transpose of its columns.
// CHECK-COUNT-2: lamina.call_kernel
func.func @main(%x: tensor<1x64x32x8xf32> {lamina.kind = "input"}, %w: tensor<32x64xf32> {lamina.kind = "weight"}) -> tensor<1x64x64x8xf32> {
  %0 = lamina.dot_general %x, %w contracting [2] x [0] : tensor<1x64x32x8xf32>, tensor<32x64xf32>
  %1 = lamina.transpose %0 by [0, 1, 3, 2] : tensor<1x64x8x64xf32>
  return %1 : tensor<1x64x64x8xf32>
}
