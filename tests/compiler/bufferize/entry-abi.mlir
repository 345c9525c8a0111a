// RUN: lamina-opt %s --lamina-entry-abi --cse | FileCheck %s

// A result that is put together in parts, and one that is reshaped, are written into the caller's memory from the start.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: tensor.empty
// CHECK: %[[RESULT:.*]] = bufferization.to_tensor {{.*}} : memref<4x6xf32> to tensor<4x6xf32>
// CHECK: tensor.extract_slice %[[RESULT]]
// CHECK: tensor.insert_slice {{.*}} into %[[RESULT]]
// CHECK: bufferization.materialize_in_destination {{.*}} : (tensor<4x6xf32>, memref<4x6xf32>)
func.func @main(%x: tensor<4x4xf32> {lamina.kind = "input", lamina.name = "x"}, %context: !llvm.ptr)
    -> (tensor<24xf32> {lamina.name = "output_0"}) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x6xf32>
  %margin = tensor.extract_slice %empty[0, 0] [4, 2] [1, 1] : tensor<4x6xf32> to tensor<4x2xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%margin : tensor<4x2xf32>) -> tensor<4x2xf32>
  %begun = tensor.insert_slice %filled into %empty[0, 0] [4, 2] [1, 1] : tensor<4x2xf32> into tensor<4x6xf32>
  %whole = tensor.insert_slice %x into %begun[0, 2] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<4x6xf32>
  %flat = tensor.collapse_shape %whole [[0, 1]] : tensor<4x6xf32> into tensor<24xf32>
  return %flat : tensor<24xf32>
}
