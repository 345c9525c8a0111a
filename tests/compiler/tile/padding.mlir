// RUN: lamina-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(lamina-schedule,lamina-tile)))' | FileCheck %s

#input = affine_map<(n, h, w, f, i, j, c) -> (n, h + i, w + j, c)>
#kernel = affine_map<(n, h, w, f, i, j, c) -> (i, j, c, f)>
#result = affine_map<(n, h, w, f, i, j, c) -> (n, h, w, f)>

// Rows of the window that lie in the padding are left out. Panels of weights are outermost; while one is read, each row
// of the image asks for a share of the next.
// CHECK-DAG: #[[FIRST:.*]] = affine_map<()[s0] -> (-s0 + 1, 0)>
// CHECK-DAG: #[[LAST:.*]] = affine_map<()[s0] -> (-s0 + 8, 3)>
// CHECK-DAG: #[[NEXT:.*]] = affine_map<{{.*}} + s0 * 23040 + s1 * 7680 + s2 * 2560 + s3 * 5 + 147456, 2359295)>
// CHECK: scf.forall (%[[COLUMN:.*]]) = (0) to (512) step (32)
// CHECK: scf.for %[[H:.*]] = %c0 to %c7
// CHECK: %[[BEGIN:.*]] = affine.max #[[FIRST]]()[%[[H]]]
// CHECK: %[[END:.*]] = affine.min #[[LAST]]()[%[[H]]]
// CHECK: scf.for %[[I:.*]] = %[[BEGIN]] to %[[END]] step %c1
// CHECK: scf.for %[[J:.*]] = %c0 to %c3 step %c1
// CHECK: scf.for %[[C:.*]] = %c0 to %c512 step %c1
// CHECK: %[[PLACE:.*]] = affine.min #[[NEXT]](%[[COLUMN]])[%[[H]], %[[I]], %[[J]], %[[C]]]
// CHECK: memref.prefetch %{{.*}}[%[[PLACE]]], read, locality<2>, data : memref<2359296xf32>
module {
  module @kernel_0 {
    func.func @kernel(%context: !llvm.ptr, %x: memref<1x9x9x512xf32>, %k: memref<16x3x3x512x32xf32>, %y: memref<1x7x7x512xf32>) attributes {lamina.kernel} {
      %zero = arith.constant 0.0 : f32
      %0 = bufferization.to_tensor %x restrict : memref<1x9x9x512xf32> to tensor<1x9x9x512xf32>
      %1 = bufferization.to_tensor %k restrict : memref<16x3x3x512x32xf32> to tensor<16x3x3x512x32xf32>
      %2 = bufferization.to_tensor %y restrict writable : memref<1x7x7x512xf32> to tensor<1x7x7x512xf32>
      %3 = tensor.empty() : tensor<3x3x512x512xf32>
      %4 = linalg.unpack %1 outer_dims_perm = [3, 0, 1, 2] inner_dims_pos = [3] inner_tiles = [32] into %3 : tensor<16x3x3x512x32xf32> -> tensor<3x3x512x512xf32>
      %5 = linalg.fill ins(%zero : f32) outs(%2 : tensor<1x7x7x512xf32>) -> tensor<1x7x7x512xf32>
      %6 = linalg.generic {indexing_maps = [#input, #kernel, #result],
                           iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
          ins(%0, %4 : tensor<1x9x9x512xf32>, tensor<3x3x512x512xf32>) outs(%5 : tensor<1x7x7x512xf32>)
          attrs = {lamina.shared_dims = 0 : i64, lamina.filled = array<i64: 0, 1, 1, 8, 1, 8, 0, 512>} {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %7 = arith.mulf %a, %b : f32
        %8 = arith.addf %c, %7 : f32
        linalg.yield %8 : f32
      } -> tensor<1x7x7x512xf32>
      bufferization.materialize_in_destination %6 in restrict writable %y : (tensor<1x7x7x512xf32>, memref<1x7x7x512xf32>) -> ()
      return
    }
  }
}
