// RUN: lamina-opt %s --split-input-file --verify-diagnostics --lamina-parallelize | FileCheck %s

// The body's third argument is the work of the whole loop, three an element.
// CHECK: func.func private @body_1(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: memref<?xf32>)
// CHECK-LABEL: func.func @kernel
// CHECK: %[[WORK:.*]] = arith.muli %c3{{.*}}, %[[SIZE:.*]] : index
// CHECK: call @body_1(%c0{{.*}}, %{{.*}}, %[[WORK]], %{{.*}})
func.func @kernel(%context: !llvm.ptr, %x: memref<?xf32>, %size: index) attributes {lamina.kernel} {
  %one = arith.constant 1.0 : f32
  scf.forall (%i) = (0) to (%size) step (10) {
    memref.store %one, %x[%i] : memref<?xf32>
  } {lamina.work = 3 : index}
  return
}

// -----

func.func @kernel(%context: !llvm.ptr, %x: memref<?xf32>, %size: index) attributes {lamina.kernel} {
  %one = arith.constant 1.0 : f32
  // expected-error @+1 {{does not say what an element costs, in lamina.work}}
  scf.forall (%i) in (%size) {
    memref.store %one, %x[%i] : memref<?xf32>
  }
  return
}
