// RUN: lamina-opt %s --lamina-pass-pointers --canonicalize | FileCheck %s

// CHECK: func.func private @kernel(!llvm.ptr, !llvm.ptr, index, memref<4xf32, strided<[2]>>)
func.func private @kernel(!llvm.ptr, memref<?x3xf32>, memref<4xf32, strided<[2]>>)

// CHECK-LABEL: func.func @caller(
// CHECK-SAME: %[[CONTEXT:.*]]: !llvm.ptr, %[[DATA:.*]]: !llvm.ptr, %[[ROWS:.*]]: index, %[[GAPS:.*]]: memref
// CHECK: %[[X:.*]] = memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%[[ROWS]], 3]
// CHECK: %[[OPEN:.*]] = memref.dim %[[X]]
// CHECK: call @kernel(%[[CONTEXT]], %{{.*}}, %[[OPEN]], %[[GAPS]])
func.func @caller(%context: !llvm.ptr, %x: memref<?x3xf32>, %gaps: memref<4xf32, strided<[2]>>) {
  func.call @kernel(%context, %x, %gaps) : (!llvm.ptr, memref<?x3xf32>, memref<4xf32, strided<[2]>>) -> ()
  return
}
