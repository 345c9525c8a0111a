// RUN: lamina-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(lamina-schedule,lamina-tile)))' | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (k, n)>
#y = affine_map<(m, n, k) -> (m, n)>

// Open rows of a product: tiles of eight, then of three, then of one, whose few sums take eight terms at a time.
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x32xf32>)
// CHECK: scf.for {{.*}} step %c3
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<3x1xf32>, tensor<1x32xf32>) outs(%{{.*}} : tensor<3x32xf32>)
// CHECK: scf.for {{.*}} step %c3
// CHECK: scf.for {{.*}} to %c128 step %c8
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x8xf32>, tensor<8x32xf32>) outs(%{{.*}} : tensor<1x32xf32>)
module {
  module @kernel_0 {
    func.func @kernel(%context: !llvm.ptr, %x: memref<?x128xf32>, %w: memref<128x32xf32>, %y: memref<?x32xf32>) attributes {lamina.kernel} {
      %zero = arith.constant 0.0 : f32
      %0 = bufferization.to_tensor %x restrict : memref<?x128xf32> to tensor<?x128xf32>
      %1 = bufferization.to_tensor %w restrict : memref<128x32xf32> to tensor<128x32xf32>
      %2 = bufferization.to_tensor %y restrict writable : memref<?x32xf32> to tensor<?x32xf32>
      %3 = linalg.fill ins(%zero : f32) outs(%2 : tensor<?x32xf32>) -> tensor<?x32xf32>
      %4 = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%0, %1 : tensor<?x128xf32>, tensor<128x32xf32>) outs(%3 : tensor<?x32xf32>) attrs = {lamina.shared_dims = 0 : i64} {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %5 = arith.mulf %a, %b : f32
        %6 = arith.addf %c, %5 : f32
        linalg.yield %6 : f32
      } -> tensor<?x32xf32>
      bufferization.materialize_in_destination %4 in restrict writable %y : (tensor<?x32xf32>, memref<?x32xf32>) -> ()
      return
    }
  }
}
