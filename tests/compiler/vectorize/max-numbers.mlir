// RUN: lamina-opt %s --lamina-lower-vectors --split-input-file | FileCheck %s

// What has been found so far is a number: one comparison a step.
// CHECK-LABEL: func @running
// CHECK: scf.for {{.*}} iter_args(%[[MOST:.*]] = %{{.*}})
// CHECK: %[[X:.*]] = vector.load
// CHECK-NEXT: %[[LARGER:.*]] = arith.cmpf ogt, %[[X]], %[[MOST]]
// CHECK-NEXT: %[[NEXT:.*]] = arith.select %[[LARGER]], %[[X]], %[[MOST]]
// CHECK-NEXT: scf.yield %[[NEXT]]
func.func @running(%from: memref<160xf32>) -> vector<16xf32> attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0 : index
  %high = arith.constant 160 : index
  %step = arith.constant 16 : index
  %start = arith.constant dense<0xFF800000> : vector<16xf32>
  %most = scf.for %i = %low to %high step %step iter_args(%m = %start) -> vector<16xf32> {
    %x = vector.transfer_read %from[%i], %zero {in_bounds = [true]} : memref<160xf32>, vector<16xf32>
    %n = arith.maxnumf %m, %x : vector<16xf32>
    scf.yield %n : vector<16xf32>
  }
  return %most : vector<16xf32>
}

// -----

// Of two that may be NaN, the other one.
// CHECK-LABEL: func @unknown
// CHECK-SAME: (%[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[X]], %[[Y]]
// CHECK: %[[LARGER:.*]] = arith.select %[[GREATER]], %[[X]], %[[Y]]
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[Y]], %[[Y]]
// CHECK: arith.select %[[NAN]], %[[X]], %[[LARGER]]
// CHECK-NOT: arith.maxnumf
func.func @unknown(%x: f32, %y: f32) -> f32 attributes {lamina.kernel} {
  %0 = arith.maxnumf %x, %y : f32
  return %0 : f32
}

// -----

// A loop that may carry NaN on: its start says nothing.
// CHECK-LABEL: func @carried
// CHECK: arith.cmpf uno
func.func @carried(%from: memref<160xf32>) -> (f32, f32) attributes {lamina.kernel} {
  %low = arith.constant 0 : index
  %high = arith.constant 160 : index
  %step = arith.constant 1 : index
  %start = arith.constant 0.0 : f32
  %m:2 = scf.for %i = %low to %high step %step iter_args(%a = %start, %b = %start) -> (f32, f32) {
    %x = memref.load %from[%i] : memref<160xf32>
    %y = arith.addf %x, %x : f32
    %n = arith.maxnumf %a, %x : f32
    scf.yield %y, %n : f32, f32
  }
  return %m#0, %m#1 : f32, f32
}

// -----

// Rows in a tree: numbers after the first step.
// CHECK-LABEL: func @rows
// CHECK: arith.constant dense<0xFF800000> : vector<16xf32>
// CHECK-COUNT-8: arith.cmpf ogt
// CHECK-NOT: arith.cmpf
func.func @rows(%x: vector<2x32xf32>) -> vector<2xf32> attributes {lamina.kernel} {
  %start = arith.constant dense<0xFF800000> : vector<2xf32>
  %0 = vector.multi_reduction <maxnumf>, %x, %start [1] : vector<2x32xf32> to vector<2xf32>
  return %0 : vector<2xf32>
}

// -----

// Of ten elements LLVM would take the extremes one by one: NaN on either side is the result.
// CHECK-LABEL: func @odd
// CHECK-SAME: (%[[X:.*]]: vector<10xf32>, %[[Y:.*]]: vector<10xf32>)
// CHECK: %[[ABOVE:.*]] = arith.cmpf ugt, %[[X]], %[[Y]]
// CHECK: %[[LARGER:.*]] = arith.select %[[ABOVE]], %[[X]], %[[Y]]
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[Y]], %[[Y]]
// CHECK: arith.select %[[NAN]], %[[Y]], %[[LARGER]]
// CHECK-NOT: arith.maximumf
func.func @odd(%x: vector<10xf32>, %y: vector<10xf32>) -> vector<10xf32> attributes {lamina.kernel} {
  %0 = arith.maximumf %x, %y : vector<10xf32>
  return %0 : vector<10xf32>
}
