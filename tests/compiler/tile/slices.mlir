// RUN: lamina-opt %s --pass-pipeline='builtin.module(builtin.module(func.func(lamina-schedule,lamina-tile)))' | FileCheck %s

// The tiles of a slice drop the axes that the slice drops, the last one too.
// CHECK: tensor.extract_slice %{{.*}}[0, %{{.*}}, 0, 0] [1, 1, 6, 1] [1, 1, 1, 1] : tensor<1x9x7x1xf32> to tensor<1x6xf32>
module {
  module @kernel_0 {
    func.func @kernel(%context: !llvm.ptr, %x: memref<1x9x7x1xf32>, %y: memref<7x6xf32>) attributes {lamina.kernel} {
      %0 = bufferization.to_tensor %x restrict : memref<1x9x7x1xf32> to tensor<1x9x7x1xf32>
      %1 = bufferization.to_tensor %y restrict writable : memref<7x6xf32> to tensor<7x6xf32>
      %slice = tensor.extract_slice %0[0, 0, 0, 0] [1, 7, 6, 1] [1, 1, 1, 1] : tensor<1x9x7x1xf32> to tensor<7x6xf32>
      %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>],
                           iterator_types = ["parallel", "parallel"]}
          ins(%slice : tensor<7x6xf32>) outs(%1 : tensor<7x6xf32>) attrs = {lamina.shared_dims = 2 : i64} {
      ^bb0(%in: f32, %out: f32):
        linalg.yield %in : f32
      } -> tensor<7x6xf32>
      bufferization.materialize_in_destination %2 in restrict writable %y : (tensor<7x6xf32>, memref<7x6xf32>) -> ()
      return
    }
  }
}
