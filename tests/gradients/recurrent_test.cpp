#include <gtest/gtest.h>

#include "check_gradient.h"

namespace lamina::testing {

namespace {

TEST(Scan, SumOfSequence) {
  check_gradient({.inputs = {{"s", "3xf64", {3}}, {"x", "?x3xf64", {4, 3}}},
                  .body = R"(
    %0:2 = lamina.scan inits(%s : tensor<3xf64>) sequences(%x : tensor<?x3xf64>) {
    ^bb0(%state: tensor<3xf64>, %slice: tensor<3xf64>):
      %1 = lamina.mul %state, %slice : tensor<3xf64>, tensor<3xf64>
      %2 = lamina.tanh %1 : tensor<3xf64>
      lamina.yield %2, %1 : tensor<3xf64>, tensor<3xf64>
    } -> tensor<3xf64>, tensor<?x3xf64>
    %y = lamina.add %0#1, %0#0 : tensor<?x3xf64>, tensor<3xf64>)",
                  .result = "?x3xf64",
                  .shape = {4, 3}});
}

/// An LSTM with open batch and time and a mask, as the layer writes it.
GradientCase lstm(bool reverse) {
  std::string body = R"(
    %zeros = lamina.constant dense<0.0> : tensor<f64>
    %n = lamina.dim %x axis 1 : tensor<?x?x8xf64>
    %start = lamina.broadcast_to %zeros to [%n, 2] : tensor<f64>
    %0:3 = lamina.scan inits(%h, %start : tensor<?x2xf64>, tensor<?x2xf64>)
        sequences(%x, %mask : tensor<?x?x8xf64>, tensor<?x?x1xi1>) attributes {reverse = REVERSE} {
    ^bb0(%h0: tensor<?x2xf64>, %c0: tensor<?x2xf64>, %xt: tensor<?x8xf64>, %m: tensor<?x1xi1>):
      %p = lamina.dot_general %h0, %r contracting [1] x [0] : tensor<?x2xf64>, tensor<2x8xf64>
      %q = lamina.add %xt, %p : tensor<?x8xf64>, tensor<?x8xf64>
      %z = lamina.add %q, %b : tensor<?x8xf64>, tensor<8xf64>
      %zi = lamina.slice %z from [0, 0] to [end, 2] by [1, 1] : tensor<?x8xf64>
      %zf = lamina.slice %z from [0, 2] to [end, 4] by [1, 1] : tensor<?x8xf64>
      %zc = lamina.slice %z from [0, 4] to [end, 6] by [1, 1] : tensor<?x8xf64>
      %zo = lamina.slice %z from [0, 6] to [end, 8] by [1, 1] : tensor<?x8xf64>
      %i = lamina.sigmoid %zi : tensor<?x2xf64>
      %f = lamina.sigmoid %zf : tensor<?x2xf64>
      %g = lamina.tanh %zc : tensor<?x2xf64>
      %o = lamina.sigmoid %zo : tensor<?x2xf64>
      %fc = lamina.mul %f, %c0 : tensor<?x2xf64>, tensor<?x2xf64>
      %ig = lamina.mul %i, %g : tensor<?x2xf64>, tensor<?x2xf64>
      %c = lamina.add %fc, %ig : tensor<?x2xf64>, tensor<?x2xf64>
      %tc = lamina.tanh %c : tensor<?x2xf64>
      %hn = lamina.mul %o, %tc : tensor<?x2xf64>, tensor<?x2xf64>
      %h1 = lamina.select %m, %hn, %h0 : tensor<?x1xi1>, tensor<?x2xf64>, tensor<?x2xf64>
      %c1 = lamina.select %m, %c, %c0 : tensor<?x1xi1>, tensor<?x2xf64>, tensor<?x2xf64>
      lamina.yield %h1, %c1, %h1 : tensor<?x2xf64>, tensor<?x2xf64>, tensor<?x2xf64>
    } -> tensor<?x2xf64>, tensor<?x2xf64>, tensor<?x?x2xf64>
    %1 = lamina.add %0#2, %0#0 : tensor<?x?x2xf64>, tensor<?x2xf64>
    %y = lamina.mul %1, %0#1 : tensor<?x?x2xf64>, tensor<?x2xf64>)";
  body.replace(body.find("REVERSE"), 7, reverse ? "true" : "false");
  return {.inputs = {{"x", "?x?x8xf64", {4, 3, 8}},
                     {"mask", "?x?x1xi1", {4, 3, 1}, 0, 2},
                     {"h", "?x2xf64", {3, 2}},
                     {"r", "2x8xf64", {2, 8}},
                     {"b", "8xf64", {8}}},
          .body = body,
          .result = "?x?x2xf64",
          .shape = {4, 3, 2}};
}

TEST(Scan, MaskedLstm) { check_gradient(lstm(false)); }

TEST(Scan, MaskedLstmBackwards) { check_gradient(lstm(true)); }

TEST(Scan, CapturesUsedEveryWay) {
  // %w contracts, %v scales every step, %u is used without the step's values, %k is cut into pieces.
  check_gradient({.inputs = {{"s", "2x3xf64", {2, 3}},
                             {"x", "?x2x3xf64", {4, 2, 3}},
                             {"w", "3x3xf64", {3, 3}},
                             {"v", "2x3xf64", {2, 3}},
                             {"u", "3xf64", {3}},
                             {"k", "3x6xf64", {3, 6}}},
                  .body = R"(
    %0:2 = lamina.scan inits(%s : tensor<2x3xf64>) sequences(%x : tensor<?x2x3xf64>) {
    ^bb0(%state: tensor<2x3xf64>, %slice: tensor<2x3xf64>):
      %1 = lamina.dot_general %state, %w contracting [1] x [1] : tensor<2x3xf64>, tensor<3x3xf64>
      %2 = lamina.dot_general %slice, %w contracting [1] x [0] : tensor<2x3xf64>, tensor<3x3xf64>
      %3 = lamina.add %1, %2 : tensor<2x3xf64>, tensor<2x3xf64>
      %4 = lamina.mul %3, %v : tensor<2x3xf64>, tensor<2x3xf64>
      %5 = lamina.exp %u : tensor<3xf64>
      %6 = lamina.add %4, %5 : tensor<2x3xf64>, tensor<3xf64>
      %7 = lamina.slice %k from [0, 0] to [end, 3] by [1, 1] : tensor<3x6xf64>
      %8 = lamina.slice %k from [0, 3] to [end, 6] by [1, 1] : tensor<3x6xf64>
      %9 = lamina.dot_general %state, %7 contracting [1] x [0] : tensor<2x3xf64>, tensor<3x3xf64>
      %10 = lamina.dot_general %slice, %8 contracting [1] x [0] : tensor<2x3xf64>, tensor<3x3xf64>
      %11 = lamina.mul %9, %10 : tensor<2x3xf64>, tensor<2x3xf64>
      %12 = lamina.add %6, %11 : tensor<2x3xf64>, tensor<2x3xf64>
      %13 = lamina.tanh %12 : tensor<2x3xf64>
      lamina.yield %13, %12 : tensor<2x3xf64>, tensor<2x3xf64>
    } -> tensor<2x3xf64>, tensor<?x2x3xf64>
    %y = lamina.add %0#1, %0#0 : tensor<?x2x3xf64>, tensor<2x3xf64>)",
                  .result = "?x2x3xf64",
                  .shape = {4, 2, 3}});
}

TEST(Scan, LengthInsteadOfSequences) {
  check_gradient({.inputs = {{"s", "3xf64", {3}}, {"n", "?xi32", {3}, 0, 1}},
                  .body = R"(
    %length = lamina.dim %n axis 0 : tensor<?xi32>
    %y = lamina.scan inits(%s : tensor<3xf64>) length %length {
    ^bb0(%state: tensor<3xf64>):
      %1 = lamina.sin %state : tensor<3xf64>
      lamina.yield %1 : tensor<3xf64>
    } -> tensor<3xf64>)",
                  .result = "3xf64",
                  .shape = {3}});
}

TEST(Scan, StateWithoutGradientOfItsOwn) {
  // The counter is an integer; %t becomes active only through the second step.
  check_gradient({.inputs = {{"x", "?xf64", {4}}},
                  .body = R"(
    %zero = lamina.constant dense<0> : tensor<i32>
    %start = lamina.constant dense<1.0> : tensor<f64>
    %0:3 = lamina.scan inits(%zero, %start, %start : tensor<i32>, tensor<f64>, tensor<f64>) sequences(%x : tensor<?xf64>) {
    ^bb0(%i: tensor<i32>, %s: tensor<f64>, %t: tensor<f64>, %slice: tensor<f64>):
      %one = lamina.constant dense<1> : tensor<i32>
      %next = lamina.add %i, %one : tensor<i32>, tensor<i32>
      %scale = lamina.cast %next to f64 : tensor<i32>
      %1 = lamina.mul %slice, %scale : tensor<f64>, tensor<f64>
      %2 = lamina.mul %s, %1 : tensor<f64>, tensor<f64>
      %3 = lamina.mul %s, %t : tensor<f64>, tensor<f64>
      lamina.yield %next, %2, %3 : tensor<i32>, tensor<f64>, tensor<f64>
    } -> tensor<i32>, tensor<f64>, tensor<f64>
    %y = lamina.add %0#1, %0#2 : tensor<f64>, tensor<f64>)",
                  .result = "f64",
                  .shape = {}});
}

TEST(Scan, InsideAScan) {
  check_gradient({.inputs = {{"s", "2xf64", {2}}, {"x", "?x3x2xf64", {2, 3, 2}}, {"w", "2x2xf64", {2, 2}}},
                  .body = R"(
    %y = lamina.scan inits(%s : tensor<2xf64>) sequences(%x : tensor<?x3x2xf64>) {
    ^bb0(%state: tensor<2xf64>, %slice: tensor<3x2xf64>):
      %1 = lamina.scan inits(%state : tensor<2xf64>) sequences(%slice : tensor<3x2xf64>) {
      ^bb0(%inner: tensor<2xf64>, %row: tensor<2xf64>):
        %2 = lamina.dot_general %inner, %w contracting [0] x [0] : tensor<2xf64>, tensor<2x2xf64>
        %3 = lamina.add %2, %row : tensor<2xf64>, tensor<2xf64>
        %4 = lamina.tanh %3 : tensor<2xf64>
        lamina.yield %4 : tensor<2xf64>
      } -> tensor<2xf64>
      %5 = lamina.sin %1 : tensor<2xf64>
      lamina.yield %5 : tensor<2xf64>
    } -> tensor<2xf64>)",
                  .result = "2xf64",
                  .shape = {2}});
}

