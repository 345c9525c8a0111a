// RUN: lamina-opt %s --split-input-file --lamina-to-kernels --lamina-to-vectors | FileCheck %s

// 24 columns are a tile of 16 and one of 8, never vectors of 24, which LLVM would take apart.
// CHECK-LABEL: func.func @main
// CHECK-NOT: vector<24xf32>
// CHECK: vector.fma {{.*}} : vector<16xf32>
// CHECK: vector.fma {{.*}} : vector<8xf32>
// CHECK-NOT: vector<24xf32>
func.func @main(%x: tensor<56x96xf32> {lamina.kind = "input"}, %w: tensor<96x24xf32> {lamina.kind = "weight"}) -> tensor<56x24xf32> {
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<56x96xf32>, tensor<96x24xf32>
  return %0 : tensor<56x24xf32>
}

// -----

// Nor are the 26 that tiles of 32 leave over one vector.
// CHECK-LABEL: func.func @main
// CHECK-NOT: vector<26xf32>
// CHECK: vector.fma {{.*}} : vector<10xf32>
// CHECK-NOT: vector<26xf32>
func.func @main(%x: tensor<56x96xf32> {lamina.kind = "input"}, %w: tensor<96x250xf32> {lamina.kind = "weight"}) -> tensor<56x250xf32> {
  %0 = lamina.dot_general %x, %w contracting [1] x [0] : tensor<56x96xf32>, tensor<96x250xf32>
  return %0 : tensor<56x250xf32>
}

// -----

// Six filters of a 5 x 5 window over images of 28 x 28: four rows of them are a tile with six filters, of 16 positions
// and then of 12.
// CHECK-LABEL: func.func @main
// CHECK: iter_args(%{{.*}}) -> (vector<4x6x16xf32>)
// CHECK-COUNT-24: vector.fma {{.*}} : vector<16xf32>
// CHECK: iter_args(%{{.*}}) -> (vector<4x6x12xf32>)
func.func @main(%x: tensor<?x28x28x1xf32> {lamina.kind = "input"}, %w: tensor<5x5x1x6xf32> {lamina.kind = "weight"}) -> tensor<?x28x28x6xf32> {
  %0 = lamina.conv %x, %w {padding = "same"} : tensor<?x28x28x1xf32>, tensor<5x5x1x6xf32>
  return %0 : tensor<?x28x28x6xf32>
}
