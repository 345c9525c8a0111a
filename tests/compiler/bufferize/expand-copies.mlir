// RUN: lamina-opt %s --lamina-expand-copies | FileCheck %s

// CHECK-LABEL: func.func @border
// CHECK-NOT: linalg.fill
// CHECK: %[[V:.*]] = vector.broadcast %{{.*}} : f32 to vector<20xf32>
// CHECK: vector.store %[[V]], %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}] : memref<?x1x20xf32
func.func @border(%x: memref<?x5x20xf32>, %rows: index) {
  %zero = arith.constant 0.0 : f32
  %border = memref.subview %x[0, 4, 0] [%rows, 1, 20] [1, 1, 1] : memref<?x5x20xf32> to memref<?x1x20xf32, strided<[100, 20, 1], offset: 80>>
  linalg.fill ins(%zero : f32) outs(%border : memref<?x1x20xf32, strided<[100, 20, 1], offset: 80>>)
  return
}

// Long rows are walked, their rest is written out.
// CHECK-LABEL: func.func @rows
// CHECK-NOT: memref.copy
// CHECK-DAG: %[[STEP:.*]] = arith.constant 64 : index
// CHECK-DAG: %[[END:.*]] = arith.constant 960 : index
// CHECK: scf.for %{{.*}} to %[[END]] step %[[STEP]]
// CHECK: vector.load %{{.*}} : memref<3x1000xf32>, vector<64xf32>
// CHECK: vector.load %{{.*}} : memref<3x1000xf32>, vector<40xf32>
func.func @rows(%x: memref<3x1000xf32>, %y: memref<4x1000xf32>) {
  %part = memref.subview %y[1, 0] [3, 1000] [1, 1] : memref<4x1000xf32> to memref<3x1000xf32, strided<[1000, 1], offset: 1000>>
  memref.copy %x, %part : memref<3x1000xf32> to memref<3x1000xf32, strided<[1000, 1], offset: 1000>>
  return
}

// CHECK-LABEL: func.func @columns
// CHECK: memref.load
// CHECK: memref.store
func.func @columns(%x: memref<3x4xf32, strided<[1, 3]>>, %y: memref<3x4xf32>) {
  memref.copy %x, %y : memref<3x4xf32, strided<[1, 3]>> to memref<3x4xf32>
  return
}