TEST(Scan, ConvolutionInTheStep) {
  check_gradient(
      {.inputs = {{"s", "?x4x2xf64", {2, 4, 2}}, {"x", "?x?x4x2xf64", {3, 2, 4, 2}}, {"k", "3x2x2xf64", {3, 2, 2}}},
       .body = R"(
    %y = lamina.scan inits(%s : tensor<?x4x2xf64>) sequences(%x : tensor<?x?x4x2xf64>) {
    ^bb0(%state: tensor<?x4x2xf64>, %slice: tensor<?x4x2xf64>):
      %1 = lamina.conv %state, %k {padding = "same"} : tensor<?x4x2xf64>, tensor<3x2x2xf64>
      %2 = lamina.add %1, %slice : tensor<?x4x2xf64>, tensor<?x4x2xf64>
      %3 = lamina.tanh %2 : tensor<?x4x2xf64>
      lamina.yield %3 : tensor<?x4x2xf64>
    } -> tensor<?x4x2xf64>)",
       .result = "?x4x2xf64",
       .shape = {2, 4, 2}});
}

TEST(Scan, SecondDerivative) {
  check_gradient(
      {.inputs = {{"s", "2xf64", {2}}, {"x", "?x2xf64", {3, 2}}, {"w", "2x2xf64", {2, 2}}, {"c", "2xf64", {2}}},
       .body = R"(
    %0 = lamina.scan inits(%s : tensor<2xf64>) sequences(%x : tensor<?x2xf64>) {
    ^bb0(%state: tensor<2xf64>, %row: tensor<2xf64>):
      %2 = lamina.dot_general %state, %w contracting [0] x [0] : tensor<2xf64>, tensor<2x2xf64>
      %3 = lamina.add %2, %row : tensor<2xf64>, tensor<2xf64>
      %4 = lamina.tanh %3 : tensor<2xf64>
      lamina.yield %4 : tensor<2xf64>
    } -> tensor<2xf64>
    %y = lamina.gradient of (%0 : tensor<2xf64>) cotangents (%c : tensor<2xf64>) wrt (%w : tensor<2x2xf64>))",
       .result = "2x2xf64",
       .shape = {2, 2}});
}

} // namespace

} // namespace lamina::testing
