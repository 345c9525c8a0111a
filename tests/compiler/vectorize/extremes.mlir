// RUN: lamina-opt %s --lamina-lower-vectors --split-input-file | FileCheck %s

// Of numbers, one comparison.
// CHECK-LABEL: func @numbers
// CHECK-SAME: (%[[X:.*]]: f32, %[[Y:.*]]: f32)
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[X]], %[[Y]]
// CHECK: %[[LARGER:.*]] = arith.select %[[GREATER]], %[[X]], %[[Y]]
// CHECK: return %[[LARGER]]
func.func @numbers(%x: f32, %y: f32) -> f32 attributes {lamina.kernel} {
  %0 = arith.maxnumf %x, %y : f32
  return %0 : f32
}

// -----

// Rows in a tree: one comparison a step.
// CHECK-LABEL: func @rows
// CHECK-COUNT-6: arith.cmpf ogt
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
