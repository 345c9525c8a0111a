// RUN: lamina-opt %s --lamina-collapse-axes="vector-bytes=64" --split-input-file | FileCheck %s

#image = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channels = affine_map<(d0, d1, d2, d3) -> (d3)>

// Three channels are walked with the width, in what is read and in what is written. The second axis would join them if
// rows were not long enough.
// CHECK-LABEL: func @pad
// CHECK: %[[X:.*]] = bufferization.to_tensor %{{.*}} : memref<?x64x192xf32>
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %{{.*}}[0, 1, 3] [%{{.*}}, 64, 192] [1, 1, 1] : tensor<?x66x198xf32>
// CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<?x64x192xf32>) outs(%[[SLICE]] : tensor<?x64x192xf32>) {{.*}}shared_dims = 3
// CHECK: tensor.insert_slice {{.*}}[0, 1, 3] [%{{.*}}, 64, 192] [1, 1, 1]
// CHECK: bufferization.materialize_in_destination {{.*}} memref<?x66x198xf32>
func.func @pad(%x: memref<?x64x64x3xf32>, %n: index, %y: memref<?x66x66x3xf32>) attributes {lamina.kernel} {
  %0 = bufferization.to_tensor %x restrict : memref<?x64x64x3xf32> to tensor<?x64x64x3xf32>
  %1 = bufferization.to_tensor %y restrict writable : memref<?x66x66x3xf32> to tensor<?x66x66x3xf32>
  %slice = tensor.extract_slice %1[0, 1, 1, 0] [%n, 64, 64, 3] [1, 1, 1, 1] : tensor<?x66x66x3xf32> to tensor<?x64x64x3xf32>
  %2 = linalg.generic {indexing_maps = [#image, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0 : tensor<?x64x64x3xf32>) outs(%slice : tensor<?x64x64x3xf32>) attrs = {lamina.shared_dims = 4 : i64} {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x64x64x3xf32>
  %3 = tensor.insert_slice %2 into %1[0, 1, 1, 0] [%n, 64, 64, 3] [1, 1, 1, 1] : tensor<?x64x64x3xf32> into tensor<?x66x66x3xf32>
  bufferization.materialize_in_destination %3 in restrict writable %y : (tensor<?x66x66x3xf32>, memref<?x66x66x3xf32>) -> ()
  return
}

// -----

#image = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channels = affine_map<(d0, d1, d2, d3) -> (d3)>

// A value a channel keeps them apart.
// CHECK-LABEL: func @bias
// CHECK-NOT: collapse_shape
func.func @bias(%x: memref<?x64x64x3xf32>, %b: memref<3xf32>, %y: memref<?x64x64x3xf32>) attributes {lamina.kernel} {
  %0 = bufferization.to_tensor %x restrict : memref<?x64x64x3xf32> to tensor<?x64x64x3xf32>
  %1 = bufferization.to_tensor %b restrict : memref<3xf32> to tensor<3xf32>
  %2 = bufferization.to_tensor %y restrict writable : memref<?x64x64x3xf32> to tensor<?x64x64x3xf32>
  %3 = linalg.generic {indexing_maps = [#image, #channels, #image], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0, %1 : tensor<?x64x64x3xf32>, tensor<3xf32>) outs(%2 : tensor<?x64x64x3xf32>) attrs = {lamina.shared_dims = 4 : i64} {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %4 = arith.addf %in, %bias : f32
    linalg.yield %4 : f32
  } -> tensor<?x64x64x3xf32>
  bufferization.materialize_in_destination %3 in restrict writable %y : (tensor<?x64x64x3xf32>, memref<?x64x64x3xf32>) -> ()
  return
}

// -----

#row = affine_map<(d0, d1) -> (d0, d1)>

// A slice of the last axis leaves gaps between the rows.
// CHECK-LABEL: func @columns
// CHECK-NOT: collapse_shape
func.func @columns(%x: memref<32x20xf32>, %y: memref<32x10xf32>) attributes {lamina.kernel} {
  %0 = bufferization.to_tensor %x restrict : memref<32x20xf32> to tensor<32x20xf32>
  %1 = bufferization.to_tensor %y restrict writable : memref<32x10xf32> to tensor<32x10xf32>
  %slice = tensor.extract_slice %0[0, 5] [32, 10] [1, 1] : tensor<32x20xf32> to tensor<32x10xf32>
  %2 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
      ins(%slice : tensor<32x10xf32>) outs(%1 : tensor<32x10xf32>) attrs = {lamina.shared_dims = 2 : i64} {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<32x10xf32>
  bufferization.materialize_in_destination %2 in restrict writable %y : (tensor<32x10xf32>, memref<32x10xf32>) -> ()
  return
}
