// Result types are inferred; the functions' result types say what is expected.
// RUN: lamina-opt %s -o /dev/null

func.func @broadcast(%a: tensor<?x1x4xf32>, %b: tensor<3x?xf32>, %c: tensor<?x3x4xf32>)
    -> (tensor<?x3x4xf32>, tensor<?x3x4xf32>, tensor<?x3x4xi1>, tensor<?x3x4xf32>) {
  %0 = lamina.add %a, %b : tensor<?x1x4xf32>, tensor<3x?xf32>
  %1 = lamina.add %c, %a : tensor<?x3x4xf32>, tensor<?x1x4xf32>
  %2 = lamina.compare lt, %a, %b : tensor<?x1x4xf32>, tensor<3x?xf32>
  %3 = lamina.select %2, %a, %b : tensor<?x3x4xi1>, tensor<?x1x4xf32>, tensor<3x?xf32>
  return %0, %1, %2, %3 : tensor<?x3x4xf32>, tensor<?x3x4xf32>, tensor<?x3x4xi1>, tensor<?x3x4xf32>
}

func.func @dot(%a: tensor<?x?x3x8xf32>, %b: tensor<2x5x3x?xf32>) -> (tensor<2x3x?x5xf32>, tensor<?x?x3x8x2x5x3x?xf32>) {
  %0 = lamina.dot_general %a, %b batching [0, 2] x [0, 2] contracting [3] x [3] : tensor<?x?x3x8xf32>, tensor<2x5x3x?xf32>
  %1 = lamina.dot_general %a, %b contracting [] x [] : tensor<?x?x3x8xf32>, tensor<2x5x3x?xf32>
  return %0, %1 : tensor<2x3x?x5xf32>, tensor<?x?x3x8x2x5x3x?xf32>
}

func.func @reduce(%x: tensor<?x4x8xf32>)
    -> (tensor<?x8xf32>, tensor<?x1x1xf32>, tensor<?x4xi32>, tensor<f32>) {
  %0 = lamina.reduce max, %x axes [-2] : tensor<?x4x8xf32>
  %1 = lamina.reduce sum, %x axes [2, 1] {keepdims = true} : tensor<?x4x8xf32>
  %2 = lamina.argmax %x axis -1 : tensor<?x4x8xf32>
  %3 = lamina.size %x axes [0, -1] : tensor<?x4x8xf32>
  return %0, %1, %2, %3 : tensor<?x8xf32>, tensor<?x1x1xf32>, tensor<?x4xi32>, tensor<f32>
}

func.func @conv(%x: tensor<?x29x?x4xf32>, %k: tensor<3x5x2x6xf32>)
    -> (tensor<?x27x?x6xf32>, tensor<?x15x?x6xf32>, tensor<?x29x?x6xf32>, tensor<?x14x?x6xf32>) {
  %0 = lamina.conv %x, %k {padding = "valid", groups = 2 : i64} : tensor<?x29x?x4xf32>, tensor<3x5x2x6xf32>
  %1 = lamina.conv %x, %k {padding = "same", groups = 2 : i64, strides = array<i64: 2, 2>} : tensor<?x29x?x4xf32>, tensor<3x5x2x6xf32>
  %2 = lamina.conv %x, %k {padding = "same", groups = 2 : i64, dilations = array<i64: 9, 9>} : tensor<?x29x?x4xf32>, tensor<3x5x2x6xf32>
  %3 = lamina.conv %x, %k {padding = array<i64: 1, 0, 2, 2>, groups = 2 : i64, strides = array<i64: 2, 1>} : tensor<?x29x?x4xf32>, tensor<3x5x2x6xf32>
  return %0, %1, %2, %3 : tensor<?x27x?x6xf32>, tensor<?x15x?x6xf32>, tensor<?x29x?x6xf32>, tensor<?x14x?x6xf32>
}

func.func @conv_gradients(%x: tensor<?x29x4xf32>, %k: tensor<3x2x6xf32>, %dy: tensor<?x15x6xf32>)
    -> (tensor<?x29x4xf32>, tensor<?x30x4xf32>, tensor<3x2x6xf32>) {
  %0 = lamina.conv_transpose %dy, %k to [29] {padding = "same", groups = 2 : i64, strides = array<i64: 2>} : tensor<?x15x6xf32>, tensor<3x2x6xf32>
  %1 = lamina.conv_transpose %dy, %k to [30] {padding = "same", groups = 2 : i64, strides = array<i64: 2>} : tensor<?x15x6xf32>, tensor<3x2x6xf32>
  %2 = lamina.conv_kernel_grad %x, %dy kernel [3] {padding = "same", groups = 2 : i64, strides = array<i64: 2>} : tensor<?x29x4xf32>, tensor<?x15x6xf32>
  return %0, %1, %2 : tensor<?x29x4xf32>, tensor<?x30x4xf32>, tensor<3x2x6xf32>
}

