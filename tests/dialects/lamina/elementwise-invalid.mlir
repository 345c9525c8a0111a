// RUN: lamina-opt %s -split-input-file -verify-diagnostics

func.func @f(%a: tensor<?x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.add' op operands of shapes (?, 3) and (4,) do not broadcast: sizes 3 and 4 differ}}
  lamina.add %a, %b : tensor<?x3xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>, %b: tensor<4xi32>) {
  // expected-error @+1 {{'lamina.mul' op operands have different dtypes: float32 and int32}}
  lamina.mul %a, %b : tensor<4xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%a: tensor<4xi1>) {
  // expected-error @+1 {{'lamina.sub' op takes numbers, not bool}}
  lamina.sub %a, %a : tensor<4xi1>, tensor<4xi1>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.xor' op takes bool or integers, not float32}}
  lamina.xor %a, %a : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xi32>) {
  // expected-error @+1 {{'lamina.tanh' op takes floating point numbers, not int32}}
  lamina.tanh %a : tensor<4xi32>
  return
}

// -----

func.func @f(%a: tensor<4xbf16>) {
  // expected-error @+1 {{'lamina.and' op takes bool or integers, not bfloat16}}
  lamina.and %a, %a : tensor<4xbf16>, tensor<4xbf16>
  return
}

// -----

func.func @f(%a: tensor<4xi64>, %b: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.select' op takes a condition of bool, not int64}}
  lamina.select %a, %b, %b : tensor<4xi64>, tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%c: tensor<2xi1>, %b: tensor<4x1xf32>, %d: tensor<3xf32>) {
  // expected-error @+1 {{'lamina.select' op operands of shapes (2,), (4, 1) and (3,) do not broadcast: sizes 2 and 3 differ}}
  lamina.select %c, %b, %d : tensor<2xi1>, tensor<4x1xf32>, tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<4xi1>) {
  // expected-error @+1 {{'lamina.compare' op takes numbers, not bool}}
  lamina.compare lt, %a, %a : tensor<4xi1>, tensor<4xi1>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.compare' op attribute 'predicate' failed to satisfy constraint: one of eq, ne, lt, le, gt, ge}}
  lamina.compare less, %a, %a : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.cast' op does not support the dtype int16}}
  lamina.cast %a to i16 : tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.cast' op does not support the dtype complex<f32>}}
  lamina.cast %a to complex<f32> : tensor<4xf32>
  return
}

// -----

func.func @f(%a: tensor<4xf128>) {
  // expected-error @+1 {{'lamina.neg' op operand #0 must be tensor of 16-bit float}}
  "lamina.neg"(%a) : (tensor<4xf128>) -> tensor<4xf128>
  return
}

// -----

func.func @f(%a: tensor<4xf32>) {
  // expected-error @+2 {{'lamina.neg' op inferred type(s) 'tensor<4xf32>' are incompatible with return type(s) of operation 'tensor<5xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  "lamina.neg"(%a) : (tensor<4xf32>) -> tensor<5xf32>
  return
}
