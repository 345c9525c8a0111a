// RUN: lamina-opt %s --lamina-lower-vectors="vector-bytes=64 registers=32" --split-input-file | FileCheck %s

// Eight registers go side by side from their loads to their stores, then the next eight.
// CHECK-LABEL: func @side_by_side
// CHECK-COUNT-8: vector.load {{.*}} vector<16xf32>
// CHECK-NOT: vector.load
// CHECK-COUNT-8: math.sqrt {{.*}} vector<16xf32>
// CHECK-NOT: math.sqrt
// CHECK-COUNT-8: vector.store
// CHECK-COUNT-8: vector.load
// CHECK-COUNT-8: math.sqrt
// CHECK-COUNT-8: vector.store
func.func @side_by_side(%from: memref<4x64xf32>, %to: memref<4x64xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<4x64xf32>, vector<4x64xf32>
  %s = math.sqrt %x : vector<4x64xf32>
  %y = arith.addf %s, %x : vector<4x64xf32>
  vector.transfer_write %y, %to[%i, %i] {in_bounds = [true, true]} : vector<4x64xf32>, memref<4x64xf32>
  return
}

// -----

// Rows of 10 that follow each other are five whole registers for eight rows, in which neighbours are added up; each sum
// goes back to where its row lies.
// CHECK-LABEL: func @short_rows
// CHECK-COUNT-5: vector.load {{.*}} vector<16xf32>
// CHECK: vector.shuffle {{.*}} [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
// CHECK: vector.shuffle {{.*}} [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
// CHECK: vector.shuffle {{.*}} [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
// CHECK: arith.divf {{.*}} vector<16xf32>
// CHECK-COUNT-5: vector.store {{.*}} vector<16xf32>
// CHECK-NOT: vector<10xf32>
func.func @short_rows(%from: memref<8x10xf32>, %to: memref<8x10xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %start = arith.constant dense<0.0> : vector<8xf32>
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<8x10xf32>, vector<8x10xf32>
  %sum = vector.multi_reduction <add>, %x, %start [1] : vector<8x10xf32> to vector<8xf32>
  %b = vector.broadcast %sum : vector<8xf32> to vector<10x8xf32>
  %t = vector.transpose %b, [1, 0] : vector<10x8xf32> to vector<8x10xf32>
  %y = arith.divf %x, %t : vector<8x10xf32>
  vector.transfer_write %y, %to[%i, %i] {in_bounds = [true, true]} : vector<8x10xf32>, memref<8x10xf32>
  return
}

// -----

// Where two sums and what is spread along rows gain more than a load and a store cost, two registers' elements are dealt
// to one of even places and one of odd ones: the first step of a sum is no shuffle.
// CHECK-LABEL: func @dealt
// CHECK: %[[A:.*]] = vector.load
// CHECK: %[[B:.*]] = vector.load
// CHECK: %[[EVEN:.*]] = vector.shuffle %[[A]], %[[B]] [0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30]
// CHECK: %[[ODD:.*]] = vector.shuffle %[[A]], %[[B]] [1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31]
// CHECK: arith.maximumf %[[EVEN]], %[[ODD]]
// CHECK: %[[E:.*]] = arith.subf %[[EVEN]]
// CHECK: %[[O:.*]] = arith.subf %[[ODD]]
// CHECK-NOT: vector.load
// CHECK: arith.addf %[[E]], %[[O]] fastmath<contract>
// CHECK: %[[F:.*]] = arith.divf %[[E]]
// CHECK: %[[P:.*]] = arith.divf %[[O]]
// CHECK: %[[FIRST:.*]] = vector.shuffle %[[F]], %[[P]] [0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29]
// CHECK: vector.store %[[FIRST]]
// CHECK: vector.shuffle %[[F]], %[[P]] [2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31]
// CHECK-NOT: vector.load
func.func @dealt(%from: memref<16x10xf32>, %to: memref<16x10xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %least = arith.constant dense<0xFF800000> : vector<16xf32>
  %start = arith.constant dense<0.0> : vector<16xf32>
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<16x10xf32>, vector<16x10xf32>
  %top = vector.multi_reduction <maximumf>, %x, %least [1] : vector<16x10xf32> to vector<16xf32>
  %b = vector.broadcast %top : vector<16xf32> to vector<10x16xf32>
  %t = vector.transpose %b, [1, 0] : vector<10x16xf32> to vector<16x10xf32>
  %d = arith.subf %x, %t : vector<16x10xf32>
  %sum = vector.multi_reduction <add>, %d, %start [1] : vector<16x10xf32> to vector<16xf32>
  %c = vector.broadcast %sum : vector<16xf32> to vector<10x16xf32>
  %s = vector.transpose %c, [1, 0] : vector<10x16xf32> to vector<16x10xf32>
  %y = arith.divf %d, %s : vector<16x10xf32>
  vector.transfer_write %y, %to[%i, %i] {in_bounds = [true, true]} : vector<16x10xf32>, memref<16x10xf32>
  return
}

