// RUN: lamina-opt %s --mlir-disable-threading --pass-pipeline='builtin.module(func.func(lamina-bufferize))' | FileCheck %s

// A call with a site stands between two marks: the time before it is no kernel's, the time since then is the site's.
// CHECK-LABEL: func.func @timed(
// CHECK-SAME: %[[CONTEXT:.*]]: !llvm.ptr
// CHECK: %[[OUTSIDE:.*]] = arith.constant -1 : i64
// CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[CONTEXT]][0, 3] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(ptr, ptr, i64, ptr)>
// CHECK: %[[MARK:.*]] = llvm.load %[[PLACE]]
// CHECK: llvm.call %[[MARK]](%[[CONTEXT]], %[[OUTSIDE]], %{{.*}}, %{{.*}}, %{{.*}})
// CHECK-NEXT: call @lamina_kernel_0(%[[CONTEXT]]
// CHECK: %[[SITE:.*]] = arith.constant 7 : i64
// CHECK: %[[FLOPS:.*]] = arith.index_cast %arg2
// CHECK: %[[BYTES:.*]] = arith.index_cast %arg3
// CHECK: %[[WITHIN:.*]] = arith.index_cast %arg4
// CHECK: llvm.call %{{.*}}(%[[CONTEXT]], %[[SITE]], %[[FLOPS]], %[[BYTES]], %[[WITHIN]])
func.func @timed(%context: !llvm.ptr, %x: tensor<4xf32>, %flops: index, %bytes: index,
                 %within: index) -> tensor<4xf32> {
  %empty = tensor.empty() : tensor<4xf32>
  %0 = lamina.call_kernel @kernel_0::@kernel(%context, %x : !llvm.ptr, tensor<4xf32>) into (%empty : tensor<4xf32>)
      flops %flops bytes %bytes within %within {site = 7 : i64} -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @plain(
// CHECK-NOT: llvm.call
// CHECK: call @lamina_kernel_0(
// CHECK-NOT: llvm.call
func.func @plain(%context: !llvm.ptr, %x: tensor<4xf32>) -> tensor<4xf32> {
  %empty = tensor.empty() : tensor<4xf32>
  %0 = lamina.call_kernel @kernel_0::@kernel(%context, %x : !llvm.ptr, tensor<4xf32>) into (%empty : tensor<4xf32>)
      -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
