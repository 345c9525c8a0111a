// RUN: lamina-opt %s --lamina-lower-vectors --split-input-file | FileCheck %s

// A row is one reduction in any order, not a chain of scalars.
// CHECK-LABEL: func @rows
// CHECK-COUNT-2: vector.reduction <add>, %{{.*}}, %{{.*}} fastmath<reassoc> : vector<64xf32> into f32
// CHECK-NOT: arith.addf
func.func @rows(%x: vector<2x64xf32>, %sum: vector<2xf32>) -> vector<2xf32> {
  %0 = vector.multi_reduction <add>, %x, %sum [1] : vector<2x64xf32> to vector<2xf32>
  return %0 : vector<2xf32>
}

// -----

// Columns stay vectors.
// CHECK-LABEL: func @columns
// CHECK-NOT: vector.reduction
// CHECK: arith.addf %{{.*}} : vector<16xf32>
func.func @columns(%x: vector<2x16xf32>, %sum: vector<16xf32>) -> vector<16xf32> {
  %0 = vector.multi_reduction <add>, %x, %sum [0] : vector<2x16xf32> to vector<16xf32>
  return %0 : vector<16xf32>
}
