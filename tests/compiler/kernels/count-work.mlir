// RUN: lamina-opt %s --lamina-form-kernels --lamina-count-work --canonicalize --cse | FileCheck %s

#row = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
#lhs = affine_map<(i, j, k) -> (i, k)>
#rhs = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>

// CHECK: module attributes {lamina.sites = [{gradient = false, kernel = "kernel_1", layers = ["dense", "relu"]}, {gradient = true, kernel = "kernel_0", layers = ["steps"]}]}
module {
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C96:.*]] = arith.constant 96 : index
// CHECK-DAG: %[[C1536:.*]] = arith.constant 1536 : index
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[X]], %[[C0]]

// A product and a sum for each of 4 x 8, then a sum and a maximum for each of 8.
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[C16:.*]] = arith.constant 16 : index
// CHECK-DAG: %[[DENSE:.*]] = arith.muli %[[ROWS]], %[[C64]]
// CHECK-DAG: %[[RELU:.*]] = arith.muli %[[ROWS]], %[[C16]]
// CHECK-DAG: %[[FLOPS:.*]] = arith.addi %[[DENSE]], %[[RELU]]
// CHECK: lamina.call_kernel @kernel_1::@kernel{{.*}} flops %[[FLOPS]] bytes %{{.*}} within %{{.*}} {site = 0 : i64}
func.func @main(%x: tensor<?x4xf32> {lamina.kind = "input"}, %w: tensor<4x8xf32> {lamina.kind = "weight"},
                %b: tensor<8xf32> {lamina.kind = "weight"}, %s: tensor<16x8xf64> {lamina.kind = "input"})
    -> (tensor<?x8xf32>, tensor<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%rows) : tensor<?x8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
  %dot = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x4xf32>, tensor<4x8xf32>) outs(%start : tensor<?x8xf32>) {
  ^bb0(%l: f32, %r: f32, %sum: f32):
    %0 = arith.mulf %l, %r : f32 loc("dense")
    %1 = arith.addf %sum, %0 : f32 loc("dense")
    linalg.yield %1 : f32 loc("elsewhere")
  } -> tensor<?x8xf32> loc("dense")
  %y = linalg.generic {indexing_maps = [#row, #column, #row], iterator_types = ["parallel", "parallel"]}
      ins(%dot, %b : tensor<?x8xf32>, tensor<8xf32>) outs(%empty : tensor<?x8xf32>) {
  ^bb0(%v: f32, %bias: f32, %o: f32):
    %0 = arith.addf %v, %bias : f32 loc("dense")
    %1 = arith.maximumf %0, %zero : f32 loc("relu")
    linalg.yield %1 : f32
  } -> tensor<?x8xf32> loc("relu")

  // A row of 8 is read, another is written: 8 * (8 + 4) bytes, of arrays 16 times as large. The conversion is no operation on numbers.
  // CHECK: scf.for
  // CHECK: lamina.call_kernel @kernel_0::@kernel{{.*}} flops %[[C8]] bytes %[[C96]] within %[[C1536]] {reads_destinations, site = 1 : i64}
  %none = tensor.empty() : tensor<16x8xf32>
  %steps = scf.for %t = %c0 to %c16 step %c1 iter_args(%all = %none) -> tensor<16x8xf32> {
    %from = tensor.extract_slice %s[%t, 0] [1, 8] [1, 1] : tensor<16x8xf64> to tensor<8xf64>
    %e = tensor.empty() : tensor<8xf32>
    %to = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%from : tensor<8xf64>) outs(%e : tensor<8xf32>) {
    ^bb0(%v: f64, %o: f32):
      %0 = arith.truncf %v : f64 to f32 loc("steps")
      %1 = math.sqrt %0 : f32 loc(fused<"gradient">["steps"])
      linalg.yield %1 : f32
    } -> tensor<8xf32> loc("steps")
    %next = tensor.insert_slice %to into %all[%t, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<16x8xf32>
    scf.yield %next : tensor<16x8xf32>
  }
  return %y, %steps : tensor<?x8xf32>, tensor<16x8xf32>
}
}
