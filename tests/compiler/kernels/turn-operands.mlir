// RUN: lamina-opt %s --lamina-pack-weights --split-input-file | FileCheck %s

// Rows of keys that queries are multiplied with are copied to columns.
// CHECK: #[[FROM:.*]] = affine_map<(d0, d1, d2) -> (d0, d2, d1)>
// CHECK-LABEL: func.func @scores
// CHECK: %[[COLUMNS:.*]] = linalg.generic {indexing_maps = [#[[FROM]], #{{.*}}]{{.*}} ins(%arg1 : tensor<4x512x64xf32>)
// CHECK: linalg.generic {{.*}} ins(%arg0, %[[COLUMNS]] : tensor<4x512x64xf32>, tensor<4x64x512xf32>)
func.func @scores(%q: tensor<4x512x64xf32>, %k: tensor<4x512x64xf32>, %s: tensor<4x512x512xf32>) -> tensor<4x512x512xf32> {
  %0 = linalg.generic {
    indexing_maps = [affine_map<(h, t, s, d) -> (h, t, d)>, affine_map<(h, t, s, d) -> (h, s, d)>, affine_map<(h, t, s, d) -> (h, t, s)>],
    iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%q, %k : tensor<4x512x64xf32>, tensor<4x512x64xf32>) outs(%s : tensor<4x512x512xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %c, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x512x512xf32>
  return %0 : tensor<4x512x512xf32>
}

// -----

// Few rows do not pay for the copy.
// CHECK-LABEL: func.func @few
// CHECK: linalg.generic {{.*}} ins(%arg0, %arg1 : tensor<4x8x64xf32>, tensor<4x512x64xf32>)
func.func @few(%q: tensor<4x8x64xf32>, %k: tensor<4x512x64xf32>, %s: tensor<4x8x512xf32>) -> tensor<4x8x512xf32> {
  %0 = linalg.generic {
    indexing_maps = [affine_map<(h, t, s, d) -> (h, t, d)>, affine_map<(h, t, s, d) -> (h, s, d)>, affine_map<(h, t, s, d) -> (h, t, s)>],
    iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
    ins(%q, %k : tensor<4x8x64xf32>, tensor<4x512x64xf32>) outs(%s : tensor<4x8x512xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %1 = arith.mulf %a, %b : f32
    %2 = arith.addf %c, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x8x512xf32>
  return %0 : tensor<4x8x512xf32>
}
