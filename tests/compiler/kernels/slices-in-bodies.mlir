// RUN: lamina-opt %s --lamina-form-kernels --canonicalize | FileCheck %s

// Elements of a slice are read from where the slice lies: no copy of it is made, least of all for every element.
// CHECK: func.func @kernel
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[C7:.*]] = arith.constant 7 : index
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: %[[ROW:.*]] = arith.subi %[[C7]], %[[I]]
// CHECK: %[[COLUMN:.*]] = arith.addi %[[J]], %[[C64]]
// CHECK: tensor.extract %{{.*}}[%[[ROW]], %[[COLUMN]]] : tensor<8x128xf32>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @main(%x: tensor<8x128xf32> {lamina.kind = "input"}) -> tensor<8x64xf32> {
  %c7 = arith.constant 7 : index
  %slice = tensor.extract_slice %x[0, 64] [8, 64] [1, 1] : tensor<8x128xf32> to tensor<8x64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %0 = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%empty : tensor<8x64xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %row = arith.subi %c7, %i : index
    %1 = tensor.extract %slice[%row, %j] : tensor<8x64xf32>
    linalg.yield %1 : f32
  } -> tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}
