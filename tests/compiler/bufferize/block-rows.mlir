// RUN: lamina-opt %s --lamina-block-rows=cache-bytes=4096 | FileCheck %s

// The workspace is that of as many rows as fit, at least one, at most all.
// CHECK-LABEL: func.func @main_workspace(
// CHECK: %[[ROW:.*]] = call @main_workspace_block
// CHECK: arith.divsi %c4096{{.*}}
// CHECK: call @main_workspace_block

// Rows move on with each block; what all rows share stays.
// CHECK-LABEL: func.func @main(
// CHECK: scf.for %[[START:.*]] = {{.*}} iter_args(%[[STATUS:.*]] = %{{.*}}) -> (i32)
// CHECK: %[[OFFSET:.*]] = arith.muli %[[START]], %c32{{.*}}
// CHECK: llvm.getelementptr %{{.*}}[%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK: %[[CODE:.*]] = func.call @main_block
// CHECK: arith.maxui %[[STATUS]], %[[CODE]]
func.func @main_workspace(%dims: !llvm.ptr) -> i64 {
  %rows = llvm.load %dims : !llvm.ptr -> i64
  %row = arith.constant 1024 : i64
  %bytes = arith.muli %rows, %row : i64
  return %bytes : i64
}
func.func @main(%buffers: !llvm.ptr, %dims: !llvm.ptr, %workspace: !llvm.ptr, %context: !llvm.ptr) -> i32
    attributes {lamina.row_bytes = array<i64: 32, 0, 16>} {
  %success = arith.constant 0 : i32
  return %success : i32
}