// -----

// Rows with gaps keep registers of their own.
// CHECK-LABEL: func @rows_apart
// CHECK-NOT: collapse_shape
// CHECK-COUNT-8: vector.load {{.*}} vector<10xf32>
func.func @rows_apart(%from: memref<8x10xf32, strided<[32, 1]>>, %to: memref<8x10xf32, strided<[32, 1]>>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<8x10xf32, strided<[32, 1]>>, vector<8x10xf32>
  %s = math.sqrt %x : vector<8x10xf32>
  vector.transfer_write %s, %to[%i, %i] {in_bounds = [true, true]} : vector<8x10xf32>, memref<8x10xf32, strided<[32, 1]>>
  return
}

// -----

// What is read stays above what may overwrite it.
// CHECK-LABEL: func @overwritten
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-16: vector.store {{.*}}[%{{.*}}, %{{.*}}] : memref<4x64xf32>
// CHECK-NOT: vector.load
func.func @overwritten(%both: memref<4x64xf32>, %to: memref<4x64xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %ones = arith.constant dense<1.0> : vector<4x64xf32>
  %x = vector.transfer_read %both[%i, %i], %zero {in_bounds = [true, true]} : memref<4x64xf32>, vector<4x64xf32>
  vector.transfer_write %ones, %both[%i, %i] {in_bounds = [true, true]} : vector<4x64xf32>, memref<4x64xf32>
  %y = math.sqrt %x : vector<4x64xf32>
  vector.transfer_write %y, %to[%i, %i] {in_bounds = [true, true]} : vector<4x64xf32>, memref<4x64xf32>
  return
}

// -----

// Six rows of sixteen become sixteen of six, by a prime factor of six at a time: six shuffles of pairs of rows, then two
// for each of six registers. The rows that follow are another block, with a gap between.
// CHECK-LABEL: func @turned
// CHECK-COUNT-6: vector.shuffle {{.*}} [{{0, 16, 1, 17|8, 24, 9, 25}}, {{.*}}] : vector<16xf32>, vector<16xf32>
// CHECK-COUNT-12: vector.shuffle {{.*}} vector<16xf32>, vector<16xf32>
// CHECK-NOT: vector.shuffle
// CHECK: vector.store
// CHECK-NOT: vector<6xf32>
func.func @turned(%from: memref<2x6x16xf32>, %to: memref<2x28x6xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %x = vector.transfer_read %from[%i, %i, %i], %zero {in_bounds = [true, true, true]} : memref<2x6x16xf32>, vector<2x6x16xf32>
  %y = vector.transpose %x, [0, 2, 1] : vector<2x6x16xf32> to vector<2x16x6xf32>
  vector.transfer_write %y, %to[%i, %i, %i] {in_bounds = [true, true, true]} : vector<2x16x6xf32>, memref<2x28x6xf32>
  return
}

// -----

// And back: three registers of rows of three become three rows.
// CHECK-LABEL: func @turned_back
// CHECK-COUNT-3: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-6: vector.shuffle {{.*}} vector<16xf32>, vector<16xf32>
// CHECK-NOT: vector.shuffle
func.func @turned_back(%from: memref<16x3xf32>, %to: memref<3x16xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<16x3xf32>, vector<16x3xf32>
  %y = vector.transpose %x, [1, 0] : vector<16x3xf32> to vector<3x16xf32>
  vector.transfer_write %y, %to[%i, %i] {in_bounds = [true, true]} : vector<3x16xf32>, memref<3x16xf32>
  return
}
// -----

// Rows with gaps are read one by one, also where they are stored without.
// CHECK-LABEL: func @gaps_closed
// CHECK-COUNT-2: vector.load {{.*}} vector<10xf32>
// CHECK-NOT: vector.load {{.*}} vector<16xf32>
// CHECK: vector.store {{.*}} vector<16xf32>
func.func @gaps_closed(%from: memref<16x10xf32, strided<[32, 1]>>, %to: memref<16x10xf32>) attributes {lamina.kernel} {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  %x = vector.transfer_read %from[%i, %i], %zero {in_bounds = [true, true]} : memref<16x10xf32, strided<[32, 1]>>, vector<16x10xf32>
  vector.transfer_write %x, %to[%i, %i] {in_bounds = [true, true]} : vector<16x10xf32>, memref<16x10xf32>
  return
}