func.func @pool(%x: tensor<?x28x?x4xf32>) -> (tensor<?x14x?x4xf32>, tensor<?x26x?x4xf32>) {
  %0 = lamina.max_pool %x window [2, 2] {padding = "same", strides = array<i64: 2, 2>} : tensor<?x28x?x4xf32>
  %1 = lamina.avg_pool %x window [3, 3] {padding = "valid"} : tensor<?x28x?x4xf32>
  return %0, %1 : tensor<?x14x?x4xf32>, tensor<?x26x?x4xf32>
}

func.func @reshape(%x: tensor<?x4x6xf32>, %y: tensor<?x?x6xf32>, %e: tensor<0x4xf32>, %n: index)
    -> (tensor<?x24xf32>, tensor<?x3x8xf32>, tensor<?x8xf32>, tensor<?x?x2x3xf32>, tensor<?x?xf32>, tensor<?x2x?xf32>,
        tensor<0x7xf32>, tensor<0xf32>) {
  %0 = lamina.reshape %x to [dim 0, infer] : tensor<?x4x6xf32>
  %1 = lamina.reshape %x to [dim 0, infer, 8] : tensor<?x4x6xf32>
  %2 = lamina.reshape %x to [infer, 8] : tensor<?x4x6xf32>
  %3 = lamina.reshape %y to [dim 0, dim 1, infer, 3] : tensor<?x?x6xf32>
  %4 = lamina.reshape %y to [dim 0, infer] : tensor<?x?x6xf32>
  %5 = lamina.reshape %y to [%n, 2, infer] : tensor<?x?x6xf32>
  %6 = lamina.reshape %e to [0, 7] : tensor<0x4xf32>
  %7 = lamina.reshape %e to [infer] : tensor<0x4xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7
      : tensor<?x24xf32>, tensor<?x3x8xf32>, tensor<?x8xf32>, tensor<?x?x2x3xf32>, tensor<?x?xf32>, tensor<?x2x?xf32>,
        tensor<0x7xf32>, tensor<0xf32>
}

func.func @slice(%x: tensor<10x?xf32>)
    -> (tensor<4x?xf32>, tensor<3x?xf32>, tensor<0x?xf32>, tensor<10x0xf32>, tensor<5x?xf32>) {
  %0 = lamina.slice %x from [1, 0] to [8, end] by [2, 1] : tensor<10x?xf32>
  %1 = lamina.slice %x from [-3, -2] to [end, 7] by [1, 1] : tensor<10x?xf32>
  %2 = lamina.slice %x from [7, 0] to [-5, end] by [1, 1] : tensor<10x?xf32>
  %3 = lamina.slice %x from [-99, 5] to [99, 5] by [1, 1] : tensor<10x?xf32>
  %4 = lamina.slice %x from [0, 0] to [end, -1] by [2, 3] : tensor<10x?xf32>
  return %0, %1, %2, %3, %4 : tensor<4x?xf32>, tensor<3x?xf32>, tensor<0x?xf32>, tensor<10x0xf32>, tensor<5x?xf32>
}

func.func @others(%x: tensor<?x4xf32>, %i: tensor<?x3xi64>, %n: index)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x9xf32>, tensor<?x3x4xf32>, tensor<?x3x5xi32>, tensor<?x2x4xf32>) {
  %0 = lamina.concatenate %x, %x axis 0 : tensor<?x4xf32>, tensor<?x4xf32>
  %1 = lamina.pad %x low [1, 0] high [0, 0] value 0.0 : tensor<?x4xf32>
  %2 = lamina.pad %x low [0, 2] high [0, 3] value 0.0 : tensor<?x4xf32>
  %3 = lamina.gather %x, %i : tensor<?x4xf32>, tensor<?x3xi64>
  %4 = lamina.one_hot %i depth 5 as i32 : tensor<?x3xi64>
  %5 = lamina.broadcast_to %x to [%n, 2, dim 1] : tensor<?x4xf32>
  return %0, %1, %2, %3, %4, %5
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x9xf32>, tensor<?x3x4xf32>, tensor<?x3x5xi32>, tensor<?x2x4xf32>
}
