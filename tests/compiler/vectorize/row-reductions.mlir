// RUN: lamina-opt %s --lamina-lower-vectors --split-input-file | FileCheck %s

// Rows are reduced together: each to one vector, then both into one whose halves belong to one row each.
// CHECK-LABEL: func @rows
// CHECK-COUNT-6: arith.addf {{.*}} : vector<16xf32>
// CHECK: vector.shuffle %[[A:.*]], %[[B:.*]] [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
// CHECK: vector.shuffle %[[A]], %[[B]] [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]
// CHECK-COUNT-3: arith.addf
// CHECK: %[[BOTH:.*]] = arith.addf {{.*}} : vector<2xf32>
// CHECK: arith.addf %{{.*}}, %[[BOTH]] : vector<2xf32>
// CHECK-NOT: vector.reduction
func.func @rows(%x: vector<2x64xf32>, %sum: vector<2xf32>) -> vector<2xf32> {
  %0 = vector.multi_reduction <add>, %x, %sum [1] : vector<2x64xf32> to vector<2xf32>
  return %0 : vector<2xf32>
}

// -----

// What is short is filled with what changes nothing, where the maximum may also start from.
// CHECK-LABEL: func @short
// CHECK: %[[LEAST:.*]] = arith.constant dense<0xFF800000> : vector<10xf32>
// CHECK: vector.shuffle %{{.*}}, %[[LEAST]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10, 10, 10, 10]
// CHECK-COUNT-4: arith.maximumf %{{.*}} fastmath<nsz>
// CHECK-NOT: arith.maximumf
func.func @short(%x: vector<10xf32>) -> f32 {
  %least = arith.constant 0xFF800000 : f32
  %0 = vector.multi_reduction <maximumf>, %x, %least [0] : vector<10xf32> to f32
  return %0 : f32
}

// -----

// A value a row is repeated row by row.
// CHECK-LABEL: func @repeat
// CHECK-COUNT-2: vector.broadcast %{{.*}} : f32 to vector<64xf32>
// CHECK-NOT: vector.transpose
func.func @repeat(%x: vector<2xf32>) -> vector<2x64xf32> {
  %0 = vector.broadcast %x : vector<2xf32> to vector<64x2xf32>
  %1 = vector.transpose %0, [1, 0] : vector<64x2xf32> to vector<2x64xf32>
  return %1 : vector<2x64xf32>
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

// -----

// Columns are taken in pairs, axes of one element between them or not.
// CHECK-LABEL: func @pairs
// CHECK-DAG: %[[LOW:.*]] = arith.maximumf %{{.*}}, %{{.*}} fastmath<nsz> : vector<16xf32>
// CHECK-DAG: %[[HIGH:.*]] = arith.maximumf %{{.*}}, %{{.*}} fastmath<nsz> : vector<16xf32>
// CHECK: arith.maximumf %[[LOW]], %[[HIGH]] fastmath<nsz> : vector<16xf32>
func.func @pairs(%x: vector<1x2x2x1x16xf32>, %most: vector<1x16xf32>) -> vector<1x16xf32> {
  %0 = vector.multi_reduction <maximumf>, %x, %most [1, 2, 3] : vector<1x2x2x1x16xf32> to vector<1x16xf32>
  return %0 : vector<1x16xf32>
}
