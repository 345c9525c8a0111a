// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%s: tensor<i64>) {
  // expected-error @+1 {{'lamina.random_uniform' op takes floating point numbers, not int32}}
  lamina.random_uniform [4] seed %s stream 0 : i32
  return
}

// -----

func.func @f(%s: tensor<i64>) {
  // expected-error @+1 {{'lamina.random_normal' op shape has the negative size -1}}
  lamina.random_normal [infer] seed %s stream 0 : f32
  return
}

// -----

func.func @f(%s: tensor<i32>) {
  // expected-error @+1 {{'lamina.random_uniform' op operand #0 must be a seed, tensor<i64>}}
  "lamina.random_uniform"(%s) {dtype = f32, shape = array<i64: 4>, stream = 0 : i64} : (tensor<i32>) -> tensor<4xf32>
  return
}
