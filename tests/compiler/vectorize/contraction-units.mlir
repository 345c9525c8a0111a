// RUN: lamina-opt %s --lamina-lower-vectors | FileCheck %s

// One tap of a depthwise convolution: nothing is summed, both operands walk the channels.
// CHECK-LABEL: func.func @tap
// CHECK-NOT: vector.outerproduct
// CHECK: vector.fma {{.*}} : vector<1x4x16xf32>
// CHECK-NEXT: return
func.func @tap(%x: vector<1x4x1x16xf32>, %k: vector<1x16xf32>, %y: vector<1x4x16xf32>) -> vector<1x4x16xf32> {
  %0 = vector.contract {
    indexing_maps = [affine_map<(n, w, c, k) -> (n, w, k, c)>, affine_map<(n, w, c, k) -> (k, c)>, affine_map<(n, w, c, k) -> (n, w, c)>],
    iterator_types = ["parallel", "parallel", "parallel", "reduction"], kind = #vector.kind<add>}
    %x, %k, %y : vector<1x4x1x16xf32>, vector<1x16xf32> into vector<1x4x16xf32>
  return %0 : vector<1x4x16xf32>
}

// A product of matrices of which one column and one row are left.
// CHECK-LABEL: func.func @outer
// CHECK-COUNT-4: vector.fma {{.*}} : vector<16xf32>
func.func @outer(%x: vector<4x1xf32>, %k: vector<1x16xf32>, %y: vector<4x16xf32>) -> vector<4x16xf32> {
  %0 = vector.contract {
    indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
    iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
    %x, %k, %y : vector<4x1xf32>, vector<1x16xf32> into vector<4x16xf32>
  return %0 : vector<4x16xf32>
}

// One row by a matrix: four parts of two terms, of which one waits for the sum so far.
// CHECK-LABEL: func.func @few_sums
// CHECK-SAME: %[[SUM:[a-z0-9]*]]: vector<16xf32>)
// CHECK: %[[FIRST:.*]] = vector.fma %{{.*}}, %{{.*}}, %[[SUM]] : vector<16xf32>
// CHECK: %[[ONE:.*]] = vector.fma %{{.*}}, %{{.*}}, %[[FIRST]] : vector<16xf32>
// CHECK-COUNT-6: vector.fma
// CHECK: %[[REST:.*]] = arith.addf
// CHECK-NEXT: arith.addf %[[ONE]], %[[REST]]
func.func @few_sums(%x: vector<8xf32>, %k: vector<8x16xf32>, %y: vector<16xf32>) -> vector<16xf32> {
  %0 = vector.contract {
    indexing_maps = [affine_map<(n, k) -> (k)>, affine_map<(n, k) -> (k, n)>, affine_map<(n, k) -> (n)>],
    iterator_types = ["parallel", "reduction"], kind = #vector.kind<add>}
    %x, %k, %y : vector<8xf32>, vector<8x16xf32> into vector<16xf32>
  return %0 : vector<16xf32>
}

// Pixels of one channel by a row of filters: the pixels are broadcast along the filters only for the contraction.
// CHECK-LABEL: func.func @broadcast
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-4: vector.fma {{.*}} : vector<6xf32>
func.func @broadcast(%x: vector<4xf32>, %k: vector<1x6xf32>, %y: vector<4x6xf32>) -> vector<4x6xf32> {
  %wide = vector.broadcast %x : vector<4xf32> to vector<6x1x4xf32>
  %0 = vector.contract {
    indexing_maps = [affine_map<(m, n, k) -> (n, k, m)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
    iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>}
    %wide, %k, %y : vector<6x1x4xf32>, vector<1x6xf32> into vector<4x6xf32>
  return %0 : vector<4x6xf32>
}
